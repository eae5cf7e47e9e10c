// `cauce topic backup` and `restore`: beside a writer, into another directory,
// and what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;
using test::Process;

class CauceBackup : public test::CauceTest {
 protected:
  std::string backup() const { return dir() + "-backup"; }
  std::string other() const { return dir() + "-other"; }
  void TearDown() override {
    CauceTest::TearDown();
    std::filesystem::remove_all(backup());
    std::filesystem::remove_all(other());
  }
  static Process::Result RunAt(test::Words words) {
    return test::Run(test::Command(std::move(words)), "");
  }
};

// No line is there again.
MATCHER(OnlyOnce, "") {
  return std::set<std::string>(arg.begin(), arg.end()).size() == arg.size();
}

TEST_F(CauceBackup, TakesATopicToAnotherDirectory) {
  Do({"topic", "create", "orders", "--partitions", "2", "--config",
      "retention.ms=-1"});
  Do({"produce", "orders", "--partition", "1"}, "one\ntwo\n");
  Do({"consume", "orders", "--group", "billing", "--count", "1", "--to-end"});

  EXPECT_THAT(Do({"topic", "backup", "orders", "--to", backup()}),
              StartsWith("backed up orders: "));
  const Process::Result dry = RunAt({"topic", "restore", "--from", backup(),
                                     "--dir", other(), "--dry-run"});
  EXPECT_THAT(dry.out, StartsWith("would restore orders: "));
  EXPECT_FALSE(std::filesystem::exists(other()));
  const Process::Result done =
      RunAt({"topic", "restore", "--from", backup(), "--dir", other(),
             "--format", "json"});

  ASSERT_EQ(done.exit, 0) << done.err;
  const Json told = Json::parse(done.out);
  EXPECT_EQ(told["topic"], "orders");
  EXPECT_EQ(told["partitions"][1]["log_end"], 2);
  EXPECT_EQ(told["group_offsets"], 1);
  EXPECT_EQ(RunAt({"consume", "orders", "--dir", other(), "--group", "billing",
                   "--to-end"})
                .out,
            "two\n");
  EXPECT_THAT(RunAt({"topic", "describe", "orders", "--dir", other()}).out,
              HasSubstr("retention.ms=-1"));
}

TEST_F(CauceBackup, RefusesWhatIsThereAndWhatIsNoBackup) {
  Do({"topic", "create", "orders"});
  Do({"topic", "backup", "orders", "--to", backup()});

  const Process::Result again =
      Run({"topic", "backup", "orders", "--to", backup()});
  EXPECT_EQ(again.exit, 1);
  EXPECT_THAT(again.err, HasSubstr("holds a whole backup"));
  const Process::Result there = Run({"topic", "restore", "--from", backup()});
  EXPECT_EQ(there.exit, 1);
  EXPECT_THAT(there.err, HasSubstr("--as"));
  EXPECT_EQ(Run({"topic", "restore", "--from", backup(), "--dry-run"}).exit, 1);
  EXPECT_THAT(Run({"topic", "restore", "--from", dir()}).err,
              HasSubstr("is no backup"));
  EXPECT_EQ(Run({"topic", "backup", "nothing", "--to", other()}).exit, 1);
  EXPECT_FALSE(std::filesystem::exists(other()));
  EXPECT_THAT(Do({"topic", "restore", "--from", backup(), "--as", "again"}),
              StartsWith("restored again: "));
}

TEST_F(CauceBackup, NamesTheFileOfABackupThatWasChanged) {
  Do({"topic", "create", "orders"});
  Do({"produce", "orders"}, "one\n");
  Do({"topic", "backup", "orders", "--to", backup()});
  std::ofstream(backup() + "/orders-0/00000000000000000000.log",
                std::ios::app)
      << "x";

  const Process::Result result = RunAt(
      {"topic", "restore", "--from", backup(), "--dir", other()});

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("orders-0/00000000000000000000.log"));
  EXPECT_EQ(RunAt({"topic", "list", "--dir", other(), "--format", "json"}).out,
            "[]\n");
}

// No file tells: what the last stop has noted does.
TEST_F(CauceBackup, TellsOfASegmentThatIsMissingOfACompactedTopic) {
  Do({"topic", "create", "prices", "--config", "cleanup.policy=compact",
      "--config", "internal.segment.bytes=200"});
  for (const char* value : {"1", "2", "3", "4"}) {
    Do({"produce", "prices", "--key-separator", ":"},
       std::string("a:") + std::string(60, 'v') + value + "\n");
  }
  const std::string gone = dir() + "/prices-0/00000000000000000001.log";
  ASSERT_TRUE(std::filesystem::remove(gone)) << gone;

  const Process::Result refused =
      Run({"topic", "backup", "prices", "--to", backup()});
  const Process::Result taken = Run(
      {"topic", "backup", "prices", "--to", backup(), "--skip-damage"});

  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("prices-0: not backed up: "));
  EXPECT_EQ(taken.exit, 0);
  EXPECT_THAT(taken.err, HasSubstr("00000000000000000001.log: is missing"));
  EXPECT_THAT(taken.err, HasSubstr("prices-0: is damaged"));
  // However often it has looked.
  EXPECT_THAT(test::LinesOf(taken.err), OnlyOnce());
  Leaves(test::Left::kDamaged);
}

// The directory is opened to look for the topic, and once more for the backup.
TEST_F(CauceBackup, TellsWhatItsOpeningFindsOnce) {
  Do({"topic", "create", "orders"});
  Do({"produce", "orders"}, "one\n");
  std::ofstream(dir() + "/cauce.topics") << "rubbish";

  const Process::Result done =
      Run({"topic", "backup", "orders", "--to", backup()});
  const Process::Result unknown =
      Run({"topic", "backup", "order", "--to", other()});

  EXPECT_EQ(done.exit, 0);
  EXPECT_THAT(done.err, HasSubstr("cauce.topics: its checksum"));
  EXPECT_THAT(test::LinesOf(done.err), OnlyOnce());
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean orders"));
  Leaves(test::Left::kDamaged);
}

}  // namespace
}  // namespace cauce
