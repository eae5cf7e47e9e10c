// Partitions as a command line names them: "orders", or "orders:0,2". Plain
// values: any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"

namespace cauce::cli {

struct NamedPartitions {
  // InvalidArgument for what names none, and for what no topic can be called.
  static absl::StatusOr<NamedPartitions> Parse(const std::string& text);

  bool Has(const TopicPartition& partition) const;
  // As it was named.
  std::string ToString() const;

  std::string topic;
  std::vector<PartitionId> partitions;  // all where none is named
};

}  // namespace cauce::cli
