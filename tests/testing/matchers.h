// gMock matchers for absl::Status and absl::StatusOr: IsOk, IsOkAndHolds,
// StatusIs and HasReason.
//
// They look at codes and reasons, never at the wording of a message, unless a
// test asks for that. A failed match explains itself with the whole status.
// Named after Abseil's own, so that these can go when the packaged Abseil has
// them. Stateless: any thread.
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"

namespace cauce::test {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Matches a Status or a StatusOr that is OK.
MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  const absl::Status& status = StatusOf(arg);
  if (!status.ok()) *result_listener << "which is " << status.ToString();
  return status.ok();
}

// Matches one whose error carries `reason`; Reason::kNone never matches OK.
MATCHER_P(HasReason, reason,
          std::string(negation ? "hasn't" : "has") + " the reason " +
              std::string(ReasonName(reason))) {
  const absl::Status& status = StatusOf(arg);
  const Reason actual = ReasonOf(status);
  *result_listener << "which has the reason " << ReasonName(actual) << ": "
                   << status.ToString();
  return !status.ok() && actual == reason;
}

// Matches one with this canonical code and a message that `message_matcher`
// accepts.
MATCHER_P2(StatusIs, code, message_matcher,
           std::string("has ") + (negation ? "another code than " : "code ") +
               absl::StatusCodeToString(code) +
               (negation ? " or a message that doesn't match: "
                         : " and a message that ") +
               ::testing::DescribeMatcher<std::string>(message_matcher)) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "which is " << status.ToString();
  return status.code() == static_cast<absl::StatusCode>(code) &&
         ::testing::ExplainMatchResult(
             message_matcher, std::string(status.message()), result_listener);
}

inline auto StatusIs(absl::StatusCode code) {
  return StatusIs(code, ::testing::_);
}

// What IsOkAndHolds returns: it becomes a matcher of the StatusOr it meets.
template <typename Inner>
class IsOkAndHoldsMatcher {
 public:
  explicit IsOkAndHoldsMatcher(Inner inner) : inner_(std::move(inner)) {}

  template <typename Result>
  operator ::testing::Matcher<Result>() const {  // NOLINT: as gMock has it
    return ::testing::Matcher<Result>(new Typed<const Result&>(inner_));
  }

 private:
  template <typename Result>
  class Typed : public ::testing::MatcherInterface<Result> {
   public:
    using Value = typename std::remove_cvref_t<Result>::value_type;

    explicit Typed(const Inner& inner)
        : inner_(::testing::SafeMatcherCast<const Value&>(inner)) {}

    void DescribeTo(std::ostream* out) const override {
      *out << "is OK and holds a value that ";
      inner_.DescribeTo(out);
    }

    void DescribeNegationTo(std::ostream* out) const override {
      *out << "is not OK or holds a value that ";
      inner_.DescribeNegationTo(out);
    }

    bool MatchAndExplain(
        Result result,
        ::testing::MatchResultListener* listener) const override {
      if (!result.ok()) {
        *listener << "which is " << result.status().ToString();
        return false;
      }
      *listener << "which holds " << ::testing::PrintToString(*result) << " ";
      return inner_.MatchAndExplain(*result, listener);
    }

   private:
    const ::testing::Matcher<const Value&> inner_;
  };

  const Inner inner_;
};

// Matches an OK StatusOr whose value `inner` (a value or a matcher) accepts.
template <typename Inner>
IsOkAndHoldsMatcher<std::decay_t<Inner>> IsOkAndHolds(Inner&& inner) {
  return IsOkAndHoldsMatcher<std::decay_t<Inner>>(std::forward<Inner>(inner));
}

}  // namespace cauce::test
