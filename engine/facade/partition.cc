#include "cauce/partition.h"

#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
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

}  // namespace

Partition::Partition(std::shared_ptr<EngineCore> core, std::shared_ptr<Log> log)
    : core_(std::move(core)), log_(std::move(log)) {}
Partition::Partition(Partition&&) noexcept = default;
Partition& Partition::operator=(Partition&&) noexcept = default;
Partition::~Partition() = default;

const TopicPartition& Partition::name() const { return log_->name(); }

absl::StatusOr<AppendResult> Partition::Append(const RecordBatch& batch,
                                               const AppendOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckIsThere(log_->name(), batch));
  return log_->Append(batch, options);
}

absl::StatusOr<AppendResult> Partition::Append(std::span<const Record> records,
                                               const AppendOptions& options) {
  return log_->Append(records, options);
}

void Partition::AppendAsync(const RecordBatch& batch,
                            const AppendOptions& options, AppendCallback done) {
  if (!done) done = [](const absl::StatusOr<AppendResult>&) {};
  if (absl::Status status = CheckIsThere(log_->name(), batch); !status.ok()) {
    return done(std::move(status));
  }
  log_->AppendAsync(batch, options, std::move(done));
}

absl::StatusOr<AppendResult> Partition::EndTransaction(
    const TransactionEnd& end, const AppendOptions& options) {
  return log_->EndTransaction(end, options);
}

absl::StatusOr<Offset> Partition::LastStableOffset() const {
  return log_->LastStableOffset();
}

absl::Status Partition::Flush() { return log_->Flush(); }
Offset Partition::log_start() const { return log_->log_start(); }
Offset Partition::high_watermark() const { return log_->high_watermark(); }
Offset Partition::log_end() const { return log_->log_end(); }
Offset Partition::durable_end() const { return log_->durable_end(); }
LeaderEpoch Partition::leader_epoch() const { return log_->leader_epoch(); }
LostRecords Partition::lost() const { return log_->lost(); }
int64_t Partition::bytes() const { return log_->bytes(); }

Cursor Partition::Read(Offset from) const { return Read(from, {}); }

Cursor Partition::Read(Offset from, const CursorOptions& options) const {
  return Cursor(std::make_unique<LogCursor>(log_, from, options));
}

absl::StatusOr<std::optional<FoundOffset>> Partition::FindByTime(
    Timestamp time) const {
  return log_->FindByTime(time);
}

absl::StatusOr<bool> Partition::WaitFor(Offset offset,
                                        absl::Duration timeout) const {
  return log_->WaitFor(offset, timeout);
}

absl::StatusOr<Offset> Partition::TruncateTo(Offset offset) {
  return log_->TruncateTo(offset);
}

absl::Status Partition::DeleteRecordsBefore(Offset offset) {
  return log_->DeleteRecordsBefore(offset);
}

absl::StatusOr<CompactionTotals> Partition::Compact() const {
  CAUCE_RETURN_IF_ERROR(log_->CheckOpen());
  return core_->Compact(log_);
}

}  // namespace cauce
