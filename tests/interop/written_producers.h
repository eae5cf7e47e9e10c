// What the files of a partition shall say of its producers, computed from what
// was appended alone: by Kafka's rules, without a look at the engine.
//
// The lines are those of DumpLogSegments for `.snapshot` and `.txnindex`. For
// one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "fmt/format.h"

namespace cauce::test {

// What is known of a producer. First sequence and offset of its last batch are
// the last ones less the delta.
struct WrittenProducer {
  int16_t epoch = -1;
  int32_t coordinator_epoch = -1;
  int64_t transaction_first = -1;  // offset; -1 where none is open
  int64_t timestamp = -1;
  int32_t last_sequence = -1;
  int64_t last_offset = -1;  // of a batch of this epoch; -1 where there is none
  int64_t offset_delta = 0;
};

class WrittenProducers {
 public:
  // Records with the offsets [base, next), the largest time among them.
  void Append(const BatchFields& fields, Offset base, Offset next,
              int64_t timestamp) {
    if (fields.producer_id == ProducerId{-1}) return;
    events_.push_back({.fields = fields,
                       .base = base,
                       .next = next,
                       .timestamp = timestamp});
  }
  void End(const TransactionEnd& end, Offset base, int64_t timestamp) {
    events_.push_back({.end = end,
                       .is_end = true,
                       .base = base,
                       .next = base + 1,
                       .timestamp = timestamp});
  }
  // The log was cut there.
  void ForgetFrom(Offset end) {
    std::erase_if(events_, [&](const Event& e) { return e.next > end; });
  }

  // Of all below `at`, by producer id.
  std::map<int64_t, WrittenProducer> At(Offset at) const {
    std::map<int64_t, WrittenProducer> producers;
    std::vector<std::string> aborted;
    Replay(at, producers, aborted);
    return producers;
  }

  // As a snapshot is shown, in the order of ids.
  std::vector<std::string> LinesAt(Offset at) const {
    std::vector<std::string> lines;
    for (const auto& [id, producer] : At(at)) {
      std::string line = fmt::format(
          "producerId: {} producerEpoch: {} coordinatorEpoch: {} "
          "currentTxnFirstOffset: {} lastTimestamp: {} ",
          id, producer.epoch, producer.coordinator_epoch,
          producer.transaction_first < 0
              ? "OptionalLong.empty"
              : fmt::format("OptionalLong[{}]", producer.transaction_first),
          producer.timestamp);
      if (producer.last_offset >= 0) {
        line += fmt::format(
            "firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} "
            "timestamp: {}",
            SequenceLess(producer.last_sequence, producer.offset_delta),
            producer.last_sequence, producer.last_offset, producer.offset_delta,
            producer.timestamp);
      }
      lines.push_back(line);
    }
    return lines;
  }

  // All transactions that were aborted, in the order of their markers.
  std::vector<std::string> AbortedLines() const {
    std::map<int64_t, WrittenProducer> producers;
    std::vector<std::string> aborted;
    Replay({INT64_MAX}, producers, aborted);
    return aborted;
  }

 private:
  struct Event {
    BatchFields fields;
    TransactionEnd end;
    bool is_end = false;
    Offset base;
    Offset next;
    int64_t timestamp = -1;
  };

  // Sequences count in a circle.
  static int32_t SequenceLess(int32_t sequence, int64_t count) {
    return static_cast<int32_t>((sequence - count) & INT32_MAX);
  }

  void Replay(Offset at, std::map<int64_t, WrittenProducer>& producers,
              std::vector<std::string>& aborted) const {
    for (const Event& event : events_) {
      if (event.next > at) return;
      if (event.is_end) {
        TakeEnd(event, producers, aborted);
      } else {
        Take(event, producers[event.fields.producer_id.value]);
      }
    }
  }

  static void Take(const Event& event, WrittenProducer& producer) {
    const int64_t count = event.next - event.base;
    producer.epoch = event.fields.producer_epoch;
    producer.timestamp = event.timestamp;
    producer.last_sequence =
        SequenceLess(event.fields.base_sequence, 1 - count);
    producer.last_offset = event.next.value - 1;
    producer.offset_delta = count - 1;
    if (event.fields.transactional && producer.transaction_first < 0) {
      producer.transaction_first = event.base.value;
    }
  }

  static void TakeEnd(const Event& event,
                      std::map<int64_t, WrittenProducer>& producers,
                      std::vector<std::string>& aborted) {
    const int64_t id = event.end.producer_id.value;
    WrittenProducer& producer = producers[id];
    if (producer.epoch != event.end.producer_epoch) {
      producer.last_sequence = -1;
      producer.last_offset = -1;
      producer.offset_delta = 0;
    }
    producer.epoch = event.end.producer_epoch;
    producer.coordinator_epoch = event.end.coordinator_epoch;
    producer.timestamp = event.timestamp;
    const int64_t first = producer.transaction_first;
    producer.transaction_first = -1;
    if (first < 0 || event.end.outcome == TransactionOutcome::kCommit) return;
    int64_t stable = event.next.value;
    for (const auto& [other, its] : producers) {
      if (its.transaction_first >= 0) {
        stable = std::min(stable, its.transaction_first);
      }
    }
    aborted.push_back(
        fmt::format("version: 0 producerId: {} firstOffset: {} lastOffset: {} "
                    "lastStableOffset: {}",
                    id, first, event.base.value, stable));
  }

  std::vector<Event> events_;
};

}  // namespace cauce::test
