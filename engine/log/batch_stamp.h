// A batch's header with the fields that the log sets, and nothing else changed.
//
// The caller's bytes stay as they are: what is written is this copy and, behind
// it, the caller's payload. The CRC covers neither base offset nor epoch, so
// it stays right; a time of the log's own is covered and makes a new one. A
// plain value.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/record/layout.h"

namespace cauce {

class BatchStamp {
 public:
  BatchStamp(const RecordBatch& batch, Offset base, LeaderEpoch epoch) {
    std::memcpy(bytes_.data(), batch.bytes().data(), bytes_.size());
    StoreBig<int64_t>(bytes_.data() + layout::kBaseOffset, base.value);
    StoreBig<int32_t>(bytes_.data() + layout::kLeaderEpoch, epoch.value);
  }

  // Gives every record of `batch`, the one it was made of, the time `now`.
  void SetAppendTime(const RecordBatch& batch, Timestamp now) {
    StoreBig<int16_t>(bytes_.data() + layout::kAttributes,
                      batch.attributes() | layout::kLogAppendTimeBit);
    StoreBig<int64_t>(bytes_.data() + layout::kMaxTimestamp, now.ms);
    const uint32_t crc = Crc32cExtend(
        Crc32c(header().substr(layout::kAttributes)), batch.payload());
    StoreBig<uint32_t>(bytes_.data() + layout::kCrc, crc);
  }

  std::string_view header() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, kBatchHeaderBytes> bytes_;
};

}  // namespace cauce
