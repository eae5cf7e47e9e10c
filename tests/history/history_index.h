// A history, put in order by what its events are about. Events are meant by
// their place in it. A plain value; the history is borrowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/history/history.h"

namespace cauce::test {

struct RecordFacts {
  Sent sent;
  size_t sent_at = 0;
  Offset offset;  // as it was acknowledged
  std::optional<size_t> acknowledged_at;
  std::optional<size_t> refused_at;
};

struct TransactionFacts {
  ProducerNumber producer = 0;
  std::vector<int64_t> values;
  std::vector<size_t> offsets_added_at;
  std::optional<size_t> commit_asked_at;
  std::optional<size_t> committed_at;  // these two as it was told
  std::optional<size_t> aborted_at;
};

// That somebody read a record.
struct Reading {
  TopicPartition from;
  Offset offset;
  int64_t value = 0;
  Isolation isolation = Isolation::kReadCommitted;
  size_t at = 0;
};

struct HistoryIndex {
  explicit HistoryIndex(const History& events);

  // Null where nobody sent it.
  const RecordFacts* FindRecord(int64_t value) const;
  // Null where it is of none.
  const TransactionFacts* FindTransaction(const Sent& sent) const;
  // Null of who said nothing of itself.
  const MemberMade* FindMember(ConsumerNumber consumer) const;
  const LogRead* FindLogRead(const TopicPartition& partition,
                             Isolation isolation) const;
  // Where the record stands, as far as it was told to who sent it, or was read
  // of what is committed, or of all.
  std::optional<Offset> PlaceOf(const RecordFacts& record,
                                Isolation isolation) const;
  // Below what records of it may be deleted, as it was asked for in front of
  // the event `until`; 0 where nobody did, and kAll where the topic may be.
  static constexpr Offset kAll{std::numeric_limits<int64_t>::max()};
  Offset DeletedBelow(const TopicPartition& partition, size_t until) const;
  // The same of one record, in the end.
  bool MayBeDeleted(const RecordFacts& record, Isolation isolation) const;
  // What there is to be read between these offsets, but for them: where each
  // was read. Of what is committed, or all.
  std::vector<size_t> ReadBetween(const TopicPartition& partition,
                                  Isolation isolation, Offset from,
                                  Offset to) const;

  const History& history;
  std::map<int64_t, RecordFacts> records;
  std::map<TransactionNumber, TransactionFacts> transactions;
  std::vector<Reading> readings;
  // Which event says where each was first read, by isolation.
  using Places = std::map<Offset, size_t>;
  std::map<std::pair<TopicPartition, Isolation>, Places> places;
  // Where each value was first read.
  using Values = std::map<int64_t, Offset>;
  std::map<std::pair<TopicPartition, Isolation>, Values> values_read;
  std::map<std::pair<TopicPartition, Isolation>, size_t> log_reads;
  // By event.
  std::map<TopicPartition, std::map<size_t, Offset>> deletions;
  std::map<std::string, size_t> deleted_at;  // topics
  std::map<ProducerNumber, size_t> fenced_at;
  std::map<ConsumerNumber, std::string> groups;
  std::map<ConsumerNumber, MemberMade> members;
  std::map<std::string, Promise> promises;  // by group, of those that make any
};

}  // namespace cauce::test
