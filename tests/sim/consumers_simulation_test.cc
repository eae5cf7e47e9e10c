// Consumers of a group over an engine in memory, in one thread and by one seed:
// they come, go, are killed, stay away for too long and start anew, their topic
// grows in records and partitions, two run as one instance, and the whole
// process starts anew. No record is passed by, what is committed never goes
// back, who joined last as an instance fences the other, and in the end each
// partition is one's.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

constexpr int kSchedules = 400;
constexpr int kSteps = 80;
constexpr int32_t kPartitions = 4;  // at first
constexpr int32_t kPartitionsMax = 7;
constexpr size_t kConsumersMax = 6;  // more than there are partitions at first
constexpr absl::Duration kPollIntervalMax = absl::Seconds(30);

struct Counts {
  int64_t records = 0;
  int64_t delivered = 0;
  int64_t grown = 0;  // by a partition
  int64_t restarts = 0;
  int64_t kills = 0;
  int64_t lost_memberships = 0;
  int64_t rivals = 0;  // begun as an instance that another one still runs as
  int64_t fenced = 0;
  int64_t surplus = 0;  // schedules that end with members that have nothing
};

// Counts what is lost.
class Losses final : public RebalanceListener {
 public:
  explicit Losses(Counts& counts) : counts_(counts) {}
  void Assigned(const std::vector<TopicPartition>&) override {}
  void Revoked(const std::vector<TopicPartition>&) override {}
  void Lost(const std::vector<TopicPartition>&) override {
    ++counts_.lost_memberships;
  }

 private:
  Counts& counts_;
};

class Consumers {
 public:
  Consumers(uint32_t seed, Counts& counts)
      : random_(seed), counts_(counts), files_(NewMemoryFileSystem()) {
    const std::vector<std::vector<Assignment>> ways = {
        {Assignment::kRange, Assignment::kCooperativeSticky},
        {Assignment::kRoundRobin},
        {Assignment::kSticky},
        {Assignment::kCooperativeSticky}};
    ways_ = ways[random_() % ways.size()];
    Open();
    Check(client_->engine()
              ->CreateTopic("t", {.partitions = kPartitions, .configs = {}})
              .status());
  }

  std::string Live() {
    for (int i = 0; i < kSteps && wrong_.empty(); ++i) {
      Step();
      CheckShares();
      CheckCommitted();
    }
    Settle();
    return wrong_;
  }

 private:
  struct Member {
    std::unique_ptr<Consumer> consumer;
    std::optional<std::string> instance;
    bool commits_itself = true;
    std::string id;  // as who its group knows it; empty before
    bool has_rival = false;  // or had: another one that ran as its instance
    // Which has joined since it did.
    bool is_replaced = false;
  };

  void Open() {
    members_.clear();
    client_.reset();
    ClientOptions options;
    options.threads = 0;
    options.engine.clock = &clock_;
    options.engine.file_system = files_.get();
    options.engine.offsets_topic_partitions = 1;
    auto opened = Client::Open("dir:/data", options);
    Check(opened.status());
    if (opened.ok()) client_ = *std::move(opened);
  }

  void Step() {
    const uint32_t dice = random_() % 100;
    if (dice < 25) return Append();
    if (dice < 37) return Add();
    if (dice < 39) return Restart();
    if (dice < 41) return Grow();
    if (members_.empty()) return;
    const size_t which = random_() % members_.size();
    if (dice < 45) return Remove(which, [](Consumer& c) { return c.Close(); });
    if (dice < 49) {
      ++counts_.kills;
      return Remove(which, [](Consumer&) { return absl::OkStatus(); });
    }
    if (dice < 57) return clock_.Advance(absl::Seconds(random_() % 20));
    Poll(which);
  }

  void Append() {
    const auto p =
        static_cast<int32_t>(random_() % static_cast<uint32_t>(partitions_));
    const std::string value = fmt::format("{}", ends_[p]);
    const Record record{.value = value, .timestamp = {1000}};
    auto partition = client_->engine()->OpenPartition("t", PartitionId{p});
    Check(partition.status());
    Check(partition->Append({&record, 1}).status());
    ++ends_[p];
    ++counts_.records;
  }

  void Grow() {
    if (partitions_ == kPartitionsMax) return;
    ++counts_.grown;
    Check(client_->engine()->CreatePartitions("t", ++partitions_));
  }

  void Add() {
    if (members_.size() == kConsumersMax) return;
    ConsumerOptions options;
    options.group = "g";
    options.reset = ResetTo::kEarliest;
    options.assignments = ways_;
    options.poll_interval_max = kPollIntervalMax;
    options.auto_commit = random_() % 2 == 0;
    options.auto_commit_interval = absl::Seconds(random_() % 6);
    options.poll_records_max = static_cast<int32_t>(1 + random_() % 3);
    Member member;
    if (random_() % 3 == 0) {
      const std::string instance = fmt::format("i{}", random_() % 2);
      for (Member& each : members_) {
        if (each.instance != instance) continue;
        each.has_rival = member.has_rival = true;
      }
      counts_.rivals += member.has_rival ? 1 : 0;
      options.instance = member.instance = instance;
    }
    member.commits_itself = options.auto_commit;
    auto made = client_->NewConsumer(options);
    Check(made.status());
    member.consumer = *std::move(made);
    Check(member.consumer->Subscribe({"t"}, std::make_shared<Losses>(counts_)));
    members_.push_back(std::move(member));
  }

  template <typename End>
  void Remove(size_t which, End end) {
    // Who was away for too long cannot commit any more, and is told so.
    end(*members_[which].consumer).IgnoreError();
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void Restart() {
    ++counts_.restarts;
    if (random_() % 2 == 0) {
      for (Member& each : members_) each.consumer->Close().IgnoreError();
    }
    Open();
  }

  // Whether there were records. Who is fenced ends.
  bool Poll(size_t which) {
    Member& member = members_[which];
    const auto polled = member.consumer->Poll(absl::ZeroDuration());
    if (ReasonOf(polled.status()) == Reason::kFencedInstanceId) {
      if (!member.has_rival) {
        Wrong(fmt::format("{} is fenced, and it alone ran as {}", member.id,
                          member.instance.value_or("nobody")));
      }
      ++counts_.fenced;
      Remove(which, [](Consumer& c) { return c.Close(); });
      return false;
    }
    Check(polled.status());
    if (!polled.ok()) return false;
    NoteWhoJoined(member);
    if (member.is_replaced && !polled->empty()) {
      Wrong(fmt::format("{} reads on though another has joined as {}",
                        member.id, *member.instance));
    }
    for (const ConsumerRecord& record : *polled) {
      ++counts_.delivered;
      const int32_t p = record.partition->partition.value;
      seen_[p].insert(record.offset.value);
      if (*record.value != fmt::format("{}", record.offset.value))
        Wrong("a record is another one");
    }
    const bool any = !polled->empty();
    if (!member.commits_itself && any && random_() % 2 == 0) {
      const absl::Status committed = member.consumer->Commit();
      const Reason reason = ReasonOf(committed);
      // Records that it read before it was replaced.
      const bool is_fenced =
          member.has_rival && reason == Reason::kFencedInstanceId;
      if (committed.ok() && member.is_replaced) {
        Wrong(fmt::format("{} commits though another has joined as {}",
                          member.id, *member.instance));
      }
      if (!committed.ok() && !is_fenced && reason != Reason::kUnknownMemberId &&
          reason != Reason::kIllegalGeneration &&
          reason != Reason::kRebalanceInProgress) {
        Check(committed);
      }
    }
    return any;
  }

  // As who it was told by its group that it is.
  void NoteWhoJoined(Member& member) {
    const std::string id = member.consumer->group_metadata().member_id;
    if (id.empty() || id == member.id) return;
    member.id = id;
    member.is_replaced = false;
    if (!member.instance) return;
    for (Member& each : members_) {
      const bool is_rival = &each != &member && !each.id.empty() &&
                            each.instance == member.instance;
      if (is_rival) each.is_replaced = true;
    }
  }

  // Of one generation no partition is two members'.
  void CheckShares() {
    std::map<int32_t, std::set<TopicPartition>> by_generation;
    for (const Member& each : members_) {
      // It does not know it yet.
      if (each.is_replaced) continue;
      const int32_t generation = each.consumer->group_metadata().generation;
      for (const TopicPartition& name : each.consumer->assignment()) {
        // A member that has joined anew and kept its own is between two.
        const bool is_new = by_generation[generation].insert(name).second;
        if (!is_new && generation >= 0) {
          Wrong(fmt::format("{} is two members' of generation {}",
                            name.ToString(), generation));
        }
      }
    }
  }

  void CheckCommitted() {
    ConsumerOptions options;
    options.group = "g";
    auto looker = client_->NewConsumer(options);
    Check(looker.status());
    std::vector<TopicPartition> all;
    for (int32_t p = 0; p < partitions_; ++p) all.push_back({"t", {p}});
    const auto committed = (*looker)->Committed(all);
    Check(committed.status());
    if (!committed.ok()) return;
    for (const TopicPartition& name : all) {
      const auto found = committed->find(name);
      const int64_t now =
          found == committed->end() ? 0 : found->second.offset.value;
      int64_t& before = committed_[name.partition.value];
      if (now < before) {
        Wrong(fmt::format("{} went back from {} to {}", name.ToString(), before,
                          now));
      }
      before = now;
      // All below was delivered to somebody.
      const auto& seen = seen_[name.partition.value];
      for (int64_t offset = 0; offset < now; ++offset) {
        if (!seen.contains(offset)) {
          return Wrong(fmt::format("{}: {} is committed and {} was delivered "
                                   "to nobody",
                                   name.ToString(), now, offset));
        }
      }
    }
  }

  // Calm: those that are away for good are given up, and all is read.
  void Settle() {
    if (!wrong_.empty()) return;
    for (int round = 0; round < 60 && wrong_.empty(); ++round) {
      // Who was fenced may have been the last one.
      while (members_.empty()) Add();
      clock_.Advance(absl::Seconds(5));
      for (size_t i = members_.size(); i > 0; --i) {
        while (wrong_.empty() && Poll(i - 1)) {
        }
      }
      CheckShares();
      CheckCommitted();
    }
    CheckInstances();
    std::set<TopicPartition> assigned;
    for (const Member& each : members_) {
      for (const TopicPartition& name : each.consumer->assignment())
        assigned.insert(name);
    }
    const auto partitions = static_cast<size_t>(partitions_);
    counts_.surplus += members_.size() > partitions ? 1 : 0;
    if (assigned.size() != partitions) {
      Wrong(fmt::format("{} of {} partitions are read by nobody:{}",
                        partitions - assigned.size(), partitions, Shares()));
    }
    for (int32_t p = 0; p < partitions_; ++p) {
      if (static_cast<int64_t>(seen_[p].size()) != ends_[p])
        Wrong(fmt::format("of t-{} {} of {} records were delivered", p,
                          seen_[p].size(), ends_[p]));
    }
  }

  void CheckInstances() {
    std::set<std::string> instances;
    for (const Member& each : members_) {
      if (each.instance && !instances.insert(*each.instance).second)
        Wrong(fmt::format("two go on as {}:{}", *each.instance, Shares()));
    }
  }

  std::string Shares() const {
    std::string text;
    for (const Member& each : members_) {
      const auto as = each.consumer->group_metadata();
      text += fmt::format(" {} ({}) of generation {} has", as.member_id,
                          each.instance.value_or("no instance"), as.generation);
      for (const TopicPartition& name : each.consumer->assignment())
        text += " " + name.ToString();
      text += ";";
    }
    return text;
  }

  void Check(const absl::Status& status) {
    if (!status.ok()) Wrong(status.ToString());
  }
  void Wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  std::mt19937 random_;
  Counts& counts_;
  std::string wrong_;
  test::SimClock clock_;
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<Client> client_;
  std::vector<Assignment> ways_;
  std::vector<Member> members_;
  int32_t partitions_ = kPartitions;
  std::map<int32_t, int64_t> ends_;
  std::map<int32_t, int64_t> committed_;
  std::map<int32_t, std::set<int64_t>> seen_;
};

TEST(ConsumersSimulation, NoRecordIsPassedByAndNoOffsetGoesBack) {
  const test::Seed seed;
  Counts counts;
  for (uint32_t i = 0; i < kSchedules; ++i) {
    const std::string wrong = Consumers(seed.value() + i, counts).Live();
    ASSERT_EQ(wrong, "") << "schedule " << i << ": CAUCE_SEED="
                         << seed.value() + i << " begins with it";
  }
  std::printf(
      "schedules %d\n%ld records, %ld delivered, %ld grown, %ld restarts, %ld "
      "kills, %ld lost memberships, %ld rivals, %ld fenced, %ld with members "
      "that have nothing\n",
      kSchedules, counts.records, counts.delivered, counts.grown,
      counts.restarts, counts.kills, counts.lost_memberships, counts.rivals,
      counts.fenced, counts.surplus);
  // Where these do not happen the others mean nothing.
  EXPECT_GE(counts.delivered, counts.records);
  EXPECT_GT(counts.grown, kSchedules / 10);
  EXPECT_GT(counts.restarts, kSchedules / 10);
  EXPECT_GT(counts.kills, kSchedules / 10);
  EXPECT_GT(counts.lost_memberships, 0);
  EXPECT_GT(counts.rivals, kSchedules / 10);
  EXPECT_GT(counts.fenced, kSchedules / 10);
  EXPECT_GT(counts.surplus, 0);
}

}  // namespace
}  // namespace cauce
