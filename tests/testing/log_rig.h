// What a log needs around it: a disk, a clock that stands still, and a note of
// the bounds it saved. Open it, close it, or let it die and open it again. What
// it leaves on its disk is verified at its end. As thread-safe as what it
// holds, but for opening and ending.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/base/mutex.h"
#include "engine/catalog/known_log.h"
#include "engine/io/free_space.h"
#include "engine/log/log.h"
#include "engine/log/tail_memory.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce::test {

class LogRig {
 public:
  explicit LogRig(DiskKind kind = DiskKind::kMemory) : disk_(kind, &clock_) {}
  ~LogRig() {
    const bool closed = log_ == nullptr;
    Kill();
    // A log that was closed last is whole, unless the test said otherwise.
    if (left_ == Left::kWhole && !(closed && closed_last_)) {
      left_ = Left::kKilled;
    }
    ExpectVerified(disk_.real_files(), disk_.data_directory(), left_);
  }

  // What the test leaves behind on purpose.
  void Leaves(Left left) { left_ = left; }

  TestDisk& disk() { return disk_; }
  SimClock& clock() { return clock_; }
  TopicConfig& config() { return config_; }
  Timestamp now() { return Timestamp::From(clock_.Now()); }
  // Null, as it begins, means none. For the logs opened next.
  void set_executor(Executor* executor) { executor_ = executor; }

  // What is to stay free of the disk; 0, as it begins, for nothing. For the
  // logs opened next.
  void set_free_bytes_min(int64_t bytes) { free_bytes_min_ = bytes; }

  Log& log() { return *log_; }
  const std::shared_ptr<Log>& shared_log() { return log_; }

  absl::Status Open() {
    CAUCE_CHECK(log_ == nullptr);
    auto log = OpenAnother({});
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    closed_last_ = false;
    return absl::OkStatus();
  }

  // A second log over the same files, which only reads.
  absl::StatusOr<std::shared_ptr<Log>> OpenReadOnly() {
    LogOptions options;
    options.read_only = true;
    return OpenAnother(options);
  }

  // As a clean end of the engine: what it knows is saved with it.
  absl::Status Close() {
    const absl::Status closed = log_->Close(ClosedError());
    if (closed.ok()) {
      const LogBounds bounds = log_->bounds();
      MutexLock lock(mutex_);
      bounds_ = bounds;
      clean_stop_ = true;
    }
    closed_last_ = closed.ok();
    log_ = nullptr;
    return closed;
  }

  // As the end of the process: nothing more is written.
  void Kill() { log_ = nullptr; }

  absl::Status Reopen() {
    if (absl::Status closed = Close(); !closed.ok()) return closed;
    return Open();
  }
  absl::Status KillAndReopen() {
    Kill();
    return Open();
  }

  // What the log saved last of its bounds.
  LogBounds bounds() {
    MutexLock lock(mutex_);
    return bounds_;
  }
  // What the next log is told of them.
  void set_bounds(const LogBounds& bounds) {
    MutexLock lock(mutex_);
    bounds_ = bounds;
  }
  // What logs that only read, opened next, learn of the last close.
  void set_known_now(std::function<std::optional<NotedLog>()> known_now) {
    known_now_ = std::move(known_now);
  }
  // Whether the next log is told of a clean stop.
  void set_clean_stop(bool clean_stop) {
    MutexLock lock(mutex_);
    clean_stop_ = clean_stop;
  }
  std::vector<EpochStart> epochs() {
    MutexLock lock(mutex_);
    return epochs_;
  }
  // What the next log is told of them.
  void set_epochs(std::vector<EpochStart> epochs) {
    MutexLock lock(mutex_);
    epochs_ = std::move(epochs);
  }
  // Up to where it is compacted, as it said last; what the next log is told.
  Offset first_dirty() {
    MutexLock lock(mutex_);
    return first_dirty_;
  }
  void set_first_dirty(Offset first_dirty) {
    MutexLock lock(mutex_);
    first_dirty_ = first_dirty;
  }
  // As the engine's checkpoint does now and then.
  void SaveBounds() {
    const LogBounds bounds = log_->bounds();
    MutexLock lock(mutex_);
    bounds_ = bounds;
  }
  // Saving bounds fails with `status` from now on.
  void set_save_bounds(absl::Status status) {
    MutexLock lock(mutex_);
    save_ = std::move(status);
  }

  // Saving epochs fails with `status` from now on.
  void set_save_epochs(absl::Status status) {
    MutexLock lock(mutex_);
    save_epochs_ = std::move(status);
  }

  // What the time of day would be had it not been set. For the logs opened
  // next; the infinite future, as it begins, where it was not.
  void set_now_at_most(absl::Time now) { now_at_most_ = now; }

  // Nothing of the logs opened next is deleted or compacted.
  void set_keep_everything() { keep_everything_ = true; }

  // Whether the logs opened next may have gaps of compaction, as they may to
  // begin with.
  void set_may_have_gaps(bool may_have_gaps) { may_have_gaps_ = may_have_gaps; }

  // The logs opened next tell of work that the bounds they note would spare;
  // nothing is saved for it.
  void set_notes_work() { notes_work_ = true; }

  // The lines it was told.
  std::vector<std::string> events() {
    MutexLock lock(mutex_);
    return events_;
  }

  static absl::Status ClosedError() {
    return MakeError(Reason::kClosed, "the engine was closed");
  }

 private:
  static constexpr size_t kTailBytes = 64 << 10;

  class CountingRandom final : public Random {
   public:
    uint64_t Next() override { return next_++; }

   private:
    std::atomic<uint64_t> next_ = 1;
  };

  absl::StatusOr<std::shared_ptr<Log>> OpenAnother(LogOptions options) {
    auto environment = std::make_shared<LogEnvironment>();
    environment->files = &disk_.files();
    environment->pool = disk_.pool();
    environment->clock = &clock_;
    environment->space = std::make_unique<FreeSpace>(
        disk_.files(), disk_.directory(), free_bytes_min_, clock_,
        [this](Severity, std::string_view line) {
          MutexLock lock(mutex_);
          events_.emplace_back(line);
        });
    environment->now_at_most = [now = now_at_most_] { return now; };
    environment->tails = std::make_unique<TailMemory>(kTailBytes);
    environment->random = &random_;
    environment->executor = executor_;
    environment->events = [this](Severity, std::string_view line) {
      MutexLock lock(mutex_);
      events_.emplace_back(line);
    };
    environment->save_bounds = [this](const TopicPartition&,
                                      const LogBounds& bounds) {
      MutexLock lock(mutex_);
      if (save_.ok()) bounds_ = bounds;
      return save_;
    };
    environment->note_bounds = [this](const TopicPartition&,
                                      const LogBounds& bounds) {
      MutexLock lock(mutex_);
      bounds_ = bounds;
    };
    environment->note_first_dirty = [this](const TopicPartition&,
                                           Offset first_dirty) {
      MutexLock lock(mutex_);
      first_dirty_ = first_dirty;
    };
    environment->lower_first_dirty = [this](const TopicPartition&,
                                            Offset first_dirty) {
      MutexLock lock(mutex_);
      if (save_.ok()) first_dirty_ = first_dirty;
      return save_;
    };
    if (notes_work_) {
      environment->note_work = [](const RecoveryWork&) { return false; };
    }
    environment->load_bounds =
        [this](const TopicPartition&) -> absl::StatusOr<LogBounds> {
      return this->bounds();
    };
    if (known_now_) {
      environment->known_now = [known_now =
                                    known_now_](const TopicPartition&) {
        return known_now();
      };
    }
    environment->is_closed = [this] {
      MutexLock lock(mutex_);
      return clean_stop_;
    };
    environment->save_epochs = [this](const TopicPartition&,
                                      std::span<const EpochStart> epochs) {
      MutexLock lock(mutex_);
      if (save_epochs_.ok()) epochs_.assign(epochs.begin(), epochs.end());
      return save_epochs_;
    };
    options.name = {"orders", PartitionId{0}};
    options.directory = disk_.directory();
    options.config = std::make_shared<const TopicConfig>(config_);
    options.may_have_gaps = may_have_gaps_;
    options.keep_everything = keep_everything_;
    {
      MutexLock lock(mutex_);
      options.bounds = bounds_;
      options.epochs = epochs_;
      options.first_dirty = first_dirty_;
      options.clean_stop = clean_stop_;
      // The mark of a clean stop goes when the directory is opened again.
      if (!options.read_only) clean_stop_ = false;
    }
    return Log::Open(std::move(environment), options);
  }

  SimClock clock_;
  CountingRandom random_;
  TestDisk disk_;
  TopicConfig config_;
  Executor* executor_ = nullptr;
  int64_t free_bytes_min_ = 0;
  absl::Time now_at_most_ = absl::InfiniteFuture();
  bool notes_work_ = false;
  std::function<std::optional<NotedLog>()> known_now_;
  bool may_have_gaps_ = true;
  bool keep_everything_ = false;
  Mutex mutex_;
  LogBounds bounds_ ABSL_GUARDED_BY(mutex_);
  Offset first_dirty_ ABSL_GUARDED_BY(mutex_) = {0};
  std::vector<EpochStart> epochs_ ABSL_GUARDED_BY(mutex_);
  absl::Status save_ ABSL_GUARDED_BY(mutex_);
  absl::Status save_epochs_ ABSL_GUARDED_BY(mutex_);
  bool clean_stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Log> log_;
  bool closed_last_ = false;
  Left left_ = Left::kWhole;
};

}  // namespace cauce::test
