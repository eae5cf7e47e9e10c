#include "engine/log/cleaned_segment.h"

#include <array>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/index_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Written with one call; the largest batch may be larger.
constexpr size_t kBufferBytes = 1 << 20;

// In the order in which they are renamed: the log last, since it alone counts.
constexpr std::array<std::string_view, 4> kSuffixes = {
    kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kLogSuffix};

// Whatever a stop, or a cleaner before this one, has left: beside such files an
// opening would take a swap for one that is not complete.
absl::Status RemoveCleaned(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_cleaned = !entry.is_directory && file &&
                            file->suffix.ends_with(kCleanedSuffix);
    if (!is_cleaned) continue;
    const std::string path = place.PathOf(entry.name);
    CAUCE_RETURN_IF_ERROR(RemoveIfThere(*place.files, path));
  }
  return absl::OkStatus();
}

}  // namespace

CleanedSegment::CleanedSegment(const SegmentPlace& place)
    : place_(place),
      index_(std::make_shared<SegmentIndex>(place.base,
                                            place.index_interval_bytes)),
      next_(place.base) {}

absl::StatusOr<std::unique_ptr<CleanedSegment>> CleanedSegment::Create(
    const SegmentPlace& place) {
  std::unique_ptr<CleanedSegment> cleaned(new CleanedSegment(place));
  CAUCE_RETURN_IF_ERROR(RemoveCleaned(place));
  CAUCE_ASSIGN_OR_RETURN(
      cleaned->file_,
      place.files->Open(cleaned->PathOf(kLogSuffix, kCleanedSuffix),
                        OpenMode::kCreate));
  cleaned->buffer_.reserve(kBufferBytes);
  return cleaned;
}

absl::Status CleanedSegment::Append(std::string_view bytes, BatchFacts batch) {
  CAUCE_CHECK(batch.last >= next_);
  if (!buffer_.empty() && buffer_.size() + bytes.size() > kBufferBytes) {
    CAUCE_RETURN_IF_ERROR(Flush());
  }
  batch.position = bytes_;
  batch.bytes = static_cast<int64_t>(bytes.size());
  index_->Add(batch);
  buffer_.append(bytes);
  bytes_ += batch.bytes;
  next_ = batch.last + 1;
  return absl::OkStatus();
}

absl::Status CleanedSegment::Flush() {
  const auto bytes = static_cast<int64_t>(buffer_.size());
  if (place_.space != nullptr && !place_.space->HasRoomFor(bytes)) {
    return MakeError(
        Reason::kDiskFull,
        fmt::format("{}: has {} bytes so far, and for {} more there is no "
                    "room; make some, or delete records",
                    PathOf(kLogSuffix, kCleanedSuffix), written_, bytes));
  }
  CAUCE_RETURN_IF_ERROR(file_->Write(written_, buffer_));
  written_ += bytes;
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status CleanedSegment::Finish() {
  CAUCE_RETURN_IF_ERROR(Flush());
  // Without it the records stay longer than they should, and nothing is lost.
  if (modified_) file_->SetModified(*modified_).IgnoreError();
  CAUCE_RETURN_IF_ERROR(file_->Sync());
  file_ = nullptr;
  index_->Seal();
  IndexFiles indexes(*place_.files, PathOf(kOffsetIndexSuffix, kCleanedSuffix),
                     PathOf(kTimeIndexSuffix, kCleanedSuffix));
  absl::Status written = indexes.WriteAnew(*index_);
  if (written.ok()) written = indexes.Sync();
  // They say nothing that the log does not.
  if (ReasonOf(written) == Reason::kDiskFull) written = indexes.Remove();
  CAUCE_RETURN_IF_ERROR(written);
  // Without it Kafka's brokers would show what was aborted. An empty one is
  // written too: where it is missing it has its own name by now.
  CAUCE_RETURN_IF_ERROR(
      WriteAndSyncFile(*place_.files, PathOf(kTxnIndexSuffix, kCleanedSuffix),
                       aborted_.Encode()));
  return place_.files->SyncDirectory(place_.directory);
}

absl::Status CleanedSegment::BecomeSwap() {
  for (const std::string_view suffix : kSuffixes) {
    const absl::Status renamed = place_.files->Rename(
        PathOf(suffix, kCleanedSuffix), PathOf(suffix, kSwapSuffix));
    const bool may_be_missing = suffix != kLogSuffix;
    if (may_be_missing && absl::IsNotFound(renamed)) continue;
    CAUCE_RETURN_IF_ERROR(renamed);
  }
  return place_.files->SyncDirectory(place_.directory);
}

absl::Status CleanedSegment::Withdraw() {
  // The log first, which alone counts.
  absl::Status removed =
      RemoveIfThere(*place_.files, PathOf(kLogSuffix, kSwapSuffix));
  for (const std::string_view suffix : kSuffixes) {
    removed.Update(RemoveIfThere(*place_.files, PathOf(suffix, kSwapSuffix)));
  }
  removed.Update(Discard());
  removed.Update(place_.files->SyncDirectory(place_.directory));
  return removed;
}

absl::Status CleanedSegment::Discard() {
  file_ = nullptr;
  absl::Status removed;
  for (const std::string_view suffix : kSuffixes) {
    removed.Update(
        RemoveIfThere(*place_.files, PathOf(suffix, kCleanedSuffix)));
  }
  return removed;
}

std::shared_ptr<Segment> CleanedSegment::MakeSegment(Offset next) const {
  auto segment = std::make_shared<Segment>(place_, OpenMode::kReadWrite, bytes_,
                                           next, kSwapSuffix);
  segment->ShareLiveIndex(index_);
  return segment;
}

std::string CleanedSegment::PathOf(std::string_view suffix,
                                   std::string_view state) const {
  return place_.PathOf(SegmentFileName(place_.base, suffix)) +
         std::string(state);
}

}  // namespace cauce
