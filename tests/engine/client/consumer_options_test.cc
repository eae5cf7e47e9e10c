#include <gtest/gtest.h>

#include <string>

#include "cauce/consumer.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

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

}  // namespace
}  // namespace cauce
