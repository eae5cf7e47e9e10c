#include "tests/testing/matchers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::DescribeMatcher;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointee;

// What a failed EXPECT_THAT would print about `value`.
template <typename Value, typename Matcher>
std::string Explain(const Value& value, const Matcher& matcher) {
  ::testing::StringMatchResultListener listener;
  ::testing::ExplainMatchResult(matcher, value, &listener);
  return listener.str();
}

absl::Status Corrupt() {
  return MakeError(Reason::kCorruptBatch, "orders-3: bad checksum");
}

TEST(IsOk, AcceptsOkAndNothingElse) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<int>(7), IsOk());
  EXPECT_THAT(Corrupt(), Not(IsOk()));
  EXPECT_THAT(absl::StatusOr<int>(Corrupt()), Not(IsOk()));
}

TEST(IsOk, ExplainsAFailureWithTheStatus) {
  EXPECT_THAT(Explain(Corrupt(), IsOk()), HasSubstr("bad checksum"));
}

TEST(IsOkAndHolds, AcceptsTheValueAndNoOther) {
  EXPECT_THAT(absl::StatusOr<int>(7), IsOkAndHolds(7));
  EXPECT_THAT(absl::StatusOr<int>(8), Not(IsOkAndHolds(7)));
  EXPECT_THAT(absl::StatusOr<int>(Corrupt()), Not(IsOkAndHolds(7)));
}

TEST(IsOkAndHolds, TakesAnyMatcherOfTheValue) {
  using Lines = std::vector<std::string>;
  const absl::StatusOr<Lines> lines(Lines{"a", "b"});
  EXPECT_THAT(lines, IsOkAndHolds(ElementsAre("a", HasSubstr("b"))));
  EXPECT_THAT(lines, Not(IsOkAndHolds(ElementsAre("a"))));
}

TEST(IsOkAndHolds, LooksAtAValueThatCannotBeCopied) {
  const absl::StatusOr<std::unique_ptr<int>> owned(std::make_unique<int>(7));
  EXPECT_THAT(owned, IsOkAndHolds(Pointee(7)));
  EXPECT_THAT(owned, Not(IsOkAndHolds(Pointee(8))));
}

TEST(IsOkAndHolds, ExplainsAnErrorWithTheStatusAndAValueWithItself) {
  EXPECT_THAT(Explain(absl::StatusOr<int>(Corrupt()), IsOkAndHolds(7)),
              HasSubstr("bad checksum"));
  EXPECT_THAT(Explain(absl::StatusOr<int>(8), IsOkAndHolds(7)),
              HasSubstr("which holds 8"));
}

TEST(StatusIs, ComparesTheCode) {
  EXPECT_THAT(Corrupt(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Corrupt(), Not(StatusIs(absl::StatusCode::kNotFound)));
  EXPECT_THAT(Corrupt(), Not(StatusIs(absl::StatusCode::kOk)));
  EXPECT_THAT(absl::StatusOr<int>(7), StatusIs(absl::StatusCode::kOk));
  EXPECT_THAT(absl::StatusOr<int>(Corrupt()),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StatusIs, ComparesTheMessageWhenAsked) {
  constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;
  EXPECT_THAT(Corrupt(), StatusIs(kDataLoss, HasSubstr("orders-3")));
  EXPECT_THAT(Corrupt(), Not(StatusIs(kDataLoss, HasSubstr("orders-4"))));
  EXPECT_THAT(Corrupt(),
              Not(StatusIs(absl::StatusCode::kAborted, HasSubstr("orders-3"))));
}

TEST(HasReason, ComparesTheReason) {
  EXPECT_THAT(Corrupt(), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(Corrupt(), Not(HasReason(Reason::kCorruptFile)));
  EXPECT_THAT(Corrupt(), Not(HasReason(Reason::kNone)));
  EXPECT_THAT(absl::StatusOr<int>(Corrupt()), HasReason(Reason::kCorruptBatch));
}

TEST(HasReason, NeverAcceptsOk) {
  EXPECT_THAT(absl::OkStatus(), Not(HasReason(Reason::kNone)));
  EXPECT_THAT(absl::StatusOr<int>(7), Not(HasReason(Reason::kCorruptBatch)));
}

TEST(HasReason, TellsAForeignErrorByTheAbsenceOfAReason) {
  EXPECT_THAT(absl::NotFoundError("no"), HasReason(Reason::kNone));
}

TEST(Matchers, DescribeWhatTheyWant) {
  EXPECT_EQ(DescribeMatcher<absl::Status>(IsOk()), "is OK");
  EXPECT_EQ(DescribeMatcher<absl::Status>(Not(IsOk())), "is not OK");
  EXPECT_EQ(DescribeMatcher<absl::Status>(HasReason(Reason::kLocked)),
            "has the reason LOCKED");
  EXPECT_THAT(DescribeMatcher<absl::Status>(
                  StatusIs(absl::StatusCode::kDataLoss, HasSubstr("x"))),
              AllOf(HasSubstr("DATA_LOSS"), HasSubstr("\"x\"")));
  EXPECT_THAT(DescribeMatcher<absl::StatusOr<int>>(IsOkAndHolds(7)),
              HasSubstr("equal to 7"));
}

}  // namespace
}  // namespace cauce
