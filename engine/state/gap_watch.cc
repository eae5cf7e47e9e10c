#include "engine/state/gap_watch.h"

#include <algorithm>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/facade/partition_log.h"
#include "engine/state/table_fit.h"

namespace cauce {

absl::StatusOr<GapWatch> GapWatch::Begin(EngineCore& engine,
                                         const TopicPartition& changelog,
                                         const WatchedTable& table,
                                         Clock& clock) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto partition,
      engine.OpenPartition(changelog.topic, changelog.partition));
  CAUCE_RETURN_IF_ERROR(engine.Awake(*partition).status());
  return GapWatch(partition->Keep(), table, clock);
}

GapWatch::GapWatch(std::shared_ptr<Log> log, const WatchedTable& table,
                   Clock& clock)
    : log_(std::move(log)),
      table_(table),
      clock_(&clock),
      // In front of the look at the clock: what is dropped behind that is
      // dropped from segments that are replaced.
      begun_with_(log_->segments()),
      vouches_for_before_(table.is_new ||
                          GapsOf(table.mark, table.delete_retention,
                                 clock.Now()) == Gaps::kTaken),
      compared_(begun_with_) {}

Gaps GapWatch::AtGap() {
  has_met_any_ = true;
  if (!vouches_for_before_) return Gaps::kRefused;
  const Gaps by_clock =
      GapsOf(table_.mark, table_.delete_retention, clock_->Now());
  if (by_clock == Gaps::kTaken || !IsAnyReplaced()) return Gaps::kTaken;
  return Gaps::kRefused;
}

bool GapWatch::IsAnyReplaced() {
  const auto now = log_->segments();
  if (is_any_replaced_ || now == compared_) return is_any_replaced_;
  compared_ = now;
  is_any_replaced_ = std::ranges::any_of(
      begun_with_->segments(), [&](const auto& segment) {
        return now->Find(segment->base()) != segment;
      });
  return is_any_replaced_;
}

}  // namespace cauce
