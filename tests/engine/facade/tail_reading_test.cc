// Readers at the end of a partition that another thread or they themselves
// write: what they cost in calls of the file system, and what they see.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/allocated_bytes.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class TailReading : public test::CountedEngine {
 protected:
  void Make(int32_t partitions = 1,
            std::map<std::string, std::string> configs = {}) {
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->CreateTopic(
                    "orders", {.partitions = partitions, .configs = configs}),
                IsOk());
  }
  Partition Get(int32_t partition = 0) {
    auto found = engine_->OpenPartition("orders", PartitionId{partition});
    EXPECT_THAT(found, IsOk());
    return *std::move(found);
  }
  void Append(const Partition& to, const std::string& value) {
    const Record record{.value = value};
    ASSERT_THAT(const_cast<Partition&>(to).Append({&record, 1}), IsOk());
  }
  // The values up to the end.
  static std::vector<std::string> ReadOn(Cursor& cursor) {
    std::vector<std::string> values;
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(record.value.value_or("null"));
    }
  }
  int Reads() const {
    return files_.Count(FileCall::kRead, "") +
           files_.Count(FileCall::kOpen, "");
  }
};

TEST_F(TailReading, AsksTheDiskForNothingOnceItHasComeToTheEnd) {
  Make();
  Partition orders = Get();
  Append(orders, "first");
  Cursor cursor = orders.Read(Offset{0});
  EXPECT_THAT(ReadOn(cursor), ::testing::ElementsAre("first"));
  const int before = Reads();
  for (int i = 0; i < 500; ++i) {
    const std::string value = std::to_string(i) + std::string(i * 10, 'v');
    Append(orders, value);
    ASSERT_THAT(ReadOn(cursor), ::testing::ElementsAre(value));
  }
  EXPECT_EQ(Reads(), before);
}

TEST_F(TailReading, GoesOnInMemoryBehindARoll) {
  Make(1, {{"internal.segment.bytes", "1000"}});
  Partition orders = Get();
  Append(orders, "first");
  Cursor cursor = orders.Read(Offset{0});
  EXPECT_THAT(ReadOn(cursor), ::testing::ElementsAre("first"));
  const int before = files_.Count(FileCall::kRead, ".log");
  for (int i = 0; i < 100; ++i) {
    const std::string value(100, static_cast<char>('a' + i % 26));
    Append(orders, value);
    ASSERT_THAT(ReadOn(cursor), ::testing::ElementsAre(value));
  }
  EXPECT_EQ(files_.Count(FileCall::kRead, ".log"), before);
}

TEST_F(TailReading, SeesWhatStandsWhereRecordsWereCutOff) {
  Make();
  Partition orders = Get();
  Append(orders, "first");
  Cursor cursor = orders.Read(Offset{0});
  Cursor late = orders.Read(Offset{0});
  EXPECT_THAT(ReadOn(cursor), ::testing::ElementsAre("first"));
  Append(orders, "gone");
  EXPECT_THAT(ReadOn(cursor), ::testing::ElementsAre("gone"));
  ASSERT_THAT(orders.TruncateTo(Offset{1}), IsOkAndHolds(Offset{1}));
  Append(orders, "stays");
  EXPECT_THAT(ReadOn(late), ::testing::ElementsAre("first", "stays"));
}

TEST_F(TailReading, ManyReadersGetAllWithinTheBoundTheyShare) {
  constexpr int kPartitions = 50;
  ASSERT_THAT(
      Engine::Open("/data", {.file_system = &files_, .tail_bytes_max = -1}),
      HasReason(Reason::kInvalidOption));
  int64_t grown_without = 0;
  for (const int64_t bound : {0, 100 << 10}) {
    auto engine = Engine::Open(
        "/data",
        {.file_system = &files_, .clock = &clock_, .tail_bytes_max = bound});
    ASSERT_THAT(engine, IsOk());
    const std::string topic = bound == 0 ? "unkept" : "kept";
    ASSERT_THAT(engine->CreateTopic(topic, {.partitions = kPartitions}),
                IsOk());
    std::vector<Partition> all;
    std::vector<Cursor> cursors;
    for (int32_t p = 0; p < kPartitions; ++p) {
      auto found = engine->OpenPartition(topic, PartitionId{p});
      ASSERT_THAT(found, IsOk());
      all.push_back(*std::move(found));
      Append(all.back(), "first");
      cursors.push_back(all.back().Read(Offset{0}));
      EXPECT_THAT(ReadOn(cursors.back()), ::testing::ElementsAre("first"));
    }
    // More than the bound between two looks: the oldest come from the files.
    const int before = files_.Count(FileCall::kRead, ".log");
    const int64_t allocated = test::AllocatedBytes();
    for (int32_t p = 0; p < kPartitions; ++p) {
      Append(all[p], std::string(20'000, static_cast<char>('a' + p % 26)));
    }
    // All that is there, by the allocator, and of each partition a trifle.
    const int64_t grown = test::AllocatedBytes() - allocated;
    if (bound == 0) grown_without = grown;
    EXPECT_LE(grown - grown_without, bound + kPartitions * 512);
    for (int32_t p = 0; p < kPartitions; ++p) {
      EXPECT_THAT(ReadOn(cursors[p]),
                  ::testing::ElementsAre(
                      std::string(20'000, static_cast<char>('a' + p % 26))));
    }
    EXPECT_GE(files_.Count(FileCall::kRead, ".log") - before,
              bound == 0 ? kPartitions : kPartitions / 2);
    ASSERT_THAT(engine->Close(), IsOk());
  }
  Leaves(test::Left::kWhole);
}

}  // namespace
}  // namespace cauce
