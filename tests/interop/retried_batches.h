// Whether a partition knows its producers: a batch that is sent again. For one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cauce/append.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

struct LastBatch {
  std::string bytes;
  bool is_fenced = false;  // a marker behind it has a newer epoch
};

// The last batch of each producer, where it is as the producer has sent it: the
// cleaner may have taken records out, and the log have given it its own time.
inline std::map<ProducerId, LastBatch> LastBatches(const Partition& partition) {
  std::map<ProducerId, LastBatch> last;
  Cursor cursor =
      partition.Read(partition.log_start(), {.up_to = ReadUpTo::kLogEnd});
  RecordBatch batch;
  for (;;) {
    const auto more = cursor.NextBatch(&batch);
    EXPECT_THAT(more, IsOk());
    if (!more.ok() || !*more) break;
    const ProducerId producer = batch.producer_id();
    if (producer == ProducerId{-1}) continue;
    if (batch.is_control()) {
      if (!last.contains(producer)) continue;
      LastBatch& its = last[producer];
      its.is_fenced |= batch.producer_epoch() >
                       RecordBatch::Parse(its.bytes)->producer_epoch();
    } else if (batch.record_count() == batch.last_offset_delta() + 1 &&
               batch.timestamp_type() == TimestampType::kCreateTime) {
      last[producer] = {.bytes = std::string(batch.bytes())};
    } else {
      last.erase(producer);
    }
  }
  return last;
}

// Sends all of these again, and expects that each is answered with where it is
// already and that nothing is appended. What is fenced by now is refused.
// Returns how many there were.
inline size_t ExpectRetriesAnswered(Partition& partition) {
  const Offset end = partition.log_end();
  const auto last = LastBatches(partition);
  for (const auto& [producer, its] : last) {
    const auto batch = RecordBatch::Parse(its.bytes);
    const auto again = partition.Append(*batch);
    if (its.is_fenced) {
      EXPECT_THAT(again.status(), HasReason(Reason::kInvalidProducerEpoch))
          << producer.value;
      continue;
    }
    EXPECT_THAT(again, IsOk()) << producer.value;
    if (!again.ok()) continue;
    EXPECT_EQ(again->base, batch->base_offset()) << producer.value;
    EXPECT_EQ(again->next, batch->next_offset()) << producer.value;
  }
  EXPECT_EQ(partition.log_end(), end);
  return last.size();
}

}  // namespace cauce::test
