// In place of what cannot be read: says why, for as long as it lives. Any
// thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/state_store.h"

namespace cauce {

class NoIterator final : public StateIterator {
 public:
  explicit NoIterator(absl::Status why) : why_(std::move(why)) {}

  bool Valid() const override { return false; }
  void Next() override {}
  std::string_view key() const override { return ""; }
  std::string_view value() const override { return ""; }
  absl::Status status() const override { return why_; }

 private:
  const absl::Status why_;
};

class NoView final : public StateView {
 public:
  explicit NoView(absl::Status why) : why_(std::move(why)) {}

  absl::StatusOr<bool> Get(std::string_view, std::string&) const override {
    return why_;
  }
  std::unique_ptr<StateIterator> Iterate(const KeyRange&,
                                         KeyOrder) const override {
    return std::make_unique<NoIterator>(why_);
  }

 private:
  const absl::Status why_;
};

}  // namespace cauce
