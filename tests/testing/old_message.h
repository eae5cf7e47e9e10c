// Messages as brokers before Kafka 0.11 stored them, which this release does
// not read. Pure.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <iterator>
#include <string>

#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"

namespace cauce::test {

// One of format `magic`, 0 or 1, without a key.
inline std::string OldMessage(Offset offset, char magic) {
  constexpr int kCrc = 12, kCovered = 16;
  const std::string timestamp(magic == 0 ? 0 : 8, '\0');
  const std::string value = "value";
  std::string bytes(kCovered, '\0');
  bytes += magic;
  bytes += '\0';  // attributes
  bytes += timestamp + std::string(4, '\xff');
  bytes += std::string(3, '\0') + static_cast<char>(value.size()) + value;
  StoreBig<int64_t>(bytes.data(), offset.value);
  StoreBig<int32_t>(
      bytes.data() + layout::kBatchLength,
      static_cast<int32_t>(std::ssize(bytes) - layout::kLengthExcludes));
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + kCovered,
            static_cast<uInt>(bytes.size() - kCovered));
  StoreBig<uint32_t>(bytes.data() + kCrc, static_cast<uint32_t>(crc));
  return bytes;
}

}  // namespace cauce::test
