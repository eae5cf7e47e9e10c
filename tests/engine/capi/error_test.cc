#include "engine/capi/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "cauce/errors.h"

namespace cauce::capi {
namespace {

using ::testing::HasSubstr;

constexpr int kReasons = static_cast<int>(Reason::kDiskFailed) + 1;

TEST(CapiError, EveryReasonHasANumberOfItsOwnAndItsName) {
  std::set<cauce_reason_t> numbers;
  for (int i = 1; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    const cauce_reason_t number = ReasonNumberOf(MakeError(reason, "why"));
    EXPECT_GE(number, 10) << ReasonName(reason);
    EXPECT_TRUE(numbers.insert(number).second) << ReasonName(reason);
    EXPECT_EQ(cauce_reason_name(number), ReasonName(reason));
  }
}

TEST(CapiError, NumbersStayAsTheyWere) {
  // Programs were compiled with them.
  EXPECT_EQ(CAUCE_MISUSE, 3);
  EXPECT_EQ(CAUCE_UNKNOWN_TOPIC, 20);
  EXPECT_EQ(CAUCE_TRANSACTION_ABORTABLE, 70);
  EXPECT_EQ(CAUCE_NOT_COORDINATOR, 96);
  EXPECT_EQ(CAUCE_DISK_FAILED, 121);
}

TEST(CapiError, ThoseThatAreNoReasonOfOursHaveNames) {
  EXPECT_STREQ(cauce_reason_name(CAUCE_OK), "OK");
  EXPECT_STREQ(cauce_reason_name(CAUCE_OTHER), "OTHER");
  EXPECT_STREQ(cauce_reason_name(CAUCE_OUT_OF_MEMORY), "OUT_OF_MEMORY");
  EXPECT_STREQ(cauce_reason_name(CAUCE_MISUSE), "MISUSE");
  EXPECT_STREQ(cauce_reason_name(-7), "UNKNOWN");
  EXPECT_STREQ(cauce_reason_name(9999), "UNKNOWN");
}

TEST(CapiError, HasTheMessageAndWhatToDo) {
  cauce_error_t* error = nullptr;
  EXPECT_EQ(Tell(MakeError(Reason::kDiskFull, "orders-3: no room"), &error),
            CAUCE_DISK_FULL);

  ASSERT_NE(error, nullptr);
  EXPECT_EQ(cauce_error_reason(error), CAUCE_DISK_FULL);
  EXPECT_EQ(cauce_error_action(error), CAUCE_ACTION_RETRY);
  EXPECT_STREQ(cauce_error_message(error), "orders-3: no room");
  cauce_error_free(error);
}

TEST(CapiError, TellsWhatToDoByTheCanonicalCode) {
  EXPECT_EQ(ActionOf(absl::OkStatus()), CAUCE_ACTION_NONE);
  EXPECT_EQ(ActionOf(MakeError(Reason::kTimedOut, "")), CAUCE_ACTION_RETRY);
  EXPECT_EQ(ActionOf(MakeError(Reason::kInvalidConfig, "")),
            CAUCE_ACTION_GIVE_UP);
  EXPECT_EQ(ActionOf(MakeError(Reason::kCorruptFile, "")),
            CAUCE_ACTION_REPAIR);
}

TEST(CapiError, OfAStatusWithoutAReasonIsOther) {
  EXPECT_EQ(ReasonNumberOf(absl::NotFoundError("gone")), CAUCE_OTHER);
  EXPECT_EQ(ReasonNumberOf(Misuse("null")), CAUCE_MISUSE);
  EXPECT_EQ(ReasonNumberOf(absl::OkStatus()), CAUCE_OK);
}

TEST(CapiError, NobodyNeedsToWantIt) {
  EXPECT_EQ(Tell(MakeError(Reason::kClosed, "closed"), nullptr), CAUCE_CLOSED);
  EXPECT_EQ(TellOutOfMemory(nullptr), CAUCE_OUT_OF_MEMORY);
}

TEST(CapiError, OfNoErrorIsNothing) {
  EXPECT_EQ(cauce_error_reason(nullptr), CAUCE_OK);
  EXPECT_EQ(cauce_error_action(nullptr), CAUCE_ACTION_NONE);
  EXPECT_STREQ(cauce_error_message(nullptr), "");
  cauce_error_free(nullptr);
}

TEST(CapiError, OfNoMemoryIsFreedAsAnyOther) {
  cauce_error_t* error = nullptr;
  EXPECT_EQ(TellOutOfMemory(&error), CAUCE_OUT_OF_MEMORY);
  cauce_error_free(error);
  EXPECT_EQ(cauce_error_reason(error), CAUCE_OUT_OF_MEMORY)
      << "it lives for ever";
  EXPECT_EQ(TellUnknown(&error), CAUCE_OTHER);
  EXPECT_THAT(cauce_error_message(error), HasSubstr("exception"));
  cauce_error_free(error);
}

TEST(CapiError, ThatACallbackHasIsNotItsToFree) {
  const CallbackError lent(MakeError(Reason::kClosed, "closed"));

  cauce_error_free(const_cast<cauce_error_t*>(lent.get()));

  EXPECT_EQ(cauce_error_reason(lent.get()), CAUCE_CLOSED);
  EXPECT_STREQ(cauce_error_message(lent.get()), "closed");
  EXPECT_EQ(CallbackError(absl::OkStatus()).get(), nullptr);
}

}  // namespace
}  // namespace cauce::capi
