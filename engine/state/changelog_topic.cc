#include "engine/state/changelog_topic.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/state/row_layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kEnd = "-changelog";
constexpr char kKindKey[] = "cauce.store";
// Of a changelog whose topic keeps everything: as good as for ever, and far
// from where sums of times overflow.
constexpr absl::Duration kForEver = absl::Hours(24 * 365 * 1000);

}  // namespace

std::string ChangelogTopicName(std::string_view application,
                               std::string_view store) {
  if (application.empty()) return fmt::format("{}{}", store, kEnd);
  return fmt::format("{}-{}{}", application, store, kEnd);
}

std::optional<std::string> StoreOfChangelog(std::string_view application,
                                            std::string_view topic) {
  if (!application.empty()) {
    if (!topic.starts_with(application)) return std::nullopt;
    topic.remove_prefix(application.size());
    if (!topic.starts_with('-')) return std::nullopt;
    topic.remove_prefix(1);
  }
  if (!topic.ends_with(kEnd) || topic.size() == kEnd.size()) {
    return std::nullopt;
  }
  return std::string(topic.substr(0, topic.size() - kEnd.size()));
}

int64_t RetentionMsFor(absl::Duration retention) {
  return absl::ToInt64Milliseconds(retention + kAdditionalRetention);
}

TopicConfigOverrides ChangelogConfigs(StoreKind kind,
                                      std::optional<absl::Duration> retention,
                                      const TopicConfigOverrides& more) {
  TopicConfigOverrides configs = more;
  configs[kKindKey] = StoreKindName(kind);
  configs["cleanup.policy"] = "compact";
  if (IsWindowed(kind) && retention) {
    configs["cleanup.policy"] = "compact,delete";
    configs["retention.ms"] = fmt::to_string(RetentionMsFor(*retention));
  }
  return configs;
}

std::optional<StoreKind> KindOfChangelog(const TopicDescription& topic) {
  const auto at = topic.configs.find(kKindKey);
  if (at == topic.configs.end()) return std::nullopt;
  return ParseStoreKind(at->second);
}

absl::Duration RetentionOfChangelog(const TopicConfig& config) {
  if (!config.retention_age || !config.cleanup.remove) return kForEver;
  return std::clamp(*config.retention_age - kAdditionalRetention,
                    absl::Milliseconds(1), kForEver);
}

absl::Status CheckChangelog(const TopicDescription& topic,
                            const TopicConfig& config, StoreKind kind) {
  const auto said = KindOfChangelog(topic);
  if (said && *said != kind) {
    return MakeError(
        Reason::kInvalidConfig,
        fmt::format("{}: is the changelog of a {} store (cauce.store), not of "
                    "a {} store: open it as what it is",
                    topic.name, StoreKindName(*said), StoreKindName(kind)));
  }
  if (!IsWindowed(kind) && config.cleanup.remove) {
    return MakeError(
        Reason::kInvalidConfig,
        fmt::format("{}: its cleanup.policy deletes records by age and size, "
                    "so a {} store would lose keys: set it to compact (cauce "
                    "topic alter {} --config cleanup.policy=compact)",
                    topic.name, StoreKindName(kind), topic.name));
  }
  return absl::OkStatus();
}

}  // namespace cauce
