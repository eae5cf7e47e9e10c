#include "engine/catalog/partition_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/topic_id.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AnyOf;
using ::testing::Not;

// As Apache Kafka writes it.
constexpr std::string_view kBytes =
    "version: 0\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w";

TopicId Id() { return *ParseTopicId("8PHy8_T19vf4-fr7_P3-_w"); }

TEST(PartitionMetadata, IsReadAndWrittenAsKafkaDoes) {
  EXPECT_THAT(ParsePartitionMetadata("f", kBytes), IsOkAndHolds(Id()));
  EXPECT_EQ(FormatPartitionMetadata(Id()), kBytes);
}

TEST(PartitionMetadata, MayEndInANewline) {
  EXPECT_THAT(ParsePartitionMetadata("f", std::string(kBytes) + "\n"),
              IsOkAndHolds(Id()));
}

TEST(PartitionMetadata, RefusesWhatKafkaRefuses) {
  for (const char* bytes :
       {"", "\n", "version: 0", "version: 0\n", "version: x\ntopic_id: a",
        "topic_id: 8PHy8_T19vf4-fr7_P3-_w\nversion: 0",
        "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
        "version: 0\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w\n\n",
        "version: 0\nbroker_id: 8PHy8_T19vf4-fr7_P3-_w"}) {
    EXPECT_THAT(ParsePartitionMetadata("f", bytes),
                HasReason(Reason::kCorruptFile))
        << bytes;
  }
  EXPECT_THAT(ParsePartitionMetadata("f", "version: 1\ntopic_id: x"),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(PartitionMetadata, IsCorruptWhereverItIsCutOff) {
  for (const std::string& cut : test::Truncations(kBytes)) {
    EXPECT_THAT(ParsePartitionMetadata("f", cut),
                HasReason(Reason::kCorruptFile))
        << cut;
  }
}

TEST(PartitionMetadata, IsAnotherIdOrRefusedWhateverBitIsTurned) {
  for (const std::string& flipped : test::BitFlips(kBytes)) {
    const auto id = ParsePartitionMetadata("f", flipped);
    if (id.ok()) {
      EXPECT_THAT(*id, Not(Id()));
    } else {
      EXPECT_THAT(id, AnyOf(HasReason(Reason::kCorruptFile),
                            HasReason(Reason::kUnsupportedFormat)));
    }
  }
}

TEST(PartitionMetadata, IsFoundAgainInItsDirectory) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data/orders-0"), IsOk());
  EXPECT_THAT(ReadPartitionMetadata(*files, "/data/orders-0"),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(WritePartitionMetadata(*files, "/data/orders-0", Id()), IsOk());
  EXPECT_THAT(ReadPartitionMetadata(*files, "/data/orders-0"),
              IsOkAndHolds(Id()));
}

}  // namespace
}  // namespace cauce
