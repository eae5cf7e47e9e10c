// `cauce log compact`: what it does at once, and says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;
using test::LinesOf;
using test::Process;
using test::Words;

class CompactVerb : public test::CauceTest {
 protected:
  void Fill(const std::string& topic, const std::string& policy) {
    Do({"topic", "create", topic, "--config", "cleanup.policy=" + policy});
    for (const char* value : {"1", "2", "3"}) {
      Do({"produce", topic, "--key-separator", ":"},
         std::string("a:") + value + "\nb:" + value + "\n");
    }
  }
  Words Read(const std::string& topic) {
    return LinesOf(Do({"consume", topic, "--from", "start", "--to-end",
                       "--print", "%k=%v\\n"}));
  }
};

TEST_F(CompactVerb, KeepsTheLastRecordOfEachKeyNow) {
  Fill("prices", "compact");
  const std::string said = Do({"log", "compact"});
  EXPECT_THAT(said, HasSubstr("prices-0: 1 segment became 1, 4 records and "));
  EXPECT_EQ(Read("prices"), (Words{"a=3", "b=3"}));
  EXPECT_EQ(Do({"log", "compact", "--free-bytes-min", "0"}),
            "prices-0: nothing to compact\n");
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
}

// The horizon of a tombstone takes more room than what it stands in place of.
TEST_F(CompactVerb, SaysByHowMuchALogHasBecomeLonger) {
  Do({"topic", "create", "prices", "--config", "cleanup.policy=compact"});
  Do({"produce", "prices", "--format", "json"},
     "{\"key\": \"a\", \"value\": null}\n");
  const std::string said = Do({"log", "compact"});
  EXPECT_THAT(said, HasSubstr("1 segment became 1, 0 records removed and "));
  EXPECT_THAT(said, HasSubstr(" B added\n"));
}

// What it held nobody knows: the log is not what a compacted one is to be.
TEST_F(CompactVerb, FailsWhereASegmentIsMissing) {
  Do({"topic", "create", "prices", "--config", "cleanup.policy=compact",
      "--config", "internal.segment.bytes=200"});
  for (const char* value : {"1", "2", "3", "4"}) {
    const std::string key = std::string("k") + value;
    Do({"produce", "prices", "--key-separator", ":"},
       key + ":" + value + "\n" + "a:" + std::string(60, 'v') + value + "\n");
  }
  const std::string gone = dir() + "/prices-0/00000000000000000002.log";
  ASSERT_TRUE(std::filesystem::remove(gone)) << gone;

  // The second time there is nothing to do.
  for (int times = 0; times < 2; ++times) {
    const Process::Result done = Run({"log", "compact"});
    EXPECT_EQ(done.exit, 1);
    EXPECT_THAT(done.err, HasSubstr("00000000000000000002.log: is missing"));
    EXPECT_THAT(done.err, HasSubstr("prices-0: records of offsets 2 to 3 are"));
    // What it did all the same.
    EXPECT_THAT(done.out, times == 0 ? HasSubstr("prices-0: 2 segments became")
                                     : HasSubstr(""));
    EXPECT_EQ(done.out.empty(), times > 0) << done.out;
  }
  EXPECT_EQ(Run({"log", "repair"}).exit, 0);
  EXPECT_EQ(Run({"log", "compact"}).exit, 0);
  EXPECT_EQ(Read("prices").back().substr(0, 2), "a=");
}

TEST_F(CompactVerb, TakesTheTopicsThatAreNamed) {
  Fill("prices", "compact");
  Fill("users", "compact,delete");
  const Words lines =
      LinesOf(Do({"log", "compact", "users", "--format", "json"}));
  ASSERT_THAT(lines, SizeIs(1));
  const Json done = Json::parse(lines[0]);
  EXPECT_EQ(done["partition"], "users-0");
  EXPECT_EQ(done["records_removed"], 4);
  EXPECT_THAT(Read("prices"), SizeIs(6));
  EXPECT_THAT(Read("users"), SizeIs(2));
}

TEST_F(CompactVerb, RefusesATopicThatIsNotCompacted) {
  Fill("prices", "compact");
  Fill("orders", "delete");
  EXPECT_THAT(Do({"log", "compact"}), HasSubstr("prices-0"));
  const Process::Result refused = Run({"log", "compact", "orders"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("cleanup.policy does not say compact"));
  EXPECT_THAT(Read("orders"), SizeIs(6));
}

TEST_F(CompactVerb, SaysOnceThatATopicOfManyPartitionsIsNotCompacted) {
  Do({"topic", "create", "orders", "--partitions", "3"});
  const Process::Result refused = Run({"log", "compact", "orders"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(LinesOf(refused.err), SizeIs(1)) << refused.err;
}

TEST_F(CompactVerb, SaysWhereNoTopicIsCompacted) {
  Do({"topic", "create", "orders"});
  EXPECT_THAT(Do({"log", "compact"}), HasSubstr("no topic is compacted"));
}

TEST_F(CompactVerb, NamesATopicThatIsNotThere) {
  Fill("prices", "compact");
  const Process::Result refused = Run({"log", "compact", "price"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("did you mean prices?"));
}

}  // namespace
}  // namespace cauce
