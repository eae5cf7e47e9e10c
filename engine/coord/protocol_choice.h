// Which of the ways to divide partitions that members offer a group takes.
//
// Only one that all of them offer; each votes for the first of its own that can
// be taken, and the most votes win. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/coord/group_events.h"
#include "engine/coord/group_members.h"

namespace cauce {

// Whether one of `offered` is offered by all members. An empty group takes
// whatever there is.
bool CanAgree(const GroupMembers& members,
              const std::vector<JoinProtocol>& offered);

// Of as many votes the first by name. Absent where there are no members, or
// they have nothing in common.
std::optional<std::string> ChooseProtocol(const GroupMembers& members);

}  // namespace cauce
