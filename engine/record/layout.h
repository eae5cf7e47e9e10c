// Where the fields of a record batch's header stand. Byte positions, all
// integers big-endian; see engine/FORMAT.md. Constants only.
#pragma once

#include <cstdint>

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

inline constexpr int16_t kLogAppendTimeBit = 0x08;
inline constexpr int16_t kTransactionalBit = 0x10;
inline constexpr int16_t kControlBit = 0x20;
inline constexpr int16_t kDeleteHorizonBit = 0x40;

}  // namespace cauce::layout
