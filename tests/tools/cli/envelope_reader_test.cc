#include "tools/cli/envelope_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/tools/cli/envelope_of.h"

namespace cauce::cli {
namespace {

using test::IsOk;
using test::StatusIs;
using ::testing::HasSubstr;

// Whatever bytes a record has, its envelope gives them back.
TEST(EnvelopeReader, GivesEveryRecordBack) {
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
TEST(EnvelopeReader, SurvivesEveryChangeOfALine) {
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

TEST(EnvelopeReader, RefusesAFieldThatStandsTwice) {
  EnvelopeReader reader;
  for (const std::string_view line : {
           R"({"value":"a","value":"b"})",
           R"({"key":null,"value":"a","key":"k"})",
           R"({"topic":"a","value":"a","topic":"a"})",
           R"({"value":{"base64":"","base64":""}})",
           R"({"value":"a","headers":[{"key":"h","key":"h","value":"v"}]})",
           R"({"value":"a","headers":[],"headers":[]})",
       }) {
    EXPECT_THAT(reader.Parse(line).status(),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << line;
  }
  EXPECT_THAT(
      reader.Parse(R"({"value":"a","headers":[{"key":"h","value":null},)"
                   R"({"key":"h","value":null}]})"),
      IsOk());
}

TEST(EnvelopeReader, PassesByWhatItDoesNotLookAt) {
  EnvelopeReader reader;
  const auto parsed = reader.Parse(
      R"({"topic":{"a":[{},[1,{"value":7}]]},"offset":[[]],)"
      R"("timestamp_type":null,"timestamp":null,"headers":null,"value":"v"})");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->record.value, "v");
  EXPECT_EQ(parsed->record.key, std::nullopt);
  EXPECT_FALSE(parsed->has_timestamp);
  EXPECT_EQ(parsed->partition, std::nullopt);
}

TEST(EnvelopeReader, TellsWhatIsWrong) {
  EnvelopeReader reader;
  const std::pair<std::string_view, std::string_view> kWrong[] = {
      {"", "not valid JSON"},
      {"7", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "no \"value\""},
      {R"({"value":"a"} x)", "not valid JSON at byte 15"},
      {R"({"vaule":"a"})", "did you mean \"value\"?"},
      {R"({"value":7})", "\"value\" must be null, a string"},
      {R"({"value":{}})", "\"value\" must be null, a string"},
      {R"({"value":{"base64":null}})", "\"value\" must be null, a string"},
      {R"({"value":{"base64":"!"}})", "\"value\" is no valid base64"},
      {R"({"key":["k"],"value":"a"})", "\"key\" must be null, a string"},
      {R"({"timestamp":-2,"value":"a"})", "\"timestamp\" must be a whole"},
      {R"({"timestamp":1.5,"value":"a"})", "\"timestamp\" must be a whole"},
      {R"({"timestamp":9223372036854775808,"value":"a"})",
       "\"timestamp\" must be a whole"},
      {R"({"partition":2147483648,"value":"a"})", "from 0 to 2147483647"},
      {R"({"partition":-1,"value":"a"})", "from 0 to 2147483647"},
      {R"({"headers":7,"value":"a"})", "\"headers\" is no array"},
      {R"({"headers":{},"value":"a"})", "\"headers\" is no array"},
      {R"({"headers":[7],"value":"a"})", "a header must be"},
      {R"({"headers":[[]],"value":"a"})", "a header must be"},
      {R"({"headers":[{"key":"h"}],"value":"a"})", "a header must be"},
      {R"({"headers":[{"key":"h","value":"","x":1}],"value":"a"})",
       "a header must be"},
      {R"({"headers":[{"key":null,"value":""}],"value":"a"})",
       "a header's key cannot be null"},
  };
  for (const auto& [line, what] : kWrong) {
    EXPECT_THAT(reader.Parse(line).status(),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(what))))
        << line;
  }
}

TEST(EnvelopeReader, RefusesADeepLineWithoutDescending) {
  EnvelopeReader reader;
  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(reader.Parse(deep).ok());
}

}  // namespace
}  // namespace cauce::cli
