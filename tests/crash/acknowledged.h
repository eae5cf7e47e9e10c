// What writers said that they stored before they were killed, and whether a
// reader finds it: nothing acknowledged is lost or changed, nothing is there
// twice, and no offset is left out.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cauce::test {

// A topic and a partition's number.
using PartitionKey = std::pair<std::string, int>;

// What a reader found, by partition, in the order of offsets.
struct FoundRecord {
  int64_t offset;
  std::string value;
};
using FoundRecords = std::map<PartitionKey, std::vector<FoundRecord>>;

class Acknowledged {
 public:
  // Fails where another value was acknowledged, or found, at that offset.
  absl::Status Add(const PartitionKey& partition, int64_t offset,
                   const std::string& value);

  // OK when all that was acknowledged is in `found`. From then on all that was
  // found counts as acknowledged: a restart may take nothing of it back.
  absl::Status Check(const FoundRecords& found);

  // Where the partition ended when it was checked last.
  int64_t EndOf(const PartitionKey& partition) const;

 private:
  absl::Status CheckPartition(const PartitionKey& partition,
                              const std::vector<FoundRecord>& records);

  std::map<PartitionKey, std::map<int64_t, std::string>> values_;
  std::map<PartitionKey, int64_t> ends_;
};

}  // namespace cauce::test
