#include "engine/coord/group_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "engine/base/wire.h"
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

TEST(GroupErrors, AnInstanceThatNobodyIsIsNamed) {
  const absl::Status status = UnknownInstance("g", "i1");
  EXPECT_THAT(status, HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("group g"), HasSubstr("i1")));
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

TEST(GroupErrors, RefuseWhatNoRecordOfTheGroupHolds) {
  const std::string longest(kWireStringBytesMax, 'x');
  JoinRequest join;
  join.instance_id = join.new_member_id = join.client_id = longest;
  join.client_host = join.protocol_type = longest;
  join.protocols = {{.name = longest, .metadata = longest + "x"}};
  EXPECT_THAT(CheckFitsRecord("g", join), IsOk());

  for (std::string JoinRequest::* const each :
       {&JoinRequest::new_member_id, &JoinRequest::client_id,
        &JoinRequest::client_host, &JoinRequest::protocol_type}) {
    JoinRequest other = join;
    other.*each += "x";
    EXPECT_THAT(CheckFitsRecord("g", other),
                HasReason(Reason::kInvalidOption));
  }
  *join.instance_id += "x";
  EXPECT_THAT(CheckFitsRecord("g", join), HasReason(Reason::kInvalidOption));
  join.instance_id.reset();
  join.protocols[0].name += "x";
  EXPECT_THAT(CheckFitsRecord("g", join), HasReason(Reason::kInvalidOption));
}

}  // namespace
}  // namespace cauce
