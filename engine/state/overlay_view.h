// A table as its files have it, and over it what the changelog has beyond: for
// who reads beside the one that writes both.
//
// Filled first by one thread, then read by any. What it holds in memory has a
// bound.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/state_store.h"

namespace cauce {

class OverlayView final : public StateView {
 public:
  using Changes =
      std::map<std::string, std::optional<std::string>, std::less<>>;

  // Null for `base` where there is no table.
  OverlayView(std::unique_ptr<StateStore> base, int64_t bytes_max)
      : base_(std::move(base)), bytes_max_(bytes_max) {}

  // ResourceExhausted beyond the bound.
  absl::Status Apply(const StateChange& change);
  // Goes on without the table.
  void DropBase();

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override;
  std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                         KeyOrder order) const override;
  StateUse use() const;

 private:
  std::unique_ptr<StateStore> base_;
  const int64_t bytes_max_;
  Changes changes_;
  int64_t bytes_ = 0;
};

}  // namespace cauce
