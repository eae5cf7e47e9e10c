#include "tools/cli/group_consumer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/envelope.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/record_source.h"

namespace cauce::cli {
namespace {

// Each commit is a sync, and what was printed since is printed again.
constexpr absl::Duration kCommitInterval = absl::Seconds(1);
// Between two looks whether a signal has come.
constexpr absl::Duration kWait = absl::Milliseconds(100);
// How long a group may be unable to take it in, as on a full disk, before that
// is an error. Nothing else takes time without threads.
constexpr absl::Duration kPutOffMax = absl::Seconds(3);

}  // namespace

GroupConsumer::GroupConsumer(const GroupReading& options, PrintPattern pattern)
    : options_(options),
      pattern_(std::move(pattern)),
      out_(STDOUT_FILENO),
      progress_("read", 0, Progress::Prints::kMeanwhile) {}

int GroupConsumer::Run(const std::string& dir, const std::string& topic) {
  topic_ = topic;
  const absl::Status read = Read(dir);
  // What it could not commit is printed again by the next.
  out_.Flush();
  if (!read.ok()) return Fail(read);
  if (!out_.status().ok()) return Fail(out_.status());
  if (Interrupts::Signal() != 0) return InterruptedExit();
  return damage_seen_ ? kFailed : kOk;
}

absl::Status GroupConsumer::Read(const std::string& dir) {
  auto client =
      OpenClient(dir, Access::kReadWrite, options_.free_bytes_min);
  if (ReasonOf(client.status()) == Reason::kLocked) {
    return Annotate(client.status(),
                    "--group joins and commits, which takes a directory that "
                    "nobody else has open for writing (without --group it is "
                    "read beside)");
  }
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  auto admin = client_->NewAdmin();
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);
  const auto found = FindTopic(*admin_, dir, topic_);
  if (!found.ok()) return found.status();
  // As without a group: nothing is read then, nor damage of it told.
  if (options_.count == 0) return client_->Close();
  cauce::ConsumerOptions member;
  member.group = options_.group;
  member.auto_commit = false;
  member.reset = options_.reset;
  member.isolation = options_.isolation;
  member.call_timeout = kPutOffMax;
  auto consumer = client_->NewConsumer(member);
  if (!consumer.ok()) return consumer.status();
  consumer_ = *std::move(consumer);
  absl::Status read = WaitForTransactions(*found);
  if (Interrupts::Signal() == 0) {
    read.Update(LookForMissing(*found));
    if (read.ok()) read = consumer_->Subscribe({topic_});
    if (read.ok()) read = ReadAll();
  }
  // Also in front of what cannot be read.
  const absl::Status committed = HandOnAndCommit();
  read.Update(committed);
  read.Update(consumer_->Close());
  read.Update(client_->Close());
  return read;
}

// As that of a program that was killed, which ends when its time has passed.
// Nobody begins another one: this process has the directory.
absl::Status GroupConsumer::WaitForTransactions(const TopicDescription& topic) {
  std::vector<TopicPartition> all;
  for (int32_t i = 0; i < topic.partitions; ++i)
    all.push_back({topic.name, PartitionId{i}});
  bool is_told = false;
  while (Interrupts::Signal() == 0) {
    const absl::Status known = consumer_->Committed(all).status();
    if (ReasonOf(known) != Reason::kUnstableOffsetCommit) return known;
    if (!std::exchange(is_told, true)) {
      Note(fmt::format("group {}: waits for transactions that have its offsets "
                       "in {} to end, or for their time to pass",
                       options_.group, topic_));
    }
    // Of nothing yet: it ends transactions whose time has passed.
    const absl::Status waited = consumer_->Poll(kWait).status();
    if (!waited.ok()) return waited;
  }
  return absl::OkStatus();
}

absl::Status GroupConsumer::LookForMissing(const TopicDescription& topic) {
  Engine* const engine = client_->engine();
  // Who has the log elsewhere knows what was lost of it.
  if (engine == nullptr) return absl::OkStatus();
  for (int32_t i = 0; i < topic.partitions; ++i) {
    const TopicPartition name{topic.name, PartitionId{i}};
    const auto partition = engine->OpenPartition(name.topic, name.partition);
    if (!partition.ok()) return partition.status();
    const auto committed = consumer_->Committed({name});
    if (!committed.ok()) return committed.status();
    const bool is_new = !committed->contains(name);
    const Offset at = is_new ? Offset{0} : committed->at(name).offset;
    const bool wants_all = !is_new || options_.reset == ResetTo::kEarliest;
    const OffsetRange lost = partition->lost().front;
    // The engine has told of them, as it does of those that are gone.
    damage_seen_ |= wants_all && lost.count() > 0 && at < lost.next;
  }
  return absl::OkStatus();
}

absl::Status GroupConsumer::ReadAll() {
  commit_at_ = SystemClock()->Monotonic() + kCommitInterval;
  while (!done_ && !out_.gone() && Interrupts::Signal() == 0) {
    const auto polled = consumer_->Poll(absl::ZeroDuration());
    if (!polled.ok()) {
      absl::Status passed = PassDamage(polled.status());
      if (!passed.ok()) return passed;
      continue;
    }
    if (polled->empty()) {
      const auto is_at_end = IsAtEnd();
      if (!is_at_end.ok()) return is_at_end.status();
      if (*is_at_end) return absl::OkStatus();
      continue;
    }
    if (absl::Status taken = Take(*polled); !taken.ok()) return taken;
  }
  return absl::OkStatus();
}

// Nobody else writes: what a Poll does not find is not there.
absl::StatusOr<bool> GroupConsumer::IsAtEnd() {
  const auto assignment = consumer_->assignment();
  for (const TopicPartition& each : assignment) {
    const auto position = consumer_->Position(each);
    if (!position.ok()) return position.status();
  }
  if (!assignment.empty()) return true;
  TellWhomItWaitsFor();
  const auto polled = consumer_->Poll(kWait);
  if (!polled.ok()) {
    if (absl::Status passed = PassDamage(polled.status()); !passed.ok())
      return passed;
    return false;
  }
  if (absl::Status taken = Take(*polled); !taken.ok()) return taken;
  return false;
}

void GroupConsumer::TellWhomItWaitsFor() {
  if (waits_told_) return;
  const auto group = admin_->DescribeGroup(options_.group);
  // Alone it waits for the log of the group, whose error comes by itself.
  if (!group.ok() || group->members.size() < 2) return;
  waits_told_ = true;
  Note(fmt::format("group {}: waits for its other members to come, or for "
                   "their time to pass",
                   options_.group));
}

absl::Status GroupConsumer::Take(std::span<const ConsumerRecord> records) {
  for (const ConsumerRecord& record : records) {
    Print(record);
    printed_[*record.partition] = {.offset = record.offset + 1};
    done_ = ++taken_ == options_.count || out_.gone();
    if (done_) return absl::OkStatus();
  }
  progress_.Update(taken_, bytes_);
  if (SystemClock()->Monotonic() < commit_at_) return absl::OkStatus();
  return HandOnAndCommit();
}

absl::Status GroupConsumer::PassDamage(const absl::Status& damage) {
  if (!options_.skip_damage || !IsUnreadableBatch(damage)) return damage;
  damage_seen_ = true;
  bool is_passed = false;
  for (const TopicPartition& each : consumer_->assignment()) {
    const auto before = consumer_->Position(each);
    const auto next = consumer_->SkipDamage(each);
    if (!next.ok()) return next.status();
    if (!before.ok() || *next == *before) continue;
    is_passed = true;
    Note(fmt::format("passed by: {}; reading goes on at offset {}",
                     MessageOf(damage), next->value));
  }
  // What lies between two batches is passed by where no offset moves. Told
  // again, it is no damage of these logs, as that of what the group committed.
  if (!is_passed && std::exchange(not_passed_, MessageOf(damage)) ==
                        MessageOf(damage)) {
    return damage;
  }
  return absl::OkStatus();
}

absl::Status GroupConsumer::HandOnAndCommit() {
  out_.Flush();
  // Nobody has what was printed last.
  if (out_.gone() || !out_.status().ok()) return out_.status();
  commit_at_ = SystemClock()->Monotonic() + kCommitInterval;
  // Who has not joined has nothing to commit.
  const bool has_joined = !printed_.empty() || !consumer_->assignment().empty();
  if (!options_.commits || !has_joined) return absl::OkStatus();
  if (absl::Status synced = SyncOutput(); !synced.ok()) return synced;
  // Where it ended within what was polled, the rest was not printed.
  return done_ ? consumer_->Commit(printed_) : consumer_->Commit();
}

absl::Status GroupConsumer::SyncOutput() const {
  struct stat status = {};
  const bool is_file =
      fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  if (!is_file || fdatasync(STDOUT_FILENO) == 0) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("standard output: {}; what it holds was not committed",
                  std::strerror(errno)));
}

void GroupConsumer::Print(const ConsumerRecord& record) {
  const PartitionId partition = record.partition->partition;
  bytes_ += static_cast<int64_t>(record.key.value_or("").size() +
                                 record.value.value_or("").size());
  std::string& buffer = out_.buffer();
  if (options_.format == Format::kJson) {
    AppendEnvelope(topic_, partition, record.timestamp_type, record, buffer);
    buffer += '\n';
  } else {
    pattern_.Append(topic_, partition, taken_, record, buffer);
  }
  out_.Written();
}

}  // namespace cauce::cli
