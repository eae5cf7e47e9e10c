#include "tools/cli/consumer.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/partitioner.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tools/cli/envelope.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"

namespace cauce::cli {
namespace {

// Whether other partitions may well be read where one fails so.
bool IsOfOnePartition(const absl::Status& failure) {
  const Reason reason = ReasonOf(failure);
  return IsDamage(failure) || absl::IsNotFound(failure) ||
         absl::IsPermissionDenied(failure) ||
         absl::IsFailedPrecondition(failure) ||
         reason == Reason::kCorruptFile ||
         reason == Reason::kUnsupportedFormat ||
         reason == Reason::kDiskFailed || reason == Reason::kOffsetOutOfRange;
}

// The same of what is read later on: damage ends the reading, or is passed by,
// and an offset that went says that somebody is at work.
bool IsUnreadable(const absl::Status& failure) {
  return ReasonOf(failure) == Reason::kDiskFailed || IsNoFile(failure);
}

// That the log reaches to its start: else there is nothing to be read, and no
// offset to begin at. A cursor tells why.
absl::Status CheckStart(const Partition& partition) {
  const Offset start = partition.log_start();
  if (start <= partition.high_watermark()) return absl::OkStatus();
  RecordBatch batch;
  return partition.Read(start).NextBatch(&batch).status();
}

}  // namespace

Consumer::Consumer(const ConsumerOptions& options, ReadFrom from,
                   PrintPattern pattern)
    : options_(options),
      from_(std::move(from)),
      pattern_(std::move(pattern)),
      source_(options.skip_damage ? OnDamage::kSkip
                                  : OnDamage::kStop,
              options.isolation),
      out_(STDOUT_FILENO),
      progress_("read", 0, Progress::Prints::kMeanwhile) {}

int Consumer::Run(const Engine& engine, const std::string& dir,
                  const std::string& topic) {
  const absl::Status read = Read(engine, dir, topic);
  out_.Flush();
  if (!read.ok()) return Fail(read);
  if (!out_.status().ok()) return Fail(out_.status());
  if (Interrupts::Signal() != 0) return InterruptedExit();
  const bool is_all = !source_.damage_seen() && !passed_over_ && !lost_seen_;
  return is_all ? kOk : kFailed;
}

absl::Status Consumer::Read(const Engine& engine, const std::string& dir,
                            const std::string& name) {
  topic_ = name;
  if (options_.follow) {
    // Watched first and read then: what is written in between wakes us up.
    const auto watch = TopicWatch::Open(engine, dir, name);
    if (!watch.ok()) return watch.status();
    return ReadFailure(engine, (*watch)->topic(), Follow(engine, **watch));
  }
  const auto topic = FindTopic(engine, dir, name);
  if (!topic.ok()) return topic.status();
  absl::Status read = AddParts(engine, *topic);
  if (read.ok()) read = ReadAvailable(engine, *topic);
  return ReadFailure(engine, *topic, read);
}

absl::Status Consumer::Follow(const Engine& engine, TopicWatch& watch) {
  absl::Status status = AddParts(engine, watch.topic());
  while (status.ok()) {
    status = ReadAvailable(engine, watch.topic());
    if (!status.ok() || done_) return status;
    out_.Flush();
    if (!out_.gone()) Await(watch);
    if (out_.gone() || Interrupts::Signal() != 0) return absl::OkStatus();
    status = watch.Look();
    if (status.ok()) status = AddGrown(engine, watch.topic());
  }
  return status;
}

// Until there is more to read, nobody who reads us, or a signal.
void Consumer::Await(const TopicWatch& watch) {
  while (Interrupts::Signal() == 0) {
    const Doorbell::Woken woken =
        doorbell_.Wait({.input = watch.descriptor(), .output = out_.fd()});
    if (woken.reader_gone) out_.NoteReaderGone();
    if (woken.reader_gone || woken.readable) return;
  }
}

absl::Status Consumer::ReadAvailable(const Engine& engine,
                                     const TopicDescription& topic) {
  done_ = options_.count == 0;
  if (done_) return absl::OkStatus();
  return source_.ReadAvailable(
      [this](const RecordSource::Item& item) { return Take(item); },
      [&](const absl::Status& failure) {
        return IsUnreadable(failure) ? PassOver(engine, topic, failure)
                                     : failure;
      });
}

// The partitions in which the records asked for may stand.
std::set<int32_t> Consumer::Wanted(const TopicDescription& topic) const {
  if (options_.partition) return {*options_.partition};
  if (options_.key) {
    return {PartitionForKey(*options_.key, topic.partitions).value};
  }
  std::set<int32_t> all;
  for (int32_t i = 0; i < topic.partitions; ++i) all.insert(i);
  return all;
}

absl::Status Consumer::AddParts(const Engine& engine,
                                const TopicDescription& topic) {
  Offset last_end{0};
  bool any = false;
  for (const int32_t i : Wanted(topic)) {
    reading_.insert(i);
    auto part = OpenPart(engine, topic, PartitionId{i}, from_);
    if (!part.ok()) {
      absl::Status passed = PassOver(engine, topic, part.status());
      if (!passed.ok()) return passed;
      continue;
    }
    const Offset end = part->partition.high_watermark();
    last_end = std::max(last_end, end);
    // Another partition may have it.
    if (!options_.follow && part->from > end) {
      lost_seen_ |= part->from < part->partition.lost().back.next;
      continue;
    }
    any = true;
    if (!options_.follow) {
      part->up_to = end;
      NoteHeldBack(part->partition, end);
    }
    source_.Add(*std::move(part));
  }
  if (any || passed_over_) return absl::OkStatus();
  return MakeError(
      Reason::kOffsetOutOfRange,
      fmt::format("there is no offset {} yet: the log ends at {}; --follow "
                  "waits for it",
                  from_.text(), last_end.value));
}

void Consumer::NoteHeldBack(const Partition& partition, Offset end) const {
  if (options_.isolation != Isolation::kReadCommitted) return;
  const auto stable = partition.LastStableOffset();
  // An error is one of its records, and told by who reads them.
  if (!stable.ok() || *stable >= end) return;
  Note(fmt::format("{}: nothing is shown from offset {} on, of {}: a "
                   "transaction is open there; its time-out ends it where a "
                   "process has the log open for writing, and cauce "
                   "transaction list --hanging shows one that nobody will end",
                   partition.name().ToString(), stable->value, end.value));
}

absl::Status Consumer::PassOver(const Engine& engine,
                                const TopicDescription& topic,
                                const absl::Status& failure) {
  const bool is_all_that_was_asked_for = options_.partition || options_.key;
  if (is_all_that_was_asked_for || !IsOfOnePartition(failure)) return failure;
  if (absl::Status gone = ReadFailure(engine, topic, failure);
      ReasonOf(gone) == Reason::kUnknownTopic) {
    return gone;
  }
  Note(fmt::format("passed over: {}", MessageOf(failure)));
  passed_over_ = true;
  return absl::OkStatus();
}

// What was added since; a key may now go to another partition as well.
absl::Status Consumer::AddGrown(const Engine& engine,
                                const TopicDescription& topic) {
  const ReadFrom from = from_.InAdded();
  for (const int32_t i : Wanted(topic)) {
    if (!reading_.insert(i).second) continue;
    auto part = OpenPart(engine, topic, PartitionId{i}, from);
    if (!part.ok()) {
      absl::Status passed = PassOver(engine, topic, part.status());
      if (!passed.ok()) return passed;
      continue;
    }
    source_.Add(*std::move(part));
  }
  return absl::OkStatus();
}

absl::StatusOr<SourcePart> Consumer::OpenPart(const Engine& engine,
                                              const TopicDescription& topic,
                                              PartitionId id,
                                              const ReadFrom& where) {
  auto partition = FindPartition(engine, topic, id);
  if (!partition.ok()) return partition.status();
  if (absl::Status bad = CheckStart(*partition); !bad.ok()) return bad;
  const auto from = FindStart(*partition, where);
  if (!from.ok()) return from.status();
  // The engine has told of them.
  const LostRecords lost = partition->lost();
  lost_seen_ |= where.MayWant(lost.front, *from);
  SourcePart part{*std::move(partition), *from, std::nullopt};
  part.is_cut_short = lost.back.count() > 0;
  return part;
}

absl::StatusOr<Offset> Consumer::FindStart(const Partition& partition,
                                           const ReadFrom& where) {
  auto from = where.In(partition);
  const absl::Status failed = from.status();
  const bool is_skipped =
      options_.skip_damage && (IsDamage(failed) || IsNoFile(failed));
  if (!is_skipped) return from;
  from = where.In(partition, OnDamage::kSkip);
  if (!from.ok()) return from;
  Note(fmt::format("passed by: {}; reading begins at offset {}",
                   MessageOf(failed), from->value));
  lost_seen_ = true;
  return from;
}

RecordSource::Next Consumer::Take(const RecordSource::Item& item) {
  const RecordView& record = item.record;
  if (!options_.key || record.key == *options_.key) {
    Print(item);
    ++taken_;
    bytes_ += static_cast<int64_t>(record.key.value_or("").size() +
                                   record.value.value_or("").size());
    progress_.Update(taken_, bytes_);
  }
  done_ = taken_ == options_.count || out_.gone() || Interrupts::Signal() != 0;
  return done_ ? RecordSource::Next::kStop : RecordSource::Next::kGoOn;
}

void Consumer::Print(const RecordSource::Item& item) {
  std::string& buffer = out_.buffer();
  if (options_.format == Format::kJson) {
    AppendEnvelope(topic_, item.partition, item.timestamp_type, item.record,
                   buffer);
    buffer += '\n';
  } else {
    pattern_.Append(topic_, item.partition, taken_, item.record, buffer);
  }
  out_.Written();
}

}  // namespace cauce::cli
