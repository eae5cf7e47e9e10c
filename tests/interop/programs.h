// The small Java programs that are kept in this folder, compiled against the
// jars of Apache Kafka. For one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/kafka.h"
#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

class Programs {
 public:
  // Compiles all of them. kInternal with what the compiler has to say.
  static absl::StatusOr<std::unique_ptr<Programs>> Compile(const Kafka& kafka);

  // The command that runs one, as "ReadTopics". The virtual machine gets the
  // options.
  std::vector<std::string> Command(
      const std::string& name, const std::vector<std::string>& arguments,
      const std::vector<std::string>& options = {}) const;

  // Runs it and waits for its end.
  Process::Result Run(const std::string& name,
                      const std::vector<std::string>& arguments) const;

 private:
  explicit Programs(const Kafka& kafka) : kafka_(kafka) {}

  const Kafka kafka_;
  TempDir classes_;
};

}  // namespace cauce::test
