// The program as its users have it: run as a process, judged by what it
// prints, stores and returns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;
using Json = nlohmann::json;
using test::Command;
using test::kCauce;
using test::LinesOf;
using test::ManyLines;
using test::Process;
using test::Words;

class Cauce : public test::CauceTest {};

TEST_F(Cauce, StoresWhateverAcknowledgementItWaitsFor) {
  Do({"topic", "create", "a"});
  for (const std::string acks : {"0", "1", "all"})
    Do({"produce", "a", "--acks", acks}, acks + "\n");
  EXPECT_EQ(Do({"consume", "a"}), "0\n1\nall\n");
  const Process::Result odd = Run({"produce", "a", "--acks", "2"}, "x\n");
  EXPECT_EQ(odd.exit, 2);
  EXPECT_THAT(odd.err, HasSubstr("all"));
}

TEST_F(Cauce, ProduceOpensOnlyThePartitionsItWritesTo) {
  Do({"topic", "create", "orders", "--partitions", "10"});
  Do({"produce", "orders", "--partition", "3"}, "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::is_empty(dir() + "/orders-3"));
  for (const int other : {1, 2, 4, 9}) {
    EXPECT_TRUE(
        std::filesystem::is_empty(fmt::format("{}/orders-{}", dir(), other)));
  }
}

TEST_F(Cauce, ProduceForgetsWhatIsTooOldToBeKept) {
  Do({"topic", "create", "orders", "--config", "retention.ms=1000"});
  const auto partition = [this] {
    return Json::parse(
        Do({"topic", "describe", "orders", "--format", "json"}))["logs"][0];
  };
  Do({"produce", "orders", "--format", "json"},
     R"({"value":"old","timestamp":1000})"
     "\n");
  // For whoever imports old records: they are there until the next run.
  EXPECT_EQ(partition()["log_start"], 0);
  Do({"produce", "orders"}, "new\n");
  EXPECT_EQ(partition()["log_start"], 1);
  EXPECT_EQ(partition()["log_end"], 2);
}

TEST_F(Cauce, SuggestsWhatAMistypedWordMayMean) {
  Do({"topic", "create", "orders"});
  const struct {
    Words words;
    int exit;
    std::string suggestion;
  } kMistakes[] = {
      {{"topic", "descrbe", "orders"}, 2, "did you mean describe?"},
      {{"consum", "orders"}, 2, "did you mean consume?"},
      {{"produce", "orders", "--acsk", "1"}, 2, "did you mean --acks?"},
      {{"produce", "orders", "--compression", "zst"}, 2, "did you mean zstd?"},
      {{"topic", "describe", "order"}, 1, "did you mean orders?"},
      {{"topic", "create", "x", "--config", "retention.m=1"},
       2,
       "retention.ms"},
      {{"consume", "orders", "--from", "yesterday"}, 2, "@2023-11-14"},
      {{"consume", "orders", "--print", "%q"}, 2, "unknown letter %q"},
      {{"consume", "orders", "--partition", "7"}, 1, "0 to 0"},
      {{"consume", "orders", "--from", "5"}, 1, "ends at 0"},
      {{"produce", "orders", "--key-pattern", "[a-z]+"}, 2, "( )"},
      {{"produce", "orders", "--key-pattern", "([a-z]+"}, 2, "Unmatched ("},
  };
  for (const auto& mistake : kMistakes) {
    const Process::Result result = Run(mistake.words);
    EXPECT_EQ(result.exit, mistake.exit) << mistake.words[1] << result.err;
    EXPECT_THAT(result.err, HasSubstr(mistake.suggestion));
  }
}

TEST_F(Cauce, ShowsAnExampleInTheHelpOfEveryVerb) {
  for (const Words& verb : std::vector<Words>{{"topic", "create"},
                                              {"topic", "list"},
                                              {"topic", "describe"},
                                              {"topic", "alter"},
                                              {"topic", "delete"},
                                              {"produce"},
                                              {"consume"},
                                              {"log", "dump"},
                                              {"log", "verify"},
                                              {"log", "repair"},
                                              {"bench", "append"},
                                              {"bench", "read"}}) {
    Words words = Command(verb);
    words.push_back("--help");
    const Process::Result result = test::Run(words);
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.out, HasSubstr("Example"));
    EXPECT_THAT(result.out, HasSubstr("cauce " + verb[0]));
  }
}

TEST_F(Cauce, KeepsLinesInTheOrderOfTheirKeys) {
  Do({"topic", "create", "orders", "--partitions", "3"});
  Do({"produce", "orders", "--key-separator", ":", "--header", "from=test"},
     "a:1\nb:2\na:3\nkeyless\nc:4\na:5");
  EXPECT_EQ(Do({"consume", "orders", "--key", "a", "--print", "%k=%v %h;"}),
            "a=1 from=test;a=3 from=test;a=5 from=test;");
  EXPECT_THAT(LinesOf(Do({"consume", "orders"})), SizeIs(6));
}

TEST_F(Cauce, TellsOnceThatALineHasNoKey) {
  Do({"topic", "create", "orders", "--config", "cleanup.policy=compact"});
  const Process::Result result =
      Run({"produce", "orders", "--key-separator", ":"}, "a:1\nkeyless\n");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("line 2"));
  EXPECT_THAT(result.err, Not(HasSubstr("had no key")));
}

TEST_F(Cauce, PrintsEveryLetterOfAPattern) {
  Do({"topic", "create", "orders"});
  Do({"produce", "orders", "--format", "json"},
     R"({"timestamp":1700000000000,"key":"k","value":"ab",)"
     R"("headers":[{"key":"h","value":"1"},{"key":"h","value":null}]})");
  EXPECT_EQ(Do({"consume", "orders", "--print",
                R"(%t %p %o %k %K %v %V %d %H %i %% %{ %} [%h] %h{<%k:%v>})"
                R"( %v{hex} %v{base64}\t\x41\n)"}),
            "orders 0 0 k 1 ab 2 1700000000000 2 0 % { } [h=1,h=] <h:1><h:> "
            "6162 YWI=\tA\n");
}

TEST_F(Cauce, TakesItsOwnJsonBackUnchanged) {
  Do({"topic", "create", "a", "--partitions", "3"});
  Do({"topic", "create", "b", "--partitions", "3"});
  // Bytes that are no text, nulls, empty texts, repeated headers, odd letters,
  // a record without a time, and a keyed record outside of its partition.
  Do({"produce", "a", "--format", "json"},
     R"({"partition":0,"timestamp":1,"key":{"base64":"/wA="},"value":"x"})"
     "\n"
     R"({"partition":1,"timestamp":2,"key":null,"value":null})"
     "\n"
     R"({"partition":2,"timestamp":3,"key":"","value":""})"
     "\n"
     R"({"partition":2,"timestamp":-1,"key":"k","value":"\u0000\"\\\n\u00e9😀",)"
     R"("headers":[{"key":"h","value":"1"},{"key":"h","value":null},)"
     R"({"key":"a","value":{"base64":"/////w=="}}]})"
     "\n");
  std::string exported = Do({"consume", "a", "--format", "json"});
  ASSERT_THAT(LinesOf(exported), SizeIs(4));

  Do({"produce", "b", "--format", "json"}, exported);
  std::string again = Do({"consume", "b", "--format", "json"});
  for (size_t at = 0; (at = again.find("\"topic\":\"b\"", at)) != again.npos;) {
    again.replace(at, 11, "\"topic\":\"a\"");
  }
  EXPECT_EQ(again, exported);
}

TEST_F(Cauce, NamesTheLineOfJsonThatItCannotTake) {
  Do({"topic", "create", "a"});
  for (const std::string& bad :
       Words{"{", "[]", "{\"key\":\"k\"}", "{\"value\":7}", "{\"vaule\":\"x\"}",
             "{\"value\":{\"base64\":\"!\"}}",
             "{\"value\":\"x\",\"value\":\"y\"}",
             "{\"value\":\"x\",\"partition\":9}",
             "{\"value\":\"x\",\"timestamp\":1e400}",
             "{\"value\":\"x\",\"headers\":[{}]}", "{\"value\":\"\xff\"}"}) {
    const Process::Result result =
        Run({"produce", "a", "--format", "json"}, "{\"value\":\"ok\"}\n" + bad);
    EXPECT_EQ(result.exit, 1) << bad;
    EXPECT_THAT(result.err, HasSubstr("line 2")) << bad;
    EXPECT_THAT(result.err, HasSubstr("stored 1 record,")) << bad;
  }
}

TEST_F(Cauce, StampsLinesWithTheTimeTheyBeginWith) {
  setenv("TZ", "UTC", 1);
  Do({"topic", "create", "log"});
  Do({"produce", "log", "--key-pattern", " (install|remove) ([a-z]+)",
      "--time-format", "%Y-%m-%d %H:%M:%S"},
     "2023-11-14 22:13:20 install bash\n2023-11-14 22:13:20 startup\n"
     "2023-11-14 22:13:21 remove bash\r\n");
  EXPECT_EQ(Do({"consume", "log", "--key", "bash", "--print", "%d %V\n"}),
            "1700000000000 32\n1700000001000 32\n");
  for (const std::string& from :
       Words{"@1700000000001", "@2023-11-14T22:13:21Z", "@2023-11-14 22:13:21",
             "@2023-11-14T23:13:21+01:00"}) {
    EXPECT_EQ(Do({"consume", "log", "--from", from, "--print", "%o\n"}), "2\n")
        << from;
  }
  EXPECT_THAT(Do({"consume", "log", "--from", "@2023-11-15"}), IsEmpty());
}

// A record is not to be found at a time that nobody gave it.
TEST_F(Cauce, EndsAtALineWithoutTheTimeThatLinesBeginWith) {
  setenv("TZ", "UTC", 1);
  Do({"topic", "create", "log", "--config", "retention.ms=-1"});
  const Words words = {"produce", "log", "--time-format", "%Y-%m-%d %H:%M:%S"};
  const std::string good = "2023-11-14 22:13:20 a\n2023-11-14 22:13:21 b\n";
  for (const std::string& bad :
       Words{"no time", "2023-13-14 22:13:20", "2023-11-14",
             "1969-01-01 00:00:00", "", std::string(100'000, 'x')}) {
    const Process::Result result = Run(words, good + bad + "\n" + good);
    EXPECT_EQ(result.exit, 1) << bad;
    EXPECT_THAT(result.err,
                AllOf(HasSubstr("line 3: does not begin with a time"),
                      HasSubstr("stored 2 records,"), HasSubstr("%H:%M:%S"),
                      HasSubstr("--time-if-any")));
    EXPECT_LT(result.err.size(), 1000u);
  }
  EXPECT_THAT(LinesOf(Do({"consume", "log"})), SizeIs(12));

  Words lenient = words;
  lenient.push_back("--time-if-any");
  const Process::Result taken = Run(lenient, good + "no time\n" + good);
  EXPECT_EQ(taken.exit, 0);
  EXPECT_THAT(taken.err, AllOf(HasSubstr("stored 5 records,"),
                               HasSubstr("1 line had no time")));
  EXPECT_EQ(Run({"produce", "log", "--time-if-any"}, "x\n").exit, 2);
}

TEST_F(Cauce, BeginsAndEndsWhereItIsTold) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, "0\n1\n2\n3\n4\n");
  EXPECT_EQ(Do({"consume", "a", "--from", "3"}), "3\n4\n");
  EXPECT_EQ(Do({"consume", "a", "--from", "1", "--count", "2"}), "1\n2\n");
  EXPECT_EQ(Do({"consume", "a", "--from", "end"}), "");
  EXPECT_EQ(Do({"consume", "a", "--count", "0"}), "");
}

// A sanitizer keeps what was freed, for a while.
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kSlackKib = 64 << 10;
#else
constexpr int64_t kSlackKib = 2 << 10;
#endif

// The topic has 10 MB; what is bounded is the growth from a tenth of it on.
TEST_F(Cauce, NeedsNoMoreMemoryForMoreRecords) {
  constexpr int kFew = 30'000;
  constexpr int kMany = 300'000;
  constexpr int kStep = 1000;  // lines that fit a pipe together
  Do({"topic", "create", "a"});

  Process producer(WithDir({"produce", "a", "--print-acks", "--linger", "0"}));
  int64_t few_kib = 0;
  for (int i = 0; i < kMany; i += kStep) {
    ASSERT_TRUE(producer.Write(ManyLines(i, i + kStep)));
    for (int ack = 0; ack < kStep; ++ack) ASSERT_TRUE(producer.ReadLine());
    if (i + kStep == kFew) few_kib = producer.ResidentKibMax();
  }
  EXPECT_GT(few_kib, 0);
  EXPECT_LE(producer.ResidentKibMax(), few_kib + kSlackKib);
  EXPECT_EQ(producer.Finish().exit, 0);

  for (const std::string& format : Words{"text", "json"}) {
    Process consumer(WithDir({"consume", "a", "--follow", "--format", format}));
    for (int i = 0; i < kMany; ++i) {
      ASSERT_TRUE(consumer.ReadLine());
      if (i == kFew) few_kib = consumer.ResidentKibMax();
    }
    EXPECT_LE(consumer.ResidentKibMax(), few_kib + kSlackKib) << format;
    consumer.Signal(SIGTERM);
    EXPECT_EQ(consumer.Finish().exit, 128 + SIGTERM);
  }
}

TEST_F(Cauce, EndsQuietlyWhenItsReaderGoesAway) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, ManyLines(100'000));
  Process::Result result;
  {
    const Words words = {
        "/bin/sh", "-c",
        fmt::format("{} consume a --dir {} | head -n 1", kCauce, dir())};
    result = test::Run(words);
  }
  EXPECT_EQ(result.out, "record number 0 of this topic\n");
  EXPECT_EQ(result.err, "");
}

TEST_F(Cauce, TellsAtASignalWhatWasStored) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string topic = fmt::format("t{}", signal);
    Do({"topic", "create", topic});
    Process producer(WithDir({"produce", topic, "--print-acks"}));
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(producer.Write(fmt::format("line {}\n", i)));
      ASSERT_EQ(producer.ReadLine(), fmt::format("ack 0 {}", i));
    }
    producer.Signal(signal);
    const Process::Result result = producer.Finish();
    EXPECT_EQ(result.exit, 128 + signal);
    EXPECT_THAT(result.err, HasSubstr("stored 50 records"));
    EXPECT_THAT(result.err, HasSubstr("offsets 0 to 49"));
    EXPECT_THAT(LinesOf(Do({"consume", topic})), SizeIs(50));
  }
}

// The acknowledgements fill their pipe, so that the signal comes behind the
// reading and before the bad line.
TEST_F(Cauce, SaysNothingOfAllLinesAtASignalWhereOneWasBad) {
  constexpr int kGood = 5000;
  Do({"topic", "create", "a"});
  const std::string input = scratch_ / "input";
  {
    std::ofstream lines(input);
    for (int i = 0; i < kGood; ++i) lines << "{\"value\":\"x\"}\n";
    lines << "bad\n{\"value\":\"behind\"}\n";
  }
  Process producer(
      {"/bin/sh", "-c",
       fmt::format("exec {} produce a --dir {} --format json --acks 1 "
                   "--batch-bytes 1 --print-acks < {}",
                   kCauce, dir(), input)});
  ASSERT_THAT(producer.ReadLine(), Optional(HasSubstr("\"offset\":0")));
  producer.Signal(SIGINT);
  const Process::Result result = producer.Finish();

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr(fmt::format("line {}: ", kGood + 1)),
                    HasSubstr(fmt::format("stored {} ", kGood)),
                    Not(HasSubstr("every")), Not(HasSubstr("no end yet"))));
}

// The offsets that a writer acknowledged before it was killed.
std::map<std::string, std::set<int64_t>> KillWriterAfter(const Words& command,
                                                         size_t acks_min) {
  Process producer(command);
  std::map<std::string, std::set<int64_t>> acked;
  // Fed by the same thread: what is written fits the pipe and is read before
  // more follows.
  size_t acks = 0;
  for (int64_t line = 0; acks < acks_min;) {
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += fmt::format("k{}:v\n", line++);
    EXPECT_TRUE(producer.Write(lines));
    for (int i = 0; i < 100; ++i, ++acks) {
      const auto ack = producer.ReadLine();
      if (!ack) return acked;
      std::istringstream in(*ack);
      std::string word, partition;
      int64_t offset = -1;
      in >> word >> partition >> offset;
      EXPECT_EQ(word, "ack");
      acked[partition].insert(offset);
    }
  }
  // More is on its way when the end comes.
  EXPECT_TRUE(producer.Write("k:v\nk:v\nk:v\n"));
  producer.Signal(SIGKILL);
  EXPECT_EQ(producer.Finish().exit, 128 + SIGKILL);
  return acked;
}

TEST_F(Cauce, WritesNothingIntoAFileThatTookAClosedDescriptor) {
  Do({"topic", "create", "a"});
  const std::string command = fmt::format(
      "echo x | {0} produce a --dir {1} --print-acks >&- 2>&-; "
      "{0} produce a --dir {1} <&-",
      kCauce, dir());
  test::Run({"/bin/sh", "-c", command});
  EXPECT_EQ(Do({"consume", "a"}), "x\n");
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
}

TEST_F(Cauce, LosesNothingItAcknowledgedToAKill) {
  Do({"topic", "create", "a", "--partitions", "3"});
  const auto acked = KillWriterAfter(
      WithDir({"produce", "a", "--key-separator", ":", "--print-acks"}), 3000);
  ASSERT_THAT(acked, SizeIs(3));

  // The next writer recovers; then every acknowledged offset is there.
  Do({"produce", "a", "--key-separator", ":"}, "k:after\n");
  for (const auto& [partition, offsets] : acked) {
    const Words lines = LinesOf(
        Do({"consume", "a", "--partition", partition, "--print", "%o\n"}));
    const std::set<std::string> stored(lines.begin(), lines.end());
    EXPECT_EQ(stored.size(), lines.size());
    for (const int64_t offset : offsets) {
      EXPECT_TRUE(stored.contains(std::to_string(offset)))
          << partition << " " << offset;
    }
  }
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
}

TEST_F(Cauce, RefusesASecondWriterAndNamesTheFirst) {
  Do({"topic", "create", "a"});
  Process first(WithDir({"produce", "a", "--print-acks"}));
  ASSERT_TRUE(first.Write("x\n"));
  ASSERT_EQ(first.ReadLine(), "ack 0 0");

  const Process::Result second = Run({"produce", "a"}, "y\n");
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.err, HasSubstr("LOCKED"));
  EXPECT_EQ(Do({"consume", "a"}), "x\n");
  EXPECT_EQ(first.Finish().exit, 0);
}

TEST_F(Cauce, MeasuresAppendsAndReads) {
  const Json append =
      Json::parse(Do({"bench", "append", "--records", "5000", "--threads", "2",
                      "--keep", "--format", "json"}));
  EXPECT_EQ(append["records"], 5000);
  EXPECT_EQ(append["durability"], "an append returns after a sync");
  EXPECT_GT(append["latency_us"]["p99"], 0);
  const Json read = Json::parse(Do({"bench", "read", "--format", "json"}));
  EXPECT_EQ(read["records"], 5000);
  EXPECT_EQ(read["bytes"], 500'000);
}

TEST_F(Cauce, CompressesWithEveryCodec) {
  for (const std::string& codec :
       Words{"none", "gzip", "snappy", "lz4", "zstd"}) {
    Do({"topic", "create", codec});
    Do({"produce", codec, "--compression", codec}, ManyLines(1000));
    EXPECT_EQ(Do({"consume", codec}), ManyLines(1000)) << codec;
  }
}

}  // namespace
}  // namespace cauce
