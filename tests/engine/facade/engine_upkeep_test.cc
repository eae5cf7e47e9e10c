#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EngineUpkeep : public test::CountedEngine {};

TEST_F(EngineUpkeep, OpensWhatMayHaveSomethingToDoAndNothingElse) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 50}), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic(
          "kept", {.partitions = 50, .configs = {{"retention.ms", "-1"}}}),
      IsOk());
  for (int32_t i = 0; i < 10; ++i) Append(i);
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());

  // Once each log is looked at, and then let go.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  int before = Opens();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Opens(), before);

  // Until its records are too old.
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_GT(Opens(), before);
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->log_start(), Offset{1});
}

TEST_F(EngineUpkeep, AMissingPartitionIsReportedOnce) {
  Leaves(test::Left::kDamaged);
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0);
  ASSERT_THAT(engine_->Close(), IsOk());
  const auto inside = files_.List("/data/orders-1");
  ASSERT_THAT(inside, IsOk());
  for (const auto& entry : *inside) {
    ASSERT_THAT(files_.RemoveFile("/data/orders-1/" + entry.name), IsOk());
  }
  ASSERT_THAT(files_.RemoveDirectory("/data/orders-1"), IsOk());

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
}

}  // namespace
}  // namespace cauce
