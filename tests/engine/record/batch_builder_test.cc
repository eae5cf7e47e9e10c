#include "cauce/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

TEST(BatchBuilder, AFullBatchTakesNoMoreAndTheNextOneDoes) {
  BatchBuilder builder({}, 100);
  EXPECT_TRUE(test::Add(builder, {std::nullopt, std::string(1000, 'x')}));
  EXPECT_FALSE(test::Add(builder, {std::nullopt, "y"}));
  ASSERT_THAT(builder.Finish(), test::IsOk());
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(test::Add(builder, {std::nullopt, "y"}));
  EXPECT_TRUE(test::Add(builder, {std::nullopt, "z"}));
}

// Sizes that wrap when they are doubled, or added up, as -1 does: what the view
// points to must not be looked at.
TEST(BatchBuilder, TakesNoSizeAboveWhatARecordCanTell) {
  const std::string_view usual = "kk";
  for (const size_t size :
       {SIZE_MAX, SIZE_MAX - 20, (size_t{1} << 63) + usual.size(),
        size_t{INT32_MAX} + 1}) {
    const std::string_view endless(usual.data(), size);
    const Header by_key{endless, "v"};
    const Header by_value{"h", endless};
    BatchBuilder builder({}, kRecordBytesMax);
    ASSERT_TRUE(builder.Add({.key = usual, .value = usual}));
    const size_t bytes = builder.bytes();

    EXPECT_FALSE(builder.Add({.key = endless, .value = usual})) << size;
    EXPECT_FALSE(builder.Add({.key = usual, .value = endless})) << size;
    EXPECT_FALSE(builder.Add({.value = usual, .headers = {&by_key, 1}}));
    EXPECT_FALSE(builder.Add({.value = usual, .headers = {&by_value, 1}}));

    EXPECT_EQ(builder.bytes(), bytes);
    EXPECT_EQ(builder.record_count(), 1);
  }
}

// The format as it is described, one byte after the other: slow and plain.
void PutVarint(std::string* to, int64_t value) {
  auto raw =
      (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; raw >= 0x80; raw >>= 7) to->push_back(static_cast<char>(raw | 0x80));
  to->push_back(static_cast<char>(raw));
}

void PutNullable(std::string* to, std::optional<std::string_view> bytes) {
  PutVarint(to, bytes ? static_cast<int64_t>(bytes->size()) : -1);
  if (bytes) to->append(*bytes);
}

std::string Encoded(const Record& record, int64_t time_delta,
                    int32_t offset_delta) {
  std::string body(1, '\0');
  PutVarint(&body, time_delta);
  PutVarint(&body, offset_delta);
  PutNullable(&body, record.key);
  PutNullable(&body, record.value);
  PutVarint(&body, static_cast<int64_t>(record.headers.size()));
  for (const Header& header : record.headers) {
    PutNullable(&body, header.key);
    PutNullable(&body, header.value);
  }
  std::string whole;
  PutVarint(&whole, static_cast<int64_t>(body.size()));
  return whole + body;
}

// Builds a batch of `record` alone, at `offset_delta`, and returns the records'
// bytes.
std::string Built(const Record& record, int32_t offset_delta) {
  BatchFields fields;
  fields.base_timestamp = Timestamp{1000};
  BatchBuilder builder(fields, 64 << 20);
  EXPECT_TRUE(builder.AddAt(offset_delta, record));
  const auto batch = builder.Finish();
  EXPECT_THAT(batch, test::IsOk());
  return std::string(batch->payload());
}

TEST(BatchBuilder, LengthsThatNeedOneByteMoreAreWrittenRight) {
  // A length takes another byte from 64, 8 192 and 1 048 576 on.
  for (const size_t edge : {0, 64, 8192, 1 << 20}) {
    for (size_t size = edge < 80 ? 0 : edge - 80; size < edge + 80; ++size) {
      const std::string value(size, 'v');
      for (const int32_t offset_delta : {0, 100, 100'000}) {
        const Record record{.value = value, .timestamp = {1000}};
        ASSERT_EQ(Built(record, offset_delta), Encoded(record, 0, offset_delta))
            << size << " bytes at " << offset_delta;
      }
    }
  }
}

// A record of any form, with bytes of its own.
struct AnyRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> named;
  std::vector<Header> headers;

  explicit AnyRecord(std::mt19937& random)
      : key(AnyBytes(random)), value(AnyBytes(random)) {
    if (random() % 4 == 0) named.resize(random() % 4);
    for (auto& [name, content] : named) {
      name = AnyBytes(random).value_or("");
      content = AnyBytes(random);
    }
    for (const auto& [name, content] : named) {
      headers.push_back({name, content});
    }
  }
  AnyRecord(const AnyRecord&) = delete;

  Record At(Timestamp time) const { return {key, value, headers, time}; }

  static std::optional<std::string> AnyBytes(std::mt19937& random) {
    constexpr size_t kSizes[] = {1, 10, 40, 70, 200, 9000};
    if (random() % 8 == 0) return std::nullopt;
    std::string bytes(random() % kSizes[random() % std::size(kSizes)], '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  }
};

TEST(BatchBuilder, WritesRecordsOfAnyFormAsTheyAreDescribed) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 2000; ++i) {
    const AnyRecord any(random);
    const auto offset_delta = static_cast<int32_t>(random() >> (random() % 32));
    if (offset_delta < 0 || offset_delta == INT32_MAX) continue;
    const int64_t time =
        static_cast<int64_t>(random()) * (random() % 2 == 0 ? 1 : 1 << 20);
    const Record record = any.At({time});
    ASSERT_EQ(Built(record, offset_delta),
              Encoded(record, time - 1000, offset_delta));
  }
}

TEST(BatchBuilder, WritesRecordsLikeTheOneBeforeAsTheyAreDescribed) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string bytes(9000, 'b');
  const auto view = [&](std::optional<size_t> size) {
    return size ? std::optional(std::string_view(bytes).substr(0, *size))
                : std::nullopt;
  };
  const std::optional<size_t> keys[] = {std::nullopt, 0, 8, 63, 64, 100, 8191};
  for (const std::optional<size_t> key : keys) {
    for (const std::optional<size_t> value :
         {std::optional<size_t>(), std::optional<size_t>(0),
          std::optional<size_t>(random() % 70),
          std::optional<size_t>(8170 + random() % 40)}) {
      BatchFields fields;
      fields.base_timestamp = Timestamp{1000};
      BatchBuilder builder(fields, 64 << 20);
      std::string expected;
      // Offset deltas take another byte from 64 and from 8 192 on.
      for (int32_t delta = 0; delta < 8300; delta += 1 + delta / 50) {
        // Now and then another shape, or another timestamp, comes between.
        const int64_t time =
            random() % 4 == 0 ? 1000 + delta : 1000 + delta % 2;
        const Record record{
            view(key), view(random() % 8 == 0 ? 5 : value), {}, {time}};
        ASSERT_TRUE(builder.AddAt(delta, record));
        expected += Encoded(record, time - 1000, delta);
      }
      const auto batch = builder.Finish();
      ASSERT_THAT(batch, test::IsOk());
      ASSERT_EQ(batch->payload(), expected);
    }
  }
}

TEST(BatchBuilder, IsFullExactlyWhereTheNextRecordWouldNotFit) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 500; ++i) {
    const size_t bound = 100 + random() % 20'000;
    BatchBuilder builder({}, bound);
    std::string expected;
    for (int32_t delta = 0;; ++delta) {
      const AnyRecord any(random);
      const Record record = any.At({5});
      const std::string bytes = Encoded(record, 0, delta);
      const bool fits =
          delta == 0 ||
          kBatchHeaderBytes + expected.size() + bytes.size() <= bound;
      ASSERT_EQ(builder.Add(record), fits);
      if (!fits) break;
      expected += bytes;
      ASSERT_EQ(builder.bytes(), kBatchHeaderBytes + expected.size());
    }
    const auto batch = builder.Finish();
    ASSERT_THAT(batch, test::IsOk());
    ASSERT_EQ(batch->payload(), expected);
  }
}

TEST(BatchBuilder, TimesAtBothEndsOfTheirRangeComeBack) {
  const Timestamp times[] = {{INT64_MAX}, {INT64_MIN}, {0}, {-1}};
  BatchBuilder builder;
  for (const Timestamp time : times) {
    EXPECT_TRUE(builder.Add({.timestamp = time}));
  }
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());

  RecordReader reader;
  ASSERT_THAT(reader.Open(*batch), test::IsOk());
  RecordView record;
  for (const Timestamp time : times) {
    ASSERT_TRUE(reader.Next(&record)) << reader.status().ToString();
    EXPECT_EQ(record.timestamp, time);
  }
}

TEST(BatchBuilder, WhatNoReaderWouldDecompressIsNotBuilt) {
  BatchFields fields;
  fields.codec = Codec::kZstd;
  BatchBuilder builder(fields, kRecordBytesMax);
  ASSERT_TRUE(test::Add(
      builder, {std::nullopt, std::string(kDecompressedBytesMax, 'x')}));
  EXPECT_THAT(builder.Finish(), test::HasReason(Reason::kBatchTooLarge));
  // And the next batch is one again.
  ASSERT_TRUE(test::Add(builder, {std::nullopt, "small"}));
  EXPECT_THAT(builder.Finish(), test::IsOk());
}

TEST(BatchBuilder, IsBoundedByWhatARecordMayBeWhateverItIsTold) {
  BatchBuilder builder({}, SIZE_MAX);
  EXPECT_TRUE(test::Add(builder, {std::nullopt, "x"}));
  EXPECT_THAT(builder.Finish(), test::IsOk());
}

TEST(BatchBuilder, TakesNoOffsetThatItHasPassed) {
  BatchBuilder builder;
  EXPECT_FALSE(builder.AddAt(-1, {}));
  EXPECT_FALSE(builder.AddAt(INT32_MIN, {}));
  EXPECT_TRUE(builder.AddAt(5, {}));
  EXPECT_FALSE(builder.AddAt(5, {}));
  EXPECT_TRUE(builder.AddAt(INT32_MAX, {}));
  EXPECT_FALSE(builder.AddAt(INT32_MAX, {}));
  EXPECT_FALSE(builder.Add({}));
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->record_count(), 2);
  EXPECT_EQ(batch->last_offset_delta(), INT32_MAX);
}

// Parse would refuse what it made, and a view counts on what Parse checks.
TEST(BatchBuilder, BuildsNothingWithOffsetsThatNoBatchCanHave) {
  const auto built = [](BatchFields fields, int records) {
    BatchBuilder builder(fields);
    for (int i = 0; i < records; ++i) EXPECT_TRUE(builder.Add({}));
    auto batch = builder.Finish();
    EXPECT_TRUE(builder.empty());
    if (!batch.ok()) return batch.status();
    return RecordBatch::Parse(batch->bytes()).status();
  };
  const auto refused = test::HasReason(Reason::kInvalidOption);
  EXPECT_THAT(built({.last_offset_delta = 1}, 3), refused);
  EXPECT_THAT(built({.last_offset_delta = 2}, 3), test::IsOk());
  EXPECT_THAT(built({.last_offset_delta = -1}, 0), refused);
  EXPECT_THAT(built({.last_offset_delta = INT32_MIN}, 0), refused);
  EXPECT_THAT(built({.last_offset_delta = INT32_MAX}, 0), test::IsOk());
  EXPECT_THAT(built({.base_offset = Offset{-1}}, 1), refused);
  EXPECT_THAT(built({.base_offset = Offset{INT64_MIN}}, 1), refused);
  EXPECT_THAT(built({.base_offset = Offset{INT64_MAX}}, 1), refused);
  EXPECT_THAT(built({.base_offset = Offset{INT64_MAX - 2}}, 2), test::IsOk());
  EXPECT_THAT(built({.base_offset = Offset{INT64_MAX - 2}}, 3), refused);
}

TEST(BatchBuilder, BeginsAnewAfterACodecThatCannot) {
  BatchBuilder builder({.codec = static_cast<Codec>(9)});
  ASSERT_TRUE(test::Add(builder, {std::nullopt, "x"}));
  EXPECT_THAT(builder.Finish(), test::HasReason(Reason::kUnsupportedCodec));
  EXPECT_TRUE(builder.empty());
  builder.SetFields({});
  ASSERT_TRUE(test::Add(builder, {std::nullopt, "y"}));
  EXPECT_THAT(builder.Finish(), test::IsOk());
}

class EveryCodec : public ::testing::TestWithParam<Codec> {};

std::string RandomBytes(std::mt19937& random, size_t bytes_max) {
  // Few letters, so that codecs have something to do.
  std::string bytes(random() % (bytes_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 3);
  return bytes;
}

std::optional<std::string> MaybeBytes(std::mt19937& random, size_t bytes_max) {
  if (random() % 4 == 0) return std::nullopt;
  return RandomBytes(random, bytes_max);
}

TEST_P(EveryCodec, RecordsComeBackAsTheyWere) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  BatchFields fields;
  fields.codec = GetParam();
  fields.base_offset = Offset{1'000'000};
  BatchBuilder builder(fields, 1 << 20);
  for (int round = 0; round < 60; ++round) {
    std::vector<test::OwnedRecord> written;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 0; i < count; ++i) {
      test::OwnedRecord record{MaybeBytes(random, 30),
                               MaybeBytes(random, 3000)};
      for (unsigned h = random() % 4; h > 1; --h) {
        record.headers.emplace_back(RandomBytes(random, 10),
                                    MaybeBytes(random, 100));
      }
      record.timestamp =
          random() % 5 == 0 ? -1 : static_cast<int64_t>(random()) * 1000;
      record.offset = 1'000'000 + i;
      ASSERT_TRUE(test::Add(builder, record));
      written.push_back(std::move(record));
    }

    const auto built = builder.Finish();
    ASSERT_THAT(built, test::IsOk());
    const auto batch = RecordBatch::Parse(built->bytes());
    ASSERT_THAT(batch, test::IsOk());
    EXPECT_EQ(batch->codec(), GetParam());
    ASSERT_THAT(test::ReadAll(*batch), test::IsOkAndHolds(written));
    ASSERT_THAT(ValidateRecords(*batch), test::IsOk());
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec,
                         ::testing::Values(Codec::kNone, Codec::kGzip,
                                           Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& codec) {
                           return std::string(CodecName(codec.param));
                         });

}  // namespace
}  // namespace cauce
