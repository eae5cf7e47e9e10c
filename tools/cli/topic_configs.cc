#include "tools/cli/topic_configs.h"

#include "nlohmann/json.hpp"
#include "tools/cli/table.h"

namespace cauce::cli {

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

std::string ConfigsHelp() {
  Table table({"CONFIG", "DEFAULT", "TAKES"});
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    table.Add({std::string(key.name), std::string(key.default_text),
               std::string(key.valid)});
  }
  return table.ToString() + "What each means: cauce config list --of topic";
}

}  // namespace cauce::cli
