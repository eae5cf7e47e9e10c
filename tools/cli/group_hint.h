// What there is to say of a group that is not there: which was probably meant.
// For the main thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cauce/admin.h"

namespace cauce::cli {

// kGroupIdNotFound with the group that was probably meant, or how to find it;
// any other error as it is.
absl::Status WithGroupHint(Admin& admin, const std::string& name,
                           const absl::Status& status);

}  // namespace cauce::cli
