// Which leader epochs a log's batches tell of, and which of them to believe.
//
// A batch's epoch is not under its CRC, so one flipped bit in it goes unseen;
// but epochs never go back from batch to batch. So one that is higher than
// those before is believed once the batch behind it has it too, or a higher
// one; a lower one behind it proves it wrong. Of the last batch nobody can
// say. Pure; not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cauce/types.h"

namespace cauce {

class EpochEvidence {
 public:
  // The next batch, in the order of the log, begins at `start`.
  void See(LeaderEpoch epoch, Offset start);
  // The batches of `next` follow.
  void Join(const EpochEvidence& next);

  // Oldest first; epochs and starts strictly grow.
  std::span<const EpochStart> believed() const { return believed_; }
  // Of the last batch, where it is higher than what is believed.
  const std::optional<EpochStart>& unconfirmed() const { return pending_; }
  // The first that was proved wrong.
  const std::optional<EpochStart>& disproved() const { return disproved_; }

 private:
  LeaderEpoch latest() const;
  // What the first batch behind the pending one says of it.
  void Judge(LeaderEpoch next);
  void Suspect(const EpochStart& start);

  std::vector<EpochStart> believed_;
  std::optional<EpochStart> pending_;
  std::optional<EpochStart> disproved_;
  std::optional<LeaderEpoch> first_;
};

}  // namespace cauce
