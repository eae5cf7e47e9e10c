#include "tools/cli/store_names.h"

#include "fmt/format.h"

namespace cauce::cli {

absl::StatusOr<std::vector<std::string>> StoreNames(
    const Engine& engine, std::string_view application) {
  const auto topics = engine.ListTopics();
  if (!topics.ok()) return topics.status();
  const std::string front =
      application.empty() ? "" : fmt::format("{}-", application);
  constexpr std::string_view kEnd = "-changelog";
  std::vector<std::string> names;
  for (const TopicDescription& each : *topics) {
    std::string_view name = each.name;
    if (!each.configs.contains("cauce.store")) continue;
    if (!name.starts_with(front) || !name.ends_with(kEnd)) continue;
    if (name.size() <= front.size() + kEnd.size()) continue;
    name.remove_prefix(front.size());
    name.remove_suffix(kEnd.size());
    names.emplace_back(name);
  }
  return names;
}

}  // namespace cauce::cli
