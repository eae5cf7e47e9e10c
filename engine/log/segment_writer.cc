#include "engine/log/segment_writer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Zeros go out in steps that double: a partition that is hardly written gets
// none, a busy one rarely stops for them. A step is written between two
// appends, so its bound is what one append may have to wait for: 4 MiB take
// about a millisecond.
constexpr int64_t kAheadFirst = 64 << 10;
constexpr int64_t kAheadMax = 4 << 20;

// They save a sync its journal, and cost each byte a second way to the disk:
// where so many bytes share a sync, that costs more than it saves.
constexpr int64_t kAheadPaysMax = 32 << 10;

constexpr std::array<char, 64 << 10> kZeros = {};

// Something has the name of the segment that the log goes on in.
absl::Status NameTaken(const Segment& segment, const absl::Status& why) {
  const auto info = segment.place().files->Info(segment.path());
  std::string what = "something";
  if (info.ok()) {
    what = info->is_directory ? "a directory"
                              : fmt::format("a file of {} bytes", info->bytes);
  }
  return absl::AlreadyExistsError(fmt::format(
      "{}; the log goes on at offset {}, and {} that it knows nothing of has "
      "the name of its next segment: run cauce log verify, and let cauce log "
      "repair put it aside, or move it away, while nothing has the directory "
      "open",
      MessageOf(why), segment.base().value, what));
}

}  // namespace

SegmentWriter::SegmentWriter(std::shared_ptr<Segment> segment,
                             ScannedSegment scanned, Timestamp created)
    : segment_(std::move(segment)),
      created_(created),
      index_(std::move(scanned.index)),
      first_timestamp_(scanned.first_timestamp),
      file_bytes_(scanned.bytes),
      ahead_bytes_(kAheadFirst),
      ahead_from_(kAheadFirst) {
  segment_->ShareLiveIndex(index_);
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(
    const SegmentPlace& place, Timestamp now) {
  auto segment =
      std::make_shared<Segment>(place, OpenMode::kCreate, 0, place.base);
  const absl::Status opened = segment->OpenFile().status();
  if (absl::IsAlreadyExists(opened)) return NameTaken(*segment, opened);
  CAUCE_RETURN_IF_ERROR(opened);
  ScannedSegment empty;
  empty.index =
      std::make_shared<SegmentIndex>(place.base, place.index_interval_bytes);
  empty.next = place.base;
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(segment), std::move(empty), now));
  writer->changed_ = true;
  return writer;
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Resume(
    const SegmentPlace& place, ScannedSegment scanned, Timestamp now) {
  auto segment = std::make_shared<Segment>(place, OpenMode::kReadWrite,
                                           scanned.bytes, scanned.next);
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment->OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  const bool cut = size != scanned.bytes;
  const bool spoiled = scanned.files_are_spoiled;
  if (cut) {
    segment->MarkDirty();
    CAUCE_RETURN_IF_ERROR(file->Truncate(scanned.bytes));
  }
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(segment), std::move(scanned), now));
  writer->changed_ = cut || spoiled;
  return writer;
}

std::unique_ptr<SegmentWriter> SegmentWriter::Continue(
    std::shared_ptr<Segment> segment, ScannedSegment scanned, Timestamp now) {
  CAUCE_CHECK(segment->bytes() == scanned.bytes);
  CAUCE_CHECK(segment->next() == scanned.next);
  const bool spoiled = scanned.files_are_spoiled;
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(segment), std::move(scanned), now));
  writer->changed_ = spoiled;
  return writer;
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::ResumeBeforeTail(
    const SegmentPlace& place, ScannedSegment scanned, Timestamp now,
    KeepTail keep) {
  auto segment = std::make_shared<Segment>(place, OpenMode::kReadWrite,
                                           scanned.bytes, scanned.next);
  CAUCE_RETURN_IF_ERROR(segment->OpenFile().status());
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(segment), std::move(scanned), now));
  writer->changed_ = true;
  writer->keep_tail_ = std::move(keep);
  return writer;
}

void SegmentWriter::SettleFirst(KeepTail keep) {
  changed_ = true;
  keep_tail_ = [first = std::move(keep),
                own = std::move(keep_tail_)]() mutable -> absl::Status {
    CAUCE_RETURN_IF_ERROR(first());
    return own == nullptr ? absl::OkStatus() : own();
  };
}

absl::Status SegmentWriter::Settle() {
  if (is_settled()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(keep_tail_());
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment_->OpenFile());
  segment_->MarkDirty();
  CAUCE_RETURN_IF_ERROR(file->Truncate(segment_->bytes()));
  segment_->MarkDirty();
  keep_tail_ = nullptr;
  // Before anything is written there: a power loss might keep that and not the
  // cut, and a whole batch that stood behind the torn one would follow it.
  if (const absl::Status synced = segment_->Sync(); !synced.ok()) {
    broken_ = MakeError(
        Reason::kDiskFailed,
        fmt::format("{}: takes no more records until it is reopened: what was "
                    "cut off behind position {} is not known to be off the "
                    "disk: {}",
                    segment_->path(), segment_->bytes(), MessageOf(synced)));
  }
  return broken_;
}

bool SegmentWriter::ShouldRoll(const BatchFacts& batch,
                               const RollLimits& limits, Timestamp now) const {
  const int64_t bytes = segment_->bytes();
  if (bytes == 0) return false;
  const bool too_large = bytes > limits.segment_bytes_max - batch.bytes;
  const bool offsets_too_far = batch.last - segment_->base() > INT32_MAX;
  const bool by_records = first_timestamp_.has_value();
  const Timestamp from = by_records ? first_timestamp_ : created_;
  const Timestamp to = by_records ? batch.max_timestamp : now;
  const bool too_old =
      to.has_value() && absl::Milliseconds(to.ms - from.ms) > limits.age_max;
  return too_large || offsets_too_far || too_old ||
         index_->IsFull(limits.index_bytes_max);
}

absl::Status SegmentWriter::Append(std::span<const std::string_view> parts,
                                   BatchFacts batch, WriteAhead ahead) {
  CAUCE_RETURN_IF_ERROR(broken_);
  CAUCE_RETURN_IF_ERROR(Settle());
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment_->OpenFile());
  batch.position = segment_->bytes();
  const int64_t end = batch.position + batch.bytes;
  segment_->MarkDirtyAhead();
  changed_ = true;
  if (ahead == WriteAhead::kZeros && end > file_bytes_) {
    CAUCE_RETURN_IF_ERROR(ZeroAhead(*file, end));
  }
  if (absl::Status written = file->Write(batch.position, parts);
      !written.ok()) {
    return CutBack(*file, written);
  }
  segment_->MarkDirty();
  if (batch.position == 0) first_timestamp_ = batch.max_timestamp;
  file_bytes_ = std::max(file_bytes_, end);
  appended_bytes_ += batch.bytes;
  index_->Add(batch);
  segment_->OfferNewest(parts);
  segment_->Publish(end, batch.last + 1);
  const bool has_zeros = file_bytes_ != end;
  if (ahead == WriteAhead::kNone && !has_zeros) {
    segment_->LetClose();
  } else {
    segment_->KeepOpen();
  }
  return absl::OkStatus();
}

absl::Status SegmentWriter::ZeroAhead(File& file, int64_t end) {
  if (appended_bytes_ < ahead_from_) return absl::OkStatus();
  if (!ZerosPay()) {
    ahead_from_ = appended_bytes_ + ahead_bytes_;
    return absl::OkStatus();
  }
  const FreeSpace* const space = segment_->place().space;
  if (space != nullptr &&
      !space->HasRoomFor(end - file_bytes_ + ahead_bytes_)) {
    DoWithoutZeros();
    return absl::OkStatus();
  }
  // Behind the batch itself, which writes its own bytes.
  const std::vector<std::string_view> zeros(
      static_cast<size_t>(ahead_bytes_) / kZeros.size(),
      std::string_view(kZeros.data(), kZeros.size()));
  const absl::Status written = file.Write(end, zeros);
  // Zeros are a convenience: a disk without room for them may still have room
  // for the batch.
  if (!written.ok()) {
    const absl::Status cut = CutBack(file, written);
    if (ReasonOf(cut) != Reason::kDiskFull) return cut;
    DoWithoutZeros();
    return absl::OkStatus();
  }
  file_bytes_ = end + ahead_bytes_;
  ahead_bytes_ = std::min(ahead_bytes_ * 2, kAheadMax);
  return absl::OkStatus();
}

bool SegmentWriter::ZerosPay() {
  const int64_t all_syncs = segment_->syncs();
  const int64_t syncs = all_syncs - std::exchange(looked_at_syncs_, all_syncs);
  const int64_t bytes =
      appended_bytes_ - std::exchange(looked_at_bytes_, appended_bytes_);
  // Before the first sync nothing is known.
  return all_syncs == 0 || bytes <= syncs * kAheadPaysMax;
}

void SegmentWriter::DoWithoutZeros() {
  ahead_bytes_ = kAheadFirst;
  ahead_from_ = appended_bytes_ + kAheadMax;
}

absl::Status SegmentWriter::CutBack(File& file, const absl::Status& cause) {
  // What the failed write left must not be found behind a shorter batch.
  const absl::Status cut = file.Truncate(segment_->bytes());
  segment_->MarkDirty();
  file_bytes_ = segment_->bytes();
  const bool full = ReasonOf(cause) == Reason::kDiskFull;
  if (full && cut.ok()) return cause;
  broken_ = MakeError(
      Reason::kDiskFailed,
      fmt::format("{}: takes no more records until it is reopened: {}{}{}",
                  segment_->path(), MessageOf(cause),
                  cut.ok() ? "" : "; what it left was not cut off: ",
                  cut.ok() ? "" : MessageOf(cut)));
  return broken_;
}

absl::Status SegmentWriter::Complete() {
  CAUCE_RETURN_IF_ERROR(CompleteLog());
  return segment_->WriteIndexFiles(*index_);
}

absl::Status SegmentWriter::CompleteLogAndTimes() {
  CAUCE_RETURN_IF_ERROR(CompleteLog());
  return segment_->WriteTimeIndex(*index_);
}

absl::Status SegmentWriter::CompleteOffsets() {
  return segment_->WriteOffsetIndex(*index_);
}

absl::Status SegmentWriter::CompleteLog() {
  CAUCE_RETURN_IF_ERROR(broken_);
  CAUCE_RETURN_IF_ERROR(Settle());
  if (file_bytes_ != segment_->bytes()) {
    CAUCE_ASSIGN_OR_RETURN(const auto file, segment_->OpenFile());
    segment_->MarkDirty();
    CAUCE_RETURN_IF_ERROR(file->Truncate(segment_->bytes()));
    segment_->MarkDirty();
    file_bytes_ = segment_->bytes();
  }
  index_->Seal();
  return absl::OkStatus();
}

absl::Status SegmentWriter::Seal() {
  CAUCE_RETURN_IF_ERROR(Complete());
  LetGo();
  return absl::OkStatus();
}

}  // namespace cauce
