#include "tools/cli/config_verbs.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/cli/config_tables.h"
#include "tools/cli/format.h"
#include "tools/cli/note.h"
#include "tools/cli/options.h"

namespace cauce::cli {
namespace {

struct ConfigOptions {
  Format format = Format::kText;
  bool markdown = false;
  std::optional<std::string> of;
};

int List(const ConfigOptions& options) {
  if (options.markdown && options.format == Format::kJson)
    return UsageError("--markdown and --format json exclude each other");
  const std::vector<ConfigTable> tables = ConfigTables(options.of);
  const std::string text = options.markdown ? ConfigTablesMarkdown(tables)
                           : options.format == Format::kJson
                               ? Line(ConfigTablesJson(tables))
                               : ConfigTablesText(tables);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

void AddConfigVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("config", "What can be configured");
  noun.NeedsVerb();
  const auto options = std::make_shared<ConfigOptions>();
  const Verb list = noun.Add(
      "list",
      "Every config of a topic, and every option of engines, clients, "
      "producers and consumers: type, default, range and meaning");
  list.Footer(
      "Those of a topic are set with `cauce topic create` or `alter --config`, "
      "the others\nin a program.\n\n"
      "Examples:\n"
      "  cauce config list --of producer\n"
      "  cauce config list --markdown > CONFIG.md");
  AddFormat(list, options->format);
  list.Add("--of", options->of,
           "Only those of a topic, engine, client, producer or consumer")
      .Takes(OneOf(ConfigTableNames()))
      .Type("WHAT");
  list.AddFlag("--markdown", options->markdown, "As a page of Markdown");
  list.Does(action, [options] { return List(*options); });
}

}  // namespace cauce::cli
