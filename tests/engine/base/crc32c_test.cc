#include "engine/base/crc32c.h"

#include <gtest/gtest.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/base/crc32c_variant.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

std::string Noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// The definition, a bit at a time.
uint32_t DefinedRaw(uint32_t raw, uint8_t byte) {
  raw ^= byte;
  for (int bit = 0; bit < 8; ++bit) {
    raw = (raw >> 1) ^ ((raw & 1) != 0 ? 0x82F63B78 : 0);
  }
  return raw;
}

uint32_t DefinedRaw(uint32_t raw, std::string_view bytes) {
  for (const char byte : bytes) {
    raw = DefinedRaw(raw, static_cast<uint8_t>(byte));
  }
  return raw;
}

TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  // RFC 3720, section B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string up(32, '\0');
  std::string down(32, '\0');
  for (int i = 0; i < 32; ++i) {
    up[i] = static_cast<char>(i);
    down[i] = static_cast<char>(31 - i);
  }
  EXPECT_EQ(Crc32c(up), 0x46dd794eu);
  EXPECT_EQ(Crc32c(down), 0x113fdb5cu);
}

TEST(Crc32c, ExtendsAtAnySplit) {
  const test::Seed seed;
  const std::string bytes = Noise(5000, seed.value());
  const std::string_view view = bytes;
  const uint32_t whole = ~DefinedRaw(~0u, view);
  ASSERT_EQ(Crc32c(view), whole);
  for (size_t split = 0; split <= view.size(); ++split) {
    ASSERT_EQ(Crc32cExtend(Crc32c(view.substr(0, split)), view.substr(split)),
              whole)
        << "split at " << split;
  }
}

TEST(Crc32c, NoticesEveryFlippedBit) {
  std::string bytes = Noise(2000, 1);
  const uint32_t before = Crc32c(bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    ASSERT_NE(Crc32c(bytes), before) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
  }
}

class Crc32cOf : public ::testing::TestWithParam<Crc32cVariant> {};

TEST_P(Crc32cOf, MatchesTheDefinitionAtEveryLength) {
  const test::Seed seed;
  const std::string bytes = Noise(3000, seed.value());
  uint32_t defined = seed.value();
  for (size_t size = 0; size <= bytes.size(); ++size) {
    // A copy of that very size, so that a sanitizer sees its end.
    const std::vector<char> exact(bytes.begin(), bytes.begin() + size);
    ASSERT_EQ(GetParam().extend_raw(seed.value(), exact.data(), size), defined)
        << "size " << size;
    if (size < bytes.size()) {
      defined = DefinedRaw(defined, static_cast<uint8_t>(bytes[size]));
    }
  }
}

TEST_P(Crc32cOf, MatchesTheDefinitionAtEveryAlignment) {
  const test::Seed seed;
  const std::string bytes = Noise(3000 + 64, seed.value());
  const std::string_view view = bytes;
  for (size_t start = 0; start < 64; ++start) {
    for (const size_t size :
         {1, 7, 63, 95, 96, 97, 500, 767, 768, 1023, 3000}) {
      ASSERT_EQ(GetParam().extend_raw(~0u, view.data() + start, size),
                DefinedRaw(~0u, view.substr(start, size)))
          << "start " << start << ", size " << size;
    }
  }
}

TEST_P(Crc32cOf, MatchesTheDefinitionOverLongInput) {
  const test::Seed seed;
  const std::string bytes = Noise(1'000'003, seed.value());
  EXPECT_EQ(GetParam().extend_raw(~0u, bytes.data(), bytes.size()),
            DefinedRaw(~0u, bytes));
}

INSTANTIATE_TEST_SUITE_P(OnThisMachine, Crc32cOf,
                         ::testing::ValuesIn(Crc32cVariants().begin(),
                                             Crc32cVariants().end()),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

#if defined(__x86_64__)

__attribute__((target("xsave"))) uint64_t WideStateInUse() {
  // The upper halves of the registers that the baseline knows: of 256 bits, and
  // of 512.
  constexpr uint64_t kUpperHalves = 1 << 2 | 1 << 6;
  return _xgetbv(1) & kUpperHalves;
}

// Instructions of the baseline are slow for as long as these hold something.
TEST(Crc32c, LeavesNothingInTheUpperHalvesOfRegisters) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "what a sanitizer adds to a function uses them behind it";
#endif
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool can_tell = __get_cpuid_count(0xd, 1, &a, &b, &c, &d) != 0 &&
                        (a & 1 << 2) != 0 && __builtin_cpu_supports("avx") != 0;
  if (!can_tell) GTEST_SKIP() << "this processor does not tell";
  asm volatile("vzeroupper");
  // It may call in use what is empty.
  if (WideStateInUse() != 0) GTEST_SKIP() << "this processor tells too much";
  const test::Seed seed;
  const std::string bytes = Noise(5000, seed.value());
  for (const Crc32cVariant& variant : Crc32cVariants()) {
    asm volatile("vzeroupper");
    variant.extend_raw(0, bytes.data(), bytes.size());
    const uint64_t in_use = WideStateInUse();
    asm volatile("vzeroupper");
    EXPECT_EQ(in_use, 0u) << variant.name;
  }
}

#endif  // defined(__x86_64__)

}  // namespace
}  // namespace cauce
