// Whether a topic takes a batch that somebody appends.
//
// Pure: the time comes in as an argument. Whoever made the batch has checked
// that it is one (RecordBatch::Parse); this asks what the topic's configs ask.
// Records are decoded only where a config is about what is inside of them.
#pragma once

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"

namespace cauce {

// Reason::kBatchTooLarge, kInvalidRecord, kInvalidTimestamp, with the name of
// the partition in front.
absl::Status CheckBatch(const TopicPartition& name, const RecordBatch& batch,
                        const TopicConfig& topic, Timestamp now,
                        AppendOrigin origin = AppendOrigin::kClient);

// Whether CheckBatch decodes the records of a batch, which takes time.
bool LooksInside(const TopicConfig& topic);

// Its size alone, which is that of the bytes that came in: also before these
// are compressed anew. Reason::kBatchTooLarge.
absl::Status CheckBatchSize(const TopicPartition& name,
                            const RecordBatch& batch, const TopicConfig& topic);

// Whether there are offsets enough for `batch` where the log ends at `end`:
// Reason::kOffsetOutOfRange.
absl::Status CheckOffsetsLeft(const TopicPartition& name,
                              const RecordBatch& batch, Offset end);

}  // namespace cauce
