#include "tests/interop/programs.h"

#include <filesystem>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace cauce::test {

absl::StatusOr<std::unique_ptr<Programs>> Programs::Compile(
    const Kafka& kafka) {
  std::unique_ptr<Programs> programs(new Programs(kafka));
  std::vector<std::string> words = {"/usr/bin/env",
                                    "javac",
                                    "-J-XX:TieredStopAtLevel=1",
                                    "-encoding",
                                    "UTF-8",
                                    "-d",
                                    programs->classes_.path(),
                                    "-classpath",
                                    kafka.jars() + "/*"};
  for (const auto& entry :
       std::filesystem::directory_iterator("tests/interop")) {
    const std::string path = entry.path().string();
    if (path.ends_with(".java")) words.push_back(path);
  }
  const Process::Result compiled = test::Run(words);
  if (compiled.exit != 0) {
    return absl::InternalError(fmt::format("the compiler ended with {}: {}{}",
                                           compiled.exit, compiled.out,
                                           compiled.err));
  }
  return programs;
}

std::vector<std::string> Programs::Command(
    const std::string& name, const std::vector<std::string>& arguments,
    const std::vector<std::string>& options) const {
  std::vector<std::string> words = kafka_.Java(classes_.path(), options);
  words.push_back(name);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Process::Result Programs::Run(const std::string& name,
                              const std::vector<std::string>& arguments) const {
  return test::Run(Command(name, arguments));
}

}  // namespace cauce::test
