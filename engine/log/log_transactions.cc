// What a Log asks and tells of producers: whether their batches may be
// appended, where their transactions end, and up to where they are decided.
#include <algorithm>
#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/log.h"
#include "engine/log/recovery.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<AppendResult> Log::EndTransaction(const TransactionEnd& end,
                                                 const AppendOptions& options) {
  return AppendWith(options.ack, [&](OnWritten written) {
    return WriteEnd(end, options, written);
  });
}

void Log::EndTransactionAsync(const TransactionEnd& end,
                              const AppendOptions& options,
                              AppendCallback done) {
  AppendWithAsync(
      options.ack,
      [&](OnWritten written) { return WriteEnd(end, options, written); },
      std::move(done));
}

absl::StatusOr<AppendResult> Log::WriteEnd(const TransactionEnd& end,
                                           const AppendOptions& options,
                                           OnWritten written) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const bool is_known = end.outcome == TransactionOutcome::kAbort ||
                        end.outcome == TransactionOutcome::kCommit;
  if (end.producer_id < ProducerId{0} || end.producer_epoch < 0 ||
      end.coordinator_epoch < 0 || end.transaction_version < 0 || !is_known) {
    return MakeError(
        Reason::kInvalidRecord,
        fmt::format("{}: a transaction of producer {}, epoch {}, version {}, "
                    "cannot end with outcome {} by coordinator epoch {}; all "
                    "are from 0 on, and it is aborted or committed",
                    name_.ToString(), end.producer_id.value, end.producer_epoch,
                    end.transaction_version, static_cast<int>(end.outcome),
                    end.coordinator_epoch));
  }
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  BatchBuilder builder;
  CAUCE_ASSIGN_OR_RETURN(const RecordBatch marker,
                         BuildEndMarker(end, now, builder));
  return WriteBatch(marker, options, {.now = now, .ends = &end}, written);
}

absl::StatusOr<std::optional<AppendResult>> Log::FindFirstAppend(
    const RecordBatch& batch, const AppendOptions& options,
    const Arrival& arrival) {
  // An old leader answers for nothing, whatever it asks again.
  CAUCE_RETURN_IF_ERROR(epochs_.CheckLeader(options.leader_epoch));
  if (arrival.ends != nullptr) {
    CAUCE_RETURN_IF_ERROR(Annotate(producers_.Check(*arrival.ends, range()),
                                   name_.ToString()));
    return std::nullopt;
  }
  const auto known = producers_.Check(batch, range());
  if (!known.ok()) return Annotate(known.status(), name_.ToString());
  if (!*known) return std::nullopt;
  AppendResult first{.base = (*known)->base(), .next = (*known)->last + 1};
  if (topic_->timestamp_type == TimestampType::kLogAppendTime) {
    first.append_time = (*known)->timestamp;
  }
  return first;
}

absl::StatusOr<Offset> Log::LastStableOffset() {
  CAUCE_ASSIGN_OR_RETURN(const StableEnd stable, LookAtStableEnd());
  return stable.offset;
}

absl::StatusOr<std::optional<OpenTransaction>> Log::OldestOpenTransaction() {
  CAUCE_RETURN_IF_ERROR(LookAtStableEnd().status());
  return producers_.OldestOpen();
}

absl::StatusOr<Offset> Log::DecidableEnd() {
  CAUCE_ASSIGN_OR_RETURN(const StableEnd stable, LookAtStableEnd());
  return stable.decidable;
}

absl::StatusOr<StableEnd> Log::LookAtStableEnd() {
  if (read_only_) {
    return ReadListed([this] { return FollowStableEnd(); });
  }
  for (;;) {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    if (const auto stable = FindStableEnd()) return *stable;
    MutexLock lock(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    CAUCE_RETURN_IF_ERROR(Annotate(producers_.Load(range()), name_.ToString()));
  }
}

absl::StatusOr<StableEnd> Log::FollowStableEnd() {
  for (int looks = 0; looks < kListsMax; ++looks) {
    MutexLock lock(refresh_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    const int64_t cuts = segments_.cuts();
    const LogRange seen = range();
    const auto has_read = producers_.Follow(seen);
    if (!has_read.ok()) return Annotate(has_read.status(), name_.ToString());
    const StableEnd stable = *producers_.LastStable(seen.end);
    if (!*has_read || !may_have_gaps()) return WithinSeen(stable, seen.end);
    // While the batches were read another process may have compacted them: a
    // transaction that some of them open, and its marker, go in two passes.
    CAUCE_RETURN_IF_ERROR(LookAtStart());
    CAUCE_ASSIGN_OR_RETURN(const bool is_ours, LookAtFiles(&LogView::Refresh));
    // Whose they are by now, whoever reads them is told.
    if (!is_ours || segments_.cuts() == cuts) {
      return WithinSeen(stable, seen.end);
    }
    producers_.Unfollow();
  }
  return absl::UnavailableError(
      fmt::format("{}: it was compacted or cut during each of {} looks at its "
                  "producers; read again",
                  name_.ToString(), kListsMax));
}

std::optional<StableEnd> Log::FindStableEnd() const {
  // Before what keeps it back: a transaction that begins in between does so
  // behind it.
  const Offset seen = high_watermark();
  const auto stable = producers_.LastStable(seen);
  if (!stable) return std::nullopt;
  return WithinSeen(*stable, seen);
}

StableEnd Log::WithinSeen(const StableEnd& stable, Offset seen) const {
  const Offset start = log_start();
  return {.offset = std::min(std::max(stable.offset, start), seen),
          .decidable = std::min(std::max(stable.decidable, start), seen)};
}

absl::Status Log::OpenProducers(const LogOptions& options,
                                const RecoveredLog& recovered) {
  const Leftovers& found = recovered.leftovers;
  CAUCE_RETURN_IF_ERROR(producers_.Opened(range(), found));
  const Offset point = options.bounds.recovery_point;
  const bool may_tell_of_lost =
      !found.lists.empty() &&
      found.lists.back() >= segments()->Find(point)->base();
  if (!options.clean_stop && (recovered.has_producers || may_tell_of_lost)) {
    producers_.Recovered(range(), point);
  }
  return absl::OkStatus();
}

}  // namespace cauce
