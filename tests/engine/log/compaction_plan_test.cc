#include "engine/log/compaction_plan.h"

#include <gtest/gtest.h>

#include <vector>

namespace cauce {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Segments of ten offsets and 100 bytes, the first `clean` of which are clean.
struct Log {
  std::vector<DirtySegment> sealed;
  CompactionView view;

  Log(size_t count, int64_t first_dirty) {
    for (size_t i = 0; i < count; ++i) {
      const auto at = static_cast<int64_t>(i) * 10;
      sealed.push_back({.base = {at}, .next = {at + 10}, .bytes = 100});
    }
    view = {.sealed = sealed,
            .log_start = Offset{0},
            .first_dirty = Offset{first_dirty},
            .stable_end = Offset{INT64_MAX}};
  }
};

TEST(CompactionPlan, IsDueOnceMoreThanItsShareIsDirty) {
  const Log at_the_ratio(4, 20);
  EXPECT_FALSE(PlanCompaction(at_the_ratio.view, {}, kNow).is_due);

  const Log above(4, 10);
  const CompactionPlan plan = PlanCompaction(above.view, {}, kNow);
  EXPECT_TRUE(plan.is_due);
  EXPECT_EQ(plan.first_dirty, Offset{10});
  EXPECT_EQ(plan.end, Offset{40});
  EXPECT_EQ(plan.count, 4u);
  EXPECT_EQ(plan.clean_bytes, 100);
  EXPECT_EQ(plan.dirty_bytes, 300);
  EXPECT_DOUBLE_EQ(plan.dirty_ratio(), 0.75);
}

TEST(CompactionPlan, NeverTouchesWhatIsNotStable) {
  Log log(4, 0);
  // Right at a segment's end, and within one.
  for (const int64_t stable : {20, 29}) {
    log.view.stable_end = Offset{stable};
    const CompactionPlan plan = PlanCompaction(log.view, {}, kNow);
    EXPECT_EQ(plan.end, Offset{20});
    EXPECT_EQ(plan.count, 2u);
    EXPECT_EQ(plan.dirty_bytes, 200);
  }
  log.view.stable_end = Offset{9};
  const CompactionPlan nothing = PlanCompaction(log.view, {}, kNow);
  EXPECT_FALSE(nothing.is_due);
  EXPECT_EQ(nothing.count, 0u);
}

TEST(CompactionPlan, HasNothingToDoWhereNothingIsDirty) {
  for (const bool on_demand : {false, true}) {
    const CompactionRules rules{.dirty_ratio_min = 0, .on_demand = on_demand};
    EXPECT_FALSE(PlanCompaction(Log(4, 40).view, rules, kNow).is_due);
    EXPECT_FALSE(PlanCompaction(Log(0, 0).view, rules, kNow).is_due);
  }
}

TEST(CompactionPlan, BeginsAtTheStartWhereWhatWasSavedCannotBe) {
  Log log(4, 0);
  log.view.log_start = Offset{13};
  for (const int64_t saved : {-1, 0, 12, 41, 1000}) {
    log.view.first_dirty = Offset{saved};
    EXPECT_EQ(PlanCompaction(log.view, {}, kNow).first_dirty, Offset{13});
  }
  log.view.first_dirty = Offset{40};
  EXPECT_EQ(PlanCompaction(log.view, {}, kNow).first_dirty, Offset{40});
}

TEST(CompactionPlan, CountsASegmentThatIsDirtyInPartAsDirty) {
  const CompactionPlan plan = PlanCompaction(Log(4, 19).view, {}, kNow);
  EXPECT_EQ(plan.first_dirty, Offset{19});
  EXPECT_EQ(plan.clean_bytes, 100);
  EXPECT_EQ(plan.dirty_bytes, 300);
}

TEST(CompactionPlan, LeavesRecordsThatAreTooYoungAndSaysWhenToLookAgain) {
  Log log(4, 0);
  const CompactionRules rules{.lag_min = absl::Minutes(10)};
  for (DirtySegment& segment : log.sealed) {
    segment.largest_time = kNow - absl::Minutes(10);
  }
  EXPECT_EQ(PlanCompaction(log.view, rules, kNow).count, 4u);

  log.sealed[2].largest_time = kNow - absl::Minutes(8);
  const CompactionPlan plan = PlanCompaction(log.view, rules, kNow);
  EXPECT_EQ(plan.end, Offset{20});
  EXPECT_EQ(plan.next_look, kNow + absl::Minutes(2));
  // What is clean was old enough once.
  log.view.first_dirty = Offset{30};
  EXPECT_EQ(PlanCompaction(log.view, rules, kNow).count, 4u);
  // Also who asks for it does not get what is too young.
  log.view.first_dirty = Offset{0};
  const CompactionRules asked{.lag_min = absl::Minutes(10), .on_demand = true};
  EXPECT_EQ(PlanCompaction(log.view, asked, kNow).end, Offset{20});
}

TEST(CompactionPlan, IsDueByAgeHoweverLittleIsDirty) {
  Log log(10, 90);
  const CompactionRules rules{.lag_max = absl::Hours(1)};
  log.sealed[0].first_time = kNow - absl::Hours(9);  // clean
  log.sealed[9].first_time = kNow - absl::Hours(1);
  const CompactionPlan young = PlanCompaction(log.view, rules, kNow);
  EXPECT_FALSE(young.is_due);
  EXPECT_EQ(young.next_look, kNow);

  log.sealed[9].first_time = kNow - absl::Hours(1) - absl::Milliseconds(1);
  EXPECT_TRUE(PlanCompaction(log.view, rules, kNow).is_due);
  EXPECT_FALSE(PlanCompaction(log.view, {}, kNow).is_due);
}

TEST(CompactionPlan, IsDueOnDemandHoweverLittleIsDirty) {
  const Log log(10, 90);
  EXPECT_TRUE(PlanCompaction(log.view, {.on_demand = true}, kNow).is_due);
}

// As far as is known by then.
TEST(MergedSegments, AreThoseOfWhichWhatIsLeftFitsIntoOne) {
  const MergeLimits limits{.segment_bytes = 300, .index_bytes = 1000};
  const MergeCandidate next{.next = {60}, .bytes = 250, .expected_bytes = 100};
  EXPECT_TRUE(MayMerge({.base = {0}, .bytes = 200}, next, limits));
  EXPECT_FALSE(MayMerge({.base = {0}, .bytes = 201}, next, limits));
}

TEST(MergedSegments, FitIntoOneFileWhateverIsLeft) {
  const MergeLimits limits{.segment_bytes = INT32_MAX, .index_bytes = 1000};
  const MergeCandidate next{.next = {60}, .bytes = INT32_MAX - 200};
  EXPECT_TRUE(MayMerge({.base = {0}, .bytes = 200}, next, limits));
  EXPECT_FALSE(MayMerge({.base = {0}, .bytes = 201}, next, limits));
}

TEST(MergedSegments, HaveIndexesThatFitTogether) {
  const MergeLimits limits{.segment_bytes = 300, .index_bytes = 40};
  const MergeCandidate next{.next = {60}, .index_bytes = 20};
  EXPECT_TRUE(MayMerge({.base = {0}, .index_bytes = 20}, next, limits));
  EXPECT_FALSE(MayMerge({.base = {0}, .index_bytes = 21}, next, limits));
}

TEST(MergedSegments, StayWithinReachOfAnIndex) {
  const MergeLimits limits{.segment_bytes = 1000, .index_bytes = 1000};
  EXPECT_TRUE(
      MayMerge({.base = {7}}, {.next = {int64_t{INT32_MAX} + 7}}, limits));
  EXPECT_FALSE(
      MayMerge({.base = {7}}, {.next = {int64_t{INT32_MAX} + 8}}, limits));
}

TEST(MergedSegments, AreNotMadeFromMoreThanIsWorthLosingToAStop) {
  const MergeLimits limits{.segment_bytes = 100, .index_bytes = 1000};
  const MergeCandidate next{.next = {60}, .bytes = 100};
  EXPECT_TRUE(MayMerge({.base = {0}, .source_bytes = 1500}, next, limits));
  EXPECT_FALSE(MayMerge({.base = {0}, .source_bytes = 1501}, next, limits));
}

}  // namespace
}  // namespace cauce
