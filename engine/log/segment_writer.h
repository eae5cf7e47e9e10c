// Appends to the active segment of a partition.
//
// Invariant: what Segment::bytes() covers was written whole; what a failed
// write left behind it is cut off before anything else is written, or the
// writer refuses to go on. A file that is synced every few batches has zeros
// written ahead of its end, so that a sync need not record a new size and new
// blocks; Seal trims them. Where the disk has no room for zeros they are left
// out for a while: each batch would pay for them otherwise. For the one writer
// of a partition; readers use segment().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_scan.h"

namespace cauce {

// Whether zeros are written ahead of the end.
enum class WriteAhead { kNone, kZeros };

// Keeps, durably, what is about to be cut off.
using KeepTail = absl::AnyInvocable<absl::Status()>;

// When an active segment is left for a new one.
struct RollLimits {
  int64_t segment_bytes_max = 0;
  int64_t index_bytes_max = 0;
  // From the first batch's largest timestamp to that of the one to append; by
  // the clock where the first has none. An idle log does not roll.
  absl::Duration age_max;
};

class SegmentWriter {
 public:
  // Makes a new, empty segment. Its name is not durable yet.
  // `now` stands for the time of its first batch where that has none.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(
      const SegmentPlace& place, Timestamp now);

  // Goes on behind what `scanned` found in an existing file, which is cut
  // there.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Resume(
      const SegmentPlace& place, ScannedSegment scanned, Timestamp now);

  // The same where `segment` is just what `scanned` found.
  static std::unique_ptr<SegmentWriter> Continue(
      std::shared_ptr<Segment> segment, ScannedSegment scanned, Timestamp now);

  // As Resume, but leaves in the file what stands behind it until `keep` has
  // put that elsewhere: where the disk is full it is not cut off before. Reads
  // do not see it.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> ResumeBeforeTail(
      const SegmentPlace& place, ScannedSegment scanned, Timestamp now,
      KeepTail keep);

  const std::shared_ptr<Segment>& segment() const { return segment_; }
  // Whether nothing stands behind the end that has to be kept first.
  bool is_settled() const { return keep_tail_ == nullptr; }
  // There is something else, elsewhere, that `keep` has to put aside before.
  void SettleFirst(KeepTail keep);
  // Keeps it and cuts the file there, durably. Whatever changes the file does
  // this first; where it fails nothing has changed, or nothing can be appended
  // any more.
  absl::Status Settle();
  // Why nothing can be appended any more; OK while it can.
  const absl::Status& status() const { return broken_; }
  // How large its index files are by now.
  int64_t index_bytes() const { return index_->bytes(); }
  // Of its first batch, and of all, as a later opening may go by.
  Timestamp first_timestamp() const { return first_timestamp_; }
  Timestamp largest_timestamp() const { return index_->largest_timestamp(); }
  Offset largest_offset() const { return index_->largest_offset(); }
  // Whether anything was done since the segment was found whole, or its index
  // files are not those of a sealed one.
  bool has_changed() const { return changed_ || unsealed_; }
  // It was found as a kill has left it: what a close adds is not there.
  void NoteUnsealed() { unsealed_ = true; }
  // And nothing else was done.
  bool lacks_seal_alone() const { return unsealed_ && !changed_; }

  // Whether `batch` belongs into a new segment.
  bool ShouldRoll(const BatchFacts& batch, const RollLimits& limits,
                  Timestamp now) const;

  // Appends one batch, whose bytes are `parts` back to back. `batch.position`
  // is not looked at. After Reason::kDiskFull it may be tried again.
  absl::Status Append(std::span<const std::string_view> parts, BatchFacts batch,
                      WriteAhead ahead);

  // Makes the files what those of a sealed segment are: trims the log, adds
  // the last entries to the indexes and writes them. More may be appended
  // after all. Durable only after Segment::Sync and SyncIndexFiles.
  absl::Status Complete();
  // The same without the index files: whoever has index() writes them.
  absl::Status CompleteLog();
  const std::shared_ptr<SegmentIndex>& index() const { return index_; }
  // The same in two halves, for who syncs all of the file system in between.
  absl::Status CompleteLogAndTimes();
  absl::Status CompleteOffsets();
  // After Complete(): nothing more is appended, so the indexes may be let go.
  void LetGo() { segment_->ShareLiveIndex(nullptr); }
  // Both.
  absl::Status Seal();

 private:
  SegmentWriter(std::shared_ptr<Segment> segment, ScannedSegment scanned,
                Timestamp created);

  absl::Status ZeroAhead(File& file, int64_t end);
  // By the syncs since the last time this was asked.
  bool ZerosPay();
  // For some megabytes.
  void DoWithoutZeros();
  absl::Status CutBack(File& file, const absl::Status& cause);

  const std::shared_ptr<Segment> segment_;
  const Timestamp created_;
  const std::shared_ptr<SegmentIndex> index_;
  Timestamp first_timestamp_;
  int64_t file_bytes_;  // as far as the file has been written, zeros too
  int64_t appended_bytes_ = 0;   // since this writer began
  int64_t ahead_bytes_;          // the next step
  int64_t ahead_from_;           // none before so much was appended
  int64_t looked_at_bytes_ = 0;  // by ZerosPay(), of appended_bytes_
  int64_t looked_at_syncs_ = 0;
  bool changed_ = false;
  bool unsealed_ = false;
  KeepTail keep_tail_;  // null once that is done
  absl::Status broken_;
};

}  // namespace cauce
