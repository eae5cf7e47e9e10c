#include "tests/interop/kafka.h"

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

absl::StatusOr<Kafka> Kafka::Fetch() {
  Process::Result fetched =
      Run({"tools/fetch_jars", "cauce-interop", "tests/interop/pom.xml"});
  if (fetched.exit != 0) {
    return absl::UnavailableError(
        fmt::format("no jars of Kafka (fetch_jars ended with {}): {}",
                    fetched.exit, fetched.err));
  }
  while (fetched.out.ends_with('\n')) fetched.out.pop_back();
  return Kafka(fetched.out);
}

std::vector<std::string> Kafka::Java(
    const std::string& classes, const std::vector<std::string>& options) const {
  std::vector<std::string> words = {
      "/usr/bin/env", "java",
      // A short life: little is gained by the second compiler and many threads.
      "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
      // What it prints is UTF-8 whatever this machine speaks.
      "-Dfile.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(),
               {"-classpath", fmt::format("{}:{}/*", classes, jars_)});
  return words;
}

Dump Kafka::DumpLogSegments(const std::vector<std::string>& flags,
                            const std::vector<std::string>& files) const {
  std::vector<std::string> words = Java();
  words.push_back("kafka.tools.DumpLogSegments");
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(),
               {"--files", fmt::format("{}", fmt::join(files, ","))});
  return ParseDump(Run(words));
}

}  // namespace cauce::test
