// Which leader epoch began at which offset of a partition.
//
// Epochs and their start offsets both strictly grow. A follower asks where an
// epoch ended to learn how much of its log it shares with its leader. Pure:
// whoever holds it saves it (`leader-epoch-checkpoint`). Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cauce/types.h"

namespace cauce {

struct EpochEnd {
  LeaderEpoch epoch;  // the largest known one that is at most the one asked
  Offset end;         // where the next one began, or the end of the log
  friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

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

  // Where `epoch` ended in a log that ends at `log_end`; nothing when every
  // known epoch is newer or `epoch` has not begun.
  std::optional<EpochEnd> EndOf(LeaderEpoch epoch, Offset log_end) const;

  // The log now ends at `end`, or begins at `start`. Return whether anything
  // changed. The epoch that covers `start` stays and begins there.
  bool TruncateFromEnd(Offset end);
  bool TruncateFromStart(Offset start);

  std::span<const EpochStart> starts() const { return starts_; }

 private:
  std::vector<EpochStart> starts_;
};

}  // namespace cauce
