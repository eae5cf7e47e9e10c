// Cuts the power in front of every change that a backup, and a restore, makes:
// what is left is a backup, or a topic, that is whole, or none; and both may be
// begun anew.
#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_producer.h"

namespace cauce::test {
namespace {

using ::testing::IsEmpty;

const std::vector<std::string> kFirst = {"2:c", "3:d"};
const std::vector<std::string> kSecond = {"0:x"};

class Cuts : public ::testing::Test {
 protected:
  // Two partitions: records that were deleted, a transaction that was aborted,
  // and a group.
  Cuts() : files_(NewMemoryFileSystem()) {
    auto source = OpenAt(*files_, "/data");
    EXPECT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
                IsOk());
    for (const std::string_view value : {"a", "b", "c", "d"})
      Append(*source, "orders", 0, "k", value);
    EXPECT_THAT(PartitionOf(*source, "orders", 0).DeleteRecordsBefore({2}),
                IsOk());
    Partition second = PartitionOf(*source, "orders", 1);
    TestProducer producer(7);
    EXPECT_THAT(second.Append(producer.InTransaction({"x"}).view()), IsOk());
    EXPECT_THAT(second.EndTransaction(producer.Abort()), IsOk());
    EXPECT_THAT(source->NewAdmin().value()->AlterGroupOffsets(
                    "billing", {{{"orders", PartitionId{0}}, {.offset = {3}}}}),
                IsOk());
    EXPECT_THAT(source->Close(), IsOk());
  }

  static void ExpectWhole(Client& client) {
    EXPECT_EQ(ReadAll(PartitionOf(client, "orders", 0)), kFirst);
    EXPECT_EQ(ReadAll(PartitionOf(client, "orders", 1)), kSecond);
    EXPECT_THAT(ReadAll(PartitionOf(client, "orders", 1),
                        Isolation::kReadCommitted),
                IsEmpty());
    const auto offsets =
        client.NewAdmin().value()->ListGroupOffsets("billing");
    ASSERT_THAT(offsets, IsOk());
    ASSERT_EQ(offsets->size(), 1u);
    EXPECT_EQ(offsets->begin()->second.committed->offset, Offset{3});
    EXPECT_EQ(offsets->begin()->second.lag(), 1);
  }

  const std::unique_ptr<FileSystem> files_;
  SimClock clock_;
  const Seed seed_;
};

TEST_F(Cuts, OfABackupInFrontOfAnyChangeLeaveNoneOrAWholeOne) {
  int64_t changes = 1;
  for (int64_t cut = 0; cut < changes; ++cut) {
    SCOPED_TRACE(fmt::format("cut in front of change {}", cut));
    FaultyDisk disk(clock_);
    BackupOptions options = {.file_system = files_.get(),
                             .target_file_system = &disk};
    if (cut == 0) {
      ASSERT_THAT(BackupTopic("/data", "orders", "/backup", options), IsOk());
      changes = disk.changes();
      continue;
    }
    disk.CutBefore(cut);
    // It may have ended in all but the removal of its mark.
    BackupTopic("/data", "orders", "/backup", options).IgnoreError();
    disk.CutNow();
    RandomChoices choices(seed_.value() + static_cast<uint32_t>(cut));
    disk.Restart(choices);

    const auto left = VerifyBackup(disk, "/backup", nullptr);
    if (!left.ok()) {
      EXPECT_THAT(left, StatusIs(absl::StatusCode::kNotFound));
      ASSERT_THAT(BackupTopic("/data", "orders", "/backup", options), IsOk());
    }
    ASSERT_THAT(VerifyBackup(disk, "/backup", nullptr), IsOk());
    auto target = OpenAt(disk, "/other");
    ASSERT_THAT(RestoreTopic(*target->engine(), "/backup",
                             {.file_system = &disk}),
                IsOk());
    ExpectWhole(*target);
  }
  EXPECT_GT(changes, 50);
}

enum class Stop { kPower, kProcess };

class RestoreCuts : public Cuts, public ::testing::WithParamInterface<Stop> {};

TEST_P(RestoreCuts, InFrontOfAnyChangeLeaveNoTopicOrAWholeOne) {
  ASSERT_THAT(BackupTopic("/data", "orders", "/backup",
                          {.file_system = files_.get()}),
              IsOk());
  const RestoreOptions options = {.file_system = files_.get()};
  int64_t first = 0;
  int64_t changes = 1;
  int told = 0;
  for (int64_t cut = 0; cut < changes; ++cut) {
    SCOPED_TRACE(fmt::format("cut {} changes after its begin", cut));
    FaultyDisk disk(clock_);
    auto target = OpenAt(disk, "/other");
    first = disk.changes();
    if (cut == 0) {
      ASSERT_THAT(RestoreTopic(*target->engine(), "/backup", options), IsOk());
      changes = disk.changes() - first;
      continue;
    }
    disk.CutBefore(first + cut);
    const auto restored = RestoreTopic(*target->engine(), "/backup", options);
    disk.CutNow();
    target.reset();
    if (GetParam() == Stop::kProcess) {
      disk.RestartProcess();
    } else {
      RandomChoices choices(seed_.value() + static_cast<uint32_t>(cut));
      disk.Restart(choices);
    }

    std::vector<std::string> events;
    auto again = OpenAt(disk, "/other", &events);
    ASSERT_TRUE(again != nullptr);
    const bool is_there = again->engine()->DescribeTopic("orders").ok();
    // What was said to be restored is.
    EXPECT_TRUE(is_there || !restored.ok());
    if (!is_there) {
      for (const std::string& event : events)
        told += event.ends_with("restore it again") ? 1 : 0;
      ASSERT_THAT(RestoreTopic(*again->engine(), "/backup", options), IsOk());
    }
    ExpectWhole(*again);
  }
  EXPECT_GT(changes, 30);
  EXPECT_GT(told, 0);
}

INSTANTIATE_TEST_SUITE_P(Stops, RestoreCuts,
                         ::testing::Values(Stop::kPower, Stop::kProcess),
                         [](const auto& each) {
                           return each.param == Stop::kPower ? "Power"
                                                             : "Process";
                         });

}  // namespace
}  // namespace cauce::test
