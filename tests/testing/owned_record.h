// Records that own their bytes, to compare what was written with what is read,
// and the batches that Kafka's description of its format shows. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/record/layout.h"

namespace cauce::test {

// From Kafka's description of its format: three records, no producer.
inline constexpr char kThreeRecords[] =
    "0000000000000000000000550000000002b084b4e90000000000020000018bcfe568000000"
    "018bcfe56805ffffffffffffffffffffffffffff0000000314000000046b31047631001e00"
    "0a02010a68656c6c6f020268027810000604046b310100";
inline constexpr char kCommitMarker[] =
    "000000000000002a000000420000000002c60df61d0030000000000000018bcfe568000000"
    "018bcfe5680000000000000000070003ffffffff000000012000000008000000010c000000"
    "00000500";
inline constexpr char kEmptiedBatch[] =
    "000000000000000a00000031000000000286787daa000000000004ffffffffffffffff0000"
    "018bcfe56809000000000000000700030000000000000000";

inline std::string FromHex(const char* hex) {
  return absl::HexStringToBytes(hex);
}

// A record with bytes of its own, for models.
struct OwnedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  int64_t timestamp = -1;
  int64_t offset = -1;

  friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;
};

inline std::optional<std::string> Own(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

inline absl::StatusOr<std::vector<OwnedRecord>> ReadAll(
    const RecordBatch& batch) {
  RecordReader reader;
  if (absl::Status opened = reader.Open(batch); !opened.ok()) return opened;
  std::vector<OwnedRecord> all;
  RecordView record;
  while (reader.Next(&record)) {
    OwnedRecord own{Own(record.key),
                    Own(record.value),
                    {},
                    record.timestamp.ms,
                    record.offset.value};
    for (const Header& header : record.headers) {
      own.headers.emplace_back(header.key, Own(header.value));
    }
    all.push_back(std::move(own));
  }
  if (!reader.status().ok()) return reader.status();
  return all;
}

inline bool Add(BatchBuilder& builder, const OwnedRecord& record) {
  std::vector<Header> headers;
  for (const auto& [key, value] : record.headers) {
    headers.push_back({key, value});
  }
  return builder.Add({record.key, record.value, headers, {record.timestamp}});
}

// Sets the CRC right after `bytes` was tampered with.
inline void FixCrc(std::string& bytes) {
  StoreBig<uint32_t>(
      bytes.data() + layout::kCrc,
      Crc32c(std::string_view(bytes).substr(layout::kAttributes)));
}

}  // namespace cauce::test
