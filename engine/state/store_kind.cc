#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "cauce/stores.h"

namespace cauce {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"key-value", "timestamped",
                                                    "window", "session"};
constexpr std::array<std::string_view, 4> kStates = {"whole", "behind",
                                                     "missing", "damaged"};

}  // namespace

std::string_view StoreKindName(StoreKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::optional<StoreKind> ParseStoreKind(std::string_view name) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<StoreKind>(i);
  }
  return std::nullopt;
}

std::string_view TableStateName(TableState state) {
  return kStates[static_cast<size_t>(state)];
}

}  // namespace cauce
