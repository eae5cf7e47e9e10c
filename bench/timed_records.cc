#include "bench/timed_records.h"

#include <algorithm>

#include "engine/base/status_macros.h"

namespace cauce::bench {
namespace {

constexpr int64_t kBlock = 1000;
// Has no divisor in common with kBlock, so that no two records of a block have
// the same time.
constexpr int64_t kStride = 377;
constexpr int64_t kFirstTime = 1'680'000'000'000;  // any moment in the past

int64_t TimeInBlock(int64_t at, TimeOrder order) {
  return order == TimeOrder::kRising ? at : at * kStride % kBlock;
}

}  // namespace

TimedRecords::TimedRecords(const Payload& payload, TimeOrder order)
    : payload_(payload),
      order_(order),
      first_(kBlock, kBlock),
      builder_({}, payload.batch().size() +
                       // Times of several bytes instead of none.
                       payload.records().size() * 2) {
  for (int64_t at = kBlock - 1; at >= 0; --at) {
    for (int64_t time = 0; time <= TimeInBlock(at, order); ++time) {
      first_[static_cast<size_t>(time)] = at;
    }
  }
}

absl::StatusOr<RecordBatch> TimedRecords::BatchAt(int64_t batch) {
  const auto count = static_cast<int64_t>(payload_.records().size());
  builder_.Clear();
  for (int64_t i = 0; i < count; ++i) {
    Record record = payload_.records()[static_cast<size_t>(i)];
    record.timestamp = TimeOf(batch * count + i);
    if (!builder_.Add(record)) {
      return absl::InternalError("a record does not fit its batch any more");
    }
  }
  return builder_.Finish();
}

Timestamp TimedRecords::TimeOf(int64_t offset) const {
  return {kFirstTime + offset / kBlock * kBlock +
          TimeInBlock(offset % kBlock, order_)};
}

int64_t TimedRecords::FirstAtOrAfterTimeOf(int64_t offset) const {
  const int64_t time = TimeInBlock(offset % kBlock, order_);
  return offset / kBlock * kBlock + first_[static_cast<size_t>(time)];
}

}  // namespace cauce::bench
