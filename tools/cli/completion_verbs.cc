#include "tools/cli/completion_verbs.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "cauce/admin.h"
#include "cauce/engine.h"
#include "fmt/format.h"
#include "tools/cli/bash_completion.h"
#include "tools/cli/fish_completion.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/plain_text.h"
#include "tools/cli/store_names.h"
#include "tools/cli/zsh_completion.h"

namespace cauce::cli {
namespace {

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int PrintTopics(const std::string& dir) {
  const auto engine = OpenForReading(dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto topics = engine->ListTopics();
  if (!topics.ok()) return Fail(topics.status());
  for (const TopicDescription& topic : *topics) Print(topic.name + '\n');
  return kOk;
}

// A shell reads a name a line, so one with a newline cannot be offered, and
// with other control characters nobody should be.
int PrintGroups(const std::string& dir) {
  const auto opened = OpenAdmin(dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto groups = opened->admin->ListReadableGroups();
  if (!groups.ok()) return Fail(groups.status());
  for (const ListedGroup& group : groups->found) {
    if (PlainText(group.id) == group.id) Print(group.id + '\n');
  }
  return kOk;
}

int PrintStores(const std::string& dir, const std::string& application) {
  const auto engine = OpenForReading(dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto stores = StoreNames(*engine, application);
  if (!stores.ok()) return Fail(stores.status());
  for (const std::string& name : *stores) Print(name + '\n');
  return kOk;
}

struct Shell {
  const char* name;
  std::string (*script)(const VerbDescription& program);
  const char* use;
};

constexpr Shell kShells[] = {
    {"bash", BashCompletion,
     "  source <(cauce completion bash)\n"
     "  cauce completion bash > "
     "~/.local/share/bash-completion/completions/cauce"},
    {"zsh", ZshCompletion,
     "  source <(cauce completion zsh)\n"
     "  cauce completion zsh > /usr/local/share/zsh/site-functions/_cauce"},
    {"fish", FishCompletion,
     "  cauce completion fish | source\n"
     "  cauce completion fish > ~/.config/fish/completions/cauce.fish"},
};

}  // namespace

void AddCompletionVerbs(const Verb& root, Action& action) {
  const Verb noun =
      root.Add("completion", "What completes this program in a shell");
  noun.NeedsVerb();
  for (const Shell& shell : kShells) {
    const Verb verb = noun.Add(
        shell.name, fmt::format("Print what completes verbs, options and names "
                                "in {}",
                                shell.name));
    verb.Footer(fmt::format(
        "Names of topics, groups and state stores are completed behind "
        "--dir.\n\n"
        "Examples, for one shell or for all:\n{}",
        shell.use));
    verb.Does(action, [root, &shell] {
      Print(shell.script(root.Describe()));
      return kOk;
    });
  }
  const auto dir = std::make_shared<std::string>();
  const Verb topics =
      noun.Add("topics", "Print the topics' names, a line each");
  topics.Footer("Example:\n  cauce completion topics --dir data");
  AddDir(topics, *dir);
  topics.Does(action, [dir] { return PrintTopics(*dir); });
  const Verb groups = noun.Add(
      "groups",
      "Print the groups' names, a line each, but for those that a shell "
      "could not take");
  groups.Footer("Example:\n  cauce completion groups --dir data");
  AddDir(groups, *dir);
  groups.Does(action, [dir] { return PrintGroups(*dir); });
  const Verb stores =
      noun.Add("stores", "Print the state stores' names, a line each");
  stores.Footer("Example:\n  cauce completion stores --dir data");
  AddDir(stores, *dir);
  const auto application = std::make_shared<std::string>();
  stores
      .Add("--application", *application,
           "The application.id in front of the stores' changelogs")
      .Type("ID");
  stores.Does(action, [dir, application] {
    return PrintStores(*dir, *application);
  });
}

}  // namespace cauce::cli
