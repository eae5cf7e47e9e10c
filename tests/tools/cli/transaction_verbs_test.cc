// `cauce transaction`: what transactions are shown as, and how those that hang
// are ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cauce/append.h"
#include "cauce/client.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;
using test::IsOk;
using test::LinesOf;
using test::Process;
using test::Words;

class TransactionVerbs : public test::CauceTest {
 protected:
  // In partition 1: one record that is committed, one of a transaction that
  // nobody has, and one that anybody may read behind it.
  void LeaveOneHanging() {
    Do({"topic", "create", "orders", "--partitions", "3"});
    Do({"produce", "orders", "--partition", "1"}, "before\n");
    {
      auto engine = Engine::Open(dir());
      ASSERT_THAT(engine, IsOk());
      auto partition = engine->OpenPartition("orders", PartitionId{1});
      ASSERT_THAT(partition, IsOk());
      test::TestProducer producer(7);
      EXPECT_THAT(
          partition->Append(producer.InTransaction({"hanging"}).view()),
          IsOk());
      EXPECT_THAT(engine->Close(), IsOk());
    }
    Do({"produce", "orders", "--partition", "1"}, "after\n");
  }
  std::string Committed() {
    return Do({"consume", "orders", "--isolation", "read-committed"});
  }
  Json Hanging() {
    return Json::parse(
        Do({"transaction", "list", "--hanging", "--format", "json"}));
  }
};

TEST_F(TransactionVerbs, ShowTransactionsBesideWhoIsAtThem) {
  Do({"topic", "create", "orders"});
  EXPECT_EQ(Do({"transaction", "list", "--format", "json"}), "[]\n");
  auto client = Client::Open("dir:" + dir(), {.threads = 0});
  ASSERT_THAT(client, IsOk());
  const auto producer =
      (*client)->NewProducer({.transactional_id = "pay\x1b"}).value();
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(producer->SendAndWait({.topic = "orders", .value = "v"}), IsOk());

  EXPECT_THAT(LinesOf(Do({"transaction", "list"})),
              ElementsAre(ContainsRegex("^ID +STATE +AGE +TIMEOUT"),
                          ContainsRegex("^pay.x1b +Ongoing +[0-9hm]*[0-9]s +1m "
                                        "+[0-9]+ +0 +1$")));
  const Json json =
      Json::parse(Do({"transaction", "list", "--format", "json"}));
  ASSERT_THAT(json, SizeIs(1));
  EXPECT_EQ(json[0]["transactional_id"], "pay\x1b");
  EXPECT_EQ(json[0]["state"], "Ongoing");
  EXPECT_GE(json[0]["age_ms"], 0);
  EXPECT_EQ(json[0]["partitions"][0]["topic"], "orders");
  EXPECT_THAT(Do({"transaction", "describe", "pay\x1b"}),
              AllOf(StartsWith("id        pay\\x1b\nstate     Ongoing\n"),
                    HasSubstr("\norders          0\n")));
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  const Json committed = Json::parse(
      Do({"transaction", "describe", "pay\x1b", "--format", "json"}));
  EXPECT_EQ(committed["state"], "CompleteCommit");
  EXPECT_THAT(committed["partitions"], IsEmpty());
  // What only a writer knows.
  const Process::Result locked = Run({"transaction", "list", "--hanging"});
  EXPECT_EQ(locked.exit, 1);
  EXPECT_THAT(locked.err, HasSubstr("end who has it open first"));
  EXPECT_THAT((*client)->Close(), IsOk());
}

TEST_F(TransactionVerbs, KnowNoIdThatNobodyHas) {
  Do({"topic", "create", "orders"});
  const Process::Result none = Run({"transaction", "describe", "pay"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_THAT(none.err, AllOf(HasSubstr("nobody has it"),
                              HasSubstr("cauce transaction list")));
  EXPECT_EQ(Run({"transaction", "describe", ""}).exit, 2);
  EXPECT_EQ(Run({"transaction", "describe", std::string(32768, 'x')}).exit, 2);
}

TEST_F(TransactionVerbs, AbortWhatHangsHavingShownIt) {
  LeaveOneHanging();
  EXPECT_EQ(Committed(), "before\n");
  ASSERT_THAT(Hanging(), SizeIs(1));
  EXPECT_EQ(Hanging()[0]["start"], 1);
  EXPECT_EQ(Hanging()[0]["log_end"], 3);

  const Process::Result dry =
      Run({"transaction", "abort", "--topic", "orders", "--dry-run"});
  EXPECT_EQ(dry.exit, 0) << dry.err;
  EXPECT_THAT(dry.out, ContainsRegex("\norders +1 +7 +0 +1 +3\n"));
  EXPECT_THAT(dry.err, HasSubstr("nothing was aborted"));
  EXPECT_THAT(Hanging(), SizeIs(1));
  const Process::Result lost = test::Run(
      {"/bin/sh", "-c",
       fmt::format("{} transaction abort --topic orders --dir {} > /dev/full",
                   test::kCauce, dir())});
  EXPECT_EQ(lost.exit, 1);
  EXPECT_THAT(lost.err, HasSubstr("nothing was aborted"));
  EXPECT_EQ(Committed(), "before\n");

  const Process::Result aborted =
      Run({"transaction", "abort", "--topic", "orders:1"});
  EXPECT_EQ(aborted.exit, 0) << aborted.err;
  EXPECT_EQ(aborted.out, dry.out);
  EXPECT_THAT(aborted.err, HasSubstr("was read up to offset 1, and now up to"));
  EXPECT_EQ(Committed(), "before\nafter\n");
  EXPECT_THAT(Hanging(), IsEmpty());
}

TEST_F(TransactionVerbs, AbortNothingThatDoesNotHang) {
  LeaveOneHanging();
  const auto fails = [&](const Words& more, int exit, const std::string& what) {
    Words words = {"transaction", "abort"};
    words.insert(words.end(), more.begin(), more.end());
    const Process::Result result = Run(words);
    EXPECT_EQ(result.exit, exit);
    EXPECT_THAT(result.err, HasSubstr(what));
  };
  fails({}, 2, "--topic");
  fails({"--topic", "a/b"}, 2, "a/b");
  fails({"--topic", "orders:x"}, 2, "orders:x");
  fails({"--topic", "orders:-1"}, 2, "orders:-1");
  fails({"--topic", "none"}, 1, "no topic none in " + dir());
  fails({"--topic", "orders:0"}, 1, "no transaction hangs in orders:0");
  fails({"--topic", "orders", "--topic", "orders:2"}, 1, "orders:2");
  EXPECT_THAT(Hanging(), SizeIs(1));
}

}  // namespace
}  // namespace cauce
