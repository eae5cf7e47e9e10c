// The members of groups of a ThreadedWorld.
#include <utility>

#include "cauce/errors.h"
#include "tests/history/history_end.h"
#include "tests/history/history_names.h"
#include "tests/history/threaded_actors.h"

namespace cauce::test {
namespace {

// How long the others wait for a member with a place of its own that does not
// come back, and how long one may be held up; in calm nobody is waited for.
constexpr absl::Duration kAway = absl::Milliseconds(300);
constexpr absl::Duration kAwayInCalm = absl::Minutes(1);
constexpr absl::Duration kPollWait = absl::Milliseconds(5);

}  // namespace

// Notes where a member's positions begin anew.
class ThreadedMember::Listener final : public RebalanceListener {
 public:
  explicit Listener(ThreadedMember& member) : member_(member) {}

  void Assigned(const std::vector<TopicPartition>& partitions) override {
    for (const TopicPartition& each : partitions)
      member_.Note(Moved{member_.number_, each});
  }
  void Revoked(const std::vector<TopicPartition>& partitions) override {
    // Those of copiers are parts of their transactions.
    if (member_.group_ == kReaders && member_.Chance(50)) member_.Commit();
    for (const TopicPartition& each : partitions) member_.read_.erase(each);
  }

 private:
  ThreadedMember& member_;
};

ThreadedMember::ThreadedMember(const Surroundings& around, uint32_t seed,
                               std::string group)
    : Actor(around, seed),
      group_(std::move(group)),
      promise_(PromiseOf(group_)) {}

ThreadedMember::~ThreadedMember() { Kill(); }

void ThreadedMember::Make() {
  MemberMade made;
  made.group = group_;
  made.promise = promise_;
  made.is_cooperative =
      around_.ways == std::vector{Assignment::kCooperativeSticky};
  // Others come for the same place, at the same time perhaps.
  if (!around_.is_calm && Chance(40)) made.instance = Chance(70) ? "i0" : "i1";
  ConsumerOptions options;
  options.group = group_;
  if (!made.instance.empty()) options.instance = made.instance;
  options.auto_commit = promise_ == Promise::kAtLeastOnce;
  options.auto_commit_interval = absl::Milliseconds(Below(20));
  options.reset = ResetTo::kEarliest;
  options.assignments = around_.ways;
  // What copiers make is exactly once whatever they read.
  isolation_ = group_ == kCopiers && Chance(50) ? Isolation::kReadUncommitted
                                                : Isolation::kReadCommitted;
  options.isolation = isolation_;
  options.poll_interval_max = around_.is_calm ? kAwayInCalm : kAway;
  options.poll_records_max = around_.is_calm ? 500 : 1 + Below(8);
  options.call_timeout = patience();
  auto consumer = around_.client->NewConsumer(options);
  if (!consumer.ok()) return;
  made.consumer = number_ = around_.history->NewNumber();
  generation_ = -1;
  assignment_.clear();
  Note(made);
  listener_ = std::make_shared<Listener>(*this);
  if ((*consumer)->Subscribe({std::string(kIn)}, listener_).ok())
    consumer_ = *std::move(consumer);
}

bool ThreadedMember::has_all() const {
  return assignment_.size() == kHistoryPartitions;
}

void ThreadedMember::Step() {
  if (consumer_ == nullptr) return Make();
  if (Chance(2)) return Close();
  if (Chance(2)) return Kill();
  Poll(0);
  if (consumer_ == nullptr) return;
  if (promise_ == Promise::kAtMostOnce) {
    // Where it does not know that they are committed it leaves them be.
    if (Commit() && !Chance(5)) Work();
    given_.clear();
  } else if (group_ == kReaders && Chance(50)) {
    if (Chance(50)) {
      Commit();
    } else {
      CommitAsync();
    }
  }
}

void ThreadedMember::Work() {
  for (const Worked& each : given_) Note(each);
  counts().worked += static_cast<int64_t>(given_.size());
  given_.clear();
}

std::vector<Delivered> ThreadedMember::Poll(TransactionNumber transaction) {
  ++counts().operations;
  // From now on its consumer may commit them by itself.
  if (promise_ == Promise::kAtLeastOnce) Work();
  if (!idle_since_) idle_since_ = around_.history->place();
  const auto polled = consumer_->Poll(kPollWait);
  const ConsumerGroupMetadata as = consumer_->group_metadata();
  std::vector<TopicPartition> assignment = consumer_->assignment();
  const bool is_new =
      as.generation != generation_ || assignment != assignment_;
  if (as.generation >= 0 && is_new) {
    ++counts().assignments;
    Note(Assigned{number_, group_, as.generation, assignment, as.member_id});
  }
  generation_ = as.generation;
  assignment_ = std::move(assignment);
  std::vector<Delivered> records;
  if (polled.ok()) {
    if (!polled->empty()) idle_since_.reset();
    for (const ConsumerRecord& each : *polled) {
      records.push_back({number_, isolation_, transaction, *each.partition,
                         each.offset, ValueOf(each)});
      Note(records.back());
      read_[*each.partition] = each.offset + 1;
      if (promise_ != Promise::kNone)
        given_.push_back({number_, *each.partition, each.offset});
    }
  } else if (ReasonOf(polled.status()) == Reason::kFencedInstanceId) {
    ++counts().replaced;
    if (promise_ == Promise::kNone) Commit();  // which must be refused
    Kill();
  }
  return records;
}

bool ThreadedMember::Commit() {
  if (read_.empty()) return false;
  ++counts().operations;
  Note(OffsetsCommitAsked{group_, read_});
  const size_t asked_at = around_.history->place();
  const ConsumerGroupMetadata as = consumer_->group_metadata();
  const absl::Status committed = consumer_->Commit(ToCommit(read_));
  if (!committed.ok()) {
    ++counts().commits_refused;
    return false;
  }
  ++counts().offsets_committed;
  Note(OffsetsCommitted{number_, group_, as.generation, read_, as.member_id,
                        asked_at});
  read_.clear();
  return true;
}

void ThreadedMember::CommitAsync() {
  if (read_.empty()) return;
  ++counts().operations;
  Note(OffsetsCommitAsked{group_, read_});
  const ConsumerGroupMetadata as = consumer_->group_metadata();
  const OffsetsCommitted told{
      number_, group_,       as.generation,
      read_,   as.member_id, around_.history->place()};
  consumer_->CommitAsync(
      ToCommit(read_), [history = around_.history, counts = around_.counts,
                        told](const absl::Status& committed) {
        if (committed.ok()) {
          ++counts->offsets_committed;
          history->Add(told);
        } else {
          ++counts->commits_refused;
        }
      });
}

void ThreadedMember::Close() {
  ++counts().operations;
  const bool is_automatic = promise_ == Promise::kAtLeastOnce;
  if (is_automatic) Work();
  // What it gives up as it goes is forgotten.
  const OffsetsByPartition read = PositionsOf(*consumer_, read_);
  const ConsumerGroupMetadata as = consumer_->group_metadata();
  const size_t asked_at = idle_since_.value_or(around_.history->place());
  const absl::Status closed = consumer_->Close();
  if (closed.ok() && is_automatic && !read.empty()) {
    Note(OffsetsCommitted{number_, group_, as.generation, read, as.member_id,
                          asked_at});
  }
  Kill();
}

void ThreadedMember::Kill() {
  consumer_.reset();
  listener_.reset();
  read_.clear();
  given_.clear();
  assignment_.clear();
}

bool ThreadedMember::SeekToCommitted() {
  read_.clear();
  if (consumer_ == nullptr) return false;
  const auto assigned = consumer_->assignment();
  const auto committed = consumer_->Committed(assigned);
  if (!committed.ok()) return false;
  for (const TopicPartition& each : assigned) {
    const auto found = committed->find(each);
    const absl::Status sought =
        found == committed->end()
            ? consumer_->SeekToStart(each)
            : consumer_->Seek(each, found->second.offset);
    if (!sought.ok()) return false;
    Note(Moved{number_, each});
  }
  return true;
}

}  // namespace cauce::test
