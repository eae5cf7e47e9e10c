#include "tools/cli/group_verbs.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/confirmation.h"
#include "tools/cli/format.h"
#include "tools/cli/group_hint.h"
#include "tools/cli/group_members.h"
#include "tools/cli/group_seek_verb.h"
#include "tools/cli/group_view.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/plain_text.h"

namespace cauce::cli {
namespace {

struct GroupOptions {
  std::string dir;
  Format format = Format::kText;
  std::string name;
  bool remove_members = false;
  bool yes = false;
};

using Options = std::shared_ptr<GroupOptions>;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int List(const GroupOptions& options) {
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto groups = opened->admin->ListReadableGroups();
  if (!groups.ok()) return Fail(groups.status());
  Print(options.format == Format::kJson ? Line(GroupsJson(groups->found))
                                        : GroupsTable(groups->found));
  int exit = kOk;
  for (const absl::Status& each : groups->unread)
    exit = Fail(Annotate(each, "groups are left out"));
  return exit;
}

int Describe(const GroupOptions& options) {
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  Admin& admin = *opened->admin;
  auto group = admin.DescribeGroup(options.name);
  if (!group.ok())
    return Fail(WithGroupHint(admin, options.name, group.status()));
  auto offsets = admin.ListGroupOffsets(options.name);
  if (!offsets.ok()) return Fail(offsets.status());
  const GroupView view{*std::move(group), *std::move(offsets)};
  Print(options.format == Format::kJson ? Line(view.ToJson())
                                        : view.ToText());
  const int unreadable = view.Unreadable();
  if (unreadable == 0) return kOk;
  Note(fmt::format("{} cannot be opened", Counted(unreadable, "partition")));
  return kFailed;
}

absl::Status Forget(Admin& admin, const GroupOptions& options) {
  if (options.remove_members) {
    absl::Status removed = RemoveMembers(admin, options.name);
    if (!removed.ok()) return removed;
  }
  const absl::Status deleted = admin.DeleteGroup(options.name);
  if (ReasonOf(deleted) != Reason::kGroupNotEmpty) return deleted;
  return MakeError(
      Reason::kGroupNotEmpty,
      fmt::format("{}; --remove-members is for those of a "
                  "program that is gone",
                  MessageOf(deleted)));
}

int Delete(const GroupOptions& options) {
  if (!options.yes && isatty(STDIN_FILENO) == 0) {
    return UsageError(fmt::format(
        "deleting group {} forgets how far it is: say so with --yes",
        options.name));
  }
  const auto opened = OpenAdmin(options.dir, Access::kReadWrite);
  if (!opened.ok()) return Fail(opened.status());
  Admin& admin = *opened->admin;
  const auto group = admin.DescribeGroup(options.name);
  if (!group.ok())
    return Fail(WithGroupHint(admin, options.name, group.status()));
  const Answer answer =
      options.yes ? Answer::kYes
                  : AskWhether(fmt::format(
                        "delete group {} with all it has committed?",
                        PlainText(options.name)));
  if (answer != Answer::kYes) {
    Note("nothing was deleted");
    return answer == Answer::kInterrupted ? InterruptedExit() : kFailed;
  }
  const absl::Status deleted = Forget(admin, options);
  if (!deleted.ok()) return Fail(deleted);
  if (absl::Status closed = opened->client->Close(); !closed.ok())
    return Fail(closed);
  Print(options.format == Format::kJson
            ? Line({{"deleted", BytesJson(options.name)}})
            : fmt::format("deleted {}\n", PlainText(options.name)));
  return kOk;
}

Verb AddVerb(const Verb& noun, Action& action, const std::string& name,
             const std::string& description, const Options& options,
             int (*run)(const GroupOptions&), const std::string& example) {
  const Verb verb = noun.Add(name, description);
  verb.Footer(example);
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Does(action, [options, run] { return run(*options); });
  return verb;
}

}  // namespace

void AddGroupVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("group", "Consumer groups and how far they are");
  noun.NeedsVerb();
  const auto options = std::make_shared<GroupOptions>();

  AddVerb(noun, action, "list", "All groups", options, List,
          "Another process may be writing.\n\n"
          "Example:\n  cauce group list --dir data --format json");

  const Verb describe = AddVerb(
      noun, action, "describe",
      "A group's members, and how far it is in each partition", options,
      Describe,
      "Another process may be writing: members and offsets are as it has "
      "stored them last,\nthose of a process that was killed among them.\n\n"
      "Example:\n  cauce group describe billing --dir data");
  AddGroup(describe, options->name);

  AddGroupSeekVerb(noun, action);

  const Verb remove = AddVerb(
      noun, action, "delete", "Forget a group, and how far it is", options,
      Delete,
      "The group must have no members, or lose them (--remove-members).\n\n"
      "Example:\n  cauce group delete billing --dir data --yes");
  AddGroup(remove, options->name);
  AddRemoveMembers(remove, options->remove_members);
  remove.AddFlag("--yes,-y", options->yes, "Do not ask");
}

}  // namespace cauce::cli
