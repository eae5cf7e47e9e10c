// Whether a segment's list of aborted transactions is what its batches say.
//
// Told of every batch of the segment, in order. What began in a segment before
// is not known: of that the list is believed, and of where others are that are
// open since. Bounded: behind too many
// producers nothing more is missed. Reads the list when it is made; for one
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_state.h"

namespace cauce {

// Which segment, and what is known of the log around it.
struct ListedSegment {
  std::string directory;  // of the partition
  Offset base;
  Offset log_start{0};
  // Whether compaction may have taken batches out of it.
  bool may_have_gaps = true;
};

class AbortedCheck {
 public:
  AbortedCheck(FileSystem& files, const ListedSegment& segment);

  void See(const RecordBatch& batch);
  // Batches are missing here: what they said is not known.
  void PassDamage();

  const std::string& path() const { return path_; }
  // Where the list could not be read for want of descriptors or memory, which
  // says nothing of it.
  const absl::Status& exhausted() const { return exhausted_; }
  // What is wrong with the list, once all batches were seen.
  const std::optional<std::string>& Finish();

 private:
  // What is known of a producer.
  struct Known {
    std::optional<Offset>
        first;                // of its transaction's batches, as far as seen
    bool began_here = false;  // and no batch of it stands before that
  };

  void SeeMarker(const EndMarker& marker);
  // What the batches say of where a transaction began that `entry` lists, and
  // up to where all others had ended then.
  bool BeginsRight(const AbortedTransaction& entry, const Known& known) const;
  bool IsStableRight(const AbortedTransaction& entry) const;
  // Whether batches at or behind `offset` would have been seen, all of them.
  bool SeesAllFrom(Offset offset) const;
  void Miss(std::string what);

  std::string path_;
  const Offset base_;
  const Offset log_start_;
  const bool may_have_gaps_;
  AbortedIndex index_;
  absl::Status exhausted_;
  size_t next_ = 0;  // of its entries
  std::unordered_map<int64_t, Known> producers_;
  std::set<Offset> open_;  // where those that were seen began
  bool is_blind_ = false;
  std::optional<std::string> wrong_;  // the first
};

}  // namespace cauce
