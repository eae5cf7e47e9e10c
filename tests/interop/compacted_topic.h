// A topic that was compacted, twice, with time enough in between for what is
// deleted to go, and appended to since; and what is left of it by Kafka's
// rules, computed from what was appended alone. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/interop/mixed_producers.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

inline const Configs kCompacted = {{"cleanup.policy", "compact"},
                                   {"delete.retention.ms", "3600000"},
                                   {"internal.segment.bytes", "65536"},
                                   {"index.interval.bytes", "512"}};

class CompactedTopic {
 public:
  // Its records have times about `about`.
  CompactedTopic(std::string directory, uint32_t seed,
                 absl::Time about = SimClock::kStart)
      : topic_(std::move(directory), kCompacted), maker_(seed, about) {
    topic_.clock().Advance(about - SimClock::kStart);
    MixedProducers producers(topic_, maker_, [this] { return Keyed(); });

    SendWhatIsWrittenOver();
    producers.Take(300);
    producers.EndAllBut(0);
    first_end_ = Compact();

    topic_.clock().Advance(absl::Hours(2));
    producers.Take(200);
    producers.EndAllBut(0);
    second_end_ = Compact();

    producers.Take(20);
    producers.EndAllBut(1);
  }

  WrittenTopic& topic() { return topic_; }

  // What is left, in order. Of the markers that both passes have met those stay
  // that `has` says are there, since they may go once nothing else is left of
  // their transactions; and one that has to be there is left in any case.
  std::vector<WrittenRecord> Left(
      const std::function<bool(Offset)>& has) const {
    const std::vector<bool> stays = DataThatStays();
    std::map<ProducerId, bool> is_needed;  // its next marker
    std::vector<WrittenRecord> left;
    const std::vector<WrittenRecord>& written = topic_.written();
    for (size_t i = 0; i < written.size(); ++i) {
      const WrittenRecord& record = written[i];
      const Offset offset{record.record.offset};
      bool is_left = stays[i];
      if (record.end) {
        is_left = offset >= first_end_ || is_needed[record.producer_id] ||
                  has(offset);
        is_needed[record.producer_id] = false;
      } else if (is_left && record.is_transactional) {
        is_needed[record.producer_id] = true;
      }
      if (is_left) left.push_back(record);
    }
    return left;
  }

 private:
  // A producer that is never heard of again: a batch without records tells of
  // its last sequence.
  void SendWhatIsWrittenOver() {
    Records records = Keyed();
    topic_.Append(records, {.producer_id = {2000},
                            .producer_epoch = 0,
                            .base_sequence = 0});
    for (OwnedRecord& record : records) record.value = "anew";
    topic_.Append(records);
  }

  Records Keyed() {
    Records records = maker_.MakeSome(20);
    for (OwnedRecord& record : records) {
      record.key = fmt::format("key {}", maker_.Below(400));
      if (maker_.Below(5) == 0) record.value.reset();
    }
    return records;
  }

  // Up to where that was done.
  Offset Compact() {
    const auto totals = topic_.partition().Compact();
    EXPECT_THAT(totals, IsOk());
    EXPECT_TRUE(totals.ok() && totals->records_removed > 0);
    return {std::ssize(topic_.written())};
  }

  std::vector<bool> IsAborted() const {
    const std::vector<WrittenRecord>& written = topic_.written();
    std::vector<bool> aborted(written.size(), false);
    std::map<ProducerId, std::vector<size_t>> open;
    for (size_t i = 0; i < written.size(); ++i) {
      const WrittenRecord& record = written[i];
      if (record.is_transactional) open[record.producer_id].push_back(i);
      if (!record.end) continue;
      for (const size_t j : open[record.producer_id]) {
        aborted[j] = record.end->outcome == TransactionOutcome::kAbort;
      }
      open[record.producer_id].clear();
    }
    return aborted;
  }

  // Of the second pass's end and above all; below the last record of each key,
  // if nobody has aborted it, and no tombstone that the first pass had met.
  std::vector<bool> DataThatStays() const {
    const std::vector<WrittenRecord>& written = topic_.written();
    const std::vector<bool> aborted = IsAborted();
    std::vector<bool> stays(written.size(), false);
    std::map<std::string, size_t> last;
    for (size_t i = 0; i < written.size(); ++i) {
      const WrittenRecord& record = written[i];
      const Offset offset{record.record.offset};
      if (record.end) continue;
      if (offset >= second_end_) {
        stays[i] = true;
        continue;
      }
      if (aborted[i]) continue;
      const auto [at, is_first] = last.emplace(*record.record.key, i);
      if (!is_first) {
        stays[at->second] = false;
        at->second = i;
      }
      stays[i] = record.record.value.has_value() || offset >= first_end_;
    }
    return stays;
  }

  WrittenTopic topic_;
  RecordMaker maker_;
  Offset first_end_;
  Offset second_end_;
};

}  // namespace cauce::test
