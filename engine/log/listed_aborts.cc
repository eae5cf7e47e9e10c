#include "engine/log/listed_aborts.h"

#include <algorithm>

namespace cauce {
namespace {

std::pair<ProducerId, Offset> PlaceOf(const AbortedTransaction& aborted) {
  return {aborted.producer_id, aborted.last};
}

}  // namespace

void ListedAborts::Add(std::optional<Offset> segment,
                       std::span<const AbortedTransaction> list) {
  const bool counts_begins = segment && wanted_.segments.contains(*segment);
  for (const AbortedTransaction& each : list) {
    const bool reaches = wanted_.lost.Touch(each.first, each.last);
    if (!reaches && !counts_begins) continue;
    if (entries_.size() + begun_.size() >= wanted_.entries_max) {
      is_all_ = false;
      return;
    }
    if (reaches) entries_.push_back(each);
    if (!counts_begins) continue;
    Offset& begun = begun_[{*segment, each.producer_id}];
    begun = std::max(begun, each.first);
  }
}

void ListedAborts::Sort() { std::ranges::sort(entries_, {}, PlaceOf); }

std::span<const AbortedTransaction> ListedAborts::Of(ProducerId producer,
                                                     Offset from) const {
  const auto begin = std::ranges::lower_bound(
      entries_, std::pair(producer, from), {}, PlaceOf);
  const auto end = std::ranges::upper_bound(begin, entries_.end(), producer, {},
                                            &AbortedTransaction::producer_id);
  return {begin, end};
}

std::optional<Offset> ListedAborts::LastBegun(Offset segment,
                                              ProducerId producer) const {
  const auto found = begun_.find({segment, producer});
  if (found == begun_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cauce
