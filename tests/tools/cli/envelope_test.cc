#include "tools/cli/envelope.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"
#include "tests/tools/cli/envelope_of.h"

namespace cauce::cli {
namespace {

TEST(Envelope, IsOneLineOfJson) {
  const Header headers[] = {{"h", "1"}, {"h", std::nullopt}};
  EXPECT_EQ(
      EnvelopeOf({.key = "\n\"", .headers = headers, .timestamp = {7}}),
      "{\"topic\":\"t\",\"partition\":2,\"offset\":0,\"timestamp\":7,"
      "\"timestamp_type\":\"CreateTime\",\"key\":\"\\n\\\"\",\"value\":null,"
      "\"headers\":[{\"key\":\"h\",\"value\":\"1\"},"
      "{\"key\":\"h\",\"value\":null}]}");
}

}  // namespace
}  // namespace cauce::cli
