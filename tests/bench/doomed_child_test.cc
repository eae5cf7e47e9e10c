#include "bench/doomed_child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "bench/process_use.h"
#include "engine/base/status_macros.h"
#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

using ::testing::HasSubstr;

TEST(DoomedChild, TellsWhatItMeasuredInAProcessOfItsOwn) {
  const auto sample = RunInDoomedChild([]() -> absl::StatusOr<Sample> {
    Sample told(0.5);
    told.figures = {{"process", static_cast<double>(getpid())}};
    return told;
  });
  ASSERT_THAT(sample, test::IsOk());
  EXPECT_EQ(sample->seconds, 0.5);
  EXPECT_NE(sample->figures.at(0).value, getpid());
}

TEST(DoomedChild, TellsWhatFailed) {
  const auto sample = RunInDoomedChild([]() -> absl::StatusOr<Sample> {
    return absl::DataLossError(std::string(100'000, 'x') + " is lost");
  });
  EXPECT_THAT(sample.status().message(), HasSubstr("is lost"));
}

TEST(DoomedChild, ThatEndsByItselfMeasuredNothing) {
  EXPECT_THAT(RunInDoomedChild([]() -> absl::StatusOr<Sample> { _exit(0); }),
              test::StatusIs(absl::StatusCode::kInternal));
}

TEST(DoomedChild, WorksBesideUsAndIsKilledWithItsOwner) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    const auto child = DoomedChild::Start([&]() -> absl::StatusOr<Sample> {
      EXPECT_EQ(write(ends[1], "w", 1), 1);
      for (;;) pause();
    });
    ASSERT_THAT(child, test::IsOk());
    close(ends[1]);
    char told = 0;
    EXPECT_EQ(read(ends[0], &told, 1), 1);
  }
  // Nobody else has the other end.
  char nothing = 0;
  EXPECT_EQ(read(ends[0], &nothing, 1), 0);
  close(ends[0]);
}

TEST(ProcessUse, CountsPrivatePagesAndDescriptors) {
  constexpr size_t kBytes = 8 << 20;
  const auto more = RunInDoomedChild([]() -> absl::StatusOr<Sample> {
    CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
    const auto* bytes = new std::string(kBytes, 'x');
    const int copy = dup(0);
    CAUCE_ASSIGN_OR_RETURN(const ProcessUse now, ProcessUse::Now());
    Sample sample(1);
    sample.figures = {
        {bytes->substr(0, 1),
         static_cast<double>(now.private_bytes - before.private_bytes)},
        {"descriptors",
         static_cast<double>(now.descriptors - before.descriptors)}};
    close(copy);
    return sample;
  });
  ASSERT_THAT(more, test::IsOk());
  EXPECT_GE(more->figures.at(0).value, kBytes);
  EXPECT_LT(more->figures.at(0).value, kBytes * 2);
  EXPECT_EQ(more->figures.at(1).value, 1);
}

}  // namespace
}  // namespace cauce::bench
