// Everything that can be configured: a topic's configs, and the options of the
// library's structs, as text, JSON and Markdown. Pure functions: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/format.h"

namespace cauce::cli {

struct ConfigRow {
  std::string name;   // a topic's config; else the field of the options
  std::string kafka;  // Kafka's name of an option; empty where it has none
  std::string type;
  std::string default_text;
  std::string takes;
  std::string doc;
};

struct ConfigTable {
  std::string_view of;     // "topic"
  std::string_view title;  // "Of a topic"
  std::string_view where;  // where they are set
  std::vector<ConfigRow> rows;
};

// "topic", "engine", "client" and so on.
std::vector<std::string> ConfigTableNames();
// All of them, or the one that is named.
std::vector<ConfigTable> ConfigTables(const std::optional<std::string>& of);

Json ConfigTablesJson(const std::vector<ConfigTable>& tables);
std::string ConfigTablesText(const std::vector<ConfigTable>& tables);
std::string ConfigTablesMarkdown(const std::vector<ConfigTable>& tables);

}  // namespace cauce::cli
