// Members of groups, who assigns by hand, and copiers.
#include <utility>

#include "cauce/errors.h"
#include "tests/history/history_end.h"
#include "tests/history/history_names.h"
#include "tests/history/history_world.h"

namespace cauce::test {
namespace {

constexpr absl::Duration kPollIntervalMax = absl::Seconds(30);
constexpr size_t kMembersMax = 6;

std::string TopicOf(const std::string& group) {
  return std::string(group == kFollowers ? kBrief : kIn);
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
    // Whichever it will be.
    if (member_.group != kFollowers) return;
    for (const auto& [id, life] : world_.lives_)
      world_.history_.emplace_back(Moved{member_.number, life});
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
  // What copiers make is exactly once whatever they read.
  if (group.empty() || (group == kCopiers && Chance(50)))
    member->isolation = Isolation::kReadUncommitted;
  ConsumerOptions options;
  options.group = group;
  if (!group.empty() && !is_calm_ && Chance(40)) {
    // Mostly the same, for which several come then.
    member->instance = Chance(70) ? "i0" : "i1";
    options.instance = member->instance;
  }
  options.auto_commit = PromiseOf(group) == Promise::kAtLeastOnce;
  options.auto_commit_interval = absl::Milliseconds(Below(3000));
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
  if (!group.empty()) {
    counts_.static_members += member->instance.empty() ? 0 : 1;
    history_.emplace_back(MemberMade{
        member->number, group, member->instance, PromiseOf(group),
        ways_ == std::vector{Assignment::kCooperativeSticky}});
  }
  const auto by_hand = PartitionsOf(kIn, CountPartitions(kIn));
  const absl::Status begun =
      group.empty() ? member->consumer->Assign(by_hand)
                    : member->consumer->Subscribe({TopicOf(group)},
                                                  member->listener);
  return begun.ok() ? std::move(member) : nullptr;
}

std::unique_ptr<HistoryWorld::Member> HistoryWorld::NewReader() {
  ConsumerOptions options;
  // Where what it is at is deleted it goes on behind that.
  options.reset = ResetTo::kEarliest;
  options.isolation = Isolation::kReadCommitted;
  options.call_timeout = kPatience;
  auto made = client_->NewConsumer(options);
  if (!made.ok()) return nullptr;
  auto reader = std::make_unique<Member>();
  reader->number = ++last_consumer_;
  reader->consumer = *std::move(made);
  const auto all = AllPartitions(CountPartitions(kIn));
  if (!reader->consumer->Assign(all).ok()) return nullptr;
  for (const TopicPartition& each : all) {
    if (!reader->consumer->SeekToEnd(each).ok()) return nullptr;
  }
  return reader;
}

void HistoryWorld::StepMember() {
  if (members_.size() < kMembersMax && Chance(20)) {
    const char* const groups[] = {"",         kReaders,   kReaders,
                                  kAutomatic, kAutomatic, kCautious,
                                  kFollowers, kFollowers};
    auto made = NewMember(groups[random_() % std::size(groups)]);
    if (made != nullptr) members_.push_back(std::move(made));
  }
  if (members_.empty()) return;
  const size_t which = random_() % members_.size();
  Member& member = *members_[which];
  // Who was replaced hears nothing else any more.
  if (Chance(member.is_replaced ? 50 : 4)) {
    // Or it is killed, in the midst of its work.
    if (Chance(50)) CloseMember(member);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(which));
    return;
  }
  if (PromiseOf(member.group) == Promise::kAtMostOnce)
    return StepCautious(member);
  Poll(member, 0);
  const bool commits = member.group == kReaders || member.group == kFollowers;
  if (!commits || Chance(50)) return;
  if (Chance(70)) {
    CommitOffsets(member);
  } else {
    CommitOffsetsAsync(member);
  }
}

// Where it does not know that they are committed it leaves them be: others may
// work on them, or nobody does.
void HistoryWorld::StepCautious(Member& member) {
  Poll(member, 0);
  const bool is_committed = CommitOffsets(member);
  if (is_committed && !Chance(5)) Work(member);
  member.given.clear();
}

void HistoryWorld::Work(Member& member) {
  for (const Worked& each : member.given) history_.emplace_back(each);
  counts_.worked += static_cast<int64_t>(member.given.size());
  member.given.clear();
}

void HistoryWorld::CloseMember(Member& member) {
  ++counts_.operations;
  const bool is_automatic = PromiseOf(member.group) == Promise::kAtLeastOnce;
  if (is_automatic) Work(member);
  // What it gives up as it goes is forgotten.
  const OffsetsByPartition read = PositionsOf(*member.consumer, member.read);
  const ConsumerGroupMetadata as = member.consumer->group_metadata();
  const absl::Status closed = member.consumer->Close();
  if (!closed.ok() || !is_automatic || read.empty()) return;
  history_.emplace_back(OffsetsCommitted{member.number, member.group,
                                         as.generation, read, as.member_id,
                                         member.idle_since});
}

std::vector<std::pair<TopicPartition, int64_t>> HistoryWorld::Poll(
    Member& member, TransactionNumber transaction) {
  std::vector<std::pair<TopicPartition, int64_t>> values;
  ++counts_.operations;
  // From now on its consumer may commit them by itself.
  if (PromiseOf(member.group) == Promise::kAtLeastOnce) Work(member);
  if (!member.idle_since) member.idle_since = history_.size();
  const auto polled = member.consumer->Poll(absl::ZeroDuration());
  const ConsumerGroupMetadata as = member.consumer->group_metadata();
  const int32_t generation = as.generation;
  std::vector<TopicPartition> assignment = member.consumer->assignment();
  const bool is_new = generation != member.generation ||
                      assignment != member.assignment;
  if (!member.group.empty() && generation >= 0 && is_new) {
    ++counts_.assignments;
    history_.emplace_back(
        Assigned{member.number, member.group, generation,
                 member.group == kFollowers && !assignment.empty()
                     ? std::vector<TopicPartition>{LifeNow()}
                     : assignment,
                 as.member_id});
  }
  member.generation = generation;
  member.assignment = std::move(assignment);
  const bool was_replaced = std::exchange(
      member.is_replaced,
      ReasonOf(polled.status()) == Reason::kFencedInstanceId);
  counts_.replaced += member.is_replaced && !was_replaced ? 1 : 0;
  if (!polled.ok()) return values;
  FollowLife(member, as);
  if (!polled->empty()) member.idle_since.reset();
  for (const ConsumerRecord& each : *polled) {
    values.emplace_back(*each.partition, ValueOf(each));
    history_.emplace_back(Delivered{member.number, member.isolation,
                                    transaction,
                                    NameOf(member, *each.partition),
                                    each.offset, values.back().second});
    member.read[*each.partition] = each.offset + 1;
    if (PromiseOf(member.group) != Promise::kNone)
      member.given.push_back({member.number, *each.partition, each.offset});
  }
  return values;
}

// What it has read of a life before is not to be committed in this one.
void HistoryWorld::FollowLife(Member& member, const ConsumerGroupMetadata& as) {
  const auto id = as.topic_ids.find(std::string(kBrief));
  if (id == as.topic_ids.end() || id->second == member.life) return;
  member.life = id->second;
  member.read.clear();
}

TopicPartition HistoryWorld::NameOf(const Member& member,
                                    const TopicPartition& partition) {
  return partition.topic == kBrief ? LifeOf(member.life) : partition;
}

OffsetsByPartition HistoryWorld::NamesOf(const Member& member) {
  OffsetsByPartition named;
  for (const auto& [partition, offset] : member.read)
    named[NameOf(member, partition)] = offset;
  return named;
}

OffsetsToCommit HistoryWorld::ToCommitOf(const Member& member) {
  OffsetsToCommit commit = ToCommit(member.read);
  for (auto& [partition, offset] : commit) {
    if (partition.topic == kBrief) offset.topic_id = member.life;
  }
  return commit;
}

bool HistoryWorld::CommitOffsets(Member& member) {
  if (member.read.empty()) return false;
  ++counts_.operations;
  const OffsetsByPartition read = NamesOf(member);
  history_.emplace_back(OffsetsCommitAsked{member.group, read});
  const ConsumerGroupMetadata as = member.consumer->group_metadata();
  const absl::Status committed = member.consumer->Commit(ToCommitOf(member));
  if (!committed.ok()) {
    ++counts_.commits_refused;
    return false;
  }
  history_.emplace_back(OffsetsCommitted{member.number, member.group,
                                         as.generation, read, as.member_id});
  member.read.clear();
  return true;
}

void HistoryWorld::CommitOffsetsAsync(Member& member) {
  if (member.read.empty()) return;
  ++counts_.operations;
  const OffsetsByPartition read = NamesOf(member);
  history_.emplace_back(OffsetsCommitAsked{member.group, read});
  const ConsumerGroupMetadata as = member.consumer->group_metadata();
  const OffsetsCommitted told{member.number, member.group, as.generation,
                              read,          as.member_id, history_.size()};
  member.consumer->CommitAsync(
      ToCommitOf(member), [this, told](const absl::Status& committed) {
        if (committed.ok()) {
          history_.emplace_back(told);
        } else {
          ++counts_.commits_refused;
        }
      });
}

// Reads what was asked of it, works on it and writes what comes out; the end
// comes in a later step.
void HistoryWorld::StepCopier(Copier& copier) {
  if (copier.member == nullptr) copier.member = NewMember(kCopiers);
  if (copier.member == nullptr) return;
  Writer& writer = copier.writer;
  if (writer.producer == nullptr) {
    copier.has_added = false;
    StartWriter(writer).IgnoreError();
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
  ++counts_.operations;
  const OffsetsByPartition& read = copier.member->read;
  const absl::Status added = writer.producer->SendOffsetsToTransaction(
      ToCommit(read), copier.as);
  copier.has_added = added.ok();
  if (added.ok()) {
    history_.emplace_back(OffsetsAdded{writer.open, copier.as.generation,
                                       copier.as.group, read,
                                       copier.as.member_id});
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
