#include "engine/base/varint.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;

constexpr int32_t kMin32 = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMin64 = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax64 = std::numeric_limits<int64_t>::max();

std::string Encoded(int64_t value) {
  char room[kVarint64BytesMax];
  return std::string(room, EncodeVarint(room, value));
}

// How many bytes were read; -1 when refused.
template <typename Int>
int Decode(std::string_view bytes, Int* value) {
  const std::string exact(bytes);  // so that a sanitizer sees the end
  const char* const end =
      DecodeVarint(exact.data(), exact.data() + exact.size(), value);
  return end == nullptr ? -1 : static_cast<int>(end - exact.data());
}

// The definition, one bit group at a time.
std::string Defined(int64_t value) {
  unsigned __int128 raw =
      value >= 0 ? static_cast<unsigned __int128>(value) * 2
                 : static_cast<unsigned __int128>(-(value + 1)) * 2 + 1;
  std::string bytes;
  do {
    bytes.push_back(static_cast<char>(raw % 128 + (raw >= 128 ? 128 : 0)));
    raw /= 128;
  } while (raw > 0);
  return bytes;
}

TEST(Varint, HasKafkasBytes) {
  EXPECT_EQ(Encoded(0), "\x00"sv);
  EXPECT_EQ(Encoded(-1), "\x01"sv);
  EXPECT_EQ(Encoded(1), "\x02"sv);
  EXPECT_EQ(Encoded(-64), "\x7f"sv);
  EXPECT_EQ(Encoded(64), "\x80\x01"sv);
  EXPECT_EQ(Encoded(-65), "\x81\x01"sv);
  EXPECT_EQ(Encoded(300), "\xd8\x04"sv);
  EXPECT_EQ(Encoded(kMax32), "\xfe\xff\xff\xff\x0f"sv);
  EXPECT_EQ(Encoded(kMin32), "\xff\xff\xff\xff\x0f"sv);
  EXPECT_EQ(Encoded(kMin64), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv);
}

void ExpectComesBack(int64_t value) {
  const std::string bytes = Encoded(value);
  ASSERT_EQ(bytes, Defined(value)) << value;
  ASSERT_EQ(VarintSize(value), bytes.size()) << value;

  int64_t wide = value + (value == kMax64 ? -1 : 1);
  ASSERT_EQ(Decode(bytes, &wide), static_cast<int>(bytes.size())) << value;
  ASSERT_EQ(wide, value);
  ASSERT_EQ(Decode(bytes + '\xff', &wide), static_cast<int>(bytes.size()));
  ASSERT_EQ(wide, value);

  int32_t narrow = 7;
  if (value >= kMin32 && value <= kMax32) {
    ASSERT_EQ(Decode(bytes, &narrow), static_cast<int>(bytes.size())) << value;
    ASSERT_EQ(narrow, value);
  } else {
    ASSERT_EQ(Decode(bytes, &narrow), -1) << value;
    ASSERT_EQ(narrow, 7);
  }
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ASSERT_EQ(Decode(bytes.substr(0, cut), &wide), -1) << value;
  }
}

TEST(Varint, OfEverySizeMatchesTheDefinition) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    for (const uint64_t pattern : {power, power - 1, 0 - power, 1 - power}) {
      const auto value = static_cast<int64_t>(pattern);
      ASSERT_NO_FATAL_FAILURE(ExpectComesBack(value));
    }
  }
  ASSERT_NO_FATAL_FAILURE(ExpectComesBack(kMin64));
  ASSERT_NO_FATAL_FAILURE(ExpectComesBack(kMax64));
}

TEST(Varint, AtRandomMatchesTheDefinition) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  for (int i = 0; i < 200'000; ++i) {
    const int unused_bits = static_cast<int>(random() % 64);
    ASSERT_NO_FATAL_FAILURE(
        ExpectComesBack(static_cast<int64_t>(random()) >> unused_bits));
  }
}

TEST(Varint, WithMoreBytesThanItNeedsIsTaken) {
  int32_t narrow = 0;
  EXPECT_EQ(Decode("\x82\x00"sv, &narrow), 2);
  EXPECT_EQ(narrow, 1);
  EXPECT_EQ(Decode("\x82\x80\x80\x80\x00"sv, &narrow), 5);
  EXPECT_EQ(narrow, 1);
}

TEST(Varint, ThatIsTooLongIsRefused) {
  int32_t narrow = 7;
  int64_t wide = 7;
  EXPECT_EQ(Decode("\x82\x80\x80\x80\x80\x00"sv, &narrow), -1);
  EXPECT_EQ(Decode(std::string(10, '\x80') + '\0', &wide), -1);
  EXPECT_EQ(Decode(std::string(9, '\x80') + '\0', &wide), 10);
  EXPECT_EQ(wide, 0);
  EXPECT_EQ(narrow, 7);
}

TEST(Varint, ThatDoesNotFitIsRefused) {
  int32_t narrow = 7;
  int64_t wide = 7;
  EXPECT_EQ(Decode("\xff\xff\xff\xff\x10"sv, &narrow), -1);
  EXPECT_EQ(Decode("\xff\xff\xff\xff\x7f"sv, &narrow), -1);
  EXPECT_EQ(Decode(std::string(9, '\xff') + '\x02', &wide), -1);
  EXPECT_EQ(Decode(std::string(9, '\xff') + '\x7f', &wide), -1);
  EXPECT_EQ(narrow, 7);
  EXPECT_EQ(wide, 7);
}

TEST(Varint, ReaderStaysInsideWhateverTheBytes) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(random() % 12, '\0');
    // Mostly with the high bit set, so that long ones are not rare.
    for (char& byte : bytes)
      byte = static_cast<char>(random() % 4 == 0 ? random() : random() | 0x80);
    int32_t narrow = 0;
    int64_t wide = 0;
    const int narrow_read = Decode(bytes, &narrow);
    const int wide_read = Decode(bytes, &wide);
    if (narrow_read < 0) continue;
    // What fits 32 bits is the same number in 64.
    ASSERT_EQ(wide_read, narrow_read);
    ASSERT_EQ(wide, narrow);
  }
}

std::string EncodedUnsigned(uint32_t value) {
  char room[kVarint32BytesMax];
  return std::string(room, EncodeUnsignedVarint(room, value));
}

// How many bytes were read; -1 when refused.
int DecodeUnsigned(std::string_view bytes, uint32_t* value) {
  const std::string exact(bytes);  // so that a sanitizer sees the end
  const char* const end =
      DecodeUnsignedVarint(exact.data(), exact.data() + exact.size(), value);
  return end == nullptr ? -1 : static_cast<int>(end - exact.data());
}

TEST(UnsignedVarint, HasKafkasBytes) {
  EXPECT_EQ(EncodedUnsigned(0), "\x00"sv);
  EXPECT_EQ(EncodedUnsigned(1), "\x01"sv);
  EXPECT_EQ(EncodedUnsigned(127), "\x7f"sv);
  EXPECT_EQ(EncodedUnsigned(128), "\x80\x01"sv);
  EXPECT_EQ(EncodedUnsigned(300), "\xac\x02"sv);
  EXPECT_EQ(EncodedUnsigned(0xffffffff), "\xff\xff\xff\xff\x0f"sv);
}

TEST(UnsignedVarint, ReadsWhatItWrote) {
  for (uint64_t value = 0; value <= 0xffffffff; value = value * 3 / 2 + 1) {
    const auto written = static_cast<uint32_t>(value);
    const std::string bytes = EncodedUnsigned(written);
    uint32_t read = 0;
    ASSERT_EQ(DecodeUnsigned(bytes + "x", &read),
              static_cast<int>(bytes.size()));
    ASSERT_EQ(read, written);
  }
}

TEST(UnsignedVarint, IsRefusedWhereItIsCutOffOrDoesNotFit) {
  uint32_t value = 7;

  EXPECT_EQ(DecodeUnsigned("", &value), -1);
  EXPECT_EQ(DecodeUnsigned("\xff\xff", &value), -1);
  EXPECT_EQ(DecodeUnsigned("\xff\xff\xff\xff\x10"sv, &value), -1);
  EXPECT_EQ(DecodeUnsigned("\x80\x80\x80\x80\x80\x01"sv, &value), -1);

  EXPECT_EQ(value, 7u);
}

}  // namespace
}  // namespace cauce
