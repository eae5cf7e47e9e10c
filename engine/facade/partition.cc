#include "cauce/partition.h"

#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "engine/facade/partition_log.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What was never assigned has no bytes, not even a header.
absl::Status CheckIsThere(const TopicPartition& name,
                          const RecordBatch& batch) {
  if (!batch.bytes().empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidRecord,
                   fmt::format("{}: there is no batch to append: this one was "
                               "never assigned; build or parse it first",
                               name.ToString()));
}

// Of the topics of coordinators programs may read what they like.
absl::Status CheckIsOfPrograms(const PartitionLog& log) {
  if (!log.is_internal()) return absl::OkStatus();
  return MakeError(Reason::kInvalidTopicName,
                   fmt::format("{}: is internal: it holds what a coordinator "
                               "keeps, who alone writes it; commit offsets, or "
                               "use transactions",
                               log.name().ToString()));
}

}  // namespace

Partition::Partition(std::shared_ptr<EngineCore> core,
                     std::shared_ptr<PartitionLog> log)
    : core_(std::move(core)), log_(std::move(log)) {}
Partition::Partition(Partition&&) noexcept = default;
Partition& Partition::operator=(Partition&&) noexcept = default;
Partition::~Partition() = default;

const TopicPartition& Partition::name() const { return log_->name(); }

absl::StatusOr<AppendResult> Partition::Append(const RecordBatch& batch,
                                               const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckIsThere(log_->name(), batch));
  CAUCE_RETURN_IF_ERROR(CheckIsOfPrograms(*log_));
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->Append(batch, options);
}

absl::StatusOr<AppendResult> Partition::Append(std::span<const Record> records,
                                               const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckIsOfPrograms(*log_));
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->Append(records, options);
}

void Partition::AppendAsync(const RecordBatch& batch,
                            const AppendOptions& options, AppendCallback done) {
  if (!done) done = [](const absl::StatusOr<AppendResult>&) {};
  absl::Status status = CheckIsThere(log_->name(), batch);
  if (status.ok()) status = CheckIsOfPrograms(*log_);
  if (!status.ok()) return done(std::move(status));
  const auto log = core_->Awake(*log_);
  if (!log.ok()) return done(log.status());
  (*log)->AppendAsync(batch, options, std::move(done));
}

absl::StatusOr<AppendResult> Partition::EndTransaction(
    const TransactionEnd& end, const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckIsOfPrograms(*log_));
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->EndTransaction(end, options);
}

absl::StatusOr<Offset> Partition::LastStableOffset() const {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->LastStableOffset();
}

// There is nothing to flush in a dormant one; it is asked all the same, since
// it may have ended.
absl::Status Partition::Flush() {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->Flush();
}

Offset Partition::log_start() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->log_start() : log_->dormant().log_start;
}

Offset Partition::high_watermark() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->high_watermark() : log_->dormant().log_end;
}

Offset Partition::log_end() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->log_end() : log_->dormant().log_end;
}

Offset Partition::durable_end() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->durable_end() : log_->dormant().log_end;
}

LeaderEpoch Partition::leader_epoch() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->leader_epoch() : log_->dormant().epoch;
}

// Where anything is missing the log is open.
LostRecords Partition::lost() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->lost() : LostRecords();
}

int64_t Partition::bytes() const {
  const Log* const log = log_->awake();
  return log != nullptr ? log->bytes() : log_->dormant().bytes;
}

Cursor Partition::Read(Offset from) const { return Read(from, {}); }

Cursor Partition::Read(Offset from, const CursorOptions& options) const {
  const auto log = core_->Awake(*log_);
  if (!log.ok()) return Cursor(log.status(), from);
  return Cursor(std::make_unique<LogCursor>(log_->Keep(), from, options));
}

absl::StatusOr<std::optional<FoundOffset>> Partition::FindByTime(
    Timestamp time, OnDamage on_damage) const {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->FindByTime(time, on_damage);
}

absl::StatusOr<bool> Partition::WaitFor(Offset offset, absl::Duration timeout,
                                        Isolation isolation) const {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->WaitFor(offset, timeout, isolation);
}

absl::Status Partition::Watch(std::shared_ptr<PartitionWatcher> watcher,
                              Isolation isolation) const {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  log->Watch(std::move(watcher), isolation);
  return absl::OkStatus();
}

void Partition::Unwatch(const PartitionWatcher& watcher) const {
  if (Log* const log = log_->awake()) log->Unwatch(watcher);
}

absl::StatusOr<Offset> Partition::TruncateTo(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckIsOfPrograms(*log_));
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->TruncateTo(offset);
}

absl::Status Partition::DeleteRecordsBefore(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckIsOfPrograms(*log_));
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  return log->DeleteRecordsBefore(offset);
}

absl::StatusOr<CompactionTotals> Partition::Compact() const {
  CAUCE_ASSIGN_OR_RETURN(Log* const log, core_->Awake(*log_));
  CAUCE_RETURN_IF_ERROR(log->CheckOpen());
  return core_->Compact(log_->Keep());
}

}  // namespace cauce
