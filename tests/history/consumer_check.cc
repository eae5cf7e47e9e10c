// What each consumer was given, one record after the other.
#include <algorithm>
#include <map>
#include <utility>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

void CheckStep(const HistoryIndex& index, size_t last_at, size_t next_at,
               Anomalies& found) {
  const auto& last = std::get<Delivered>(index.history[last_at]);
  const auto& next = std::get<Delivered>(index.history[next_at]);
  const bool is_internal =
      next.transaction != 0 && next.transaction == last.transaction;
  if (next.offset <= last.offset) {
    found.push_back({is_internal ? AnomalyKind::kInternalNonmonotonicPoll
                                 : AnomalyKind::kNonmonotonicPoll,
                     {last_at, next_at}});
    return;
  }
  // What is deleted may be passed by.
  const Offset deleted = index.DeletedBelow(next.from, next_at);
  const Offset behind = std::max(last.offset, Offset{deleted.value - 1});
  const auto between =
      index.ReadBetween(next.from, next.isolation, behind, next.offset);
  if (between.empty()) return;
  found.push_back({is_internal ? AnomalyKind::kInternalPollSkip
                               : AnomalyKind::kPollSkip,
                   {last_at, next_at, between.front()}});
}

}  // namespace

void CheckConsumers(const HistoryIndex& index, Anomalies& found) {
  std::map<std::pair<ConsumerNumber, TopicPartition>, size_t> last;
  for (size_t at = 0; at < index.history.size(); ++at) {
    const Event& event = index.history[at];
    if (const auto* const moved = std::get_if<Moved>(&event))
      last.erase({moved->consumer, moved->partition});
    const auto* const delivered = std::get_if<Delivered>(&event);
    if (delivered == nullptr) continue;
    const auto [place, is_first] =
        last.try_emplace({delivered->consumer, delivered->from}, at);
    if (is_first) continue;
    CheckStep(index, std::exchange(place->second, at), at, found);
  }
}

}  // namespace cauce::test
