#include "engine/client/partition_choice.h"

#include "cauce/partitioner.h"

namespace cauce {

PartitionId PartitionChoice::Choose(std::optional<std::string_view> key,
                                    int32_t partitions) {
  if (key) return PartitionForKey(*key, partitions);
  if (!current_ || *current_ >= partitions) {
    current_ = Any(partitions);
    bytes_ = 0;
  }
  if (bytes_ >= batch_bytes_) Filled(PartitionId{*current_}, partitions);
  const PartitionId chosen{*current_};
  if (keyless_ == Keyless::kRoundRobin) {
    current_ = (*current_ + 1) % partitions;
  }
  return chosen;
}

void PartitionChoice::Took(PartitionId partition, size_t bytes) {
  if (current_ == partition.value) bytes_ += bytes;
}

void PartitionChoice::Filled(PartitionId partition, int32_t partitions) {
  const bool moves_on = keyless_ == Keyless::kSticky && partitions > 1 &&
                        current_ == partition.value;
  if (!moves_on) return;
  // Any other one: each is as likely.
  const int32_t other = Any(partitions - 1);
  current_ = other < partition.value ? other : other + 1;
  bytes_ = 0;
}

}  // namespace cauce
