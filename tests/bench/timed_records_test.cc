#include "bench/timed_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bench/payload.h"
#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

class TimedRecordsOf : public ::testing::TestWithParam<TimeOrder> {};

TEST_P(TimedRecordsOf, HaveTheTimesThatAreTold) {
  const Payload payload(100, 4096, 1);
  TimedRecords timed(payload, GetParam());
  const auto count = static_cast<int64_t>(payload.records().size());
  for (const int64_t batch : {0, 1, 1000}) {
    const auto built = timed.BatchAt(batch);
    ASSERT_THAT(built, test::IsOk());
    EXPECT_EQ(built->record_count(), count);
    RecordReader reader;
    ASSERT_THAT(reader.Open(*built), test::IsOk());
    RecordView record;
    for (int64_t i = 0; reader.Next(&record); ++i) {
      EXPECT_EQ(record.timestamp, timed.TimeOf(batch * count + i));
      EXPECT_EQ(record.value, payload.records()[static_cast<size_t>(i)].value);
    }
  }
}

TEST_P(TimedRecordsOf, EachHasATimeOfItsOwn) {
  const Payload payload(100, 4096, 1);
  const TimedRecords timed(payload, GetParam());
  std::set<Timestamp> times;
  for (int64_t offset = 0; offset < 3000; ++offset) {
    times.insert(timed.TimeOf(offset));
  }
  EXPECT_EQ(times.size(), 3000);
}

TEST_P(TimedRecordsOf, TheFirstAtOrAfterATimeIsTheOneThatASearchOfAllFinds) {
  const Payload payload(100, 4096, 1);
  const TimedRecords timed(payload, GetParam());
  for (int64_t offset = 0; offset < 3000; ++offset) {
    int64_t first = 0;
    while (timed.TimeOf(first) < timed.TimeOf(offset)) ++first;
    ASSERT_EQ(timed.FirstAtOrAfterTimeOf(offset), first) << offset;
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, TimedRecordsOf,
                         ::testing::Values(TimeOrder::kRising,
                                           TimeOrder::kMixed),
                         [](const ::testing::TestParamInfo<TimeOrder>& info) {
                           return info.param == TimeOrder::kRising ? "Rising"
                                                                   : "Mixed";
                         });

TEST(TimedRecords, MixedOnesGoBack) {
  const Payload payload(100, 4096, 1);
  const TimedRecords timed(payload, TimeOrder::kMixed);
  EXPECT_LT(timed.TimeOf(3), timed.TimeOf(2));
}

}  // namespace
}  // namespace cauce::bench
