#include "engine/client/assigned_partition.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr Offset kNowhere{-1};

// How often one Take looks for a place to read from: retention may be quicker
// than it once or twice, and a log that has no such place never has one.
constexpr int kResetsMax = 3;

// Until it is told that a transaction holds a reader back where nobody may be
// there to end it: the default of transaction.timeout.ms.
constexpr absl::Duration kHeldBackMax = absl::Minutes(1);

bool IsGone(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kUnknownTopic ||
         reason == Reason::kUnknownPartition;
}

}  // namespace

AssignedPartition::AssignedPartition(TopicPartition name,
                                     const ConsumerOptions& options,
                                     std::shared_ptr<WakeSignal> signal,
                                     EventSink events)
    : name_(std::move(name)),
      options_(options),
      note_(std::make_shared<MoveNote>(std::move(signal))),
      events_(std::move(events)),
      position_(kNowhere),
      lost_at_(kNowhere) {}

AssignedPartition::~AssignedPartition() {
  if (partition_) partition_->Unwatch(*note_);
}

absl::Status AssignedPartition::Open(const Engine& engine) {
  if (partition_) return absl::OkStatus();
  // Before it is opened: where it is made anew in between, what is committed
  // counts as the old one's.
  CAUCE_ASSIGN_OR_RETURN(const TopicDescription topic,
                         engine.DescribeTopic(name_.topic));
  topic_id_ = topic.id;
  CAUCE_ASSIGN_OR_RETURN(auto opened,
                         engine.OpenPartition(name_.topic, name_.partition));
  CAUCE_RETURN_IF_ERROR(opened.Watch(note_, options_.isolation));
  partition_.emplace(std::move(opened));
  is_missing_ = false;
  return absl::OkStatus();
}

absl::Status AssignedPartition::Take(const Engine& engine, size_t most,
                                     std::vector<ConsumerRecord>& records) {
  const absl::Status found = FindPosition(engine);
  if (IsGone(found)) return Miss(found);
  CAUCE_RETURN_IF_ERROR(found);
  const size_t before = records.size();
  int resets = 0;
  while (records.size() == before && records.size() < most) {
    if (!batch_) {
      const auto more = NextBatch();
      const bool is_nowhere =
          ReasonOf(more.status()) == Reason::kOffsetOutOfRange;
      if (is_nowhere && resets++ < kResetsMax) {
        CAUCE_RETURN_IF_ERROR(LosePosition(position_, more.status()));
        continue;
      }
      if (ReasonOf(more.status()) == Reason::kUnknownTopic) {
        // Under its name there may be another one by now, or will be.
        cursor_.reset();
        partition_.reset();
        position_ = kNowhere;
        return Miss(more.status());
      }
      CAUCE_RETURN_IF_ERROR(more.status());
      if (!*more) {
        // Behind markers, and what was aborted.
        position_ = std::max(position_, cursor_->position());
        may_have_more_ = false;
        return absl::OkStatus();
      }
    }
    CAUCE_RETURN_IF_ERROR(OpenBatch());
    const bool is_used_up = AddRecords(most, records);
    if (records.size() > before) position_ = records.back().offset + 1;
    CAUCE_RETURN_IF_ERROR(Annotate(reader_.status(), name_.ToString()));
    if (is_used_up) {
      position_ = std::max(position_, batch_->next_offset());
      batch_.reset();
    }
  }
  may_have_more_ = true;
  return absl::OkStatus();
}

bool AssignedPartition::AddRecords(size_t most,
                                   std::vector<ConsumerRecord>& records) {
  while (records.size() < most) {
    // Decoded where it stays.
    ConsumerRecord& record = records.emplace_back();
    record.partition = &name_;
    record.timestamp_type = batch_->timestamp_type();
    if (!reader_.Next(&record)) {
      records.pop_back();
      return true;
    }
    if (record.offset < position_) records.pop_back();
  }
  return false;
}

absl::Status AssignedPartition::Miss(const absl::Status& why) {
  may_have_more_ = false;
  return std::exchange(is_missing_, true) ? absl::OkStatus() : why;
}

absl::StatusOr<bool> AssignedPartition::NextBatch() {
  for (;;) {
    RecordBatch next;
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor_->NextBatch(&next));
    if (!more) return false;
    if (next.is_control()) {
      position_ = next.next_offset();
      continue;
    }
    // The cursor is behind it by now: it stays until it was handed out, also
    // where it cannot be decoded.
    batch_ = next;
    is_open_ = false;
    leader_epoch_ = next.leader_epoch();
    return true;
  }
}

absl::Status AssignedPartition::OpenBatch() {
  if (is_open_) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(Annotate(reader_.Open(*batch_), name_.ToString()));
  reader_.PassBelow(position_);
  is_open_ = true;
  return absl::OkStatus();
}

absl::Status AssignedPartition::FindPosition(const Engine& engine) {
  CAUCE_RETURN_IF_ERROR(Open(engine));
  if (waits_for_committed_) {
    return MakeError(
        Reason::kUnstableOffsetCommit,
        fmt::format("{}: where its group is was not told yet, as while a "
                    "transaction that has its offset still ends: ask again, "
                    "or seek",
                    name_.ToString()));
  }
  if (position_ == kNowhere && gone_) {
    const Gone gone = *gone_;  // not gone_ itself: a new position forgets it
    CAUCE_RETURN_IF_ERROR(LosePosition(gone.at, gone.why));
  } else if (position_ == kNowhere) {
    CAUCE_RETURN_IF_ERROR(Reset(MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("{}: nothing says where to begin, and auto.offset.reset is "
                    "none: seek to where reading is to begin",
                    name_.ToString()))));
  }
  if (!cursor_) CAUCE_RETURN_IF_ERROR(Seek(position_));
  return absl::OkStatus();
}

absl::Status AssignedPartition::Reset(const absl::Status& cause) {
  switch (options_.reset) {
    case ResetTo::kEarliest:
      return Seek(partition_->log_start());
    case ResetTo::kLatest: {
      CAUCE_ASSIGN_OR_RETURN(const Offset end, End());
      return Seek(end);
    }
    case ResetTo::kNone:
      break;
  }
  return cause;
}

absl::Status AssignedPartition::LosePosition(Offset lost,
                                             const absl::Status& cause) {
  CAUCE_RETURN_IF_ERROR(Reset(cause));
  // A log without any place to read from would be told of in each Poll.
  const bool is_news = std::exchange(lost_at_, lost) != lost;
  if (!is_news || !events_) return absl::OkStatus();
  events_(Severity::kWarning,
          fmt::format("{} was at offset {} of {} and goes on at {}, as its "
                      "auto.offset.reset says: {}",
                      Reader(), lost.value, name_.ToString(), position_.value,
                      MessageOf(cause)));
  return absl::OkStatus();
}

void AssignedPartition::NoteHeldBack(absl::Duration now) {
  const bool is_held_back = partition_ && cursor_ &&
                            options_.isolation == Isolation::kReadCommitted &&
                            position_ < partition_->high_watermark();
  if (!is_held_back) return held_back_.reset();
  if (!held_back_ || held_back_->offset != position_)
    held_back_ = {.offset = position_, .since = now};
  const bool is_due =
      !held_back_->is_told && now - held_back_->since >= kHeldBackMax;
  if (!is_due || !events_) return;
  held_back_->is_told = true;
  events_(Severity::kWarning,
          fmt::format("{} is held back at offset {} of {}, which goes up to "
                      "{}: a transaction is open there, and its writer may "
                      "have died; its time-out ends it once a process has the "
                      "log open for writing",
                      Reader(), position_.value, name_.ToString(),
                      partition_->high_watermark().value));
}

std::string AssignedPartition::Reader() const {
  return options_.group.empty() ? "a consumer"
                                : fmt::format("group {}", options_.group);
}

absl::StatusOr<Offset> AssignedPartition::End() const {
  if (options_.isolation == Isolation::kReadCommitted) {
    return partition_->LastStableOffset();
  }
  return partition_->high_watermark();
}

absl::Status AssignedPartition::Begin(const Engine& engine,
                                      std::optional<Offset> committed,
                                      const TopicId& of) {
  const absl::Status opened = Open(engine);
  // One that is gone takes what was committed with it; any other error is of
  // this time only.
  if (opened.ok() || IsGone(opened)) waits_for_committed_ = false;
  CAUCE_RETURN_IF_ERROR(opened);
  const bool is_another = !of.is_zero() && of != topic_id_;
  if (!committed || position_ != kNowhere) return absl::OkStatus();
  if (!is_another) return Seek(*committed);
  gone_ = {*committed,
           MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: offset {} was committed in topic {}, "
                                 "which was deleted since, and the topic of "
                                 "its name is {}: seek to where reading is to "
                                 "begin",
                                 name_.ToString(), committed->value,
                                 TopicIdText(of), TopicIdText(topic_id_)))};
  return absl::OkStatus();
}

absl::Status AssignedPartition::Seek(Offset offset) {
  if (offset < Offset{0}) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: there is no offset {}, the first one is "
                                 "0",
                                 name_.ToString(), offset.value));
  }
  batch_.reset();
  gone_.reset();
  position_ = offset;
  waits_for_committed_ = false;
  may_have_more_ = true;
  if (cursor_) {
    cursor_->Seek(offset);
  } else if (partition_) {
    cursor_.emplace(
        partition_->Read(offset, {.isolation = options_.isolation,
                                  .read_bytes = options_.fetch_bytes}));
  }
  return absl::OkStatus();
}

absl::Status AssignedPartition::SeekToStart(const Engine& engine) {
  CAUCE_RETURN_IF_ERROR(Open(engine));
  return Seek(partition_->log_start());
}

absl::Status AssignedPartition::SeekToEnd(const Engine& engine) {
  CAUCE_RETURN_IF_ERROR(Open(engine));
  // Where another process writes, this looks how far it is.
  CAUCE_RETURN_IF_ERROR(
      partition_->WaitFor(partition_->log_end(), absl::ZeroDuration())
          .status());
  CAUCE_ASSIGN_OR_RETURN(const Offset end, End());
  return Seek(end);
}

absl::Status AssignedPartition::SeekToTime(const Engine& engine,
                                           Timestamp time) {
  CAUCE_RETURN_IF_ERROR(Open(engine));
  CAUCE_ASSIGN_OR_RETURN(const auto found, partition_->FindByTime(time));
  return found ? Seek(found->offset) : SeekToEnd(engine);
}

absl::StatusOr<Offset> AssignedPartition::SkipDamage() {
  if (batch_) {
    // Of records that cannot be decoded, though they are as they were written,
    // it is all that is left of their batch; else there is no damage.
    const bool is_damaged = !is_open_ || !reader_.status().ok();
    if (is_damaged) CAUCE_RETURN_IF_ERROR(Seek(batch_->next_offset()));
  } else if (cursor_) {
    CAUCE_ASSIGN_OR_RETURN(const Offset next, cursor_->SkipDamage());
    position_ = std::max(position_, next);
    may_have_more_ = true;
  }
  return position_;
}

absl::StatusOr<Offset> AssignedPartition::Position(const Engine& engine) {
  CAUCE_RETURN_IF_ERROR(FindPosition(engine));
  return position_;
}

absl::StatusOr<int64_t> AssignedPartition::Lag(const Engine& engine) {
  CAUCE_RETURN_IF_ERROR(FindPosition(engine));
  CAUCE_ASSIGN_OR_RETURN(const Offset end, End());
  return std::max(end - position_, int64_t{0});
}

absl::Status AssignedPartition::MakeVisible() {
  const bool has_hidden =
      partition_ && partition_->high_watermark() < partition_->log_end();
  return has_hidden ? TellOnce(partition_->Flush()) : absl::OkStatus();
}

absl::Status AssignedPartition::CheckMoves() {
  if (!partition_) return absl::OkStatus();
  // Behind the log's end there is nothing to be made visible for it.
  return TellOnce(
      partition_->WaitFor(partition_->log_end(), absl::ZeroDuration())
          .status());
}

absl::Status AssignedPartition::TellOnce(const absl::Status& stop) {
  const bool was_stopped = std::exchange(is_stopped_, !stop.ok());
  return was_stopped ? absl::OkStatus() : stop;
}

}  // namespace cauce
