// What the program says of directories that somebody has laid hands on, and
// what of them it still reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::Command;
using test::Left;
using test::LinesOf;
using test::ManyLines;
using test::Process;
using test::Words;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class OddDirectory : public test::CauceTest {
 protected:
  // A topic with five records in each of its partitions.
  void Make(const std::string& topic, int partitions) {
    Do({"topic", "create", topic, "--partitions", std::to_string(partitions)});
    for (int i = 0; i < partitions; ++i) {
      Do({"produce", topic, "--partition", std::to_string(i)}, ManyLines(5));
    }
  }
  static void Write(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
};

TEST_F(OddDirectory, AMissingPartitionIsToldAndTheOthersAreRead) {
  Make("a", 3);
  Leaves(Left::kDamaged);
  std::filesystem::remove_all(dir() + "/a-1");

  const Process::Result all = Run({"consume", "a"});
  EXPECT_EQ(all.exit, 1);
  EXPECT_THAT(LinesOf(all.out), SizeIs(10));
  EXPECT_THAT(all.err, AllOf(HasSubstr(dir() + "/a-1"), HasSubstr("missing")));
  const Process::Result it = Run({"consume", "a", "--partition", "1"});
  EXPECT_EQ(it.exit, 1);
  EXPECT_THAT(it.err, HasSubstr(dir() + "/a-1"));
  EXPECT_THAT(LinesOf(Do({"consume", "a", "--partition", "2"})), SizeIs(5));
}

TEST_F(OddDirectory, AMissingPartitionIsDescribedAsSuchAmongTheOthers) {
  Make("a", 3);
  Do({"topic", "alter", "a", "--config", "retention.ms=-1"});
  Leaves(Left::kDamaged);
  std::filesystem::remove_all(dir() + "/a-1");

  const Process::Result text = Run({"topic", "describe", "a", "--all"});
  EXPECT_EQ(text.exit, 1);
  EXPECT_THAT(
      text.out,
      AllOf(ContainsRegex("\n +0 +0 +5 +5 +"),
            ContainsRegex("\n +1 +- +- +- +- +- +[^ ]*a-1: .*missing"),
            ContainsRegex("\n +2 +0 +5 +5 +"), HasSubstr("retention.ms")));
  EXPECT_THAT(text.err, HasSubstr("1 of 3 partitions"));
  const Process::Result json =
      Run({"topic", "describe", "a", "--format", "json"});
  EXPECT_EQ(json.exit, 1);
  EXPECT_THAT(
      json.out,
      AllOf(HasSubstr(R"("retention.ms":"-1")"), HasSubstr(R"("partition":1)"),
            HasSubstr(dir() + "/a-1"), HasSubstr(R"("partition":2)")));
}

// Where to begin in that one nobody knows.
TEST_F(OddDirectory, ATimeThatCannotBeLookedUpInOnePartitionIsReadInTheOthers) {
  Make("a", 3);
  Do({"produce", "a", "--partition", "0"}, ManyLines(5));
  Leaves(Left::kDamaged);
  const std::string file = dir() + "/a-0/00000000000000000000.log";
  std::fstream(file, std::ios::in | std::ios::out).seekp(100).put('~');

  const Process::Result all = Run({"consume", "a", "--from", "@0"});
  EXPECT_EQ(all.exit, 1);
  EXPECT_THAT(LinesOf(all.out), SizeIs(10));
  EXPECT_THAT(all.err, AllOf(HasSubstr("passed over: "), HasSubstr(file)));
  const Process::Result it =
      Run({"consume", "a", "--from", "@0", "--partition", "0"});
  EXPECT_EQ(it.exit, 1);
  EXPECT_THAT(it.err, AllOf(HasSubstr(file), Not(HasSubstr("passed over"))));
}

TEST_F(OddDirectory, OnesThatWereExchangedAreNotReadAsEachOther) {
  Make("a", 2);
  Make("b", 1);
  Leaves(Left::kDamaged);
  std::filesystem::rename(dir() + "/a-1", dir() + "/aside");
  std::filesystem::rename(dir() + "/b-0", dir() + "/a-1");
  std::filesystem::rename(dir() + "/aside", dir() + "/b-0");

  const Process::Result all = Run({"consume", "a"});
  EXPECT_EQ(all.exit, 1);
  EXPECT_THAT(LinesOf(all.out), SizeIs(5));
  EXPECT_THAT(all.err, HasSubstr(dir() + "/a-1/partition.metadata"));
  EXPECT_EQ(Run({"produce", "a", "--partition", "1"}, "x\n").exit, 1);
  EXPECT_EQ(Run({"topic", "delete", "a", "--yes"}).exit, 1);
  EXPECT_EQ(Run({"consume", "b"}).out, "");
  Do({"produce", "a", "--partition", "0"}, "x\n");
  EXPECT_EQ(Run({"log", "verify"}).exit, 1);
}

TEST_F(OddDirectory, AForeignFileAmongItsSegmentsHidesNothing) {
  Make("a", 1);
  Do({"produce", "a"}, ManyLines(5));
  const std::string file = dir() + "/a-0/00000000000000000001.log";
  Write(file, "abc");

  const Process::Result read = Run({"consume", "a"});
  EXPECT_EQ(read.exit, 0);
  EXPECT_THAT(LinesOf(read.out), SizeIs(10));
  EXPECT_THAT(read.err, HasSubstr(file));
  EXPECT_THAT(Run({"produce", "a"}, "after\n").err, HasSubstr(file));
  EXPECT_THAT(LinesOf(Run({"consume", "a"}).out), SizeIs(11));
  const Process::Result verified = Run({"log", "verify"});
  EXPECT_EQ(verified.exit, 1);
  EXPECT_THAT(verified.out, AllOf(HasSubstr(file), HasSubstr("1 place is")));

  EXPECT_THAT(Do({"log", "repair"}), HasSubstr(file));
  EXPECT_THAT(LinesOf(Do({"consume", "a"})), SizeIs(11));
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
}

TEST_F(OddDirectory, AStartBehindTheEndIsToldWithBothAndWhatToDo) {
  Make("a", 1);
  Make("b", 2);
  Leaves(Left::kDamaged);
  const std::string file = dir() + "/log-start-offset-checkpoint";
  Write(file, "0\n2\na 0 500\nb 0 700\n");
  // Of two that differ the lower one holds.
  std::filesystem::remove(dir() + "/cauce.log-starts");

  const Process::Result only = Run({"consume", "a"});
  EXPECT_EQ(only.exit, 1);
  EXPECT_THAT(only.err,
              AllOf(HasSubstr("ends at offset 5"), HasSubstr("at offset 500"),
                    HasSubstr(file), Not(HasSubstr("offset start"))));
  const Process::Result both = Run({"consume", "b"});
  EXPECT_EQ(both.exit, 1);
  EXPECT_THAT(LinesOf(both.out), SizeIs(5));
  EXPECT_THAT(both.err, HasSubstr("at offset 700"));
}

TEST_F(OddDirectory, OneThatIsNoDataDirectoryIsLeftAsItWas) {
  const std::string other = scratch_ / "other";
  ASSERT_THAT(PosixFileSystem()->CreateDirectories(other), test::IsOk());
  for (const size_t files : {0, 1}) {
    for (const Words& words : {Words{"produce", "nope"},
                               {"topic", "alter", "nope", "--partitions", "2"},
                               {"topic", "delete", "nope", "--yes"},
                               {"consume", "nope"},
                               {"topic", "describe", "nope"}}) {
      Words with_dir = words;
      with_dir.insert(with_dir.end(), {"--dir", other});
      const Process::Result result = test::Run(Command(with_dir), "x\n");
      EXPECT_EQ(result.exit, 1) << words[0];
      EXPECT_THAT(result.err, HasSubstr("cauce topic create"));
      EXPECT_THAT(PosixFileSystem()->List(other),
                  test::IsOkAndHolds(SizeIs(files)));
    }
    Write(other + "/notes.txt", "mine");
  }
  // What is one stays as cleanly closed as it was.
  Make("a", 1);
  EXPECT_THAT(Run({"produce", "nope"}, "x\n").err, HasSubstr("no topic nope"));
  EXPECT_TRUE(std::filesystem::exists(dir() + "/.kafka_cleanshutdown"));
}

TEST_F(OddDirectory, IsWrittenWithoutAThreadWhereTheSystemHasNoneLeft) {
  Make("a", 3);
  // No thread's stack finds room.
  const auto run = [&](const std::string& words) {
    return test::Run(
        {"/bin/sh", "-c",
         fmt::format("ulimit -S -s 1099511627776; exec {} {} --dir {}",
                     test::kCauce, words, dir())},
        "more\n");
  };

  const Process::Result altered = run("topic alter a --partitions 4");
  EXPECT_EQ(altered.exit, 0) << altered.err;
  for (const std::string verb : {"produce a", "bench append --records 1"}) {
    const Process::Result result = run(verb);
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr("ulimit -u"));
  }
  EXPECT_THAT(LinesOf(Do({"consume", "a"})), SizeIs(15));
}

}  // namespace
}  // namespace cauce
