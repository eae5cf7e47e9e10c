// `consume --follow`: what another process does to a topic while it is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>

#include "fmt/format.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::Process;
using ::testing::HasSubstr;

class Follow : public test::CauceTest {
 protected:
  static void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }
};

TEST_F(Follow, WakesUpWhenAnotherProcessWrites) {
  Do({"topic", "create", "a", "--partitions", "2"});
  Do({"produce", "a", "--partition", "0"}, "before\n");
  Process follower(WithDir({"consume", "a", "--follow"}));
  EXPECT_EQ(follower.ReadLine(), "before");

  for (int i = 0; i < 20; ++i) {
    const std::string line = fmt::format("line {}", i);
    Do({"produce", "a", "--partition", std::to_string(i % 2)}, line + "\n");
    EXPECT_EQ(follower.ReadLine(), line);
  }
  follower.Signal(SIGINT);
  EXPECT_EQ(follower.Finish().exit, 128 + SIGINT);
}

TEST_F(Follow, ReadsPartitionsThatAreAddedLater) {
  for (const std::string from : {"start", "end"}) {
    const std::string topic = "t-" + from;
    Do({"topic", "create", topic});
    Do({"produce", topic}, "before\n");
    Process follower(WithDir({"consume", topic, "--follow", "--from", from}));
    if (from == "start") {
      EXPECT_EQ(follower.ReadLine(), "before");
    } else {
      // It has begun once it prints what is written behind the end.
      while (!follower.HasOutput()) Do({"produce", topic}, "begun\n");
      EXPECT_EQ(follower.ReadLine(), "begun");
    }

    for (int i = 1; i < 4; ++i) {
      Do({"topic", "alter", topic, "--partitions", std::to_string(i + 1)});
      const std::string line = fmt::format("in partition {}", i);
      Do({"produce", topic, "--partition", std::to_string(i)}, line + "\n");
      std::optional<std::string> read = follower.ReadLine();
      while (read == "begun") read = follower.ReadLine();
      EXPECT_EQ(read, line);
    }
    follower.Signal(SIGINT);
    EXPECT_EQ(follower.Finish().exit, 128 + SIGINT);
  }
}

// As they are not in one that is there from the beginning.
TEST_F(Follow, RecordsThatAreMissingInAPartitionThatIsAddedAreNoSuccess) {
  Leaves(test::Left::kDamaged);
  const std::string whole = scratch_ / "whole";
  const std::string grown = scratch_ / "grown";
  Do({"topic", "create", "t", "--config", "internal.segment.bytes=1500"});
  Do({"produce", "t"}, "before\n");
  Copy(dir(), whole);
  Do({"topic", "alter", "t", "--partitions", "2"});
  for (int i = 0; i < 3; ++i) {
    Do({"produce", "t", "--partition", "1"}, test::ManyLines(40));
  }
  ASSERT_TRUE(std::filesystem::remove(dir() + "/t-1/00000000000000000000.log"));
  std::filesystem::rename(dir(), grown);

  for (const std::string from : {"start", "end"}) {
    SCOPED_TRACE(from);
    std::filesystem::remove_all(dir());
    Copy(whole, dir());
    Process follower(WithDir(
        {"consume", "t", "--follow", "--count", "150", "--from", from}));
    while (!follower.HasOutput()) Do({"produce", "t"}, "begun\n");

    Copy(grown + "/t-1", dir() + "/t-1");
    // Last what says that it is there.
    for (const char* name :
         {"recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
          "cauce.log-starts", "cauce.topics.copy", "cauce.topics"}) {
      std::filesystem::copy(grown + "/" + name, scratch_ / name);
      std::filesystem::rename(scratch_ / name, dir() + "/" + name);
    }
    std::optional<std::string> line = follower.ReadLine();
    while (line == "before" || line == "begun") line = follower.ReadLine();
    EXPECT_EQ(line, "record number 0 of this topic");
    Do({"produce", "t", "--partition", "0"}, test::ManyLines(150));
    const Process::Result result = follower.Finish();
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr("t-1"));
  }
}

TEST_F(Follow, FollowsAKeyToThePartitionItMovesTo) {
  Do({"topic", "create", "a"});
  Do({"produce", "a", "--key-separator", ":"}, "key:1\n");
  Process follower(WithDir({"consume", "a", "--follow", "--key", "key"}));
  EXPECT_EQ(follower.ReadLine(), "1");

  for (int i = 2; i < 8; ++i) {
    Do({"topic", "alter", "a", "--partitions", std::to_string(i)});
    Do({"produce", "a", "--key-separator", ":"},
       fmt::format("other:0\nkey:{}\n", i));
    EXPECT_EQ(follower.ReadLine(), std::to_string(i));
  }
  follower.Signal(SIGINT);
  EXPECT_EQ(follower.Finish().exit, 128 + SIGINT);
}

// `| head`: it need not wait for another record to learn of it.
TEST_F(Follow, EndsWellWhenNobodyReadsItAnyMore) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, "one\n");
  Process follower(WithDir({"consume", "a", "--follow"}));
  EXPECT_EQ(follower.ReadLine(), "one");
  follower.CloseOutput();
  const Process::Result result = follower.Finish();
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.err, "");
}

// Whatever it is at when the topic goes: again and again, since another
// process decides where that is.
TEST_F(Follow, EndsWhenTheTopicIsDeleted) {
  for (int i = 0; i < 10; ++i) {
    Do({"topic", "create", "a", "--partitions", "3"});
    Do({"produce", "a"}, "one\n");
    Process follower(WithDir({"consume", "a", "--follow"}));
    EXPECT_EQ(follower.ReadLine(), "one");

    if (i % 2 == 1) Do({"topic", "alter", "a", "--partitions", "9"});
    Do({"topic", "delete", "a", "--yes"});

    const Process::Result result = follower.Finish();
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr("topic a was deleted while it was read"));
  }
}

}  // namespace
}  // namespace cauce
