// The names of state stores, by the topics that say that they are changelogs.
// No table is opened. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"

namespace cauce::cli {

// Those of the application, or without one those of which the whole name in
// front of "-changelog" is the store's; as the topics are sorted.
absl::StatusOr<std::vector<std::string>> StoreNames(
    const Engine& engine, std::string_view application);

}  // namespace cauce::cli
