#include "tools/cli/config_tables.h"

#include <utility>

#include "cauce/option_keys.h"
#include "cauce/topic_config.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/table.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kTopic = "topic";

ConfigTable TopicTable() {
  ConfigTable table{
      kTopic, "Of a topic", "`cauce topic create` or `alter --config`", {}};
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    table.rows.push_back({std::string(key.name), "",
                          std::string(ConfigTypeName(key.type)),
                          std::string(key.default_text),
                          std::string(key.valid), std::string(key.doc)});
  }
  return table;
}

ConfigTable OptionTable(std::string_view of, std::string_view title,
                        std::string_view where,
                        const std::vector<OptionKey>& keys) {
  ConfigTable table{of, title, where, {}};
  for (const OptionKey& key : keys) {
    table.rows.push_back({std::string(key.field), std::string(key.kafka_name),
                          std::string(key.type), key.default_text,
                          std::string(key.valid), std::string(key.doc)});
  }
  return table;
}

std::vector<ConfigTable> AllTables() {
  return {TopicTable(),
          OptionTable("engine", "Of an engine",
                      "`EngineOptions` of cauce/engine.h", EngineOptionKeys()),
          OptionTable("client", "Of a client",
                      "`ClientOptions` of cauce/client.h", ClientOptionKeys()),
          OptionTable("producer", "Of a producer",
                      "`ProducerOptions` of cauce/producer.h",
                      ProducerOptionKeys()),
          OptionTable("consumer", "Of a consumer",
                      "`ConsumerOptions` of cauce/consumer.h",
                      ConsumerOptionKeys()),
          OptionTable("cursor", "Of a cursor",
                      "`CursorOptions` of cauce/read.h", CursorOptionKeys()),
          OptionTable("stores", "Of state stores",
                      "`StoresOptions` of cauce/stores.h", StoresOptionKeys()),
          OptionTable("rocksdb", "Of RocksDB",
                      "`RocksDbOptions` of cauce/state_store.h",
                      RocksDbOptionKeys()),
          OptionTable("store", "Of a state store",
                      "`StoreOptions` of cauce/stores.h", StoreOptionKeys()),
          OptionTable("window", "Of a store of windows or sessions",
                      "`WindowOptions` of cauce/stores.h", WindowOptionKeys()),
          OptionTable("backup", "Of a backup",
                      "`BackupOptions` of cauce/backup.h", BackupOptionKeys()),
          OptionTable("restore", "Of a restore",
                      "`RestoreOptions` of cauce/backup.h",
                      RestoreOptionKeys())};
}

// What ends a cell in Markdown does not end this one.
std::string InCell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", InCell(text));
}

}  // namespace

std::vector<std::string> ConfigTableNames() {
  std::vector<std::string> names;
  for (const ConfigTable& table : AllTables()) names.emplace_back(table.of);
  return names;
}

std::vector<ConfigTable> ConfigTables(const std::optional<std::string>& of) {
  std::vector<ConfigTable> tables = AllTables();
  if (of) {
    std::erase_if(tables,
                  [&](const ConfigTable& table) { return table.of != *of; });
  }
  return tables;
}

Json ConfigTablesJson(const std::vector<ConfigTable>& tables) {
  Json list = Json::array();
  for (const ConfigTable& table : tables) {
    for (const ConfigRow& row : table.rows) {
      const std::string& kafka = table.of == kTopic ? row.name : row.kafka;
      list.push_back({{"of", table.of},
                      {"name", row.name},
                      {"kafka_name", kafka.empty() ? Json(nullptr)
                                                   : Json(kafka)},
                      {"type", row.type},
                      {"default", row.default_text},
                      {"takes", row.takes},
                      {"doc", row.doc}});
    }
  }
  return list;
}

std::string ConfigTablesText(const std::vector<ConfigTable>& tables) {
  std::string text;
  for (const ConfigTable& each : tables) {
    const bool is_topic = each.of == kTopic;
    std::vector<std::string> heads = {is_topic ? "CONFIG" : "FIELD"};
    if (!is_topic) heads.push_back("KAFKA");
    heads.insert(heads.end(), {"TYPE", "DEFAULT", "TAKES", "MEANING"});
    Table table(std::move(heads));
    for (const ConfigRow& row : each.rows) {
      std::vector<std::string> cells = {row.name};
      if (!is_topic) cells.push_back(row.kafka);
      cells.insert(cells.end(),
                   {row.type, row.default_text, row.takes, row.doc});
      table.Add(std::move(cells));
    }
    if (!text.empty()) text += '\n';
    text += fmt::format("{}: {}\n{}", each.title, each.where, table.ToString());
  }
  return text;
}

std::string ConfigTablesMarkdown(const std::vector<ConfigTable>& tables) {
  std::string page =
      "# Configs\n\n"
      "What can be configured, with types, defaults and ranges. Times of a "
      "topic's configs are\nin milliseconds, those of options carry their "
      "unit; sizes are in bytes. Beside an\noption's field stands Kafka's name "
      "where Kafka has one. From C (cauce/cauce.h) options are\nset by either "
      "name: an engine's among its client's, RocksDB's among those of stores. "
      "This\npage is what `cauce config list --markdown` prints.\n";
  for (const ConfigTable& table : tables) {
    const bool is_topic = table.of == kTopic;
    page += fmt::format("\n## {}\n\nSet by {}.{}\n\n", table.title, table.where,
                        is_topic ? " Names are Kafka's, but for those that "
                                   "begin with `cauce`."
                                 : "");
    page += is_topic ? "| config | type | default | takes | meaning |\n"
                       "|---|---|---|---|---|\n"
                     : "| field | Kafka's name | type | default | takes | "
                       "meaning |\n|---|---|---|---|---|---|\n";
    for (const ConfigRow& row : table.rows) {
      page += fmt::format("| {} |", Code(row.name));
      if (!is_topic) page += fmt::format(" {} |", Code(row.kafka));
      page += fmt::format(" {} | {} | {} | {} |\n", row.type,
                          Code(row.default_text), InCell(row.takes),
                          InCell(row.doc));
    }
  }
  return page;
}

}  // namespace cauce::cli
