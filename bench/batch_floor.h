// The bare loop of looking batches up: an index in memory that knows every
// batch, one pread, and its checksum.
//
// For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cauce::bench {

class BatchFloor {
 public:
  // Indexes the batches of these logs, oldest first.
  static absl::StatusOr<std::unique_ptr<BatchFloor>> Create(
      const std::vector<std::string>& log_paths);
  ~BatchFloor();

  // Reads and checks the batch that holds `offset`.
  absl::Status ReadOffset(int64_t offset);

  // Reads and checks the first batch with a record at or after `time`, in
  // milliseconds.
  absl::Status ReadTime(int64_t time);

 private:
  struct Place {
    int64_t base_offset = 0;
    int64_t max_time = 0;  // of it and all before it
    int64_t at = 0;
    int32_t file = 0;
    int32_t bytes = 0;
  };

  BatchFloor() = default;
  absl::Status Index(const std::string& path);
  absl::Status Read(const Place& place);

  std::vector<int> files_;
  std::vector<Place> places_;
  std::vector<char> buffer_;
};

}  // namespace cauce::bench
