// Which leader epoch began at which offset of a partition.
//
// Epochs and their start offsets both strictly grow. Pure: whoever holds it
// saves it (`leader-epoch-checkpoint`). Not thread-safe.
#pragma once

#include <span>
#include <vector>

#include "cauce/types.h"

namespace cauce {

class EpochHistory {
 public:
  EpochHistory() = default;
  // `starts` as saved; whatever does not grow is left out.
  explicit EpochHistory(std::span<const EpochStart> starts);

  // The newest epoch; -1 before the first.
  LeaderEpoch latest() const;

  // `epoch` writes from `start` on. Returns whether that is news. Epochs that
  // began at or behind `start` never wrote there and go.
  bool Assign(LeaderEpoch epoch, Offset start);

  // The log now ends at `end`, or begins at `start`. Return whether anything
  // changed. The epoch that covers `start` stays and begins there.
  bool TruncateFromEnd(Offset end);
  bool TruncateFromStart(Offset start);

  std::span<const EpochStart> starts() const { return starts_; }

 private:
  std::vector<EpochStart> starts_;
};

}  // namespace cauce
