#include "engine/log/log.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/batch_check.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/batch_stamp.h"
#include "engine/log/recompress.h"
#include "engine/log/recovery.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

bool ShowsWritten(const TopicConfig& config) {
  return config.flush == FlushPolicy::kOs;
}

// How many bytes of a log are synced before its recovery point is moved: so
// little that a thousand logs together leave little, so much that it is not
// done with every sync.
constexpr int64_t kNotedBytes = 64 << 10;

// And before its index is saved, from which the scan after a kill goes on: each
// time costs a sync, and a scan of so much a few milliseconds.
constexpr int64_t kIndexSavedBytes = 32 << 20;

// segment.ms, less the part of segment.jitter.ms that `chance` says: of what
// both are now, since either may be altered while a segment is active.
absl::Duration SegmentAgeMax(const TopicConfig& topic, uint64_t chance) {
  const int64_t most = absl::ToInt64Milliseconds(
      std::min(topic.segment_jitter, topic.segment_age_max));
  if (most <= 0) return topic.segment_age_max;
  const uint64_t jitter = chance % static_cast<uint64_t>(most);
  return topic.segment_age_max -
         absl::Milliseconds(static_cast<int64_t>(jitter));
}

// Where no batch can have been compacted away, a log begins at its saved start
// or below it: whoever deletes segments saves the new start first.
void TellOfMissingStart(const LogEnvironment& environment,
                        const LogOptions& options, Offset saved, Offset start) {
  if (options.may_have_gaps || start <= saved || !environment.events) return;
  const std::string what_to_do =
      options.start_is_known
          ? fmt::format(
                "the records in between are missing; close the "
                "directory and restore the first .log files of {} from "
                "a copy, or delete the records before offset {} to "
                "give them up",
                options.directory, start.value)
          : fmt::format(
                "the records in between were deleted, or they are "
                "missing and the saved start is lost too; then close "
                "the directory, restore the first .log files of {} "
                "from a copy, and remove {}",
                options.directory, kLogStartFile);
  environment.events(
      Severity::kError,
      fmt::format("{}: the oldest segment begins at offset {}, and the saved "
                  "start of the log is {}: {}",
                  options.name.ToString(), start.value, saved.value,
                  what_to_do));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Log>> Log::Open(
    std::shared_ptr<const LogEnvironment> environment,
    const LogOptions& options) {
  SegmentPlace place;
  place.files = environment->files;
  place.pool = environment->pool.get();
  place.directory = options.directory;
  place.index_interval_bytes = options.config.index_interval_bytes;
  place.space = environment->space.get();

  if (options.read_only) {
    CAUCE_ASSIGN_OR_RETURN(
        auto view, LogView::Open(place, options.bounds,
                                 [environment, name = options.name] {
                                   return environment->load_bounds(name);
                                 }));
    CAUCE_ASSIGN_OR_RETURN(const auto lost_end, view->FindLostEnd());
    if (lost_end && environment->events) {
      environment->events(
          Severity::kError,
          fmt::format("{}: records that were durable are gone: the log ends at "
                      "offset {}, and was saved as durable up to {}; read on "
                      "with care, and see what removed or cut files of {}",
                      options.name.ToString(),
                      view->segments().back()->next().value, lost_end->value,
                      options.directory));
    }
    const Offset start =
        std::max(options.bounds.log_start, view->segments().front()->base());
    if (start > options.bounds.log_start) {
      // A writer may have moved it since, before it deleted what was below.
      CAUCE_ASSIGN_OR_RETURN(const LogBounds now,
                             environment->load_bounds(options.name));
      TellOfMissingStart(*environment, options, now.log_start, start);
    }
    std::shared_ptr<Log> log(
        new Log(std::move(environment), options, view->segments(), start));
    MutexLock lock(log->writer_mutex_);
    log->view_ = std::move(view);
    log->epochs_ = EpochHistory(options.epochs);
    return log;
  }

  RecoveryHints hints;
  hints.clean_stop = options.clean_stop;
  hints.recovery_point = options.bounds.recovery_point;
  hints.log_start = options.bounds.log_start;
  hints.now = Timestamp::From(environment->clock->Now());
  hints.events = environment->events;
  if (environment->note_work) {
    hints.progress = [&environment, &options](Offset start, Offset end,
                                              int64_t bytes) {
      environment->note_bounds(options.name,
                               {end, StartToSave(options, start)});
      if (environment->note_work({.bytes = bytes, .segments = 1})) {
        environment->save_noted();
      }
    };
  }
  CAUCE_ASSIGN_OR_RETURN(RecoveredLog recovered, RecoverLog(place, hints));
  TellOfMissingStart(*environment, options, options.bounds.log_start,
                     recovered.log_start);
  SegmentSet::List segments = recovered.sealed;
  segments.push_back(recovered.writer->segment());
  std::shared_ptr<Log> log(new Log(std::move(environment), options,
                                   std::move(segments), recovered.log_start));
  MutexLock lock(log->writer_mutex_);
  log->writer_ = std::move(recovered.writer);
  log->epochs_ = EpochHistory(options.epochs);
  const LeaderEpoch saved_epoch = log->epochs_.latest();
  log->roll_chance_ = log->environment_->random->Next();
  if (recovered.names_unsynced) log->segments_.NoteNames();
  // One that begins at the end was assigned and has not written yet.
  const Offset end = log->log_end();
  bool changed =
      end < Offset{INT64_MAX} && log->epochs_.TruncateFromEnd(end + 1);
  // Those of first segments that are missing stay: they may be put back.
  const Offset start = StartToSave(options, log->log_start());
  changed |= log->epochs_.TruncateFromStart(start);
  changed |= log->LearnEpochs(recovered.epochs, saved_epoch);
  // Batches below the log's start may have told of one.
  changed |= log->epochs_.TruncateFromStart(start);
  if (changed) CAUCE_RETURN_IF_ERROR(log->SaveEpochsOrOweThem());
  return log;
}

bool Log::LearnEpochs(const EpochEvidence& seen, LeaderEpoch saved) {
  bool changed = false;
  for (const EpochStart& each : seen.believed()) {
    changed |= epochs_.Assign(each.epoch, each.start);
  }
  std::optional<EpochStart> doubted;
  if (const auto last = seen.unconfirmed();
      last && last->epoch > epochs_.latest()) {
    // An epoch is saved before it writes. So this one was assigned only if it
    // was saved, or if what was saved is lost.
    if (last->epoch <= saved || saved == LeaderEpoch{}) {
      changed |= epochs_.Assign(last->epoch, last->start);
    } else {
      doubted = last;
    }
  }
  if (seen.disproved()) TellOfDoubted(*seen.disproved());
  if (doubted) TellOfDoubted(*doubted);
  return changed;
}

void Log::TellOfDoubted(const EpochStart& batch) {
  if (!environment_->events) return;
  environment_->events(
      Severity::kWarning,
      fmt::format("{}: the batch at offset {} says that it is of leader epoch "
                  "{}, of which neither what was saved nor the batches behind "
                  "it know; that number is taken for damaged, and the "
                  "partition is at epoch {}",
                  name_.ToString(), batch.start.value, batch.epoch.value,
                  epochs_.latest().value));
}

Log::Log(std::shared_ptr<const LogEnvironment> environment,
         const LogOptions& options, SegmentSet::List segments, Offset log_start)
    : environment_(std::move(environment)),
      forks_(environment_->files->forks()),
      name_(options.name),
      directory_(options.directory),
      read_only_(options.read_only),
      saved_start_(StartToSave(options, log_start)),
      segments_(*environment_->files, directory_, std::move(segments)),
      committer_(segments_.Get()->active()->next(), CommitterHooks()),
      log_start_(log_start.value),
      log_end_(committer_.durable().value),
      may_have_gaps_(options.may_have_gaps),
      shows_written_(ShowsWritten(options.config)),
      config_(std::make_shared<const TopicConfig>(options.config)),
      keep_everything_(options.keep_everything) {}

Offset Log::StartToSave(const LogOptions& options, Offset found) {
  return options.start_is_known ? options.bounds.log_start : found;
}

Committer::Hooks Log::CommitterHooks() {
  Committer::Hooks hooks;
  hooks.sync = [this] {
    const Offset end = log_end();
    const int64_t appended = appended_bytes_.load(std::memory_order_relaxed);
    CAUCE_RETURN_IF_ERROR(segments_.Sync());
    NoteSynced(end, appended);
    return absl::OkStatus();
  };
  hooks.moved = [this] { waiters_.Wake(); };
  if (environment_->executor != nullptr) {
    hooks.schedule = [this] {
      // The log may be closed and gone by the time the task runs.
      environment_->executor->Schedule([weak = weak_from_this()] {
        // Whoever waits for the sync learns of its failure, and so does the
        // next append.
        if (const auto log = weak.lock()) {
          log->committer_.RunPending().IgnoreError();
        }
      });
    };
  }
  return hooks;
}

// ---- Appending

absl::StatusOr<AppendResult> Log::Append(const RecordBatch& batch,
                                         const AppendOptions& options) {
  const bool waits = WaitsForSync(options.ack);
  Committer::Waiter waiter;
  const auto enter = [&](const AppendResult& written) {
    if (waits) committer_.Enter(waiter, written.next);
  };
  CAUCE_ASSIGN_OR_RETURN(AppendResult result, Write(batch, options, enter));
  CAUCE_RETURN_IF_ERROR(waits ? committer_.Wait(waiter)
                              : AfterWrite(result.next));
  return result;
}

bool Log::WaitsForSync(Ack ack) const {
  return ack == Ack::kDurable &&
         !shows_written_.load(std::memory_order_relaxed);
}

absl::Status Log::AfterWrite(Offset end) {
  if (shows_written_.load(std::memory_order_relaxed)) {
    return FlushAsConfigured(end);
  }
  committer_.SyncSoon();
  return absl::OkStatus();
}

absl::StatusOr<AppendResult> Log::Append(std::span<const Record> records,
                                         const AppendOptions& options) {
  if (records.empty()) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("{}: an append needs at least one record",
                                 name_.ToString()));
  }
  const auto topic = config();
  BatchFields fields;
  if (topic->compression) {
    fields.codec = *topic->compression;
    fields.codec_level = topic->compression_level();
  }
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  BatchBuilder builder(fields, kRecordBytesMax);
  for (Record record : records) {
    if (!record.timestamp.has_value()) record.timestamp = now;
    if (!builder.Add(record)) {
      return MakeError(
          Reason::kBatchTooLarge,
          fmt::format("{}: {} records do not fit into one batch "
                      "of {} bytes",
                      name_.ToString(), records.size(), kRecordBytesMax));
    }
  }
  CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
  return Append(batch, options);
}

void Log::AppendAsync(const RecordBatch& batch, const AppendOptions& options,
                      AppendCallback done) {
  const bool waits = WaitsForSync(options.ack);
  absl::StatusOr<AppendResult> result =
      Write(batch, options, [&](const AppendResult& written) {
        if (waits) committer_.CallWhenDurable(written, std::move(done));
      });
  if (!result.ok()) return done(result.status());
  if (waits) return committer_.Serve();
  if (const absl::Status status = AfterWrite(result->next); !status.ok()) {
    return done(status);
  }
  done(*std::move(result));
}

absl::StatusOr<AppendResult> Log::Write(const RecordBatch& batch,
                                        const AppendOptions& options,
                                        OnWritten written) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const auto topic = config();
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  if (topic->compression && *topic->compression != batch.codec()) {
    BatchBuilder builder({}, kRecordBytesMax);
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch rebuilt,
                           Recompress(batch, *topic->compression,
                                      topic->compression_level(), builder));
    CAUCE_RETURN_IF_ERROR(CheckBatch(name_, rebuilt, *topic, now));
    return WriteChecked(rebuilt, options, *topic, now, written);
  }
  CAUCE_RETURN_IF_ERROR(CheckBatch(name_, batch, *topic, now));
  return WriteChecked(batch, options, *topic, now, written);
}

absl::StatusOr<AppendResult> Log::WriteChecked(const RecordBatch& batch,
                                               const AppendOptions& options,
                                               const TopicConfig& topic,
                                               Timestamp now,
                                               OnWritten written) {
  AppendResult result;
  {
    MutexLock lock(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    CAUCE_RETURN_IF_ERROR(committer_.status());
    const Offset base = log_end();
    CAUCE_RETURN_IF_ERROR(CheckOffsetsLeft(name_, batch, base));
    BatchFacts facts = BatchFacts::Of(batch, 0);
    // Before anything is written, an epoch too.
    CAUCE_RETURN_IF_ERROR(TakeSpace(facts.bytes));
    CAUCE_RETURN_IF_ERROR(TakeEpoch(options));
    BatchStamp stamp(batch, base, epochs_.latest());
    facts.last = base + batch.last_offset_delta();
    if (topic.timestamp_type == TimestampType::kLogAppendTime) {
      stamp.SetAppendTime(batch, now);
      facts.max_timestamp = now;
      result.append_time = now;
    }
    const RollLimits limits{topic.segment_bytes, topic.segment_index_bytes,
                            SegmentAgeMax(topic, roll_chance_)};
    if (writer_->ShouldRoll(facts, limits, now)) {
      CAUCE_RETURN_IF_ERROR(TakeSpaceToRoll(facts.bytes));
      CAUCE_RETURN_IF_ERROR(Roll(base, now));
    }
    const std::string_view parts[] = {stamp.header(), batch.payload()};
    const WriteAhead ahead = topic.flush == FlushPolicy::kGroup
                                 ? WriteAhead::kZeros
                                 : WriteAhead::kNone;
    if (absl::Status status = writer_->Append(parts, facts, ahead);
        !status.ok()) {
      NoteIfFull(status);
      NoteFailedWrite();
      return status;
    }
    result.base = base;
    result.next = facts.last + 1;
    appended_bytes_.fetch_add(facts.bytes, std::memory_order_relaxed);
    log_end_.store(result.next.value, std::memory_order_release);
    committer_.Written(result.next);
    written(result);
  }
  waiters_.Wake();
  return result;
}

absl::Status Log::TakeSpace(int64_t bytes) const {
  if (environment_->space == nullptr) return absl::OkStatus();
  return Annotate(environment_->space->Take(bytes), name_.ToString());
}

absl::Status Log::TakeSpaceToRoll(int64_t bytes) const {
  if (environment_->space == nullptr) return absl::OkStatus();
  return Annotate(environment_->space->TakeMuch(writer_->index_bytes() + bytes),
                  name_.ToString());
}

void Log::NoteIfFull(const absl::Status& status) const {
  const bool full = ReasonOf(status) == Reason::kDiskFull;
  if (full && environment_->space != nullptr) environment_->space->NoteFull();
}

void Log::NoteFailedWrite() {
  if (writer_->status().ok()) return;  // it may be tried again
  {
    MutexLock lock(view_mutex_);
    write_failure_ = writer_->status();
  }
  waiters_.Wake();
}

absl::Status Log::TakeEpoch(const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(SaveOwedEpochs());
  const LeaderEpoch latest = epochs_.latest();
  const LeaderEpoch epoch =
      options.leader_epoch.value_or(std::max(latest, LeaderEpoch{0}));
  if (epoch < latest) {
    return MakeError(Reason::kFencedEpoch,
                     fmt::format("{}: append comes from leader epoch {}, the "
                                 "partition is at {}",
                                 name_.ToString(), epoch.value, latest.value));
  }
  EpochHistory assigned = epochs_;
  if (!assigned.Assign(epoch, log_end())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(environment_->save_epochs(name_, assigned.starts()));
  epochs_ = std::move(assigned);
  epochs_unsaved_ = false;
  return absl::OkStatus();
}

absl::Status Log::Roll(Offset base, Timestamp now) {
  const absl::Status rolled = RollTo(base, now);
  NoteIfFull(rolled);
  return rolled;
}

absl::Status Log::RollTo(Offset base, Timestamp now) {
  CAUCE_RETURN_IF_ERROR(segments_.SyncNames());
  // Where one of them fails smaller batches may still go into this segment.
  CAUCE_RETURN_IF_ERROR(writer_->Complete());
  CAUCE_ASSIGN_OR_RETURN(auto next, SegmentWriter::Create(PlaceOf(base), now));
  writer_->LetGo();
  SegmentSet::List list = segments()->segments();
  segments_.NoteRoll(writer_->segment());
  list.push_back(next->segment());
  writer_ = std::move(next);
  roll_chance_ = environment_->random->Next();
  segments_.Publish(std::move(list));
  return absl::OkStatus();
}

// ---- Durability

void Log::NoteSynced(Offset end, int64_t appended) {
  if (!environment_->note_work) return;
  // A cut, which holds the lock, waits for this sync, and takes the recovery
  // point back itself. Whoever else holds it lets the next sync tell.
  // So does one that comes before the epochs below its point are saved.
  if (epochs_owed_) return;
  if (!ends_mutex_.TryLock()) return;
  const auto sealed = segments_.TakeSynced();
  const int64_t bytes = appended - noted_bytes_;
  const bool is_worth_it = sealed || bytes >= kNotedBytes;
  if (is_worth_it) Note(std::max(committer_.durable(), end));
  ends_mutex_.Unlock();
  if (!is_worth_it) return;
  noted_bytes_ = appended;
  RecoveryWork work{.bytes = bytes};
  if (sealed) {
    // A large one is noted at once: what lies above the point in one that is
    // sealed is scanned whole.
    work.bytes = std::max(bytes, sealed->bytes);
    work.segments = 1;
  }
  const bool save_bounds = environment_->note_work(work);
  const bool save_index = appended - index_saved_bytes_ >= kIndexSavedBytes;
  if (save_index) index_saved_bytes_ = appended;
  if (save_bounds) SaveNotedAside();
  if (save_index) RunAside([](Log& log) { log.SaveLiveIndex(); });
}

void Log::SaveNotedAside() {
  if (environment_->executor == nullptr) return environment_->save_noted();
  // Also where this log is gone by then: nobody else is asked to.
  environment_->executor->Schedule(
      [environment = environment_] { environment->save_noted(); });
}

void Log::RunAside(void (*task)(Log&)) {
  if (environment_->executor == nullptr) return task(*this);
  environment_->executor->Schedule([weak = weak_from_this(), task] {
    if (const auto log = weak.lock()) task(*log);
  });
}

void Log::SaveLiveIndex() {
  const absl::Status saved = segments()->active()->SaveLiveIndex();
  // What it would have spared after a kill is then done again.
  if (!saved.ok() && environment_->events) {
    environment_->events(Severity::kWarning, MessageOf(saved));
  }
}

absl::Status Log::Flush() {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (read_only_) return absl::OkStatus();
  // Before the sync: what is written during it begins a new time.
  unsynced_since_ = kNothingUnsynced;
  return committer_.Flush();
}

absl::Status Log::FlushAsConfigured(Offset end) {
  const auto topic = config();
  if (topic->flush_messages &&
      end - committer_.durable() >= *topic->flush_messages) {
    return Flush();
  }
  if (!topic->flush_interval) return absl::OkStatus();
  if (environment_->executor == nullptr) {
    return FlushIfDue(*topic->flush_interval);
  }
  if (flush_timer_set_.exchange(true)) return absl::OkStatus();
  environment_->executor->ScheduleAfter(
      *topic->flush_interval, [weak = weak_from_this()] {
        const auto log = weak.lock();
        if (log == nullptr) return;
        log->flush_timer_set_ = false;
        // A failed sync fences the log, which the next append tells.
        log->committer_.RunPending().IgnoreError();
      });
  return absl::OkStatus();
}

absl::Status Log::FlushIfDue(absl::Duration interval) {
  const int64_t now =
      absl::ToInt64Nanoseconds(environment_->clock->Monotonic());
  int64_t since = kNothingUnsynced;
  if (unsynced_since_.compare_exchange_strong(since, now)) since = now;
  return absl::Nanoseconds(now - since) < interval ? absl::OkStatus() : Flush();
}

// ---- Looking

Offset Log::high_watermark() const {
  // Before the look at what is shown: what is written once that has changed
  // is not to be seen here.
  const Offset end = log_end();
  if (read_only_ || shows_written_.load()) return end;
  return std::max(committer_.durable(), Offset{shown_.load()});
}

LeaderEpoch Log::leader_epoch() const {
  if (IsInherited()) return LeaderEpoch{};
  MutexLock lock(writer_mutex_);
  return epochs_.latest();
}

int64_t Log::bytes() const { return IsInherited() ? 0 : segments()->bytes(); }

std::shared_ptr<const SegmentSet> Log::segments() const {
  return segments_.Get();
}

bool Log::IsInherited() const { return environment_->files->forks() != forks_; }

absl::Status Log::CheckOpen() const {
  // First: a lock that another thread held when the process was forked is
  // never let go in the child.
  if (IsInherited()) {
    return MakeError(
        Reason::kClosed,
        fmt::format("{}: was opened by the process that this one was forked "
                    "from, which goes on writing it",
                    name_.ToString()));
  }
  MutexLock lock(view_mutex_);
  return ended_;
}

absl::Status Log::CheckTakesWrites() const {
  MutexLock lock(view_mutex_);
  return write_failure_;
}

absl::Status Log::CheckSound() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(committer_.status());
  return CheckTakesWrites();
}

absl::Status Log::CheckWritable() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (!read_only_) return absl::OkStatus();
  return MakeError(Reason::kReadOnly,
                   fmt::format("{}: the directory was opened for reading only",
                               name_.ToString()));
}

absl::StatusOr<std::optional<FoundOffset>> Log::FindByTime(Timestamp time) {
  bool at_gap = false;
  const auto find = [&]() -> absl::StatusOr<std::optional<FoundOffset>> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      const Offset up_to = high_watermark();
      const auto set = segments();
      auto found = FindByTimeIn(*set, time, up_to);
      at_gap = false;
      if (found.ok() && *found) {
        const absl::Status checked = CheckNoGapBefore(*set, (*found)->offset);
        at_gap = IsDamage(checked);
        if (!checked.ok()) found = checked;
      }
      // A cut has changed a file while it was read.
      const bool cut = std::any_of(
          set->segments().begin(), set->segments().end(),
          [](const auto& segment) { return segment->is_superseded(); });
      if (!cut) return found;
    }
  };
  auto found = ReadListed(find);
  if (!at_gap || !read_only_) return found;
  // It was listed while another process deleted or cut, perhaps.
  CAUCE_RETURN_IF_ERROR(Refresh());
  return ReadListed(find);
}

absl::Status Log::CheckNoGapBefore(const SegmentSet& set, Offset found) const {
  // Behind another record of the segment it is what stands between two that
  // are older, and nobody would have looked for it in between.
  const auto segment = set.Find(found);
  const bool is_first =
      found <= log_start() || found <= set.segments().front()->base();
  if (may_have_gaps() || is_first || found != segment->base()) {
    return absl::OkStatus();
  }
  const Offset before_it{found.value - 1};
  const auto before = set.Find(before_it);
  BatchScanner scanner;
  const auto last = before->Seek(scanner, before_it);
  // What is damaged is passed by, as everywhere by who looks for a time.
  if (IsDamage(last.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(last.status());
  if (*last) return absl::OkStatus();
  return Annotate(CheckNoGap({before->path(), scanner.position(),
                              scanner.offsets()->next.value_or(before->base())},
                             segment->base()),
                  name_.ToString());
}

absl::StatusOr<std::optional<FoundOffset>> Log::FindByTimeIn(
    const SegmentSet& set, Timestamp time, Offset up_to) {
  const Offset from = log_start();
  for (const auto& segment : set.segments()) {
    if (segment->base() >= up_to) break;
    CAUCE_ASSIGN_OR_RETURN(const Timestamp largest,
                           segment->LargestTimestamp());
    if (largest < time) continue;
    CAUCE_ASSIGN_OR_RETURN(const auto found,
                           segment->FindByTime(time, from, up_to));
    if (found) return found;
  }
  return std::nullopt;
}

absl::StatusOr<bool> Log::WaitFor(Offset offset, absl::Duration timeout) {
  if (read_only_) return WaitForFiles(offset, timeout);
  // Without an executor whoever waits makes visible what is written.
  const bool syncs_here = environment_->executor == nullptr;
  const auto cause_to_stop = [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    // What is written and cannot become durable will never be seen.
    CAUCE_RETURN_IF_ERROR(committer_.status());
    // Nor what nobody can write any more.
    return log_end() > offset ? absl::OkStatus() : CheckTakesWrites();
  };
  const auto look = [&]() -> absl::StatusOr<bool> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      if (high_watermark() > offset) return true;
      CAUCE_RETURN_IF_ERROR(cause_to_stop());
      if (!syncs_here || log_end() <= offset) return false;
      CAUCE_RETURN_IF_ERROR(committer_.Flush());
    }
  };
  const auto has_news = [&] {
    return high_watermark() > offset || (syncs_here && log_end() > offset) ||
           !cause_to_stop().ok();
  };
  Clock& clock = *environment_->clock;
  return waiters_.Wait(clock, clock.Monotonic() + timeout, look, has_news);
}

absl::StatusOr<bool> Log::WaitForFiles(Offset offset, absl::Duration timeout) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + timeout;
  // Watched before it is looked at, so that nothing comes in between.
  CAUCE_ASSIGN_OR_RETURN(const auto watch,
                         environment_->files->Watch({&directory_, 1}));
  for (;;) {
    CAUCE_RETURN_IF_ERROR(Refresh());
    if (log_end() > offset) return true;
    const absl::Duration left = until - clock.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    // In steps, since a Close does not wake those who wait for files.
    CAUCE_RETURN_IF_ERROR(
        watch->Wait(std::min(left, absl::Seconds(1))).status());
  }
}

absl::Status Log::Refresh() {
  if (!read_only_) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  const absl::Status refreshed = view_->Refresh();
  if (absl::IsNotFound(refreshed)) {
    return MakeError(Reason::kUnknownTopic,
                     fmt::format("{}: the topic was deleted, {} is gone",
                                 name_.ToString(), directory_));
  }
  CAUCE_RETURN_IF_ERROR(refreshed);
  const SegmentSet::List& list = view_->segments();
  log_start_ = std::max(log_start(), list.front()->base()).value;
  segments_.Publish(list);
  log_end_.store(list.back()->next().value, std::memory_order_release);
  return absl::OkStatus();
}

// ---- The rest

absl::Status Log::SaveEpochs() {
  CAUCE_RETURN_IF_ERROR(environment_->save_epochs(name_, epochs_.starts()));
  epochs_unsaved_ = false;
  epochs_owed_ = false;
  return absl::OkStatus();
}

absl::Status Log::SaveEpochsOrOweThem() {
  const absl::Status saved = SaveEpochs();
  epochs_owed_ = ReasonOf(saved) == Reason::kDiskFull;
  return epochs_owed_ ? absl::OkStatus() : saved;
}

absl::Status Log::SaveOwedEpochs() {
  return epochs_owed_ ? SaveEpochs() : absl::OkStatus();
}

SegmentPlace Log::PlaceOf(Offset base) const {
  SegmentPlace place;
  place.files = environment_->files;
  place.pool = environment_->pool.get();
  place.directory = directory_;
  place.base = base;
  place.index_interval_bytes = config()->index_interval_bytes;
  place.space = environment_->space.get();
  return place;
}

std::shared_ptr<const TopicConfig> Log::config() const {
  MutexLock lock(view_mutex_);
  return config_;
}

void Log::SetConfig(const TopicConfig& config, bool keep_everything) {
  auto shared = std::make_shared<const TopicConfig>(config);
  const bool shows_written = ShowsWritten(config);
  bool shows_less = false;
  {
    MutexLock writer(writer_mutex_);
    // What readers have seen must not vanish when only durable records are
    // shown from now on. No append comes in between.
    shows_less = shows_written_ && !shows_written;
    if (shows_less) shown_ = log_end_.load();
    shows_written_ = shows_written;
    if (config.cleanup.compact) may_have_gaps_ = true;
    MutexLock lock(view_mutex_);
    config_ = std::move(shared);
    keep_everything_ = keep_everything;
  }
  // A failed sync fences the log as ever.
  if (shows_less) Flush().IgnoreError();
}

absl::Status Log::Close(const absl::Status& cause) {
  if (!End(cause)) return absl::OkStatus();
  absl::Status closed;
  if (!read_only_) {
    closed = committer_.Flush();
    MutexLock ends(ends_mutex_);
    MutexLock lock(writer_mutex_);
    // A cut that failed halfway has fenced a log that has nothing to flush.
    closed.Update(committer_.status());
    if (closed.ok()) closed = SealForClose();
    // After a cut that failed halfway the next opening decides what goes.
    if (closed.ok()) closed = retired_.UnlinkAll();
  }
  committer_.Fail(cause);
  committer_.Deliver();
  return Annotate(closed, name_.ToString());
}

bool Log::End(const absl::Status& cause) {
  {
    MutexLock lock(view_mutex_);
    if (!ended_.ok()) return false;
    ended_ = cause;
  }
  // What found the log open is over once we have had its locks.
  MutexLock ends(ends_mutex_);
  MutexLock lock(writer_mutex_);
  // Readers may go on in segments that they hold. Those that left the log
  // before write nothing either.
  const auto set = segments();
  for (const auto& segment : set->segments()) segment->StopRepairs();
  return true;
}

absl::Status Log::SealForClose() {
  // Whoever opens the directory next, a Kafka broker too, finds no epoch that
  // begins below the log.
  CAUCE_RETURN_IF_ERROR(SaveOwedEpochs());
  if (epochs_unsaved_) {
    const absl::Status saved = SaveEpochs();
    // On a full disk the next opening cuts them, as after any other stop.
    if (ReasonOf(saved) != Reason::kDiskFull) CAUCE_RETURN_IF_ERROR(saved);
  }
  // Segments that were rolled, by an append that then failed, hold nothing
  // that was not durable, but their indexes may not be.
  CAUCE_RETURN_IF_ERROR(segments_.Sync());
  if (!writer_->has_changed()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(writer_->Seal());
  Segment& active = *writer_->segment();
  CAUCE_RETURN_IF_ERROR(active.Sync());
  CAUCE_RETURN_IF_ERROR(active.SyncIndexFiles());
  return environment_->files->SyncDirectory(directory_);
}

void Log::Abandon(const absl::Status& cause) {
  if (!End(cause)) return;
  committer_.Fail(cause);
  committer_.Deliver();
}

absl::Status Log::NoteBounds() {
  MutexLock lock(ends_mutex_);
  // What was durable before a cut that failed halfway may be gone.
  CAUCE_RETURN_IF_ERROR(CheckSound());
  {
    // What was learned from batches above the recovery point would not be
    // learned again from below it.
    MutexLock writer(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(SaveOwedEpochs());
  }
  Note(committer_.durable());
  return absl::OkStatus();
}

absl::Status Log::NoteFoundStart() {
  CAUCE_RETURN_IF_ERROR(CheckSound());
  {
    MutexLock lock(ends_mutex_);
    saved_start_ = log_start();
  }
  return NoteBounds();
}

LogBounds Log::bounds() const {
  MutexLock lock(ends_mutex_);
  return {durable_end(), saved_start_};
}

void Log::Note(Offset recovery_point) {
  environment_->note_bounds(name_, {recovery_point, saved_start_});
}

bool Log::IsAtRest() {
  if (!CheckSound().ok()) return false;
  MutexLock lock(ends_mutex_);
  MutexLock writer(writer_mutex_);
  return retired_.empty() && !epochs_owed_ && writer_->is_settled() &&
         durable_end() == log_end();
}

void Log::DropIdle() {
  const auto set = segments();
  for (const auto& segment : set->segments()) segment->DropIdleIndex();
}

}  // namespace cauce
