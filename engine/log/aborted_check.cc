#include "engine/log/aborted_check.h"

#include <algorithm>
#include <utility>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/end_marker.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr size_t kProducersSeenMax = 1 << 16;

}  // namespace

AbortedCheck::AbortedCheck(FileSystem& files, const ListedSegment& segment)
    : path_(JoinPath(segment.directory,
                     SegmentFileName(segment.base, kTxnIndexSuffix))),
      base_(segment.base),
      log_start_(segment.log_start),
      may_have_gaps_(segment.may_have_gaps) {
  auto index = ReadAborted(files, segment.directory, segment.base);
  if (index.ok()) {
    index_ = *std::move(index);
  } else if (absl::IsResourceExhausted(index.status())) {
    exhausted_ = index.status();
  } else {
    Miss(std::string(MessageOf(index.status())));
  }
}

void AbortedCheck::See(const RecordBatch& batch) {
  if (!HasProducer(batch)) return;
  const auto marker = ParseEndMarker(batch);
  if (marker) return SeeMarker(*marker);
  const bool counts = batch.is_transactional() && !batch.is_control() &&
                      batch.base_offset() >= log_start_;
  if (!counts || is_blind_) return;
  Known& producer = producers_[batch.producer_id().value];
  if (!producer.first) {
    producer.first = batch.base_offset();
    open_.insert(batch.base_offset());
  }
  if (producers_.size() > kProducersSeenMax) PassDamage();
}

void AbortedCheck::SeeMarker(const EndMarker& marker) {
  while (next_ < index_.entries().size() &&
         index_.entries()[next_].last < marker.offset) {
    Miss(fmt::format("the entry for offset {} leads to no marker",
                     index_.entries()[next_].last.value));
    ++next_;
  }
  const bool is_listed = next_ < index_.entries().size() &&
                         index_.entries()[next_].last == marker.offset;
  const bool aborts = marker.end.outcome == TransactionOutcome::kAbort;
  const Known known =
      std::exchange(producers_[marker.end.producer_id.value],
                    {.began_here = marker.offset >= log_start_ && !is_blind_ &&
                                   !may_have_gaps_});
  if (known.first) open_.erase(*known.first);
  if (!is_listed) {
    if (aborts && known.first && !is_blind_) {
      Miss(
          fmt::format("the transaction of producer {} from offset {} to {} "
                      "was aborted, and is not listed",
                      marker.end.producer_id.value, known.first->value,
                      marker.offset.value));
    }
    return;
  }
  const AbortedTransaction& entry = index_.entries()[next_++];
  if (aborts && entry.producer_id == marker.end.producer_id &&
      BeginsRight(entry, known)) {
    if (!IsStableRight(entry)) {
      Miss(fmt::format("the entry for offset {} says that all transactions up "
                       "to offset {} had ended then, and the batches say "
                       "something else",
                       entry.last.value, entry.last_stable.value));
    }
    return;
  }
  Miss(fmt::format(
      "the entry for offset {} says that a transaction of "
      "producer {} from offset {} on was aborted, and its batches "
      "say something else",
      entry.last.value, entry.producer_id.value, entry.first.value));
}

bool AbortedCheck::SeesAllFrom(Offset offset) const {
  return !may_have_gaps_ && offset >= std::max(base_, log_start_);
}

bool AbortedCheck::BeginsRight(const AbortedTransaction& entry,
                               const Known& known) const {
  if (is_blind_) return true;
  if (known.began_here || SeesAllFrom(entry.first)) {
    return known.first == entry.first;
  }
  return !known.first || entry.first <= *known.first;
}

bool AbortedCheck::IsStableRight(const AbortedTransaction& entry) const {
  // One that began before what was seen may have kept it back.
  if (is_blind_ || !SeesAllFrom(entry.last_stable)) return true;
  const Offset behind = entry.last + 1;
  return entry.last_stable ==
         (open_.empty() ? behind : std::min(behind, *open_.begin()));
}

void AbortedCheck::PassDamage() {
  is_blind_ = true;
  producers_.clear();
}

const std::optional<std::string>& AbortedCheck::Finish() {
  if (next_ < index_.entries().size() && !is_blind_) {
    Miss(fmt::format("the entry for offset {} leads to no marker",
                     index_.entries()[next_].last.value));
  }
  return wrong_;
}

void AbortedCheck::Miss(std::string what) {
  if (!wrong_ && !is_blind_) wrong_ = std::move(what);
}

}  // namespace cauce
