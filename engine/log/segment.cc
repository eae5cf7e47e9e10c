#include "engine/log/segment.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_behind.h"
#include "engine/log/seek_plan.h"
#include "engine/log/segment_name.h"
#include "engine/log/sync_error.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How much is written again where a file was closed before it was synced. More
// than that keeps its descriptor.
constexpr int64_t kWrittenAgainMax = 64 << 10;

constexpr std::array<std::string_view, 4> kDerivedSuffixes = {
    kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kSnapshotSuffix};

// Whether `bytes`, one batch or more that were appended one behind the other
// up to `next`, are still that. No CRC covers a base offset: it is right where
// each batch ends at the next one's, and the last at `next`.
absl::Status CheckReadBack(std::string_view bytes, Offset next) {
  std::optional<Offset> ended;
  const auto goes_on_at = [&ended](Offset base) {
    if (ended.value_or(base) == base) return absl::OkStatus();
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("a batch ends at offset {}, and offset {} "
                                 "follows it",
                                 ended->value, base.value));
  };
  do {
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, RecordBatch::Parse(bytes));
    CAUCE_RETURN_IF_ERROR(goes_on_at(batch.base_offset()));
    ended = batch.next_offset();
    bytes.remove_prefix(batch.bytes().size());
  } while (!bytes.empty());
  return goes_on_at(next);
}

}  // namespace

Segment::Segment(SegmentPlace place, OpenMode mode, int64_t bytes, Offset next,
                 std::string_view state)
    : place_(std::move(place)),
      mode_(mode),
      bytes_(bytes),
      next_(next.value),
      synced_bytes_(bytes) {
  if (!state.empty()) reach_ = MakeReach(state).release();
}

Segment::~Segment() { delete reach_.load(); }

std::unique_ptr<const Segment::Reach> Segment::MakeReach(
    std::string_view state) const {
  auto log = std::make_shared<PooledFile>(
      *place_.pool, PathOf(kLogSuffix) + std::string(state), mode_);
  auto reads = std::make_shared<const SegmentReads>(log, place_.tails);
  return std::unique_ptr<const Reach>(
      new Reach{std::move(log), std::move(reads)});
}

const Segment::Reach& Segment::reach() const {
  const Reach* made = reach_.load(std::memory_order_acquire);
  if (made != nullptr) return *made;
  auto own = MakeReach("");
  // Of two that come at once the second one's is not needed.
  if (reach_.compare_exchange_strong(made, own.get(),
                                     std::memory_order_acq_rel)) {
    made = own.release();
  }
  return *made;
}

IndexFiles& Segment::index_files() {
  if (index_files_ == nullptr) {
    const auto path = [this](std::string_view suffix) {
      return place_.PathOf(SegmentFileName(place_.base, suffix));
    };
    index_files_ = std::make_unique<IndexFiles>(
        *place_.files, path(kOffsetIndexSuffix), path(kTimeIndexSuffix));
  }
  return *index_files_;
}

std::string Segment::PathOf(std::string_view suffix) const {
  return fmt::format("{}/{}{}", place_.directory,
                     SegmentFileName(place_.base, suffix),
                     retired_.load() ? kDeletedSuffix : "");
}

ScanRange Segment::Range() const {
  // Published in the other order: the offset covers all of the bytes.
  const int64_t bytes = this->bytes();
  return {.base = base(),
          .bytes = bytes,
          .index_interval_bytes = place_.index_interval_bytes,
          .up_to = next(),
          .doubts_gaps = !place_.may_have_gaps};
}

absl::StatusOr<Segment::ScanStart> Segment::FindStart(Offset offset,
                                                      BatchScanner& scanner) {
  CAUCE_ASSIGN_OR_RETURN(const auto index, Index());
  auto entry = index->offsets().FindAtOrBelow(offset.value);
  if (!entry) return ScanStart{0, base()};
  CAUCE_ASSIGN_OR_RETURN(auto start, StartAt(*entry, scanner));
  if (start) return *start;
  CAUCE_ASSIGN_OR_RETURN(const auto rebuilt, RebuildIndex(index));
  entry = rebuilt->offsets().FindAtOrBelow(offset.value);
  if (entry) {
    CAUCE_ASSIGN_OR_RETURN(start, StartAt(*entry, scanner));
  }
  return start.value_or(ScanStart{0, base()});
}

// The entry is only a claim until the batch it leads to confirms it.
absl::StatusOr<std::optional<Segment::ScanStart>> Segment::StartAt(
    const OffsetEntry& entry, BatchScanner& scanner) {
  const ScanRange range = Range();
  if (entry.position >= range.bytes) return std::nullopt;
  BatchOffsets offsets = range.Offsets();
  offsets.next = std::nullopt;
  scanner.Restart(reach().reads, log().path(), entry.position, range.bytes,
                  offsets);
  const auto batch = scanner.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  const bool holds =
      batch.ok() && *batch && (*batch)->last_offset() == entry.offset;
  if (!holds) return std::nullopt;
  return ScanStart{entry.position, (*batch)->base_offset()};
}

absl::StatusOr<std::optional<RecordBatch>> Segment::Seek(BatchScanner& scanner,
                                                         Offset offset) {
  CAUCE_ASSIGN_OR_RETURN(auto found, SeekAtOnce(scanner, offset));
  if (found) return found;
  CAUCE_ASSIGN_OR_RETURN(const ScanStart start, FindStart(offset, scanner));
  const ScanRange range = Range();
  BatchOffsets offsets = range.Offsets();
  offsets.next = start.base;
  // What the check of the entry has read serves again.
  scanner.Restart(reach().reads, log().path(), start.position, range.bytes,
                  offsets);
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
    if (!batch || batch->next_offset() > offset) return batch;
  }
}

absl::StatusOr<std::optional<RecordBatch>> Segment::SeekAtOnce(
    BatchScanner& scanner, Offset offset) {
  CAUCE_ASSIGN_OR_RETURN(const auto index, Index());
  const ScanRange range = Range();
  const SeekRange seek{range.base, range.bytes, range.index_interval_bytes};
  const SeekPlan plan = PlanSeek(index->offsets(), seek, offset);
  BatchOffsets offsets = range.Offsets();
  const int64_t from = plan.below ? plan.below->position : 0;
  // What was read for one guess serves for the next, and for the walk of Seek.
  scanner.Restart(reach().reads, log().path(), from, range.bytes, offsets);
  const auto try_at = [&](int64_t position, int64_t end)
      -> absl::StatusOr<std::optional<RecordBatch>> {
    scanner.Move(position, offsets);
    CAUCE_RETURN_IF_ERROR(
        scanner.Load(std::min(end, position + kSeekBytesMax)).status());
    auto batch = scanner.Next();
    if (!batch.ok() && IsDamage(batch.status())) return std::nullopt;
    return batch;
  };
  if (plan.claimed && plan.claimed->position < range.bytes) {
    offsets.next = std::nullopt;
    CAUCE_ASSIGN_OR_RETURN(
        const auto batch, try_at(plan.claimed->position, plan.claimed_end));
    const bool holds = batch && batch->last_offset() == plan.claimed->offset;
    if (holds && batch->base_offset() <= offset) return batch;
  }
  if (plan.walk_end <= from) return std::nullopt;
  scanner.Move(from, offsets);
  CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                         scanner.Load(plan.walk_end));
  const auto place = FindByHeaders(bytes, seek, plan.below, offset);
  if (!place) return std::nullopt;
  offsets.next = place->expected;
  CAUCE_ASSIGN_OR_RETURN(const auto batch,
                         try_at(place->position, plan.walk_end));
  const bool holds = batch && batch->base_offset() <= offset &&
                     batch->next_offset() > offset;
  return holds ? batch : std::nullopt;
}

void Segment::Extend(BatchScanner& scanner) const {
  const ScanRange range = Range();
  scanner.ExtendTo(range.bytes, range.Offsets().up_to);
}

absl::StatusOr<std::optional<RecordBatch>> Segment::SeekBehind(
    BatchScanner& scanner, int64_t position, Offset expected) {
  CAUCE_ASSIGN_OR_RETURN(const auto index, Index());
  const ScanRange range = Range();
  BatchOffsets offsets = range.Offsets();
  offsets.next = expected;
  return FindBatchBehind(scanner,
                         {reach().reads, log().path(), position, range.bytes,
                          offsets},
                         EntriesBehind(index->offsets(), position));
}

absl::StatusOr<Timestamp> Segment::LargestTimestamp(Timestamp enough) {
  {
    MutexLock lock(mutex_);
    if (largest_) return *largest_;
    const bool is_enough =
        noted_largest_.has_value() && noted_largest_ >= enough;
    if (is_enough) return noted_largest_;
  }
  CAUCE_ASSIGN_OR_RETURN(auto index, Index());
  bool is_known = index->knows_largest();
  if (!is_known && index->largest_timestamp() < enough) {
    CAUCE_ASSIGN_OR_RETURN(index, WithLargest(std::move(index)));
    is_known = true;
  }
  MutexLock lock(mutex_);
  const Timestamp largest = index->largest_timestamp();
  if (is_known && !index_is_live_) largest_ = largest;
  return largest;
}

absl::StatusOr<std::shared_ptr<const SegmentIndex>> Segment::WithLargest(
    std::shared_ptr<const SegmentIndex> index) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, log().Acquire());
  BatchScanner scanner;
  CAUCE_ASSIGN_OR_RETURN(
      const TimesBehind behind,
      LookBehindTimes(scanner, file, path(), Range(), *index));
  index->NoteBehindTimes(behind.largest, behind.is_whole);
  if (!index->lacks_times()) return index;
  return RebuildIndex(std::move(index));
}

Timestamp Segment::KnownLargestTimestamp() {
  MutexLock lock(mutex_);
  if (largest_) return *largest_;
  const Timestamp indexed =
      index_ != nullptr ? index_->largest_timestamp() : kNoTimestamp;
  return std::max(indexed, noted_largest_);
}

void Segment::NoteLargestTimestamp(Timestamp largest) {
  MutexLock lock(mutex_);
  noted_largest_ = largest;
}

absl::StatusOr<std::shared_ptr<const SegmentIndex>> Segment::Index() {
  {
    MutexLock lock(mutex_);
    if (index_ != nullptr) {
      index_used_ = true;
      return index_;
    }
  }
  // Two readers may load at once; the second result replaces the first.
  auto index = LoadIndex();
  // Absent, or something else that cannot be opened as a file: the log has
  // all that an index says. An error of the log fails the rebuilding too.
  const bool unusable = absl::IsNotFound(index.status()) ||
                        absl::IsFailedPrecondition(index.status()) ||
                        absl::IsPermissionDenied(index.status()) ||
                        ReasonOf(index.status()) == Reason::kCorruptFile;
  return unusable ? RebuildIndex(nullptr, index.status()) : index;
}

absl::StatusOr<std::shared_ptr<const SegmentIndex>> Segment::LoadIndex() {
  CAUCE_ASSIGN_OR_RETURN(
      std::shared_ptr<SegmentIndex> index,
      LoadIndexFiles(*place_.files, PathOf(kOffsetIndexSuffix),
                     PathOf(kTimeIndexSuffix), base(),
                     place_.index_interval_bytes));
  // Batches behind the last entry may be missing from files that were written
  // before the log was: the walk over them completes the index.
  CAUCE_ASSIGN_OR_RETURN(const auto file, log().Acquire());
  CAUCE_ASSIGN_OR_RETURN(
      ScannedSegment scanned,
      ScanSegmentTail(file, path(), Range(), std::move(index)));
  return KeepIndex(std::move(scanned));
}

absl::StatusOr<std::shared_ptr<const SegmentIndex>> Segment::RebuildIndex(
    std::shared_ptr<const SegmentIndex> claimed, absl::Status unusable) {
  {
    // Its writer adds to it what nobody can read yet. What a scan finds by now
    // would be less than there is once the segment is sealed.
    MutexLock lock(mutex_);
    if (index_is_live_) return index_;
  }
  CAUCE_ASSIGN_OR_RETURN(const auto file, log().Acquire());
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned,
                         ScanSegment(file, path(), Range()));
  scanned.disbelieved = std::move(claimed);
  scanned.unusable = std::move(unusable);
  return KeepIndex(std::move(scanned));
}

absl::StatusOr<std::shared_ptr<const SegmentIndex>> Segment::KeepIndex(
    ScannedSegment scanned) {
  if (!scanned.damage.ok()) {
    CAUCE_ASSIGN_OR_RETURN(const auto file, log().Acquire());
    CAUCE_RETURN_IF_ERROR(ScanBehindDamage(file, path(), Range(), scanned));
  }
  if (scanned.damage.ok()) {
    scanned.index->Seal();
    // The read has all it needs; files that cannot be written now are found to
    // lead astray again.
    RepairIndexFiles(scanned).IgnoreError();
  }
  MutexLock lock(mutex_);
  index_used_ = true;
  index_ = std::move(scanned.index);
  return index_;
}

absl::Status Segment::RepairIndexFiles(const ScannedSegment& scanned) {
  const bool leads_astray =
      scanned.disbelieved == nullptr ||
      scanned.disbelieved->EncodeOffsets() != scanned.index->EncodeOffsets() ||
      scanned.disbelieved->EncodeTimes() != scanned.index->EncodeTimes();
  if (!is_writable() || !scanned.rebuilt || !leads_astray) {
    return absl::OkStatus();
  }
  MutexLock lock(repair_mutex_);
  if (!MayRepair()) return absl::OkStatus();
  const absl::Status repaired =
      DoWithoutIfFull(index_files().WriteAnew(*scanned.index));
  TellOfRepair(scanned, repaired);
  return repaired;
}

void Segment::TellOfRepair(const ScannedSegment& scanned,
                           const absl::Status& repaired) {
  const bool is_told = std::exchange(told_of_repair_, true);
  if (is_told || place_.events == nullptr || !*place_.events) return;
  (*place_.events)(Severity::kInfo,
                   fmt::format("{}{}{}", MadeAnewLine(path(), scanned),
                               repaired.ok() ? "" : "; they were not written: ",
                               repaired.ok() ? "" : MessageOf(repaired)));
}

bool Segment::MayRepair() const {
  return !retired_.load() && !superseded_.load() && !repairs_stopped_;
}

void Segment::Supersede() {
  MutexLock lock(repair_mutex_);
  superseded_.store(true);
}

void Segment::StopRepairs() {
  MutexLock lock(repair_mutex_);
  repairs_stopped_ = true;
}

void Segment::DropIdle() {
  MutexLock lock(mutex_);
  SegmentTail* const tail =
      reach_.load() != nullptr ? &reads().tail() : nullptr;
  if (index_is_live_) {
    if (tail != nullptr) tail->DropLost();
    return;
  }
  if (tail != nullptr) tail->Drop();
  if (!index_used_) index_ = nullptr;
  index_used_ = false;
}

void Segment::Publish(int64_t bytes, Offset next) {
  next_.store(next.value, std::memory_order_release);
  bytes_.store(bytes, std::memory_order_release);
}

void Segment::ShareLiveIndex(std::shared_ptr<const SegmentIndex> index) {
  MutexLock lock(mutex_);
  index_is_live_ = index != nullptr;
  if (index != nullptr) index_ = std::move(index);
}

void Segment::MarkDirty() {
  // An exchange, not a look: a Sync() that cleans the segment after it begins
  // after it, and covers what was written before.
  bool dirty = true;
  if (dirty_.compare_exchange_strong(dirty, true)) return;
  log().Pin();
  dirty_.store(true);
}

void Segment::LetClose() {
  const ClosableEnd::Value end{bytes(), next()};
  const bool may = end.bytes - synced_bytes_.load() <= kWrittenAgainMax;
  if (!may) return KeepOpen();
  closable_end_.Set(end);
  if (!std::exchange(may_be_closed_, true)) log().MayCloseUnsynced(true);
}

void Segment::KeepOpen() {
  if (std::exchange(may_be_closed_, false)) log().MayCloseUnsynced(false);
}

absl::Status Segment::Sync() {
  // The owner's sync and a cut's may meet: neither may take the other's for
  // done before it is.
  MutexLock lock(sync_mutex_);
  CAUCE_RETURN_IF_ERROR(sync_failure_);
  if (!dirty_.load()) return absl::OkStatus();
  // Held from here on, so that it stays open once it counts as clean.
  const auto file = log().Acquire();
  if (MayOpenLater(file.status())) return SyncNotBegun(file.status());
  dirty_ = false;
  const int64_t end = bytes();
  sync_failure_ = SyncFile(file);
  if (sync_failure_.ok()) synced_bytes_ = end;
  syncs_.fetch_add(1, std::memory_order_relaxed);
  // A write that came meanwhile has pinned the file once more.
  log().Unpin();
  return sync_failure_;
}

absl::Status Segment::TakeWholeSync() {
  MutexLock lock(sync_mutex_);
  CAUCE_RETURN_IF_ERROR(sync_failure_);
  if (!dirty_.load()) return absl::OkStatus();
  sync_failure_ = log().lost();
  CAUCE_RETURN_IF_ERROR(sync_failure_);
  dirty_ = false;
  synced_bytes_ = bytes();
  // What was closed before it was synced is durable like all else.
  log().TakeClosedUnsynced();
  syncs_.fetch_add(1, std::memory_order_relaxed);
  log().Unpin();
  return absl::OkStatus();
}

// It is there all the same. A name that is gone is not, nor is what the pool
// has synced in vain.
bool Segment::MayOpenLater(const absl::Status& opened) const {
  return IsNotOpened(opened) && log().lost().ok();
}

absl::Status Segment::SyncFile(
    const absl::StatusOr<std::shared_ptr<File>>& file) {
  // One that has left the log may be gone: nobody needs it.
  if (absl::IsNotFound(file.status()) && retired_.load()) {
    return absl::OkStatus();
  }
  CAUCE_RETURN_IF_ERROR(file.status());
  if (log().TakeClosedUnsynced()) CAUCE_RETURN_IF_ERROR(WriteAgain(**file));
  return (*file)->Sync();
}

absl::Status Segment::WriteAgain(File& file) {
  const int64_t from = synced_bytes_.load();
  const ClosableEnd::Value end = closable_end_.Get();
  if (from >= end.bytes) return absl::OkStatus();
  std::string bytes(static_cast<size_t>(end.bytes - from), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(from, bytes));
  // A page that never reached the disk may have been dropped from memory since:
  // then other bytes are read than were written.
  const absl::Status whole =
      CheckReadBack(std::string_view(bytes).substr(0, read), end.next);
  if (!whole.ok()) {
    return MakeError(
        Reason::kDiskFailed,
        fmt::format("{}: positions {} to {} were written and not synced, and "
                    "of {} bytes that are there now not all are as they were: "
                    "{}",
                    path(), from, end.bytes, read, MessageOf(whole)));
  }
  return file.Write(from, bytes);
}

absl::Status Segment::WriteIndexFiles(const SegmentIndex& index) {
  MutexLock lock(repair_mutex_);
  return WriteIndex(index, &IndexFiles::Write);
}

absl::Status Segment::WriteIndex(const SegmentIndex& index,
                                 IndexWrite write) {
  // Whoever has no files makes better ones.
  return DoWithout(index.lacks_times() ? index_files().Remove()
                                       : (index_files().*write)(index));
}

// An index says nothing that the log does not; half of one says too little.
absl::Status Segment::DoWithoutIfFull(const absl::Status& status) {
  const bool is_full = ReasonOf(status) == Reason::kDiskFull;
  return is_full ? index_files().Remove() : status;
}

// What stands in the place of one is not ours to move.
absl::Status Segment::DoWithout(const absl::Status& status) {
  if (!absl::IsFailedPrecondition(status)) return DoWithoutIfFull(status);
  const bool is_told = std::exchange(told_of_place_, true);
  if (is_told || place_.events == nullptr || !*place_.events) {
    return absl::OkStatus();
  }
  (*place_.events)(
      Severity::kWarning,
      fmt::format("{}; the log is whole without it, and slower to look up in: "
                  "move away what stands there, or let cauce log repair put "
                  "it aside",
                  MessageOf(status)));
  return absl::OkStatus();
}

absl::Status Segment::SaveLiveIndex() {
  std::shared_ptr<const SegmentIndex> index;
  {
    MutexLock lock(mutex_);
    if (!index_is_live_) return absl::OkStatus();
    index = index_;
  }
  MutexLock lock(repair_mutex_);
  if (!MayRepair()) return absl::OkStatus();
  return WriteIndex(*index, &IndexFiles::WriteLive);
}

absl::Status Segment::SyncIndexFiles() {
  MutexLock lock(repair_mutex_);
  return DoWithout(index_files().Sync());
}

absl::Status Segment::WriteTimeIndex(const SegmentIndex& index) {
  MutexLock lock(repair_mutex_);
  return WriteIndex(index, &IndexFiles::WriteTimes);
}

absl::Status Segment::WriteOffsetIndex(const SegmentIndex& index) {
  MutexLock lock(repair_mutex_);
  return WriteIndex(index, &IndexFiles::WriteOffsets);
}

absl::Status Segment::RemoveIndexFiles() {
  MutexLock lock(repair_mutex_);
  return DoWithout(index_files().Remove());
}

absl::Status Segment::TakeOwnName() {
  {
    MutexLock lock(repair_mutex_);
    for (const std::string_view suffix : kDerivedSuffixes) {
      const std::string path = PathOf(suffix);
      const absl::Status renamed =
          place_.files->Rename(path + std::string(kSwapSuffix), path);
      if (!absl::IsNotFound(renamed)) CAUCE_RETURN_IF_ERROR(renamed);
    }
    // The list of aborted transactions is not made anew, as an index is: no
    // power loss may keep it from a log that has its own name.
    CAUCE_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.directory));
    CAUCE_RETURN_IF_ERROR(log().RenameTo(PathOf(kLogSuffix)));
  }
  ShareLiveIndex(nullptr);
  return absl::OkStatus();
}

absl::Status Segment::Retire() {
  MutexLock lock(repair_mutex_);
  if (retired_.load()) return absl::OkStatus();
  // The log goes first: indexes without one are removed when it is opened. It
  // has gone where a time before this one came no further.
  if (!log().path().ends_with(kDeletedSuffix)) {
    const absl::Status renamed =
        log().RenameTo(log().path() + std::string(kDeletedSuffix));
    // Somebody has removed it by hand: it is gone all the same.
    if (!absl::IsNotFound(renamed)) CAUCE_RETURN_IF_ERROR(renamed);
  }
  for (const std::string_view suffix : kDerivedSuffixes) {
    const std::string path = PathOf(suffix);
    const absl::Status renamed =
        place_.files->Rename(path, path + std::string(kDeletedSuffix));
    if (!absl::IsNotFound(renamed)) CAUCE_RETURN_IF_ERROR(renamed);
  }
  retired_.store(true);
  return absl::OkStatus();
}

absl::Status Segment::Unlink() {
  // Files that are gone are no error: a segment with the same base may have
  // been retired, and unlinked, after this one.
  FileSystem& files = *place_.files;
  // Not by the path it is read at: that may be another's by now.
  CAUCE_RETURN_IF_ERROR(RemoveIfThere(files, PathOf(kLogSuffix)));
  for (const std::string_view suffix : kDerivedSuffixes) {
    CAUCE_RETURN_IF_ERROR(RemoveIfThere(files, PathOf(suffix)));
  }
  return absl::OkStatus();
}

}  // namespace cauce
