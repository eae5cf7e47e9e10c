// `cauce config list`, and the page of the house that is made by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
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
  std::set<std::string> of;
  for (const Json& config : configs) {
    EXPECT_NE(config["name"], "");
    EXPECT_NE(config["type"], "");
    EXPECT_NE(config["takes"], "") << config["name"];
    EXPECT_NE(config["doc"], "") << config["name"];
    of.insert(config["of"].get<std::string>());
  }
  EXPECT_THAT(of, ElementsAre("backup", "client", "consumer", "cursor",
                              "engine", "producer", "restore", "rocksdb",
                              "store", "stores", "topic", "window"));
  // A title and heads for each of those, and lines between.
  EXPECT_THAT(configs,
              SizeIs(LinesOf(text.out).size() - of.size() * 2 -
                     (of.size() - 1)));
}

TEST(ConfigVerbs, TellOptionsByTheirFieldsAndKafkasNames) {
  const Process::Result text =
      test::Run(Command({"config", "list", "--of", "producer"}));
  EXPECT_EQ(text.exit, 0);
  EXPECT_THAT(text.out,
              ContainsRegex("\nlinger +linger\\.ms +duration +5ms +at least 0 +"
                            "How long a batch that is not full waits for "
                            "more\n"));
  EXPECT_THAT(text.out, Not(HasSubstr("retention.ms")));
  const Json json = Json::parse(
      test::Run(Command({"config", "list", "--of", "client", "--format",
                         "json"}))
          .out);
  ASSERT_THAT(json, SizeIs(2));
  EXPECT_EQ(json[1]["name"], "threads");
  EXPECT_EQ(json[1]["kafka_name"], nullptr);
  EXPECT_EQ(json[1]["default"], "2");
  const Process::Result nearly =
      test::Run(Command({"config", "list", "--of", "producers"}));
  EXPECT_EQ(nearly.exit, 2);
  EXPECT_THAT(nearly.err, HasSubstr("did you mean producer?"));
}

TEST(ConfigVerbs, PrintInOneFormAtATime) {
  EXPECT_EQ(
      test::Run(Command({"config", "list", "--markdown", "--format", "json"}))
          .exit,
      2);
}

}  // namespace
}  // namespace cauce
