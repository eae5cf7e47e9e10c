#include "engine/log/log.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_check.h"
#include "engine/log/batch_stamp.h"
#include "engine/log/recompress.h"
#include "engine/record/records_batch.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// segment.ms, less the part of segment.jitter.ms that `chance` says: of what
// both are now, since either may be altered while a segment is active. Only a
// sealed segment is compacted, so no more than max.compaction.lag.ms.
absl::Duration SegmentAgeMax(const TopicConfig& topic, uint64_t chance) {
  absl::Duration age_max = topic.segment_age_max;
  if (topic.cleanup.compact && topic.max_compaction_lag) {
    age_max = std::min(age_max, *topic.max_compaction_lag);
  }
  const int64_t most =
      absl::ToInt64Milliseconds(std::min(topic.segment_jitter, age_max));
  if (most <= 0) return age_max;
  const uint64_t jitter = chance % static_cast<uint64_t>(most);
  return age_max - absl::Milliseconds(static_cast<int64_t>(jitter));
}

RollLimits LimitsOf(const TopicConfig& topic, uint64_t chance) {
  return {topic.segment_bytes, topic.segment_index_bytes,
          SegmentAgeMax(topic, chance)};
}

}  // namespace

absl::StatusOr<AppendResult> Log::Append(const RecordBatch& batch,
                                         const AppendOptions& options) {
  return AppendWith(options.ack, [&](OnWritten written) {
    return Write(batch, options, written);
  });
}

absl::StatusOr<AppendResult> Log::AppendWith(Ack ack, WriteSome some) {
  const bool waits = WaitsForSync(ack);
  Committer::Waiter waiter;
  const auto enter = [&](const AppendResult& written) {
    if (waits) committer_.Enter(waiter, written.next);
  };
  absl::StatusOr<AppendResult> result = some(enter);
  if (!result.ok()) {
    // A roll that failed may have decided the fate of others.
    committer_.Deliver();
    return result;
  }
  CAUCE_RETURN_IF_ERROR(waits ? committer_.Wait(waiter)
                              : AfterWrite(result->next));
  return result;
}

bool Log::WaitsForSync(Ack ack) const {
  return ack == Ack::kDurable &&
         !shows_written_.load(std::memory_order_relaxed);
}

absl::Status Log::AfterWrite(Offset end) {
  if (!shows_written_.load(std::memory_order_relaxed)) {
    committer_.SyncSoon();
  } else if (flushes_itself_.load(std::memory_order_relaxed)) {
    return FlushAsConfigured(end);
  }
  return absl::OkStatus();
}

absl::StatusOr<AppendResult> Log::Append(std::span<const Record> records,
                                         const AppendOptions& options) {
  const auto topic = config();
  BatchFields fields;
  if (topic->compression) {
    fields.codec = *topic->compression;
    fields.codec_level = topic->compression_level();
  }
  BatchBuilder builder(fields, kRecordBytesMax);
  CAUCE_ASSIGN_OR_RETURN(
      const RecordBatch batch,
      RecordsBatch(name_, records,
                   Timestamp::From(environment_->clock->Now()), builder));
  return Append(batch, options);
}

void Log::AppendAsync(const RecordBatch& batch, const AppendOptions& options,
                      AppendCallback done) {
  AppendWithAsync(
      options.ack,
      [&](OnWritten written) { return Write(batch, options, written); },
      std::move(done));
}

void Log::AppendWithAsync(Ack ack, WriteSome some, AppendCallback done) {
  const bool waits = WaitsForSync(ack);
  const auto enter = [&](const AppendResult& written) {
    if (waits) committer_.CallWhenDurable(written, std::move(done));
  };
  absl::StatusOr<AppendResult> result = some(enter);
  if (result.ok() && waits) return committer_.Serve();
  if (result.ok()) {
    const absl::Status synced = AfterWrite(result->next);
    if (!synced.ok()) result = synced;
  }
  committer_.CallNow(std::move(result), std::move(done));
}

absl::StatusOr<AppendResult> Log::Write(const RecordBatch& batch,
                                        const AppendOptions& options,
                                        OnWritten written) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  if (!prepares_.load(std::memory_order_relaxed)) {
    return WriteBatch(batch, options, {.now = now}, written);
  }
  const auto topic = config();
  if (topic->compression && *topic->compression != batch.codec()) {
    CAUCE_RETURN_IF_ERROR(CheckBatchSize(name_, batch, *topic));
    BatchBuilder builder({}, kRecordBytesMax);
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch rebuilt,
                           Recompress(batch, *topic->compression,
                                      topic->compression_level(), builder));
    CAUCE_RETURN_IF_ERROR(
        CheckBatch(name_, rebuilt, *topic, now, options.origin));
    return WriteBatch(rebuilt, options, {now, topic.get()}, written);
  }
  CAUCE_RETURN_IF_ERROR(
      CheckBatch(name_, batch, *topic, now, options.origin));
  return WriteBatch(batch, options, {now, topic.get()}, written);
}

absl::StatusOr<AppendResult> Log::WriteBatch(const RecordBatch& batch,
                                             const AppendOptions& options,
                                             const Arrival& arrival,
                                             OnWritten written) {
  const Timestamp now = arrival.now;
  AppendResult result;
  {
    MutexLock lock(writer_mutex_);
    const TopicConfig& topic = *topic_;
    if (arrival.ends == nullptr && arrival.taken_by != &topic) {
      CAUCE_RETURN_IF_ERROR(
          CheckBatch(name_, batch, topic, now, options.origin));
    }
    CAUCE_RETURN_IF_ERROR(ended_.Get());
    CAUCE_RETURN_IF_ERROR(committer_.status());
    const bool is_produced = batch.producer_id() >= ProducerId{0};
    if (is_produced) {
      CAUCE_ASSIGN_OR_RETURN(const auto first,
                             FindFirstAppend(batch, options, arrival));
      if (first) {
        written(*first);
        return *first;
      }
    }
    const Offset base = log_end();
    CAUCE_RETURN_IF_ERROR(CheckOffsetsLeft(name_, batch, base));
    BatchFacts facts = BatchFacts::Of(batch, 0);
    // Before anything is written, an epoch too.
    CAUCE_RETURN_IF_ERROR(TakeSpace(facts.bytes, options.origin));
    CAUCE_RETURN_IF_ERROR(epochs_.Take(options.leader_epoch, base));
    BatchStamp stamp(batch, base, epochs_.latest());
    facts.last = base + batch.last_offset_delta();
    if (topic.timestamp_type == TimestampType::kLogAppendTime) {
      stamp.SetAppendTime(batch, now);
      facts.max_timestamp = now;
      result.append_time = now;
    }
    if (writer_->ShouldRoll(facts, limits_, now) ||
        producers_.HasFullList(limits_.index_bytes_max)) {
      CAUCE_RETURN_IF_ERROR(TakeSpaceToRoll(facts.bytes, options.origin));
      CAUCE_RETURN_IF_ERROR(Roll(base, now));
    }
    const std::string_view parts[] = {stamp.header(), batch.payload()};
    const WriteAhead ahead = shows_written_.load(std::memory_order_relaxed)
                                 ? WriteAhead::kNone
                                 : WriteAhead::kZeros;
    if (absl::Status status = writer_->Append(parts, facts, ahead);
        !status.ok()) {
      NoteIfFull(status);
      NoteFailedWrite();
      return status;
    }
    result.base = base;
    result.next = facts.last + 1;
    appended_bytes_.store(
        appended_bytes_.load(std::memory_order_relaxed) + facts.bytes,
        std::memory_order_relaxed);
    if (is_produced) {
      producers_.Take(batch, base, facts.max_timestamp, high_watermark());
    }
    log_end_.store(result.next.value, std::memory_order_release);
    committer_.Written(result.next);
    written(result);
  }
  // What nobody can see yet wakes nobody: the sync does that shows it. Where
  // nothing runs in the background, who waits runs that.
  const bool is_shown =
      environment_->executor == nullptr || high_watermark() > result.base;
  if (is_shown) WakeWaiters();
  return result;
}

absl::Status Log::TakeSpace(int64_t bytes, AppendOrigin origin) const {
  FreeSpace* const space = environment_->space.get();
  if (space == nullptr) return absl::OkStatus();
  absl::Status taken = origin == AppendOrigin::kCoordinator
                           ? space->TakeReserve(bytes)
                           : space->Take(bytes);
  return taken.ok() ? taken : Annotate(taken, name_.ToString());
}

absl::Status Log::TakeSpaceToRoll(int64_t bytes, AppendOrigin origin) const {
  FreeSpace* const space = environment_->space.get();
  if (space == nullptr) return absl::OkStatus();
  const int64_t all = writer_->index_bytes() + bytes;
  return Annotate(origin == AppendOrigin::kCoordinator
                      ? space->TakeReserve(all)
                      : space->TakeMuch(all),
                  name_.ToString());
}

void Log::NoteIfFull(const absl::Status& status) const {
  const bool full = ReasonOf(status) == Reason::kDiskFull;
  if (full && environment_->space != nullptr) environment_->space->NoteFull();
}

void Log::NoteFailedWrite() {
  if (writer_->status().ok()) return;  // it may be tried again
  write_failure_.Set(writer_->status());
  WakeWaiters();
}

absl::Status Log::Roll(Offset base, Timestamp now, RollRest* rest) {
  const absl::Status rolled = RollTo(base, now, rest);
  NoteIfFull(rolled);
  NoteFailedWrite();
  return rolled;
}

absl::Status Log::FenceUnless(const absl::Status& synced) {
  // What it would have covered may be gone, whatever room the disk has by now:
  // batches that fit into the segment must not follow it either.
  return synced.ok() ? synced : committer_.SyncFailed(synced);
}

absl::Status Log::RollTo(Offset base, Timestamp now, RollRest* rest) {
  CAUCE_RETURN_IF_ERROR(FenceUnless(segments_.SyncNames()));
  // Where one of them fails smaller batches may still go into this segment.
  CAUCE_RETURN_IF_ERROR(rest == nullptr ? writer_->Complete()
                                        : writer_->CompleteLog());
  // In a broker's log recovery takes a gap at the end of a sealed segment for
  // one of the cleaner's: a power loss must not leave one here.
  const bool is_brokers = is_brokers_ || [this] {
    MutexLock lock(view_mutex_);
    return keep_everything_;
  }();
  if (is_brokers) {
    CAUCE_RETURN_IF_ERROR(FenceUnless(writer_->segment()->Sync()));
  }
  if (rest == nullptr) {
    producers_.Rolled({log_start(), base});
  } else {
    *rest = {writer_->segment(), writer_->index(),
             producers_.RolledUnsaved({log_start(), base})};
  }
  CAUCE_ASSIGN_OR_RETURN(auto next, SegmentWriter::Create(PlaceOf(base), now));
  writer_->LetGo();
  if (writer_->segment()->keeps_newest()) next->segment()->KeepNewest();
  if (rest == nullptr) {
    segments_.NoteRoll(writer_->segment());
  } else {
    segments_.NoteRollAhead(writer_->segment());
  }
  writer_ = std::move(next);
  DrawLimits();
  segments_.PublishBehind(writer_->segment());
  return absl::OkStatus();
}

void Log::DrawLimits() {
  roll_chance_ = environment_->random->Next();
  limits_ = LimitsOf(*topic_, roll_chance_);
}

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

bool Log::IsInherited() const { return environment_->files->forks() != forks_; }

absl::Status Log::CheckOpen() const {
  if (IsInherited()) {
    return MakeError(
        Reason::kClosed,
        fmt::format("{}: was opened by the process that this one was forked "
                    "from, which goes on writing it",
                    name_.ToString()));
  }
  return ended_.Get();
}

absl::Status Log::CheckTakesWrites() const { return write_failure_.Get(); }

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

SegmentPlace Log::PlaceOf(Offset base) const {
  SegmentPlace place;
  place.files = environment_->files;
  place.pool = environment_->pool.get();
  place.directory = directory_;
  place.base = base;
  place.index_interval_bytes = config()->index_interval_bytes;
  place.may_have_gaps = may_have_gaps_;
  place.space = environment_->space.get();
  place.tails = environment_->tails.get();
  place.events = &environment_->events;
  return place;
}

bool Log::Prepares(const TopicConfig& topic) {
  return topic.compression.has_value() || LooksInside(topic);
}

bool Log::ShowsWritten(const TopicConfig& topic) const {
  return topic.flush == FlushPolicy::kOs || environment_->is_volatile;
}

bool Log::FlushesItself(const TopicConfig& topic) {
  return topic.flush_messages.has_value() || topic.flush_interval.has_value();
}

std::shared_ptr<const TopicConfig> Log::config() const {
  MutexLock lock(view_mutex_);
  return config_;
}

bool Log::SetConfig(const TopicConfig& config, bool keep_everything) {
  auto shared = std::make_shared<const TopicConfig>(config);
  const bool shows_written = ShowsWritten(config);
  MutexLock writer(writer_mutex_);
  // What readers have seen must not vanish when only durable records are
  // shown from now on. No append comes in between.
  const bool shows_less = shows_written_ && !shows_written;
  if (shows_less) shown_ = log_end_.load();
  shows_written_ = shows_written;
  if (config.cleanup.compact) may_have_gaps_ = true;
  prepares_ = Prepares(config);
  flushes_itself_ = FlushesItself(config);
  topic_ = shared;
  limits_ = LimitsOf(*topic_, roll_chance_);
  MutexLock lock(view_mutex_);
  config_ = std::move(shared);
  keep_everything_ = keep_everything;
  return shows_less;
}

bool Log::IsAtRest() {
  if (!CheckSound().ok()) return false;
  MutexLock lock(ends_mutex_);
  MutexLock writer(writer_mutex_);
  return retired_.empty() && !OwesFiles() &&
         producers_.IsIdle(environment_->clock->Monotonic()) &&
         writer_->is_settled() && durable_end() == log_end();
}

void Log::DropIdle() {
  if (kept_watch_ != nullptr) kept_watch_->Drop();
  const auto set = segments();
  for (const auto& segment : set->segments()) segment->DropIdle();
}

}  // namespace cauce
