// Apache Kafka's own programs, run from its released jars. For one thread at a
// time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/dump.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

class Kafka {
 public:
  // Fetches the jars if they are not in the cache yet. kUnavailable, saying
  // why, where there is no Java or nothing to fetch them with or from.
  static absl::StatusOr<Kafka> Fetch();

  // Runs DumpLogSegments with `flags` on `files` and waits for its end.
  Dump DumpLogSegments(const std::vector<std::string>& flags,
                       const std::vector<std::string>& files) const;

  // Opens a partition, as "orders-0", in `directory`, which was closed cleanly,
  // with the classes of a broker; prints what it holds, and closes it. See
  // OpenPartition.java.
  Process::Result OpenPartition(const std::string& directory,
                                const std::string& partition) const;

 private:
  std::vector<std::string> Java() const;

  explicit Kafka(std::string jars) : jars_(std::move(jars)) {}

  std::string jars_;  // the folder that holds them
};

}  // namespace cauce::test
