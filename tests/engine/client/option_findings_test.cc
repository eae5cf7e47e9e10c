#include "engine/client/option_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

enum class Pick { kFirst, kLast };

TEST(OptionFindings, AreNoneWhereAllIsRight) {
  OptionFindings findings("options");
  findings.ExpectWithin("number", 1, 1, 1);
  findings.ExpectUpTo("pick", Pick::kLast, Pick::kLast);
  findings.ExpectNotNegative("time", absl::ZeroDuration());
  findings.ExpectAboveZero("time", absl::Nanoseconds(1));
  findings.ExpectBytesUpTo("text", "abc", 3);
  EXPECT_THAT(findings.status(), IsOk());
}

TEST(OptionFindings, NameFieldValueAndRangeOfEach) {
  OptionFindings findings("options");
  findings.ExpectWithin("many", std::numeric_limits<uint64_t>::max(), 1, 9);
  findings.ExpectWithin("few", -1, 1, 9);
  findings.ExpectUpTo("pick", static_cast<Pick>(7), Pick::kLast);
  findings.ExpectUpTo("pick", static_cast<Pick>(-1), Pick::kLast);
  findings.ExpectNotNegative("time", -absl::Seconds(1));
  findings.ExpectAboveZero("wait", absl::ZeroDuration());
  findings.ExpectBytesUpTo("text", "abcd", 3);
  const absl::Status found = findings.status();
  EXPECT_THAT(found, HasReason(Reason::kInvalidOption));
  EXPECT_EQ(MessageOf(found),
            "options: many is 18446744073709551615, it must be 1 to 9; few is "
            "-1, it must be 1 to 9; pick is 7, it must be one of its "
            "enumerators, 0 to 1; pick is -1, it must be one of its "
            "enumerators, 0 to 1; time is -1s, it must be at least 0; wait is "
            "0, it must be above 0; text has 4 bytes, it may have 3");
}

}  // namespace
}  // namespace cauce
