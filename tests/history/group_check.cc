// How far each group is, and what was done with what it has read.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

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
      Take(told->group, told->offsets, told->asked_at.value_or(at));
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
  // Each is further than the one before it, as long as nothing goes back.
  using Way = std::vector<Known>;

  void Ask(const std::string& group, const OffsetsByPartition& offsets) {
    for (const auto& [partition, offset] : offsets)
      asked_[{group, partition}].insert(offset);
  }

  void End(TransactionNumber transaction) {
    const auto of = index_.transactions.find(transaction);
    if (of == index_.transactions.end()) return;
    for (const size_t added_at : of->second.offsets_added_at) {
      const auto& added = std::get<OffsetsAdded>(index_.history[added_at]);
      Take(added.group, added.offsets,
           of->second.commit_asked_at.value_or(at_));
    }
  }

  void Take(const std::string& group, const OffsetsByPartition& offsets,
            size_t asked_at) {
    for (const auto& [partition, offset] : offsets) {
      Way& way = ways_[{group, partition}];
      const Known* const before = LastBefore(way, asked_at);
      const bool goes_back = before != nullptr && offset < before->offset;
      if (goes_back)
        found_.push_back({AnomalyKind::kNonmonotonicCommit, {before->at, at_}});
      // Else it was overtaken by one that was asked for meanwhile.
      const bool is_last =
          goes_back || way.empty() || offset >= way.back().offset;
      if (is_last)
        way.push_back({.offset = offset, .at = at_, .is_told = true});
    }
  }

  void See(const OffsetsSeen& seen) {
    const size_t asked_at = seen.asked_at.value_or(at_);
    for (const auto& [whose, way] : ways_) {
      const auto& [group, partition] = whose;
      if (group != seen.group || seen.offsets.contains(partition)) continue;
      if (index_.DeletedBelow(partition, at_) == HistoryIndex::kAll) continue;
      const Known* const before = LastBefore(way, asked_at);
      if (before != nullptr)
        found_.push_back({AnomalyKind::kLostCommit, {before->at, at_}});
    }
    for (const auto& [partition, offset] : seen.offsets) {
      const GroupPartition whose(seen.group, partition);
      if (!MayBe(whose, offset))
        found_.push_back({AnomalyKind::kPhantomCommit, {at_}});
      Way& way = ways_[whose];
      const Known* const before = LastBefore(way, asked_at);
      const bool goes_back = before != nullptr && offset < before->offset;
      if (goes_back) {
        found_.push_back({before->is_told ? AnomalyKind::kLostCommit
                                          : AnomalyKind::kNonmonotonicCommit,
                          {before->at, at_}});
      }
      if (goes_back || way.empty() || offset > way.back().offset)
        way.push_back({.offset = offset, .at = at_});
    }
  }

  // The last that was known before somebody asked; null where nothing was.
  static const Known* LastBefore(const Way& way, size_t asked_at) {
    for (auto known = way.rbegin(); known != way.rend(); ++known) {
      if (known->at < asked_at) return &*known;
    }
    return nullptr;
  }

  bool MayBe(const GroupPartition& whose, Offset offset) const {
    const auto promise = index_.promises.find(whose.first);
    const bool is_by_itself = promise != index_.promises.end() &&
                              promise->second == Promise::kAtLeastOnce;
    if (!is_by_itself) {
      const auto asked = asked_.find(whose);
      return asked != asked_.end() && asked->second.contains(offset);
    }
    // It may be behind what nobody is shown, with nothing in front of that.
    const LogRead* const end =
        index_.FindLogRead(whose.second, Isolation::kReadCommitted);
    return end == nullptr || offset <= end->end;
  }

  const HistoryIndex& index_;
  Anomalies& found_;
  size_t at_ = 0;
  std::map<GroupPartition, std::set<Offset>> asked_;
  std::map<GroupPartition, Way> ways_;
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

// What is below what a group has committed was delivered to one of it. Where
// members see more than others, who sees less may have passed by the rest.
void CheckPassedBy(const HistoryIndex& index, Anomalies& found) {
  std::map<GroupPartition, std::set<Offset>> delivered;
  std::map<std::string, Isolation> isolations;
  for (const Event& event : index.history) {
    const auto* const each = std::get_if<Delivered>(&event);
    if (each == nullptr || !index.groups.contains(each->consumer)) continue;
    const std::string& group = index.groups.at(each->consumer);
    delivered[{group, each->from}].insert(each->offset);
    Isolation& isolation = isolations.try_emplace(group, each->isolation)
                               .first->second;
    if (each->isolation == Isolation::kReadCommitted)
      isolation = each->isolation;
  }
  for (const auto& [whose, last] : LastSeen(index.history)) {
    const auto isolation = isolations.find(whose.first);
    const auto places = index.places.find(
        {whose.second, isolation == isolations.end()
                           ? Isolation::kReadCommitted
                           : isolation->second});
    if (places == index.places.end()) continue;
    const Offset deleted = index.DeletedBelow(whose.second, last.second);
    for (const auto& [offset, at] : places->second) {
      if (offset >= last.first || delivered[whose].contains(offset)) continue;
      if (offset < deleted) continue;
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
    // It may be back where that was not done: who came meanwhile passed it by.
    const Offset deleted = index.DeletedBelow(whose.second, last.second);
    for (const auto& [offset, value] : end->values) {
      if (offset < deleted) continue;
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
  for (size_t at = 0; at < index.history.size(); ++at) commits.Read(at);
  CheckPassedBy(index, found);
  CheckComeToTheEnd(index, found);
  CheckWork(index, found);
}

}  // namespace cauce::test
