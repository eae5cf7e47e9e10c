#include "tools/cli/group_members.h"

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/note.h"
#include "tools/cli/plain_text.h"

namespace cauce::cli {

void AddRemoveMembers(const Verb& verb, bool& value) {
  verb.AddFlag("--remove-members", value,
               "First have its members leave, as those of a program that is "
               "gone; one that runs joins anew");
}

absl::Status RemoveMembers(Admin& admin, const std::string& group) {
  const auto removed = admin.RemoveAllMembers(group);
  if (ReasonOf(removed.status()) == Reason::kGroupIdNotFound)
    return absl::OkStatus();
  if (!removed.ok()) return removed.status();
  for (const MemberDescription& each : *removed) {
    Note(fmt::format("removed member {}{}", PlainText(each.id),
                     each.instance ? fmt::format(", instance {}",
                                                 PlainText(*each.instance))
                                   : ""));
  }
  return absl::OkStatus();
}

}  // namespace cauce::cli
