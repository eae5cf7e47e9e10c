#include "bench/batch_floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "bench/payload.h"
#include "bench/stored_topic.h"
#include "bench/timed_records.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::SizeIs;

TEST(StoredTopic, IsWholeInItsSegmentsAndGoes) {
  const test::TempDir directory;
  const Payload payload(1024, 64 << 10, 1);
  {
    const auto topic = StoredTopic::Create(directory / "stored", payload, 50,
                                           TimeOrder::kRising, 10);
    ASSERT_THAT(topic, test::IsOk());
    EXPECT_THAT((*topic)->LogPaths(), SizeIs(4));  // 3.2 MiB, 1 MiB at least
    for (int times = 0; times < 2; ++times) {
      auto opened = (*topic)->Open();
      ASSERT_THAT(opened, test::IsOk());
      EXPECT_EQ(opened->partition.log_end(), Offset{(*topic)->records()});
      EXPECT_THAT(opened->engine.Close(), test::IsOk());
    }
    auto opened = (*topic)->Open();
    ASSERT_THAT(opened, test::IsOk());
    ASSERT_THAT(opened->partition.Append(payload.records()), test::IsOk());
    EXPECT_THAT(opened->engine.Close(), test::IsOk());
    EXPECT_THAT((*topic)->Open(), test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// A topic of mixed times, and its floor.
class BatchFloorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto topic = StoredTopic::Create(directory_ / "stored", payload_, 50,
                                     TimeOrder::kMixed, 10);
    ASSERT_THAT(topic, test::IsOk());
    topic_ = *std::move(topic);
    auto floor = BatchFloor::Create(topic_->LogPaths());
    ASSERT_THAT(floor, test::IsOk());
    floor_ = *std::move(floor);
  }

  const test::TempDir directory_;
  const Payload payload_{1024, 64 << 10, 1};
  std::unique_ptr<StoredTopic> topic_;
  std::unique_ptr<BatchFloor> floor_;
};

TEST_F(BatchFloorTest, FindsEveryOffsetAndEveryTime) {
  for (int64_t offset = 0; offset < topic_->records(); ++offset) {
    EXPECT_THAT(floor_->ReadOffset(offset), test::IsOk());
    EXPECT_THAT(floor_->ReadTime(topic_->times().TimeOf(offset).ms),
                test::IsOk());
  }
  EXPECT_THAT(floor_->ReadOffset(-1),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(floor_->ReadTime(INT64_MAX),
              test::StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(BatchFloorTest, ChecksTheBatchThatHoldsTheOffsetOrTheTime) {
  // Near the end of the first batch.
  std::fstream log(topic_->LogPaths().front(),
                   std::ios::in | std::ios::out | std::ios::binary);
  const auto count = static_cast<int64_t>(payload_.records().size());
  log.seekp(static_cast<std::streamoff>(payload_.batch().size()) - 100);
  log << "spoilt";
  log.close();
  const TimedRecords& times = topic_->times();
  int64_t newest = 0;  // whose time only this batch, or a later one, reaches
  for (int64_t offset = 0; offset < count; ++offset) {
    newest = std::max(newest, times.TimeOf(offset).ms);
    EXPECT_THAT(floor_->ReadOffset(offset),
                test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(floor_->ReadOffset(count), test::IsOk());
  EXPECT_THAT(floor_->ReadTime(newest),
              test::StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(floor_->ReadTime(newest + 1), test::IsOk());
}

TEST(BatchFloor, OfWhatIsNoLogIsRefused) {
  const test::TempDir directory;
  EXPECT_THAT(BatchFloor::Create({}),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(BatchFloor::Create({directory / "none"}),
              test::StatusIs(absl::StatusCode::kUnavailable));
  const std::string zeros = directory / "zeros";
  std::ofstream(zeros) << std::string(100, '\0');
  EXPECT_THAT(BatchFloor::Create({zeros}),
              test::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace cauce::bench
