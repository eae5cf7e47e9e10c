// Apache Kafka's own programs, run from its released jars. For one thread at a
// time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/dump.h"

namespace cauce::test {

class Kafka {
 public:
  // Fetches the jars if they are not in the cache yet. kUnavailable, saying
  // why, where there is no Java or nothing to fetch them with or from.
  static absl::StatusOr<Kafka> Fetch();

  // Runs DumpLogSegments with `flags` on `files` and waits for its end.
  Dump DumpLogSegments(const std::vector<std::string>& flags,
                       const std::vector<std::string>& files) const;

  // A command's beginning: runs Java with the jars and `classes`, a folder, on
  // its path. What Kafka logs as warnings goes to standard error, unless an
  // option says otherwise. The class to run comes next.
  std::vector<std::string> Java(
      const std::string& classes = "",
      const std::vector<std::string>& options = {}) const;

  // The folder of the jars, for a compiler's path.
  const std::string& jars() const { return jars_; }

 private:
  explicit Kafka(std::string jars) : jars_(std::move(jars)) {}

  std::string jars_;
};

}  // namespace cauce::test
