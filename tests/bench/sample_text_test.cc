#include "bench/sample_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

using ::testing::HasSubstr;

TEST(SampleText, ComesBackAsItWas) {
  Sample sample(0.125, 0.0002);
  sample.figures = {{"private bytes a partition", 812.5}, {"descriptors", 0}};
  const auto back = SampleFromText(TextOf(sample));
  ASSERT_THAT(back, test::IsOk());
  EXPECT_EQ(*back, sample);
}

TEST(SampleText, HoldsNoMoreThanWasTold) {
  const auto back = SampleFromText(TextOf(Sample(3)));
  ASSERT_THAT(back, test::IsOk());
  EXPECT_EQ(*back, Sample(3));
}

TEST(SampleText, OfAFailureIsTheFailure) {
  const absl::Status failure = absl::DataLossError("line one\nseconds 2");
  const auto back = SampleFromText(TextOf(failure));
  EXPECT_THAT(back, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(back.status().message(), HasSubstr("line one seconds 2"));
}

TEST(SampleText, AnErrorBehindTheSecondsCountsToo) {
  EXPECT_THAT(SampleFromText("seconds 1\nerror lost\n"),
              test::StatusIs(absl::StatusCode::kUnavailable));
}

TEST(SampleText, WithoutSecondsIsNoMeasurement) {
  for (const char* text : {"", "p99_seconds 1\n", "seconds 0\n"}) {
    EXPECT_THAT(SampleFromText(text),
                test::StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(SampleText, TakesNoOtherLines) {
  for (const char* line :
       {"Picked up JAVA_TOOL_OPTIONS", "seconds", "seconds one", "seconds 1x",
        "seconds -1", "seconds nan", "seconds inf", "figure 1", "minutes 1"}) {
    const auto sample = SampleFromText(std::string("seconds 1\n") + line);
    EXPECT_THAT(sample, test::StatusIs(absl::StatusCode::kInvalidArgument))
        << line;
    EXPECT_THAT(sample.status().message(), HasSubstr(line));
  }
}

}  // namespace
}  // namespace cauce::bench
