// Records whose producers' clocks were wrong: times before 1970, none at all,
// and far ahead. Age alone neither deletes too early for them nor, with the
// defaults, keeps anything for ever, and a look by time finds what a walk over
// all records finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "fmt/format.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::IsEmpty;

constexpr std::string_view kDirectory = "/data";
const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr absl::Duration kKept = absl::Hours(1);
constexpr absl::Duration kSome = absl::Minutes(50);

// One that takes any time.
TopicSpec AnyTime() {
  return {
      .configs = {{"internal.segment.bytes", "150"},
                  {"index.interval.bytes", "1"},
                  {"file.delete.delay.ms", "0"},
                  {"retention.ms", "3600000"},
                  {"message.timestamp.after.max.ms", fmt::format("{}", kMax)}}};
}

class OddTimestamps : public ::testing::Test {
 protected:
  void Open() {
    engine_ = Engine::Open(kDirectory,
                           {.file_system = files_.get(), .clock = &clock_});
    ASSERT_THAT(engine_, IsOk());
  }
  void OpenWith(const TopicSpec& spec) {
    Open();
    ASSERT_THAT(engine_->CreateTopic("orders", spec), IsOk());
  }
  Partition Orders() const {
    return engine_->OpenPartition("orders", PartitionId{0}).value();
  }

  // One record, which fills more than half a segment. As a batch: a record
  // without a time would get that of now.
  absl::Status Append(Timestamp time) {
    return Orders().Append(test::BatchOfBytes(60, time).view()).status();
  }
  Timestamp Now() { return Timestamp::From(clock_.Now()); }

  int64_t StartAfterUpkeep() {
    EXPECT_THAT(engine_->RunUpkeep(), IsOk());
    return Orders().log_start().value;
  }

  void CloseAndVerify() {
    ASSERT_THAT(engine_->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory), IsEmpty());
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
  absl::StatusOr<Engine> engine_ = absl::UnknownError("not opened yet");
};

// It would keep all that follows it, since a log gets no hole.
TEST_F(OddTimestamps, FarAheadAreRefusedUnlessTheTopicAllowsThem) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  const Timestamp hour = Timestamp::From(clock_.Now() + absl::Hours(1));
  EXPECT_THAT(Append({hour.ms + 1}), HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(Append({kMax}), HasReason(Reason::kInvalidTimestamp));
  EXPECT_EQ(Orders().log_end(), Offset{0});
  EXPECT_THAT(Append(hour), IsOk());
  CloseAndVerify();
}

TEST_F(OddTimestamps, FarAheadAreNotDeletedByAgeAndBySizeAllTheSame) {
  OpenWith(AnyTime());
  ASSERT_THAT(Append({kMax}), IsOk());
  for (int i = 0; i < 6; ++i) ASSERT_THAT(Append(Now()), IsOk());
  clock_.Advance(kKept + kSome);
  EXPECT_EQ(StartAfterUpkeep(), 0) << "what is younger keeps what follows it";

  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.bytes", "200"}}),
              IsOk());
  EXPECT_GT(StartAfterUpkeep(), 0);
  EXPECT_EQ(StartAfterUpkeep(), 7) << "and then age says the rest";
  CloseAndVerify();
}

// Their age is that of the file.
TEST_F(OddTimestamps, BelowZeroCountAsNoneAndAreDeletedByTheTimeOfTheirFile) {
  for (const int64_t time : {int64_t{-1}, int64_t{-1000}, kMin}) {
    SCOPED_TRACE(time);
    OpenWith(AnyTime());
    for (int i = 0; i < 6; ++i) ASSERT_THAT(Append({time}), IsOk());
    clock_.Advance(kSome);
    EXPECT_EQ(StartAfterUpkeep(), 0);
    EXPECT_EQ(test::ReadOver(*engine_, kOrders).records.size(), 6u);
    clock_.Advance(kSome);
    EXPECT_EQ(StartAfterUpkeep(), 6);
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    CloseAndVerify();
  }
}

// The youngest record of a segment is what its age goes by, wherever it
// stands.
TEST_F(OddTimestamps, LongAgoTakeNoYoungerOneOfTheirSegmentAlong) {
  OpenWith(AnyTime());
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(Append(Now()), IsOk());
    ASSERT_THAT(Append({0}), IsOk());
  }
  EXPECT_EQ(StartAfterUpkeep(), 0);
  clock_.Advance(kKept + kSome);
  EXPECT_EQ(StartAfterUpkeep(), 6);
  CloseAndVerify();
}

// By offset.
std::vector<Timestamp> TimesOf(const Partition& partition) {
  std::vector<Timestamp> times;
  Cursor cursor = partition.Read(partition.log_start());
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    EXPECT_THAT(more, IsOk());
    if (!more.ok() || !*more) return times;
    times.push_back(record.timestamp);
  }
}

TEST_F(OddTimestamps, AreFoundAsAWalkOverAllOfThemFindsThem) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  const std::vector<int64_t> all = {kMin, -1000,    -1,       0,   1,
                                    1000, Now().ms, kMax - 1, kMax};
  OpenWith(AnyTime());
  std::vector<Timestamp> written;
  for (int i = 0; i < 40; ++i) {
    std::vector<Record> batch;
    for (int records = 0; records < 2; ++records) {
      written.push_back({all[random() % all.size()]});
      batch.push_back({.value = "v", .timestamp = written.back()});
    }
    ASSERT_THAT(Orders().Append(test::BatchOf(batch).view()), IsOk());
  }
  // As it was written, opened again, and with its indexes made anew.
  for (int again = 0; again < 3; ++again) {
    const Partition orders = Orders();
    ASSERT_EQ(TimesOf(orders), written);
    for (const int64_t time : all) {
      const auto first = std::ranges::find_if(
          written, [&](Timestamp at) { return at.ms >= time; });
      std::optional<FoundOffset> expected;
      if (first != written.end()) {
        expected = FoundOffset{Offset{first - written.begin()}, *first};
      }
      EXPECT_THAT(orders.FindByTime({time}), IsOkAndHolds(expected)) << time;
    }
    CloseAndVerify();
    for (const auto& [name, bytes] : test::Gather(*files_, kDirectory)) {
      if (again == 0 || !name.ends_with("index")) continue;
      ASSERT_THAT(files_->RemoveFile(fmt::format("{}/{}", kDirectory, name)),
                  IsOk());
    }
    Open();
  }
}

}  // namespace
}  // namespace cauce
