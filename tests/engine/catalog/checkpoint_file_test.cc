#include "engine/catalog/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// As Apache Kafka writes them.
constexpr std::string_view kOffsets =
    "0\n3\norders 0 12\norders 10 0\nother-topic.x 2 9223372036854775807\n";
constexpr std::string_view kEpochs = "0\n2\n0 0\n3 4711\n";

OffsetCheckpoint Offsets() {
  return {{{"orders", PartitionId{0}}, Offset{12}},
          {{"orders", PartitionId{10}}, Offset{0}},
          {{"other-topic.x", PartitionId{2}}, Offset{9223372036854775807}}};
}

std::vector<EpochStart> Epochs() {
  return {{LeaderEpoch{0}, Offset{0}}, {LeaderEpoch{3}, Offset{4711}}};
}

TEST(OffsetCheckpoint, IsReadAndWrittenAsKafkaDoes) {
  EXPECT_THAT(ParseOffsetCheckpoint("f", kOffsets), IsOkAndHolds(Offsets()));
  EXPECT_EQ(FormatOffsetCheckpoint(Offsets()), kOffsets);
}

TEST(EpochCheckpoint, IsReadAndWrittenAsKafkaDoes) {
  EXPECT_THAT(ParseEpochCheckpoint("f", kEpochs), IsOkAndHolds(Epochs()));
  EXPECT_EQ(FormatEpochCheckpoint(Epochs()), kEpochs);
}

TEST(OffsetCheckpoint, HasNoEntriesWhenItIsEmpty) {
  EXPECT_THAT(ParseOffsetCheckpoint("f", ""), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ParseOffsetCheckpoint("f", "0\n0\n"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ParseEpochCheckpoint("f", ""), IsOkAndHolds(IsEmpty()));
}

TEST(OffsetCheckpoint, NamesTheLineThatIsWrongAndWhatItIs) {
  EXPECT_THAT(
      ParseOffsetCheckpoint("d/some-checkpoint", "0\n2\na 0 1\nb 0 x\n"),
      StatusIs(absl::StatusCode::kDataLoss,
               AllOf(HasSubstr("d/some-checkpoint"), HasSubstr("line 4"),
                     HasSubstr("\"b 0 x\""))));
}

TEST(OffsetCheckpoint, RefusesWhatKafkaDoesNotWrite) {
  for (const char* bytes : {"\n",
                            "0",
                            "0\n",
                            "x\n0\n",
                            "-1\n0\n",
                            "0\nx\n",
                            "0\n-1\n",
                            "0\n1\n",
                            "0\n2147483648\n",
                            "0\n0\na 0 1\n",
                            "0\n1\na 0 1\nb 0 1\n",
                            "0\n2\na 0 1\na 0 2\n",
                            "0\n1\na 0 -1\n",
                            "0\n1\na -1 0\n",
                            "0\n1\na 0 01\n",
                            "0\n1\na  0 1\n",
                            "0\n1\na 0 1 \n",
                            "0\n1\na 0\n",
                            "0\n1\na/b 0 1\n",
                            "0\n1\n 0 1\n",
                            "0\n1\na 0 1",
                            "0\n1\n\n",
                            "0\n1\na 0 9223372036854775808\n",
                            "0\r\n0\r\n"}) {
    EXPECT_THAT(ParseOffsetCheckpoint("f", bytes),
                HasReason(Reason::kCorruptFile))
        << bytes;
  }
}

TEST(EpochCheckpoint, RefusesWhatKafkaDoesNotWrite) {
  for (const char* bytes :
       {"0\n1\n0\n", "0\n1\n0 1 2\n", "0\n1\n-1 0\n", "0\n1\n0 -1\n",
        "0\n1\n2147483648 0\n", "0\n2\n0 0\n", "0\n0\n\n"}) {
    EXPECT_THAT(ParseEpochCheckpoint("f", bytes),
                HasReason(Reason::kCorruptFile))
        << bytes;
  }
}

TEST(OffsetCheckpoint, RefusesANewerVersionPolitely) {
  EXPECT_THAT(ParseOffsetCheckpoint("f", "1\n0\n"),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(OffsetCheckpoint, RefusesANewerVersionWhoseLinesAreOfAnotherForm) {
  for (const char* bytes :
       {"1\n1\na 0 1 x\n", "2\n2\na 0 1\na 0 2 3\n", "37\n1\n{}\n"}) {
    EXPECT_THAT(ParseOffsetCheckpoint("f", bytes),
                HasReason(Reason::kUnsupportedFormat))
        << bytes;
  }
  EXPECT_THAT(ParseEpochCheckpoint("f", "1\n1\n0 0 x\n"),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(OffsetCheckpoint, ADamagedVersionIsNoNewerOne) {
  for (const char* bytes :
       {"1\n1\na 0 1\n", "8\n2\na 0 1\nb 0 1\n", "1", "1\n", "1\nx\n",
        "4711\n\xff\xfe\n", "1\n2\na 0 1\n", "1\n0\na 0 1\n"}) {
    EXPECT_THAT(ParseOffsetCheckpoint("f", bytes),
                HasReason(Reason::kCorruptFile))
        << bytes;
  }
  EXPECT_THAT(ParseEpochCheckpoint("f", "2\n1\n0 0\n"),
              HasReason(Reason::kCorruptFile));
}

TEST(OffsetCheckpoint, DoesNotBelieveItsCount) {
  EXPECT_THAT(ParseOffsetCheckpoint("f", "0\n2147483647\na 0 1\n"),
              HasReason(Reason::kCorruptFile));
}

TEST(OffsetCheckpoint, IsCorruptWhereverItIsCutOff) {
  for (const std::string& cut : test::Truncations(kOffsets)) {
    if (cut.empty()) continue;
    EXPECT_THAT(ParseOffsetCheckpoint("f", cut),
                HasReason(Reason::kCorruptFile))
        << cut;
  }
}

TEST(EpochCheckpoint, IsCorruptWhereverItIsCutOff) {
  for (const std::string& cut : test::Truncations(kEpochs)) {
    if (cut.empty()) continue;
    EXPECT_THAT(ParseEpochCheckpoint("f", cut), HasReason(Reason::kCorruptFile))
        << cut;
  }
}

// There is no checksum: one digit may become another, which is as good. What
// is read can always be written again.
TEST(OffsetCheckpoint, IsReadOrRefusedWhateverBitIsTurned) {
  for (const std::string& flipped : test::BitFlips(kOffsets)) {
    const auto entries = ParseOffsetCheckpoint("f", flipped);
    if (entries.ok()) {
      EXPECT_THAT(ParseOffsetCheckpoint("f", FormatOffsetCheckpoint(*entries)),
                  IsOkAndHolds(*entries));
    } else {
      EXPECT_THAT(entries, HasReason(Reason::kCorruptFile));
    }
  }
}

TEST(EpochCheckpoint, IsReadOrRefusedWhateverBitIsTurned) {
  for (const std::string& flipped : test::BitFlips(kEpochs)) {
    const auto entries = ParseEpochCheckpoint("f", flipped);
    if (entries.ok()) {
      EXPECT_EQ(FormatEpochCheckpoint(*entries), flipped);
    } else {
      EXPECT_THAT(entries, HasReason(Reason::kCorruptFile));
    }
  }
}

TEST(OffsetCheckpoint, IsReadBackWhateverItHolds) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  for (int round = 0; round < 100; ++round) {
    OffsetCheckpoint entries;
    for (uint64_t i = random() % 20; i > 0; --i) {
      const std::string topic(1 + random() % 249, 'a' + random() % 26);
      entries[{topic, PartitionId{static_cast<int32_t>(random() % 100)}}] =
          Offset{static_cast<int64_t>(random() >> (1 + random() % 63))};
    }
    EXPECT_THAT(ParseOffsetCheckpoint("f", FormatOffsetCheckpoint(entries)),
                IsOkAndHolds(entries));
  }
}

TEST(CheckpointFile, IsFoundAgainInItsDirectory) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data/orders-0"), IsOk());

  ASSERT_THAT(
      WriteOffsetCheckpoint(*files, "/data", kRecoveryPointFile, Offsets()),
      IsOk());
  ASSERT_THAT(WriteEpochCheckpoint(*files, "/data/orders-0", Epochs()), IsOk());

  EXPECT_THAT(ReadOffsetCheckpoint(*files, "/data", kRecoveryPointFile),
              IsOkAndHolds(Offsets()));
  EXPECT_THAT(ReadEpochCheckpoint(*files, "/data/orders-0"),
              IsOkAndHolds(Epochs()));
}

TEST(CheckpointFile, HasNoEntriesWhereItIsNotThere) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data"), IsOk());
  EXPECT_THAT(ReadOffsetCheckpoint(*files, "/data", kLogStartFile),
              IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ReadEpochCheckpoint(*files, "/data"), IsOkAndHolds(IsEmpty()));
}

}  // namespace
}  // namespace cauce
