// `cauce group` and `cauce consume --group`: what groups are shown as, where
// they are moved, and what reading as a member commits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tests/testing/matchers.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;
using test::LinesOf;
using test::Process;
using test::Words;

class GroupVerbs : public test::CauceTest {
 protected:
  // Ten records in a topic of one partition, at times 1000 to 10000.
  void MakeOrders() {
    Do({"topic", "create", "orders", "--config", "retention.ms=-1"});
    std::string records;
    for (int i = 0; i < 10; ++i) {
      records += fmt::format("{{\"value\":\"v{}\",\"timestamp\":{}}}\n", i,
                             1000 * (i + 1));
    }
    Do({"produce", "orders", "--format", "json"}, records);
  }
  std::string Read(Words more = {}) {
    Words words = {"consume", "orders", "--group", "g"};
    words.insert(words.end(), more.begin(), more.end());
    return Do(std::move(words));
  }
  Json Described() {
    return Json::parse(
        Do({"group", "describe", "g", "--format", "json"}));
  }
  // Where the group is in the topic's first partition.
  int64_t At() {
    const Json offsets = Described()["offsets"];
    EXPECT_THAT(offsets, SizeIs(1));
    return offsets[0]["committed"].get<int64_t>();
  }
  Json Seek(const std::string& to, Words more = {}) {
    Words words = {"group", "seek",     "g",   "--to",
                   to,      "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    return Json::parse(Do(std::move(words)));
  }
};

TEST_F(GroupVerbs, ReadsOnWhereTheGroupIs) {
  MakeOrders();
  EXPECT_THAT(LinesOf(Read({"--count", "3"})),
              ElementsAre("v0", "v1", "v2"));
  EXPECT_EQ(At(), 3);
  EXPECT_THAT(LinesOf(Read()), SizeIs(7));
  EXPECT_EQ(At(), 10);
  EXPECT_EQ(Read(), "");
  Do({"produce", "orders"}, "more\n");
  EXPECT_EQ(Described()["offsets"][0]["lag"], 1);
  EXPECT_EQ(Read(), "more\n");
}

TEST_F(GroupVerbs, ReadsNothingAtOnceIfThatIsAsked) {
  MakeOrders();
  EXPECT_EQ(Read({"--count", "0"}), "");
  EXPECT_EQ(Run({"consume", "none", "--group", "g", "--count", "0"}).exit, 1);
  Read({"--count", "3"});
  EXPECT_EQ(Read({"--count", "0"}), "");
  EXPECT_EQ(At(), 3);
}

TEST_F(GroupVerbs, PrintsAMembersRecordsAsAnyOthers) {
  MakeOrders();
  const std::string alone =
      Do({"consume", "orders", "--format", "json", "--count", "2"});
  EXPECT_EQ(Read({"--format", "json", "--count", "2"}), alone);
  EXPECT_EQ(Read({"--print", "%i %p %o %v|", "--count", "1"}), "0 0 2 v2|");
}

TEST_F(GroupVerbs, LeavesTheGroupWhereItIsIfThatIsAsked) {
  MakeOrders();
  Read({"--count", "4"});
  EXPECT_THAT(LinesOf(Read({"--no-commit"})), SizeIs(6));
  EXPECT_EQ(At(), 4);
}

TEST_F(GroupVerbs, BeginsAtTheEndIfThatIsAsked) {
  MakeOrders();
  EXPECT_EQ(Read({"--from", "end"}), "");
  EXPECT_EQ(At(), 10);
  EXPECT_EQ(Read({"--from", "start"}), "") << "it has committed by now";
}

TEST_F(GroupVerbs, CommitsNothingThatItCouldNotPrint) {
  MakeOrders();
  const Process::Result lost = test::Run(
      {"/bin/sh", "-c",
       fmt::format("{} consume orders --group g --dir {} > /dev/full",
                   test::kCauce, dir())});
  EXPECT_EQ(lost.exit, 1);
  EXPECT_THAT(lost.err, HasSubstr("standard output"));
  EXPECT_THAT(LinesOf(Read()), SizeIs(10));
}

TEST_F(GroupVerbs, ReadsEveryPartition) {
  Do({"topic", "create", "orders", "--partitions", "3"});
  for (int i = 0; i < 3; ++i) {
    Do({"produce", "orders", "--partition", std::to_string(i)}, "v\n");
  }
  EXPECT_THAT(LinesOf(Read()), SizeIs(3));
  EXPECT_THAT(Described()["offsets"], SizeIs(3));
}

TEST_F(GroupVerbs, SaysThatItNeedsADirectoryThatNobodyElseWrites) {
  MakeOrders();
  Read({"--count", "2"});
  Process writer(WithDir({"produce", "orders", "--print-acks"}));
  ASSERT_TRUE(writer.Write("x\n"));
  ASSERT_TRUE(writer.ReadLine().has_value());

  const Process::Result refused = Run({"consume", "orders", "--group", "g"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("--group joins and commits"));
  EXPECT_EQ(Run({"group", "seek", "g", "--to", "start"}).exit, 1);
  // But what only reads works beside it.
  EXPECT_THAT(Do({"group", "list"}), HasSubstr("g"));
  EXPECT_EQ(At(), 2);
  EXPECT_EQ(Described()["offsets"][0]["lag"], 9);
  EXPECT_EQ(Seek("start", {"--dry-run"})["partitions"][0]["after"], 0);
  writer.CloseInput();
  EXPECT_EQ(writer.Finish().exit, 0);
}

TEST_F(GroupVerbs, ListsAndDescribesGroups) {
  MakeOrders();
  EXPECT_EQ(Do({"group", "list", "--format", "json"}), "[]\n");
  Read({"--count", "4"});
  EXPECT_THAT(Do({"group", "list"}), ContainsRegex("\ng +Empty +consumer\n"));
  EXPECT_THAT(
      Do({"group", "describe", "g"}),
      AllOf(HasSubstr("state       Empty\n"),
            ContainsRegex("\nTOPIC +PARTITION +COMMITTED +END +LAG +MEMBER\n"
                          "orders +0 +4 +10 +6 +-\n")));
  const Json json = Described();
  EXPECT_EQ(json["state"], "Empty");
  EXPECT_THAT(json["members"], IsEmpty());
  EXPECT_EQ(json["offsets"][0]["log_end"], 10);
}

TEST_F(GroupVerbs, ShowsNamesThatNoTerminalObeysAndNoneAsAnother) {
  MakeOrders();
  const Words names = {"a\n\x1b[31m", "b\xff", "b\xfe", "c\\xff"};
  for (const std::string& name : names)
    Do({"group", "seek", name, "--to", "0", "--topic", "orders"});

  const Words list = LinesOf(Do({"group", "list"}));
  ASSERT_THAT(list, SizeIs(5));
  EXPECT_THAT(list[1], StartsWith("a\\n\\x1b[31m "));
  EXPECT_THAT(list[2], StartsWith("b\\xfe "));
  EXPECT_THAT(list[3], StartsWith("b\\xff "));
  EXPECT_THAT(list[4], StartsWith("c\\\\xff "));
  const Json json = Json::parse(Do({"group", "list", "--format", "json"}));
  EXPECT_EQ(json[0]["group"], names[0]);
  EXPECT_EQ(json[1]["group"], (Json{{"base64", "Yv4="}}));
  EXPECT_EQ(json[2]["group"], (Json{{"base64", "Yv8="}}));
  EXPECT_THAT(Do({"group", "describe", names[1]}),
              StartsWith("group       b\\xff\n"));
  EXPECT_EQ(Json::parse(Do({"group", "describe", names[1], "--format",
                            "json"}))["group"],
            (Json{{"base64", "Yv8="}}));
  EXPECT_EQ(Do({"group", "delete", names[0], "--yes"}),
            "deleted a\\n\\x1b[31m\n");
  EXPECT_THAT(Run({"group", "describe", names[0]}).err,
              Not(HasSubstr("\x1b")));
}

TEST_F(GroupVerbs, ListsGroupsBesideAPartitionThatIsDamaged) {
  Leaves(test::Left::kDamaged);
  MakeOrders();
  // In partitions 3 and 4.
  for (const std::string name : {"g", "h"}) {
    for (int i = 0; i < 3; ++i)
      Do({"group", "seek", name, "--to", "1", "--topic", "orders"});
  }
  const std::string file =
      dir() + "/__consumer_offsets-4/00000000000000000000.log";
  std::fstream log(file, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  log.put('\xff');
  log.close();

  const Process::Result list = Run({"group", "list"});
  EXPECT_EQ(list.exit, 1);
  EXPECT_THAT(list.err,
              AllOf(HasSubstr("groups are left out: "), HasSubstr(file)));
  ASSERT_THAT(LinesOf(list.out), SizeIs(2));
  EXPECT_THAT(LinesOf(list.out)[1], StartsWith("g "));
  const Process::Result json = Run({"group", "list", "--format", "json"});
  EXPECT_EQ(json.exit, 1);
  EXPECT_THAT(Json::parse(json.out), SizeIs(1));
  // Who asks for one of them learns why it cannot be told.
  EXPECT_THAT(Run({"group", "describe", "h"}).err, HasSubstr(file));
  EXPECT_THAT(Run({"group", "describe", "gg"}).err,
              HasSubstr("did you mean g?"));
}

TEST_F(GroupVerbs, SaysThatADirectoryIsMissingAndHowItIsMade) {
  for (const Words& words :
       {Words{"group", "list"}, Words{"topic", "list"},
        Words{"group", "seek", "g", "--to", "1"}}) {
    const Process::Result result = Run(words);
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err,
                AllOf(HasSubstr(dir() + ": No such file"),
                      HasSubstr("cauce topic create TOPIC --dir " + dir())));
  }
  EXPECT_FALSE(std::filesystem::exists(dir()));
}

TEST_F(GroupVerbs, TakesNoNameThatNoGroupCanHave) {
  MakeOrders();
  for (const std::string& name : {std::string(), std::string(32768, 'g')}) {
    for (const Words& words :
         {Words{"group", "describe", name}, Words{"group", "delete", name},
          Words{"group", "seek", name, "--to", "1", "--topic", "orders"},
          Words{"consume", "orders", "--group", name}}) {
      const Process::Result result = Run(words);
      EXPECT_EQ(result.exit, 2);
      EXPECT_THAT(result.err,
                  HasSubstr(name.empty() ? "must not be empty" : "32768"));
    }
  }
  const std::string longest(32767, 'g');
  EXPECT_EQ(
      Run({"group", "seek", longest, "--to", "1", "--topic", "orders"}).exit,
      0);
}

TEST_F(GroupVerbs, KnowsNoGroupThatIsNotThere) {
  MakeOrders();
  Read();
  const Process::Result result = Run({"group", "describe", "gg"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("gg"), HasSubstr("did you mean g?")));
  EXPECT_EQ(Run({"group", "delete", "gg", "--yes"}).exit, 1);
  EXPECT_EQ(Run({"group", "seek", "gg", "--to", "end"}).exit, 1);
}

TEST_F(GroupVerbs, TellsOfATopicThatIsGone) {
  MakeOrders();
  Read();
  Do({"topic", "delete", "orders", "--yes"});
  const Json offsets = Described()["offsets"];
  ASSERT_THAT(offsets, SizeIs(1));
  EXPECT_EQ(offsets[0]["lag"], nullptr);
  EXPECT_THAT(offsets[0]["error"].get<std::string>(), HasSubstr("orders"));
  EXPECT_THAT(Do({"group", "describe", "g"}), HasSubstr("ERROR"));
}

TEST_F(GroupVerbs, StopsInFrontOfDamageAndGoesPastItIfThatIsAsked) {
  Leaves(test::Left::kDamaged);
  Do({"topic", "create", "orders"});
  for (int i = 0; i < 3; ++i) Do({"produce", "orders"}, test::ManyLines(10));
  const std::string file = dir() + "/orders-0/00000000000000000000.log";
  std::fstream log(file, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  log.put('\xff');
  log.close();

  const Process::Result stopped = Run({"consume", "orders", "--group", "g"});
  EXPECT_EQ(stopped.exit, 1);
  EXPECT_THAT(stopped.err, HasSubstr(file));
  EXPECT_THAT(LinesOf(stopped.out), SizeIs(10));
  EXPECT_EQ(At(), 10) << "what was printed is committed";
  const Process::Result passed =
      Run({"consume", "orders", "--group", "g", "--skip-damage"});
  EXPECT_EQ(passed.exit, 1);
  EXPECT_THAT(passed.err, HasSubstr("reading goes on at offset 20"));
  EXPECT_THAT(LinesOf(passed.out), SizeIs(10));
  EXPECT_EQ(At(), 30);
}

TEST_F(GroupVerbs, GoesPastDamageThatIsTheFirstItReads) {
  Leaves(test::Left::kDamaged);
  Do({"topic", "create", "orders"});
  for (int i = 0; i < 3; ++i) Do({"produce", "orders"}, test::ManyLines(10));
  const std::string file = dir() + "/orders-0/00000000000000000000.log";
  std::fstream log(file, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 6));
  log.put('\xff');
  log.close();

  EXPECT_EQ(Run({"consume", "orders", "--group", "g"}).exit, 1);
  const Process::Result passed =
      Run({"consume", "orders", "--group", "g", "--skip-damage"});
  EXPECT_EQ(passed.exit, 1);
  EXPECT_THAT(passed.err, HasSubstr("reading goes on at offset 10"));
  EXPECT_THAT(LinesOf(passed.out), SizeIs(20));
}

TEST_F(GroupVerbs, EndsAtDamageOfWhatItCommittedAlsoWhereDamageIsPassed) {
  Leaves(test::Left::kDamaged);
  MakeOrders();
  for (int i = 0; i < 3; ++i) Read({"--count", "1"});
  std::string file;
  for (const auto& each : std::filesystem::directory_iterator(dir())) {
    const std::string log = each.path() / "00000000000000000000.log";
    const bool is_ours =
        each.path().filename().string().starts_with("__consumer_offsets-") &&
        std::filesystem::exists(log) && std::filesystem::file_size(log) > 0;
    if (is_ours) file = log;
  }
  std::fstream log(file, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  log.put('\xff');
  log.close();

  const Process::Result stopped =
      Run({"consume", "orders", "--group", "g", "--skip-damage"});
  EXPECT_EQ(stopped.exit, 1);
  EXPECT_THAT(stopped.err, HasSubstr(file));
  EXPECT_EQ(stopped.out, "");
}

TEST_F(GroupVerbs, TellsThatRecordsItHasNotReadAreGone) {
  Do({"topic", "create", "orders"});
  std::string old;
  for (int i = 0; i < 10; ++i)
    old += "{\"value\":\"v\",\"timestamp\":1000}\n";
  Do({"produce", "orders", "--format", "json"}, old);
  Do({"group", "seek", "g", "--to", "2", "--topic", "orders"});
  Do({"produce", "orders"}, "new\n");  // and does what retention has to do

  const Process::Result read = Run({"consume", "orders", "--group", "g"});
  EXPECT_EQ(read.exit, 0);
  EXPECT_EQ(read.out, "new\n");
  EXPECT_THAT(read.err, AllOf(HasSubstr("group g was at offset 2"),
                              HasSubstr("10 to 11")));
}

// ---- Seek

TEST_F(GroupVerbs, SeeksToOffsetsTimesShiftsAndEnds) {
  MakeOrders();
  Read({"--count", "4"});
  const std::vector<std::pair<std::string, int64_t>> steps = {
      {"start", 0}, {"7", 7},     {"-2", 5},     {"+3", 8},      {"end", 10},
      {"+5", 10},   {"-99", 0},   {"42", 10},    {"@3500", 3},   {"@99999", 10},
      {"@0", 0}};
  int64_t before = 4;
  for (const auto& [to, after] : steps) {
    SCOPED_TRACE(to);
    const Json sought = Seek(to);
    ASSERT_THAT(sought["partitions"], SizeIs(1));
    EXPECT_EQ(sought["partitions"][0]["before"], before);
    EXPECT_EQ(sought["partitions"][0]["after"], after);
    EXPECT_EQ(sought["partitions"][0]["lag"], 10 - after);
    EXPECT_EQ(At(), after);
    before = after;
  }
  EXPECT_THAT(LinesOf(Read()), SizeIs(10));
}

TEST_F(GroupVerbs, ShowsWhereItSeeksAndTellsWhatIsOutOfTheLog) {
  MakeOrders();
  Read();
  const Process::Result result = Run({"group", "seek", "g", "--to", "-99"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.out,
              ContainsRegex("TOPIC +PARTITION +BEFORE +AFTER +LAG\n"
                            "orders +0 +10 +0 +10\n"));
  EXPECT_THAT(result.err, HasSubstr("there is no offset -89"));
}

TEST_F(GroupVerbs, SeeksNowhereInADryRun) {
  MakeOrders();
  Read();
  const Json sought = Seek("start", {"--dry-run"});
  EXPECT_EQ(sought["dry_run"], true);
  EXPECT_EQ(sought["partitions"][0]["after"], 0);
  EXPECT_EQ(At(), 10);
}

TEST_F(GroupVerbs, SeeksNowhereWhereThatCannotBeShown) {
  MakeOrders();
  Read();
  const Process::Result lost = test::Run(
      {"/bin/sh", "-c",
       fmt::format("{} group seek g --to start --dir {} > /dev/full",
                   test::kCauce, dir())});
  EXPECT_EQ(lost.exit, 1);
  EXPECT_THAT(lost.err, AllOf(HasSubstr("nothing was moved"),
                              HasSubstr("standard output")));
  EXPECT_EQ(At(), 10);
}

TEST_F(GroupVerbs, MovesAndForgetsGroupsOfMembersThatAreGoneIfThatIsAsked) {
  MakeOrders();
  {
    auto client = Client::Open("dir:" + dir(), {.threads = 0});
    ASSERT_THAT(client, test::IsOk());
    auto member = (*client)->NewConsumer({.group = "g",
                                          .instance = "one",
                                          .reset = ResetTo::kEarliest});
    ASSERT_THAT(member, test::IsOk());
    ASSERT_THAT((*member)->Subscribe({"orders"}), test::IsOk());
    EXPECT_THAT((*member)->Poll(absl::Seconds(10)), test::IsOk());
  }
  EXPECT_THAT(Described()["members"], SizeIs(1));
  for (const Words& words : {Words{"group", "seek", "g", "--to", "2"},
                             Words{"group", "delete", "g", "--yes"}}) {
    const Process::Result refused = Run(words);
    EXPECT_EQ(refused.exit, 1);
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("--remove-members"), HasSubstr("NON_EMPTY")));
  }
  const Process::Result dry =
      Run({"group", "seek", "g", "--to", "2", "--topic", "orders",
           "--remove-members", "--dry-run"});
  EXPECT_EQ(dry.exit, 0);
  EXPECT_THAT(dry.err, HasSubstr("it has 1 member"));
  EXPECT_THAT(Described()["members"], SizeIs(1));

  const Process::Result moved = Run({"group", "seek", "g", "--to", "2",
                                     "--topic", "orders", "--remove-members"});
  EXPECT_EQ(moved.exit, 0) << moved.err;
  EXPECT_THAT(moved.err, HasSubstr("instance one"));
  EXPECT_THAT(Described()["members"], IsEmpty());
  EXPECT_EQ(At(), 2);
  Do({"group", "delete", "g", "--yes", "--remove-members"});
  EXPECT_EQ(Do({"group", "list", "--format", "json"}), "[]\n");
}

TEST_F(GroupVerbs, SeeksWhereItIsToldTo) {
  Do({"topic", "create", "orders", "--partitions", "3"});
  Do({"topic", "create", "bills"});
  for (int i = 0; i < 3; ++i)
    Do({"produce", "orders", "--partition", std::to_string(i)}, "a\nb\n");
  Do({"produce", "bills"}, "a\n");
  EXPECT_THAT(Seek("end", {"--topic", "orders:0,2"})["partitions"], SizeIs(2));
  EXPECT_THAT(Seek("end", {"--topic", "bills"})["partitions"], SizeIs(1));
  EXPECT_THAT(Seek("end", {"--topic", "bills", "--topic", "bills:0"})
                  ["partitions"],
              SizeIs(1));
  const Json all = Seek("start");
  ASSERT_THAT(all["partitions"], SizeIs(3));
  EXPECT_EQ(all["partitions"][0]["topic"], "bills");
  EXPECT_THAT(LinesOf(Read()), SizeIs(6)) << "from the start by default";
}

TEST_F(GroupVerbs, SaysWhatItCannotSeek) {
  MakeOrders();
  const auto fails = [&](Words words, int exit, const std::string& what) {
    words.insert(words.begin(), {"group", "seek"});
    const Process::Result result = Run(words);
    EXPECT_EQ(result.exit, exit);
    EXPECT_THAT(result.err, HasSubstr(what));
  };
  fails({"g", "--to", "yesterday"}, 2, "--to yesterday: must be");
  fails({"g", "--to", "++1"}, 2, "--to ++1: must be");
  fails({"g", "--to", "@nonsense"}, 2, "nonsense");
  fails({"g"}, 2, "--to");
  fails({"g", "--to", "1", "--topic", "a:b"}, 2, "--topic a:b");
  fails({"g", "--to", "1", "--topic", "a/b"}, 2, "a/b");
  fails({"g", "--to", "1"}, 1, "name the topics");
  fails({"g", "--to", "1", "--topic", "none"}, 1,
        "no topic none in " + dir() + "; there is: orders");
  fails({"g", "--to", "1", "--topic", "orders:7"}, 1, "7");
  fails({"g", "--to", "+1", "--topic", "orders"}, 1, "committed nothing there");
  EXPECT_EQ(Do({"group", "list", "--format", "json"}), "[]\n");
}

TEST_F(GroupVerbs, ForgetsAGroup) {
  MakeOrders();
  Read();
  EXPECT_EQ(Run({"group", "delete", "g"}).exit, 2) << "unasked";
  EXPECT_EQ(Do({"group", "delete", "g", "--yes"}), "deleted g\n");
  EXPECT_EQ(Do({"group", "list", "--format", "json"}), "[]\n");
  EXPECT_THAT(LinesOf(Read()), SizeIs(10));
}

// ---- After a kill

TEST_F(GroupVerbs, MovesAGroupWhoseMembersWereKilled) {
  Leaves(test::Left::kKilled);
  Do({"topic", "create", "orders"});
  Do({"produce", "orders"}, test::ManyLines(100'000));
  // It waits for us to read its output, in the midst of it.
  Process member(WithDir({"consume", "orders", "--group", "g"}));
  ASSERT_TRUE(member.ReadLine().has_value());
  EXPECT_EQ(Described()["state"], "Stable");
  EXPECT_THAT(Described()["members"], SizeIs(1));
  EXPECT_THAT(Run({"group", "seek", "g", "--to", "end", "--dry-run", "--topic",
                   "orders"})
                  .err,
              HasSubstr("has 1 member"));
  member.Signal(SIGKILL);
  member.Finish();

  EXPECT_EQ(Seek("99999", {"--topic", "orders"})["partitions"][0]["after"],
            99'999);
  EXPECT_THAT(Described()["members"], IsEmpty());
  EXPECT_THAT(LinesOf(Read()), SizeIs(1));
}

TEST_F(GroupVerbs, PrintsEachRecordAtLeastOnceThoughItIsKilled) {
  Leaves(test::Left::kKilled);
  Do({"topic", "create", "orders"});
  Do({"produce", "orders"}, test::ManyLines(100'000));
  Process member(WithDir({"consume", "orders", "--group", "g"}));
  ASSERT_TRUE(member.ReadLine().has_value());
  member.Signal(SIGKILL);
  const size_t printed = LinesOf(member.Finish().out).size() + 1;
  EXPECT_LT(printed, 100'000u);
  const Words again = LinesOf(Read());
  EXPECT_GE(printed + again.size(), 100'000u);
  EXPECT_EQ(again.back(), LinesOf(test::ManyLines(99'999, 100'000)).back());
}

TEST_F(GroupVerbs, CommitsWhatItPrintedWhenItIsInterrupted) {
  Do({"topic", "create", "orders"});
  Do({"produce", "orders"}, test::ManyLines(100'000));
  Process member(WithDir({"consume", "orders", "--group", "g"}));
  ASSERT_TRUE(member.ReadLine().has_value());
  member.Signal(SIGINT);
  const Process::Result ended = member.Finish();
  EXPECT_EQ(ended.exit, 128 + SIGINT);
  const size_t printed = LinesOf(ended.out).size() + 1;
  EXPECT_LT(printed, 100'000u);
  EXPECT_EQ(printed + LinesOf(Read()).size(), 100'000u);
}

TEST_F(GroupVerbs, WaitsForTheTransactionOfAProgramThatWasKilled) {
  MakeOrders();
  const std::string killed = scratch_ / "killed";
  {
    auto client = Client::Open("dir:" + dir(), {.threads = 0});
    ASSERT_THAT(client, test::IsOk());
    ProducerOptions writes;
    writes.transactional_id = "copy";
    writes.transaction_timeout = absl::Seconds(2);
    const auto producer = (*client)->NewProducer(writes).value();
    ASSERT_THAT(producer->InitTransactions(), test::IsOk());
    ASSERT_THAT(producer->BeginTransaction(), test::IsOk());
    const TopicPartition first{"orders", PartitionId{0}};
    ASSERT_THAT(producer->SendOffsetsToTransaction(
                    {{first, {.offset = {3}, .metadata = ""}}},
                    (*client)->NewConsumer({.group = "g"}).value()
                        ->group_metadata()),
                test::IsOk());
    // As it lies there when the program is killed now.
    std::filesystem::copy(dir(), killed,
                          std::filesystem::copy_options::recursive);
    ASSERT_THAT(producer->AbortTransaction(), test::IsOk());
    ASSERT_THAT((*client)->Close(), test::IsOk());
  }

  const Process::Result read = test::Run(
      test::Command({"consume", "orders", "--group", "g", "--dir", killed}));

  EXPECT_EQ(read.exit, 0) << read.err;
  EXPECT_THAT(LinesOf(read.out), SizeIs(10)) << read.err;
  EXPECT_THAT(read.err, HasSubstr("waits for transactions"));
}

TEST_F(GroupVerbs, SaysWhichOptionsDoNotGoWithAGroup) {
  const auto is_usage = [&](Words words, const std::string& what) {
    words.insert(words.begin(), {"consume", "orders"});
    const Process::Result result = Run(words);
    EXPECT_EQ(result.exit, 2);
    EXPECT_THAT(result.err, HasSubstr(what));
  };
  is_usage({"--group", "g", "--partition", "0"}, "--partition");
  is_usage({"--group", "g", "--key", "k"}, "--key");
  is_usage({"--group", "g", "--follow"}, "--follow");
  is_usage({"--group", "g", "--from", "7"}, "group seek");
  is_usage({"--group", ""}, "--group");
  is_usage({"--no-commit"}, "--group");
  is_usage({"--free-bytes-min", "0"}, "--group");
}

}  // namespace
}  // namespace cauce
