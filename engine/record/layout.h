// Where the fields of a record batch's header stand. Byte positions, all
// integers big-endian; see engine/FORMAT.md. Constants, and what a header
// claims of itself: only the CRC tells whether that is so. Pure.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace cauce::layout {

inline constexpr int kBaseOffset = 0;
inline constexpr int kBatchLength = 8;
inline constexpr int kLeaderEpoch = 12;
inline constexpr int kMagic = 16;
inline constexpr int kCrc = 17;
inline constexpr int kAttributes = 21;  // from here on the CRC covers
inline constexpr int kLastOffsetDelta = 23;
inline constexpr int kBaseTimestamp = 27;
inline constexpr int kMaxTimestamp = 35;
inline constexpr int kProducerId = 43;
inline constexpr int kProducerEpoch = 51;
inline constexpr int kBaseSequence = 53;
inline constexpr int kRecordCount = 57;
inline constexpr int kRecords = 61;

// The batch length does not count the base offset and itself.
inline constexpr int64_t kLengthExcludes = 12;

inline constexpr int8_t kMagicValue = 2;

// How many bytes the batch takes, by its length. `head` is where it begins, and
// has kLengthExcludes bytes at least. Below zero where the length is.
inline int64_t ClaimedBytes(const char* head) {
  return kLengthExcludes + int64_t{LoadBig<int32_t>(head + kBatchLength)};
}

// Whether a batch of this format may begin with `head`, of kHeadBytes at least,
// that takes `bytes_max` at most.
inline constexpr int kHeadBytes = kMagic + 1;
inline bool MayBeBatch(const char* head, int64_t bytes_max) {
  const int64_t bytes = ClaimedBytes(head);
  return head[kMagic] == kMagicValue && bytes >= kRecords && bytes <= bytes_max;
}

inline constexpr int16_t kLogAppendTimeBit = 0x08;
inline constexpr int16_t kTransactionalBit = 0x10;
inline constexpr int16_t kControlBit = 0x20;
inline constexpr int16_t kDeleteHorizonBit = 0x40;

}  // namespace cauce::layout
