#include "engine/coord/waiter_errors.h"

#include <gtest/gtest.h>

#include <string_view>

#include "cauce/errors.h"

namespace cauce {
namespace {

TEST(AppendError, IsToldAsWhatWhoWaitsCanDo) {
  const auto told = [](Reason reason) {
    return ReasonOf(ErrorOfAppend("group g", MakeError(reason, "why")));
  };
  EXPECT_EQ(told(Reason::kDiskFull), Reason::kCoordinatorNotAvailable);
  EXPECT_EQ(told(Reason::kDiskFailed), Reason::kNotCoordinator);
  EXPECT_EQ(told(Reason::kClosed), Reason::kNotCoordinator);
  EXPECT_EQ(told(Reason::kBatchTooLarge), Reason::kBatchTooLarge);
}

TEST(AppendError, NamesWhatCouldNotBeStoredAndWhy) {
  for (const Reason reason : {Reason::kDiskFull, Reason::kBatchTooLarge}) {
    const absl::Status told =
        ErrorOfAppend("group g", MakeError(reason, "why"));

    const std::string_view message = MessageOf(told);
    EXPECT_NE(message.find("group g: "), std::string_view::npos);
    EXPECT_NE(message.find("why"), std::string_view::npos);
  }
}

TEST(TooManyWait, IsToBeTriedAgainAndNamesBothNumbers) {
  const absl::Status told = TooManyWait("group g", "its partition", 12, 10);

  EXPECT_EQ(ReasonOf(told), Reason::kCoordinatorNotAvailable);
  for (const char* const part : {"group g: ", "its partition", "12", "10"})
    EXPECT_NE(MessageOf(told).find(part), std::string_view::npos) << part;
}

}  // namespace
}  // namespace cauce
