#include "engine/store/manifest_end.h"

#include <algorithm>
#include <cstdint>

#include "engine/base/crc32c.h"

namespace cauce {
namespace {

constexpr size_t kSectorBytes = 512;

// RocksDB's log format: blocks of 32 KiB, in which no record crosses an end.
// Each has 4 bytes of checksum, 2 of length and 1 of kind in front.
constexpr size_t kBlockBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;
constexpr uint8_t kWhole = 1;
constexpr uint8_t kLast = 4;  // behind the first part, 2, and those between, 3

uint32_t ByteAt(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

// A checksum is stored turned and moved, so that one of what holds checksums
// is of use.
uint32_t Stored(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

// `part` is a record's header with all that the header says is behind it.
bool IsWhole(std::string_view part) {
  const uint32_t kind = ByteAt(part, 6);
  if (kind < kWhole || kind > kLast) return false;
  const uint32_t crc = ByteAt(part, 0) | ByteAt(part, 1) << 8 |
                       ByteAt(part, 2) << 16 | ByteAt(part, 3) << 24;
  return crc == Stored(Crc32c(part.substr(6)));
}

bool MissesASector(std::string_view manifest, size_t from) {
  while (from < manifest.size()) {
    const size_t next =
        std::min(manifest.size(), (from / kSectorBytes + 1) * kSectorBytes);
    const std::string_view sector = manifest.substr(from, next - from);
    if (std::ranges::all_of(sector, [](char c) { return c == '\0'; }))
      return true;
    from = next;
  }
  return false;
}

}  // namespace

std::optional<size_t> TornEnd(std::string_view manifest) {
  size_t record = 0;  // where it begins, with its first part
  size_t at = 0;
  while (at + kHeaderBytes <= manifest.size()) {
    const size_t left = kBlockBytes - at % kBlockBytes;
    if (left < kHeaderBytes) {
      at += left;
      continue;
    }
    const uint32_t payload =
        ByteAt(manifest, at + 4) | ByteAt(manifest, at + 5) << 8;
    const size_t bytes = kHeaderBytes + payload;
    const bool is_there = bytes <= left && bytes <= manifest.size() - at;
    if (!is_there || !IsWhole(manifest.substr(at, bytes))) {
      if (record == 0 || !MissesASector(manifest, at)) return std::nullopt;
      return record;
    }
    const uint32_t kind = ByteAt(manifest, at + 6);
    at += bytes;
    if (kind == kWhole || kind == kLast) record = at;
  }
  return std::nullopt;
}

}  // namespace cauce
