#include "tools/cli/config_verbs.h"

#include <cstdio>
#include <memory>
#include <string>

#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/note.h"
#include "tools/cli/options.h"
#include "tools/cli/topic_configs.h"

namespace cauce::cli {
namespace {

struct ConfigOptions {
  Format format = Format::kText;
  bool markdown = false;
};

int List(const ConfigOptions& options) {
  if (options.markdown && options.format == Format::kJson)
    return UsageError("--markdown and --format json exclude each other");
  const std::string text = options.markdown ? AllConfigsMarkdown()
                           : options.format == Format::kJson
                               ? Line(AllConfigsJson())
                               : AllConfigsTable();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

void AddConfigVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("config", "What can be configured");
  noun.NeedsVerb();
  const auto options = std::make_shared<ConfigOptions>();
  const Verb list = noun.Add(
      "list", "Every config of a topic: type, default, range and meaning");
  list.Footer(
      "Set them with `cauce topic create` or `alter --config`.\n\n"
      "Example:\n  cauce config list --markdown > CONFIG.md");
  AddFormat(list, options->format);
  list.AddFlag("--markdown", options->markdown, "As a page of Markdown");
  list.Does(action, [options] { return List(*options); });
}

}  // namespace cauce::cli
