// `cauce topic`: what it makes, shows, changes and deletes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;
using test::Command;
using test::Process;

class Cauce : public test::CauceTest {};

TEST_F(Cauce, CreatesListsDescribesAltersAndDeletesTopics) {
  EXPECT_THAT(Do({"topic", "create", "orders", "--partitions", "3", "--config",
                  "retention.ms=-1"}),
              StartsWith("created orders with 3 partitions"));
  EXPECT_THAT(Do({"topic", "list"}), HasSubstr("orders"));
  EXPECT_THAT(Do({"topic", "describe", "orders"}),
              HasSubstr("retention.ms=-1"));

  Do({"topic", "alter", "orders", "--config", "segment.ms=3600000", "--unset",
      "retention.ms", "--partitions", "4"});
  const Json altered =
      Json::parse(Do({"topic", "describe", "orders", "--format", "json"}));
  EXPECT_EQ(altered["partitions"], 4);
  EXPECT_THAT(altered["logs"], SizeIs(4));
  EXPECT_EQ(altered["configs"], Json({{"segment.ms", "3600000"}}));

  Do({"topic", "delete", "orders", "--yes"});
  EXPECT_EQ(Json::parse(Do({"topic", "list", "--format", "json"})),
            Json::array());
}

TEST_F(Cauce, AltersConfigsAndPartitionsTogetherOrNotAtAll) {
  Do({"topic", "create", "orders", "--partitions", "3"});
  const Process::Result result =
      Run({"topic", "alter", "orders", "--config", "retention.ms=1000",
           "--partitions", "2"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("a topic only grows"));
  EXPECT_THAT(Do({"topic", "describe", "orders"}),
              Not(HasSubstr("retention.ms")));
}

TEST_F(Cauce, ATopicThatCannotBeMakesNoDirectory) {
  const Process::Result result = Run({"topic", "create", "__cluster_metadata"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("__cluster_metadata"));
  EXPECT_FALSE(std::filesystem::exists(dir()));
  Do({"topic", "create", "orders"});
}

TEST_F(Cauce, TellsEveryConfigWithItsValueAndWhetherItWasSet) {
  Do({"topic", "create", "a", "--config", "retention.ms=-1"});
  const Json topic =
      Json::parse(Do({"topic", "describe", "a", "--all", "--format", "json"}));
  std::map<std::string, Json> configs;
  for (const Json& config : topic["all_configs"]) {
    configs[config["name"]] = config;
  }
  EXPECT_EQ(configs["retention.ms"]["value"], "-1");
  EXPECT_EQ(configs["retention.ms"]["default"], false);
  EXPECT_EQ(configs["segment.bytes"]["value"], "1073741824");
  EXPECT_EQ(configs["segment.bytes"]["default"], true);
  EXPECT_EQ(configs["segment.bytes"]["type"], "int");
  EXPECT_EQ(configs["segment.bytes"]["doc"], "Size at which a segment rolls");

  EXPECT_THAT(
      Do({"topic", "describe", "a", "--all"}),
      AllOf(ContainsRegex("\nretention\\.ms +-1 +set +Age at which"),
            ContainsRegex("\nsegment\\.bytes +1073741824 +default +Size at")));
  EXPECT_THAT(Do({"topic", "describe", "a"}), Not(HasSubstr("segment.bytes")));
  for (const std::string verb : {"create", "alter"}) {
    EXPECT_THAT(test::Run(Command({"topic", verb, "--help"})).out,
                ContainsRegex("\nretention\\.ms +604800000 +at least -1\n"));
  }
}

TEST_F(Cauce, DeletesNothingUnasked) {
  Do({"topic", "create", "orders"});
  const Process::Result result = Run({"topic", "delete", "orders"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("--yes"));
  EXPECT_THAT(Do({"topic", "list"}), HasSubstr("orders"));
}

}  // namespace
}  // namespace cauce
