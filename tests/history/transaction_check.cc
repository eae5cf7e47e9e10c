// What became of each transaction.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

void CheckReading(const HistoryIndex& index, const Reading& reading,
                  Anomalies& found) {
  const RecordFacts* const record = index.FindRecord(reading.value);
  if (record == nullptr) return;
  if (record->refused_at.has_value()) {
    found.push_back(
        {AnomalyKind::kAbortedRead, {*record->refused_at, reading.at}});
    return;
  }
  const TransactionFacts* const of = index.FindTransaction(record->sent);
  if (of == nullptr || reading.isolation != Isolation::kReadCommitted) return;
  if (of->aborted_at.has_value()) {
    found.push_back({AnomalyKind::kAbortedRead, {*of->aborted_at, reading.at}});
  } else if (!of->commit_asked_at.has_value() ||
             *of->commit_asked_at > reading.at) {
    const auto* const by = std::get_if<Delivered>(&index.history[reading.at]);
    const bool is_own =
        by != nullptr && by->transaction == record->sent.transaction;
    found.push_back({is_own ? AnomalyKind::kPrecommittedRead
                            : AnomalyKind::kUnfinishedRead,
                     {record->sent_at, reading.at}});
  }
}

void CheckReadings(const HistoryIndex& index, Anomalies& found) {
  std::set<int64_t> told;
  for (const Reading& each : index.readings) {
    Anomalies its;
    CheckReading(index, each, its);
    if (!its.empty() && told.insert(each.value).second)
      found.insert(found.end(), its.begin(), its.end());
  }
}

// How far the group was in the end.
const OffsetsSeen* LastSeen(const HistoryIndex& index, const std::string& group,
                            size_t& at) {
  for (size_t i = index.history.size(); i-- > 0;) {
    const auto* const seen = std::get_if<OffsetsSeen>(&index.history[i]);
    if (seen == nullptr || seen->group != group) continue;
    at = i;
    return seen;
  }
  return nullptr;
}

// All of a transaction is there, acknowledged or not, its offsets as well, or
// nothing is.
void CheckWhole(const HistoryIndex& index, const TransactionFacts& of,
                Anomalies& found) {
  std::optional<size_t> there;
  std::optional<size_t> missing;
  for (const int64_t value : of.values) {
    const RecordFacts& record = index.records.at(value);
    const LogRead* const end =
        index.FindLogRead(record.sent.to, Isolation::kReadCommitted);
    if (end == nullptr) continue;
    const auto place = index.PlaceOf(record, Isolation::kReadCommitted);
    const auto at = place ? end->values.find(*place) : end->values.end();
    const bool is_there = at != end->values.end() && at->second == value;
    if (is_there) there = record.sent_at;
    const bool is_missing =
        !is_there && !index.MayBeDeleted(record, Isolation::kReadCommitted);
    if (is_missing) missing = record.sent_at;
  }
  if (!there.has_value()) return;
  if (missing.has_value())
    found.push_back({AnomalyKind::kTornTransaction, {*there, *missing}});
  for (const size_t added_at : of.offsets_added_at) {
    const auto& added = std::get<OffsetsAdded>(index.history[added_at]);
    size_t seen_at = 0;
    const OffsetsSeen* const seen = LastSeen(index, added.group, seen_at);
    if (seen == nullptr || seen_at < added_at) continue;
    for (const auto& [partition, offset] : added.offsets) {
      const auto now = seen->offsets.find(partition);
      if (now != seen->offsets.end() && now->second >= offset) continue;
      found.push_back(
          {AnomalyKind::kTornTransaction, {*there, added_at, seen_at}});
    }
  }
}

void CheckEnds(const HistoryIndex& index, Anomalies& found) {
  for (const auto& [number, of] : index.transactions) {
    if (of.committed_at.has_value() && of.aborted_at.has_value()) {
      found.push_back(
          {AnomalyKind::kTwoOutcomes, {*of.committed_at, *of.aborted_at}});
    }
    CheckWhole(index, of, found);
  }
  for (const auto& [where, at] : index.log_reads) {
    const auto& end = std::get<LogRead>(index.history[at]);
    if (end.last_stable < end.end)
      found.push_back({AnomalyKind::kHanging, {at}});
  }
}

void CheckZombies(const HistoryIndex& index, Anomalies& found) {
  for (const auto& [value, record] : index.records) {
    const auto fenced = index.fenced_at.find(record.sent.producer);
    if (fenced == index.fenced_at.end()) continue;
    if (fenced->second < record.sent_at && record.acknowledged_at.has_value()) {
      found.push_back(
          {AnomalyKind::kZombieWrite,
           {fenced->second, record.sent_at, *record.acknowledged_at}});
    }
  }
  for (const auto& [number, of] : index.transactions) {
    const auto fenced = index.fenced_at.find(of.producer);
    if (fenced == index.fenced_at.end() || !of.committed_at.has_value())
      continue;
    if (of.commit_asked_at.value_or(0) > fenced->second) {
      found.push_back({AnomalyKind::kZombieTransaction,
                       {fenced->second, *of.committed_at}});
    }
  }
}

// A transaction follows those whose records it has read, as they are committed:
// in no circle.
void CheckFlow(const HistoryIndex& index, Anomalies& found) {
  std::map<TransactionNumber, std::map<TransactionNumber, size_t>> reads;
  for (const Reading& each : index.readings) {
    const auto* const by = std::get_if<Delivered>(&index.history[each.at]);
    const RecordFacts* const record = index.FindRecord(each.value);
    if (by == nullptr || by->transaction == 0 || record == nullptr) continue;
    if (by->isolation != Isolation::kReadCommitted) continue;
    const TransactionNumber from = record->sent.transaction;
    if (from != 0 && from != by->transaction)
      reads[by->transaction].try_emplace(from, each.at);
  }
  // Those from which all ways are known to end.
  std::set<TransactionNumber> ended;
  std::vector<TransactionNumber> way;
  std::vector<size_t> steps;
  const std::function<bool(TransactionNumber)> is_circular =
      [&](TransactionNumber at) {
        if (ended.contains(at)) return false;
        if (std::ranges::find(way, at) != way.end()) return true;
        way.push_back(at);
        for (const auto& [from, event] : reads[at]) {
          steps.push_back(event);
          if (is_circular(from)) return true;
          steps.pop_back();
        }
        way.pop_back();
        ended.insert(at);
        return false;
      };
  for (const auto& [number, of] : index.transactions) {
    if (!is_circular(number)) continue;
    found.push_back({AnomalyKind::kCircularFlow, steps});
    return;
  }
}

}  // namespace

void CheckTransactions(const HistoryIndex& index, Anomalies& found) {
  CheckReadings(index, found);
  CheckEnds(index, found);
  CheckZombies(index, found);
  CheckFlow(index, found);
}

}  // namespace cauce::test
