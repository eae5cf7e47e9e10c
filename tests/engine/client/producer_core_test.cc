#include "engine/client/producer_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <latch>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/producer.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tests/engine/client/producer_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using ProducerCoreTest = test::ProducerRig;

TEST_F(ProducerCoreTest, WritesAtOnceWhereNothingRunsInTheBackground) {
  Open();
  Produce();

  ASSERT_THAT(Send("a"), IsOk());
  EXPECT_THAT(Stored(), ElementsAre("a"));

  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0"));
}

TEST_F(ProducerCoreTest, CountsARecordAsSentOnceItsAcksSay) {
  Open();
  const auto visible = [this] {
    return client_->engine()
        ->OpenPartition("orders", PartitionId{0})
        ->high_watermark();
  };
  Produce({.acks = Acks::kNone});
  ASSERT_THAT(Send("none"), IsOk());
  EXPECT_THAT(told_, ElementsAre("none@0"));
  Produce({.acks = Acks::kLeader});
  ASSERT_THAT(Send("leader"), IsOk());
  EXPECT_THAT(told_, ElementsAre("none@0", "leader@1"));
  Produce({.acks = Acks::kAll});
  ASSERT_THAT(Send("all"), IsOk());
  EXPECT_THAT(told_, SizeIs(2)) << "it is written, and not durable";
  EXPECT_LT(visible(), Offset{3});

  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("none@0", "leader@1", "all@2"));
  EXPECT_EQ(visible(), Offset{3});
}

TEST_F(ProducerCoreTest, LingersWhereSomethingDoes) {
  Open(&executor_);
  Produce({.linger = absl::Milliseconds(5)});

  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(Send("b"), IsOk());
  executor_.RunDue();
  EXPECT_THAT(Stored(), IsEmpty());

  clock_.Advance(absl::Milliseconds(5));
  executor_.RunDue();
  EXPECT_THAT(Stored(), ElementsAre("a", "b"));
  EXPECT_THAT(told_, ElementsAre("a@0", "b@1"));
}

TEST_F(ProducerCoreTest, WritesAFullBatchWithoutLingering) {
  Open(&executor_);
  Produce({.batch_bytes = 200, .linger = absl::Hours(1)});
  const std::string value(60, 'v');

  ASSERT_THAT(Send(value), IsOk());
  ASSERT_THAT(Send(value), IsOk());
  EXPECT_THAT(Stored(), IsEmpty());
  ASSERT_THAT(Send(value), IsOk());

  EXPECT_THAT(Stored(), SizeIs(2));
}

TEST_F(ProducerCoreTest, WaitsForOneRecordWithoutLingering) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});

  const auto sent = producer_->SendAndWait(
      {.topic = "orders", .partition = PartitionId{2}, .value = "a"});

  ASSERT_THAT(sent, IsOk());
  EXPECT_EQ(sent->partition, PartitionId{2});
  EXPECT_EQ(sent->offset, Offset{0});
  EXPECT_EQ(sent->timestamp, Timestamp::From(clock_.Now()));
}

TEST_F(ProducerCoreTest, RefusesWhatGoesNowhere) {
  Open();
  Produce();
  EXPECT_THAT(producer_->Send({.topic = "none", .value = "a"}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(Send("a", 3), HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(Send("a", -1), HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(producer_->Send({.topic = "orders",
                               .value = "a",
                               .timestamp = Timestamp{-2}}),
              HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ProducerCoreTest, NamesLimitAndConfigOfARecordThatIsTooLarge) {
  Open();
  Produce({.record_bytes_max = 500});
  const absl::Status sent = Send(std::string(600, 'v'));
  EXPECT_THAT(sent, HasReason(Reason::kBatchTooLarge));
  EXPECT_THAT(std::string(sent.message()),
              AllOf(HasSubstr("limit is 500"), HasSubstr("max.request.size")));
}

// As -1 they would count for less than nothing.
TEST_F(ProducerCoreTest, RefusesSizesThatNothingHas) {
  Open();
  Produce();
  const std::string_view endless("k", SIZE_MAX);
  const Header header{"h", endless};
  const ProducerRecord records[] = {
      {.topic = "orders", .key = endless},
      {.topic = "orders", .value = endless},
      {.topic = "orders", .value = "a", .headers = {&header, 1}}};
  for (const ProducerRecord& each : records)
    EXPECT_THAT(producer_->Send(each), HasReason(Reason::kBatchTooLarge));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ProducerCoreTest, SplitsABatchThatTheTopicDoesNotTake) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});
  std::vector<std::string> sent;
  for (char c = 'a'; c < 'i'; ++c) {
    sent.emplace_back(200, c);
    ASSERT_THAT(Send(sent.back()), IsOk());
  }

  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_EQ(Stored(), sent);
  EXPECT_THAT(told_, SizeIs(8));
}

TEST_F(ProducerCoreTest, TriesAgainOnAFullDiskInItsOrder) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  FillDisk();
  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(Send("c"), IsOk());
  EXPECT_THAT(Stored(), ElementsAre("a"));

  files_.Mend();
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(Stored(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(told_, ElementsAre("a@0", "b@1", "c@2"));
}

TEST_F(ProducerCoreTest, RefusesMoreThanMayWait) {
  Open();
  Produce({.batch_bytes = 100,
           .buffer_bytes_max = 600,
           .block_max = absl::ZeroDuration()});
  FillDisk();
  absl::Status sent;
  int taken = 0;
  while (taken < 100 && sent.ok()) {
    sent = Send("v");
    if (sent.ok()) ++taken;
  }
  EXPECT_THAT(sent, HasReason(Reason::kTimedOut));
  EXPECT_THAT(std::string(sent.message()), HasSubstr("buffer.memory"));

  files_.Mend();
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(Stored(), SizeIs(static_cast<size_t>(taken)));
}

TEST_F(ProducerCoreTest, TakesNoMoreThanMayBeOnItsWayWhileNobodySyncs) {
  Open(&executor_);
  Produce({.batch_bytes = 100,
           .linger = absl::ZeroDuration(),
           .buffer_bytes_max = 1000,
           .block_max = absl::ZeroDuration()});
  absl::Status sent;
  int taken = 0;
  while (taken < 1000 && sent.ok()) {
    sent = Send("v");
    if (sent.ok()) ++taken;
  }
  EXPECT_THAT(sent, HasReason(Reason::kTimedOut));
  EXPECT_THAT(told_, IsEmpty());

  executor_.RunDue();
  EXPECT_THAT(told_, SizeIs(static_cast<size_t>(taken)));
  EXPECT_THAT(Send("v"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
}

TEST_F(ProducerCoreTest, SyncsForRoomWhereNobodyElseDoes) {
  Open();
  Produce({.batch_bytes = 100,
           .buffer_bytes_max = 1000,
           .block_max = absl::ZeroDuration()});
  for (int i = 0; i < 100; ++i) ASSERT_THAT(Send("v"), IsOk());
  EXPECT_THAT(told_, Not(IsEmpty()));
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, SizeIs(100));
}

TEST_F(ProducerCoreTest, SyncsAllThatItTakesToMakeRoom) {
  Open();
  Produce({.batch_bytes = 100, .buffer_bytes_max = 700});
  for (int32_t partition = 0; partition < 3; ++partition)
    ASSERT_THAT(Send(std::string(150, 'v'), partition), IsOk());

  // None of them may stay.
  ASSERT_THAT(Send(std::string(400, 'w')), IsOk());

  EXPECT_THAT(told_, SizeIs(3));
  ASSERT_THAT(producer_->Flush(), IsOk());
}

TEST(ProducerCores, TakeNoMoreThanSlowCallbacksLetThem) {
  // What is durable on a disk another thread finds out, and tells.
  const test::TempDir directory;
  auto client =
      Client::Open("dir:" + directory.path() + "/data", {.threads = 1});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("t"), IsOk());
  auto producer =
      (*client)->NewProducer({.batch_bytes = 100,
                              .linger = absl::ZeroDuration(),
                              .buffer_bytes_max = 1000,
                              .block_max = absl::Milliseconds(1)});
  ASSERT_THAT(producer, IsOk());
  std::latch over(1);
  absl::Status sent;
  int taken = 0;
  while (taken < 100'000 && sent.ok()) {
    sent = (*producer)->Send(
        {.topic = "t", .value = "v"},
        [&over, me = std::this_thread::get_id()](const auto&) {
          if (std::this_thread::get_id() != me) over.wait();
        });
    ++taken;
  }
  EXPECT_THAT(sent, HasReason(Reason::kTimedOut));
  over.count_down();
  ASSERT_THAT((*producer)->Flush(), IsOk());
}

TEST(ProducerCores, MaySendFromCallbacksHoweverFullTheyAre) {
  auto client = Client::Open("memory:", {.threads = 1});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("t"), IsOk());
  auto producer = (*client)->NewProducer(
      {.batch_bytes = 100, .buffer_bytes_max = 1000});
  ASSERT_THAT(producer, IsOk());
  std::atomic<int> again = 0;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_THAT((*producer)->Send({.topic = "t", .value = "first"},
                                  [&](const auto&) {
                                    ASSERT_THAT((*producer)->Send(
                                                    {.topic = "t",
                                                     .value = "second"}),
                                                IsOk());
                                    ++again;
                                  }),
                IsOk());
  }
  ASSERT_THAT((*producer)->Flush(), IsOk());
  EXPECT_EQ(again, 2000);
}

TEST_F(ProducerCoreTest, LeavesToTheExecutorWhatIsTooMuchForOneSend) {
  constexpr size_t kRecords = 1000;
  Open(&executor_);
  Produce({.batch_bytes = 100, .linger = absl::ZeroDuration()});
  FillDisk();
  for (size_t i = 0; i < kRecords; ++i) {
    ASSERT_THAT(Send(fmt::format("{}", i)), IsOk());
  }
  files_.Mend();
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(Send("last"), IsOk());
  EXPECT_THAT(Stored(), SizeIs(AllOf(Gt(0u), Lt(kRecords))));

  executor_.RunDue();
  EXPECT_THAT(Stored(), SizeIs(kRecords + 1));
  EXPECT_THAT(told_, SizeIs(kRecords + 1));
}

TEST_F(ProducerCoreTest, WakesNobodyForWhatWhoSendsWrites) {
  Open(&executor_);
  ASSERT_THAT(client_->engine()->CreateTopic(
                  "os", {.configs = {{"cauce.flush", "os"}}}),
              IsOk());
  const ProducerRecord record{.topic = "os", .value = "v"};
  Produce({.batch_bytes = 100});
  ASSERT_THAT(producer_->Send(record), IsOk());
  const int before = executor_.scheduled();  // of which one for its linger
  for (int i = 0; i < 1000; ++i) ASSERT_THAT(producer_->Send(record), IsOk());
  EXPECT_EQ(executor_.scheduled(), before);
  ASSERT_THAT(producer_->Flush(), IsOk());

  Produce({.linger = absl::ZeroDuration()});
  for (int i = 0; i < 1000; ++i) ASSERT_THAT(producer_->Send(record), IsOk());
  EXPECT_EQ(executor_.scheduled(), before);
  EXPECT_THAT(Stored(0, "os"), SizeIs(2001));
}

TEST_F(ProducerCoreTest, WritesWhatHasComeWhileItSynced) {
  Open(&executor_);
  Produce({.linger = absl::ZeroDuration()});
  ASSERT_THAT(Send("a"), IsOk());
  files_.set_during(FileCall::kSync, ".log",
                    [this] { ASSERT_THAT(Send("b"), IsOk()); });
  ASSERT_THAT(producer_->Flush(), IsOk());
  files_.Mend();
  EXPECT_THAT(Stored(), ElementsAre("a"));

  executor_.RunDue();
  EXPECT_THAT(Stored(), ElementsAre("a", "b"));
  EXPECT_THAT(told_, ElementsAre("a@0", "b@1"));
}

// Its Send meets who syncs there, and nobody else comes.
TEST_F(ProducerCoreTest, WritesWhatHasComeWhileItSyncedWithoutThreads) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  files_.set_during(FileCall::kSync, ".log",
                    [this] { ASSERT_THAT(Send("b"), IsOk()); });
  ASSERT_THAT(producer_->Flush(), IsOk());
  files_.Mend();
  EXPECT_THAT(Stored(), ElementsAre("a", "b"));
  EXPECT_THAT(told_, ElementsAre("a@0"));

  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0", "b@1"));
}

// What comes while it syncs is written behind that, so that as many wait to be
// acknowledged as before.
TEST_F(ProducerCoreTest, MakesRoomBySyncsThoughOthersSendMeanwhile) {
  Open();
  Produce({.batch_bytes = 100,
           .buffer_bytes_max = 900,
           .block_max = absl::ZeroDuration()});
  ASSERT_THAT(Send(std::string(300, 'a'), 0), IsOk());
  ASSERT_THAT(Send(std::string(300, 'b'), 1), IsOk());
  int syncs = 0;
  files_.set_during(FileCall::kSync, "orders-0/00000000000000000000.log", [&] {
    ++syncs;
    EXPECT_THAT(Send("c", 0), IsOk());
  });

  // Takes all there is but for what has come.
  EXPECT_THAT(Send(std::string(600, 'd'), 2), IsOk());

  EXPECT_EQ(syncs, 1);
  files_.Mend();
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, SizeIs(4));
}

TEST_F(ProducerCoreTest, AsksForATopicAnewWhateverGoesToItsOpenBatches) {
  Open(&executor_);
  Produce({.metadata_age_max = absl::Minutes(5)});
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(client_->engine()->CreatePartitions("orders", 4), IsOk());
  ASSERT_THAT(Send("b"), IsOk());  // to the open one
  EXPECT_THAT(Send("c", 3), HasReason(Reason::kUnknownPartition));

  clock_.Advance(absl::Minutes(5));
  ASSERT_THAT(Send("c", 3), IsOk());
  executor_.RunDue();
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(Stored(0), ElementsAre("a", "b"));
  EXPECT_THAT(Stored(3), ElementsAre("c"));
}

TEST_F(ProducerCoreTest, SpreadsRecordsWithoutAKeyWhateverFillsABatch) {
  Open();
  Produce({.batch_bytes = 400});
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(producer_->SendAndWait(
                    {.topic = "orders", .value = std::string(100, 'v')}),
                IsOk());
  }
  for (int32_t partition = 0; partition < 3; ++partition) {
    EXPECT_THAT(Stored(partition), Not(IsEmpty()));
  }
}

TEST_F(ProducerCoreTest, MakesVisibleWhatItFlushesWhereNobodyElseDoes) {
  Open();
  Produce({.acks = Acks::kLeader});
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  auto opened = client_->engine()->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->high_watermark(), Offset{1});
}

TEST_F(ProducerCoreTest, CountsPartitionsAnewWhereATopicWasMadeAgain) {
  Open();
  Produce();
  ASSERT_THAT(Send("a", 2), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  ASSERT_THAT(client_->engine()->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(client_->engine()->CreateTopic("orders", {.partitions = 1}),
              IsOk());
  ASSERT_THAT(Send("b", 2), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0", "b: UNKNOWN_PARTITION"));
  EXPECT_THAT(producer_->PartitionsOf("orders"), IsOkAndHolds(1));
}

TEST_F(ProducerCoreTest, SendsAgainAsItWasWhateverBecomesOfOlderOnes) {
  Open(&executor_);
  Produce({.linger = absl::ZeroDuration()});
  ASSERT_THAT(Send("a"), IsOk());  // in flight
  FillDisk();
  ASSERT_THAT(Send("b"), IsOk());  // to be tried again
  files_.Mend();
  // The sync of the first is not begun.
  for (const FileCall call : {FileCall::kOpen, FileCall::kSyncDirectory}) {
    files_.Fail(call, "", absl::ResourceExhaustedError("no descriptor"));
  }
  executor_.RunDue();
  EXPECT_THAT(told_, ElementsAre("a: NONE"));
  files_.Mend();
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(Stored(), ElementsAre("a", "b"));

  auto opened = client_->engine()->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(opened, IsOk());
  Cursor cursor = opened->Read(Offset{0}, {.up_to = ReadUpTo::kLogEnd});
  RecordBatch first;
  ASSERT_THAT(cursor.NextBatch(&first), IsOkAndHolds(true));
  const ProducerId id = first.producer_id();
  RecordBatch second;
  ASSERT_THAT(cursor.NextBatch(&second), IsOkAndHolds(true));
  EXPECT_EQ(second.producer_id(), id);
  EXPECT_EQ(second.base_sequence(), 1);
}

// Every second record is synced in its append, for the first time with its
// directory: where that finds no descriptor the append fails, and has written.
TEST_F(ProducerCoreTest, StoresOnceWhatWasWrittenAndCouldNotBeSynced) {
  Open();
  ASSERT_THAT(client_->engine()->AlterTopic(
                  "orders", {{"cauce.flush", "os"}, {"flush.messages", "2"}}),
              IsOk());
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  const int before = files_.Count(FileCall::kSyncDirectory, "orders-0");
  files_.Fail(FileCall::kSyncDirectory, "orders-0",
              absl::ResourceExhaustedError("no descriptor is left"));

  ASSERT_THAT(Send("b"), IsOk());

  EXPECT_GT(files_.Count(FileCall::kSyncDirectory, "orders-0"), before);
  EXPECT_THAT(told_, ElementsAre("a@0")) << "the other is to be tried again";
  EXPECT_THAT(Stored(), ElementsAre("a", "b"));
  files_.Mend();
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0", "b@1", "c@2"));
  EXPECT_THAT(Stored(), ElementsAre("a", "b", "c"));
}

TEST_F(ProducerCoreTest, FindsATopicThatWasMadeAgain) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  ASSERT_THAT(client_->engine()->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  ASSERT_THAT(client_->engine()->CreateTopic("orders", {.partitions = 1}),
              IsOk());
  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("a@0", "b: UNKNOWN_TOPIC", "c@0"));
  EXPECT_THAT(Stored(), ElementsAre("c"));
}

TEST_F(ProducerCoreTest, FindsNewPartitionsWhenItAsksAgain) {
  Open();
  Produce({.metadata_age_max = absl::Minutes(5)});
  EXPECT_THAT(producer_->PartitionsOf("orders"), IsOkAndHolds(3));
  ASSERT_THAT(client_->engine()->CreatePartitions("orders", 5), IsOk());
  EXPECT_THAT(producer_->PartitionsOf("orders"), IsOkAndHolds(3));
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(producer_->PartitionsOf("orders"), IsOkAndHolds(5));
  ASSERT_THAT(Send("a", 4), IsOk());
}

// Threads, each with its own order, beside a disk that is full now and then:
// what is told as stored is stored once, in the order of its thread.
TEST(ProducerCores, StoreWhatTheySayOnceAndInOrder) {
  test::Seed seed;
  constexpr int kThreads = 4;
  constexpr int kRecords = 2000;
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  std::map<std::pair<int, int>, Offset> told;  // only in callbacks, in turn
  {
    auto client = Client::Open(
        "dir:/data", {.engine = {.file_system = &files}, .threads = 2});
    ASSERT_THAT(client, IsOk());
    ASSERT_THAT((*client)->engine()->CreateTopic("t", {.partitions = 2}),
                IsOk());
    auto producer =
        (*client)->NewProducer({.batch_bytes = 300,
                                .linger = absl::Milliseconds(1),
                                .retry_backoff = absl::Milliseconds(1)});
    ASSERT_THAT(producer, IsOk());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kRecords; ++i) {
          if (thread == 0 && i % 100 == 0) {
            files.Mend();
            if (i % 200 == 0) {
              files.Fail(FileCall::kWrite, ".log",
                         MakeError(Reason::kDiskFull, "no space left"));
            }
          }
          const std::string value = fmt::format("{} {}", thread, i);
          ASSERT_THAT((*producer)->Send(
                          {.topic = "t",
                           .partition = PartitionId{thread % 2},
                           .value = value},
                          [&told, thread, i](const auto& sent) {
                            ASSERT_THAT(sent, IsOk());
                            told[{thread, i}] = sent->offset;
                          }),
                      IsOk());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    files.Mend();
    ASSERT_THAT((*producer)->Close(), IsOk());

    for (int partition = 0; partition < 2; ++partition) {
      auto opened =
          (*client)->engine()->OpenPartition("t", PartitionId{partition});
      ASSERT_THAT(opened, IsOk());
      Cursor cursor = opened->Read(Offset{0});
      std::map<int, int> next;
      RecordView record;
      for (auto more = cursor.Next(&record); *more;
           more = cursor.Next(&record)) {
        int thread = 0;
        int i = 0;
        ASSERT_EQ(std::sscanf(std::string(*record.value).c_str(), "%d %d",
                              &thread, &i),
                  2);
        EXPECT_EQ(i, next[thread]++);
        EXPECT_EQ((told[{thread, i}]), record.offset);
      }
      EXPECT_EQ(next[partition], kRecords);
      EXPECT_EQ(next[partition + 2], kRecords);
    }
  }
  test::ExpectVerified(*memory, "/data", test::Left::kWhole);
}

// Who flushes passes the queue in which another thread writes, and is behind it
// when that has written: nobody comes to sync it but who waits.
TEST_F(ProducerCoreTest, AFlushWithoutThreadsSyncsWhatOthersHaveJustWritten) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(Send("b", 1), IsOk());
  std::latch writing(1);
  std::latch passed(1);
  std::latch sent(1);
  files_.set_during(FileCall::kWrite, "orders-0/00000000000000000000.log", [&] {
    files_.set_during(FileCall::kSync, "orders-1/00000000000000000000.log",
                      [&] {
                        passed.count_down();
                        sent.wait();
                      });
    writing.count_down();
    passed.wait();
  });
  absl::Status others;
  std::thread other([&] {
    others = producer_->Send(
        {.topic = "orders", .partition = PartitionId{0}, .value = "c"});
    sent.count_down();
  });
  writing.wait();

  EXPECT_THAT(producer_->Flush(), IsOk());

  other.join();
  EXPECT_THAT(others, IsOk());
  EXPECT_THAT(Stored(), ElementsAre("a", "c"));
  EXPECT_THAT(told_, UnorderedElementsAre("a@0", "b@0"));
}

}  // namespace
}  // namespace cauce
