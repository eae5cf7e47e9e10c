#include "engine/state/store_mark.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int16_t kVersion = 2;
// Without the retention at its end.
constexpr int16_t kFormerVersion = 1;
constexpr size_t kFormerBytes = 64;

// Where the fields stand; integers are big-endian.
constexpr size_t kChecksum = 0;  // of all that follows
constexpr size_t kVersionAt = 4;
constexpr size_t kKind = 6;
constexpr size_t kReserved = 7;
constexpr size_t kTopic = 8;
constexpr size_t kPartition = 24;
constexpr size_t kApplied = 28;
constexpr size_t kStreamTime = 36;
constexpr size_t kSegment = 44;
constexpr size_t kLastRecord = 52;
constexpr size_t kWritten = 56;
constexpr size_t kRetention = 64;

absl::Status Corrupt(std::string what) {
  return MakeError(
      Reason::kCorruptFile,
      fmt::format("the table's mark {}; it is to be made anew", what));
}

}  // namespace

std::string EncodeStoreMark(const StoreMark& mark) {
  std::string bytes(kStoreMarkBytes, '\0');
  char* const at = bytes.data();
  StoreBig<int16_t>(at + kVersionAt, kVersion);
  at[kKind] = static_cast<char>(mark.kind);
  at[kReserved] = 0;
  std::ranges::copy(mark.topic.bytes, at + kTopic);
  StoreBig<int32_t>(at + kPartition, mark.partition.value);
  StoreBig<int64_t>(at + kApplied, mark.applied.value);
  StoreBig<int64_t>(at + kStreamTime, mark.stream_time.ms);
  StoreBig<int64_t>(at + kSegment, mark.segment_ms);
  StoreBig<uint32_t>(at + kLastRecord, mark.last_record);
  StoreBig<int64_t>(at + kWritten, mark.written.ms);
  StoreBig<int64_t>(at + kRetention, mark.retention_ms);
  StoreBig<uint32_t>(at + kChecksum,
                     Crc32c(std::string_view(bytes).substr(kVersionAt)));
  return bytes;
}

absl::StatusOr<StoreMark> ParseStoreMark(std::string_view bytes) {
  if (bytes.size() < kKind) {
    return Corrupt(fmt::format("is {} bytes, not {}", bytes.size(),
                               kStoreMarkBytes));
  }
  const char* const at = bytes.data();
  const auto stored = LoadBig<uint32_t>(at + kChecksum);
  const uint32_t found = Crc32c(bytes.substr(kVersionAt));
  if (stored != found) {
    return Corrupt(
        fmt::format("has the checksum {:08x}, not {:08x}", stored, found));
  }
  const auto version = LoadBig<int16_t>(at + kVersionAt);
  if (version != kVersion && version != kFormerVersion) {
    return MakeError(Reason::kUnsupportedFormat,
                     fmt::format("the table has version {}, this release reads "
                                 "{} and {}; it is to be made anew",
                                 version, kFormerVersion, kVersion));
  }
  const size_t size = version == kVersion ? kStoreMarkBytes : kFormerBytes;
  if (bytes.size() != size) {
    return Corrupt(fmt::format("is {} bytes, not {}", bytes.size(), size));
  }
  if (at[kReserved] != 0) return Corrupt("has a byte that is to be zero");
  const int kind = static_cast<unsigned char>(at[kKind]);
  if (kind > static_cast<int>(StoreKind::kSession)) {
    return Corrupt(fmt::format("has the kind {}, which is none", kind));
  }
  StoreMark mark;
  mark.kind = static_cast<StoreKind>(kind);
  std::copy_n(at + kTopic, mark.topic.bytes.size(), mark.topic.bytes.begin());
  mark.partition.value = LoadBig<int32_t>(at + kPartition);
  mark.applied.value = LoadBig<int64_t>(at + kApplied);
  mark.stream_time.ms = LoadBig<int64_t>(at + kStreamTime);
  mark.segment_ms = LoadBig<int64_t>(at + kSegment);
  mark.last_record = LoadBig<uint32_t>(at + kLastRecord);
  mark.written.ms = LoadBig<int64_t>(at + kWritten);
  if (version == kVersion) {
    mark.retention_ms = LoadBig<int64_t>(at + kRetention);
  }
  if (mark.partition.value < 0 || mark.applied.value < 0 ||
      mark.stream_time.ms < kNoTimestamp.ms || mark.segment_ms < 0 ||
      mark.retention_ms < 0) {
    return Corrupt("has a number below zero");
  }
  return mark;
}

uint32_t RecordChecksum(std::string_view key,
                        std::optional<std::string_view> value) {
  uint32_t sum = Crc32c(key);
  if (value) sum = Crc32cExtend(sum, *value);
  // A null value is another one than an empty one.
  sum ^= value ? 0u : 0x80000000u;
  return std::max(sum, 1u);
}

}  // namespace cauce
