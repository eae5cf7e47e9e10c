// Changes in memory, which are handed out sorted: what a loader makes one file
// of.
//
// Bytes lie in a row as they came; only their places are sorted. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cauce/state_store.h"
#include "engine/base/table_memory.h"

namespace cauce {

class LoadRun {
 public:
  // The room for so many bytes is taken with the first change, and kept.
  explicit LoadRun(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Whether the change fits; every change fits into an empty run.
  bool Add(const StateChange& change);
  bool empty() const { return changes_ == 0; }
  void Clear();

  // Shows the last change of each key, in the order of the keys, until an error
  // is returned.
  absl::Status Sorted(
      absl::FunctionRef<absl::Status(const StateChange&)> show) const;

 private:
  // A place in the bytes, with what stands there of the key behind what all
  // keys begin with: enough to tell most keys apart.
  struct Place {
    uint64_t head;
    uint64_t at;
  };

  char* data() const { return static_cast<char*>(memory_->data()); }
  StateChange ChangeAt(uint64_t at) const;
  std::vector<Place> Places() const;

  const size_t bytes_max_;
  std::optional<TableMemory> memory_;
  size_t room_ = 0;
  size_t used_ = 0;
  size_t changes_ = 0;
  size_t last_at_ = 0;
  size_t alike_ = 0;        // so many bytes of all keys are the same
  bool is_sorted_ = true;   // and without two of a key
};

}  // namespace cauce
