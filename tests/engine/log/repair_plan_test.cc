#include "engine/log/repair_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Offset kEnd{10};

SurveyedSegment Segment(int64_t base, int64_t next) {
  return {.base = Offset{base},
          .named = Offset{base},
          .file_bytes = 100,
          .whole_bytes = 100,
          .first = Offset{base},
          .next = Offset{next}};
}

PartitionToCheck Partition(Offset durable, Offset log_start,
                           bool clean_stop = true) {
  return {.directory = "/d/a-0",
          .clean_stop = clean_stop,
          .start_is_known = true,
          .bounds = {durable, log_start}};
}

// One of a topic that was made here and is not compacted.
PartitionToCheck WithoutGaps(Offset durable, Offset log_start) {
  PartitionToCheck partition = Partition(durable, log_start);
  partition.may_have_gaps = false;
  return partition;
}

TEST(RepairPlan, DoesNothingToWhatIsWhole) {
  const RepairPlan plan =
      PlanPartitionRepair(Partition(kEnd, Offset{0}),
                          {.segments = {Segment(0, 5), Segment(5, 10)}});
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_EQ(plan.end, kEnd);
  EXPECT_EQ(plan.log_start, Offset{0});
  EXPECT_EQ(plan.why_start, "");
}

TEST(RepairPlan, GivesNoOffsetOfALostEndAgain) {
  const RepairPlan plan = PlanPartitionRepair(Partition(kEnd, Offset{0}),
                                              {.segments = {Segment(0, 7)}});
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kBeginSegment);
  EXPECT_EQ(plan.steps[0].file, "/d/a-0/00000000000000000010.log");
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{7}, kEnd}));
  EXPECT_EQ(plan.end, kEnd);
}

TEST(RepairPlan, SaysWhereNobodyKnowsHowMuchIsLost) {
  SurveyedSegment torn = Segment(5, 8);
  torn.file_bytes = 150;
  torn.unreadable = {
      {.position = 100, .end = 150, .zeros_from = 150, .expected = Offset{8}}};
  torn.kept_as = {"/d/a-0/5.log.100.cut"};
  const StrayFile text{.path = "/d/a-0/00000000000000000008.log",
                       .kept_as = "/d/a-0/8.log.cut",
                       .base = Offset{8},
                       .is_weighed = true};
  PartitionToCheck partition = Partition(Offset{5}, Offset{0}, false);
  const auto steps = [&](const PartitionSurvey& survey) {
    return PlanPartitionRepair(partition, survey).steps;
  };
  const auto cut = steps({.segments = {Segment(0, 5), torn}});
  ASSERT_THAT(cut, SizeIs(1));
  EXPECT_TRUE(cut[0].removed[0].is_more_lost);
  EXPECT_EQ(cut[0].removed[0].lost.base, Offset{8});
  const auto aside = steps({.strays = {text}, .segments = {Segment(0, 8)}});
  ASSERT_THAT(aside, SizeIs(1));
  EXPECT_TRUE(aside[0].is_more_lost);
  EXPECT_EQ(aside[0].lost.base, Offset{8});

  // In front of others, of zeros that were written ahead, and where a close
  // has noted the end, it is known.
  EXPECT_FALSE(steps({.segments = {torn, Segment(8, 10)}})[0]
                   .removed[0]
                   .is_more_lost);
  torn.unreadable[0].zeros_from = 100;
  EXPECT_FALSE(steps({.segments = {Segment(0, 5), torn}})[0]
                   .removed[0]
                   .is_more_lost);
  partition.clean_stop = true;
  EXPECT_FALSE(steps({.strays = {text}, .segments = {Segment(0, 8)}})[0]
                   .is_more_lost);
}

// What was durable in its place is told with the end of the log.
TEST(RepairPlan, CountsOnceWhatIsLostWhereADirectoryStands) {
  const StrayFile directory{.path = "/d/a-0/00000000000000000008.log",
                            .kept_as = "/d/a-0/8.log.cut",
                            .base = Offset{8},
                            .is_stand_in = true};
  const auto plan_of = [&](Offset durable) {
    return PlanPartitionRepair(
        Partition(durable, Offset{0}, false),
        {.strays = {directory}, .segments = {Segment(0, 8)}});
  };
  const auto known = plan_of(kEnd).steps;
  ASSERT_THAT(known, SizeIs(2));
  EXPECT_FALSE(known[0].is_more_lost);
  EXPECT_EQ(known[0].lost.count(), 0);
  EXPECT_EQ(known[1].lost, (OffsetRange{Offset{8}, kEnd}));
  EXPECT_TRUE(known[1].is_more_lost);

  const auto unknown = plan_of(Offset{8}).steps;
  ASSERT_THAT(unknown, SizeIs(1));
  EXPECT_TRUE(unknown[0].is_more_lost);
}

// What was saved of its end is what was durable at least, and no more.
TEST(RepairPlan, SaysOfALostEndAfterAKillThatMoreMayBeGone) {
  for (const bool may_have_gaps : {true, false}) {
    SCOPED_TRACE(may_have_gaps);
    PartitionToCheck partition = Partition(kEnd, Offset{0}, false);
    partition.may_have_gaps = may_have_gaps;
    const auto step_of = [&](const PartitionSurvey& survey) {
      const auto plan = PlanPartitionRepair(partition, survey);
      EXPECT_THAT(plan.steps, SizeIs(1));
      return plan.steps.empty() ? RepairStep() : plan.steps[0];
    };
    EXPECT_TRUE(step_of({.segments = {Segment(0, 8)}}).is_more_lost);
    EXPECT_TRUE(step_of({}).is_more_lost);
    // A close has noted it.
    partition.is_as_closed = true;
    EXPECT_FALSE(step_of({.segments = {Segment(0, 8)}}).is_more_lost);
    partition.is_as_closed = false;
    partition.clean_stop = true;
    EXPECT_FALSE(step_of({.segments = {Segment(0, 8)}}).is_more_lost);
  }
}

TEST(RepairPlan, SaysOnceThatNobodyKnowsHowMuchIsLostOfASegment) {
  std::vector<StrayFile> strays;
  for (const std::string suffix : {"timeindex", "log", "index"}) {
    strays.push_back({.path = "/d/a-0/00000000000000000000." + suffix,
                      .kept_as = "/d/a-0/0." + suffix + ".cut",
                      .base = Offset{0},
                      .is_weighed = suffix == "log"});
  }
  const auto plan = PlanPartitionRepair(Partition(Offset{0}, Offset{0}, false),
                                        {.strays = strays});
  int told = 0;
  for (const RepairStep& step : plan.steps) told += step.is_more_lost ? 1 : 0;
  EXPECT_EQ(told, 1);
}

// Where it lies they leave no trace: compaction makes such gaps.
TEST(RepairPlan, SaysThatASegmentLacksMoreThanWhatIsDamagedInIt) {
  PartitionToCheck partition = Partition(kEnd, Offset{0});
  partition.known = KnownLog{.segments = {{Offset{0}, 300}, {Offset{5}, 100}},
                             .end = kEnd};
  SurveyedSegment less = Segment(0, 5);
  less.file_bytes = less.whole_bytes = 200;
  const auto lacking = [&](const SurveyedSegment& segment) {
    const RepairPlan plan = PlanPartitionRepair(
        partition, {.segments = {segment, Segment(5, kEnd.value)}});
    EXPECT_TRUE(plan.forgets_known);
    EXPECT_THAT(plan.lost_unseen, IsEmpty());
    return plan.lacking;
  };
  const OffsetRange range{Offset{0}, Offset{5}};
  EXPECT_THAT(lacking(less), ElementsAre(range));
  less.whole_bytes = 150;
  less.unreadable = {{.position = 100,
                      .end = 150,
                      .zeros_from = 150,
                      .expected = Offset{3},
                      .behind = Offset{4}}};
  less.kept_as = {"/d/a-0/0.log.100.cut"};
  EXPECT_THAT(lacking(less), ElementsAre(range));
  less.file_bytes = 300;
  EXPECT_THAT(lacking(less), IsEmpty());
  // By the close it was as short, and missed.
  partition.known->missing = {range};
  EXPECT_THAT(lacking(less), ElementsAre(range));
}

// Others have their offsets, and not their records.
TEST(RepairPlan, CountsWholeBatchesThatLeaveTheLogAsLost) {
  SurveyedSegment cut = Segment(5, 10);
  cut.file_bytes = 150;
  cut.unreadable = {
      {.position = 100, .end = 150, .zeros_from = 150, .expected = kEnd}};
  cut.kept_as = {"/d/a-0/5.log.100.cut"};
  cut.displaced = {{Offset{2}, Offset{4}}};
  const RepairPlan plan = PlanPartitionRepair(
      Partition(kEnd, Offset{0}),
      {.strays = {{.path = "/d/a-0/00000000000000000003.log",
                   .kept_as = "/d/a-0/3.log.cut",
                   .displaced = {Offset{3}, Offset{5}}}},
       .segments = {Segment(0, 5), cut}});
  ASSERT_THAT(plan.steps, SizeIs(2));
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{3}, Offset{5}}));
  ASSERT_THAT(plan.steps[1].removed, SizeIs(1));
  EXPECT_EQ(plan.steps[1].removed[0].lost, (OffsetRange{Offset{2}, Offset{4}}));
}

// A .txnindex that is wrong may say so.
TEST(RepairPlan, TellsOfTransactionsThatStayOpenWhereTooMuchWouldBeFilled) {
  constexpr Offset kFar{int64_t{1} << 40};
  const EndedTransaction ended{.producer_id = {7},
                               .offsets = {Offset{2}, Offset{3}},
                               .marker = kFar};
  SurveyedSegment torn = Segment(0, 5);
  torn.file_bytes = 150;
  torn.unreadable = {
      {.position = 100, .end = 150, .zeros_from = 150, .expected = Offset{5}}};
  torn.kept_as = {"/d/a-0/0.log.100.cut"};
  const RepairPlan damaged =
      PlanPartitionRepair(WithoutGaps(Offset{5}, Offset{0}),
                          {.segments = {torn}, .ended = {ended}});
  ASSERT_THAT(damaged.left, SizeIs(1));
  EXPECT_EQ(damaged.left[0].offset, kFar);
  EXPECT_EQ(damaged.left[0].gravity, Gravity::kNote);
  ASSERT_THAT(damaged.steps, SizeIs(1));
  EXPECT_THAT(damaged.steps[0].removed[0].ended, IsEmpty());
  EXPECT_EQ(damaged.end, Offset{5});

  // In a gap between segments, of which it is told as well.
  const RepairPlan missing = PlanPartitionRepair(
      WithoutGaps(kFar + 2, Offset{0}),
      {.segments = {Segment(0, 5), Segment(kFar.value + 1, kFar.value + 2)},
       .ended = {ended}});
  ASSERT_THAT(missing.left, SizeIs(2));
  EXPECT_EQ(missing.left[1].offset, kFar);
}

// Who plans anew behind a stop would not know that anything was lost.
TEST(RepairPlan, KeepsAnIndexThatTellsOfALossUntilMarkersAreWritten) {
  const EndedTransaction ended{.producer_id = {7},
                               .offsets = {Offset{2}, Offset{3}},
                               .marker = Offset{5}};
  PartitionSurvey survey{.strays = {{.path = "/d/a-0/5.index",
                                     .kept_as = "/d/a-0/5.index.cut",
                                     .base = Offset{5},
                                     .is_orphan = true}},
                         .segments = {Segment(0, 5), Segment(8, 10)},
                         .ended = {ended}};
  const RepairPlan plan =
      PlanPartitionRepair(Partition(kEnd, Offset{0}), survey);
  ASSERT_THAT(plan.steps, SizeIs(3));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kFillGap);
  EXPECT_EQ(plan.steps[1].action, RepairAction::kSetAside);
  // In the place of those that were aside until then.
  EXPECT_EQ(plan.steps[2].action, RepairAction::kWriteIndexes);
  EXPECT_EQ(plan.steps[2].file, "/d/a-0/00000000000000000005.log");
  // Elsewhere it goes first: the gap tells.
  const RepairPlan without =
      PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}), survey);
  ASSERT_THAT(without.steps, SizeIs(2));
  EXPECT_EQ(without.steps[0].action, RepairAction::kSetAside);
}

TEST(RepairPlan, FillsTheGapThatALostSegmentLeft) {
  const PartitionSurvey survey{
      .segments = {Segment(0, 3), Segment(7, 9), Segment(9, 10)}};
  const RepairPlan plan =
      PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}), survey);
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kFillGap);
  EXPECT_EQ(plan.steps[0].file, "/d/a-0/00000000000000000003.log");
  EXPECT_EQ(plan.steps[0].filled, (OffsetRange{Offset{3}, Offset{7}}));
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{3}, Offset{7}}));
  EXPECT_EQ(plan.end, kEnd);

  // What compaction left is none, and what lies below the start is not missed.
  EXPECT_THAT(PlanPartitionRepair(Partition(kEnd, Offset{0}), survey).steps,
              IsEmpty());
  EXPECT_THAT(PlanPartitionRepair(WithoutGaps(kEnd, Offset{7}), survey).steps,
              IsEmpty());
}

TEST(RepairPlan, FillsUpToWhereALostEndWasDurable) {
  const RepairPlan plan = PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}),
                                              {.segments = {Segment(0, 7)}});
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kFillGap);
  EXPECT_EQ(plan.steps[0].file, "/d/a-0/00000000000000000007.log");
  EXPECT_EQ(plan.steps[0].filled, (OffsetRange{Offset{7}, kEnd}));
  EXPECT_EQ(plan.end, kEnd);
}

TEST(RepairPlan, TellsOnceWhatIsLostInAGap) {
  SurveyedSegment torn = Segment(0, 3);
  torn.unreadable = {{.position = 90,
                      .end = 100,
                      .zeros_from = 100,
                      .expected = Offset{3},
                      .why = "wrong CRC"}};
  torn.kept_as = {"/d/a-0/kept"};
  const RepairPlan plan = PlanPartitionRepair(
      WithoutGaps(kEnd, Offset{0}),
      {.strays = {{.path = "/d/a-0/00000000000000000007.log",
                   .kept_as = "/d/a-0/00000000000000000007.log.cut",
                   .base = Offset{7}}},
       .segments = {torn, Segment(5, 6), Segment(9, 10)}});
  ASSERT_THAT(plan.steps, SizeIs(4));
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{7}, Offset{9}}));
  EXPECT_EQ(plan.steps[1].removed[0].lost, (OffsetRange{Offset{3}, Offset{5}}));
  EXPECT_EQ(plan.steps[2].filled, (OffsetRange{Offset{3}, Offset{5}}));
  EXPECT_EQ(plan.steps[2].lost.count(), 0);
  EXPECT_EQ(plan.steps[3].filled, (OffsetRange{Offset{6}, Offset{9}}));
  EXPECT_EQ(plan.steps[3].lost, (OffsetRange{Offset{6}, Offset{7}}));
}

// A directory that is called like a log, or a copy that was renamed.
TEST(RepairPlan, TellsOnceWhatIsLostBehindAFileThatBeginsInTheMiddleOfAnother) {
  PartitionSurvey survey{.strays = {{.path = "/d/a-0/00000000000000000002.log",
                                     .kept_as = "/d/a-0/2.cut",
                                     .base = Offset{2}}},
                         .segments = {Segment(0, 3), Segment(5, 10)}};
  const RepairPlan cut =
      PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}), survey);
  ASSERT_THAT(cut.steps, SizeIs(2));
  EXPECT_EQ(cut.steps[0].action, RepairAction::kSetAside);
  EXPECT_EQ(cut.steps[0].lost.count(), 0);
  EXPECT_EQ(cut.steps[1].action, RepairAction::kFillGap);
  EXPECT_EQ(cut.steps[1].lost, (OffsetRange{Offset{3}, Offset{5}}));

  survey.segments[0].unreadable = {{.position = 90,
                                    .end = 100,
                                    .zeros_from = 100,
                                    .expected = Offset{3},
                                    .why = "wrong CRC"}};
  survey.segments[0].kept_as = {"/d/a-0/kept"};
  for (const bool may_have_gaps : {false, true}) {
    PartitionToCheck partition = WithoutGaps(kEnd, Offset{0});
    partition.may_have_gaps = may_have_gaps;
    const RepairPlan torn = PlanPartitionRepair(partition, survey);
    ASSERT_THAT(torn.steps, SizeIs(may_have_gaps ? 2 : 3));
    EXPECT_EQ(torn.steps[0].lost.count(), 0);
    EXPECT_EQ(torn.steps[1].removed[0].lost,
              (OffsetRange{Offset{3}, Offset{5}}));
  }
}

// Nothing else tells of it then.
TEST(RepairPlan, TellsOfAFileInTheMiddleOfAnotherWhereThereMayBeGaps) {
  const RepairPlan plan = PlanPartitionRepair(
      Partition(kEnd, Offset{0}),
      {.strays = {{.path = "/d/a-0/00000000000000000002.log",
                   .kept_as = "/d/a-0/2.cut",
                   .base = Offset{2}}},
       .segments = {Segment(0, 3), Segment(5, 10)}});
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{3}, Offset{5}}));
}

TEST(RepairPlan, FillsALargeGapWithSeveralBatchesAndAnAbsurdOneNot) {
  const Offset far{5 + kGapOffsetsMax + 2};
  const RepairPlan large = PlanPartitionRepair(
      WithoutGaps(far + 1, Offset{0}),
      {.segments = {Segment(0, 5), Segment(far.value, far.value + 1)}});
  ASSERT_THAT(large.steps, SizeIs(2));
  EXPECT_EQ(large.steps[0].filled.count(), kGapOffsetsMax);
  EXPECT_EQ(large.steps[1].filled, (OffsetRange{far + -2, far}));
  EXPECT_EQ(large.steps[1].lost.count(), 0);

  const Offset absurd{INT64_MAX - 7};
  const RepairPlan wrong = PlanPartitionRepair(WithoutGaps(absurd, Offset{0}),
                                               {.segments = {Segment(0, 5)}});
  ASSERT_THAT(wrong.steps, SizeIs(1));
  EXPECT_EQ(wrong.steps[0].action, RepairAction::kBeginSegment);
  EXPECT_THAT(wrong.left, SizeIs(1));
  EXPECT_EQ(wrong.end, absurd);
}

TEST(RepairPlan, SavesTheStartThatNobodyKnew) {
  PartitionToCheck partition = WithoutGaps(kEnd, Offset{0});
  partition.start_is_known = false;
  const PartitionSurvey survey{.segments = {Segment(5, 10)}};
  const RepairPlan plan = PlanPartitionRepair(partition, survey);
  EXPECT_EQ(plan.log_start, Offset{5});
  EXPECT_EQ(plan.lost_at_start.count(), 0);
  EXPECT_THAT(plan.why_start, HasSubstr("counts as deleted"));
  // One that came from elsewhere may begin anywhere.
  partition.may_have_gaps = true;
  EXPECT_EQ(PlanPartitionRepair(partition, survey).why_start, "");
}

// Who opens the partition before the first segment has its name would save
// that the log starts where the second one does.
TEST(RepairPlan, SavesTheStartBeforeItRenames) {
  PartitionToCheck partition = Partition(kEnd, Offset{0});
  partition.start_is_known = false;
  SurveyedSegment renamed = Segment(2, 5);
  renamed.named = Offset{7};
  const PartitionSurvey survey{.segments = {renamed, Segment(5, 10)},
                               .renamed = {Offset{2}}};
  const RepairPlan plan = PlanPartitionRepair(partition, survey);
  EXPECT_EQ(plan.log_start, Offset{2});
  EXPECT_NE(plan.why_start, "");
  partition.start_is_known = true;
  partition.bounds.log_start = Offset{3};
  EXPECT_EQ(PlanPartitionRepair(partition, survey).why_start, "");
}

TEST(RepairPlan, StartsTheLogWhereItsFirstSegmentIs) {
  const RepairPlan plan = PlanPartitionRepair(Partition(kEnd, Offset{2}),
                                              {.segments = {Segment(5, 10)}});
  EXPECT_EQ(plan.log_start, Offset{5});
  EXPECT_EQ(plan.lost_at_start, (OffsetRange{Offset{2}, Offset{5}}));
}

// Whoever plans anew behind that no longer misses it.
TEST(RepairPlan, TellsWithTheStartWhatIsLostInFrontOfIt) {
  const PartitionSurvey survey{.strays = {{.path = "/d/a-0/3.index",
                                           .kept_as = "/d/a-0/3.index.cut",
                                           .base = Offset{3}}},
                               .segments = {Segment(5, 10)}};
  const RepairPlan plan =
      PlanPartitionRepair(Partition(kEnd, Offset{2}), survey);
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].lost.count(), 0);
  EXPECT_EQ(plan.lost_at_start, (OffsetRange{Offset{2}, Offset{5}}));

  PartitionToCheck unknown = WithoutGaps(kEnd, Offset{0});
  unknown.start_is_known = false;
  EXPECT_EQ(PlanPartitionRepair(unknown, survey).lost_at_start,
            (OffsetRange{Offset{3}, Offset{5}}));
}

// As long as bytes are there that were refused, so is every name that spoke
// against them.
TEST(RepairPlan, RemovesBytesBeforeALogLosesItsName) {
  SurveyedSegment renamed = Segment(0, 5);
  renamed.named = Offset{7};
  renamed.steps_aside = true;
  renamed.unreadable = {
      {.position = 90, .end = 100, .zeros_from = 100, .expected = Offset{5}}};
  renamed.kept_as = {"/d/a-0/kept"};
  const RepairPlan plan = PlanPartitionRepair(
      Partition(kEnd, Offset{0}), {.strays = {{.path = "/d/a-0/6.log",
                                               .kept_as = "/d/a-0/6.log.cut",
                                               .is_weighed = true},
                                              {.path = "/d/a-0/7.index",
                                               .kept_as = "/d/a-0/7.cut"}},
                                   .segments = {renamed, Segment(6, 10)},
                                   .renamed = {Offset{0}}});
  ASSERT_THAT(plan.steps, SizeIs(4));
  EXPECT_EQ(plan.steps[0].file, "/d/a-0/7.index");
  EXPECT_EQ(plan.steps[1].action, RepairAction::kRemoveBytes);
  EXPECT_EQ(plan.steps[1].file, "/d/a-0/00000000000000000007.log");
  EXPECT_EQ(plan.steps[2].file, "/d/a-0/6.log");
  EXPECT_EQ(plan.steps[3].file, "/d/a-0/00000000000000000000.log.waiting");
}

TEST(RepairPlan, TellsOnceWhatIsLostWithAllSegments) {
  const RepairPlan plan = PlanPartitionRepair(Partition(kEnd, Offset{2}), {});
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kBeginSegment);
  EXPECT_EQ(plan.steps[0].lost, (OffsetRange{Offset{2}, kEnd}));
  EXPECT_EQ(plan.lost_at_start.count(), 0);
}

TEST(RepairPlan, BelievesAStartBehindTheEndOnlyAfterAKill) {
  const PartitionSurvey survey{.segments = {Segment(0, 10)}};
  const RepairPlan closed =
      PlanPartitionRepair(Partition(kEnd, Offset{20}), survey);
  EXPECT_THAT(closed.steps, IsEmpty());
  EXPECT_EQ(closed.log_start, Offset{0});

  const RepairPlan killed =
      PlanPartitionRepair(Partition(kEnd, Offset{20}, false), survey);
  ASSERT_THAT(killed.steps, SizeIs(1));
  EXPECT_EQ(killed.steps[0].file, "/d/a-0/00000000000000000020.log");
  EXPECT_EQ(killed.steps[0].lost.count(), 0);
  EXPECT_EQ(killed.end, Offset{20});
}

// All of it was deleted on request, and then damage came into the last segment:
// offsets that were given out are not given again.
TEST(RepairPlan, KeepsAStartThatTheSavedEndAgreesWith) {
  const RepairPlan plan = PlanPartitionRepair(
      Partition(kEnd, kEnd), {.segments = {Segment(0, 5)}});
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kBeginSegment);
  EXPECT_EQ(plan.steps[0].file, "/d/a-0/00000000000000000010.log");
  EXPECT_EQ(plan.steps[0].lost.count(), 0);
  EXPECT_EQ(plan.end, kEnd);
  EXPECT_EQ(plan.log_start, kEnd);
}

TEST(RepairPlan, SaysWhatIsRemovedAndLost) {
  SurveyedSegment damaged = Segment(0, 5);
  damaged.unreadable = {{.position = 30,
                         .end = 50,
                         .zeros_from = 45,
                         .expected = Offset{2},
                         .behind = Offset{4},
                         .why = "wrong CRC"},
                        {.position = 90,
                         .end = 100,
                         .zeros_from = 90,
                         .expected = Offset{5},
                         .why = "zeros"}};
  damaged.kept_as = {"/d/a-0/kept", ""};
  damaged.needs_indexes = true;
  const RepairPlan plan = PlanPartitionRepair(
      Partition(kEnd, Offset{0}), {.segments = {damaged, Segment(6, 10)}});
  ASSERT_THAT(plan.steps, SizeIs(2));
  EXPECT_EQ(plan.steps[0].action, RepairAction::kRemoveBytes);
  EXPECT_EQ(plan.steps[1].action, RepairAction::kWriteIndexes);
  ASSERT_THAT(plan.steps[0].removed, SizeIs(2));
  EXPECT_EQ(plan.steps[0].removed[0],
            (RemovedBytes{.position = 30,
                          .bytes = 20,
                          .kept_bytes = 15,
                          .kept_as = "/d/a-0/kept",
                          .lost = {Offset{2}, Offset{4}},
                          .why = "wrong CRC"}));
  EXPECT_EQ(plan.steps[0].removed[1].lost, (OffsetRange{Offset{5}, Offset{6}}));
}

TEST(RepairPlan, FillsWhatIsMissingWithinASegmentWhereThereAreNoGaps) {
  SurveyedSegment segment = Segment(0, 10);
  segment.unreadable = {{.position = 30,
                         .end = 30,
                         .zeros_from = 30,
                         .expected = Offset{2},
                         .behind = Offset{4},
                         .why = "missing"},
                        {.position = 50,
                         .end = 60,
                         .zeros_from = 60,
                         .expected = Offset{5},
                         .behind = Offset{7},
                         .why = "wrong CRC"}};
  segment.kept_as = {"", "/d/a-0/kept"};
  const PartitionSurvey survey{.segments = {segment}};
  const RepairPlan plan =
      PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}), survey);
  ASSERT_THAT(plan.steps, SizeIs(1));
  ASSERT_THAT(plan.steps[0].removed, SizeIs(2));
  for (const RemovedBytes& removed : plan.steps[0].removed) {
    EXPECT_EQ(removed.filled, removed.lost);
    EXPECT_EQ(removed.filled.count(), 2);
  }
  // Compaction may leave one where damaged batches were as well.
  segment.unreadable.erase(segment.unreadable.begin());
  segment.kept_as.erase(segment.kept_as.begin());
  const RepairPlan with_gaps =
      PlanPartitionRepair(Partition(kEnd, Offset{0}), {.segments = {segment}});
  ASSERT_THAT(with_gaps.steps, SizeIs(1));
  EXPECT_EQ(with_gaps.steps[0].removed[0].filled.count(), 0);
}

TEST(RepairPlan, LeavesAGapWithinASegmentThatNoBatchFills) {
  SurveyedSegment segment = Segment(0, 10);
  segment.unreadable = {{.position = 30,
                         .end = 30,
                         .zeros_from = 30,
                         .expected = Offset{2},
                         .behind = Offset{3 + kGapOffsetsMax},
                         .why = "missing"}};
  segment.kept_as = {""};
  const RepairPlan plan = PlanPartitionRepair(WithoutGaps(kEnd, Offset{0}),
                                              {.segments = {segment}});
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.left, SizeIs(1));
}

}  // namespace
}  // namespace cauce
