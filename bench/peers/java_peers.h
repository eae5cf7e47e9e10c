// The peers that are Java programs: Apache Kafka's own log and Chronicle Queue,
// run in a process of their own, which warms up and measures itself.
//
// Immutable once made. Starts processes, so any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

class JavaPeers {
 public:
  // Fetches their jars, if they are not in the cache yet, and compiles the
  // programs in `sources`, this folder in a tree, to `classes`. Unavailable,
  // saying why, where there is no Java, or nothing to fetch with or from.
  static absl::StatusOr<JavaPeers> Compile(const std::string& sources,
                                           const std::string& classes);

  // Runs `program`, as "KafkaLog", and returns what it says of itself.
  absl::StatusOr<Sample> Run(std::string_view program,
                             const std::vector<std::string>& arguments) const;

 private:
  explicit JavaPeers(std::string class_path);

  std::string class_path_;
};

}  // namespace cauce::bench
