// The rows of a store that somebody asked for, one after the other: what a
// StoreIterator is made of.
//
// For one thread at a time. Holds what it walks over.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/state/row_layout.h"

namespace cauce {

class StoreRows {
 public:
  // Where nothing can be read: the reason.
  explicit StoreRows(absl::Status failure) : failure_(std::move(failure)) {}

  // The rows of `view` in the ranges that the filter takes. `held` lives as
  // long as this.
  StoreRows(std::shared_ptr<const void> held, const StateView& view,
            StoreKind kind, const std::vector<TableRange>& ranges,
            const RowFilter& filter, KeyOrder order);

  bool Valid() const { return valid_; }
  void Next();
  const StoreRow& row() const { return row_; }
  absl::Status status() const;

 private:
  void Settle();
  // Sets the row from where the walk is; false where it is not to be shown.
  bool Show(const StateIterator& at);

  // Before what walks over it.
  std::shared_ptr<const void> held_;
  absl::Status failure_;
  StoreKind kind_ = StoreKind::kKeyValue;
  RowFilter filter_;
  std::vector<std::unique_ptr<StateIterator>> walks_;  // the next one last
  bool valid_ = false;
  StoreRow row_;
};

}  // namespace cauce
