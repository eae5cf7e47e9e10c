#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/consumer.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ConsumerOptions, AreRightAsTheyAre) {
  EXPECT_THAT(Validate(ConsumerOptions()), IsOk());
}

TEST(ConsumerOptions, AskForARecordAtLeast) {
  EXPECT_THAT(Validate(ConsumerOptions{.poll_records_max = 0}),
              HasReason(Reason::kInvalidOption));
}

TEST(ConsumerOptions, NameOnlyWhatARecordOfTheGroupCanHold) {
  ConsumerOptions options{.group = std::string(32767, 'g'),
                          .instance = std::string(32767, 'i')};
  EXPECT_THAT(Validate(options), IsOk());
  options.group += 'g';
  EXPECT_THAT(Validate(options), HasReason(Reason::kInvalidOption));
  options.group = "g";
  *options.instance += 'i';
  EXPECT_THAT(Validate(options), HasReason(Reason::kInvalidOption));
}

TEST(ConsumerOptions, TellOfEnumeratorsThatThereAreNot) {
  const absl::Status bad = Validate(ConsumerOptions{
      .assignments = {Assignment::kRange, static_cast<Assignment>(4)},
      .reset = static_cast<ResetTo>(3),
      .isolation = static_cast<Isolation>(2)});
  EXPECT_THAT(bad, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(bad.message()),
              AllOf(HasSubstr("assignments is 4"), HasSubstr("reset is 3"),
                    HasSubstr("isolation is 2")));
}

TEST(ConsumerOptions, TellEveryBadField) {
  const absl::Status bad = Validate(ConsumerOptions{
      .instance = "",
      .assignments = {},
      .auto_commit_interval = -absl::Seconds(1),
      .poll_interval_max = absl::ZeroDuration(),
      .metadata_age_max = absl::ZeroDuration(),
      .call_timeout = -absl::Seconds(2),
      .poll_records_max = -1,
  });
  EXPECT_THAT(bad, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(
      std::string(bad.message()),
      AllOf(HasSubstr("instance is empty"), HasSubstr("group is empty"),
            HasSubstr("assignments is empty"),
            HasSubstr("auto_commit_interval is -1s"),
            HasSubstr("poll_interval_max is 0"),
            HasSubstr("metadata_age_max is 0"),
            HasSubstr("call_timeout is -2s"),
            HasSubstr("poll_records_max is -1")));
}

}  // namespace
}  // namespace cauce
