#include "engine/log/producer_table.h"

#include <algorithm>
#include <iterator>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/producer_snapshot.h"
#include "fmt/format.h"

namespace cauce {

ProducerTable::ProducerTable(const std::vector<ProducerState>& saved) {
  for (const ProducerState& each : saved) {
    producers_.insert({each.id().value, each});
    if (each.transaction()) transactions_.Begin(*each.transaction());
  }
}

std::vector<ProducerState> ProducerTable::producers() const {
  std::vector<ProducerState> all;
  all.reserve(producers_.size());
  for (const auto& [id, producer] : producers_) all.push_back(producer);
  std::ranges::sort(all, {}, &ProducerState::id);
  return all;
}

const ProducerState* ProducerTable::Find(ProducerId id) const {
  const auto found = producers_.find(id.value);
  return found == producers_.end() ? nullptr : &found->second;
}

const ProducerState* ProducerTable::OldestOpen() const {
  const ProducerState* oldest = nullptr;
  for (const auto& [id, producer] : producers_) {
    const bool is_older =
        producer.transaction() &&
        (oldest == nullptr || *producer.transaction() < *oldest->transaction());
    if (is_older) oldest = &producer;
  }
  return oldest;
}

absl::StatusOr<std::optional<KnownBatch>> ProducerTable::Check(
    const ProducedBatch& batch) const {
  const auto found = producers_.find(batch.producer_id.value);
  if (found != producers_.end()) return found->second.Check(batch);
  CAUCE_RETURN_IF_ERROR(CheckRoom(batch.producer_id));
  return std::nullopt;
}

absl::Status ProducerTable::Check(const TransactionEnd& end) const {
  const auto found = producers_.find(end.producer_id.value);
  return found == producers_.end() ? CheckRoom(end.producer_id)
                                   : found->second.Check(end);
}

absl::Status ProducerTable::CheckRoom(ProducerId id) const {
  if (producers_.size() < kProducersMax) return absl::OkStatus();
  return MakeError(
      Reason::kTooManyProducers,
      fmt::format("producer {}: {} producers have written here lately, and so "
                  "many are kept at most; try again once some have expired",
                  id.value, producers_.size()));
}

void ProducerTable::Take(const ProducedBatch& batch) {
  ProducerState& producer = Of(batch.producer_id);
  const bool was_open = producer.transaction().has_value();
  producer.Take(batch);
  if (!was_open && producer.transaction()) {
    transactions_.Begin(*producer.transaction());
  }
}

std::optional<AbortedTransaction> ProducerTable::Take(const EndMarker& marker) {
  ProducerState& producer = Of(marker.end.producer_id);
  const std::optional<Offset> first = producer.transaction();
  producer.Take(marker);
  if (!first) return std::nullopt;
  transactions_.End(*first, marker.offset);
  if (marker.end.outcome == TransactionOutcome::kCommit) return std::nullopt;
  return AbortedTransaction{
      .producer_id = marker.end.producer_id,
      .first = *first,
      .last = marker.offset,
      .last_stable = transactions_.FirstOpen(marker.offset + 1)};
}

std::optional<AbortedTransaction> ProducerTable::Take(
    const RecordBatch& batch) {
  if (!HasProducer(batch)) return std::nullopt;
  if (!batch.is_control()) {
    Take(ProducedBatch::Of(batch));
    return std::nullopt;
  }
  const auto marker = ParseEndMarker(batch);
  if (!marker) return std::nullopt;
  return Take(*marker);
}

void ProducerTable::Expire(absl::Time now, absl::Duration age_max) {
  std::erase_if(producers_, [&](const auto& each) {
    const ProducerState& producer = each.second;
    return !producer.transaction() &&
           now - producer.last_timestamp().ToTime() >= age_max;
  });
}

ProducerState& ProducerTable::Of(ProducerId id) {
  const bool is_full = producers_.size() >= kProducersMax;
  if (is_full && !producers_.contains(id.value)) ForgetOldest();
  return producers_.insert({id.value, ProducerState(id)}).first->second;
}

void ProducerTable::ForgetOldest() {
  std::vector<Timestamp> times;
  for (const auto& [id, producer] : producers_) {
    if (!producer.transaction()) times.push_back(producer.last_timestamp());
  }
  if (times.empty()) return;
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::ranges::nth_element(times, middle);
  const Timestamp newest = *middle;
  std::erase_if(producers_, [newest](const auto& each) {
    const ProducerState& producer = each.second;
    return !producer.transaction() && producer.last_timestamp() <= newest;
  });
}

}  // namespace cauce
