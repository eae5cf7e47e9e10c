// The mark of a state store's table, as it is and with a checksum that is
// right, and a key of its changelog: what is read is written back to the byte,
// but for marks of the former version.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_mark.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr size_t kCovered = 4;

void CheckMark(std::string_view bytes) {
  const auto read = ParseStoreMark(bytes);
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  const std::string written = EncodeStoreMark(*read);
  if (bytes.size() == written.size()) {
    CAUCE_CHECK(written == bytes);
  } else {
    // Of the former version, which is not written any more.
    CAUCE_CHECK(*ParseStoreMark(written) == *read);
  }
}

void CheckKeys(std::string_view bytes) {
  if (const auto row = ParseRowKey(StoreKind::kWindow, bytes)) {
    CAUCE_CHECK(WindowRowKey(row->key, row->start, row->sequence) == bytes);
  }
  if (const auto row = ParseRowKey(StoreKind::kSession, bytes)) {
    CAUCE_CHECK(SessionRowKey({row->key, row->start, row->end}) == bytes);
  }
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckMark(input);
  CheckKeys(input);
  std::string signed_bytes(input);
  if (signed_bytes.size() >= kCovered) {
    StoreBig<uint32_t>(signed_bytes.data(),
                       Crc32c(std::string_view(signed_bytes).substr(kCovered)));
    CheckMark(signed_bytes);
  }
  ExpectSmallAllocations((64 << 10) + 4 * input.size());
}

std::vector<std::string> Seeds() {
  // The former version ends in front of the retention.
  std::string former = EncodeStoreMark({}).substr(0, 64);
  StoreBig<int16_t>(former.data() + kCovered, 1);
  return {"", former, EncodeStoreMark({}),
          EncodeStoreMark({.kind = StoreKind::kWindow,
                           .applied = {7},
                           .stream_time = {100'000},
                           .segment_ms = 60'000,
                           .retention_ms = 90'000,
                           .last_record = 1,
                           .written = {5}}),
          WindowRowKey("k", {1}, 2), SessionRowKey({"k", {1}, {2}})};
}

}  // namespace cauce::fuzz
