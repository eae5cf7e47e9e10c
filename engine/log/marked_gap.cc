#include "engine/log/marked_gap.h"

#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "engine/log/batch_stamp.h"
#include "engine/log/end_marker.h"

namespace cauce {
namespace {

std::string Marker(const EndedTransaction& ended, const GapStamp& stamp) {
  BatchBuilder builder;
  const auto batch =
      BuildEndMarker({.producer_id = ended.producer_id,
                      .producer_epoch = ended.producer_epoch,
                      .coordinator_epoch = ended.coordinator_epoch,
                      .outcome = ended.outcome},
                     stamp.time, builder);
  // Nothing is compressed, which is all that could fail.
  CAUCE_CHECK(batch.ok());
  const BatchStamp header(*batch, ended.marker, stamp.epoch);
  return std::string(header.header()) + std::string(batch->payload());
}

}  // namespace

std::string MarkedGap(const OffsetRange& filled,
                      std::span<const EndedTransaction> ended,
                      const GapStamp& stamp) {
  std::string bytes;
  Offset at = filled.base;
  const auto fill_up_to = [&](Offset next) {
    if (at < next) bytes += GapBatch(at, next, stamp);
  };
  for (const EndedTransaction& each : ended) {
    CAUCE_CHECK(each.marker >= at);
    fill_up_to(each.marker);
    bytes += Marker(each, stamp);
    at = each.marker + 1;
  }
  CAUCE_CHECK(at <= filled.next);
  fill_up_to(filled.next);
  return bytes;
}

}  // namespace cauce
