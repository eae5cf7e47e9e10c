#include "engine/client/local_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tests/engine/client/readable.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::IsReadable;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TopicPartition kFirst{"orders", PartitionId{0}};
const TopicPartition kSecond{"orders", PartitionId{1}};

std::vector<std::string> ValuesOf(
    const absl::StatusOr<std::span<const ConsumerRecord>>& polled) {
  EXPECT_THAT(polled, IsOk());
  std::vector<std::string> values;
  if (!polled.ok()) return values;
  for (const ConsumerRecord& record : *polled) {
    values.push_back(fmt::format("{}:{}@{}", record.partition->partition.value,
                                 *record.value, record.offset.value));
  }
  return values;
}

class LocalConsumerTest : public ::testing::Test {
 protected:
  LocalConsumerTest() {
    auto client = Client::Open("memory:", {.threads = 0});
    EXPECT_THAT(client, IsOk());
    client_ = *std::move(client);
    EXPECT_THAT(engine().CreateTopic("orders", {.partitions = 2}), IsOk());
  }
  Engine& engine() { return *client_->engine(); }
  Partition Open(const TopicPartition& name) {
    auto opened = engine().OpenPartition(name.topic, name.partition);
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  // One batch.
  void Append(const TopicPartition& to, const std::vector<std::string>& values,
              Timestamp time = {1000}) {
    std::vector<Record> records;
    for (const std::string& value : values) {
      records.push_back({.value = value, .timestamp = time});
    }
    EXPECT_THAT(Open(to).Append(records), IsOk());
  }
  // One batch of one record, whose CRC is right and whose gzip is none.
  void AppendUndecodable(const TopicPartition& to) {
    BatchFields gzip;
    gzip.codec = Codec::kGzip;
    const test::OwnedBatch batch =
        test::Batch({"lost"}, {1000}, gzip).With([](std::string& bytes) {
          for (size_t at = kBatchHeaderBytes; at < bytes.size(); ++at) {
            bytes[at] = 'x';
          }
        });
    EXPECT_THAT(Open(to).Append(batch.view()), IsOk());
  }
  void Consume(const ConsumerOptions& options = {.reset = ResetTo::kEarliest},
               const std::vector<TopicPartition>& from = {kFirst}) {
    auto consumer = client_->NewConsumer(options);
    ASSERT_THAT(consumer, IsOk());
    consumer_ = *std::move(consumer);
    ASSERT_THAT(consumer_->Assign(from), IsOk());
  }
  std::vector<std::string> Poll() {
    return ValuesOf(consumer_->Poll(absl::ZeroDuration()));
  }

  std::unique_ptr<Client> client_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(LocalConsumerTest, ReadsFromTheStartWhatIsThereAndWhatComes) {
  Append(kFirst, {"a", "b"});
  Consume();
  EXPECT_THAT(Poll(), ElementsAre("0:a@0", "0:b@1"));
  EXPECT_THAT(Poll(), IsEmpty());
  Append(kFirst, {"c"});
  EXPECT_THAT(Poll(), ElementsAre("0:c@2"));
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(LocalConsumerTest, ReadsOnlyWhatComesWhereItBeginsAtTheEnd) {
  Append(kFirst, {"a"});
  Consume(ConsumerOptions());
  EXPECT_THAT(Poll(), IsEmpty());
  Append(kFirst, {"b"});
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
}

TEST_F(LocalConsumerTest, NeedsAPositionWhereNothingResetsIt) {
  Append(kFirst, {"a"});
  Consume({.reset = ResetTo::kNone});
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kOffsetOutOfRange));
  ASSERT_THAT(consumer_->Seek(kFirst, Offset{0}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, GivesNoMoreThanAskedForAndGoesOnWithinABatch) {
  Append(kFirst, {"a", "b", "c"});
  Consume({.reset = ResetTo::kEarliest, .poll_records_max = 2});
  EXPECT_THAT(Poll(), ElementsAre("0:a@0", "0:b@1"));
  EXPECT_THAT(consumer_->Position(kFirst), IsOkAndHolds(Offset{2}));
  EXPECT_THAT(consumer_->Lag(kFirst), IsOkAndHolds(1));
  EXPECT_THAT(Poll(), ElementsAre("0:c@2"));
  EXPECT_THAT(consumer_->Lag(kFirst), IsOkAndHolds(0));
}

TEST_F(LocalConsumerTest, LetsNoPartitionStarve) {
  for (int i = 0; i < 10; ++i) Append(kFirst, {"a"});
  Append(kSecond, {"b"});
  Consume({.reset = ResetTo::kEarliest, .poll_records_max = 1},
          {kFirst, kSecond});
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  EXPECT_THAT(Poll(), ElementsAre("1:b@0"));
  EXPECT_THAT(Poll(), ElementsAre("0:a@1"));
  EXPECT_THAT(Poll(), ElementsAre("0:a@2"));
}

TEST_F(LocalConsumerTest, SeeksToOffsetsTimesStartAndEnd) {
  Append(kFirst, {"a", "b"}, {1000});
  Append(kFirst, {"c"}, {2000});
  Consume();

  ASSERT_THAT(consumer_->Seek(kFirst, Offset{1}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
  ASSERT_THAT(consumer_->SeekToTime(kFirst, Timestamp{1500}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:c@2"));
  ASSERT_THAT(consumer_->SeekToTime(kFirst, Timestamp{9000}), IsOk());
  EXPECT_THAT(Poll(), IsEmpty());
  ASSERT_THAT(consumer_->SeekToStart(kFirst), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:a@0", "0:b@1"));
  ASSERT_THAT(consumer_->SeekToEnd(kFirst), IsOk());
  EXPECT_THAT(consumer_->Position(kFirst), IsOkAndHolds(Offset{3}));
  EXPECT_THAT(consumer_->Seek(kFirst, Offset{-1}),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(consumer_->Seek(kSecond, Offset{0}),
              HasReason(Reason::kUnknownPartition));
}

TEST_F(LocalConsumerTest, FindsALostPositionByItsPolicy) {
  Append(kFirst, {"a"});
  Append(kFirst, {"b"});
  Consume();
  ASSERT_THAT(Open(kFirst).DeleteRecordsBefore(Offset{1}), IsOk());
  ASSERT_THAT(consumer_->Seek(kFirst, Offset{0}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
  ASSERT_THAT(consumer_->Seek(kFirst, Offset{77}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
}

TEST_F(LocalConsumerTest, GivesNothingOfWhatIsPaused) {
  Append(kFirst, {"a"});
  Append(kSecond, {"b"});
  Consume({.reset = ResetTo::kEarliest}, {kFirst, kSecond});
  ASSERT_THAT(consumer_->Pause(kFirst), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("1:b@0"));
  EXPECT_THAT(Poll(), IsEmpty());
  ASSERT_THAT(consumer_->Resume(kFirst), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, KeepsPositionsOfWhatStaysAssigned) {
  Append(kFirst, {"a"});
  Append(kSecond, {"b"});
  Consume({.reset = ResetTo::kEarliest}, {kFirst, kFirst});
  EXPECT_THAT(consumer_->assignment(), ElementsAre(kFirst));
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  ASSERT_THAT(consumer_->Assign({kSecond, kFirst}), IsOk());
  EXPECT_THAT(Poll(), ElementsAre("1:b@0"));
  EXPECT_THAT(Poll(), IsEmpty());
  ASSERT_THAT(consumer_->Assign({}), IsOk());
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(LocalConsumerTest, StaysAsItWasWhereAnAssignmentFails) {
  Append(kFirst, {"a"});
  Consume();
  EXPECT_THAT(consumer_->Assign({kSecond, {"none", PartitionId{0}}}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(consumer_->Assign({{"orders", PartitionId{9}}}),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(consumer_->assignment(), ElementsAre(kFirst));
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, SeesOnlyWhatIsCommittedWhereItIsToldTo) {
  Partition partition = Open(kFirst);
  test::TestProducer producer(7);
  const auto append = [&](std::string_view value) {
    ASSERT_THAT(partition.Append(producer.InTransaction({value}).view()),
                IsOk());
  };
  append("aborted");
  ASSERT_THAT(partition.EndTransaction(producer.Abort()), IsOk());
  append("committed");
  ASSERT_THAT(partition.EndTransaction(producer.Commit()), IsOk());
  append("open");

  Consume({.reset = ResetTo::kEarliest,
           .isolation = Isolation::kReadCommitted});
  EXPECT_THAT(Poll(), ElementsAre("0:committed@2"));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_THAT(consumer_->Lag(kFirst), IsOkAndHolds(0));

  Consume();
  EXPECT_THAT(Poll(), ElementsAre("0:aborted@0"));
  EXPECT_THAT(Poll(), ElementsAre("0:committed@2"));
  EXPECT_THAT(Poll(), ElementsAre("0:open@4"));
}

TEST_F(LocalConsumerTest, TellsOfADeletedTopicAndFindsTheNextOfItsName) {
  Append(kFirst, {"a"});
  Consume();
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kUnknownTopic));
  ASSERT_THAT(engine().CreateTopic("orders"), IsOk());
  Append(kFirst, {"b"});
  EXPECT_THAT(Poll(), ElementsAre("0:b@0"));
}

TEST_F(LocalConsumerTest, TellsOnceOfADeletedTopicAndReadsTheOthers) {
  ASSERT_THAT(engine().CreateTopic("bills"), IsOk());
  const TopicPartition bills{"bills", PartitionId{0}};
  Append(bills, {"gone"});
  Consume({.reset = ResetTo::kEarliest}, {bills, kFirst});
  EXPECT_THAT(Poll(), ElementsAre("0:gone@0"));
  ASSERT_THAT(engine().DeleteTopic("bills"), IsOk());
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kUnknownTopic));

  Append(kFirst, {"a"});
  EXPECT_THAT(ValuesOf(consumer_->Poll(absl::InfiniteDuration())),
              ElementsAre("0:a@0"));
  EXPECT_THAT(Poll(), IsEmpty());
  ASSERT_THAT(engine().CreateTopic("bills"), IsOk());
  Append(bills, {"new"});
  EXPECT_THAT(ValuesOf(consumer_->Poll(absl::InfiniteDuration())),
              ElementsAre("0:new@0"));
}

TEST_F(LocalConsumerTest, StandsInFrontOfWhatItCannotDecodeUntilItIsSkipped) {
  Append(kFirst, {"a"});
  AppendUndecodable(kFirst);
  Append(kFirst, {"b"});
  Consume();
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(consumer_->Poll(absl::ZeroDuration()).ok());
    EXPECT_THAT(consumer_->Position(kFirst), IsOkAndHolds(Offset{1}));
  }
  EXPECT_THAT(consumer_->SkipDamage(kFirst), IsOkAndHolds(Offset{2}));
  EXPECT_THAT(Poll(), ElementsAre("0:b@2"));
}

TEST_F(LocalConsumerTest, SkipsNothingThatIsNotDamaged) {
  Append(kFirst, {"a", "b"});
  Consume({.reset = ResetTo::kEarliest, .poll_records_max = 1});
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  EXPECT_THAT(consumer_->SkipDamage(kFirst), IsOkAndHolds(Offset{1}));
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
}

TEST_F(LocalConsumerTest, ReadsTheOthersBesideOneThatCannotBeRead) {
  AppendUndecodable(kFirst);
  for (const char* const value : {"a", "b", "c"}) Append(kSecond, {value});
  Consume({.reset = ResetTo::kEarliest}, {kFirst, kSecond});
  std::vector<std::string> told;
  for (int i = 0; i < 7; ++i) {
    const auto polled = consumer_->Poll(absl::ZeroDuration());
    if (!polled.ok()) {
      told.push_back("error");
      continue;
    }
    for (const std::string& value : ValuesOf(polled)) told.push_back(value);
  }
  EXPECT_THAT(told, ElementsAre("error", "1:a@0", "error", "1:b@1", "error",
                                "1:c@2", "error"));
}

TEST_F(LocalConsumerTest, LeavesRecordsBeWhereItIsAskedForPositions) {
  Append(kFirst, {"a"});
  Consume();
  const auto polled = consumer_->Poll(absl::ZeroDuration());
  EXPECT_THAT(consumer_->Position(kFirst), IsOkAndHolds(Offset{1}));
  EXPECT_THAT(consumer_->Lag(kFirst), IsOkAndHolds(0));
  ASSERT_THAT(consumer_->Pause(kFirst), IsOk());
  ASSERT_THAT(consumer_->Resume(kFirst), IsOk());
  EXPECT_THAT(ValuesOf(polled), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, IsWokenUpByARecordOrByHand) {
  Consume();
  std::latch polling(1);
  std::thread writer([&] {
    polling.wait();
    Append(kFirst, {"a"});
  });
  polling.count_down();
  EXPECT_THAT(ValuesOf(consumer_->Poll(absl::InfiniteDuration())),
              ElementsAre("0:a@0"));
  writer.join();

  std::thread waker([&] { consumer_->Wakeup(); });
  EXPECT_THAT(consumer_->Poll(absl::InfiniteDuration()),
              HasReason(Reason::kWokenUp));
  waker.join();
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(LocalConsumerTest, MissesNoWakeupHoweverItMeetsAPoll) {
  constexpr int kWakeups = 20'000;
  Consume({.reset = ResetTo::kEarliest, .wants_event_descriptor = true});
  std::atomic<int> woken = 0;
  std::thread waker([&] {
    for (int i = 0; i < kWakeups; ++i) {
      while (woken < i) std::this_thread::yield();
      // Sooner or later: it is to meet each place of a Poll.
      for (std::atomic<int> spin = 0; spin < i % 64; ++spin) continue;
      consumer_->Wakeup();
    }
  });
  for (int i = 0; i < kWakeups; ++i) {
    EXPECT_THAT(consumer_->Poll(absl::InfiniteDuration()),
                HasReason(Reason::kWokenUp));
    ++woken;
  }
  waker.join();
}

TEST_F(LocalConsumerTest, MakesVisibleWhatNobodyElseDoes) {
  Consume();
  const Record record{.value = "a", .timestamp = {1000}};
  ASSERT_THAT(Open(kFirst).Append({&record, 1}, {.ack = Ack::kWritten}),
              IsOk());
  EXPECT_THAT(ValuesOf(consumer_->Poll(absl::InfiniteDuration())),
              ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, MakesVisibleWhatNobodyElseDoesWithoutWaiting) {
  Consume();
  const Record record{.value = "a", .timestamp = {1000}};
  ASSERT_THAT(Open(kFirst).Append({&record, 1}, {.ack = Ack::kWritten}),
              IsOk());
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, HasADescriptorThatSaysWhenToPoll) {
  Consume({.reset = ResetTo::kEarliest, .wants_event_descriptor = true});
  const int descriptor = consumer_->event_descriptor();
  EXPECT_TRUE(IsReadable(descriptor));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_FALSE(IsReadable(descriptor));

  Append(kFirst, {"a"});
  EXPECT_TRUE(IsReadable(descriptor));
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  EXPECT_TRUE(IsReadable(descriptor));  // there may be more
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_FALSE(IsReadable(descriptor));

  consumer_->Wakeup();
  EXPECT_TRUE(IsReadable(descriptor));
}

TEST_F(LocalConsumerTest, SleepsOnBesideATransactionThatKeepsItBack) {
  Consume({.reset = ResetTo::kEarliest,
           .isolation = Isolation::kReadCommitted,
           .wants_event_descriptor = true});
  EXPECT_THAT(Poll(), IsEmpty());
  Partition partition = Open(kFirst);
  test::TestProducer producer(7);
  ASSERT_THAT(partition.Append(producer.InTransaction({"a"}).view()), IsOk());
  EXPECT_THAT(Poll(), IsEmpty());

  for (int i = 0; i < 10; ++i) Append(kFirst, {"behind it"});
  EXPECT_FALSE(IsReadable(consumer_->event_descriptor()));
  ASSERT_THAT(partition.EndTransaction(producer.Commit()), IsOk());
  EXPECT_TRUE(IsReadable(consumer_->event_descriptor()));
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, HasADescriptorThatTellsOfATopicThatIsThereAgain) {
  Consume({.reset = ResetTo::kEarliest, .wants_event_descriptor = true});
  EXPECT_THAT(Poll(), IsEmpty());
  ASSERT_THAT(client_->engine()->DeleteTopic("orders"), IsOk());
  while (IsReadable(consumer_->event_descriptor()))
    consumer_->Poll(absl::ZeroDuration()).status().IgnoreError();

  ASSERT_THAT(client_->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  EXPECT_TRUE(IsReadable(consumer_->event_descriptor()));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_FALSE(IsReadable(consumer_->event_descriptor()));
  Append(kFirst, {"a"});
  EXPECT_TRUE(IsReadable(consumer_->event_descriptor()));
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
}

TEST_F(LocalConsumerTest, HasADescriptorThatTellsOfWhatItsOwnCallsOpenUp) {
  Append(kFirst, {"a"});
  Consume({.reset = ResetTo::kEarliest, .wants_event_descriptor = true});
  const auto drain = [this] {
    while (!Poll().empty()) continue;
    EXPECT_FALSE(IsReadable(consumer_->event_descriptor()));
  };
  const auto is_readable = [this] {
    return IsReadable(consumer_->event_descriptor());
  };

  drain();
  ASSERT_THAT(consumer_->Seek(kFirst, Offset{0}), IsOk());
  EXPECT_TRUE(is_readable());
  drain();
  ASSERT_THAT(consumer_->SeekToStart(kFirst), IsOk());
  EXPECT_TRUE(is_readable());
  drain();
  ASSERT_THAT(consumer_->SeekToTime(kFirst, Timestamp{0}), IsOk());
  EXPECT_TRUE(is_readable());
  drain();
  ASSERT_THAT(consumer_->Assign({kFirst, kSecond}), IsOk());
  EXPECT_TRUE(is_readable());

  ASSERT_THAT(consumer_->Pause(kFirst), IsOk());
  Append(kFirst, {"b"});
  drain();
  ASSERT_THAT(consumer_->Resume(kFirst), IsOk());
  EXPECT_TRUE(is_readable());
  EXPECT_THAT(Poll(), ElementsAre("0:b@1"));
}

TEST_F(LocalConsumerTest, HasADescriptorThatStaysReadableBehindAnError) {
  Append(kSecond, {"a"});
  Consume({.reset = ResetTo::kNone, .wants_event_descriptor = true},
          {kFirst, kSecond});
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_TRUE(IsReadable(consumer_->event_descriptor()));
  consumer_->Wakeup();
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kWokenUp));
  EXPECT_TRUE(IsReadable(consumer_->event_descriptor()));
}

TEST_F(LocalConsumerTest, ReadsNothingOnceItIsClosed) {
  Consume();
  ASSERT_THAT(consumer_->Close(), IsOk());
  ASSERT_THAT(consumer_->Close(), IsOk());
  EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()),
              HasReason(Reason::kClosed));
  EXPECT_THAT(consumer_->Assign({kFirst}), HasReason(Reason::kClosed));
}

TEST_F(LocalConsumerTest, MayBeDestroyedBehindItsClient) {
  Append(kFirst, {"a"});
  Consume();
  client_.reset();
  EXPECT_THAT(Poll(), ElementsAre("0:a@0"));
  consumer_.reset();
}

TEST(LocalConsumers, FollowAnotherProcessThatWrites) {
  const test::TempDir dir;
  const std::string name = "dir:" + dir.path();
  auto writer = Client::Open(name);
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT((*writer)->engine()->CreateTopic("orders"), IsOk());
  auto producer = (*writer)->NewProducer();
  ASSERT_THAT(producer, IsOk());
  auto reader = Client::Open(name, {.engine = {.access = Access::kReadOnly}});
  ASSERT_THAT(reader, IsOk());
  auto consumer = (*reader)->NewConsumer({.reset = ResetTo::kEarliest});
  ASSERT_THAT(consumer, IsOk());
  ASSERT_THAT((*consumer)->Assign({kFirst}), IsOk());
  EXPECT_THAT(ValuesOf((*consumer)->Poll(absl::ZeroDuration())), IsEmpty());

  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT((*producer)->SendAndWait({.topic = "orders", .value = "v"}),
                IsOk());
    EXPECT_THAT(ValuesOf((*consumer)->Poll(absl::InfiniteDuration())),
                ElementsAre(fmt::format("0:v@{}", i)));
  }
}

TEST(LocalConsumers, FollowTheirGroupInAnotherProcessThatWrites) {
  const test::TempDir dir;
  const std::string name = "dir:" + dir.path();
  const ConsumerOptions in_group = {.group = "g", .reset = ResetTo::kEarliest};
  auto writer = Client::Open(name);
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT((*writer)->engine()->CreateTopic("orders"), IsOk());
  auto producer = (*writer)->NewProducer();
  ASSERT_THAT(producer, IsOk());
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT((*producer)->SendAndWait({.topic = "orders", .value = "v"}),
                IsOk());
  }
  auto reader = Client::Open(name, {.engine = {.access = Access::kReadOnly}});
  ASSERT_THAT(reader, IsOk());
  auto asks = (*reader)->NewConsumer(in_group);
  ASSERT_THAT(asks, IsOk());
  auto committed = (*asks)->Committed({kFirst});
  ASSERT_THAT(committed, IsOk());
  EXPECT_THAT(*committed, IsEmpty());

  auto commits = (*writer)->NewConsumer(in_group);
  ASSERT_THAT(commits, IsOk());
  for (const int64_t at : {1, 2}) {
    ASSERT_THAT((*commits)->Commit(
                    {{kFirst, {.offset = Offset{at}, .metadata = ""}}}),
                IsOk());
    committed = (*asks)->Committed({kFirst});
    ASSERT_THAT(committed, IsOk());
    ASSERT_TRUE(committed->contains(kFirst));
    EXPECT_EQ(committed->at(kFirst).offset, Offset{at});
    auto begins = (*reader)->NewConsumer(in_group);
    ASSERT_THAT(begins, IsOk());
    ASSERT_THAT((*begins)->Assign({kFirst}), IsOk());
    EXPECT_THAT(ValuesOf((*begins)->Poll(absl::ZeroDuration())),
                ElementsAre(fmt::format("0:v@{}", at)));
    EXPECT_THAT((*begins)->Close(), IsOk()) << "it has nothing to commit";
  }
  EXPECT_THAT((*asks)->Close(), IsOk());
}

// With and without somebody else who syncs.
TEST(LocalConsumers, TellOnceOfALogThatCanShowNoMore) {
  for (const int threads : {0, 1}) {
    SCOPED_TRACE(threads);
    const auto memory = NewMemoryFileSystem();
    test::FailingFileSystem files(*memory);
    auto client = Client::Open("dir:/data", {.engine = {.file_system = &files},
                                             .threads = threads});
    ASSERT_THAT(client, IsOk());
    ASSERT_THAT((*client)->engine()->CreateTopic("orders", {.partitions = 2}),
                IsOk());
    auto consumer = (*client)->NewConsumer({.reset = ResetTo::kEarliest});
    ASSERT_THAT(consumer, IsOk());
    ASSERT_THAT((*consumer)->Assign({kFirst, kSecond}), IsOk());
    const auto append = [&](const TopicPartition& to, Ack ack) {
      auto opened =
          (*client)->engine()->OpenPartition(to.topic, to.partition);
      ASSERT_THAT(opened, IsOk());
      const Record record{.value = "v", .timestamp = {1000}};
      EXPECT_THAT(opened->Append({&record, 1}, {.ack = ack}), IsOk());
    };

    files.Fail(test::FileCall::kSync, "orders-0/00000000000000000000.log",
               MakeError(Reason::kDiskFailed, "input/output error"));
    append(kFirst, Ack::kWritten);
    EXPECT_THAT((*consumer)->Poll(absl::InfiniteDuration()),
                HasReason(Reason::kDiskFailed));

    append(kSecond, Ack::kDurable);
    EXPECT_THAT(ValuesOf((*consumer)->Poll(absl::InfiniteDuration())),
                ElementsAre("1:v@0"));
    EXPECT_THAT(ValuesOf((*consumer)->Poll(absl::ZeroDuration())), IsEmpty());
  }
}

// Producers and a consumer at once: every record comes, once and in order.
TEST(LocalConsumers, MissNothingBesideProducers) {
  test::Seed seed;
  constexpr int kRecords = 20'000;
  auto client = Client::Open("memory:", {.threads = 2});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  auto producer = (*client)->NewProducer(
      {.batch_bytes = 1000, .linger = absl::Milliseconds(1)});
  ASSERT_THAT(producer, IsOk());
  auto consumer = (*client)->NewConsumer({.reset = ResetTo::kEarliest});
  ASSERT_THAT(consumer, IsOk());
  ASSERT_THAT((*consumer)->Assign({kFirst, kSecond}), IsOk());

  std::thread sender([&] {
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_THAT((*producer)->Send({.topic = "orders",
                                     .partition = PartitionId{i % 2},
                                     .value = fmt::format("{}", i)}),
                  IsOk());
    }
    ASSERT_THAT((*producer)->Flush(), IsOk());
  });
  std::vector<int> next = {0, 1};
  for (int seen = 0; seen < kRecords;) {
    const auto polled = (*consumer)->Poll(absl::InfiniteDuration());
    ASSERT_THAT(polled, IsOk());
    for (const ConsumerRecord& record : *polled) {
      int& expected = next[static_cast<size_t>(
          record.partition->partition.value)];
      ASSERT_EQ(*record.value, fmt::format("{}", expected));
      expected += 2;
      ++seen;
    }
  }
  sender.join();
}

}  // namespace
}  // namespace cauce
