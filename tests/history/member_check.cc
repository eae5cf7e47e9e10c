// Who has which partition, and which place.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

// A share goes by names, whichever life of a topic has one.
TopicPartition WithoutLife(TopicPartition partition) {
  partition.topic = partition.topic.substr(0, partition.topic.find('.'));
  return partition;
}

// Who is of which generation.
class Generations {
 public:
  Generations(const HistoryIndex& index, Anomalies& found)
      : index_(index), found_(found) {}

  void Read(size_t at, const Event& event) {
    if (const auto* const assigned = std::get_if<Assigned>(&event)) {
      Assign(at, *assigned);
    } else if (const auto* const made = std::get_if<MemberMade>(&event)) {
      told_at_[made->consumer] = at;
    } else if (const auto* const told = std::get_if<OffsetsCommitted>(&event)) {
      kept_.insert(told->group);
      TakeCommit(at, *told);
    } else if (const auto* const added = std::get_if<OffsetsAdded>(&event)) {
      TakeCommit(at, *added);
    } else if (const auto* const end = std::get_if<TransactionEnded>(&event)) {
      if (end->outcome == TransactionOutcome::kCommit) Keep(end->transaction);
    } else if (const auto* const seen = std::get_if<OffsetsSeen>(&event)) {
      if (!seen->offsets.empty()) kept_.insert(seen->group);
    } else if (std::holds_alternative<ProcessEnded>(event)) {
      newest_.clear();
      owners_.clear();
      shares_.clear();
    }
  }

 private:
  // What was added to a transaction that is aborted, or may be, keeps nothing.
  void Keep(TransactionNumber committed) {
    const auto of = index_.transactions.find(committed);
    if (of == index_.transactions.end()) return;
    for (const size_t at : of->second.offsets_added_at)
      kept_.insert(std::get<OffsetsAdded>(index_.history[at]).group);
  }

  // A group of which nothing is committed is forgotten once it is empty: with
  // somebody who came later, or later as another member, its generations begin
  // anew.
  bool BeginsAnew(const Assigned& assigned) const {
    const auto newest = newest_.find(assigned.group);
    const auto made = since_.find({assigned.consumer, assigned.member});
    return assigned.generation == 1 && !kept_.contains(assigned.group) &&
           newest != newest_.end() && made != since_.end() &&
           std::ranges::all_of(newest->second, [&](const auto& known) {
             return known.second <= made->second;
           });
  }

  void Forget(const std::string& group) {
    const auto is_of_it = [&](const auto& each) {
      return std::get<0>(each.first) == group;
    };
    newest_.erase(group);
    stale_.merge(told_[group]);
    std::erase_if(owners_, is_of_it);
    std::erase_if(shares_, is_of_it);
  }

  void Assign(size_t at, const Assigned& assigned) {
    if (const auto told_at = told_at_.find(assigned.consumer);
        told_at != told_at_.end()) {
      // It was another member when it was told something last.
      since_.try_emplace({assigned.consumer, assigned.member},
                         std::exchange(told_at->second, at));
    }
    if (BeginsAnew(assigned)) Forget(assigned.group);
    const Told told(assigned.consumer, assigned.generation, assigned.member);
    if (stale_.contains(told)) return;
    told_[assigned.group].insert(told);
    newest_[assigned.group].emplace(assigned.generation, at);
    const MemberMade* const member = index_.FindMember(assigned.consumer);
    const std::string instance = member == nullptr ? "" : member->instance;
    // A place is one owner, whoever has it.
    const std::pair<ConsumerNumber, std::string> whose(
        instance.empty() ? assigned.consumer : 0, instance);
    for (const TopicPartition& each : assigned.partitions) {
      const auto [owner, is_new] = owners_.try_emplace(
          {assigned.group, assigned.generation, each}, whose, at);
      if (!is_new && owner->second.first != whose)
        found_.push_back({AnomalyKind::kTwoOwners, {owner->second.second, at}});
    }
    // Who is cooperative has the share of before until it learns the new one.
    const bool is_share = member != nullptr && !instance.empty() &&
                          !member->is_cooperative &&
                          !assigned.partitions.empty();
    if (!is_share) return;
    std::set<TopicPartition> share;
    for (const TopicPartition& each : assigned.partitions)
      share.insert(WithoutLife(each));
    const auto [before, is_first] = shares_.try_emplace(
        {assigned.group, assigned.generation, instance}, share, at);
    if (!is_first && before->second.first != share)
      found_.push_back({AnomalyKind::kLostPlace, {before->second.second, at}});
  }

  template <typename Commit>
  void TakeCommit(size_t at, const Commit& told) {
    for (const auto& [generation, known_at] : newest_[told.group]) {
      const bool was_known = known_at < told.asked_at.value_or(at);
      if (generation <= told.generation || !was_known) continue;
      found_.push_back({AnomalyKind::kZombieCommit, {known_at, at}});
      return;
    }
  }

  const HistoryIndex& index_;
  Anomalies& found_;
  std::map<std::string, std::map<int32_t, size_t>> newest_;
  // Where each was made, or told last what it has.
  std::map<ConsumerNumber, size_t> told_at_;
  // Behind what it has become this member.
  std::map<std::pair<ConsumerNumber, std::string>, size_t> since_;
  // What members were told, and of that what they were before their group began
  // anew: who gives up what it had then says so late.
  using Told = std::tuple<ConsumerNumber, int32_t, std::string>;
  std::map<std::string, std::set<Told>> told_;
  std::set<Told> stale_;
  // The groups of which something is committed, as it was told.
  std::set<std::string> kept_;
  std::map<std::tuple<std::string, int32_t, TopicPartition>,
           std::pair<std::pair<ConsumerNumber, std::string>, size_t>>
      owners_;
  std::map<std::tuple<std::string, int32_t, std::string>,
           std::pair<std::set<TopicPartition>, size_t>>
      shares_;
};

// Which members had a place, and have lost it to another.
class Places {
 public:
  Places(const HistoryIndex& index, Anomalies& found)
      : index_(index), found_(found) {}

  void Read(size_t at, const Event& event) {
    if (const auto* const made = std::get_if<MemberMade>(&event)) {
      since_[made->consumer] = at;
    } else if (const auto* const assigned = std::get_if<Assigned>(&event)) {
      Assign(at, *assigned);
    } else if (const auto* const told = std::get_if<OffsetsCommitted>(&event)) {
      Commit(at, *told);
    } else if (const auto* const added = std::get_if<OffsetsAdded>(&event)) {
      Commit(at, *added);
    }
  }

 private:
  void Assign(size_t at, const Assigned& assigned) {
    const MemberMade* const made = index_.FindMember(assigned.consumer);
    if (made == nullptr || made->instance.empty()) return;
    auto& members = members_[{assigned.group, made->instance}];
    if (members.contains(assigned.member)) return;
    // It cannot have asked for the place before it was made, or while it was
    // another member. Those who had it by then have it no more; of one who had
    // it meanwhile nobody knows which of them came first.
    size_t& since = since_[assigned.consumer];
    for (const auto& [member, had_at] : members) {
      if (had_at < since)
        lost_at_.try_emplace({assigned.group, member}, at);
    }
    members.emplace(assigned.member, at);
    since = at;
  }

  template <typename Told>
  void Commit(size_t at, const Told& told) {
    const auto lost = lost_at_.find({told.group, told.member});
    if (lost == lost_at_.end()) return;
    if (lost->second < told.asked_at.value_or(at))
      found_.push_back({AnomalyKind::kZombieInstance, {lost->second, at}});
  }

  const HistoryIndex& index_;
  Anomalies& found_;
  std::map<ConsumerNumber, size_t> since_;
  // Of each place the members that had it, and where that was first told.
  std::map<std::pair<std::string, std::string>, std::map<std::string, size_t>>
      members_;
  // By group and member.
  std::map<std::pair<std::string, std::string>, size_t> lost_at_;
};

}  // namespace

void CheckMembers(const HistoryIndex& index, Anomalies& found) {
  Generations generations(index, found);
  Places places(index, found);
  for (size_t at = 0; at < index.history.size(); ++at) {
    generations.Read(at, index.history[at]);
    places.Read(at, index.history[at]);
  }
}

}  // namespace cauce::test
