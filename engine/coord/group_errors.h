// What a classic group says to who asks for what cannot be: Kafka's errors, in
// words that name the group, the member and both values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/coord/group_events.h"
#include "engine/coord/group_members.h"

namespace cauce {

absl::Status UnknownMember(std::string_view group, std::string_view member);
absl::Status UnknownInstance(std::string_view group,
                             std::string_view instance);
absl::Status WrongGeneration(std::string_view group, std::string_view member,
                             int32_t theirs, int32_t ours);
absl::Status Rebalancing(std::string_view group, std::string_view why);
absl::Status GroupIsDead(std::string_view group);

// Whether a record of the group holds what a member says: kInvalidOption.
absl::Status CheckFitsRecord(std::string_view group, const JoinRequest& join);
absl::Status CheckFitsRecord(std::string_view group, const SyncRequest& sync);

// Whether `member_id` is a member, and the one that `instance_id` stands for
// where that is given: kUnknownMemberId, kFencedInstanceId.
absl::Status CheckMember(std::string_view group, const GroupMembers& members,
                         const std::string& member_id,
                         const std::optional<std::string>& instance_id);

}  // namespace cauce
