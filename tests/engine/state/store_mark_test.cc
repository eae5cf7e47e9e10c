#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/state/store_mark.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

StoreMark Sample() {
  StoreMark mark{.kind = StoreKind::kWindow,
                 .partition = {3},
                 .applied = {0x0102030405},
                 .stream_time = {1'700'000'000'000},
                 .segment_ms = 300'000,
                 .retention_ms = 600'000,
                 .last_record = 0xdeadbeef,
                 .written = {1'700'000'000'001}};
  for (size_t i = 0; i < mark.topic.bytes.size(); ++i) {
    mark.topic.bytes[i] = static_cast<uint8_t>(i + 1);
  }
  return mark;
}

TEST(StoreMark, HasTheseBytesForEver) {
  EXPECT_EQ(absl::BytesToHexString(EncodeStoreMark(Sample())),
            "1c526833000202000102030405060708090a0b0c0d0e0f1000000003"
            "00000001020304050000018bcfe5680000000000000493e0deadbeef"
            "0000018bcfe5680100000000000927c0");
}

TEST(StoreMark, OfTheFormerVersionTellsNoRetention) {
  const std::string bytes = absl::HexStringToBytes(
      "3285a877000102000102030405060708090a0b0c0d0e0f1000000003"
      "00000001020304050000018bcfe5680000000000000493e0deadbeef"
      "0000018bcfe56801");
  StoreMark mark = Sample();
  mark.retention_ms = 0;

  EXPECT_THAT(ParseStoreMark(bytes), IsOkAndHolds(mark));
}

TEST(StoreMark, ComesBackAsItWas) {
  EXPECT_THAT(ParseStoreMark(EncodeStoreMark(Sample())),
              IsOkAndHolds(Sample()));
}

TEST(StoreMark, IsNotBelievedOnceAByteIsAnother) {
  const std::string good = EncodeStoreMark(Sample());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] ^= 1;
    EXPECT_THAT(ParseStoreMark(bytes), HasReason(Reason::kCorruptFile)) << i;
    EXPECT_THAT(ParseStoreMark(good.substr(0, i)),
                HasReason(Reason::kCorruptFile));
  }
}

TEST(StoreMark, OfANewerReleaseIsToldApart) {
  std::string bytes = EncodeStoreMark(Sample()) + "more";
  StoreBig<int16_t>(bytes.data() + 4, 3);
  StoreBig<uint32_t>(bytes.data(),
                     Crc32c(std::string_view(bytes).substr(4)));

  EXPECT_THAT(ParseStoreMark(bytes), HasReason(Reason::kUnsupportedFormat));
}

TEST(RecordChecksum, TellsNullFromEmptyAndIsNeverZero) {
  EXPECT_NE(RecordChecksum("a", ""), RecordChecksum("a", std::nullopt));
  EXPECT_NE(RecordChecksum("", ""), 0u);
}

}  // namespace
}  // namespace cauce::test
