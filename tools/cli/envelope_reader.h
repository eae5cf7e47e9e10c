// Takes envelopes (envelope.h) apart again.
//
// A line is read as it comes, without a tree of it in memory: at the first
// thing that is not as it must be, a field that stands twice among them,
// reading ends. Memory is reused, and bounded by a few times the longest line.
// For one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::cli {

class EnvelopeReader {
 public:
  struct Result {
    Record record;  // views the reader
    // Whether the line says what time the record has, or that it has none.
    bool has_timestamp = false;
    std::optional<PartitionId> partition;
  };

  // Valid until the next call. `topic`, `offset` and `timestamp_type` may
  // stand in the line and are not looked at; `value` must, the others may be
  // left out. InvalidArgument tells what is wrong with the line.
  absl::StatusOr<Result> Parse(std::string_view line);

 private:
  std::string bytes_;  // that the record views
  std::vector<Header> headers_;
};

}  // namespace cauce::cli
