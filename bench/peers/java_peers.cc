#include "bench/peers/java_peers.h"

#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "bench/program_run.h"
#include "bench/sample_text.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// What Chronicle Queue asks for on Java 17, by its own documentation; Kafka is
// none the wiser.
constexpr std::string_view kJavaFlags[] = {
    "-Xms1g",
    "-Xmx2g",
    "-Dchronicle.analytics.disable=true",
    "-Dchronicle.announcer.disable=true",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
    "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"};

}  // namespace

absl::StatusOr<JavaPeers> JavaPeers::Compile(const std::string& sources,
                                             const std::string& classes) {
  // Where `sources` is bench/peers of a tree, as in the runfiles of a test.
  CAUCE_ASSIGN_OR_RETURN(std::string jars,
                         RunProgram({sources + "/../../tools/fetch_jars",
                                     "cauce-bench", sources + "/pom.xml"}));
  while (jars.ends_with('\n')) jars.pop_back();
  std::vector<std::string> words = {
      "javac",      "-encoding",  "UTF-8",
      "-d",         classes,      "-classpath",
      jars + "/*",  sources + "/../../tests/interop/RunBroker.java"};
  std::error_code error;
  for (std::filesystem::directory_iterator at(sources, error), end;
       !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".java") words.push_back(at->path());
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("{}: {}", sources, error.message()));
  }
  CAUCE_ASSIGN_OR_RETURN(const std::string said, RunProgram(words));
  if (!said.empty()) return absl::UnavailableError(said);
  return JavaPeers(fmt::format("{}:{}/*", classes, jars));
}

JavaPeers::JavaPeers(std::string class_path)
    : class_path_(std::move(class_path)) {}

absl::StatusOr<Sample> JavaPeers::Run(
    std::string_view program, const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"java"};
  words.insert(words.end(), std::begin(kJavaFlags), std::end(kJavaFlags));
  words.insert(words.end(), {"-classpath", class_path_, std::string(program)});
  words.insert(words.end(), arguments.begin(), arguments.end());
  CAUCE_ASSIGN_OR_RETURN(const std::string said, RunProgram(words));
  return SampleFromText(said);
}

}  // namespace cauce::bench
