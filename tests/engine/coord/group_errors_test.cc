#include "engine/coord/group_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(GroupErrors, NameTheGroupAndBothValues) {
  const absl::Status status = WrongGeneration("g", "a", 3, 5);
  EXPECT_THAT(status, HasReason(Reason::kIllegalGeneration));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("group g"), HasSubstr("3"), HasSubstr("5")));
}

TEST(GroupErrors, AnInstanceIsOneMember) {
  GroupMembers members;
  GroupMember member;
  member.id = "new";
  member.instance_id = "one";
  members.Add(member);
  EXPECT_THAT(CheckMember("g", members, "new", "one"), IsOk());
  EXPECT_THAT(CheckMember("g", members, "new", std::nullopt), IsOk());
  EXPECT_THAT(CheckMember("g", members, "old", "one"),
              HasReason(Reason::kFencedInstanceId));
  EXPECT_THAT(CheckMember("g", members, "new", "two"),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(CheckMember("g", members, "old", std::nullopt),
              HasReason(Reason::kUnknownMemberId));
}

}  // namespace
}  // namespace cauce
