#include "engine/coord/offset_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::SizeIs;

OffsetCommitKey Key(int32_t partition) {
  return {"g", "t", PartitionId{partition}};
}

OffsetCommitValue Value(int64_t offset) {
  OffsetCommitValue value;
  value.offset = Offset{offset};
  value.metadata = "note";
  return value;
}

TEST(OffsetFetch, TellsAllThatAGroupHasCommitted) {
  OffsetTable table;
  table.Commit(Key(0), Value(5), Offset{0});
  table.Commit(Key(3), Value(6), Offset{1});
  table.Commit({"other", "t", PartitionId{0}}, Value(7), Offset{2});

  const OffsetFetchReply reply = FetchFrom(table, {.group = "g"});

  ASSERT_THAT(reply.offsets, SizeIs(2));
  EXPECT_EQ(reply.offsets[1].partition, (TopicPartition{"t", {3}}));
  EXPECT_EQ(reply.offsets[1].offset, Offset{6});
  EXPECT_EQ(reply.offsets[1].metadata, "note");
}

TEST(OffsetFetch, TellsOfOneThatWasNeverCommittedThatItWasNot) {
  OffsetFetch fetch{.group = "g"};
  fetch.partitions = {{"t", {9}}};
  const OffsetFetchReply reply = FetchFrom(OffsetTable(), fetch);
  ASSERT_THAT(reply.offsets, SizeIs(1));
  EXPECT_THAT(reply.offsets[0].status, IsOk());
  EXPECT_EQ(reply.offsets[0].offset, Offset{-1});
}

TEST(OffsetFetch, RefusesWhatATransactionMayChangeWhereThatIsAsked) {
  OffsetTable table;
  table.Commit(Key(0), Value(5), Offset{0});
  table.CommitPending(Key(0), Value(6), Offset{1}, ProducerId{1});
  OffsetFetch fetch{.group = "g"};
  EXPECT_EQ(FetchFrom(table, fetch).offsets.at(0).offset, Offset{5});
  fetch.unstable = UnstableOffsets::kRefuse;
  EXPECT_THAT(FetchFrom(table, fetch).offsets.at(0).status,
              HasReason(Reason::kUnstableOffsetCommit));
}

}  // namespace
}  // namespace cauce
