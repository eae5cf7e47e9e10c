#include "tools/cli/store_view.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/plain_text.h"
#include "tools/cli/progress.h"
#include "tools/cli/table.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

int64_t Lacking(const StoreDescription& store) {
  return store.table == TableState::kBehind ? store.end - store.applied : 0;
}

std::string StateText(const StoreDescription& store) {
  if (store.table == TableState::kBehind) {
    return fmt::format("behind by {}", Lacking(store));
  }
  if (store.table == TableState::kDamaged) {
    return fmt::format("damaged: {}", PlainText(store.why));
  }
  return std::string(TableStateName(store.table));
}

bool IsWindowed(StoreKind kind) {
  return kind == StoreKind::kWindow || kind == StoreKind::kSession;
}

}  // namespace

double ShareOf(const RestoreProgress& restore) {
  const int64_t lacked = restore.end - restore.begin;
  if (lacked <= 0) return 1;
  return static_cast<double>(restore.at - restore.begin) /
         static_cast<double>(lacked);
}

std::string StoresTable(const std::vector<StoreDescription>& stores) {
  Table table({"STORE", "PARTITION", "KIND", "~KEYS", "SIZE", "TABLE"});
  for (const StoreDescription& store : stores) {
    table.Add({store.name, fmt::to_string(store.changelog.partition.value),
               std::string(StoreKindName(store.kind)),
               fmt::to_string(store.use.keys),
               BytesText(static_cast<double>(store.use.disk_bytes)),
               StateText(store)});
  }
  return table.ToString();
}

Json StoreJson(const StoreDescription& store) {
  Json json = {{"store", store.name},
               {"kind", StoreKindName(store.kind)},
               {"topic", store.changelog.topic},
               {"partition", store.changelog.partition.value},
               {"table", TableStateName(store.table)},
               {"begin", store.begin.value},
               {"end", store.end.value}};
  if (store.table == TableState::kWhole || store.table == TableState::kBehind) {
    json["applied"] = store.applied.value;
    json["approximate_keys"] = store.use.keys;
    json["bytes"] = store.use.disk_bytes;
  }
  if (!store.why.empty()) json["why"] = store.why;
  return json;
}

std::string RowText(StoreKind kind, const StoreRow& row) {
  std::string text;
  if (IsWindowed(kind)) text += FormatTime(row.start) + '\t';
  if (kind == StoreKind::kSession) text += FormatTime(row.end) + '\t';
  if (kind == StoreKind::kTimestamped) text += FormatTime(row.time) + '\t';
  return fmt::format("{}{}\t{}\n", text, PlainText(row.key),
                     PlainText(row.value));
}

Json RowJson(StoreKind kind, const StoreRow& row) {
  Json json = {{"key", BytesJson(row.key)}, {"value", BytesJson(row.value)}};
  if (kind == StoreKind::kTimestamped) json["timestamp"] = row.time.ms;
  if (IsWindowed(kind)) json["start"] = row.start.ms;
  if (kind == StoreKind::kSession) json["end"] = row.end.ms;
  if (kind == StoreKind::kWindow && row.sequence != 0) {
    json["sequence"] = row.sequence;
  }
  return json;
}

}  // namespace cauce::cli
