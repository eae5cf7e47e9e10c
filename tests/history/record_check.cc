// What became of each record.
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

// Where a value stands, by an acknowledgement or by who read it.
struct Sighting {
  TopicPartition partition;
  Offset offset;
  int64_t value = 0;
  size_t at = 0;
};

std::vector<Sighting> Sightings(const HistoryIndex& index) {
  std::vector<Sighting> all;
  for (const auto& [value, record] : index.records) {
    if (!record.acknowledged_at.has_value()) continue;
    all.push_back(
        {record.sent.to, record.offset, value, *record.acknowledged_at});
  }
  for (const Reading& each : index.readings)
    all.push_back({each.from, each.offset, each.value, each.at});
  return all;
}

void CheckPlaces(const std::vector<Sighting>& all, Anomalies& found) {
  std::map<std::pair<TopicPartition, Offset>, std::map<int64_t, size_t>> values;
  using Place = std::pair<TopicPartition, Offset>;
  std::map<int64_t, std::map<Place, size_t>> places;
  for (const Sighting& each : all) {
    const Place place(each.partition, each.offset);
    auto& there = values[place];
    if (there.try_emplace(each.value, each.at).second && there.size() == 2) {
      found.push_back({AnomalyKind::kInconsistentOffsets,
                       {there.begin()->second, there.rbegin()->second}});
    }
    auto& its = places[each.value];
    if (its.try_emplace(place, each.at).second && its.size() == 2) {
      found.push_back({AnomalyKind::kDuplicate,
                       {its.begin()->second, its.rbegin()->second}});
    }
  }
}

void CheckPhantoms(const HistoryIndex& index, Anomalies& found) {
  std::set<int64_t> told;
  for (const Reading& each : index.readings) {
    const RecordFacts* const record = index.FindRecord(each.value);
    const bool is_sent = record != nullptr && record->sent.to == each.from &&
                         record->sent_at < each.at;
    if (!is_sent && told.insert(each.value).second)
      found.push_back({AnomalyKind::kPhantom, {each.at}});
  }
}

// That the record must be there in the end.
struct Due {
  Isolation isolation;  // for whom
  size_t told_at = 0;
};

// Nothing where that is not known. What was told to be committed has all that
// was sent to it, acknowledged or not.
std::optional<Due> DueOf(const HistoryIndex& index, const RecordFacts& record) {
  if (record.sent.transaction == 0) {
    if (!record.acknowledged_at.has_value()) return std::nullopt;
    return Due{Isolation::kReadUncommitted, *record.acknowledged_at};
  }
  const TransactionFacts* const of = index.FindTransaction(record.sent);
  if (of == nullptr || !of->committed_at.has_value()) return std::nullopt;
  return Due{Isolation::kReadCommitted, *of->committed_at};
}

void CheckLosses(const HistoryIndex& index, Anomalies& found) {
  for (const auto& [value, record] : index.records) {
    const auto due = DueOf(index, record);
    if (!due.has_value()) continue;
    const auto place = index.PlaceOf(record, due->isolation);
    const auto places = index.places.find({record.sent.to, due->isolation});
    const bool is_any = place.has_value() && places != index.places.end();
    if (is_any && places->second.contains(*place)) continue;
    if (index.MayBeDeleted(record, due->isolation)) continue;
    const bool is_passed = is_any && *place < places->second.rbegin()->first;
    const bool is_end =
        index.FindLogRead(record.sent.to, Isolation::kReadCommitted) != nullptr;
    if (!is_passed && !is_end) continue;  // somebody may read it yet
    found.push_back(
        {is_passed ? AnomalyKind::kLostWrite : AnomalyKind::kUnseen,
         {record.sent_at, due->told_at}});
  }
}

void CheckVanished(const HistoryIndex& index, Anomalies& found) {
  std::set<std::tuple<TopicPartition, Isolation, Offset>> told;
  for (const Reading& each : index.readings) {
    const LogRead* const end = index.FindLogRead(each.from, each.isolation);
    if (end == nullptr || end->values.contains(each.offset)) continue;
    if (each.offset < index.DeletedBelow(each.from, index.history.size()))
      continue;
    if (told.emplace(each.from, each.isolation, each.offset).second) {
      found.push_back(
          {AnomalyKind::kVanished,
           {each.at, index.log_reads.at({each.from, each.isolation})}});
    }
  }
}

// The records of one producer in one partition stand as they were sent.
void CheckOrder(const HistoryIndex& index, const std::vector<Sighting>& all,
                Anomalies& found) {
  struct Placed {
    Offset offset;
    const Sent* sent;
  };
  std::map<std::pair<ProducerNumber, TopicPartition>, std::map<size_t, Placed>>
      placed;
  for (const Sighting& each : all) {
    const RecordFacts* const record = index.FindRecord(each.value);
    if (record == nullptr || record->sent.to != each.partition) continue;
    placed[{record->sent.producer, each.partition}].try_emplace(
        record->sent_at, Placed{each.offset, &record->sent});
  }
  for (const auto& [whose, by_time] : placed) {
    auto last = by_time.begin();
    for (auto next = std::next(last); next != by_time.end(); ++next) {
      if (next->second.offset <= last->second.offset) {
        const TransactionNumber of = next->second.sent->transaction;
        const bool is_internal =
            of != 0 && of == last->second.sent->transaction;
        found.push_back({is_internal ? AnomalyKind::kInternalNonmonotonicSend
                                     : AnomalyKind::kNonmonotonicSend,
                         {last->first, next->first}});
      }
      last = next;
    }
  }
}

}  // namespace

void CheckRecords(const HistoryIndex& index, Anomalies& found) {
  const std::vector<Sighting> all = Sightings(index);
  CheckPlaces(all, found);
  CheckPhantoms(index, found);
  CheckLosses(index, found);
  CheckVanished(index, found);
  CheckOrder(index, all, found);
}

}  // namespace cauce::test
