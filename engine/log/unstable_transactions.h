// Which transactions of a partition keep its last stable offset back: those
// that are open, and those whose marker not everybody sees yet.
//
// Of what lies in front of the last stable offset it is known what became of
// it, and a power loss cannot change that. Source: Kafka's ProducerStateManager
// (ongoing and unreplicated transactions). Pure; its owner locks.
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include "cauce/types.h"

namespace cauce {

class UnstableTransactions {
 public:
  void Begin(Offset first) { open_.insert(first); }
  // The transaction that began at `first` has its marker at `marker`. In the
  // order of the markers.
  void End(Offset first, Offset marker);

  // Where readers of decided records end while all below `high_watermark` is
  // seen.
  Offset LastStable(Offset high_watermark) const;
  // Where the oldest one begins that is open; `otherwise` where none is.
  Offset FirstOpen(Offset otherwise) const {
    return open_.empty() ? otherwise : *open_.begin();
  }
  // What lies right in front of `end` cannot be read: the end of any that is
  // open may stand there.
  void Doubt(Offset end) { doubted_to_ = std::max(doubted_to_, end); }
  // As LastStable, for who finds out himself what became of each: one that may
  // have ended in what cannot be read keeps nobody waiting.
  Offset Decidable(Offset high_watermark) const {
    return MayHaveEnded() ? high_watermark : LastStable(high_watermark);
  }
  // Whether the oldest open one may have ended in what cannot be read.
  bool MayHaveEnded() const { return FirstOpen(doubted_to_) < doubted_to_; }
  // Forgets those whose markers lie below `high_watermark`, which will not go
  // back but by a cut.
  void Forget(Offset high_watermark);

  bool empty() const { return open_.empty() && ended_.empty(); }

 private:
  struct Ended {
    Offset first;
    Offset marker;
  };

  std::multiset<Offset> open_;
  Offset doubted_to_{0};
  // Both grow. Left out are those which one that ended later begins in front
  // of: as long as they keep the offset back, that one does so further.
  std::vector<Ended> ended_;
};

}  // namespace cauce
