#include "engine/catalog/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

ManifestRows Rows() {
  return {{{"metrics", PartitionId{3}}, {"m3", Offset{7}, std::nullopt}},
          {{"orders", PartitionId{0}}, {"first", Offset{0}, Offset{5}}},
          {{"orders", PartitionId{12}}, {"", std::nullopt, Offset{1}}},
          {{"orders", PartitionId{13}},
           {"the last one", std::nullopt, std::nullopt}}};
}

constexpr BoundsSums kSums = {{{10, 0x01020304}, {-1, 0}, {0, 0}}};

std::string Good() { return *FormatManifest(Rows(), kSums); }

// With the checksum that these bytes ask for.
std::string Summed(std::string bytes) {
  StoreBig<uint32_t>(bytes.data() + 10,
                     Crc32c(std::string_view(bytes).substr(14)));
  return bytes;
}

TEST(ManifestBytes, AreThese) {
  const std::string_view golden(
      "\x63\x61\x75\x63\x65\x73\x65\x67\x00\x02\x6f\x7a\x7c\x78"
      "\x00\x00\x00\x0a\x01\x02\x03\x04\xff\xff\xff\xff\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x02"
      "\x00\x07\x6d\x65\x74\x72\x69\x63\x73\x00\x00\x00\x01"
      "\x00\x00\x00\x03\x00\x00\x00\xb3\x00\x00\x00\x02\x00\x00"
      "\x00\x00\x00\x00\x00\x07\xff\xff\xff\xff\xff\xff\xff\xff"
      "\x00\x06\x6f\x72\x64\x65\x72\x73\x00\x00\x00\x03"
      "\x00\x00\x00\x00\x00\x00\x00\xb5\x00\x00\x00\x05\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05"
      "\x00\x00\x00\x0c\x00\x00\x00\xba\x00\x00\x00\x00\xff\xff"
      "\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x01"
      "\x00\x00\x00\x0d\x00\x00\x00\xba\x00\x00\x00\x0c\xff\xff"
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
      "\x6d\x33\x66\x69\x72\x73\x74\x74\x68\x65\x20\x6c\x61\x73"
      "\x74\x20\x6f\x6e\x65",
      198);
  const std::string bytes = Good();
  EXPECT_EQ(bytes, golden);
}

// Their parts had fewer fields: read as today's they would tell something else.
TEST(ManifestBytes, OfTheVersionBeforeAreNotUsedAndTold) {
  std::string bytes = Good();
  StoreBig<int16_t>(bytes.data() + 8, 1);
  const auto read = Manifest::Parse("/d/cauce.segments", bytes);
  EXPECT_THAT(read, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(read.status().message(),
              HasSubstr("/d/cauce.segments: has version 1, of an earlier "
                        "release, and is not used"));
}

TEST(ManifestBytes, TellOfEachPartitionByItself) {
  const auto read = Manifest::Parse("f", Good());
  ASSERT_THAT(read, IsOk());
  for (const auto& [partition, row] : Rows()) {
    EXPECT_THAT(read->Find(partition), Optional(Eq(row.part)));
  }
  EXPECT_EQ(read->rows(), Rows());
  EXPECT_EQ(read->sums(), kSums);
  for (const TopicPartition& other :
       {TopicPartition{"metrics", PartitionId{2}},
        TopicPartition{"metrics", PartitionId{4}},
        TopicPartition{"orders", PartitionId{1}},
        TopicPartition{"orders-0", PartitionId{0}},
        TopicPartition{"a", PartitionId{0}},
        TopicPartition{"z", PartitionId{0}}}) {
    EXPECT_EQ(read->Find(other), std::nullopt) << other.ToString();
  }
}

TEST(ManifestBytes, OfNothingAreAManifestToo) {
  const auto read = Manifest::Parse("f", *FormatManifest({}, {}));
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->rows(), IsEmpty());
  EXPECT_EQ(Manifest().Find({"orders", PartitionId{0}}), std::nullopt);
  for (const int32_t topics : {-1, 1}) {
    std::string other = *FormatManifest({}, {});
    StoreBig<int32_t>(other.data() + 38, topics);
    EXPECT_THAT(Manifest::Parse("f", Summed(other)),
                HasReason(Reason::kCorruptFile));
  }
}

TEST(ManifestBytes, OfWhichAnyChangedAreRefused) {
  const std::string bytes = Good();
  for (const std::string& damaged : test::BitFlips(bytes)) {
    const auto read = Manifest::Parse("f", damaged);
    // The version is in front of the checksum.
    EXPECT_FALSE(read.ok());
    EXPECT_NE(ReasonOf(read.status()), Reason::kNone);
  }
  for (const std::string& cut : test::Truncations(bytes)) {
    EXPECT_THAT(Manifest::Parse("f", cut), HasReason(Reason::kCorruptFile));
    EXPECT_EQ(ManifestChecksum(cut), std::nullopt);
  }
}

TEST(ManifestBytes, WithARightChecksumAreCheckedAllTheSame) {
  const std::string good = Good();
  for (const std::string& damaged : test::BitFlips(good)) {
    const std::string bytes = Summed(damaged);
    const auto read = Manifest::Parse("f", bytes);
    if (!read.ok()) continue;
    // It says something else, but each part lies within.
    EXPECT_EQ(FormatManifest(read->rows(), read->sums()), bytes);
  }
  for (const std::string& cut : test::Truncations(good)) {
    if (cut.size() < 14) continue;
    EXPECT_THAT(Manifest::Parse("f", Summed(cut)),
                HasReason(Reason::kCorruptFile));
  }
}

TEST(ManifestBytes, OfANewerReleaseAreNotTakenForDamaged) {
  std::string bytes = Good();
  StoreBig<int16_t>(bytes.data() + 8, 3);
  EXPECT_THAT(Manifest::Parse("f", bytes),
              HasReason(Reason::kUnsupportedFormat));
}

}  // namespace
}  // namespace cauce
