// The leader epochs of a log, and what of them is saved.
//
// Invariant: an epoch is saved before its first batch is written, so a batch of
// an epoch that nobody saved tells of a spoiled number, or of a saved file that
// is lost. Where the disk is full when epochs change at the end of the log they
// are owed: the caller has them saved before the next append and before the
// next recovery point, since what was learned from batches above a point is not
// learned again from below it. Not thread-safe, but for owed().
#pragma once

#include <atomic>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/log/epoch_evidence.h"
#include "engine/log/epoch_history.h"
#include "engine/log/log_environment.h"

namespace cauce {

class LogEpochs {
 public:
  // Those that `environment`, which is borrowed, has saved of the log `name`.
  LogEpochs(const LogEnvironment& environment, const TopicPartition& name,
            std::span<const EpochStart> saved)
      : environment_(environment), name_(name), epochs_(saved) {}

  // The newest; -1 before the first.
  LeaderEpoch latest() const { return epochs_.latest(); }

  std::span<const EpochStart> starts() const { return epochs_.starts(); }

  // Reason::kFencedEpoch where `leader` is older than the latest.
  absl::Status CheckLeader(std::optional<LeaderEpoch> leader) const;

  // The next batch begins at `end` and comes from `leader`; absent: from the
  // latest. Reason::kFencedEpoch where that is an older one.
  absl::Status Take(std::optional<LeaderEpoch> leader, Offset end);

  // A recovery has found the log to be [start, end), with batches that tell of
  // `seen`; `saved_start` is where it begins once first segments that are
  // missing are put back.
  absl::Status Recovered(Offset saved_start, Offset end,
                         const EpochEvidence& seen);

  // The log ends at `end` now.
  absl::Status CutAt(Offset end);
  // The log begins at `start` now. A close saves that, and an opening after
  // anything else cuts what was saved to the log's start.
  void BeginAt(Offset start) { unsaved_ |= epochs_.TruncateFromStart(start); }

  // Whether any wait for room. (A recovery notes points on its way before it
  // knows: where the saved epochs are lost too, one that is cut short may not
  // learn the older ones.)
  bool owed() const { return owed_; }
  absl::Status SaveOwed() { return owed_ ? Save() : absl::OkStatus(); }
  // So that whoever opens the directory next, a Kafka broker too, finds no
  // epoch that begins below the log. On a full disk the next opening cuts them.
  absl::Status SaveForClose();

 private:
  absl::Status Save();
  absl::Status SaveOrOwe();
  // Returns whether anything is news. `saved` was the newest, as it was saved.
  bool Learn(const EpochEvidence& seen, LeaderEpoch saved);
  // That a batch's epoch is not believed.
  void TellOfDoubted(const EpochStart& batch) const;

  const LogEnvironment& environment_;
  const TopicPartition name_;
  EpochHistory epochs_;
  bool unsaved_ = false;            // the start has moved
  std::atomic<bool> owed_ = false;  // the end has, on a full disk
};

}  // namespace cauce
