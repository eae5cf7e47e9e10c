// A snapshot of producers, as it is and with a checksum that is right: what is
// read is written back to the byte, goes on as a table, and no length is
// believed.
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/producer_table.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr Offset kAt{1000};
constexpr size_t kCrc = 2;
constexpr size_t kCovered = 6;

void CheckBytes(std::string_view bytes) {
  const auto read = DecodeProducers(kAt, bytes);
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  CAUCE_CHECK(EncodeProducers(*read) == bytes);
  const ProducerTable table(*read);
  CAUCE_CHECK(table.producers().size() == read->size());
  CAUCE_CHECK(table.transactions().LastStable(kAt) <= kAt);
  for (const ProducerState& each : *read) {
    const auto last = each.last_batch();
    if (!last) continue;
    CAUCE_CHECK(last->base() >= Offset{0} && last->last < kAt);
  }
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckBytes(input);
  std::string signed_bytes(input);
  if (signed_bytes.size() >= kCovered) {
    StoreBig<uint32_t>(signed_bytes.data() + kCrc,
                       Crc32c(std::string_view(signed_bytes).substr(kCovered)));
    CheckBytes(signed_bytes);
  }
  ExpectSmallAllocations((64 << 10) + 32 * input.size());
}

std::vector<std::string> Seeds() {
  const char golden[] =
      "00012c9e0dd900000001000000000000000700030000000900000000000000680000000"
      "90000018bcfe5680000000005ffffffffffffffff";
  const ProducerState open(
      ProducerId{9},
      {.epoch = 0,
       .last_timestamp = {5},
       .transaction = Offset{40},
       .last_batch = KnownBatch{
           .last_sequence = 1, .last_offset_delta = 1, .last = {41}}});
  const ProducerState marker(ProducerId{10},
                             {.epoch = 1, .coordinator_epoch = 2});
  const ProducerState both[] = {open, marker};
  return {"", EncodeProducers({}), absl::HexStringToBytes(golden),
          EncodeProducers(both)};
}

}  // namespace cauce::fuzz
