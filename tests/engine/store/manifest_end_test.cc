#include "engine/store/manifest_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/crc32c.h"

namespace cauce::test {
namespace {

constexpr size_t kSector = 512;

// A part of a record, as RocksDB's log format has it.
std::string Part(char kind, const std::string& payload) {
  const std::string summed = kind + payload;
  const uint32_t crc = Crc32c(summed);
  const uint32_t stored = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
  std::string part;
  for (int i = 0; i < 4; ++i) part += static_cast<char>(stored >> 8 * i);
  part += static_cast<char>(payload.size());
  part += static_cast<char>(payload.size() >> 8);
  return part + summed;
}

std::string Record(size_t bytes) { return Part(1, std::string(bytes, 'r')); }

// The sector at `at`, or what `log` has of it, is missing.
std::string Without(std::string log, size_t at) {
  for (size_t i = at; i < at + kSector && i < log.size(); ++i) log[i] = '\0';
  return log;
}

TEST(ManifestEnd, IsNotLookedForInAWholeOrAShortOne) {
  const std::string log = Record(300) + Record(600) + Record(50);
  for (size_t bytes = 0; bytes <= log.size(); ++bytes) {
    EXPECT_EQ(TornEnd(log.substr(0, bytes)), std::nullopt) << bytes;
  }
}

TEST(ManifestEnd, IsWhereARecordBeginsThatMissesASector) {
  const std::string before = Record(300);
  const std::string log = before + Record(1500) + Record(50);
  for (size_t sector = kSector; sector < 3 * kSector; sector += kSector) {
    EXPECT_EQ(TornEnd(Without(log, sector)), before.size()) << sector;
  }
  // Of the one in which it begins the disk has what was there before.
  std::string first = log;
  for (size_t i = before.size(); i < kSector; ++i) first[i] = '\0';
  EXPECT_EQ(TornEnd(first), before.size());
}

TEST(ManifestEnd, IsWhereTheFirstPartBeginsOfARecordInParts) {
  const std::string before = Record(32 * 1024 - 7 - 400);
  const std::string log =
      before + Part(2, std::string(393, 'a')) + Part(4, std::string(900, 'b'));
  ASSERT_EQ(TornEnd(log), std::nullopt);
  EXPECT_EQ(TornEnd(Without(log, 32 * 1024 + kSector)), before.size());
}

TEST(ManifestEnd, IsNotBehindABlocksLastBytesThatHoldNoRecord) {
  // Three bytes are left of the block, and no header fits there.
  const std::string before =
      Record(32 * 1024 - 7 - 3) + std::string(3, '\0') + Record(700);
  EXPECT_EQ(TornEnd(before), std::nullopt);
  EXPECT_EQ(TornEnd(Without(before + Record(1000), 33 * 1024)), before.size());
}

TEST(ManifestEnd, IsNoneWhereABitFlipped) {
  const std::string log = Record(300) + Record(600);
  for (size_t at = 0; at < log.size(); at += 13) {
    std::string flipped = log;
    flipped[at] ^= 0x10;
    EXPECT_EQ(TornEnd(flipped), std::nullopt) << at;
  }
}

TEST(ManifestEnd, IsNoneWhereNothingIsLeft) {
  EXPECT_EQ(TornEnd(Without(Record(900), kSector)), std::nullopt);
  EXPECT_EQ(TornEnd(std::string(4096, '\0')), std::nullopt);
}

}  // namespace
}  // namespace cauce::test
