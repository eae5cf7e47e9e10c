// A partition that a consumer reads, and where it is there.
//
// Opens what it needs when it is first read, and again when its topic was made
// anew. Hands out the records of one batch after another, as views of what its
// cursor holds: what was handed out is valid until it is touched again. For
// one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/consumer.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "engine/client/wake_signal.h"

namespace cauce {

class AssignedPartition {
 public:
  // `events` is told where it loses its position; it may be empty.
  AssignedPartition(TopicPartition name, const ConsumerOptions& options,
                    std::shared_ptr<WakeSignal> signal, EventSink events = {});
  ~AssignedPartition();
  AssignedPartition(const AssignedPartition&) = delete;
  AssignedPartition& operator=(const AssignedPartition&) = delete;

  const TopicPartition& name() const { return name_; }

  // Opens it where it is not.
  absl::Status Open(const Engine& engine);

  // Adds its next records, so that there are `most` at most. That it is gone,
  // as of a deleted topic, is told once: then it adds nothing until it is there
  // again.
  absl::Status Take(const Engine& engine, size_t most,
                    std::vector<ConsumerRecord>& records);
  // Whether Take may add any: nothing was found last time, and nothing moved.
  bool MayHaveMore() { return may_have_more_ || note_->Take(); }
  // Take looks anew whatever it found: its log is another process's.
  void ExpectMore() { may_have_more_ = true; }
  // Whether it is gone. Nobody tells when it comes back: Take looks.
  bool is_missing() const { return is_missing_; }

  // Where its group is: absent where it has committed nothing. An offset of a
  // topic that was deleted, and made again since, is lost. Until this is said,
  // where it is waited for, it has no position but by a seek.
  absl::Status Begin(const Engine& engine, std::optional<Offset> committed,
                     const TopicId& of);
  void WaitForCommitted() { waits_for_committed_ = true; }
  bool waits_for_committed() const { return waits_for_committed_; }

  // What is behind the records that were handed out; none before the first.
  std::optional<Offset> delivered() const {
    if (position_ < Offset{0}) return std::nullopt;
    return position_;
  }
  // Of the batch that was read last; -1 before the first.
  LeaderEpoch leader_epoch() const { return leader_epoch_; }
  // Of the topic that is open; zero before.
  const TopicId& topic_id() const { return topic_id_; }

  absl::Status Seek(Offset offset);
  absl::Status SeekToStart(const Engine& engine);
  absl::Status SeekToEnd(const Engine& engine);
  absl::Status SeekToTime(const Engine& engine, Timestamp time);
  absl::StatusOr<Offset> SkipDamage();
  absl::StatusOr<Offset> Position(const Engine& engine);
  absl::StatusOr<int64_t> Lag(const Engine& engine);

  // Of a log that another process writes, where Take has found nothing: tells,
  // once for each place, that it has been held back there for long by a
  // transaction that nobody may be there to end. `now` is monotonic.
  void NoteHeldBack(absl::Duration now);

  void set_paused(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }

  // Where nobody else does: makes what is written visible.
  absl::Status MakeVisible();
  // What keeps its log from ever showing more, as a sync that has failed: told
  // once, by this or by MakeVisible.
  absl::Status CheckMoves();

 private:
  absl::StatusOr<Offset> End() const;
  // Where reading begins, or goes on after it was nowhere.
  absl::Status Reset(const absl::Status& cause);
  // The same where its log has not what stands at `lost`, which is told.
  absl::Status LosePosition(Offset lost, const absl::Status& cause);
  absl::Status FindPosition(const Engine& engine);
  // Moves to the next batch that has records for a consumer; false at the end.
  absl::StatusOr<bool> NextBatch();
  absl::Status OpenBatch();
  // Returns whether the batch has no more.
  bool AddRecords(size_t most, std::vector<ConsumerRecord>& records);
  // Notes that it is gone.
  absl::Status Miss(const absl::Status& why);
  absl::Status TellOnce(const absl::Status& stop);
  // For whom it reads, in messages.
  std::string Reader() const;

  const TopicPartition name_;
  const ConsumerOptions options_;
  const std::shared_ptr<MoveNote> note_;
  const EventSink events_;
  std::optional<Partition> partition_;
  std::optional<Cursor> cursor_;  // once there is a position
  // The batch that is being handed out, and its records that are left.
  std::optional<RecordBatch> batch_;
  bool is_open_ = false;  // the reader is in it
  RecordReader reader_;
  Offset position_;  // none before it is found
  Offset lost_at_;   // what was told last; none before
  // What its group has committed in a topic that is gone, until it has another
  // position.
  struct Gone {
    Offset at;
    absl::Status why;
  };
  std::optional<Gone> gone_;
  // Where, and since when, it is held back; it is told of at last.
  struct HeldBackAt {
    Offset offset;
    absl::Duration since;
    bool is_told = false;
  };
  std::optional<HeldBackAt> held_back_;
  bool may_have_more_ = true;
  bool paused_ = false;
  bool is_missing_ = false;
  bool is_stopped_ = false;  // and it was told why
  bool waits_for_committed_ = false;
  LeaderEpoch leader_epoch_;
  TopicId topic_id_;
};

}  // namespace cauce
