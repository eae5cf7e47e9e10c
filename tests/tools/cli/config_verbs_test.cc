// `cauce config list`, and the page of the house that is made by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::ContainsRegex;
using ::testing::SizeIs;
using Json = nlohmann::json;
using test::Command;
using test::LinesOf;
using test::Process;

TEST(ConfigVerbs, PrintThePageThatStandsBesideTheEngine) {
  const Process::Result result =
      test::Run(Command({"config", "list", "--markdown"}));
  EXPECT_EQ(result.exit, 0) << result.err;
  std::ifstream file("engine/CONFIG.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(result.out, page.str())
      << "write it anew: cauce config list --markdown > engine/CONFIG.md";
}

TEST(ConfigVerbs, TellEveryConfigAsTextAndJson) {
  const Process::Result text = test::Run(Command({"config", "list"}));
  EXPECT_THAT(text.out,
              ContainsRegex("\nretention\\.ms +long +604800000 +at least -1 +"
                            "Age at which a segment goes, -1 for never\n"));
  const Process::Result json =
      test::Run(Command({"config", "list", "--format", "json"}));
  const Json configs = Json::parse(json.out);
  EXPECT_THAT(configs, SizeIs(LinesOf(text.out).size() - 1));
  for (const Json& config : configs) {
    EXPECT_NE(config["name"], "");
    EXPECT_NE(config["type"], "");
    EXPECT_NE(config["doc"], "") << config["name"];
  }
}

TEST(ConfigVerbs, PrintInOneFormAtATime) {
  EXPECT_EQ(
      test::Run(Command({"config", "list", "--markdown", "--format", "json"}))
          .exit,
      2);
}

}  // namespace
}  // namespace cauce
