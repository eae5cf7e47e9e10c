#include "tests/sim/sim_partition.h"

#include <algorithm>
#include <utility>

namespace cauce::test {

SimPartition::Appended SimPartition::Append(const SimBatch& batch) {
  State& state = states_[batch.producer.id];
  if (batch.producer.epoch < state.epoch) return Appended::kRefused;
  if (batch.producer.epoch > state.epoch) {
    state.epoch = batch.producer.epoch;
    state.last_sequence = -1;
  }
  if (batch.sequence <= state.last_sequence) return Appended::kBefore;
  state.last_sequence = batch.sequence;
  state.open.insert(batch.transaction);
  return Appended::kNow;
}

std::set<int64_t> SimPartition::Write(const TransactionEnd& end) {
  State& state = states_[end.producer_id];
  const bool is_repeated = end.transaction_version >= kEpochPerTransaction &&
                           !state.open.empty() &&
                           end.producer_epoch <= state.epoch;
  if (end.producer_epoch < state.epoch || is_repeated ||
      end.coordinator_epoch < state.coordinator_epoch) {
    return {};
  }
  ++markers_;
  if (end.producer_epoch > state.epoch) {
    state.epoch = end.producer_epoch;
    state.last_sequence = -1;
  }
  state.coordinator_epoch = end.coordinator_epoch;
  return std::exchange(state.open, {});
}

bool SimPartition::has_open() const {
  return std::ranges::any_of(
      states_, [](const auto& each) { return !each.second.open.empty(); });
}

}  // namespace cauce::test
