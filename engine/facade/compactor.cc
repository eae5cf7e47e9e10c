#include "engine/facade/compactor.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What is read or written between two looks at whether to go on: a millisecond
// where nothing is slow.
constexpr int64_t kPieceBytes = 1 << 20;

// Under a throttle it is spread over each second in so many pieces.
constexpr int64_t kPiecesPerSecond = 10;

// How often a log is gone over on demand: each pass maps as many keys as there
// is memory for. What is left then is for upkeep.
constexpr int kPassesMax = 1000;

absl::Status Stopped() {
  return MakeError(Reason::kClosed, "the engine was closed");
}

}  // namespace

Compactor::Compactor(Clock& clock, EventSink events,
                     const CompactorLimits& limits)
    : clock_(clock), events_(std::move(events)), limits_(limits) {}
Compactor::~Compactor() = default;

void Compactor::Want(const TopicPartition& partition, double dirty_ratio) {
  const absl::Duration now = clock_.Monotonic();
  MutexLock lock(mutex_);
  if (!backoff_.MayTry(partition, now)) return;
  const auto known = std::ranges::find(wanted_, partition, &Wanted::partition);
  if (known != wanted_.end()) {
    known->dirty_ratio = dirty_ratio;
  } else if (status_.running != partition) {
    wanted_.push_back({partition, dirty_ratio});
  }
}

std::optional<TopicPartition> Compactor::TakeNext() {
  MutexLock lock(mutex_);
  if (status_.running || wanted_.empty() || stopped_) return std::nullopt;
  const auto next = std::ranges::max_element(wanted_, {}, &Wanted::dirty_ratio);
  TopicPartition partition = std::move(next->partition);
  wanted_.erase(next);
  return partition;
}

CompactionOrder Compactor::OrderFor(absl::Time now) const {
  return {.now = now, .memory_bytes_max = limits_.memory_bytes_max};
}

absl::Status Compactor::Begin(std::shared_ptr<Log> log, absl::Time now) {
  if (stopped_) return Stopped();
  if (const absl::Status flushed = log->Flush(); !flushed.ok()) {
    NoteFailure(log->name(), flushed);
    return flushed;
  }
  if (!working_.TryLock()) return stopped_ ? Stopped() : absl::OkStatus();
  const absl::Status begun = BeginJob(log, now);
  working_.Unlock();
  if (!begun.ok()) log->Deliver();
  return begun;
}

absl::Status Compactor::BeginJob(std::shared_ptr<Log> log, absl::Time now) {
  if (stopped_) return Stopped();
  if (job_) return absl::OkStatus();
  Job job{.log = std::move(log)};
  auto pass = job.log->BeginCompaction(OrderFor(now));
  if (!pass.ok()) {
    NoteFailure(job.log->name(), pass.status());
    return pass.status();
  }
  if (*pass == nullptr) return absl::OkStatus();
  job.pass = *std::move(pass);
  SetRunning(&job);
  job_ = std::move(job);
  return absl::OkStatus();
}

void Compactor::DropJob() {
  if (!job_) return;
  job_.reset();
  SetRunning(nullptr);
}

Compactor::Worked Compactor::Work(absl::Duration until) {
  Worked worked;
  std::shared_ptr<Log> failed;
  // Who has it works.
  if (!working_.TryLock()) return worked;
  while (job_ && !stopped_) {
    const absl::Duration now = clock_.Monotonic();
    if (free_from_ > now) {
      worked.goes_on = true;
      worked.wait = free_from_ - now;
      break;
    }
    const int64_t before = job_->pass->worked_bytes();
    const auto over = WorkAt(*job_, PieceBytes());
    if (limits_.bytes_per_second_max > 0) {
      free_from_ = std::max(free_from_, now) +
                   WaitFor(job_->pass->worked_bytes() - before);
    }
    if (!over.ok() || *over) {
      worked.status = over.status();
      if (!over.ok()) failed = job_->log;
      DropJob();
      break;
    }
    worked.goes_on = true;
    if (clock_.Monotonic() >= until) break;
    worked.goes_on = false;
  }
  if (job_) worked.goes_on = !stopped_;
  working_.Unlock();
  if (failed != nullptr) failed->Deliver();
  {
    MutexLock lock(mutex_);
    // While somebody else is at work nobody may take the next one.
    worked.goes_on |= !wanted_.empty() && !status_.running && !stopped_;
  }
  return worked;
}

int64_t Compactor::PieceBytes() const {
  if (limits_.bytes_per_second_max <= 0) return kPieceBytes;
  return std::min(kPieceBytes,
                  limits_.bytes_per_second_max / kPiecesPerSecond + 1);
}

absl::Duration Compactor::WaitFor(int64_t bytes) {
  return absl::Seconds(static_cast<double>(bytes) /
                       static_cast<double>(limits_.bytes_per_second_max));
}

absl::StatusOr<bool> Compactor::WorkAt(Job& job, int64_t bytes) {
  // Of a log that has ended the files are somebody else's.
  const auto over = [&]() -> absl::StatusOr<bool> {
    CAUCE_RETURN_IF_ERROR(job.log->CheckOpen());
    CAUCE_ASSIGN_OR_RETURN(const bool done, job.pass->Work(bytes));
    if (done) CAUCE_RETURN_IF_ERROR(job.log->EndCompaction(*job.pass));
    return done;
  }();
  Publish(job);
  if (!over.ok()) NoteFailure(job.log->name(), over.status());
  if (over.ok() && *over) {
    MutexLock lock(mutex_);
    told_failure_ = false;
    backoff_.Succeeded(job.log->name());
  }
  return over;
}

void Compactor::Publish(Job& job) {
  const CompactionTotals& now = job.pass->totals();
  MutexLock lock(mutex_);
  CompactionTotals& all = status_.totals;
  // A group that was begun again counts less than before.
  all.passes += now.passes - job.counted.passes;
  all.bytes_read += now.bytes_read - job.counted.bytes_read;
  all.bytes_written += now.bytes_written - job.counted.bytes_written;
  all.records_read += now.records_read - job.counted.records_read;
  all.records_removed += now.records_removed - job.counted.records_removed;
  all.bytes_removed += now.bytes_removed - job.counted.bytes_removed;
  all.segments_before += now.segments_before - job.counted.segments_before;
  all.segments_after += now.segments_after - job.counted.segments_after;
  status_.progress = job.pass->progress();
  job.counted = now;
}

void Compactor::SetRunning(const Job* job) {
  MutexLock lock(mutex_);
  status_.progress = 0;
  status_.running.reset();
  if (job != nullptr) status_.running = job->log->name();
}

void Compactor::NoteFailure(const TopicPartition& partition,
                            const absl::Status& failure) {
  // Nothing has failed where the engine, or the topic, has ended.
  const Reason reason = ReasonOf(failure);
  if (reason == Reason::kClosed || reason == Reason::kUnknownTopic) return;
  std::string line(MessageOf(failure));
  const absl::Duration now = clock_.Monotonic();
  {
    MutexLock lock(mutex_);
    ++status_.failures;
    backoff_.Failed(partition, now);
    const bool is_told =
        std::exchange(told_failure_, true) && status_.last_failure == line;
    status_.last_failure = line;
    if (is_told) return;
  }
  if (!events_) return;
  events_(Severity::kWarning,
          fmt::format("{}: was not compacted, and will be tried again: {}",
                      partition.ToString(), line));
}

absl::StatusOr<CompactionTotals> Compactor::CompactNow(
    const std::shared_ptr<Log>& log, absl::Time now) {
  if (stopped_) return Stopped();
  // Once: what is appended while passes run is not asked for.
  CAUCE_RETURN_IF_ERROR(log->RollToCompact());
  CAUCE_RETURN_IF_ERROR(log->Flush());
  auto totals = InPlaceOfOthers(log, now);
  if (!totals.ok()) log->Deliver();
  return totals;
}

absl::StatusOr<CompactionTotals> Compactor::InPlaceOfOthers(
    const std::shared_ptr<Log>& log, absl::Time now) {
  MutexLock working(working_);
  // It is wanted again by the next look.
  if (job_ && job_->log == log) DropJob();
  std::optional<Job> other = std::exchange(job_, std::nullopt);
  auto totals = PassOver(log, now);
  job_ = std::move(other);
  SetRunning(job_ && !stopped_ ? &*job_ : nullptr);
  return totals;
}

absl::StatusOr<CompactionTotals> Compactor::PassOver(
    const std::shared_ptr<Log>& log, absl::Time now) {
  CompactionTotals totals;
  for (int passes = 0; passes < kPassesMax; ++passes) {
    if (stopped_) return Stopped();
    Job job{.log = log};
    const Offset before = log->first_dirty();
    CompactionOrder order = OrderFor(now);
    order.on_demand = true;
    // Before files are looked at: nobody else is to be begun meanwhile.
    SetRunning(&job);
    CAUCE_ASSIGN_OR_RETURN(job.pass, log->BeginCompaction(order));
    if (job.pass == nullptr) break;
    absl::StatusOr<bool> over = false;
    while (over.ok() && !*over && !stopped_) over = WorkAt(job, kPieceBytes);
    totals += job.pass->totals();
    CAUCE_RETURN_IF_ERROR(over.status());
    if (stopped_) return Stopped();
    CAUCE_RETURN_IF_ERROR(job.pass->damage());
    // Its segments were deleted meanwhile: what is there now was not looked at.
    if (job.pass->gave_up()) continue;
    if (log->first_dirty() == before) break;
  }
  CAUCE_RETURN_IF_ERROR(log->CheckNothingMissing());
  return totals;
}

void Compactor::Drop(const std::string& topic) {
  {
    MutexLock lock(mutex_);
    std::erase_if(wanted_, [&topic](const Wanted& each) {
      return each.partition.topic == topic;
    });
    backoff_.Drop(topic);
    // Nobody writes there; of another topic nobody here waits for.
    if (!status_.running || status_.running->topic != topic) return;
  }
  MutexLock working(working_);
  if (job_ && job_->log->name().topic == topic) DropJob();
}

void Compactor::Stop() {
  stopped_ = true;
  MutexLock working(working_);
  DropJob();
  MutexLock lock(mutex_);
  wanted_.clear();
}

CompactionStatus Compactor::status() const {
  MutexLock lock(mutex_);
  CompactionStatus status = status_;
  status.waiting = static_cast<int64_t>(wanted_.size());
  return status;
}

}  // namespace cauce
