// Members of groups, who assigns by hand, and copiers.
#include <utility>

#include "tests/history/history_names.h"
#include "tests/history/history_world.h"

namespace cauce::test {
namespace {

constexpr absl::Duration kPollIntervalMax = absl::Seconds(30);
constexpr size_t kMembersMax = 4;

OffsetsToCommit ToCommit(const OffsetsByPartition& offsets) {
  OffsetsToCommit commit;
  for (const auto& [partition, offset] : offsets) {
    commit[partition] = {
        .offset = offset, .metadata = "", .leader_epoch = {}};
  }
  return commit;
}

}  // namespace

// Notes where a member's positions begin anew.
class HistoryWorld::Listener final : public RebalanceListener {
 public:
  Listener(HistoryWorld& world, Member& member)
      : world_(world), member_(member) {}

  void Assigned(const std::vector<TopicPartition>& partitions) override {
    for (const TopicPartition& each : partitions)
      world_.history_.emplace_back(Moved{member_.number, each});
  }
  void Revoked(const std::vector<TopicPartition>& partitions) override {
    CommitPerhaps();
    Forget(partitions);
  }
  void Lost(const std::vector<TopicPartition>& partitions) override {
    ++world_.counts_.lost_memberships;
    // Has no right to any more, and must be told so.
    CommitPerhaps();
    Forget(partitions);
  }

 private:
  // Those of copiers are parts of their transactions.
  void CommitPerhaps() {
    if (member_.group == kReaders && world_.Chance(50))
      world_.CommitOffsets(member_);
  }
  void Forget(const std::vector<TopicPartition>& partitions) {
    for (const TopicPartition& each : partitions) member_.read.erase(each);
  }

  HistoryWorld& world_;
  Member& member_;
};

std::unique_ptr<HistoryWorld::Member> HistoryWorld::NewMember(
    const std::string& group) {
  auto member = std::make_unique<Member>();
  member->number = ++last_consumer_;
  member->group = group;
  if (group.empty()) member->isolation = Isolation::kReadUncommitted;
  ConsumerOptions options;
  options.group = group;
  options.auto_commit = false;
  options.reset = ResetTo::kEarliest;
  options.assignments = ways_;
  options.isolation = member->isolation;
  options.poll_interval_max = kPollIntervalMax;
  options.poll_records_max = 1 + Below(4);
  options.call_timeout = kPatience;
  auto made = client_->NewConsumer(options);
  if (!made.ok()) return nullptr;
  member->consumer = *std::move(made);
  member->listener = std::make_shared<Listener>(*this, *member);
  const absl::Status begun =
      group.empty() ? member->consumer->Assign(PartitionsOf(kIn))
                    : member->consumer->Subscribe({std::string(kIn)},
                                                  member->listener);
  return begun.ok() ? std::move(member) : nullptr;
}

void HistoryWorld::StepMember() {
  if (members_.size() < kMembersMax && Chance(20)) {
    auto made = NewMember(Chance(20) ? "" : kReaders);
    if (made != nullptr) members_.push_back(std::move(made));
  }
  if (members_.empty()) return;
  const size_t which = random_() % members_.size();
  Member& member = *members_[which];
  if (Chance(4)) {
    if (Chance(50)) member.consumer->Close().IgnoreError();
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(which));
    return;
  }
  Poll(member, 0);
  if (!member.group.empty() && Chance(50)) CommitOffsets(member);
}

std::vector<std::pair<TopicPartition, int64_t>> HistoryWorld::Poll(
    Member& member, TransactionNumber transaction) {
  std::vector<std::pair<TopicPartition, int64_t>> values;
  const auto polled = member.consumer->Poll(absl::ZeroDuration());
  const int32_t generation = member.consumer->group_metadata().generation;
  std::vector<TopicPartition> assignment = member.consumer->assignment();
  const bool is_new = generation != member.generation ||
                      assignment != member.assignment;
  if (!member.group.empty() && generation >= 0 && is_new) {
    ++counts_.assignments;
    history_.emplace_back(
        Assigned{member.number, member.group, generation, assignment});
  }
  member.generation = generation;
  member.assignment = std::move(assignment);
  if (!polled.ok()) return values;
  for (const ConsumerRecord& each : *polled) {
    values.emplace_back(*each.partition, ValueOf(each));
    history_.emplace_back(Delivered{member.number, member.isolation,
                                    transaction, *each.partition, each.offset,
                                    values.back().second});
    member.read[*each.partition] = each.offset + 1;
  }
  return values;
}

void HistoryWorld::CommitOffsets(Member& member) {
  if (member.read.empty()) return;
  history_.emplace_back(OffsetsCommitAsked{member.group, member.read});
  const int32_t generation = member.consumer->group_metadata().generation;
  const absl::Status committed =
      member.consumer->Commit(ToCommit(member.read));
  if (!committed.ok()) {
    ++counts_.commits_refused;
    return;
  }
  history_.emplace_back(OffsetsCommitted{member.number, member.group,
                                         generation, member.read});
  member.read.clear();
}

// Reads what was asked of it, works on it and writes what comes out; the end
// comes in a later step.
void HistoryWorld::StepCopier(Copier& copier) {
  if (copier.member == nullptr) copier.member = NewMember(kCopiers);
  if (copier.member == nullptr) return;
  Writer& writer = copier.writer;
  if (writer.producer == nullptr) {
    copier.has_added = false;
    StartWriter(writer);
    // What was sent is decided by now, and may have to be read again.
    if (writer.producer == nullptr || !SeekToCommitted(*copier.member))
      copier.member.reset();
    return;
  }
  if (writer.open != 0) return FinishCopy(copier);
  if (!is_calm_ && Chance(4)) {
    copier.member.reset();  // without a word
    return;
  }
  const TransactionNumber next = ++last_transaction_;
  const auto read = Poll(*copier.member, next);
  if (read.empty()) return;
  copier.as = copier.member->consumer->group_metadata();
  if (!writer.producer->BeginTransaction().ok()) {
    writer.producer.reset();
    return;
  }
  writer.open = next;
  for (const auto& [from, value] : read) {
    Send(*writer.producer, writer.number, next,
         {std::string(kOut), from.partition}, value);
  }
}

// Others may come between its offsets and its end.
void HistoryWorld::FinishCopy(Copier& copier) {
  Writer& writer = copier.writer;
  Member& member = *copier.member;
  bool is_committed = false;
  if (writer.has_failed || (!is_calm_ && Chance(15) && !writer.must_commit)) {
    Abort(writer);
  } else if (!copier.has_added) {
    AddOffsets(copier);
    if (copier.has_added && Chance(50)) return;
  } else {
    Commit(writer);
    is_committed = writer.producer != nullptr && writer.open == 0;
  }
  if (writer.producer != nullptr && writer.open != 0) return;
  copier.has_added = false;
  writer.open = 0;
  counts_.copies += is_committed ? 1 : 0;
  if (is_committed) {
    member.read.clear();
  } else if (!SeekToCommitted(member)) {
    copier.member.reset();
  }
}

void HistoryWorld::AddOffsets(Copier& copier) {
  Writer& writer = copier.writer;
  const OffsetsByPartition& read = copier.member->read;
  const absl::Status added = writer.producer->SendOffsetsToTransaction(
      ToCommit(read), copier.as);
  copier.has_added = added.ok();
  if (added.ok()) {
    history_.emplace_back(OffsetsAdded{writer.open, copier.as.generation,
                                       copier.as.group, read});
    return;
  }
  ++counts_.commits_refused;
  Failed(writer, added);
  writer.has_failed = writer.producer != nullptr;
}

bool HistoryWorld::SeekToCommitted(Member& member) {
  member.read.clear();
  const auto assigned = member.consumer->assignment();
  const auto committed = member.consumer->Committed(assigned);
  if (!committed.ok()) return false;
  for (const TopicPartition& each : assigned) {
    const auto found = committed->find(each);
    const absl::Status sought =
        found == committed->end()
            ? member.consumer->SeekToStart(each)
            : member.consumer->Seek(each, found->second.offset);
    if (!sought.ok()) return false;
    history_.emplace_back(Moved{member.number, each});
  }
  return true;
}

}  // namespace cauce::test
