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
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class Usage : public test::CauceTest {};

// Runs a line of the shell, with $C for the program and $D for the directory.
Process::Result Shell(const std::string& line, const std::string& dir) {
  return test::Run(
      {"/bin/sh", "-c", fmt::format("C={}; D={}; {}", kCauce, dir, line)});
}

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
      {{"topic", "create", "b", "--config", "segment.bytes=2147483648"},
       2,
       "must be at least 1048576 and at most 2147483647"},
      {{"topic", "create", "b", "--config", "nope=1"}, 2, "\"nope\""},
      {{"topic", "create", "b", "--config", "nope"}, 2, "NAME=VALUE"},
      {{"consume", "a", "--count", "-1"}, 2, "\"-1\", must be a whole number"},
      {{"consume", "a", "--count", "1.5"}, 2, "0 or more"},
      {{"consume", "a", "--count", "99999999999999999999"},
       2,
       "from 0 to 9223372036854775807"},
      {{"consume", "a", "--partition", "-1"}, 2, "from 0 to 99999"},
      {{"produce", "a", "--batch-bytes", "0"}, 2, "from 1 to 1073741824"},
      {{"produce", "a", "--batch-bytes", "67108865", "--compression", "lz4"},
       2,
       "is 67108865, must be at most 67108864 with --compression lz4"},
      {{"bench", "append", "--batch-bytes", "134217728", "--compression",
        "zstd"},
       2,
       "is 134217728, must be at most 67108864 with --compression zstd"},
      {{"produce", "a", "--key-separator", ""}, 2, "must not be empty"},
      {{"produce", "a", "--time-format", ""}, 2, "must not be empty"},
      {{"produce", "a", "--free-bytes-min", "-1"}, 2, "0 or more"},
      {{"consume", "a", "--group", "g", "--free-bytes-min", "-1"},
       2,
       "0 or more"},
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

TEST_F(Usage, TakesAcksAsKafkaWritesThem) {
  Do({"topic", "create", "a"});
  for (const std::string acks : {"all", "-1", "1", "0"})
    Do({"produce", "a", "--acks", acks}, acks + "\n");
  EXPECT_EQ(Do({"consume", "a"}), "all\n-1\n1\n0\n");
  EXPECT_EQ(Run({"produce", "a", "--acks", "2"}).exit, 2);
  // Nothing is acknowledged with 0 alone.
  EXPECT_EQ(Do({"produce", "a", "--acks=-1", "--print-acks"}, "x\n"),
            "ack 0 4\n");
}

TEST_F(Usage, TellsItsVersionAndThatItCan) {
  const Process::Result version = test::Run({kCauce, "--version"});
  EXPECT_EQ(version.exit, 0);
  EXPECT_THAT(version.out, MatchesRegex("cauce [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(version.err, "");
  const Process::Result help = test::Run({kCauce, "--help"});
  EXPECT_EQ(help.exit, 0);
  EXPECT_THAT(help.out, HasSubstr("--version"));
  const Process::Result nearly = test::Run({kCauce, "--versoin"});
  EXPECT_EQ(nearly.exit, 2);
  EXPECT_THAT(nearly.err, HasSubstr("did you mean --version?"));
  EXPECT_EQ(Shell("$C --version >/dev/full", dir()).exit, 1);
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

TEST_F(Usage, SaysWhatToDoWhereTheDirectoryIsNotWhatItNeeds) {
  std::ofstream(scratch_ / "file") << "text";
  std::filesystem::create_directory(scratch_ / "empty");
  for (const Words& words :
       {Words{"topic", "list"}, Words{"topic", "alter", "a", "--unset", "x"},
        Words{"produce", "a"}, Words{"consume", "a"}, Words{"group", "list"},
        Words{"transaction", "list"}, Words{"log", "verify"},
        Words{"log", "repair"}, Words{"log", "compact"},
        Words{"log", "dump", "--topic", "a", "--partition", "0"},
        Words{"bench", "read", "--topic", "a"}}) {
    const auto of = [&](const std::string& name) {
      Words command = Command(words);
      command.insert(command.end(), {"--dir", scratch_ / name});
      const Process::Result result = test::Run(command);
      EXPECT_EQ(result.exit, 1) << words[0] << ' ' << words[1];
      return result.err;
    };
    EXPECT_THAT(of("none"), HasSubstr("is --dir right?")) << words[1];
    EXPECT_THAT(of("file"), AllOf(HasSubstr("is --dir right?"),
                                  Not(HasSubstr("topic create"))));
    EXPECT_THAT(of("file/x"), HasSubstr("is --dir right?"));
    if (words[0] == "log") continue;  // which look at any directory
    EXPECT_THAT(of("empty"), HasSubstr("cauce topic create makes it one"));
  }
  Do({"topic", "create", "a"});
  std::ofstream(dir() + "/meta.properties") << "version=7\n";
  for (const Words& words : {Words{"produce", "a"}, Words{"log", "repair"},
                             Words{"group", "delete", "g", "--yes"}}) {
    const Process::Result newer = Run(words);
    EXPECT_EQ(newer.exit, 1);
    EXPECT_THAT(newer.err, AllOf(HasSubstr("version 7"),
                                 HasSubstr("the release that wrote it")));
  }
  std::filesystem::remove(dir() + "/meta.properties");
  Do({"produce", "a"}, "x\n");
}

TEST_F(Usage, SaysWhatToDoAboutWhatIsNotThere) {
  Do({"topic", "create", "a"});
  EXPECT_THAT(Run({"topic", "create", "a"}).err, HasSubstr("topic alter"));
  EXPECT_THAT(Run({"log", "repair", "--topic", "b"}).err,
              HasSubstr("cauce topic list"));
  EXPECT_THAT(Run({"log", "dump", "--topic", "a", "--partition", "7"}).err,
              HasSubstr("cauce topic list"));
  EXPECT_THAT(Run({"consume", "__consumer_offsets"}).err,
              AllOf(HasSubstr("first needs it"), Not(HasSubstr("create"))));
  const Process::Result dashed = Run({"bench", "read", "--topic", "-x"});
  EXPECT_EQ(dashed.exit, 1);
  EXPECT_THAT(dashed.err,
              HasSubstr("cauce topic create --dir " + dir() + " -- -x"));
}

TEST_F(Usage, SaysWhichOptionHasNoValueOrTwo) {
  const Process::Result none = Run({"consume", "a", "--count"});
  EXPECT_EQ(none.exit, 2);
  const Process::Result last =
      test::Run(Command({"consume", "a", "--dir", "d", "--count"}));
  EXPECT_EQ(last.exit, 2);
  EXPECT_THAT(last.err, HasSubstr("--count needs a value"));
  const Process::Result twice = Run({"topic", "list", "--dir", "d"});
  EXPECT_EQ(twice.exit, 2);
  EXPECT_THAT(twice.err, HasSubstr("--dir may be given once only"));
}

// In the library it is an engine in memory, which would end with the command.
TEST_F(Usage, OfADirectoryInMemoryIsRefusedByEveryVerb) {
  for (const Words& words :
       {Words{"topic", "create", "a"}, Words{"topic", "list"},
        Words{"topic", "describe", "a"}, Words{"topic", "delete", "a", "--yes"},
        Words{"produce", "a"}, Words{"consume", "a"}, Words{"log", "verify"},
        Words{"bench", "append"}, Words{"bench", "read"}}) {
    Words command = Command(words);
    command.insert(command.end(), {"--dir", ":memory:"});
    const Process::Result result = test::Run(command);
    EXPECT_EQ(result.exit, 2) << words[0];
    EXPECT_THAT(result.err, HasSubstr("./:memory:")) << words[0];
  }
}

TEST_F(Usage, SaysWhatToDoAboutDamagedMetaProperties) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, "x\n");
  const std::string file = dir() + "/meta.properties";
  std::ofstream(file) << "\xff\xfe";
  const Process::Result refused = Run({"produce", "a"}, "y\n");
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(file), HasSubstr("move it away"),
                                 HasSubstr("CORRUPT_FILE")));
  EXPECT_EQ(Do({"consume", "a"}), "x\n");

  std::filesystem::remove(file);
  Do({"produce", "a"}, "y\n");
  EXPECT_EQ(Do({"consume", "a"}), "x\ny\n");
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

// What is wrong with one line keeps none of those before it from being stored,
// also where they would have shared its batch.
TEST_F(Usage, NamesTheLineWhoseTimeTheTopicDoesNotTake) {
  Do({"topic", "create", "ahead", "--partitions", "2"});
  const Process::Result ahead = Run({"produce", "ahead", "--format", "json"},
                                    "{\"value\":\"a\",\"partition\":0}\n"
                                    "{\"value\":\"b\",\"partition\":1}\n"
                                    "{\"value\":\"x\",\"partition\":0,"
                                    "\"timestamp\":9223372036854775807}\n"
                                    "{\"value\":\"c\",\"partition\":1}\n");
  EXPECT_EQ(ahead.exit, 1);
  EXPECT_THAT(ahead.err, AllOf(HasSubstr("cauce: line 3: ahead-0: "),
                               HasSubstr("9223372036854775807"),
                               HasSubstr("message.timestamp.after.max.ms"),
                               HasSubstr("stored 2 records")));
  EXPECT_EQ(Do({"consume", "ahead"}), "a\nb\n");

  Do({"topic", "create", "behind", "--config",
      "message.timestamp.before.max.ms=3600000"});
  const Process::Result behind =
      Run({"produce", "behind", "--format", "json"},
          "{\"value\":\"a\"}\n{\"value\":\"x\",\"timestamp\":1000}\n"
          "{\"value\":\"b\"}\n");
  EXPECT_EQ(behind.exit, 1);
  EXPECT_THAT(behind.err, AllOf(HasSubstr("cauce: line 2: behind-0: "),
                                HasSubstr("stored 1 record,")));
  EXPECT_EQ(Do({"consume", "behind"}), "a\n");
}

TEST_F(Usage, NamesTheLineWithoutAKeyThatACompactedTopicDoesNotTake) {
  Do({"topic", "create", "a", "--config", "cleanup.policy=compact"});
  const Process::Result result =
      Run({"produce", "a", "--key-separator", ":"}, "k:1\nl:2\nnone\nm:3\n");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("cauce: line 3: a-0: "),
                                HasSubstr("stored 2 records")));
  EXPECT_EQ(Do({"consume", "a"}), "1\n2\n");
}

TEST_F(Usage, SaysHowToStoreWhatWasInAPartitionThatIsNotThere) {
  Do({"topic", "create", "a"});
  const Process::Result result = Run({"produce", "a", "--format", "json"},
                                     "{\"value\":\"x\",\"partition\":9}\n");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("line 1: there is no partition 9"),
                    HasSubstr("--repartition"), HasSubstr("UNKNOWN_PART")));
}

TEST_F(Usage, SumsUpWhatWasStoredInManyPartitions) {
  Do({"topic", "create", "a", "--partitions", "21"});
  std::string lines;
  for (int i = 0; i < 21; ++i) {
    lines += fmt::format("{{\"value\":\"x\",\"partition\":{}}}\n", i);
  }
  lines += lines.substr(0, lines.find('\n') + 1);
  const Process::Result many = Run({"produce", "a", "--format", "json"}, lines);
  EXPECT_THAT(LinesOf(many.err),
              ElementsAre(HasSubstr("stored 22 records"),
                          "cauce: a: 21 partitions, 1 to 2 records each"));
  const Process::Result few = Run(
      {"produce", "a", "--format", "json"},
      lines.substr(0, lines.find("\"partition\":20}")) + "\"partition\":0}");
  EXPECT_THAT(LinesOf(few.err), SizeIs(21)) << few.err;
}

TEST_F(Usage, TellsWhatWasAlteredWithoutABlankAtTheEnd) {
  Do({"topic", "create", "a"});
  EXPECT_EQ(Do({"topic", "alter", "a", "--partitions", "3"}),
            "altered a: 3 partitions\n");
}

TEST_F(Usage, SaysWhereAnOptionGoesThatStandsBeforeItsVerb) {
  for (const Words& words : {Words{"--dir", dir(), "topic", "list"},
                             Words{"topic", "--dir", dir(), "list"},
                             Words{"--dir=" + dir(), "topic", "list"}}) {
    const Process::Result result = test::Run(Command(words));
    EXPECT_EQ(result.exit, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("--dir goes behind topic list"),
                                  Not(HasSubstr("did you mean"))));
  }
}

TEST_F(Usage, TakesWhatStandsBehindTwoDashesAsAName) {
  const auto create = [this](const Words& names) {
    Words words = {"topic", "create", "--dir", dir(), "--"};
    words.insert(words.end(), names.begin(), names.end());
    return test::Run(Command(words));
  };
  const Process::Result bad = create({"a b"});
  EXPECT_EQ(bad.exit, 2);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("\"a b\""), Not(HasSubstr("option"))));
  const Process::Result more = create({"a", "--b"});
  EXPECT_EQ(more.exit, 2);
  EXPECT_THAT(more.err, HasSubstr("unknown argument --b"));
  EXPECT_EQ(create({"-a"}).exit, 0);
  EXPECT_THAT(Do({"topic", "list"}), HasSubstr("-a "));
}

TEST_F(Usage, LooksIntoADirectoryThroughALink) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, "x\n");
  const std::string link = scratch_ / "link";
  std::filesystem::create_symlink("data", link);
  for (const Words& words :
       {Words{"log", "verify", "--dir", link},
        Words{"log", "dump", "--topic", "a", "--partition", "0", "--dir", link},
        Words{"consume", "a", "--dir", link}}) {
    const Process::Result result = test::Run(Command(words));
    EXPECT_EQ(result.exit, 0) << result.err;
    EXPECT_NE(result.out, "");
  }
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
  // More than is kept until the end.
  Do({"topic", "create", "many", "--partitions", "300"});
  const std::string describe = "$C topic describe many --dir $D";
  EXPECT_THAT(Shell(describe + " >/dev/full", dir()).err,
              HasSubstr("standard output: "));
  EXPECT_EQ(Shell("{ " + describe + "; echo $? >&2; } | head -n 1", dir()).err,
            "0\n");
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
