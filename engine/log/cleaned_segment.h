// The log that takes the place of one or more segments of a partition, with its
// indexes, while compaction writes it.
//
// It goes by three names, as with Kafka's cleaner: `.cleaned` while it is
// written, which whoever opens the partition removes; `.swap` once it is whole
// and durable, which whoever opens the partition puts in the place of every
// segment whose offsets it covers; then its own. Invariant: it covers, in
// order, all offsets from its base to next(), so that it says by itself what it
// takes the place of. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"

namespace cauce {

class CleanedSegment {
 public:
  // Removes all that a stop has left of others in the partition first; that is
  // durable with Finish.
  static absl::StatusOr<std::unique_ptr<CleanedSegment>> Create(
      const SegmentPlace& place);

  // Adds a batch: `batch.position` is not looked at. What it is written with
  // is not known to be on the disk before Finish.
  // Reason::kDiskFull also where what is to stay free would not.
  absl::Status Append(std::string_view bytes, BatchFacts batch);

  // Its marker was added. In the order of the markers.
  void ListAborted(const AbortedTransaction& aborted) { aborted_.Add(aborted); }

  // When the log says that it was modified last, once it is finished; without
  // this, when it was written. For the age of records that have no time.
  void set_modified(absl::Time modified) { modified_ = modified; }

  // Nothing more comes: the files are durable, and so are their names.
  absl::Status Finish();

  // It is whole: from here on it is what an opening goes by. Where this fails
  // it may be so or not.
  absl::Status BecomeSwap();

  // After that, as long as what it takes the place of is there: takes it back,
  // durably. Where this fails the log must not go on: an opening would have
  // what is written to it from then on give way.
  absl::Status Withdraw();

  // Removes what was not finished, or was withdrawn in part.
  absl::Status Discard();

  // After BecomeSwap: as readers see it, with its indexes in memory until
  // Segment::TakeOwnName.
  std::shared_ptr<Segment> MakeSegment(Offset next) const;

  Offset base() const { return place_.base; }
  // The offset behind its last batch; base() while there is none.
  Offset next() const { return next_; }
  int64_t bytes() const { return bytes_; }

 private:
  explicit CleanedSegment(const SegmentPlace& place);

  absl::Status Flush();
  std::string PathOf(std::string_view suffix, std::string_view state) const;

  const SegmentPlace place_;
  std::unique_ptr<File> file_;
  const std::shared_ptr<SegmentIndex> index_;
  AbortedIndex aborted_;
  std::string buffer_;
  int64_t written_ = 0;
  int64_t bytes_ = 0;
  Offset next_;
  std::optional<absl::Time> modified_;
};

}  // namespace cauce
