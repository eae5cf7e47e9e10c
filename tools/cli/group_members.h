// Members that a group is to lose before something is done to it: those of a
// program that is gone, which count for a while yet. For the main thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cauce/admin.h"
#include "tools/cli/verb.h"

namespace cauce::cli {

// --remove-members
void AddRemoveMembers(const Verb& verb, bool& value);

// Has all leave, and tells who they were. A group that is not there has none.
absl::Status RemoveMembers(Admin& admin, const std::string& group);

}  // namespace cauce::cli
