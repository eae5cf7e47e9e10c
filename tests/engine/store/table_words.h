// How tests write to tables, and what they find in them: keys with values in
// the order in which they come. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/state_store.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

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

}  // namespace cauce::test
