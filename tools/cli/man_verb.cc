#include "tools/cli/man_verb.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/man_page.h"
#include "tools/cli/note.h"
#include "tools/cli/version.h"

namespace cauce::cli {
namespace {

struct ManOptions {
  std::string page = "cauce";
  bool list = false;
};

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int PrintPage(const VerbDescription& program, const ManOptions& options) {
  std::vector<std::string> names;
  for (const ManPage& page :
       ManPages(program, {.version = Version(), .day = VersionDay()})) {
    if (options.list) {
      Print(page.name + '\n');
    } else if (page.name == options.page ||
               page.name == "cauce-" + options.page) {
      Print(page.text);
      return kOk;
    }
    names.push_back(page.name);
  }
  if (options.list) return kOk;
  return UsageError(fmt::format("man: there is no page {}; there are {}",
                                options.page, fmt::join(names, ", ")));
}

}  // namespace

void AddManVerb(const Verb& root, Action& action) {
  const auto options = std::make_shared<ManOptions>();
  const Verb verb = root.Add("man", "Print a page of the manual, for man(1)");
  verb.Footer(
      "Examples:\n"
      "  cauce man topic | man -l -\n"
      "  cauce man --list");
  verb.Add("page", options->page,
           "Whose: that of a noun or a verb (default: that of cauce)")
      .Type("PAGE");
  verb.AddFlag("--list", options->list, "Print the pages' names instead");
  verb.Does(action,
            [root, options] { return PrintPage(root.Describe(), *options); });
}

}  // namespace cauce::cli
