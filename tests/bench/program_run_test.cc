#include "bench/program_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bench/peers/java_peers.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::HasSubstr;

TEST(ProgramRun, ReturnsWhatItSaid) {
  const auto said = RunProgram({"printf", "%s|", "one word", "$HOME"});
  ASSERT_THAT(said, test::IsOk());
  EXPECT_EQ(*said, "one word|$HOME|");
}

TEST(ProgramRun, ReturnsAllOfMuch) {
  const auto said = RunProgram({"head", "-c", "1000000", "/dev/zero"});
  ASSERT_THAT(said, test::IsOk());
  EXPECT_EQ(said->size(), 1'000'000);
}

TEST(ProgramRun, TellsOfOneThatIsNotThereOrEndsWithoutAWord) {
  const auto absent = RunProgram({"/no/such/program"});
  EXPECT_THAT(absent, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(absent.status().message(), HasSubstr("/no/such/program"));
  EXPECT_THAT(RunProgram({"false"}),
              test::StatusIs(absl::StatusCode::kUnavailable));
}

TEST(JavaPeers, AreUnavailableWhereTheirSourcesAreNot) {
  const test::TempDir directory;
  const auto peers =
      JavaPeers::Compile(directory / "none", directory / "classes");
  EXPECT_THAT(peers, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(peers.status().message(), HasSubstr("fetch_jars"));
}

}  // namespace
}  // namespace cauce::bench
