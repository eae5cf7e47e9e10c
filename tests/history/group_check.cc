// Who has which partition, how far each group is, and what was done with what
// it has read.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

using GroupPartition = std::pair<std::string, TopicPartition>;

// How far groups are, as far as it is known.
class Commits {
 public:
  Commits(const HistoryIndex& index, Anomalies& found)
      : index_(index), found_(found) {}

  void Read(size_t at) {
    at_ = at;
    const Event& event = index_.history[at];
    if (const auto* const asked = std::get_if<OffsetsCommitAsked>(&event)) {
      Ask(asked->group, asked->offsets);
    } else if (const auto* const added = std::get_if<OffsetsAdded>(&event)) {
      Ask(added->group, added->offsets);
    } else if (const auto* const told = std::get_if<OffsetsCommitted>(&event)) {
      Ask(told->group, told->offsets);
      Take(told->group, told->offsets);
    } else if (const auto* const end = std::get_if<TransactionEnded>(&event)) {
      if (end->outcome == TransactionOutcome::kCommit) End(end->transaction);
    } else if (const auto* const seen = std::get_if<OffsetsSeen>(&event)) {
      See(*seen);
    }
  }

 private:
  struct Known {
    Offset offset;
    size_t at = 0;
    bool is_told = false;
  };

  void Ask(const std::string& group, const OffsetsByPartition& offsets) {
    for (const auto& [partition, offset] : offsets)
      asked_[{group, partition}].insert(offset);
  }

  void End(TransactionNumber transaction) {
    const auto of = index_.transactions.find(transaction);
    if (of == index_.transactions.end()) return;
    for (const size_t added_at : of->second.offsets_added_at) {
      const auto& added = std::get<OffsetsAdded>(index_.history[added_at]);
      Take(added.group, added.offsets);
    }
  }

  void Take(const std::string& group, const OffsetsByPartition& offsets) {
    for (const auto& [partition, offset] : offsets) {
      Known& known = known_[{group, partition}];
      if (offset < known.offset)
        found_.push_back({AnomalyKind::kNonmonotonicCommit, {known.at, at_}});
      known = {.offset = offset, .at = at_, .is_told = true};
    }
  }

  void See(const OffsetsSeen& seen) {
    for (auto& [whose, known] : known_) {
      const auto& [group, partition] = whose;
      if (group != seen.group || seen.offsets.contains(partition)) continue;
      found_.push_back({AnomalyKind::kLostCommit, {known.at, at_}});
    }
    for (const auto& [partition, offset] : seen.offsets) {
      const GroupPartition whose(seen.group, partition);
      if (!asked_[whose].contains(offset))
        found_.push_back({AnomalyKind::kPhantomCommit, {at_}});
      Known& known = known_[whose];
      if (offset < known.offset) {
        found_.push_back({known.is_told ? AnomalyKind::kLostCommit
                                        : AnomalyKind::kNonmonotonicCommit,
                          {known.at, at_}});
      }
      if (offset != known.offset) known = {.offset = offset, .at = at_};
    }
  }

  const HistoryIndex& index_;
  Anomalies& found_;
  size_t at_ = 0;
  std::map<GroupPartition, std::set<Offset>> asked_;
  std::map<GroupPartition, Known> known_;
};

// Who is of which generation.
class Generations {
 public:
  explicit Generations(Anomalies& found) : found_(found) {}

  void Read(size_t at, const Event& event) {
    if (const auto* const assigned = std::get_if<Assigned>(&event)) {
      Assign(at, *assigned);
    } else if (const auto* const told = std::get_if<OffsetsCommitted>(&event)) {
      Commit(at, told->group, told->generation);
    } else if (const auto* const added = std::get_if<OffsetsAdded>(&event)) {
      Commit(at, added->group, added->generation);
    } else if (std::holds_alternative<ProcessEnded>(event)) {
      newest_.clear();
      owners_.clear();
    }
  }

 private:
  void Assign(size_t at, const Assigned& assigned) {
    newest_[assigned.group].emplace(assigned.generation, at);
    for (const TopicPartition& each : assigned.partitions) {
      const auto [owner, is_new] = owners_.try_emplace(
          {assigned.group, assigned.generation, each}, assigned.consumer, at);
      if (!is_new && owner->second.first != assigned.consumer)
        found_.push_back({AnomalyKind::kTwoOwners, {owner->second.second, at}});
    }
  }

  void Commit(size_t at, const std::string& group, int32_t generation) {
    const auto& known = newest_[group];
    if (known.empty() || known.rbegin()->first <= generation) return;
    found_.push_back(
        {AnomalyKind::kZombieCommit, {known.rbegin()->second, at}});
  }

  Anomalies& found_;
  std::map<std::string, std::map<int32_t, size_t>> newest_;
  std::map<std::tuple<std::string, int32_t, TopicPartition>,
           std::pair<ConsumerNumber, size_t>>
      owners_;
};

// How far each group was in the end, and where it says so.
std::map<GroupPartition, std::pair<Offset, size_t>> LastSeen(
    const History& history) {
  std::map<GroupPartition, std::pair<Offset, size_t>> last;
  for (size_t at = 0; at < history.size(); ++at) {
    const auto* const seen = std::get_if<OffsetsSeen>(&history[at]);
    if (seen == nullptr) continue;
    for (const auto& [partition, offset] : seen->offsets)
      last[{seen->group, partition}] = {offset, at};
  }
  return last;
}

// What is below what a group has committed was delivered to one of it.
void CheckPassedBy(const HistoryIndex& index, Anomalies& found) {
  std::map<GroupPartition, std::set<Offset>> delivered;
  std::map<std::string, Isolation> isolations;
  for (const Event& event : index.history) {
    const auto* const each = std::get_if<Delivered>(&event);
    if (each == nullptr || !index.groups.contains(each->consumer)) continue;
    const std::string& group = index.groups.at(each->consumer);
    delivered[{group, each->from}].insert(each->offset);
    isolations[group] = each->isolation;
  }
  for (const auto& [whose, last] : LastSeen(index.history)) {
    const auto isolation = isolations.find(whose.first);
    const auto places = index.places.find(
        {whose.second, isolation == isolations.end()
                           ? Isolation::kReadCommitted
                           : isolation->second});
    if (places == index.places.end()) continue;
    for (const auto& [offset, at] : places->second) {
      if (offset >= last.first || delivered[whose].contains(offset)) continue;
      found.push_back({AnomalyKind::kCommitSkip, {last.second, at}});
    }
  }
}

// In the end each group is behind all there is to read of what its members were
// ever given. Of those whose last offsets were seen.
void CheckComeToTheEnd(const HistoryIndex& index, Anomalies& found) {
  std::map<GroupPartition, size_t> given;
  std::map<std::string, size_t> seen_at;
  for (size_t at = 0; at < index.history.size(); ++at) {
    const Event& event = index.history[at];
    if (const auto* const assigned = std::get_if<Assigned>(&event)) {
      for (const TopicPartition& each : assigned->partitions)
        given.try_emplace({assigned->group, each}, at);
    } else if (const auto* const seen = std::get_if<OffsetsSeen>(&event)) {
      seen_at[seen->group] = at;
    }
  }
  for (const auto& [whose, given_at] : given) {
    const auto& [group, partition] = whose;
    const auto at = seen_at.find(group);
    const LogRead* const end =
        index.FindLogRead(partition, Isolation::kReadCommitted);
    if (at == seen_at.end() || end == nullptr || end->values.empty()) continue;
    const auto& offsets =
        std::get<OffsetsSeen>(index.history[at->second]).offsets;
    const auto is_at = offsets.find(partition);
    const auto& [last, value] = *end->values.rbegin();
    if (is_at != offsets.end() && is_at->second > last) continue;
    const RecordFacts* const record = index.FindRecord(value);
    found.push_back({AnomalyKind::kStuckGroup,
                     {record == nullptr ? given_at : record->sent_at,
                      at->second}});
  }
}

// What was made of which value, of what is there in the end.
std::map<int64_t, std::vector<size_t>> Results(const HistoryIndex& index,
                                               Anomalies& found) {
  std::map<int64_t, std::vector<size_t>> results;
  for (const auto& [where, at] : index.log_reads) {
    if (where.second != Isolation::kReadCommitted) continue;
    for (const auto& each : std::get<LogRead>(index.history[at]).values) {
      const RecordFacts* const record = index.FindRecord(each.second);
      if (record == nullptr || record->sent.source == 0) continue;
      results[record->sent.source].push_back(record->sent_at);
    }
  }
  for (const auto& [source, sent_at] : results) {
    if (sent_at.size() > 1) found.push_back({AnomalyKind::kDoneTwice, sent_at});
  }
  return results;
}

// Of groups whose offsets are parts of transactions.
void CheckWork(const HistoryIndex& index, Anomalies& found) {
  const auto results = Results(index, found);
  std::set<std::string> groups;
  for (const Event& event : index.history) {
    if (const auto* const added = std::get_if<OffsetsAdded>(&event))
      groups.insert(added->group);
  }
  for (const auto& [whose, last] : LastSeen(index.history)) {
    const LogRead* const end =
        index.FindLogRead(whose.second, Isolation::kReadCommitted);
    if (end == nullptr || !groups.contains(whose.first)) continue;
    for (const auto& [offset, value] : end->values) {
      if (offset >= last.first || results.contains(value)) continue;
      const RecordFacts* const record = index.FindRecord(value);
      if (record == nullptr) continue;
      found.push_back(
          {AnomalyKind::kNeverDone, {record->sent_at, last.second}});
    }
  }
}

}  // namespace

void CheckGroups(const HistoryIndex& index, Anomalies& found) {
  Commits commits(index, found);
  Generations generations(found);
  for (size_t at = 0; at < index.history.size(); ++at) {
    commits.Read(at);
    generations.Read(at, index.history[at]);
  }
  CheckPassedBy(index, found);
  CheckComeToTheEnd(index, found);
  CheckWork(index, found);
}

}  // namespace cauce::test
