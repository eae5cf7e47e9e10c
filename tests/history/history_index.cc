#include "tests/history/history_index.h"

#include <algorithm>

namespace cauce::test {
namespace {

class Reader {
 public:
  explicit Reader(HistoryIndex& index) : index_(index) {}

  void Read(size_t at, const Event& event) {
    at_ = at;
    std::visit(*this, event);
  }

  void operator()(const ProducerStarted& e) {
    std::vector<ProducerNumber>& instances = instances_[e.transactional_id];
    for (const ProducerNumber each : instances) {
      if (each != e.producer) index_.fenced_at.try_emplace(each, at_);
    }
    instances.push_back(e.producer);
  }
  void operator()(const Sent& e) {
    RecordFacts& record = index_.records[e.value];
    record.sent = e;
    record.sent_at = at_;
    if (e.transaction == 0) return;
    TransactionFacts& transaction = index_.transactions[e.transaction];
    transaction.producer = e.producer;
    transaction.values.push_back(e.value);
  }
  void operator()(const Acknowledged& e) {
    const auto found = index_.records.find(e.value);
    if (found == index_.records.end()) return;
    found->second.offset = e.offset;
    found->second.acknowledged_at = at_;
  }
  void operator()(const Refused& e) {
    const auto found = index_.records.find(e.value);
    if (found != index_.records.end()) found->second.refused_at = at_;
  }
  void operator()(const CommitAsked& e) {
    index_.transactions[e.transaction].commit_asked_at = at_;
  }
  void operator()(const TransactionEnded& e) {
    TransactionFacts& transaction = index_.transactions[e.transaction];
    const bool commits = e.outcome == TransactionOutcome::kCommit;
    (commits ? transaction.committed_at : transaction.aborted_at) = at_;
  }
  void operator()(const OffsetsAdded& e) {
    index_.transactions[e.transaction].offsets_added_at.push_back(at_);
  }
  void operator()(const Delivered& e) {
    Add(e.from, e.isolation, e.offset, e.value);
  }
  void operator()(const Assigned& e) { index_.groups[e.consumer] = e.group; }
  void operator()(const LogRead& e) {
    index_.log_reads[{e.partition, e.isolation}] = at_;
    for (const auto& [offset, value] : e.values)
      Add(e.partition, e.isolation, offset, value);
  }
  void operator()(const MemberMade& e) {
    index_.members[e.consumer] = e;
    index_.groups[e.consumer] = e.group;
    if (e.promise != Promise::kNone) index_.promises[e.group] = e.promise;
  }
  void operator()(const Moved&) {}
  void operator()(const Worked&) {}
  void operator()(const OffsetsCommitAsked&) {}
  void operator()(const OffsetsCommitted&) {}
  void operator()(const OffsetsSeen&) {}
  void operator()(const RecordsDeleted& e) {
    index_.deletions[e.partition][at_] = e.before;
  }
  void operator()(const TopicDeleted& e) {
    index_.deleted_at.try_emplace(e.topic, at_);
  }
  void operator()(const ProcessEnded&) {}

 private:
  void Add(const TopicPartition& from, Isolation isolation, Offset offset,
           int64_t value) {
    index_.readings.push_back({.from = from,
                               .offset = offset,
                               .value = value,
                               .isolation = isolation,
                               .at = at_});
    AddPlace({from, isolation}, offset, value);
    // What is committed may be read by everybody.
    if (isolation == Isolation::kReadCommitted)
      AddPlace({from, Isolation::kReadUncommitted}, offset, value);
  }
  void AddPlace(const std::pair<TopicPartition, Isolation>& where,
                Offset offset, int64_t value) {
    index_.places[where].try_emplace(offset, at_);
    index_.values_read[where].try_emplace(value, offset);
  }

  HistoryIndex& index_;
  size_t at_ = 0;
  std::map<std::string, std::vector<ProducerNumber>> instances_;
};

}  // namespace

HistoryIndex::HistoryIndex(const History& events) : history(events) {
  Reader reader(*this);
  for (size_t at = 0; at < events.size(); ++at) reader.Read(at, events[at]);
}

const RecordFacts* HistoryIndex::FindRecord(int64_t value) const {
  const auto found = records.find(value);
  return found == records.end() ? nullptr : &found->second;
}

const TransactionFacts* HistoryIndex::FindTransaction(const Sent& sent) const {
  const auto found = transactions.find(sent.transaction);
  return found == transactions.end() ? nullptr : &found->second;
}

const MemberMade* HistoryIndex::FindMember(ConsumerNumber consumer) const {
  const auto found = members.find(consumer);
  return found == members.end() ? nullptr : &found->second;
}

const LogRead* HistoryIndex::FindLogRead(const TopicPartition& partition,
                                         Isolation isolation) const {
  const auto found = log_reads.find({partition, isolation});
  if (found == log_reads.end()) return nullptr;
  return &std::get<LogRead>(history[found->second]);
}

std::optional<Offset> HistoryIndex::PlaceOf(const RecordFacts& record,
                                            Isolation isolation) const {
  if (record.acknowledged_at.has_value()) return record.offset;
  const auto read = values_read.find({record.sent.to, isolation});
  if (read == values_read.end()) return std::nullopt;
  const auto found = read->second.find(record.sent.value);
  if (found == read->second.end()) return std::nullopt;
  return found->second;
}

Offset HistoryIndex::DeletedBelow(const TopicPartition& partition,
                                  size_t until) const {
  const auto deleted = deleted_at.find(partition.topic);
  if (deleted != deleted_at.end() && deleted->second < until) return kAll;
  Offset below{0};
  const auto found = deletions.find(partition);
  if (found == deletions.end()) return below;
  for (const auto& [at, before] : found->second) {
    if (at < until) below = std::max(below, before);
  }
  return below;
}

bool HistoryIndex::MayBeDeleted(const RecordFacts& record,
                                Isolation isolation) const {
  if (deleted_at.contains(record.sent.to.topic)) return true;
  const auto place = PlaceOf(record, isolation);
  if (place) return *place < DeletedBelow(record.sent.to, history.size());
  // Nobody knows where it stands.
  const auto found = deletions.find(record.sent.to);
  return found != deletions.end() &&
         found->second.rbegin()->first > record.sent_at;
}

std::vector<size_t> HistoryIndex::ReadBetween(const TopicPartition& partition,
                                              Isolation isolation, Offset from,
                                              Offset to) const {
  std::vector<size_t> read;
  const auto found = places.find({partition, isolation});
  if (found == places.end()) return read;
  const Places& all = found->second;
  for (auto it = all.upper_bound(from); it != all.end() && it->first < to; ++it)
    read.push_back(it->second);
  return read;
}

}  // namespace cauce::test
