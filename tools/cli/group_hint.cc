#include "tools/cli/group_hint.h"

#include <vector>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {

absl::Status WithGroupHint(Admin& admin, const std::string& name,
                           const absl::Status& status) {
  if (ReasonOf(status) != Reason::kGroupIdNotFound) return status;
  const auto groups = admin.ListReadableGroups();
  if (!groups.ok()) return status;
  std::vector<std::string> names;
  for (const ListedGroup& each : groups->found) names.push_back(each.id);
  const std::string nearest = Nearest(name, names);
  const std::string hint =
      nearest.empty() ? "cauce group list shows which there are"
                      : fmt::format("did you mean {}?", nearest);
  return MakeError(Reason::kGroupIdNotFound,
                   fmt::format("{}; {}", MessageOf(status), hint));
}

}  // namespace cauce::cli
