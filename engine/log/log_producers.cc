#include "engine/log/log_producers.h"

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_replay.h"
#include "engine/log/producer_snapshot.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Of a log without producers a snapshot is taken for so many bytes only: they
// are read in some milliseconds.
constexpr int64_t kReadWithoutSnapshotMax = 4 << 20;

// A producer that has not written for so long sends no batch again: five times
// delivery.timeout.ms, as clients have it.
constexpr absl::Duration kRetriesOver = absl::Minutes(10);

// `found`, which is what batches tell, and what `before` has of markers in
// `unread`, where there are none. All are in the order of their offsets.
AbortedIndex WithThoseIn(const std::vector<OffsetRange>& unread,
                         const AbortedIndex& found,
                         const AbortedIndex& before) {
  std::vector<AbortedTransaction> all(found.entries().begin(),
                                      found.entries().end());
  for (const AbortedTransaction& each : before.entries()) {
    const auto range = std::ranges::upper_bound(unread, each.last, {},
                                                &OffsetRange::next);
    if (range != unread.end() && range->base <= each.last) all.push_back(each);
  }
  std::ranges::sort(all, {}, &AbortedTransaction::last);
  AbortedIndex list;
  for (const AbortedTransaction& each : all) list.Add(each);
  return list;
}

}  // namespace

LogProducers::LogProducers(const LogEnvironment& environment,
                           const TopicPartition& name,
                           const std::string& directory,
                           PublishedSegments& segments, IsMissing is_missing)
    : environment_(environment),
      name_(name),
      directory_(directory),
      segments_(segments),
      is_missing_(std::move(is_missing)),
      lists_(environment, name, directory, segments) {}

absl::Status LogProducers::Opened(const LogRange& range,
                                  const Leftovers& found) {
  FileSystem& files = *environment_.files;
  bool removed = false;
  if (!found.snapshots.empty()) newest_snapshot_ = found.snapshots.back();
  // Those of segments that a recovery has set aside.
  for (const Offset base : found.lists) {
    if (base <= segments_.Get()->active()->base()) continue;
    CAUCE_RETURN_IF_ERROR(WriteAborted(files, directory_, base, {}));
    removed = true;
  }
  // Else a power loss might bring them back beside other records.
  if (removed) {
    CAUCE_RETURN_IF_ERROR(environment_.files->SyncDirectory(directory_));
  }
  unknown_until_ = range.end;
  writes_ = true;
  const bool is_new =
      newest_snapshot_ == Offset{0} && segments_.Get()->bytes() == 0;
  if (is_new) Know(ProducerTable(), range.end);
  return absl::OkStatus();
}

void LogProducers::Recovered(const LogRange& range, Offset recovery_point) {
  lists_.Owe(segments_.Get()->Find(recovery_point)->base());
  const absl::Status settled = SettleOwed(range);
  // Whoever needs to know of producers is told what keeps that from being read.
  if (!settled.ok()) return Tell(Severity::kWarning, settled);
  if (range.end <= newest_snapshot_ || IsEmpty()) return;
  const absl::Status saved = Save(range.end);
  if (!saved.ok()) Tell(Severity::kWarning, saved);
}

bool LogProducers::IsEmpty() const {
  MutexLock lock(mutex_);
  return !table_ || table_->empty();
}

absl::Status LogProducers::Load(const LogRange& range) {
  {
    MutexLock lock(mutex_);
    if (table_) return absl::OkStatus();
  }
  FoundAborts none;
  CAUCE_ASSIGN_OR_RETURN(
      ProducerTable table,
      ReadAll({range.start, std::min(range.end, unknown_until_)}, range.end,
              Offset{INT64_MAX}, none));
  Know(std::move(table), range.end);
  return absl::OkStatus();
}

absl::StatusOr<ProducerTable> LogProducers::ReadAll(
    const LogRange& range, Offset at_most, Offset aborted_from,
    FoundAborts& aborted) {
  CAUCE_ASSIGN_OR_RETURN(FromSnapshot known, ReadNewestSnapshot(at_most));
  // Between one in front of the log and its start markers may be missing.
  if (known.at < range.start) known = FromSnapshot{};
  const auto set = segments_.Get();
  Offset at = std::max(known.at, range.start);
  CAUCE_RETURN_IF_ERROR(ReplayBatches(
      *set, at, range.end,
      {.take =
           [&](const RecordBatch& batch, const Segment& segment) {
             const auto ended = known.table.Take(batch);
             at = batch.next_offset();
             if (!ended || segment.base() < aborted_from) return;
             aborted.lists[segment.base()].Add(*ended);
           },
       .pass_damage =
           [&](Offset end) {
             known.table.PassDamage(end);
             if (end > aborted_from) aborted.unread.push_back({at, end});
           },
       .is_missing = is_missing_}));
  return std::move(known.table);
}

absl::Status LogProducers::KeepUnread(Offset from,
                                      FoundAborts& aborted) const {
  if (aborted.unread.empty()) return absl::OkStatus();
  const auto set = segments_.Get();
  for (const auto& segment : set->segments()) {
    const Offset base = segment->base();
    if (base < from) continue;
    // A list that may not be read now is not made anew either: it is owed.
    CAUCE_ASSIGN_OR_RETURN(
        const AbortedIndex before,
        ReadAbortedFront(*environment_.files, directory_, base));
    AbortedIndex& list = aborted.lists[base];
    list = WithThoseIn(aborted.unread, list, before);
  }
  return absl::OkStatus();
}

absl::StatusOr<LogProducers::FromSnapshot> LogProducers::ReadNewestSnapshot(
    Offset at_most) {
  FileSystem& files = *environment_.files;
  CAUCE_ASSIGN_OR_RETURN(const auto all, ListSnapshots(files, directory_));
  for (const Offset at : std::views::reverse(all)) {
    if (at > at_most) continue;
    const auto read = ReadSnapshot(files, directory_, at);
    if (read.ok()) return FromSnapshot{ProducerTable(*read), at};
    if (absl::IsNotFound(read.status())) continue;
    if (!IsUnusable(read.status())) return read.status();
    Tell(Severity::kWarning,
         Annotate(read.status(),
                  "what is known of producers is read from the log, which has "
                  "all that this file says"));
    if (ReasonOf(read.status()) == Reason::kCorruptFile) RemoveDamaged(at);
  }
  return FromSnapshot{};
}

void LogProducers::RemoveDamaged(Offset at) {
  if (!writes_) return;
  if (at == newest_snapshot_) newest_snapshot_ = Offset{0};
  const absl::Status removed =
      RemoveSnapshot(*environment_.files, directory_, at);
  if (!removed.ok()) Tell(Severity::kWarning, removed);
}

void LogProducers::Know(ProducerTable table, Offset up_to) {
  unknown_until_ = up_to;
  // As if they had been known all the while.
  absl::Time now = environment_.clock->Now();
  if (environment_.now_at_most) now = std::min(now, environment_.now_at_most());
  table.Expire(now, environment_.producer_expiration);
  MutexLock lock(mutex_);
  table_ = std::move(table);
}

void LogProducers::CutAt(Offset end) {
  unknown_until_ = end;
  MutexLock lock(mutex_);
  table_ = std::nullopt;
}

absl::StatusOr<bool> LogProducers::Follow(const LogRange& range) {
  const auto set = segments_.Get();
  const bool is_cut = followed_in_ == nullptr ||
                      followed_in_->is_superseded() || range.end < followed_to_;
  if (!is_cut && range.end == followed_to_) return false;
  // Until it is over nobody knows how far it has come.
  followed_in_ = nullptr;
  if (is_cut) {
    CutAt(range.end);
    CAUCE_RETURN_IF_ERROR(Load(range));
  } else {
    CAUCE_RETURN_IF_ERROR(
        ReplayBatches(*set, std::max(followed_to_, range.start), range.end,
                      {.take =
                           [this](const RecordBatch& batch, const Segment&) {
                             MutexLock lock(mutex_);
                             table_->Take(batch);
                           },
                       .pass_damage =
                           [this](Offset end) {
                             MutexLock lock(mutex_);
                             table_->PassDamage(end);
                           },
                       .is_missing = is_missing_}));
  }
  {
    // Who follows sees all of it.
    MutexLock lock(mutex_);
    table_->Forget(range.end);
  }
  followed_in_ = set->active();
  followed_to_ = range.end;
  return true;
}

std::optional<StableEnd> LogProducers::LastStable(
    Offset high_watermark) const {
  MutexLock lock(mutex_);
  if (!table_) return std::nullopt;
  const UnstableTransactions& all = table_->transactions();
  return StableEnd{.offset = all.LastStable(high_watermark),
                   .decidable = all.Decidable(high_watermark)};
}

std::optional<OpenTransaction> LogProducers::OldestOpen() const {
  MutexLock lock(mutex_);
  const ProducerState* const oldest = table_ ? table_->OldestOpen() : nullptr;
  if (oldest == nullptr) return std::nullopt;
  return OpenTransaction{.producer_id = oldest->id(),
                         .producer_epoch = oldest->epoch(),
                         .first = *oldest->transaction()};
}

absl::StatusOr<std::optional<KnownBatch>> LogProducers::Check(
    const RecordBatch& batch, const LogRange& range) {
  CAUCE_RETURN_IF_ERROR(Load(range));
  MutexLock lock(mutex_);
  return table_->Check(ProducedBatch::Of(batch));
}

absl::Status LogProducers::Check(const TransactionEnd& end,
                                 const LogRange& range) {
  CAUCE_RETURN_IF_ERROR(Load(range));
  MutexLock lock(mutex_);
  return table_->Check(end);
}

void LogProducers::Take(const RecordBatch& batch, Offset base,
                        Timestamp max_timestamp, Offset high_watermark) {
  last_taken_ = environment_.clock->Monotonic();
  std::optional<AbortedTransaction> aborted;
  {
    MutexLock lock(mutex_);
    if (auto marker = ParseEndMarker(batch)) {
      marker->offset = base;
      marker->timestamp = max_timestamp;
      aborted = table_->Take(*marker);
      table_->Forget(high_watermark);
    } else {
      ProducedBatch produced = ProducedBatch::Of(batch);
      produced.base = base;
      produced.max_timestamp = max_timestamp;
      table_->Take(produced);
    }
  }
  if (aborted) lists_.Add(*aborted);
}

absl::Status LogProducers::SettleOwed(const LogRange& range) {
  const std::optional<Offset> owed_from = lists_.owed_from();
  if (!owed_from) return absl::OkStatus();
  const Offset from = segments_.Get()->Find(*owed_from)->base();
  FoundAborts aborted;
  CAUCE_ASSIGN_OR_RETURN(ProducerTable table,
                         ReadAll(range, from, from, aborted));
  CAUCE_RETURN_IF_ERROR(KeepUnread(from, aborted));
  CAUCE_RETURN_IF_ERROR(lists_.WriteFrom(from, aborted.lists));
  // What is known already may go further back.
  if (!LastStable(range.end)) Know(std::move(table), range.end);
  return absl::OkStatus();
}

void LogProducers::Rolled(const LogRange& range) {
  const auto snapshot = RolledUnsaved(range);
  if (snapshot) Written(snapshot->at, Write(*snapshot));
}

std::optional<LogProducers::Snapshot> LogProducers::RolledUnsaved(
    const LogRange& range) {
  lists_.Rolled();
  const bool is_much = BytesSinceSnapshot() >= kReadWithoutSnapshotMax;
  absl::Status done = SettleOwed(range);
  // One that tells of producers is followed by others: it may lie in front of
  // the log's start by and by.
  const bool is_followed = newest_snapshot_ > Offset{0};
  if (done.ok() && (is_much || is_followed)) done = Load(range);
  // It costs whoever opens the log next some reading.
  if (!done.ok()) Tell(Severity::kWarning, done);
  const bool is_news = range.end > newest_snapshot_;
  const bool is_wanted = done.ok() && is_news && (is_much || !IsEmpty());
  return is_wanted ? TakeSnapshot(range.end) : std::nullopt;
}

int64_t LogProducers::BytesSinceSnapshot() const {
  int64_t bytes = 0;
  const auto set = segments_.Get();
  for (const auto& segment : set->segments()) {
    if (segment->next() > newest_snapshot_) bytes += segment->bytes();
  }
  return bytes;
}

absl::Status LogProducers::Save(Offset at) {
  const auto snapshot = TakeSnapshot(at);
  if (!snapshot) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(Write(*snapshot));
  return Saved(at);
}

std::optional<LogProducers::Snapshot> LogProducers::TakeSnapshot(
    Offset at) const {
  Snapshot snapshot;
  snapshot.at = at;
  {
    MutexLock lock(mutex_);
    if (table_->transactions().MayHaveEnded()) return std::nullopt;
    snapshot.producers = table_->producers();
  }
  if (snapshot.producers.size() > kProducersMax) return std::nullopt;
  return snapshot;
}

absl::Status LogProducers::Write(const Snapshot& snapshot) const {
  FileSystem& files = *environment_.files;
  const absl::Status written =
      WriteSnapshot(files, directory_, snapshot.at, snapshot.producers);
  // What is torn and stays is removed once somebody meets it.
  if (!written.ok()) {
    RemoveSnapshot(files, directory_, snapshot.at).IgnoreError();
  }
  return written;
}

void LogProducers::Written(Offset at, const absl::Status& written) {
  const absl::Status saved = written.ok() ? Saved(at) : written;
  if (!saved.ok()) Tell(Severity::kWarning, saved);
}

absl::Status LogProducers::Saved(Offset at) {
  absl::Status removed;
  // Since it was taken another one may have come.
  if (at > newest_snapshot_) {
    const Offset before = std::exchange(newest_snapshot_, at);
    // As whoever opens the log next would have it.
    const bool is_stray = segments_.Get()->Find(before)->base() != before;
    if (is_stray) {
      removed = RemoveSnapshot(*environment_.files, directory_, before);
    }
  }
  // Also of the one that goes: behind that, or a sync would miss it.
  segments_.NoteNames();
  return removed;
}

void LogProducers::SaveForClose(const LogRange& range) {
  lists_.Sync();
  absl::Status saved = SettleOwed(range);
  const bool is_known = LastStable(range.end).has_value();
  const bool is_worth_it =
      !IsEmpty() ||
      (is_known && BytesSinceSnapshot() >= kReadWithoutSnapshotMax);
  const bool is_news = range.end > newest_snapshot_;
  if (saved.ok() && is_news && is_worth_it) saved = Save(range.end);
  if (!saved.ok()) Tell(Severity::kWarning, saved);
}

absl::Status LogProducers::CutFiles(Offset base, Offset end) {
  FileSystem& files = *environment_.files;
  CAUCE_ASSIGN_OR_RETURN(const auto all, ListSnapshots(files, directory_));
  newest_snapshot_ = Offset{0};
  for (const Offset at : all) {
    if (at > end) {
      CAUCE_RETURN_IF_ERROR(RemoveSnapshot(files, directory_, at));
    } else {
      newest_snapshot_ = at;
    }
  }
  lists_.CutAt(base, end);
  return absl::OkStatus();
}

void LogProducers::ForgetSnapshotsBelow(Offset end) {
  if (newest_snapshot_ < end) newest_snapshot_ = Offset{0};
}

void LogProducers::Expire(absl::Time now) {
  MutexLock lock(mutex_);
  if (table_) table_->Expire(now, environment_.producer_expiration);
}

bool LogProducers::IsIdle(absl::Duration now) const {
  return now - last_taken_ >= kRetriesOver;
}

void LogProducers::Tell(Severity severity, const absl::Status& status) const {
  if (!environment_.events) return;
  environment_.events(
      severity, fmt::format("{}: {}", name_.ToString(), MessageOf(status)));
}

}  // namespace cauce
