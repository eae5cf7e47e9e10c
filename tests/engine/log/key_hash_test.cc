#include "engine/log/key_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "fmt/format.h"

namespace cauce {
namespace {

// The secret of the reference code's vectors, 00 01 .. 0f.
constexpr KeySecret kSecret{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string Bytes(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(i);
  return bytes;
}

// As OpenSSL prints it: each half with its lowest byte first.
std::string HexOf(const KeyHash& hash) {
  return fmt::format("{:016x}{:016x}", __builtin_bswap64(hash.low),
                     __builtin_bswap64(hash.high));
}

// openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16
//   -macopt c-rounds:1 -macopt d-rounds:3 -in FILE SIPHASH
TEST(KeyHash, IsWhatOpenSslMakesOfTheSameBytes) {
  const KeyHasher hasher(kSecret);

  EXPECT_EQ(HexOf(hasher(Bytes(0))), "e77ebcb22788a5befd62db6add303001");
  EXPECT_EQ(HexOf(hasher(Bytes(1))), "fc6f370460d3eda85e0573cc2b2ff063");
  EXPECT_EQ(HexOf(hasher(Bytes(7))), "1084b923f2aae0c3a62f2ec80848ab77");
  EXPECT_EQ(HexOf(hasher(Bytes(8))), "aa12fee1d5e3dab4724f16ab35f9c799");
  EXPECT_EQ(HexOf(hasher(Bytes(15))), "c17e5505b2bd526c2921cdec1e7e0109");
  EXPECT_EQ(HexOf(hasher(Bytes(16))), "d0a8d95715518eebb513b0f83d9e1793");
  EXPECT_EQ(HexOf(hasher(Bytes(33))), "c5f57bae1320fcf4b4e868e71d56c66b");
}

TEST(KeyHash, DependsOnTheSecret) {
  const KeyHasher one({1, 2});
  const KeyHasher low({3, 2});
  const KeyHasher high({1, 3});

  EXPECT_NE(one("key"), low("key"));
  EXPECT_NE(one("key"), high("key"));
}

TEST(KeyHash, TellsKeysApartThatDifferInZerosAtTheirEnd) {
  const KeyHasher hasher(kSecret);
  const std::string zeros(9, '\0');

  for (size_t size = 1; size <= zeros.size(); ++size) {
    EXPECT_NE(hasher(zeros.substr(0, size)), hasher(zeros.substr(0, size - 1)));
  }
}

}  // namespace
}  // namespace cauce
