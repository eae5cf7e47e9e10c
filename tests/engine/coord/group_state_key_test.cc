#include "engine/coord/group_state_key.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "cauce/errors.h"
#include "tests/engine/coord/golden_records.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::GoldenRecordsOf;
using test::HasReason;
using test::IsOkAndHolds;

TEST(GroupStateKey, TellsOffsetsFromGroups) {
  const OffsetCommitKey offset = {
      .group = "g", .topic = "orders", .partition = {3}};
  const GroupMetadataKey group = {.group = "g"};

  EXPECT_THAT(DecodeGroupStateKey(EncodeOffsetCommitKey(offset)),
              IsOkAndHolds(GroupStateKey(offset)));
  EXPECT_THAT(DecodeGroupStateKey(EncodeGroupMetadataKey(group)),
              IsOkAndHolds(GroupStateKey(group)));
}

TEST(GroupStateKey, TakesTheOffsetsOfOldBrokers) {
  const auto golden = GoldenRecordsOf("LegacyOffsetCommitKey").at(0);

  const auto key = DecodeGroupStateKey(golden.bytes);

  ASSERT_THAT(key, test::IsOk());
  EXPECT_TRUE(std::holds_alternative<OffsetCommitKey>(*key));
}

TEST(GroupStateKey, LeavesNewerGroupsToWhoKnowsThem) {
  const auto golden = GoldenRecordsOf("ConsumerGroupMetadataKey").at(0);

  EXPECT_THAT(DecodeGroupStateKey(golden.bytes),
              IsOkAndHolds(GroupStateKey(UnknownStateKey{3})));
  EXPECT_THAT(DecodeGroupStateKey("\x7f\xff what follows is not read"),
              IsOkAndHolds(GroupStateKey(UnknownStateKey{32767})));
}

TEST(GroupStateKey, RefusesBytesThatCannotBeOne) {
  EXPECT_THAT(DecodeGroupStateKey(""), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeGroupStateKey("\0"sv), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeGroupStateKey("\0\x01"sv),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeGroupStateKey("\0\x02\0\x01gx"sv),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
