#include "engine/base/crc32c.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/crc32c_variant.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

namespace cauce {
namespace {

// In the reflected notation used throughout, bit 31 of a register stands for
// x^0 and bit 0 for x^31.
constexpr uint32_t kPolynomial = 0x82F63B78;
constexpr uint32_t kOne = 0x80000000;

constexpr uint32_t TimesX(uint32_t value) {
  return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
}

inline uint64_t LoadLittle64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// kTables[k][b] is what byte b does to the register k bytes further on, so
// that eight bytes are folded in with eight independent look-ups.
constexpr auto kTables = [] {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = TimesX(value);
    tables[0][byte] = value;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}();

uint32_t ExtendByTables(uint32_t raw, const char* data, size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    const uint64_t word = LoadLittle64(data) ^ raw;
    raw = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) {
      raw ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
    }
  }
  for (; size > 0; ++data, --size) {
    raw = (raw >> 8) ^ kTables[0][(raw ^ static_cast<uint8_t>(*data)) & 0xff];
  }
  return raw;
}

// What a processor has for it: a step of a chain over 8, 4, 2 and 1 bytes, and
// the carry-less product of two numbers of 32 bits.
#if defined(__x86_64__)

#define CAUCE_TARGET_STEP __attribute__((target("sse4.2")))
#define CAUCE_TARGET_PRODUCT __attribute__((target("sse4.2,pclmul")))
#define CAUCE_TARGET_AVX512 \
  __attribute__((target("sse4.2,pclmul,avx512f,vpclmulqdq")))

CAUCE_TARGET_STEP inline uint64_t Step8(uint64_t chain, uint64_t word) {
  return _mm_crc32_u64(chain, word);
}
CAUCE_TARGET_STEP inline uint32_t Step4(uint32_t chain, uint32_t word) {
  return _mm_crc32_u32(chain, word);
}
CAUCE_TARGET_STEP inline uint32_t Step2(uint32_t chain, uint16_t word) {
  return _mm_crc32_u16(chain, word);
}
CAUCE_TARGET_STEP inline uint32_t Step1(uint32_t chain, uint8_t byte) {
  return _mm_crc32_u8(chain, byte);
}

CAUCE_TARGET_PRODUCT inline uint64_t Product(uint64_t one, uint32_t other) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(one)),
                           _mm_cvtsi32_si128(static_cast<int32_t>(other)), 0);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
}

#elif defined(__aarch64__)

#define CAUCE_TARGET_STEP __attribute__((target("+crc")))
#define CAUCE_TARGET_PRODUCT __attribute__((target("+crc+crypto")))

CAUCE_TARGET_STEP inline uint64_t Step8(uint64_t chain, uint64_t word) {
  return __crc32cd(static_cast<uint32_t>(chain), word);
}
CAUCE_TARGET_STEP inline uint32_t Step4(uint32_t chain, uint32_t word) {
  return __crc32cw(chain, word);
}
CAUCE_TARGET_STEP inline uint32_t Step2(uint32_t chain, uint16_t word) {
  return __crc32ch(chain, word);
}
CAUCE_TARGET_STEP inline uint32_t Step1(uint32_t chain, uint8_t byte) {
  return __crc32cb(chain, byte);
}

CAUCE_TARGET_PRODUCT inline uint64_t Product(uint64_t one, uint32_t other) {
  return static_cast<uint64_t>(vmull_p64(one, other));
}

#endif

#if defined(CAUCE_TARGET_STEP)

CAUCE_TARGET_STEP uint32_t ExtendByOneChain(uint32_t raw, const char* data,
                                            size_t size) {
  uint64_t chain = raw;
  for (; size >= 8; data += 8, size -= 8) {
    chain = Step8(chain, LoadLittle64(data));
  }
  raw = static_cast<uint32_t>(chain);
  if ((size & 4) != 0) {
    uint32_t word;
    std::memcpy(&word, data, sizeof word);
    raw = Step4(raw, word);
    data += 4;
  }
  if ((size & 2) != 0) {
    uint16_t word;
    std::memcpy(&word, data, sizeof word);
    raw = Step2(raw, word);
    data += 2;
  }
  if ((size & 1) != 0) raw = Step1(raw, static_cast<uint8_t>(*data));
  return raw;
}

// The crc32 instruction takes three cycles but one can start in each, so three
// parts of equal length are walked side by side: a, then b, then c. With R the
// register after a part alone, that after all three is
//   R(a) * x^(2n) + R(b) * x^n + R(c)  modulo the polynomial, n bits a part.
// A carry-less product of two reflected registers, fed to the crc32
// instruction, comes out multiplied by x^33; the factors make up for it.
constexpr size_t kPartBytesMax = 1024;

// kSkips[w] carries a register over w words of eight bytes: x^(64 w - 33).
constexpr auto kSkips = [] {
  std::array<uint32_t, 2 * kPartBytesMax / 8 + 1> skips{};
  uint32_t power = kOne;
  int64_t exponent = 0;
  for (size_t words = 1; words < skips.size(); ++words) {
    const int64_t wanted = 64 * static_cast<int64_t>(words) - 33;
    for (; exponent < wanted; ++exponent) power = TimesX(power);
    skips[words] = power;
  }
  return skips;
}();

// Below this the merge costs more than the second and third chain save.
constexpr size_t kThreeChainsBytesMin = 96;

CAUCE_TARGET_PRODUCT uint32_t ExtendByThreeChains(uint32_t raw,
                                                  const char* data,
                                                  size_t size) {
  while (size >= kThreeChainsBytesMin) {
    const size_t words = std::min(size / 24, kPartBytesMax / 8);
    const size_t part = words * 8;
    const char* const end = data + part - 8;  // of a's last word, left over
    uint64_t a = raw;
    uint64_t b = 0;
    uint64_t c = 0;
    for (; data < end; data += 8) {
      a = Step8(a, LoadLittle64(data));
      b = Step8(b, LoadLittle64(data + part));
      c = Step8(c, LoadLittle64(data + 2 * part));
    }
    a = Step8(a, LoadLittle64(data));
    b = Step8(b, LoadLittle64(data + part));
    // The products join with c's last word, which is multiplied alike.
    const uint64_t merged =
        Product(a, kSkips[2 * words]) ^ Product(b, kSkips[words]);
    raw =
        static_cast<uint32_t>(Step8(c, LoadLittle64(data + 2 * part) ^ merged));
    data += 2 * part + 8;
    size -= 3 * part;
  }
  return ExtendByOneChain(raw, data, size);
}

#endif  // defined(CAUCE_TARGET_STEP)

#if defined(__x86_64__)

// Below this the three chains win: setting up and reducing 2048 bits of state
// costs about as much as they need for so much.
constexpr size_t kFoldBytesMin = 768;

// What carries 128 bits of the message over `bytes` bytes of it: each half is
// multiplied on its own, and a product of two reflected halves comes out
// multiplied by x. The upper half stands 64 places lower.
struct Fold {
  uint64_t lower;
  uint64_t upper;
};

constexpr uint64_t PowerOfX(int64_t exponent) {
  uint32_t power = kOne;
  for (int64_t i = 0; i < exponent; ++i) power = TimesX(power);
  return uint64_t{power} << 32;
}

constexpr Fold FoldOver(int64_t bytes) {
  return {PowerOfX(8 * bytes + 63), PowerOfX(8 * bytes - 1)};
}

constexpr Fold kFold16 = FoldOver(16);
constexpr Fold kFold32 = FoldOver(32);
constexpr Fold kFold48 = FoldOver(48);
constexpr Fold kFold64 = FoldOver(64);
constexpr Fold kFold128 = FoldOver(128);
constexpr Fold kFold192 = FoldOver(192);
constexpr Fold kFold256 = FoldOver(256);

CAUCE_TARGET_AVX512 inline __m128i Halves(const Fold& fold) {
  return _mm_set_epi64x(static_cast<int64_t>(fold.upper),
                        static_cast<int64_t>(fold.lower));
}

CAUCE_TARGET_AVX512 inline __m512i Broadcast(const Fold& fold) {
  // Not _mm512_broadcast_i32x4: g++ 12 takes its own header's undefined
  // register for a mistake.
  const auto lower = static_cast<int64_t>(fold.lower);
  const auto upper = static_cast<int64_t>(fold.upper);
  return _mm512_set_epi64(upper, lower, upper, lower, upper, lower, upper,
                          lower);
}

// `state` carried over what `fold` says, plus `next`.
CAUCE_TARGET_AVX512 inline __m512i FoldInto(__m512i state, __m512i fold,
                                            __m512i next) {
  const __m512i lower = _mm512_clmulepi64_epi128(state, fold, 0x00);
  const __m512i upper = _mm512_clmulepi64_epi128(state, fold, 0x11);
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(lower, upper, next, kXorOfThree);
}

CAUCE_TARGET_AVX512 inline __m128i FoldInto(__m128i state, const Fold& fold,
                                            __m128i next) {
  const __m128i factors = Halves(fold);
  return _mm_xor_si128(
      next, _mm_xor_si128(_mm_clmulepi64_si128(state, factors, 0x00),
                          _mm_clmulepi64_si128(state, factors, 0x11)));
}

CAUCE_TARGET_AVX512 uint32_t ExtendByFolding(uint32_t raw, const char* data,
                                             size_t size) {
  if (size < kFoldBytesMin) return ExtendByThreeChains(raw, data, size);

  alignas(64) uint32_t start[16] = {raw};
  __m512i s0 =
      _mm512_xor_si512(_mm512_loadu_si512(data), _mm512_load_si512(start));
  __m512i s1 = _mm512_loadu_si512(data + 64);
  __m512i s2 = _mm512_loadu_si512(data + 128);
  __m512i s3 = _mm512_loadu_si512(data + 192);
  data += 256;
  size -= 256;
  const __m512i over_256 = Broadcast(kFold256);
  for (; size >= 256; data += 256, size -= 256) {
    s0 = FoldInto(s0, over_256, _mm512_loadu_si512(data));
    s1 = FoldInto(s1, over_256, _mm512_loadu_si512(data + 64));
    s2 = FoldInto(s2, over_256, _mm512_loadu_si512(data + 128));
    s3 = FoldInto(s3, over_256, _mm512_loadu_si512(data + 192));
  }

  s3 = FoldInto(s0, Broadcast(kFold192), s3);
  s3 = FoldInto(s1, Broadcast(kFold128), s3);
  s3 = FoldInto(s2, Broadcast(kFold64), s3);
  alignas(64) __m128i lanes[4];
  _mm512_store_si512(lanes, s3);
  lanes[3] = FoldInto(lanes[0], kFold48, lanes[3]);
  lanes[3] = FoldInto(lanes[1], kFold32, lanes[3]);
  lanes[3] = FoldInto(lanes[2], kFold16, lanes[3]);
  uint64_t rest[2];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), lanes[3]);
  raw =
      static_cast<uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, rest[0]), rest[1]));
  // The compiler does this only where the whole program is built for AVX. While
  // the upper halves hold something, every instruction of the baseline that
  // writes a vector waits for what is in it: 0.3 us for an append of 1 KiB.
  _mm256_zeroupper();
  return ExtendByThreeChains(raw, data, size);
}

#endif  // defined(__x86_64__)

constexpr Crc32cVariant kVariants[] = {
    {"Tables", ExtendByTables},
#if defined(CAUCE_TARGET_STEP)
    {"OneChain", ExtendByOneChain},
    {"ThreeChains", ExtendByThreeChains},
#endif
#if defined(__x86_64__)
    {"Folding", ExtendByFolding},
#endif
};

// How many of kVariants, from the first, this CPU can run.
size_t VariantsHere() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.2")) return 1;
  if (!__builtin_cpu_supports("pclmul")) return 2;
  if (!__builtin_cpu_supports("avx512f") ||
      !__builtin_cpu_supports("vpclmulqdq")) {
    return 3;
  }
#elif defined(__aarch64__)
  const unsigned long has = getauxval(AT_HWCAP);
  if ((has & HWCAP_CRC32) == 0) return 1;
  if ((has & HWCAP_PMULL) == 0) return 2;
#endif
  return std::size(kVariants);
}

}  // namespace

std::span<const Crc32cVariant> Crc32cVariants() {
  return std::span(kVariants).first(VariantsHere());
}

uint32_t Crc32cExtend(uint32_t crc, std::string_view more) {
  static const auto extend_raw = Crc32cVariants().back().extend_raw;
  return ~extend_raw(~crc, more.data(), more.size());
}

}  // namespace cauce
