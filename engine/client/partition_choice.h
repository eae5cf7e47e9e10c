// Chooses the partition of records that name none.
//
// With a key it is the one that Kafka's clients choose. Without one it is the
// same partition until a batch there is full, or as much was sent there in
// batches that were not, or else each in turn. Pure but for chance; for one
// thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cauce/env.h"
#include "cauce/producer.h"
#include "cauce/types.h"

namespace cauce {

class PartitionChoice {
 public:
  PartitionChoice(Keyless keyless, size_t batch_bytes, Random& random)
      : keyless_(keyless), batch_bytes_(batch_bytes), random_(random) {}

  // Of a topic of so many partitions, at least one.
  PartitionId Choose(std::optional<std::string_view> key, int32_t partitions);

  // The partition was sent so many bytes more.
  void Took(PartitionId partition, size_t bytes);
  // A batch of the partition is full: time for another one, if there is one.
  void Filled(PartitionId partition, int32_t partitions);

 private:
  int32_t Any(int32_t partitions) {
    return static_cast<int32_t>(random_.Next() %
                                static_cast<uint64_t>(partitions));
  }

  const Keyless keyless_;
  const size_t batch_bytes_;
  Random& random_;
  std::optional<int32_t> current_;
  size_t bytes_ = 0;  // that it took since it was chosen
};

}  // namespace cauce
