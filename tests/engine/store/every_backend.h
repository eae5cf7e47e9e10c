// A backend of every kind with a place for its tables, for suites that ask all
// of them the same. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/state_store.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

enum class BackendKind { kMemory };

inline std::string NameOf(BackendKind) { return "Memory"; }

inline void PrintTo(BackendKind kind, std::ostream* out) {
  *out << NameOf(kind);
}

inline std::string BackendName(
    const ::testing::TestParamInfo<BackendKind>& info) {
  return NameOf(info.param);
}

using Pair = std::pair<std::string, std::string>;
using Pairs = std::vector<Pair>;

inline StateChange Put(std::string_view key, std::string_view value) {
  return {key, value};
}
inline StateChange Drop(std::string_view key) { return {key, std::nullopt}; }

// What the view says of a key; nothing where it has no value.
inline std::optional<std::string> Read(const StateView& view,
                                       std::string_view key) {
  std::string value;
  const absl::StatusOr<bool> found = view.Get(key, value);
  EXPECT_THAT(found, IsOk());
  if (!found.ok() || !*found) return std::nullopt;
  return value;
}

// All that an iterator goes over.
inline Pairs Collect(std::unique_ptr<StateIterator> at) {
  Pairs pairs;
  for (; at->Valid(); at->Next()) pairs.emplace_back(at->key(), at->value());
  EXPECT_THAT(at->status(), IsOk());
  return pairs;
}

inline Pairs All(const StateView& view, const KeyRange& range = {},
                 KeyOrder order = KeyOrder::kForward) {
  return Collect(view.Iterate(range, order));
}

class EveryBackend : public ::testing::TestWithParam<BackendKind> {
 protected:
  std::unique_ptr<StateStore> Open(std::string_view name = "table") {
    auto store = backend_->Open({.directory = "/" + std::string(name)});
    EXPECT_THAT(store, IsOk());
    CAUCE_CHECK(store.ok());
    return *std::move(store);
  }

  static void Write(StateStore& store, std::vector<StateChange> changes,
                    std::string_view mark = "") {
    EXPECT_THAT(store.Write({.changes = changes, .mark = mark}), IsOk());
  }

  const std::shared_ptr<StateBackend> backend_ = NewMemoryStateBackend();
};

}  // namespace cauce::test
