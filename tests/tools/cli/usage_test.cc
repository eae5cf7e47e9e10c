// What the program says and returns when a command line, a directory or its
// output is not what it needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fmt/format.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::Command;
using test::kCauce;
using test::LinesOf;
using test::ManyLines;
using test::Process;
using test::Words;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class Usage : public test::CauceTest {};

// 2 for what no directory could make right, and nothing is made or changed.
TEST_F(Usage, OfWordsThatAreNoneIsToldFromWhatFails) {
  const std::string longest(249, 'n');
  const struct {
    Words words;
    int exit;
    std::string says;
  } kCalls[] = {
      {{"topic", "create", "a/b"}, 2, "\"a/b\" has other characters"},
      {{"topic", "create", longest + "n"}, 2, "249"},
      {{"topic", "create", "b", "--partitions", "0"}, 2, "from 1 to 100000"},
      {{"topic", "create", "b", "--partitions", "-1"}, 2, "\"-1\""},
      {{"topic", "create", "b", "--partitions", "100001"}, 2, "\"100001\""},
      {{"topic", "create", "b", "--partitions", "99999999999"},
       2,
       "from 1 to 100000"},
      {{"topic", "create", "b", "--config", "retention.ms=x"},
       2,
       "--config: retention.ms is \"x\", must be at least -1"},
      {{"topic", "create", "b", "--config", "segment.bytes=1"},
       2,
       "segment.bytes is \"1\", must be at least 1048576"},
      {{"topic", "create", "b", "--config", "nope=1"}, 2, "\"nope\""},
      {{"topic", "create", "b", "--config", "nope"}, 2, "NAME=VALUE"},
      {{"consume", "a", "--count", "-1"}, 2, "\"-1\", must be a whole number"},
      {{"consume", "a", "--count", "1.5"}, 2, "0 or more"},
      {{"consume", "a", "--partition", "-1"}, 2, "from 0 to 99999"},
      {{"produce", "a", "--batch-bytes", "0"}, 2, "from 1 to 1073741824"},
      {{"log", "dump", "--topic", "a", "--partition", "x"}, 2, "from 0"},
      {{"log", "dump", "--topic", "a b", "--partition", "0"}, 2, "\"a b\""},
      {{"log", "dump", "--topic", "../a", "--partition", "0"}, 2, "\"../a\""},
      {{"bench", "append", "--records", "0"}, 2, "1 or more"},
      {{"bench", "append", "--topic", "a b"}, 2, "\"a b\""},
      {{"bench", "append", "--topic", ""}, 2, "--topic: "},
      {{"bench", "read", "--topic", "a b"}, 2, "\"a b\""},
      {{"consume", "a", "--format", "json", "--print", "%k"}, 2, "--print"},
      // What another directory could make right.
      {{"topic", "list"}, 1, "No such file"},
      {{"consume", "a"}, 1, "No such file"},
      {{"produce", "a"}, 1, "No such file"},
      {{"log", "verify"}, 1, "No such file"},
  };
  for (const auto& call : kCalls) {
    const Process::Result result = Run(call.words);
    EXPECT_EQ(result.exit, call.exit) << result.err;
    EXPECT_THAT(result.err, HasSubstr(call.says));
    EXPECT_THAT(result.err, Not(HasSubstr("0.000000")));
    EXPECT_EQ(result.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists(dir()));
}

TEST_F(Usage, OfATopicThatIsThereOrIsNotFails) {
  Do({"topic", "create", "a", "--partitions", "2"});
  for (const Words& words :
       {Words{"topic", "create", "a"}, Words{"topic", "describe", "b"},
        Words{"topic", "alter", "a", "--partitions", "1"},
        Words{"consume", "a", "--partition", "2"},
        Words{"produce", "a", "--partition", "2"}}) {
    EXPECT_EQ(Run(words).exit, 1) << words[1];
  }
  EXPECT_EQ(Run({"topic", "alter", "a", "--unset", "nope"}).exit, 2);
  EXPECT_EQ(Run({"topic", "alter", "a"}).exit, 2);
}

TEST_F(Usage, AltersConfigsAndPartitionsTogetherOrNotAtAll) {
  Do({"topic", "create", "a", "--partitions", "2"});
  const std::string before = Do({"topic", "describe", "a"});
  const Process::Result result =
      Run({"topic", "alter", "a", "--config", "retention.ms=1000",
           "--partitions", "1"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("partitions"));
  EXPECT_EQ(Do({"topic", "describe", "a"}), before);

  Do({"topic", "alter", "a", "--config", "retention.ms=1000", "--partitions",
      "3"});
  EXPECT_THAT(
      Do({"topic", "describe", "a"}),
      AllOf(HasSubstr("partitions  3"), HasSubstr("retention.ms=1000")));
}

TEST_F(Usage, OfAnEmptyOrForeignDirectoryNamesIt) {
  std::ofstream(scratch_ / "file") << "text";
  for (const Words& words :
       {Words{"topic", "list"}, Words{"topic", "create", "b"},
        Words{"consume", "b"}, Words{"produce", "b"}, Words{"log", "verify"}}) {
    Words empty = Command(words);
    empty.insert(empty.end(), {"--dir", ""});
    EXPECT_EQ(test::Run(empty).exit, 2);
    EXPECT_THAT(test::Run(empty).err, HasSubstr("--dir: must not be empty"));
    Words file = Command(words);
    file.insert(file.end(), {"--dir", scratch_ / "file"});
    EXPECT_EQ(test::Run(file).exit, 1);
    EXPECT_THAT(test::Run(file).err, HasSubstr(scratch_ / "file: "));
  }
}

TEST_F(Usage, CountsOneThingAsOne) {
  EXPECT_THAT(Do({"topic", "create", "a"}), HasSubstr("with 1 partition ("));
  EXPECT_THAT(
      Run({"produce", "a"}, "x\n").err,
      AllOf(HasSubstr("stored 1 record,"), HasSubstr("a-0: 1 record,")));
  EXPECT_THAT(Do({"log", "verify"}),
              StartsWith("verified 1 partition, 1 segment, 1 batch, 1 record"));
}

TEST_F(Usage, NamesTheLineThatCannotBeStored) {
  Do({"topic", "create", "a", "--partitions", "3"});
  const std::string huge(2'000'000, 'x');
  const Process::Result result = Run({"produce", "a", "--key-separator", ":"},
                                     "k:one\nl:two\nm:" + huge + "\nn:four\n");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("line 3: a-"), HasSubstr(": batch is "),
                    HasSubstr("limit is 1048588"), HasSubstr("stored 2 rec")));
  EXPECT_THAT(LinesOf(Do({"consume", "a"})),
              UnorderedElementsAre("one", "two"));
}

TEST_F(Usage, TellsAtASignalWhichLineHadNoEnd) {
  Do({"topic", "create", "a"});
  Process producer(WithDir({"produce", "a", "--print-acks"}));
  ASSERT_TRUE(producer.Write("one\ntwo\nhalf"));
  ASSERT_EQ(producer.ReadLine(), "ack 0 0");
  ASSERT_EQ(producer.ReadLine(), "ack 0 1");
  producer.Signal(SIGINT);
  const Process::Result result = producer.Finish();
  EXPECT_EQ(result.exit, 128 + SIGINT);
  EXPECT_THAT(result.err, AllOf(HasSubstr("stored 2 records"),
                                HasSubstr("line 3 had no end yet and its 4 "
                                          "bytes were not")));
  EXPECT_EQ(Do({"consume", "a"}), "one\ntwo\n");
}

// Runs a line of the shell, with $C for the program and $D for the directory.
Process::Result Shell(const std::string& line, const std::string& dir) {
  return test::Run(
      {"/bin/sh", "-c", fmt::format("C={}; D={}; {}", kCauce, dir, line)});
}

TEST_F(Usage, NeverEndsWellWhenItsOutputWasLost) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, ManyLines(1000));
  for (const std::string verb :
       {"consume a", "consume a --format json", "topic list",
        "topic describe a --format json", "log verify",
        "log dump --topic a --partition 0", "bench read --topic a"}) {
    for (const std::string to : {">/dev/full", ">&-"}) {
      const Process::Result result =
          Shell(fmt::format("$C {} --dir $D {}", verb, to), dir());
      EXPECT_EQ(result.exit, 1) << verb << to;
      EXPECT_THAT(result.err, HasSubstr("standard output: ")) << verb << to;
    }
  }
  EXPECT_EQ(Shell("$C --help >/dev/full", dir()).exit, 1);
  EXPECT_EQ(
      Shell("echo x | $C produce a --dir $D --print-acks >/dev/full", dir())
          .exit,
      1);
  // What needs no output does not miss it.
  EXPECT_EQ(Shell("echo x | $C produce a --dir $D >&-", dir()).exit, 0);
  EXPECT_EQ(Shell("$C produce a --dir $D <&-", dir()).exit, 1);
}

TEST_F(Usage, EndsQuietlyAndWellWhenItsReaderHasEnough) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, ManyLines(100'000));
  const Process::Result result =
      Shell("{ $C consume a --dir $D; echo $? >&2; } | head -n 1", dir());
  EXPECT_EQ(result.out, "record number 0 of this topic\n");
  EXPECT_EQ(result.err, "0\n");
}

TEST_F(Usage, StopsOnceNobodyReadsItsAcknowledgements) {
  Do({"topic", "create", "a"});
  Process producer(WithDir({"produce", "a", "--print-acks"}));
  ASSERT_TRUE(producer.Write("one\n"));
  ASSERT_EQ(producer.ReadLine(), "ack 0 0");
  producer.CloseOutput();
  ASSERT_TRUE(producer.Write("two\n"));
  const Process::Result result = producer.Finish();
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("stored 2 records"),
                    HasSubstr("nobody reads the acknowledgements")));
  EXPECT_EQ(Do({"consume", "a"}), "one\ntwo\n");
}

TEST_F(Usage, ListsALongNameWithoutMovingTheOthers) {
  Do({"topic", "create", std::string(249, 'n')});
  Do({"topic", "create", "orders"});
  for (const std::string& line : LinesOf(Do({"topic", "list"}))) {
    if (line.starts_with("n")) continue;
    EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace
}  // namespace cauce
