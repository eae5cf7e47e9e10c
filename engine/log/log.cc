#include "engine/log/log.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/log/recompress.h"
#include "engine/log/retention.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A header with the fields that the log sets, and nothing else changed.
class StampedHeader {
 public:
  StampedHeader(const RecordBatch& batch, Offset base, LeaderEpoch epoch) {
    std::memcpy(bytes_.data(), batch.bytes().data(), bytes_.size());
    StoreBig<int64_t>(bytes_.data() + layout::kBaseOffset, base.value);
    StoreBig<int32_t>(bytes_.data() + layout::kLeaderEpoch, epoch.value);
  }

  // Gives every record the time `now`; the CRC covers that.
  void SetAppendTime(const RecordBatch& batch, Timestamp now) {
    StoreBig<int16_t>(bytes_.data() + layout::kAttributes,
                      batch.attributes() | layout::kLogAppendTimeBit);
    StoreBig<int64_t>(bytes_.data() + layout::kMaxTimestamp, now.ms);
    const uint32_t crc = Crc32cExtend(
        Crc32c(view().substr(layout::kAttributes)), batch.payload());
    StoreBig<uint32_t>(bytes_.data() + layout::kCrc, crc);
  }

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, kBatchHeaderBytes> bytes_;
};

Timestamp Plus(Timestamp time, absl::Duration more) {
  return Timestamp::From(time.ToTime() + more);
}

bool IsCompacted(const TopicConfig& config) { return config.cleanup.compact; }

bool ShowsWritten(const TopicConfig& config) {
  return config.flush == FlushPolicy::kOs;
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

  if (options.read_only) {
    CAUCE_ASSIGN_OR_RETURN(auto view,
                           LogView::Open(place, options.bounds.log_start,
                                         options.bounds.recovery_point));
    const Offset start =
        std::max(options.bounds.log_start, view->segments().front()->base());
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
  CAUCE_ASSIGN_OR_RETURN(RecoveredLog recovered, RecoverLog(place, hints));
  SegmentSet::List segments = recovered.sealed;
  segments.push_back(recovered.writer->segment());
  std::shared_ptr<Log> log(new Log(std::move(environment), options,
                                   std::move(segments), recovered.log_start));
  MutexLock lock(log->writer_mutex_);
  log->writer_ = std::move(recovered.writer);
  log->epochs_ = EpochHistory(options.epochs);
  log->roll_jitter_ = log->DrawJitter();
  // One that begins at the end was assigned and has not written yet.
  bool changed = log->epochs_.TruncateFromEnd(log->log_end() + 1);
  // An epoch that batches tell of was assigned, whatever was saved.
  for (const EpochStart& seen : recovered.epochs) {
    changed |= log->epochs_.Assign(seen.epoch, seen.start);
  }
  if (changed) CAUCE_RETURN_IF_ERROR(log->SaveEpochs());
  return log;
}

Log::Log(std::shared_ptr<const LogEnvironment> environment,
         const LogOptions& options, SegmentSet::List segments, Offset log_start)
    : environment_(std::move(environment)),
      name_(options.name),
      directory_(options.directory),
      read_only_(options.read_only),
      committer_(segments.back()->next(), CommitterHooks()),
      log_start_(log_start.value),
      log_end_(segments.back()->next().value),
      shows_written_(ShowsWritten(options.config)),
      segments_(std::make_shared<const SegmentSet>(std::move(segments))),
      config_(std::make_shared<const TopicConfig>(options.config)),
      keep_everything_(options.keep_everything) {}

Committer::Hooks Log::CommitterHooks() {
  Committer::Hooks hooks;
  hooks.sync = [this] { return SyncWritten(); };
  hooks.moved = [this] { WakeReaders(); };
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
  CAUCE_ASSIGN_OR_RETURN(AppendResult result, Write(batch, options));
  CAUCE_RETURN_IF_ERROR(Acknowledge(result, options.ack));
  return result;
}

absl::Status Log::Acknowledge(const AppendResult& result, Ack ack) {
  if (shows_written_.load(std::memory_order_relaxed)) {
    return FlushAsConfigured(result.next);
  }
  if (ack == Ack::kDurable) return committer_.WaitUntilDurable(result.next);
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
  absl::StatusOr<AppendResult> result = Write(batch, options);
  if (!result.ok()) return done(result.status());
  const bool waits = options.ack == Ack::kDurable &&
                     !shows_written_.load(std::memory_order_relaxed);
  if (waits) return committer_.CallWhenDurable(*result, std::move(done));
  if (const absl::Status status = Acknowledge(*result, Ack::kWritten);
      !status.ok()) {
    return done(status);
  }
  done(*std::move(result));
}

absl::StatusOr<AppendResult> Log::Write(const RecordBatch& batch,
                                        const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const auto topic = config();
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  if (topic->compression && *topic->compression != batch.codec()) {
    BatchBuilder builder({}, kRecordBytesMax);
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch rebuilt,
                           Recompress(batch, *topic->compression,
                                      topic->compression_level(), builder));
    CAUCE_RETURN_IF_ERROR(CheckBatch(rebuilt, *topic, now));
    return WriteChecked(rebuilt, options, *topic, now);
  }
  CAUCE_RETURN_IF_ERROR(CheckBatch(batch, *topic, now));
  return WriteChecked(batch, options, *topic, now);
}

absl::Status Log::CheckBatch(const RecordBatch& batch, const TopicConfig& topic,
                             Timestamp now) const {
  const auto bytes = static_cast<int64_t>(batch.bytes().size());
  if (bytes > topic.max_message_bytes) {
    return MakeError(
        Reason::kBatchTooLarge,
        fmt::format("{}: batch is {} bytes, limit is {} (max.message.bytes)",
                    name_.ToString(), bytes, topic.max_message_bytes));
  }
  if (batch.is_control()) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("{}: control batches are written by the "
                                 "transaction coordinator alone",
                                 name_.ToString()));
  }
  if (batch.record_count() != int64_t{batch.last_offset_delta()} + 1) {
    return MakeError(
        Reason::kInvalidRecord,
        fmt::format("{}: batch holds {} records in {} offsets; an appended "
                    "batch has no gaps",
                    name_.ToString(), batch.record_count(),
                    int64_t{batch.last_offset_delta()} + 1));
  }
  const bool own_times = topic.timestamp_type == TimestampType::kCreateTime;
  const Timestamp latest = Plus(now, topic.timestamp_after_max);
  if (own_times && batch.max_timestamp() > latest) {
    return MakeError(
        Reason::kInvalidTimestamp,
        fmt::format("{}: batch has timestamp {} ms, the latest allowed is {} "
                    "ms (message.timestamp.after.max.ms)",
                    name_.ToString(), batch.max_timestamp().ms, latest.ms));
  }
  // Records are decoded only where the topic asks for what is inside of them.
  const bool bounded_below = own_times && topic.timestamp_before_max;
  if (!bounded_below && !IsCompacted(topic)) return absl::OkStatus();
  RecordRules rules;
  rules.keys_required = IsCompacted(topic);
  if (own_times) rules.latest = latest;
  if (bounded_below) rules.earliest = Plus(now, -*topic.timestamp_before_max);
  return Annotate(ValidateRecords(batch, rules), name_.ToString());
}

absl::StatusOr<AppendResult> Log::WriteChecked(const RecordBatch& batch,
                                               const AppendOptions& options,
                                               const TopicConfig& topic,
                                               Timestamp now) {
  AppendResult result;
  {
    MutexLock lock(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    CAUCE_RETURN_IF_ERROR(committer_.status());
    CAUCE_RETURN_IF_ERROR(TakeEpoch(options));
    const Offset base = log_end();
    StampedHeader header(batch, base, epochs_.latest());
    BatchFacts facts = BatchFacts::Of(batch, 0);
    facts.last = base + batch.last_offset_delta();
    if (topic.timestamp_type == TimestampType::kLogAppendTime) {
      header.SetAppendTime(batch, now);
      facts.max_timestamp = now;
      result.append_time = now;
    }
    const RollLimits limits{topic.segment_bytes, topic.segment_index_bytes,
                            topic.segment_age_max - roll_jitter_};
    if (writer_->ShouldRoll(facts, limits, now)) {
      CAUCE_RETURN_IF_ERROR(Roll(base, now));
    }
    const std::string_view parts[] = {header.view(), batch.payload()};
    const WriteAhead ahead = topic.flush == FlushPolicy::kGroup
                                 ? WriteAhead::kZeros
                                 : WriteAhead::kNone;
    CAUCE_RETURN_IF_ERROR(writer_->Append(parts, facts, ahead));
    result.base = base;
    result.next = facts.last + 1;
    log_end_.store(result.next.value, std::memory_order_release);
    committer_.Written(result.next);
  }
  WakeReaders();
  return result;
}

absl::Status Log::TakeEpoch(const AppendOptions& options) {
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
  return absl::OkStatus();
}

absl::Status Log::Roll(Offset base, Timestamp now) {
  CAUCE_RETURN_IF_ERROR(writer_->Seal());
  auto created = SegmentWriter::Create(PlaceOf(base), now);
  if (!created.ok()) {
    // Smaller batches may still go into this one.
    writer_->Unseal();
    return created.status();
  }
  auto next = *std::move(created);
  SegmentSet::List list = segments()->segments();
  {
    MutexLock lock(view_mutex_);
    unsynced_.push_back(writer_->segment());
    directory_unsynced_ = true;
  }
  list.push_back(next->segment());
  writer_ = std::move(next);
  roll_jitter_ = DrawJitter();
  Publish(std::move(list));
  return absl::OkStatus();
}

absl::Duration Log::DrawJitter() const {
  const auto topic = config();
  const int64_t most = absl::ToInt64Milliseconds(
      std::min(topic->segment_jitter, topic->segment_age_max));
  if (most <= 0) return absl::ZeroDuration();
  return absl::Milliseconds(static_cast<int64_t>(environment_->random->Next() %
                                                 static_cast<uint64_t>(most)));
}

// ---- Durability

absl::Status Log::SyncWritten() {
  SegmentSet::List sealed;
  std::shared_ptr<Segment> active;
  bool names = false;
  {
    MutexLock lock(view_mutex_);
    sealed = unsynced_;
    active = segments_->active();
    names = std::exchange(directory_unsynced_, false);
  }
  for (const auto& segment : sealed) {
    CAUCE_RETURN_IF_ERROR(segment->Sync());
    CAUCE_RETURN_IF_ERROR(segment->SyncIndexFiles());
  }
  CAUCE_RETURN_IF_ERROR(active->Sync());
  if (names) {
    CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  }
  MutexLock lock(view_mutex_);
  std::erase_if(unsynced_, [&](const auto& segment) {
    return std::find(sealed.begin(), sealed.end(), segment) != sealed.end();
  });
  return absl::OkStatus();
}

absl::Status Log::Flush() {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (read_only_) return absl::OkStatus();
  return committer_.Flush();
}

absl::Status Log::FlushAsConfigured(Offset end) {
  const auto topic = config();
  if (topic->flush_messages &&
      end - committer_.durable() >= *topic->flush_messages) {
    return committer_.WaitUntilDurable(end);
  }
  if (topic->flush_interval && environment_->executor != nullptr &&
      !flush_timer_set_.exchange(true)) {
    environment_->executor->ScheduleAfter(
        *topic->flush_interval, [weak = weak_from_this()] {
          const auto log = weak.lock();
          if (log == nullptr) return;
          log->flush_timer_set_ = false;
          // A failed sync fences the log, which the next append tells.
          log->committer_.RunPending().IgnoreError();
        });
  }
  return absl::OkStatus();
}

// ---- Looking

Offset Log::high_watermark() const {
  if (read_only_ || shows_written_.load(std::memory_order_relaxed)) {
    return log_end();
  }
  return committer_.durable();
}

LeaderEpoch Log::leader_epoch() const {
  MutexLock lock(writer_mutex_);
  return epochs_.latest();
}

std::shared_ptr<const SegmentSet> Log::segments() const {
  MutexLock lock(view_mutex_);
  return segments_;
}

absl::Status Log::CheckOpen() const {
  MutexLock lock(view_mutex_);
  return ended_;
}

absl::Status Log::CheckWritable() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (!read_only_) return absl::OkStatus();
  return MakeError(Reason::kReadOnly,
                   fmt::format("{}: the directory was opened for reading only",
                               name_.ToString()));
}

absl::StatusOr<std::optional<FoundOffset>> Log::FindByTime(Timestamp time) {
  for (;;) {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    const Offset up_to = high_watermark();
    const auto set = segments();
    auto found = FindByTimeIn(*set, time, up_to);
    // Otherwise a cut has changed a file while it was read.
    const bool cut = std::any_of(
        set->segments().begin(), set->segments().end(),
        [](const auto& segment) { return segment->is_superseded(); });
    if (!cut) return found;
  }
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
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + timeout;
  ++waiting_;
  absl::Cleanup leave = [this] { --waiting_; };
  for (;;) {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    if (high_watermark() > offset) return true;
    // What is written and cannot become durable will never be seen.
    if (log_end() > offset) CAUCE_RETURN_IF_ERROR(committer_.status());
    const bool syncs_here =
        environment_->executor == nullptr && log_end() > offset;
    if (syncs_here) {
      CAUCE_RETURN_IF_ERROR(committer_.Flush());
      continue;
    }
    MutexLock lock(wait_mutex_);
    // Whoever moves the log does so before it takes this lock to wake us.
    const bool news = high_watermark() > offset ||
                      (environment_->executor == nullptr && log_end() > offset);
    if (news || !CheckOpen().ok()) continue;
    const absl::Duration left = until - clock.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    moved_.WaitFor(wait_mutex_, left);
  }
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

void Log::WakeReaders() {
  // Pairs with the count that a waiter raises before it looks: either we see
  // it here, or it comes after us and sees what moved. A plain load would not
  // be ordered against it.
  if (waiting_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
  MutexLock lock(wait_mutex_);
  moved_.NotifyAll();
}

absl::Status Log::Refresh() {
  if (!read_only_) return absl::OkStatus();
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(view_->Refresh());
  const SegmentSet::List& list = view_->segments();
  log_start_ = std::max(log_start(), list.front()->base()).value;
  Publish(list);
  log_end_.store(list.back()->next().value, std::memory_order_release);
  return absl::OkStatus();
}

// ---- Cutting at either end

absl::StatusOr<Offset> Log::TruncateTo(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const auto end = [&] {
    MutexLock lock(writer_mutex_);
    return Truncate(offset);
  }();
  committer_.Deliver();
  return end;
}

absl::StatusOr<Offset> Log::Truncate(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(committer_.status());
  CAUCE_RETURN_IF_ERROR(writer_->status());
  if (offset < log_start() || offset > log_end()) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: cannot truncate to offset {}, the log "
                                 "has {} to {}",
                                 name_.ToString(), offset.value,
                                 log_start().value, log_end().value));
  }
  if (offset == log_end()) return offset;
  const auto set = segments();
  std::shared_ptr<Segment> last = set->Find(offset);
  BatchScanner scanner;
  CAUCE_ASSIGN_OR_RETURN(auto batch, last->Seek(scanner, offset));
  while (!batch) {
    // The offset lies in a gap behind this segment's last batch.
    std::shared_ptr<Segment> after = set->After(last->base());
    if (after == nullptr) return log_end();
    last = std::move(after);
    CAUCE_ASSIGN_OR_RETURN(batch, last->Seek(scanner, offset));
  }
  const Offset end = batch->base_offset();
  CAUCE_ASSIGN_OR_RETURN(const auto file, last->OpenFile());
  CAUCE_ASSIGN_OR_RETURN(
      ScannedSegment scanned,
      ScanSegment(file, last->path(), last->base(), scanner.batch_position(),
                  last->place().index_interval_bytes));
  CAUCE_RETURN_IF_ERROR(scanned.damage);
  // First, so that a crash in between never takes the new tail, which is
  // shorter than the old one was, for damage.
  CAUCE_RETURN_IF_ERROR(environment_->save_bounds(
      name_, {std::min(committer_.durable(), end), log_start()}));
  auto cut = CutAt(last, std::move(scanned), end);
  if (!cut.ok()) {
    committer_.Fail(MakeError(
        Reason::kDiskFailed,
        fmt::format("{}: was not cut whole, and takes no more records until "
                    "it is reopened: {}",
                    name_.ToString(), cut.status().ToString())));
  }
  return cut;
}

absl::StatusOr<Offset> Log::CutAt(const std::shared_ptr<Segment>& last,
                                  ScannedSegment scanned, Offset end) {
  // Readers leave first: nobody is to read what goes, nor what is written in
  // its place for what was there.
  const SegmentPlace place = PlaceOf(last->base());
  auto kept = std::make_shared<Segment>(place, OpenMode::kReadWrite,
                                        scanned.bytes, scanned.next);
  CAUCE_RETURN_IF_ERROR(kept->OpenFile().status());
  kept->ShareLiveIndex(scanned.index);
  kept->MarkDirty();  // for a sync that runs meanwhile
  const auto before = segments();
  SegmentSet::List list = before->segments();
  while (list.back() != last) list.pop_back();
  list.back() = std::move(kept);
  Publish(list);

  // Newest first: whatever a crash leaves is a log without a hole.
  for (size_t i = before->segments().size(); i > list.size(); --i) {
    CAUCE_RETURN_IF_ERROR(Retire(before->segments()[i - 1]));
  }
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  CAUCE_ASSIGN_OR_RETURN(writer_,
                         SegmentWriter::Resume(place, std::move(scanned), now));
  CAUCE_RETURN_IF_ERROR(writer_->segment()->Sync());
  list.back() = writer_->segment();
  Publish(std::move(list));
  if (end < log_start()) {
    // The cut batch began below the log start: offsets must not come back.
    end = log_start();
    CAUCE_RETURN_IF_ERROR(Roll(end, now));
  }
  log_end_.store(end.value, std::memory_order_release);
  committer_.Truncated(end);
  if (epochs_.TruncateFromEnd(end)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
  return end;
}

absl::Status Log::DeleteRecordsBefore(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (offset <= log_start()) return absl::OkStatus();
  if (offset > high_watermark()) {
    return MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("{}: cannot delete the records before offset "
                    "{}, the high watermark is {}",
                    name_.ToString(), offset.value, high_watermark().value));
  }
  CAUCE_RETURN_IF_ERROR(
      environment_->save_bounds(name_, {committer_.durable(), offset}));
  log_start_ = offset.value;
  if (epochs_.TruncateFromStart(offset)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
  const auto set = segments();
  size_t below = 0;
  while (below + 1 < set->segments().size() &&
         set->segments()[below + 1]->base() <= offset) {
    ++below;
  }
  return RetireOldest(below);
}

absl::Status Log::ApplyRetention() {
  if (read_only_) return absl::OkStatus();
  const auto topic = config();
  const absl::Time now = environment_->clock->Now();
  RetentionOptions keep;
  keep.age_max = std::nullopt;
  {
    MutexLock lock(view_mutex_);
    if (!keep_everything_ && topic->cleanup.remove) {
      keep.age_max = topic->retention_age;
      keep.bytes_min = topic->retention_bytes;
    }
  }
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RollExpired(keep, now));
  const auto set = segments();
  std::vector<SegmentInfo> sealed;
  for (size_t i = 0; i + 1 < set->segments().size(); ++i) {
    const auto& segment = set->segments()[i];
    CAUCE_ASSIGN_OR_RETURN(const absl::Time largest, AgeOf(*segment));
    sealed.push_back({segment->base(), set->segments()[i + 1]->base(),
                      segment->bytes(), largest});
  }
  const RetentionView view{sealed, set->active()->bytes(), log_start(),
                           high_watermark()};
  const size_t count = PlanRetention(view, keep, now);
  if (count > 0) {
    const Offset start = std::max(log_start(), sealed[count - 1].next);
    CAUCE_RETURN_IF_ERROR(
        environment_->save_bounds(name_, {committer_.durable(), start}));
    log_start_ = start.value;
    if (epochs_.TruncateFromStart(start)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
    CAUCE_RETURN_IF_ERROR(RetireOldest(count));
  }
  return UnlinkRetired();
}

absl::Status Log::RollExpired(const RetentionOptions& keep, absl::Time now) {
  // The active segment can only go after it was sealed.
  Segment& active = *writer_->segment();
  if (active.bytes() == 0 || active.next() > high_watermark()) {
    return absl::OkStatus();
  }
  CAUCE_ASSIGN_OR_RETURN(const absl::Time largest, AgeOf(active));
  const bool too_old = keep.age_max && now - largest > *keep.age_max;
  const bool not_needed = keep.bytes_min && *keep.bytes_min <= 0;
  if (!too_old && !not_needed) return absl::OkStatus();
  return Roll(log_end(), Timestamp::From(now));
}

absl::StatusOr<absl::Time> Log::AgeOf(Segment& segment) const {
  CAUCE_ASSIGN_OR_RETURN(const Timestamp largest, segment.LargestTimestamp());
  if (largest.has_value()) return largest.ToTime();
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         environment_->files->Info(segment.path()));
  return info.modified;
}

absl::Status Log::RetireOldest(size_t count) {
  if (count == 0) return absl::OkStatus();
  const auto set = segments();
  const SegmentSet::List& all = set->segments();
  // Oldest first: whatever a crash leaves is a log without a hole.
  for (size_t i = 0; i < count; ++i) CAUCE_RETURN_IF_ERROR(Retire(all[i]));
  Publish({all.begin() + static_cast<std::ptrdiff_t>(count), all.end()});
  return environment_->files->SyncDirectory(directory_);
}

absl::Status Log::Retire(const std::shared_ptr<Segment>& segment) {
  CAUCE_RETURN_IF_ERROR(segment->Retire());
  retired_.push_back({segment, environment_->clock->Monotonic()});
  MutexLock lock(view_mutex_);
  std::erase(unsynced_, segment);
  return absl::OkStatus();
}

absl::Status Log::UnlinkRetired() {
  const absl::Duration now = environment_->clock->Monotonic();
  const absl::Duration delay = config()->file_delete_delay;
  std::vector<Retired> kept;
  absl::Status first;
  for (Retired& each : retired_) {
    // Ours and the local copies: any more are readers inside of it.
    const bool in_use = each.segment.use_count() > 1;
    if (in_use || now - each.since < delay) {
      kept.push_back(std::move(each));
    } else {
      first.Update(each.segment->Unlink());
    }
  }
  retired_ = std::move(kept);
  return first;
}

// ---- The rest

absl::Status Log::SaveEpochs() {
  return environment_->save_epochs(name_, epochs_.starts());
}

SegmentPlace Log::PlaceOf(Offset base) const {
  SegmentPlace place;
  place.files = environment_->files;
  place.pool = environment_->pool.get();
  place.directory = directory_;
  place.base = base;
  place.index_interval_bytes = config()->index_interval_bytes;
  return place;
}

void Log::Publish(SegmentSet::List segments) {
  const auto now = std::make_shared<const SegmentSet>(std::move(segments));
  std::shared_ptr<const SegmentSet> before = now;
  {
    MutexLock lock(view_mutex_);
    segments_.swap(before);
  }
  // Those at the front may be read to their end; in the place of any other
  // that is gone there are, or will be, other records.
  const Offset first = now->segments().front()->base();
  for (const auto& segment : before->segments()) {
    const Offset base = segment->base();
    if (base >= first && now->Find(base) != segment) segment->Supersede();
  }
}

std::shared_ptr<const TopicConfig> Log::config() const {
  MutexLock lock(view_mutex_);
  return config_;
}

void Log::SetConfig(const TopicConfig& config, bool keep_everything) {
  // What readers have seen must not vanish when only durable records are
  // shown from now on; a failed sync fences the log as ever.
  if (shows_written_ && !ShowsWritten(config)) Flush().IgnoreError();
  auto shared = std::make_shared<const TopicConfig>(config);
  MutexLock lock(view_mutex_);
  config_ = std::move(shared);
  keep_everything_ = keep_everything;
  shows_written_ = ShowsWritten(config);
}

absl::Status Log::Close(const absl::Status& cause) {
  if (!End(cause)) return absl::OkStatus();
  absl::Status closed;
  if (!read_only_) {
    closed = committer_.Flush();
    MutexLock lock(writer_mutex_);
    // A cut that failed halfway has fenced a log that has nothing to flush.
    closed.Update(committer_.status());
    if (closed.ok()) closed = SealForClose();
    for (Retired& each : retired_) closed.Update(each.segment->Unlink());
    retired_.clear();
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
  // An append that found the log open is over once we have its lock.
  MutexLock lock(writer_mutex_);
  return true;
}

absl::Status Log::SealForClose() {
  // Segments that were rolled, by an append that then failed, hold nothing
  // that was not durable, but their indexes may not be.
  CAUCE_RETURN_IF_ERROR(SyncWritten());
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
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  environment_->note_bounds(name_, {committer_.durable(), log_start()});
  return absl::OkStatus();
}

void Log::DropIdle() {
  const auto set = segments();
  for (const auto& segment : set->segments()) segment->DropIdleIndex();
}

}  // namespace cauce
