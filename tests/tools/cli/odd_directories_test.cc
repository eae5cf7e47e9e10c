// What the program says of directories that somebody has laid hands on, and
// what of them it still reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

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

  // A topic of two partitions: the first has three segments of 40 records, the
  // other five records.
  void MakeSegments(const std::string& cleanup_policy = "delete") {
    Do({"topic", "create", "t", "--partitions", "2", "--config",
        "internal.segment.bytes=1500", "--config",
        "cleanup.policy=" + cleanup_policy});
    const auto produce = [&](const std::string& partition, int records) {
      Do({"produce", "t", "--partition", partition, "--key-pattern",
          "([0-9]+)"},
         ManyLines(records));
    };
    for (int i = 0; i < 3; ++i) produce("0", 40);
    produce("1", 5);
    ASSERT_THAT(Logs(), SizeIs(3));
  }
  std::set<std::string> Logs() const {
    std::set<std::string> logs;
    for (const auto& entry :
         std::filesystem::directory_iterator(dir() + "/t-0")) {
      if (entry.path().extension() == ".log") logs.insert(entry.path());
    }
    return logs;
  }

  // That the directory was closed, and up to where its logs are durable.
  void Forget() {
    std::filesystem::remove(dir() + "/.kafka_cleanshutdown");
    std::filesystem::remove(dir() + "/recovery-point-offset-checkpoint");
  }

  // What is there is put by, and put back as often as is wanted.
  void PutBy() {
    std::filesystem::copy(dir(), scratch_ / "whole",
                          std::filesystem::copy_options::recursive);
  }
  void PutBack() {
    std::filesystem::remove_all(dir());
    std::filesystem::copy(scratch_ / "whole", dir(),
                          std::filesystem::copy_options::recursive);
  }
  static int TimesIn(const std::string& text, const std::string& word) {
    int times = 0;
    for (size_t at = text.find(word); at != std::string::npos;
         at = text.find(word, at + 1)) {
      ++times;
    }
    return times;
  }
  static void PutPipe(const std::string& path) {
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
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
  const Process::Result produced = Run(
      {"produce", "a", "--format", "json"},
      "{\"partition\":0,\"value\":\"x\"}\n{\"partition\":1,\"value\":\"x\"}\n");
  EXPECT_EQ(produced.exit, 1);
  EXPECT_THAT(produced.err,
              AllOf(HasSubstr("line 2: "), HasSubstr(dir() + "/a-1")));
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

// That they are another topic's shows where they go on behind its close.
TEST_F(OddDirectory, LogsThatWereExchangedAreReadAndWrittenWithoutSuccess) {
  Make("a", 1);
  Do({"topic", "create", "b"});
  Do({"produce", "b"}, ManyLines(300));
  Leaves(Left::kDamaged);
  const std::string log = "-0/00000000000000000000.log";
  std::filesystem::rename(dir() + "/a" + log, dir() + "/aside");
  std::filesystem::rename(dir() + "/b" + log, dir() + "/a" + log);
  std::filesystem::rename(dir() + "/aside", dir() + "/b" + log);

  for (const std::string topic : {"a", "b"}) {
    const Process::Result read = Run({"consume", topic});
    EXPECT_EQ(read.exit, 1) << topic;
    EXPECT_THAT(read.err, HasSubstr(topic + "-0"));
  }
  const Process::Result written = Run({"produce", "a"}, "x\n");
  EXPECT_EQ(written.exit, 1);
  EXPECT_THAT(written.err, HasSubstr("another log's"));
}

TEST_F(OddDirectory, AnOlderCopyOfACompactedSegmentIsNoSuccess) {
  Do({"topic", "create", "c", "--config", "cleanup.policy=compact"});
  const auto produce = [this](const std::string& value) {
    std::string lines;
    for (int i = 0; i < 40; ++i) lines += fmt::format("k{}:{}\n", i, value);
    Do({"produce", "c", "--key-separator", ":"}, lines);
  };
  produce("an old and longer value");
  const std::string segment = dir() + "/c-0/00000000000000000000";
  const std::string aside = scratch_ / "older";
  Words suffixes = {".log", ".index", ".timeindex"};
  std::erase_if(suffixes, [&](const std::string& suffix) {
    return !std::filesystem::exists(segment + suffix);
  });
  for (const std::string& suffix : suffixes) {
    std::filesystem::copy_file(segment + suffix, aside + suffix);
  }
  produce("new");
  Do({"log", "compact"});
  Leaves(Left::kDamaged);
  for (const std::string& suffix : suffixes) {
    SCOPED_TRACE(suffix);
    std::filesystem::copy_file(
        aside + suffix, segment + suffix,
        std::filesystem::copy_options::overwrite_existing);
    const Process::Result read = Run({"consume", "c"});
    EXPECT_EQ(read.exit, 1);
    EXPECT_THAT(read.err, HasSubstr("an older copy"));
    const Process::Result verified = Run({"log", "verify"});
    EXPECT_EQ(verified.exit, 1);
    EXPECT_THAT(verified.out, HasSubstr(segment + ".log"));
  }
  EXPECT_THAT(Do({"log", "repair"}),
              HasSubstr("at most 40 records, offsets 40 to 79"));
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
  EXPECT_EQ(Run({"consume", "c"}).exit, 0);
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

// Whoever opens it for writing goes on behind it, and notes what is there then.
TEST_F(OddDirectory, ASegmentOfAnotherLogIsToldUntilSomebodyMendsIt) {
  MakeSegments();
  PutBy();
  for (const std::string& log : Logs()) {
    SCOPED_TRACE(log);
    PutBack();
    std::filesystem::copy_file(
        dir() + "/t-1/00000000000000000000.log", log,
        std::filesystem::copy_options::overwrite_existing);
    for (int openings = 0; openings < 4; ++openings) {
      SCOPED_TRACE(openings);
      const Process::Result verified = Run({"log", "verify"});
      EXPECT_EQ(verified.exit, 1);
      EXPECT_THAT(verified.out, HasSubstr(dir() + "/t-0/"));
      const Process::Result read = Run({"consume", "t", "--partition", "0"});
      EXPECT_EQ(read.exit, 1);
      EXPECT_THAT(read.err, HasSubstr(dir() + "/t-0/"));
      Do({"produce", "t", "--partition", "0"}, "after\n");
    }
    EXPECT_THAT(Do({"log", "repair"}), HasSubstr(dir() + "/t-0/"));
    EXPECT_EQ(Run({"log", "verify"}).exit, 0);
    EXPECT_EQ(Run({"consume", "t"}).exit, 0);
  }
}

TEST_F(OddDirectory, RecordsThatAreMissingAtAnEndAreNoSuccess) {
  MakeSegments();
  PutBy();
  Leaves(Left::kDamaged);
  struct Loss {
    std::string_view name;
    std::function<void()> lose;
    size_t left;
  };
  const std::vector<Loss> losses = {
      {"all logs",
       [&] {
         for (const std::string& log : Logs()) std::filesystem::remove(log);
       },
       0},
      {"all files",
       [&] {
         std::filesystem::remove_all(dir() + "/t-0");
         std::filesystem::create_directory(dir() + "/t-0");
       },
       0},
      {"the first", [&] { std::filesystem::remove(*Logs().begin()); }, 80},
      {"the last", [&] { std::filesystem::remove(*Logs().rbegin()); }, 80},
      {"the last one's bytes",
       [&] { std::filesystem::resize_file(*Logs().rbegin(), 0); }, 80},
  };
  for (const Loss& loss : losses) {
    SCOPED_TRACE(loss.name);
    PutBack();
    loss.lose();
    for (const Words& words :
         {Words{"consume", "t"}, {"consume", "t", "--skip-damage"}}) {
      const Process::Result read = Run(words);
      EXPECT_EQ(read.exit, 1);
      EXPECT_THAT(LinesOf(read.out), SizeIs(loss.left + 5));
      EXPECT_THAT(read.err, HasSubstr("t-0"));
    }
    EXPECT_EQ(Run({"consume", "t", "--partition", "1"}).exit, 0);
  }
}

// There offsets may be left out, but not in front of a start that is known,
// behind the end of a log that was closed, or where a directory stands.
TEST_F(OddDirectory, RecordsThatACompactedTopicHasLostAreNoSuccess) {
  MakeSegments("compact,delete");
  PutBy();
  Leaves(Left::kDamaged);
  struct Loss {
    std::string_view name;
    std::function<void()> lose;
    size_t left;
  };
  const std::vector<Loss> losses = {
      {"the first", [&] { std::filesystem::remove(*Logs().begin()); }, 80},
      {"the last one's name",
       [&] {
         std::filesystem::rename(*Logs().rbegin(),
                                 dir() + "/t-0/00000000000000009999.log");
       },
       80},
      {"the last one's name, which is that of the log's end",
       [&] {
         std::filesystem::rename(*Logs().rbegin(),
                                 dir() + "/t-0/00000000000000000120.log");
       },
       80},
      {"the last one's name, and its end is not known",
       [&] {
         Forget();
         std::filesystem::rename(*Logs().rbegin(),
                                 dir() + "/t-0/00000000000000009999.log");
       },
       80},
      {"the last one's name, within it, and its end is not known",
       [&] {
         Forget();
         std::filesystem::rename(*Logs().rbegin(),
                                 dir() + "/t-0/00000000000000000100.log");
       },
       80},
      {"the second one's place",
       [&] {
         const std::string second = *std::next(Logs().begin());
         std::filesystem::remove(second);
         std::filesystem::create_directory(second);
       },
       40},
  };
  for (const Loss& loss : losses) {
    SCOPED_TRACE(loss.name);
    PutBack();
    loss.lose();
    EXPECT_EQ(Run({"log", "verify"}).exit, 1);
    const Process::Result read = Run({"consume", "t"});
    EXPECT_EQ(read.exit, 1);
    EXPECT_THAT(LinesOf(read.out), SizeIs(loss.left + 5));
    EXPECT_THAT(read.err, HasSubstr("t-0"));
    EXPECT_EQ(Run({"consume", "t", "--partition", "1"}).exit, 0);
    // Which opens a log, and does not read it.
    if (loss.name.starts_with("the last one's name")) {
      EXPECT_THAT(Run({"topic", "describe", "t"}).err, HasSubstr("t-0"));
    }
  }
}

TEST_F(OddDirectory, ACopyOfAKilledOneLacksWhatThatOneLacked) {
  MakeSegments("compact,delete");
  std::filesystem::remove(dir() + "/.kafka_cleanshutdown");
  PutBy();
  std::filesystem::rename(dir(), scratch_ / "first");
  std::filesystem::rename(scratch_ / "whole", dir());
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
  const Process::Result whole = Run({"consume", "t"});
  EXPECT_EQ(whole.exit, 0);
  EXPECT_THAT(LinesOf(whole.out), SizeIs(125));
  EXPECT_EQ(whole.err, "");

  Leaves(Left::kDamaged);
  const std::filesystem::path second = *std::next(Logs().begin());
  for (const char* suffix : {".log", ".index", ".timeindex"}) {
    std::filesystem::remove(
        std::filesystem::path(second).replace_extension(suffix));
  }
  EXPECT_EQ(Run({"log", "verify"}).exit, 1);
  const Process::Result read = Run({"consume", "t", "--skip-damage"});
  EXPECT_EQ(read.exit, 1);
  EXPECT_THAT(LinesOf(read.out), SizeIs(85));
  EXPECT_THAT(read.err, HasSubstr(second));
}

TEST_F(OddDirectory, WhoRepairsAMisnamedLastSegmentFirstLosesNothing) {
  for (const std::string policy : {"delete", "compact,delete"}) {
    std::filesystem::remove_all(dir());
    std::filesystem::remove_all(scratch_ / "whole");
    MakeSegments(policy);
    PutBy();
    for (const std::string name : {"60", "100", "120", "9999"}) {
      for (const bool is_closed : {true, false}) {
        SCOPED_TRACE(policy + " " + name + (is_closed ? " closed" : " killed"));
        PutBack();
        if (!is_closed) Forget();
        std::filesystem::rename(
            *Logs().rbegin(), fmt::format("{}/t-0/{:0>20}.log", dir(), name));
        const Process::Result verified = Run({"log", "verify"});
        EXPECT_EQ(verified.exit, 1);
        EXPECT_THAT(verified.out,
                    AllOf(HasSubstr("cauce log repair before anything opens"),
                          Not(HasSubstr("-> nothing: "))));
        EXPECT_EQ(Run({"consume", "t"}).exit, 1);
        Do({"log", "repair"});
        EXPECT_THAT(LinesOf(Do({"consume", "t"})), SizeIs(125));
      }
    }
  }
}

// Who opened it first has its records in a file that nobody reads.
TEST_F(OddDirectory, ASegmentThatAnOpeningPutAsideIsToldOfByALaterRepair) {
  MakeSegments("compact,delete");
  PutBy();
  const std::string last = *Logs().rbegin();
  const std::string other = dir() + "/t-0/00000000000000009999.log";
  const auto open_it = [&] {
    std::filesystem::rename(last, other);
    Run({"produce", "t", "--partition", "0", "--key-separator", ":"},
        "k:more\n");
  };
  const auto expect_told = [&] {
    for (const Words& words :
         {Words{"log", "repair", "--dry-run"}, Words{"log", "repair"}}) {
      EXPECT_THAT(Run(words).out,
                  AllOf(HasSubstr("note: " + other + ".cut"),
                        HasSubstr("whole batch of the offsets 80 to 119"),
                        HasSubstr("named 00000000000000000080.log")));
    }
  };
  // Nobody knew how far the log was durable, and it went on at offset 80.
  Forget();
  open_it();
  expect_told();
  const std::string own = scratch_ / "own";
  std::filesystem::create_directories(own + "/t-0");
  std::filesystem::copy(other + ".cut", own + "/t-0/00000000000000000080.log");
  EXPECT_THAT(LinesOf(test::Run(Command({"consume", "t", "--dir", own})).out),
              SizeIs(40));

  // Where that was known none of its offsets were given again.
  PutBack();
  std::filesystem::remove(dir() + "/.kafka_cleanshutdown");
  open_it();
  expect_told();
  std::filesystem::rename(other + ".cut", last);
  EXPECT_THAT(Do({"log", "repair"}), Not(HasSubstr("note: ")));
  EXPECT_THAT(LinesOf(Do({"consume", "t"})), SizeIs(126));
}

// Whatever the cleanup policy, and as a read of the place does.
TEST_F(OddDirectory, ATimeBehindWhatACutHasTakenIsNoSuccess) {
  for (const std::string policy : {"delete", "compact"}) {
    const std::string topic = policy + "d";
    Do({"topic", "create", topic, "--config", "internal.segment.bytes=1500",
        "--config", "cleanup.policy=" + policy});
    std::string lines;
    for (int i = 0; i < 90; ++i) {
      lines += fmt::format(R"({{"key":"{}","value":"{:060}","timestamp":{}}})",
                           i, i, 1'700'000'000'000 + i) +
               '\n';
    }
    Do({"produce", topic, "--format", "json", "--batch-bytes", "300"}, lines);
    const std::string directory = dir() + "/" + topic + "-0/";
    std::vector<std::string> logs;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() == ".log") logs.push_back(entry.path());
    }
    std::sort(logs.begin(), logs.end());
    ASSERT_GT(logs.size(), 3u);
    Leaves(Left::kDamaged);
    const auto from = [&](size_t offset, bool skips) {
      Words words = {"consume",
                     topic,
                     "--partition",
                     "0",
                     "--print",
                     "%o\\n",
                     "--from",
                     fmt::format("@{}", 1'700'000'000'000 + offset)};
      if (skips) words.push_back("--skip-damage");
      return Run(words);
    };
    const auto base_of = [&](size_t log) {
      return std::stoul(std::filesystem::path(logs[log]).stem());
    };
    const size_t behind = base_of(2);
    std::filesystem::resize_file(logs[1],
                                 std::filesystem::file_size(logs[1]) - 1);

    for (const size_t lost : {behind - 1, behind}) {
      SCOPED_TRACE(lost);
      const Process::Result stopped = from(lost, false);
      EXPECT_EQ(stopped.exit, 1);
      EXPECT_EQ(stopped.out, "");
      EXPECT_THAT(stopped.err, HasSubstr(logs[1]));
      const Process::Result passed = from(lost, true);
      EXPECT_EQ(passed.exit, 1);
      EXPECT_THAT(LinesOf(passed.out), SizeIs(90 - behind));
      EXPECT_THAT(passed.err,
                  AllOf(HasSubstr("passed by"), HasSubstr(logs[1])));
    }
    // What lies further behind is whole.
    const Process::Result whole = from(behind + 1, false);
    EXPECT_EQ(whole.exit, 0);
    EXPECT_THAT(LinesOf(whole.out), SizeIs(90 - behind - 1));

    std::filesystem::resize_file(
        logs.back(), std::filesystem::file_size(logs.back()) - 1);
    const Process::Result end = from(89, false);
    EXPECT_EQ(end.exit, 1);
    EXPECT_THAT(end.err, HasSubstr(logs.back()));
    EXPECT_EQ(from(89, true).exit, 1);
  }
}

TEST_F(OddDirectory, RecordsThatAreMissingWhereNobodyReadsAreNoFailure) {
  MakeSegments();
  PutBy();
  Leaves(Left::kDamaged);
  std::filesystem::remove(*Logs().begin());
  const Words from_40 = {"consume", "t", "--partition", "0", "--from", "40"};
  EXPECT_THAT(LinesOf(Do(from_40)), SizeIs(80));
  EXPECT_EQ(Run({"consume", "t", "--partition", "0", "--from", "39"}).exit, 1);

  PutBack();
  std::filesystem::remove(*Logs().rbegin());
  Words few = from_40;
  few.insert(few.end(), {"--count", "3"});
  EXPECT_THAT(LinesOf(Do(few)), SizeIs(3));
  EXPECT_EQ(Run(from_40).exit, 1);
}

TEST_F(OddDirectory, ASegmentThatIsNoFileHidesNoOtherRecords) {
  MakeSegments();
  PutBy();
  Leaves(Left::kDamaged);
  const std::string first = *Logs().begin();
  const std::string last = *Logs().rbegin();
  const std::string middle = *++Logs().begin();
  for (const auto& [file, left, readable] :
       {std::tuple<std::string, size_t, size_t>{first, 0, 80},
        {middle, 40, 80},
        {last, 80, 80}}) {
    for (const bool is_link : {false, true}) {
      SCOPED_TRACE(file + (is_link ? " link" : " pipe"));
      PutBack();
      PutPipe(file);
      if (is_link) {
        std::filesystem::remove(file);
        std::filesystem::create_symlink(scratch_ / "whole", file);
      }
      const Process::Result read = Run({"consume", "t"});
      EXPECT_EQ(read.exit, 1);
      EXPECT_THAT(LinesOf(read.out), SizeIs(left + 5));
      EXPECT_THAT(read.err, AllOf(HasSubstr("passed over"), HasSubstr(file)));
      EXPECT_THAT(read.err,
                  HasSubstr(is_link ? "move the link away" : "put it aside"));
      const Process::Result rest = Run({"consume", "t", "--skip-damage"});
      EXPECT_EQ(rest.exit, 1);
      EXPECT_THAT(LinesOf(rest.out), SizeIs(readable + 5));
      EXPECT_THAT(rest.err, AllOf(HasSubstr("passed by"), HasSubstr(file)));
      const Process::Result it = Run({"consume", "t", "--partition", "0"});
      EXPECT_EQ(it.exit, 1);
      EXPECT_THAT(LinesOf(it.out), SizeIs(left));
      const Process::Result timed =
          Run({"consume", "t", "--skip-damage", "--from", "@0"});
      EXPECT_EQ(timed.exit, 1);
      EXPECT_THAT(LinesOf(timed.out), SizeIs(readable + 5));
    }
  }
}

// Where it is at least as far as what is known to have been there.
TEST_F(OddDirectory, ALastSegmentThatIsNoFileIsToldAndTheOthersAreRead) {
  MakeSegments();
  PutBy();
  Leaves(Left::kDamaged);
  const std::string foreign = dir() + "/t-0/00000000000000009999.log";
  const std::string last = *Logs().rbegin();
  const std::string mark = dir() + "/.kafka_cleanshutdown";
  struct Odd {
    std::string_view name;
    std::string file;
    std::function<void()> put;
    size_t left;
    int exit;
  };
  const std::vector<Odd> odds = {
      {"a pipe", foreign, [&] { PutPipe(foreign); }, 120, 0},
      {"a link", foreign,
       [&] { std::filesystem::create_symlink(last, foreign); }, 120, 0},
      {"an empty file", foreign, [&] { Write(foreign, ""); }, 120, 0},
      {"a pipe for what is not known to be durable", last,
       [&] {
         std::filesystem::remove(mark);
         std::filesystem::remove(dir() + "/recovery-point-offset-checkpoint");
         PutPipe(last);
       },
       80, 1},
  };
  for (const Odd& odd : odds) {
    SCOPED_TRACE(odd.name);
    PutBack();
    odd.put();
    const Process::Result read = Run({"consume", "t"});
    EXPECT_EQ(read.exit, odd.exit);
    EXPECT_THAT(LinesOf(read.out), SizeIs(odd.left + 5));
    EXPECT_EQ(TimesIn(read.err, odd.file), 1);
    const std::string described =
        Do({"topic", "describe", "t", "--format", "json"});
    EXPECT_THAT(described, Not(HasSubstr("9999")));
  }
}

TEST_F(OddDirectory, ADamagedSmallFileIsToldOnce) {
  Make("a", 2);
  Leaves(Left::kDamaged);
  const std::string file = dir() + "/recovery-point-offset-checkpoint";
  Write(file, "x");
  const Process::Result read = Run({"consume", "a"});
  EXPECT_EQ(read.exit, 0);
  EXPECT_THAT(LinesOf(read.out), SizeIs(10));
  EXPECT_EQ(TimesIn(read.err, file), 1);
  Write(dir() + "/meta.properties", "x");
  for (const Words& words :
       {Words{"log", "verify"}, {"log", "verify", "--format", "json"}}) {
    const Process::Result verified = Run(words);
    EXPECT_EQ(verified.exit, 1);
    EXPECT_EQ(TimesIn(verified.out, "meta.properties"), 1);
  }
}

TEST_F(OddDirectory, APipeInAFilesPlaceIsPutAsideAsVerifySaysItIs) {
  MakeSegments();
  PutBy();
  for (const std::string name :
       {"recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
        "cauce.topics", "t-0/partition.metadata", "t-0/leader-epoch-checkpoint",
        "t-0/00000000000000000000.index", "t-0/00000000000000009999.log"}) {
    SCOPED_TRACE(name);
    PutBack();
    const std::string file = dir() + "/" + name;
    PutPipe(file);

    const Process::Result verified = Run({"log", "verify"});
    EXPECT_EQ(verified.exit, 1);
    EXPECT_THAT(verified.out, HasSubstr(file));
    EXPECT_THAT(verified.out,
                HasSubstr(name.ends_with(".index")
                              ? "move away what stands there"
                              : "let cauce log repair put it aside"));
    EXPECT_THAT(Do({"log", "repair", "--dry-run"}), HasSubstr(file + ".cut"));
    EXPECT_THAT(Do({"log", "repair"}), HasSubstr(file + ".cut"));
    Do({"log", "verify"});
    EXPECT_THAT(LinesOf(Do({"consume", "t"})), SizeIs(125));
  }
}

TEST_F(OddDirectory, ASocketInAnIndexesPlaceIsPutAsideAsTheDryRunSays) {
  MakeSegments();
  for (const std::string name :
       {"t-0/00000000000000000000.index", "t-0/00000000000000000000.timeindex",
        "t-0/00000000000000000000.txnindex"}) {
    SCOPED_TRACE(name);
    const std::string file = dir() + "/" + name;
    std::filesystem::remove(file);
    ASSERT_EQ(mknod(file.c_str(), S_IFSOCK | 0600, 0), 0);
    EXPECT_EQ(Run({"log", "verify"}).exit, 1);
    EXPECT_THAT(Do({"log", "repair", "--dry-run"}), HasSubstr(file + ".cut"));
    EXPECT_THAT(Do({"log", "repair"}), HasSubstr(file + ".cut"));
    Do({"log", "verify"});
    EXPECT_THAT(Do({"log", "repair"}), HasSubstr("nothing to do"));
    EXPECT_THAT(LinesOf(Do({"consume", "t"})), SizeIs(125));
  }
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
                               {"topic", "list"},
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

// The system would end the process by a signal.
TEST_F(OddDirectory, ALimitOfFileSizesIsToldAsAFullDisk) {
  Make("a", 1);
  const Process::Result result = test::Run(
      {"/bin/sh", "-c",
       fmt::format("ulimit -f 100; exec {} produce a --dir {}", test::kCauce,
                   dir())},
      test::ManyLines(5000));
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("ulimit -f"));
  Do({"produce", "a"}, "more\n");
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
