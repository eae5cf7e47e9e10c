#include "engine/log/segment_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "engine/log/segment_gap.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_intruders.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kRestore =
    "restore the file from a copy, or take out what cannot be read with cauce "
    "log repair; until then readers may go on behind it";
constexpr std::string_view kRestoreOrSay =
    "restore the file from a copy, or let cauce log repair say that they are "
    "gone";
constexpr std::string_view kRecoveryCuts =
    "nothing: the next opening for writing cuts it off";
constexpr std::string_view kDeleteIndex =
    "delete the index file while nothing has the directory open: it is "
    "rebuilt from the log";
constexpr std::string_view kRepairList =
    "run cauce log repair, which makes the list anew from the log; readers "
    "here go by the log, and Kafka's brokers by the list";
constexpr std::string_view kRecoveryRebuilds =
    "nothing: the next opening for writing rebuilds the index";

// A write is over within few looks; a place that changes for longer is told as
// it is.
constexpr int kLooksMax = 16;
// How much of a place is compared: a batch as far as it says that it goes. A
// length may be damaged: above the larger it is not believed.
constexpr int64_t kLookBytesMin = 1 << 20;
constexpr int64_t kLookBytesMax = 64 << 20;

// How far the batch goes that begins with `head`.
int64_t LookBytes(std::string_view head) {
  if (std::ssize(head) < layout::kLengthExcludes) return kLookBytesMin;
  return std::clamp(layout::ClaimedBytes(head.data()), kLookBytesMin,
                    kLookBytesMax);
}

// The message of an error that names its place first, without the place.
std::string WithoutPlace(const absl::Status& status, std::string_view path,
                         int64_t position) {
  const std::string_view message = MessageOf(status);
  const std::string place = fmt::format("{} at position {}: ", path, position);
  return std::string(message.starts_with(place) ? message.substr(place.size())
                                                : message);
}

}  // namespace

SegmentCheck::SegmentCheck(FileSystem& files, const SegmentToCheck& segment,
                           VerifySummary& summary, const Found& found,
                           const Progress& progress)
    : files_(files),
      segment_(segment),
      summary_(summary),
      found_(found),
      progress_(progress),
      path_(fmt::format("{}/{}", segment.directory,
                        SegmentFileName(segment.base, kLogSuffix))),
      next_(segment.base),
      torn_from_(segment.torn_from) {}

absl::StatusOr<Offset> SegmentCheck::Run() {
  CAUCE_ASSIGN_OR_RETURN(file_, files_.Open(path_, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(file_bytes_, file_->Size());
  offsets_.emplace(OpenIndex<OffsetEntry>(kOffsetIndexSuffix));
  times_.emplace(OpenIndex<TimeEntry>(kTimeIndexSuffix));
  CAUCE_RETURN_IF_ERROR(exhausted_);
  aborted_.emplace(files_,
                   ListedSegment{segment_.directory, segment_.base,
                                 segment_.log_start, segment_.may_have_gaps});
  CAUCE_RETURN_IF_ERROR(aborted_->exhausted());
  ++summary_.segments;
  scanner_.Start(file_, path_, 0, file_bytes_, Range().Offsets());
  for (;;) {
    const auto batch = Next();
    if (!batch.ok()) {
      if (!IsDamage(batch.status())) return batch.status();
      CAUCE_ASSIGN_OR_RETURN(const bool more, PassDamage(batch.status()));
      if (more) continue;
      Pass(file_bytes_);
      return next_;
    }
    if (!*batch) break;
    CAUCE_RETURN_IF_ERROR(TakeBatch(**batch));
  }
  CAUCE_RETURN_IF_ERROR(CheckEnd());
  CAUCE_RETURN_IF_ERROR(CheckAborted());
  Pass(file_bytes_);
  return next_;
}

template <class Entry>
IndexWalk<Entry> SegmentCheck::OpenIndex(std::string_view suffix) {
  const std::string path = fmt::format("{}/{}", segment_.directory,
                                       SegmentFileName(segment_.base, suffix));
  auto walk = IndexWalk<Entry>::Open(files_, path, segment_.base);
  if (walk.ok()) return *std::move(walk);
  if (absl::IsResourceExhausted(walk.status())) {
    exhausted_ = walk.status();
    return IndexWalk<Entry>(path, segment_.base);
  }
  Tell({.file = path,
        .offset = segment_.base,
        .what = fmt::format("the index cannot be opened: {}",
                            MessageOf(walk.status())),
        .advice = "mend what keeps it from being opened, or move away what "
                  "stands there: an index is rebuilt from the log"});
  return IndexWalk<Entry>(path, segment_.base);
}

ScanRange SegmentCheck::Range() const {
  ScanRange range{.base = segment_.base, .bytes = file_bytes_};
  // A gap that compaction left in a sealed segment may reach across where the
  // log was durable once.
  if (segment_.next_base) {
    range.up_to = *segment_.next_base;
  } else {
    range.boundary = segment_.durable;
  }
  if (!segment_.may_have_gaps) range.no_gap_from = segment_.durable;
  range.doubts_gaps = !segment_.may_have_gaps;
  return range;
}

absl::StatusOr<std::optional<RecordBatch>> SegmentCheck::Next() {
  auto batch = scanner_.Next();
  if (segment_.next_base) return batch;
  if (!batch.ok()) return IsDamage(batch.status()) ? LookAgain() : batch;
  if (*batch) return batch;
  // Indexes are written behind the log: where they go on, it may by now.
  CAUCE_ASSIGN_OR_RETURN(const bool go_on, IndexesGoOn());
  return go_on ? LookAgain() : batch;
}

absl::StatusOr<std::optional<RecordBatch>> SegmentCheck::LookAgain() {
  const int64_t position = scanner_.position();
  CAUCE_ASSIGN_OR_RETURN(uint32_t seen, Fingerprint(position));
  for (int looks = 1;; ++looks) {
    auto batch = ReadAnew(position);
    if (batch.ok() || !IsDamage(batch.status())) return batch;
    CAUCE_ASSIGN_OR_RETURN(const uint32_t now, Fingerprint(position));
    if (now == seen || looks == kLooksMax) return batch;
    seen = now;
  }
}

absl::StatusOr<std::optional<RecordBatch>> SegmentCheck::ReadAnew(
    int64_t position) {
  CAUCE_ASSIGN_OR_RETURN(file_bytes_, file_->Size());
  BatchOffsets offsets = Range().Offsets();
  offsets.next = next_;
  scanner_.Start(file_, path_, position, file_bytes_, offsets);
  return scanner_.Next();
}

absl::StatusOr<uint32_t> SegmentCheck::Fingerprint(int64_t position) const {
  std::string piece(static_cast<size_t>(kLookBytesMin), '\0');
  CAUCE_ASSIGN_OR_RETURN(size_t read,
                         file_->Read(position, {piece.data(), piece.size()}));
  const int64_t end =
      position + LookBytes(std::string_view(piece).substr(0, read));
  uint32_t seen = 0;
  for (;;) {
    seen = Crc32cExtend(seen, {piece.data(), read});
    position += static_cast<int64_t>(read);
    const auto wanted = std::min<int64_t>(end - position, kLookBytesMin);
    if (wanted <= 0 || read == 0) return seen;
    CAUCE_ASSIGN_OR_RETURN(
        read,
        file_->Read(position, {piece.data(), static_cast<size_t>(wanted)}));
  }
}

absl::StatusOr<bool> SegmentCheck::IndexesGoOn() {
  CAUCE_ASSIGN_OR_RETURN(const auto entry, Peek(*offsets_));
  CAUCE_ASSIGN_OR_RETURN(const auto time, Peek(*times_));
  return (entry && entry->offset >= next_) || (time && time->offset >= next_);
}

absl::Status SegmentCheck::TakeBatch(const RecordBatch& batch) {
  ++summary_.batches;
  summary_.bytes += static_cast<int64_t>(batch.bytes().size());
  CheckOffsets(batch);
  CAUCE_RETURN_IF_ERROR(CheckRecords(batch));
  CAUCE_RETURN_IF_ERROR(CheckIndexEntries(batch));
  aborted_->See(batch);
  next_ = batch.next_offset();
  Pass(scanner_.position());
  return absl::OkStatus();
}

void SegmentCheck::CheckOffsets(const RecordBatch& batch) {
  const Offset base = batch.base_offset();
  const bool was_deleted = base <= segment_.log_start;
  if (segment_.may_have_gaps || base <= next_ || was_deleted) return;
  Tell({.file = path_,
        .position = scanner_.batch_position(),
        .offset = next_,
        .what = DescribeGapWithin(next_, base),
        .advice = std::string(kRestoreOrSay)});
}

void SegmentCheck::Pass(int64_t position) {
  const int64_t bytes = position - std::exchange(passed_bytes_, position);
  if (progress_) progress_(bytes);
}

absl::Status SegmentCheck::CheckRecords(const RecordBatch& batch) {
  absl::Status status = reader_.Open(batch, segment_.decompressed_bytes_max);
  RecordView record;
  int64_t records = 0;
  while (status.ok() && reader_.Next(&record)) ++records;
  summary_.records += records;
  if (status.ok()) status = reader_.status();
  // What this process may not have says nothing of the file.
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  Tell({.file = path_,
        .position = scanner_.batch_position(),
        .offset = batch.base_offset() + records,
        .what = fmt::format(
            "the batch's CRC is right, but its records cannot be decoded: {}",
            MessageOf(status)),
        .advice = "its writer made it so; readers skip it with --skip-damage"});
  return absl::OkStatus();
}

template <class Entry>
absl::StatusOr<std::optional<Entry>> SegmentCheck::Peek(
    IndexWalk<Entry>& walk) {
  auto entry = walk.Peek();
  if (entry.ok() || ReasonOf(entry.status()) != Reason::kCorruptFile) {
    return entry;
  }
  CAUCE_RETURN_IF_ERROR(TellIndex(
      walk, WithoutPlace(entry.status(), walk.path(), walk.position())));
  return std::nullopt;
}

// One finding a file: where an index went astray the rest says little.
template <class Entry>
absl::Status SegmentCheck::TellIndex(IndexWalk<Entry>& walk, std::string what) {
  CAUCE_RETURN_IF_ERROR(LookHowItStopped());
  Tell({.gravity = IsMended() ? Gravity::kNote : Gravity::kDamage,
        .file = walk.path(),
        .position = walk.position(),
        .what = std::move(what),
        .advice = std::string(IsMended() ? kRecoveryRebuilds : kDeleteIndex)});
  walk.Stop();
  return absl::OkStatus();
}

absl::Status SegmentCheck::CheckIndexEntries(const RecordBatch& batch) {
  const int64_t position = scanner_.batch_position();
  CAUCE_ASSIGN_OR_RETURN(const auto entry, Peek(*offsets_));
  bool has_entry = false;
  if (entry && entry->position < position) {
    CAUCE_RETURN_IF_ERROR(TellIndex(
        *offsets_, fmt::format("the entry for offset {} leads to "
                               "position {}, where no batch begins",
                               entry->offset.value, entry->position)));
  } else if (entry && entry->position == position) {
    if (entry->offset == batch.last_offset()) {
      has_entry = true;
      offsets_->Pop();
    } else {
      CAUCE_RETURN_IF_ERROR(
          TellIndex(*offsets_,
                    fmt::format("the entry for offset {} leads to position {}, "
                                "whose batch ends at offset {}",
                                entry->offset.value, position,
                                batch.last_offset().value)));
    }
  }
  CAUCE_RETURN_IF_ERROR(CheckTimeEntry(batch));
  return has_entry ? CheckHasTimeEntry(batch) : absl::OkStatus();
}

absl::Status SegmentCheck::CheckTimeEntry(const RecordBatch& batch) {
  CAUCE_ASSIGN_OR_RETURN(const auto time, Peek(*times_));
  if (time && time->offset < batch.last_offset()) {
    CAUCE_RETURN_IF_ERROR(TellIndex(
        *times_, fmt::format("the entry for time {} names offset {}, which is "
                             "the last of no batch",
                             time->timestamp.ms, time->offset.value)));
  } else if (time && time->offset == batch.last_offset()) {
    if (time->timestamp == batch.max_timestamp()) {
      times_->Pop();
    } else {
      CAUCE_RETURN_IF_ERROR(
          TellIndex(*times_, fmt::format("the entry for offset {} has time {}, "
                                         "its batch has {}",
                                         time->offset.value, time->timestamp.ms,
                                         batch.max_timestamp().ms)));
    }
  }
  return absl::OkStatus();
}

// A broker, too, has made both entries at once. Only where it has cut the log
// since, it may not know the time of a batch between two entries any more.
absl::Status SegmentCheck::CheckHasTimeEntry(const RecordBatch& batch) {
  const Timestamp time = BatchFacts::Of(batch, 0).max_timestamp;
  const auto is_listed = [&] {
    return times_->last() && times_->last()->timestamp >= time;
  };
  const bool is_asked = times_->exists() && !times_->is_stopped();
  if (!is_asked || !time.has_value() || is_listed()) return absl::OkStatus();
  // Its writer may have written there since it was read, and has written the
  // time first.
  times_->LookAgain();
  CAUCE_RETURN_IF_ERROR(CheckTimeEntry(batch));
  if (times_->is_stopped() || is_listed()) return absl::OkStatus();
  return TellIndex(
      *times_,
      fmt::format("the batch that ends at offset {} has an entry by offset, "
                  "and none here by its time {}, which is larger than that of "
                  "every entry in front of it",
                  batch.last_offset().value, time.ms));
}

absl::Status SegmentCheck::CheckAborted() {
  const auto& wrong = aborted_->Finish();
  if (!wrong) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(LookHowItStopped());
  Tell({.gravity = IsMended() ? Gravity::kNote : Gravity::kDamage,
        .file = aborted_->path(),
        .offset = segment_.base,
        .what = *wrong,
        .advice = std::string(IsMended() ? kRecoveryRebuilds : kRepairList)});
  return absl::OkStatus();
}

absl::Status SegmentCheck::CheckEnd() {
  const int64_t end = scanner_.position();
  zeros_behind_ = file_bytes_ - end;
  CAUCE_ASSIGN_OR_RETURN(const auto entry, Peek(*offsets_));
  CAUCE_ASSIGN_OR_RETURN(const auto time, Peek(*times_));
  const Offset known = std::max(entry ? entry->offset : Offset{},
                                time ? time->offset : Offset{});
  if (known >= next_ && known < segment_.durable) {
    // The index is what is right.
    Tell(
        {.file = path_,
         .position = end,
         .offset = next_,
         .what = fmt::format("the file ends at offset {}{}, its indexes go on "
                             "at offset {}, and records up to offset {} were "
                             "durable",
                             next_.value, InFrontOfZeros(zeros_behind_),
                             known.value, segment_.durable.value),
         .advice = std::string(kRestore)});
    return absl::OkStatus();
  }
  if (zeros_behind_ > 0 && segment_.next_base) {
    CAUCE_ASSIGN_OR_RETURN(const bool is_told, TellZeros(end));
    if (is_told) return absl::OkStatus();
  }
  if (entry) {
    CAUCE_RETURN_IF_ERROR(
        TellIndex(*offsets_, fmt::format("the entry for offset {} leads behind "
                                         "the last batch",
                                         entry->offset.value)));
  }
  if (time) {
    CAUCE_RETURN_IF_ERROR(TellIndex(
        *times_, fmt::format("the entry for offset {} lies behind the "
                             "last batch",
                             time->offset.value)));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SegmentCheck::TellZeros(int64_t position) {
  CAUCE_RETURN_IF_ERROR(LookHowItStopped());
  if (IsMended()) return false;
  Tell({.file = path_,
        .position = position,
        .offset = next_,
        .what = fmt::format("zeros stand where batches should, up to position "
                            "{}",
                            file_bytes_),
        .advice = std::string(kRestore)});
  return true;
}

absl::StatusOr<bool> SegmentCheck::PassDamage(const absl::Status& damage) {
  const int64_t position = scanner_.position();
  BatchScanner scanner;
  CAUCE_ASSIGN_OR_RETURN(const auto resume, FindBehind(scanner, position));
  CAUCE_RETURN_IF_ERROR(LookHowItStopped());
  aborted_->PassDamage();
  // A writer that was killed leaves a torn end; whole batches behind it are
  // none of its leaving.
  const bool is_cut = torn_from_ && next_ >= *torn_from_;
  bool is_whole_behind = resume || segment_.is_whole_behind;
  if (is_cut && !is_whole_behind) {
    CAUCE_ASSIGN_OR_RETURN(is_whole_behind, IsWhole(position));
  }
  const bool torn = is_cut && !is_whole_behind;
  // By its first batch the whole file may be a segment by another name.
  bool is_misnamed = false;
  if (position == 0 && !is_cut) {
    CAUCE_ASSIGN_OR_RETURN(is_misnamed, IsWhole(position));
  }
  Finding finding{.gravity = torn ? Gravity::kNote : Gravity::kDamage,
                  .file = path_,
                  .position = position,
                  .offset = next_,
                  .what = WithoutPlace(damage, path_, position),
                  .advice = std::string(torn ? kRecoveryCuts : kRestore)};
  if (torn) {
    finding.what += fmt::format("; the last {} bytes are no whole batch",
                                file_bytes_ - position);
  } else if (is_cut) {
    finding.advice = kRepairFirst;
  } else if (is_misnamed) {
    finding.advice = kNameFirst;
  }
  if (resume) {
    finding.what += fmt::format("; the next whole batch begins at position {}",
                                scanner.batch_position());
  }
  Tell(std::move(finding));
  if (!resume) return false;
  CAUCE_RETURN_IF_ERROR(
      DropEntriesBelow(scanner.batch_position(), resume->base_offset()));
  // What is missing in front of it was told.
  next_ = resume->base_offset();
  BatchOffsets offsets = Range().Offsets();
  offsets.next = next_;
  scanner_.Start(file_, path_, scanner.batch_position(), file_bytes_, offsets);
  return true;
}

absl::StatusOr<bool> SegmentCheck::IsWhole(int64_t position) const {
  CAUCE_ASSIGN_OR_RETURN(
      const int64_t offsets,
      OffsetsOfWholeAt(file_, path_, position, file_bytes_));
  return offsets > 0;
}

absl::StatusOr<std::optional<RecordBatch>> SegmentCheck::FindBehind(
    BatchScanner& scanner, int64_t position) {
  BatchOffsets offsets = Range().Offsets();
  offsets.next = next_;
  // An entry that leads to the batch is left for that batch to confirm.
  bool tried = false;
  const auto next_entry = [&]() -> absl::StatusOr<std::optional<int64_t>> {
    if (std::exchange(tried, true)) offsets_->Pop();
    CAUCE_ASSIGN_OR_RETURN(const auto entry, Peek(*offsets_));
    if (!entry) return std::nullopt;
    return entry->position;
  };
  return FindBatchBehind(
      scanner, {file_, path_, position, file_bytes_, offsets}, next_entry);
}

absl::Status SegmentCheck::DropEntriesBelow(int64_t position, Offset base) {
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto entry, Peek(*offsets_));
    if (!entry || entry->position >= position) break;
    offsets_->Pop();
  }
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto time, Peek(*times_));
    if (!time || time->offset >= base) break;
    times_->Pop();
  }
  return absl::OkStatus();
}

void SegmentCheck::Tell(Finding finding) {
  ++(finding.gravity == Gravity::kNote ? summary_.notes : summary_.damages);
  found_(finding);
}

absl::Status SegmentCheck::LookHowItStopped() {
  if (torn_from_ || !segment_.opened_since) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const bool opened, segment_.opened_since());
  if (opened) torn_from_ = segment_.durable;
  return absl::OkStatus();
}

bool SegmentCheck::IsMended() const {
  const Offset end = segment_.next_base.value_or(Offset{INT64_MAX});
  return torn_from_ && end > *torn_from_;
}

}  // namespace cauce
