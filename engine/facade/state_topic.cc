#include "engine/facade/state_topic.h"

#include <optional>
#include <utility>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/record.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::StatusOr<RecordBatch> Build(const StateBatch& state, Timestamp now,
                                  BatchBuilder& builder) {
  BatchFields fields;
  if (state.transaction) {
    fields.transactional = true;
    fields.producer_id = state.transaction->id;
    fields.producer_epoch = state.transaction->epoch;
  }
  builder.SetFields(fields);
  for (const StateRecord& each : state.records) {
    Record record;
    record.key = each.key;
    if (each.value) record.value = *each.value;
    record.timestamp = now;
    if (!builder.Add(record)) {
      return MakeError(Reason::kBatchTooLarge,
                       fmt::format("{} records do not fit into one batch of "
                                   "{} bytes",
                                   state.records.size(), kRecordBytesMax));
    }
  }
  return builder.Finish();
}

absl::StatusOr<Offset> BaseOf(const absl::StatusOr<AppendResult>& result) {
  if (!result.ok()) return result.status();
  return result->base;
}

// Where records are known to be gone that nobody has deleted.
absl::Status CheckNothingLost(const PartitionLog& log) {
  const LostRecords lost = log.awake()->lost();
  for (const OffsetRange& range : {lost.front, lost.back}) {
    if (range.count() == 0) continue;
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("{}: the records from offset {} up to {} are missing",
                    log.name().ToString(), range.base.value,
                    range.next.value));
  }
  return absl::OkStatus();
}

absl::Status VisitBatch(const RecordBatch& batch, RecordReader& reader,
                        const StateLog::Visit& visit) {
  if (batch.is_control()) {
    const auto marker = ParseEndMarker(batch);
    if (!marker) return absl::OkStatus();
    return visit({.offset = batch.base_offset(), .what = marker->end});
  }
  std::optional<ProducerInstance> transaction;
  if (batch.is_transactional()) {
    transaction = {batch.producer_id(), batch.producer_epoch()};
  }
  CAUCE_RETURN_IF_ERROR(reader.Open(batch));
  RecordView record;
  while (reader.Next(&record)) {
    if (!record.key) {
      return MakeError(Reason::kCorruptBatch,
                       fmt::format("the record at offset {} has no key",
                                   record.offset.value));
    }
    StateEntry::Record read;
    read.record.key = *record.key;
    if (record.value) read.record.value = std::string(*record.value);
    read.transaction = transaction;
    CAUCE_RETURN_IF_ERROR(
        visit({.offset = record.offset, .what = std::move(read)}));
  }
  return reader.status();
}

}  // namespace

void StateTopic::Append(PartitionId partition, StateBatch batch, Done done) {
  const auto log = Open(partition);
  if (!log.ok()) return done(log.status());
  BatchBuilder builder({}, kRecordBytesMax);
  const auto built =
      Build(batch, Timestamp::From(source_.clock->Now()), builder);
  if (!built.ok()) {
    return done(Annotate(built.status(), (*log)->name().ToString()));
  }
  AppendOptions options;
  options.origin = AppendOrigin::kCoordinator;
  if (source_.syncs_itself) {
    return done(BaseOf((*log)->awake()->Append(*built, options)));
  }
  (*log)->awake()->AppendAsync(
      *built, options,
      [done = std::move(done)](const absl::StatusOr<AppendResult>& result) {
        done(BaseOf(result));
      });
}

void StateTopic::End(PartitionId partition, const TransactionEnd& end,
                     Done done) {
  const auto log = Open(partition);
  if (!log.ok()) return done(log.status());
  if (source_.syncs_itself) {
    return done(BaseOf((*log)->awake()->EndTransaction(end, {})));
  }
  (*log)->awake()->EndTransactionAsync(
      end, {},
      [done = std::move(done)](const absl::StatusOr<AppendResult>& result) {
        done(BaseOf(result));
      });
}

absl::Status StateTopic::Replay(PartitionId partition, const Visit& visit) {
  CAUCE_ASSIGN_OR_RETURN(const auto log, Open(partition));
  const absl::Status visited = VisitAll(*log, visit);
  if (!IsDamage(visited)) return visited;
  return Annotate(
      visited,
      fmt::format("{}: what a coordinator keeps there cannot be read, and "
                  "nothing of it is believed; close the engine and mend it "
                  "(cauce log repair --dir {})",
                  log->name().ToString(), source_.directory));
}

absl::Status StateTopic::VisitAll(const PartitionLog& log,
                                  const Visit& visit) const {
  CAUCE_RETURN_IF_ERROR(CheckNothingLost(log));
  LogCursor cursor(log.Keep(), log.awake()->log_start(), CursorOptions());
  RecordReader reader;
  for (;;) {
    RecordBatch batch;
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.NextBatch(&batch));
    if (!more) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(VisitBatch(batch, reader, visit));
  }
}

absl::StatusOr<std::shared_ptr<PartitionLog>> StateTopic::Open(
    PartitionId partition) {
  {
    MutexLock lock(mutex_);
    const auto known = open_.find(partition);
    if (known != open_.end()) return known->second;
  }
  // Under no lock of its own: it waits for the engine's.
  CAUCE_ASSIGN_OR_RETURN(auto opened, source_.open(partition));
  MutexLock lock(mutex_);
  return open_.try_emplace(partition, std::move(opened)).first->second;
}

}  // namespace cauce
