#include "engine/backup/backup_manifest.h"

#include <gmock/gmock.h>

#include <string>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "engine/catalog/checked_text.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

BackupManifest Manifest() {
  BackupManifest manifest;
  manifest.topic.name = "orders";
  manifest.topic.id = *ParseTopicId("8PHy8_T19vf4-fr7_P3-_w");
  manifest.topic.partitions = 2;
  manifest.topic.compacted = true;
  manifest.topic.configs = {{"retention.ms", "-1"}};
  manifest.taken = {1'700'000'000'000};
  manifest.partitions = {
      {.log = {{3}, {9}},
       .damaged = true,
       .files = {{"00000000000000000003.log", 700, 0x0123abcd},
                 {"leader-epoch-checkpoint", 8, 7}}},
      {.log = {{0}, {0}}, .files = {}}};
  manifest.transactions = {{PartitionId{0}, {7}, 2, {5}}};
  manifest.offsets = {
      {std::string("g\n\0", 3), PartitionId{1}, {0}, {-1}, ""},
      {"h", PartitionId{0}, {4}, {2}, "noted"}};
  return manifest;
}

// The golden bytes, as engine/FORMAT.md describes them.
constexpr std::string_view kText =
    "cauce.backup 1\n"
    "topic orders 2 8PHy8_T19vf4-fr7_P3-_w compacted\n"
    "taken 1700000000000\n"
    "config retention.ms=-1\n"
    "partition 0 3 9 damaged\n"
    "file 00000000000000000003.log 700 0123abcd\n"
    "file leader-epoch-checkpoint 8 00000007\n"
    "transaction 7 2 5\n"
    "partition 1 0 0 whole\n"
    "offset 1 0 - 670a00 -\n"
    "offset 0 4 2 68 6e6f746564\n"
    "crc32c a67b2888\n";

TEST(BackupManifestFile, IsWrittenAsDescribedAndReadBack) {
  EXPECT_EQ(Manifest().Format(), kText);
  EXPECT_THAT(BackupManifest::Parse("cauce.backup", kText),
              IsOkAndHolds(Manifest()));
}

TEST(BackupManifestFile, WithAnyBitChangedIsRefused) {
  const std::string bytes = Manifest().Format();
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(BackupManifest::Parse("f", changed).ok()) << bit;
  }
}

TEST(BackupManifestFile, ThatIsCutAnywhereIsRefused) {
  const std::string bytes = Manifest().Format();
  for (size_t end = 0; end < bytes.size(); ++end) {
    EXPECT_THAT(BackupManifest::Parse("f", bytes.substr(0, end)),
                HasReason(Reason::kCorruptFile))
        << end;
  }
}

TEST(BackupManifestFile, OfANewerReleaseIsToldFromADamagedOne) {
  EXPECT_THAT(
      BackupManifest::Parse("f", WithChecksum("cauce.backup 2\nwhatever\n")),
      HasReason(Reason::kUnsupportedFormat));
}

TEST(BackupManifestFile, LeadsNowhereElseAndNamesThingsOnce) {
  const std::string head =
      "cauce.backup 1\ntopic a 1 8PHy8_T19vf4-fr7_P3-_w given\ntaken 0\n";
  for (const std::string_view rest :
       {"", "partition 1 0 0 whole\n", "partition 0 5 4 whole\n",
        "partition 0 0 0 whole\npartition 0 0 0 whole\n",
        "partition 0 0 0 whole\nfile ../x 1 00000000\n",
        "partition 0 0 0 whole\nfile partition.metadata 1 00000000\n",
        "partition 0 0 0 whole\nfile 00000000000000000000.log -1 00000000\n",
        "partition 0 0 0 whole\nfile 00000000000000000000.log 1 0000000g\n",
        "partition 0 0 0 whole\nfile 00000000000000000000.log 1 00000000\n"
        "file 00000000000000000000.log 1 00000000\n",
        "partition 0 0 0 whole\nfile 00000000000000000000.index "
        "9223372036854775807 00000000\nfile 00000000000000000000.log 1 "
        "00000000\n",
        "file 00000000000000000000.log 1 00000000\npartition 0 0 0 whole\n",
        "partition 0 0 0 whole\ntransaction 1 1\n",
        "partition 0 0 0 whole\noffset 1 0 - 67 -\n",
        "partition 0 0 0 whole\noffset 0 0 - - -\n",
        "partition 0 0 0 whole\noffset 0 0 - 6 -\n",
        "partition 0 0 0 whole\nconfig a=b\n", "config a\n",
        "config a=b\nconfig a=b\npartition 0 0 0 whole\n",
        // Where there are records there is a log.
        "partition 0 0 1 whole\n",
        "partition 0 0 1 whole\nfile 00000000000000000000.index 1 "
        "00000000\n"}) {
    EXPECT_THAT(BackupManifest::Parse(
                    "f", WithChecksum(head + std::string(rest))),
                HasReason(Reason::kCorruptFile))
        << rest;
  }
  for (const std::string_view rest :
       {"partition 0 0 0 whole\n", "partition 0 7 7 whole\n",
        "partition 0 0 1 damaged\n"}) {
    EXPECT_THAT(
        BackupManifest::Parse("f", WithChecksum(head + std::string(rest))),
        IsOk())
        << rest;
  }
}

}  // namespace
}  // namespace cauce::test
