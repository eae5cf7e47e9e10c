#include "engine/record/records_batch.h"

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<RecordBatch> RecordsBatch(const TopicPartition& partition,
                                         std::span<const Record> records,
                                         Timestamp now,
                                         BatchBuilder& builder) {
  if (records.empty()) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("{}: an append needs at least one record",
                                 partition.ToString()));
  }
  for (Record record : records) {
    if (record.timestamp < kNoTimestamp) {
      return MakeError(Reason::kInvalidTimestamp,
                       fmt::format("{}: a record has timestamp {} ms; what was "
                                   "before 1970 has none, and -1 stands for "
                                   "the time of the append",
                                   partition.ToString(), record.timestamp.ms));
    }
    if (!record.timestamp.has_value()) record.timestamp = now;
    if (!builder.Add(record)) {
      return MakeError(Reason::kBatchTooLarge,
                       fmt::format("{}: {} records do not fit into one batch "
                                   "of {} bytes",
                                   partition.ToString(), records.size(),
                                   kRecordBytesMax));
    }
  }
  return builder.Finish();
}

}  // namespace cauce
