#include "tools/cli/topic_configs.h"

#include <string_view>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/table.h"

namespace cauce::cli {
namespace {

// What ends a cell in Markdown does not end this one.
std::string InCell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

Json ConfigsJson(const TopicConfigOverrides& overrides) {
  Json list = Json::array();
  for (const TopicConfigEntry& entry : DescribeTopicConfig(overrides)) {
    list.push_back({{"name", entry.name},
                    {"value", entry.value},
                    {"default", entry.is_default},
                    {"type", ConfigTypeName(entry.type)},
                    {"doc", entry.doc}});
  }
  return list;
}

std::string ConfigsTable(const TopicConfigOverrides& overrides) {
  Table table({"CONFIG", "VALUE", "SOURCE", "MEANING"});
  for (const TopicConfigEntry& entry : DescribeTopicConfig(overrides)) {
    table.Add({entry.name, entry.value, entry.is_default ? "default" : "set",
               std::string(entry.doc)});
  }
  return table.ToString();
}

Json AllConfigsJson() {
  Json list = Json::array();
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    list.push_back({{"name", key.name},
                    {"type", ConfigTypeName(key.type)},
                    {"default", key.default_text},
                    {"takes", key.valid},
                    {"doc", key.doc}});
  }
  return list;
}

std::string AllConfigsTable() {
  Table table({"CONFIG", "TYPE", "DEFAULT", "TAKES", "MEANING"});
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    table.Add({std::string(key.name), std::string(ConfigTypeName(key.type)),
               std::string(key.default_text), std::string(key.valid),
               std::string(key.doc)});
  }
  return table.ToString();
}

std::string AllConfigsMarkdown() {
  std::string page =
      "# Configs of a topic\n\n"
      "By Kafka's names, but for those that begin with `cauce`. Times are in "
      "milliseconds,\nsizes in bytes. This page is what `cauce config list "
      "--markdown` prints.\n\n"
      "| config | type | default | takes | meaning |\n"
      "|---|---|---|---|---|\n";
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    page += fmt::format(
        "| `{}` | {} | {} | {} | {} |\n", key.name, ConfigTypeName(key.type),
        key.default_text.empty() ? "" : fmt::format("`{}`", key.default_text),
        InCell(key.valid), InCell(key.doc));
  }
  return page;
}

std::string ConfigsHelp() {
  Table table({"CONFIG", "DEFAULT", "TAKES"});
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    table.Add({std::string(key.name), std::string(key.default_text),
               std::string(key.valid)});
  }
  return table.ToString() + "What each means: cauce topic describe TOPIC --all";
}

}  // namespace cauce::cli
