#include "tools/cli/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::cli {
namespace {

using test::IsOk;
using ::testing::Optional;

std::string Base64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, text);
  return text;
}

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
}

TEST(Base64, ReadsWhatItWrote) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (size_t length = 0; length < 200; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_THAT(DecodeBase64(Base64(bytes)), Optional(bytes));
  }
}

TEST(Base64, RefusesEveryOtherText) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zh==", "Zm9=", "Zm 9",
        "Zm9v\n", "Zm-_", "Z\xffg="}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

TEST(Utf8, IsWhatTheStandardSays) {
  for (const std::string_view text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "long enough for a word \xc3\xa9 and more"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const std::string_view text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80",
        "\xff", "long enough for a word\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

std::string EnvelopeOf(const Record& record) {
  BatchBuilder builder;
  EXPECT_TRUE(builder.Add(record));
  const auto batch = builder.Finish();
  RecordReader reader;
  EXPECT_THAT(reader.Open(*batch), IsOk());
  RecordView view;
  EXPECT_TRUE(reader.Next(&view));
  std::string text;
  AppendEnvelope("t", PartitionId{2}, TimestampType::kCreateTime, view, text);
  return text;
}

TEST(Envelope, IsOneLineOfJson) {
  const Header headers[] = {{"h", "1"}, {"h", std::nullopt}};
  EXPECT_EQ(
      EnvelopeOf({.key = "\n\"", .headers = headers, .timestamp = {7}}),
      "{\"topic\":\"t\",\"partition\":2,\"offset\":0,\"timestamp\":7,"
      "\"timestamp_type\":\"CreateTime\",\"key\":\"\\n\\\"\",\"value\":null,"
      "\"headers\":[{\"key\":\"h\",\"value\":\"1\"},"
      "{\"key\":\"h\",\"value\":null}]}");
}

// Whatever bytes a record has, its envelope gives them back.
TEST(Envelope, GivesEveryRecordBack) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const auto bytes = [&random] {
    std::string text(random() % 20, '\0');
    const bool printable = random() % 2 == 0;
    for (char& c : text) {
      c = static_cast<char>(printable ? ' ' + random() % 95 : random());
    }
    return text;
  };
  EnvelopeReader reader;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = bytes(), value = bytes(), name = bytes();
    const Header headers[] = {{name, value}, {key, std::nullopt}};
    Record record{.value = value, .timestamp = {static_cast<int64_t>(i) - 1}};
    if (i % 3 != 0) record.key = key;
    if (i % 5 == 0) record.value = std::nullopt;
    if (i % 2 == 0) record.headers = headers;

    const std::string line = EnvelopeOf(record);
    const auto parsed = reader.Parse(line);

    ASSERT_THAT(parsed, IsOk()) << line;
    EXPECT_EQ(parsed->record.key, record.key);
    EXPECT_EQ(parsed->record.value, record.value);
    EXPECT_EQ(parsed->record.timestamp, record.timestamp);
    EXPECT_TRUE(parsed->has_timestamp);
    EXPECT_EQ(parsed->partition, PartitionId{2});
    ASSERT_EQ(parsed->record.headers.size(), record.headers.size());
    for (size_t h = 0; h < record.headers.size(); ++h) {
      EXPECT_EQ(parsed->record.headers[h].key, record.headers[h].key);
      EXPECT_EQ(parsed->record.headers[h].value, record.headers[h].value);
    }
  }
}

// A damaged line is refused or read, and never anything worse.
TEST(Envelope, SurvivesEveryChangeOfALine) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string whole =
      R"({"partition":1,"timestamp":5,"key":{"base64":"/w=="},"value":"v",)"
      R"("headers":[{"key":"h","value":null}]})";
  EnvelopeReader reader;
  for (int i = 0; i < 20'000; ++i) {
    std::string line = whole;
    for (int change = 0; change < 3; ++change) {
      const size_t at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = static_cast<char>(random());
          break;
        case 1:
          line.erase(at, 1);
          break;
        default:
          line.insert(at, 1, "{}[]\",:0\\"[random() % 9]);
      }
    }
    const auto parsed = reader.Parse(line);
    if (parsed.ok()) {
      EXPECT_GE(parsed->record.timestamp.ms, -1);
    }
  }
}

TEST(Envelope, RefusesADeepLineWithoutDescending) {
  EnvelopeReader reader;
  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(reader.Parse(deep).ok());
}

}  // namespace
}  // namespace cauce::cli
