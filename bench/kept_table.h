// What the contests of state stores ask of every contestant: values by key.
// Put and Get from any thread, but for one in memory without locks, which says
// so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cauce::bench {

class KeptTable {
 public:
  virtual ~KeptTable() = default;

  virtual absl::Status Put(std::string_view key, std::string_view value) = 0;
  // Into `value`, whose room is used again; false where there is none.
  virtual absl::StatusOr<bool> Get(std::string_view key,
                                   std::string& value) const = 0;
  // In the order of the keys.
  virtual absl::Status Scan(
      absl::FunctionRef<void(std::string_view key, std::string_view value)>
          show) const = 0;
};

}  // namespace cauce::bench
