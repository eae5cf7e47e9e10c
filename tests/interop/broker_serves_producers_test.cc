// What a broker of Apache Kafka makes of our transactions and producers: its
// consumer gets of them what a cursor gives, the broker knows each producer by
// our snapshot, ends what was open, and leaves a snapshot that is read here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/interop/broker_serves.h"
#include "tests/interop/compacted_topic.h"
#include "tests/interop/mixed_producers.h"
#include "tests/interop/partition_files.h"
#include "tests/interop/record_line.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/retried_batches.h"
#include "tests/interop/same_reading.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::ExpectNoComplaint;
using test::IsOk;
using test::WrittenTopic;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;

// A broker forgets a producer within a month, by its own clock: so far ahead of
// that it forgets none.
constexpr absl::Time kAhead = absl::FromUnixSeconds(2'400'000'000);

class BrokerServes : public test::BrokerServes {
 protected:
  // What the two kinds of consumers get.
  struct Printed {
    std::string uncommitted;
    std::string committed;
  };
  Printed ReadBoth(const test::Broker& broker) {
    return {.uncommitted = Read(broker, Isolation::kReadUncommitted),
            .committed = Read(broker, Isolation::kReadCommitted)};
  }

  // Of the topic as it was closed.
  void HandOver(WrittenTopic& topic, LeaderEpoch epoch) {
    const auto description = topic.engine().DescribeTopic("t");
    ASSERT_THAT(description, IsOk());
    topic.Close();
    test::BrokerServes::HandOver(topic, description->id, epoch);
  }

  // It has taken the snapshot at the log's end for all there is to know.
  void ExpectSnapshotUsed(Offset end) {
    EXPECT_THAT(LogLines(),
                Contains(AllOf(HasSubstr("Loading producer state from snapshot "
                                         "file"),
                               HasSubstr(fmt::format("{:020}.snapshot",
                                                     end.value)))));
  }
};

void ExpectSameReading(const Engine& engine, const std::string& uncommitted,
                       const std::string& committed) {
  EXPECT_THAT(test::ExpectSameReading(engine, uncommitted), ElementsAre("t"));
  EXPECT_THAT(
      test::ExpectSameReading(engine, committed, Isolation::kReadCommitted),
      ElementsAre("t"));
}

// As EndTransactions.java prints what a broker knows.
std::string ProducersOf(const WrittenTopic& topic) {
  const Offset end{static_cast<int64_t>(topic.written().size())};
  std::string lines;
  for (const auto& [id, producer] : topic.producers().At(end)) {
    lines += fmt::format("{} {} {} {} {} {}\n", id, producer.epoch,
                         producer.last_sequence, producer.timestamp,
                         producer.coordinator_epoch,
                         producer.transaction_first);
  }
  return lines;
}

TEST_F(BrokerServes, OurTransactionsAndKnowsTheirProducers) {
  const test::Seed seed;
  test::RecordMaker maker(seed.value(), kAhead);
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  topic.clock().Advance(kAhead - test::SimClock::kStart);
  test::MixedProducers producers(topic, maker,
                                 [&] { return maker.MakeSome(20); });
  for (int32_t epoch = 0; epoch < 3; ++epoch) {
    producers.Take(100, LeaderEpoch{epoch});
  }
  producers.EndAllBut(2, LeaderEpoch{2});
  HandOver(topic, LeaderEpoch{2});
  const Offset end{static_cast<int64_t>(topic.written().size())};

  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  const Printed open = ReadBoth(*broker);
  const std::string known = Print(*broker, "EndTransactions", {"t"});
  const Printed ended = ReadBoth(*broker);
  ASSERT_THAT(broker->Stop(), IsOk());

  ExpectNoComplaint(LogLines());
  ExpectSnapshotUsed(end);
  EXPECT_EQ(known, ProducersOf(topic));
  topic.Open();
  ExpectSameReading(topic.engine(), open.uncommitted, open.committed);
  EXPECT_LT(test::RecordLines(open.committed).size(),
            test::RecordLines(open.uncommitted).size());
  EXPECT_GT(test::RecordLines(ended.committed).size(),
            test::RecordLines(open.committed).size());
  topic.Close();
  // With the markers that the broker has written.
  test::ExpectVerified(*PosixFileSystem(), directory_, test::Left::kWhole);
  // By our clock its markers are years old.
  constexpr absl::Duration kCentury = absl::Hours(24 * 36500);
  auto engine = Engine::Open(
      directory_,
      {.clock = &topic.clock(), .producer_expiration = kCentury});
  ASSERT_THAT(engine, IsOk());
  ExpectSameReading(*engine, ended.uncommitted, ended.committed);
  auto partition = engine->OpenPartition("t", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  EXPECT_EQ(partition->log_end(), end + 2);
  EXPECT_THAT(partition->LastStableOffset(), test::IsOkAndHolds(end + 2));
  EXPECT_THAT(test::ExpectRetriesAnswered(*partition), Gt(4u));
  EXPECT_THAT(engine->Close(), IsOk());
}

// Spoils every third marker of a log: a bit of it, or all but its length.
// Returns how many.
int SpoilMarkers(const std::string& path) {
  std::string bytes = test::BytesOf(path);
  int markers = 0;
  int spoiled = 0;
  for (size_t at = 0; at < bytes.size();) {
    char* const batch = bytes.data() + at;
    const auto size = static_cast<size_t>(layout::ClaimedBytes(batch));
    const auto attributes = LoadBig<int16_t>(batch + layout::kAttributes);
    at += size;
    if ((attributes & layout::kControlBit) == 0) continue;
    if (markers++ % 3 != 0) continue;
    if (spoiled++ % 2 == 0) {
      bytes[at - 2] ^= 1;
    } else {
      std::fill(batch + layout::kMagic, batch + size, 'x');
    }
  }
  std::ofstream(path, std::ios::binary) << bytes;
  return spoiled;
}

TEST_F(BrokerServes, WhatWasRepairedWhereMarkersWereLost) {
  const test::Seed seed;
  test::RecordMaker maker(seed.value(), kAhead);
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  topic.clock().Advance(kAhead - test::SimClock::kStart);
  test::MixedProducers producers(topic, maker,
                                 [&] { return maker.MakeSome(20); });
  producers.Take(300, LeaderEpoch{0});
  producers.EndAllBut(0, LeaderEpoch{0});
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();
  int spoiled = 0;
  for (const auto& log : test::FilesIn(topic.folder(), {".log"})) {
    spoiled += SpoilMarkers(log);
  }
  ASSERT_THAT(spoiled, Gt(5));
  size_t written = 0;
  const auto repaired = RepairDirectory(
      *PosixFileSystem(), topic.directory(),
      {.step = [&](const RepairStep& step) {
        for (const auto& each : step.removed) written += each.ended.size();
      }});
  ASSERT_THAT(repaired, IsOk());
  ASSERT_THAT(written, Gt(5u));
  test::BrokerServes::HandOver(topic, description->id, LeaderEpoch{0});

  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  const Printed printed = ReadBoth(*broker);
  ASSERT_THAT(broker->Stop(), IsOk());

  ExpectNoComplaint(LogLines());
  EXPECT_LT(test::RecordLines(printed.committed).size(),
            test::RecordLines(printed.uncommitted).size());
  topic.Open();
  ExpectSameReading(topic.engine(), printed.uncommitted, printed.committed);
  topic.Close();
}

TEST_F(BrokerServes, WhatWasCompacted) {
  const test::Seed seed;
  test::CompactedTopic compacted(scratch_ / "data", seed.value(), kAhead);
  WrittenTopic& topic = compacted.topic();
  HandOver(topic, LeaderEpoch{0});
  const Offset end{static_cast<int64_t>(topic.written().size())};

  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  const Printed printed = ReadBoth(*broker);
  const std::string known = Print(*broker, "EndTransactions", {"t"});
  ASSERT_THAT(broker->Stop(), IsOk());

  ExpectNoComplaint(LogLines());
  ExpectSnapshotUsed(end);
  EXPECT_EQ(known, ProducersOf(topic));
  std::vector<std::string> left;
  for (const auto& record : compacted.Left([](Offset) { return false; })) {
    if (!record.end) left.push_back(test::LineOf(record.record));
  }
  EXPECT_EQ(test::RecordLines(printed.uncommitted), left);
  topic.Open();
  ExpectSameReading(topic.engine(), printed.uncommitted, printed.committed);
  topic.Close();
  test::ExpectVerified(*PosixFileSystem(), directory_, test::Left::kWhole);
}

}  // namespace
}  // namespace cauce
