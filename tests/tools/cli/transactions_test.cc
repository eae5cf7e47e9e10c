// `cauce consume` and `cauce log dump` of what transactions have left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "nlohmann/json.hpp"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;
using test::Command;
using test::IsOk;
using test::LinesOf;
using test::Words;

class Cauce : public test::CauceTest {
 protected:
  // One transaction that was committed, one that was aborted, one that is open.
  void WriteTransactions() {
    auto engine = Engine::Open(dir());
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->CreateTopic(
                    "a", {.configs = {{"segment.ms", "1000000000000"}}}),
                IsOk());
    auto partition = engine->OpenPartition("a", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    test::TestProducer producer(7);
    const auto send = [&](const test::OwnedBatch& batch) {
      EXPECT_THAT(partition->Append(batch.view()), IsOk());
    };
    send(producer.InTransaction({"committed"}));
    EXPECT_THAT(partition->EndTransaction(producer.Commit()), IsOk());
    send(producer.InTransaction({"aborted"}));
    EXPECT_THAT(partition->EndTransaction(producer.Abort(5)), IsOk());
    send(producer.InTransaction({"open"}));
    EXPECT_THAT(engine->Close(), IsOk());
  }
  std::string File(const std::string& name) { return dir() + "/a-0/" + name; }
};

TEST_F(Cauce, ConsumesWhatIsCommittedWhereItIsToldTo) {
  WriteTransactions();
  EXPECT_THAT(LinesOf(Do({"consume", "a"})),
              ElementsAre("committed", "aborted", "open"));
  EXPECT_THAT(LinesOf(Do({"consume", "a", "--isolation", "read-committed"})),
              ElementsAre("committed"));
  EXPECT_EQ(Run({"consume", "a", "--isolation", "serializable"}).exit, 2);
}

TEST_F(Cauce, ConsumeTellsWhereAnOpenTransactionKeepsRecordsBack) {
  WriteTransactions();

  const auto committed = Run({"consume", "a", "--isolation", "read-committed"});

  EXPECT_EQ(committed.exit, 0);
  EXPECT_THAT(committed.err,
              HasSubstr("a-0: nothing is shown from offset 4 on, of 5"));
  EXPECT_EQ(Run({"consume", "a"}).err, "");
}

TEST_F(Cauce, DumpsWhatWasAbortedAndWhatIsKnownOfProducers) {
  WriteTransactions();
  const Words aborted = LinesOf(
      test::Run(Command({"log", "dump", File("00000000000000000000.txnindex"),
                         "--format", "json"}))
          .out);
  ASSERT_THAT(aborted, SizeIs(1));
  const Json abort = Json::parse(aborted[0]);
  EXPECT_EQ(abort["producer_id"], 7);
  EXPECT_EQ(abort["first_offset"], 2);
  EXPECT_EQ(abort["last_offset"], 3);
  EXPECT_EQ(abort["last_stable_offset"], 4);

  const Words known = LinesOf(
      test::Run(Command({"log", "dump", File("00000000000000000005.snapshot"),
                         "--format", "json"}))
          .out);
  ASSERT_THAT(known, SizeIs(1));
  const Json producer = Json::parse(known[0]);
  EXPECT_EQ(producer["producer_id"], 7);
  EXPECT_EQ(producer["producer_epoch"], 0);
  EXPECT_EQ(producer["last_sequence"], 2);
  EXPECT_EQ(producer["last_offset"], 4);
  EXPECT_EQ(producer["coordinator_epoch"], 5);
  EXPECT_EQ(producer["transaction_first_offset"], 4);

  const std::string text =
      Do({"log", "dump", "--topic", "a", "--partition", "0", "--index"});
  EXPECT_THAT(text, HasSubstr("offsets 2 to 3 were aborted"));
  EXPECT_THAT(text, HasSubstr("transaction open from offset 4"));
}

}  // namespace
}  // namespace cauce
