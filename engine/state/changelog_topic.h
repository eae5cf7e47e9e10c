// The topic behind a store: its name, and the configs that keep what the store
// is to keep. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/stores.h"
#include "cauce/topic_config.h"

namespace cauce {

// How much longer than its store a changelog of windows keeps them, by the
// clock. Kafka's windowstore.changelog.additional.retention.ms.
inline constexpr absl::Duration kAdditionalRetention = absl::Hours(24);

// `<application>-<store>-changelog`, or `<store>-changelog`.
std::string ChangelogTopicName(std::string_view application,
                               std::string_view store);
// The store, where the topic may be the changelog of one of the application.
std::optional<std::string> StoreOfChangelog(std::string_view application,
                                            std::string_view topic);

// The retention.ms of a changelog whose store keeps its rows so long.
int64_t RetentionMsFor(absl::Duration retention);

// What a new changelog gets: `more`, and over it what its kind asks for.
TopicConfigOverrides ChangelogConfigs(
    StoreKind kind, std::optional<absl::Duration> retention,
    const TopicConfigOverrides& more);

// What the topic says it is the changelog of; nothing where it does not say.
std::optional<StoreKind> KindOfChangelog(const TopicDescription& topic);

// How long the store's rows are kept, as the topic says.
absl::Duration RetentionOfChangelog(const TopicConfig& config);

// OK where the topic may be the changelog of a store of the kind.
// Reason::kInvalidConfig.
absl::Status CheckChangelog(const TopicDescription& topic,
                            const TopicConfig& config, StoreKind kind);

}  // namespace cauce
