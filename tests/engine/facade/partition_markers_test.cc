#include "engine/facade/partition_markers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MarkersToWrite MarkersOf(std::vector<TopicPartition> partitions) {
  MarkersToWrite markers;
  markers.end = {.producer_id = {1000},
                 .producer_epoch = 1,
                 .coordinator_epoch = 0,
                 .outcome = TransactionOutcome::kAbort,
                 .transaction_version = 2};
  markers.partitions = std::move(partitions);
  return markers;
}

TEST(ResultOfMarker, TellsWhatPassesFromWhatIsGone) {
  const auto of = [](Reason reason) {
    return ResultOfMarker(MakeError(reason, "why"));
  };
  EXPECT_EQ(ResultOfMarker(absl::OkStatus()), MarkerResult::kWritten);
  // It had its marker before.
  EXPECT_EQ(of(Reason::kInvalidProducerEpoch), MarkerResult::kWritten);
  for (const Reason passes : {Reason::kDiskFull, Reason::kClosed,
                              Reason::kTooManyProducers}) {
    EXPECT_EQ(of(passes), MarkerResult::kRetry) << ReasonName(passes);
  }
  EXPECT_EQ(of(Reason::kDiskFailed), MarkerResult::kStuck);
  for (const Reason gone : {Reason::kUnknownTopic, Reason::kUnknownPartition,
                            Reason::kCoordinatorFenced}) {
    EXPECT_EQ(of(gone), MarkerResult::kPartitionGone) << ReasonName(gone);
  }
}

TEST(PartitionMarkers, TellsOfAPartitionThatIsGone) {
  std::vector<std::string> told;
  PartitionMarkers::Source source;
  source.open = [](const TopicPartition&) {
    return MakeError(Reason::kUnknownTopic, "there is no topic orders");
  };
  source.events = [&told](Severity, std::string_view line) {
    told.emplace_back(line);
  };
  PartitionMarkers markers(std::move(source));

  std::vector<MarkerResult> results;
  markers.Write(MarkersOf({{"orders", {0}}}), [&results](const auto& written) {
    for (const auto& each : written) results.push_back(each.result);
  });

  EXPECT_THAT(results, ElementsAre(MarkerResult::kPartitionGone));
  EXPECT_THAT(told, ElementsAre(HasSubstr("orders-0: is left out")));
}

TEST(PartitionMarkers, TakesALogThatDoesNotOpenForOneThatMayOpen) {
  PartitionMarkers::Source source;
  source.open = [](const TopicPartition&) {
    return MakeError(Reason::kDiskFailed, "no disk");
  };
  PartitionMarkers markers(std::move(source));

  std::vector<MarkerResult> results;
  std::vector<Reason> why;
  markers.Write(MarkersOf({{"orders", {0}}}), [&](const auto& written) {
    for (const auto& each : written) {
      results.push_back(each.result);
      why.push_back(ReasonOf(each.why));
    }
  });

  EXPECT_THAT(results, ElementsAre(MarkerResult::kRetry));
  EXPECT_THAT(why, ElementsAre(Reason::kDiskFailed));
}

TEST(PartitionMarkers, WaitsForTheDiskInTasksOfTheExecutor) {
  test::SimClock clock;
  test::OnTime executor(clock);
  PartitionMarkers::Source source;
  source.open = [](const TopicPartition&) {
    return MakeError(Reason::kDiskFull, "full");
  };
  source.executor = &executor;
  PartitionMarkers markers(std::move(source));

  std::vector<std::string> results;
  markers.Write(MarkersOf({{"orders", {0}}, {"orders", {1}}}),
                [&results](const auto& written) {
                  for (const auto& each : written)
                    results.push_back(each.partition.ToString());
                });
  EXPECT_THAT(results, IsEmpty());
  executor.RunDue();

  EXPECT_THAT(results, ElementsAre("orders-0", "orders-1"));
}

}  // namespace
}  // namespace cauce
