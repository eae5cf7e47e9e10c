#include "engine/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;

TEST(Bytes, StandWithTheMostSignificantFirst) {
  char at[8] = {};
  StoreBig<int64_t>(at, 0x0102030405060708);
  EXPECT_EQ(std::string_view(at, 8), "\x01\x02\x03\x04\x05\x06\x07\x08"sv);
  StoreBig<int32_t>(at, -2);
  EXPECT_EQ(std::string_view(at, 5), "\xff\xff\xff\xfe\x05"sv);
  StoreBig<int16_t>(at, 0x0a0b);
  EXPECT_EQ(std::string_view(at, 3), "\x0a\x0b\xff"sv);
  StoreBig<int8_t>(at, -1);
  EXPECT_EQ(std::string_view(at, 2), "\xff\x0b"sv);
}

TEST(Bytes, AreAppendedBehindWhatThereIs) {
  std::string to = "a";
  AppendBig<int32_t>(to, -2);
  AppendBig<uint16_t>(to, 0x0102);
  EXPECT_EQ(to, "a\xff\xff\xff\xfe\x01\x02"sv);
}

template <typename T>
void ExpectExtremesComeBack() {
  char at[1 + sizeof(T)];  // one byte on, so that no address is aligned
  for (const T value : {std::numeric_limits<T>::min(),
                        std::numeric_limits<T>::max(), T{0}, T{1}}) {
    StoreBig<T>(at + 1, value);
    EXPECT_EQ(LoadBig<T>(at + 1), value);
  }
}

TEST(Bytes, OfEveryWidthComeBackAsTheyWere) {
  ExpectExtremesComeBack<int8_t>();
  ExpectExtremesComeBack<uint8_t>();
  ExpectExtremesComeBack<int16_t>();
  ExpectExtremesComeBack<uint16_t>();
  ExpectExtremesComeBack<int32_t>();
  ExpectExtremesComeBack<uint32_t>();
  ExpectExtremesComeBack<int64_t>();
  ExpectExtremesComeBack<uint64_t>();
}

TEST(Bytes, AreZerosWhereNotOneIsAnythingElse) {
  std::string bytes;
  for (int size = 0; size < 40; ++size) {
    EXPECT_TRUE(IsZeros(bytes)) << size;
    for (char& byte : bytes) {
      byte = 1;
      EXPECT_FALSE(IsZeros(bytes)) << size;
      byte = 0;
    }
    bytes.push_back(0);
  }
}

}  // namespace
}  // namespace cauce
