#include "engine/client/committable_offset.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

OffsetAndMetadata At(int64_t offset) {
  OffsetAndMetadata at;
  at.offset = Offset{offset};
  return at;
}

TEST(CommittableOffset, IsOfAPartitionThatIsThereWhereverItIs) {
  auto engine = Engine::Open(":memory:");
  ASSERT_THAT(engine, IsOk());
  const auto made = engine->CreateTopic("orders", {.partitions = 2});
  ASSERT_THAT(made, IsOk());
  const TopicPartition last{"orders", PartitionId{1}};

  EXPECT_EQ(*CheckCommittable(*engine, last, At(0)), made->id);
  EXPECT_THAT(CheckCommittable(*engine, last, At(99)), IsOk());
  EXPECT_THAT(CheckCommittable(*engine, last, At(-1)),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(CheckCommittable(*engine, {"orders", PartitionId{2}}, At(0)),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(CheckCommittable(*engine, {"orders", PartitionId{-1}}, At(0)),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(CheckCommittable(*engine, {"none", PartitionId{0}}, At(0)),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(CheckCommittable(*engine, {"a/b", PartitionId{0}}, At(0)),
              HasReason(Reason::kInvalidTopicName));
}

TEST(CommittableOffset, IsOfTheTopicThatItNames) {
  auto engine = Engine::Open(":memory:");
  ASSERT_THAT(engine, IsOk());
  const TopicPartition first{"orders", PartitionId{0}};
  OffsetAndMetadata at = At(1);
  at.topic_id = engine->CreateTopic("orders")->id;
  EXPECT_THAT(CheckCommittable(*engine, {{first, at}}), IsOk());
  ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), IsOk());

  EXPECT_THAT(CheckCommittable(*engine, {{first, at}}),
              HasReason(Reason::kUnknownTopic));
}

}  // namespace
}  // namespace cauce
