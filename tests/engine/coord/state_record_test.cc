#include "engine/coord/state_record.h"

#include <gtest/gtest.h>

#include <string_view>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::HasReason;
using test::IsOkAndHolds;

TEST(StateRecord, KeysBeginWithTheirKind) {
  EXPECT_THAT(KindOfStateKey("\x01\x02"sv), IsOkAndHolds(0x0102));
  EXPECT_THAT(KindOfStateKey("\xff\xfe and more"sv), IsOkAndHolds(-2));
  EXPECT_THAT(KindOfStateKey("\x01"sv), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(KindOfStateKey(""sv), HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
