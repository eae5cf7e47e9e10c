// What an engine does for many partitions and segments, counted in calls of
// the file system: at creation, upkeep, and when it is opened after a kill.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ManyPartitions : public ::testing::Test {
 protected:
  absl::Status Open() {
    auto engine = Engine::Open(
        "/data", {.file_system = &files_,
                  .clock = &clock_,
                  .events = [this](Severity, std::string_view line) {
                    events_.emplace_back(line);
                  }});
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    return absl::OkStatus();
  }
  // Nothing that the process does at its end reaches the disk.
  void Kill() {
    files_.FailAfter(0);
    engine_.reset();
    files_.Mend();
    events_.clear();
  }
  void Append(int32_t partition, int times = 1) {
    auto to = engine_->OpenPartition("orders", PartitionId{partition});
    ASSERT_THAT(to, IsOk());
    const Record record{
        .key = "k", .value = "v", .timestamp = Timestamp::From(clock_.Now())};
    for (int i = 0; i < times; ++i) {
      ASSERT_THAT(to->Append({&record, 1}), IsOk());
    }
  }
  int Syncs() const {
    return files_.Count(FileCall::kSync, "") +
           files_.Count(FileCall::kSyncDirectory, "");
  }
  int Opens() const { return files_.Count(FileCall::kOpen, ""); }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  test::SimClock clock_;
  std::vector<std::string> events_;
  std::optional<Engine> engine_;
};

TEST_F(ManyPartitions, AreCreatedWithAsManySyncsAsOne) {
  ASSERT_THAT(Open(), IsOk());
  int before = Syncs();
  ASSERT_THAT(engine_->CreateTopic("one"), IsOk());
  const int for_one = Syncs() - before;
  before = Syncs();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 500}), IsOk());
  EXPECT_EQ(Syncs() - before, for_one);
  before = Syncs();
  ASSERT_THAT(engine_->CreatePartitions("orders", 1000), IsOk());
  EXPECT_LE(Syncs() - before, for_one);
}

TEST_F(ManyPartitions, ThoseThatHoldNothingCostNothingAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 500}), IsOk());
  Append(7);
  Kill();
  const int before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 12);
  Append(7);
  Append(8);
}

TEST_F(ManyPartitions, UpkeepOpensWhatMayHaveSomethingToDoAndNothingElse) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 50}), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic(
          "kept", {.partitions = 50, .configs = {{"retention.ms", "-1"}}}),
      IsOk());
  for (int32_t i = 0; i < 10; ++i) Append(i);
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());

  // Once each log is looked at, and then let go.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  int before = Opens();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Opens(), before);

  // Until its records are too old.
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_GT(Opens(), before);
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->log_start(), Offset{1});
}

TEST_F(ManyPartitions, AMissingOneIsReportedOnce) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0);
  ASSERT_THAT(engine_->Close(), IsOk());
  const auto inside = files_.List("/data/orders-1");
  ASSERT_THAT(inside, IsOk());
  for (const auto& entry : *inside) {
    ASSERT_THAT(files_.RemoveFile("/data/orders-1/" + entry.name), IsOk());
  }
  ASSERT_THAT(files_.RemoveDirectory("/data/orders-1"), IsOk());

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
}

TEST_F(ManyPartitions, RollsThatWereSyncedAreNotSyncedAgainAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  int before = Syncs();
  Append(0, 400);
  // Four a roll (log, two indexes, name), one for the record, and now and then
  // the recovery points.
  EXPECT_LE(Syncs() - before, 400 * 5 + 400 / 16 * 3);
  Kill();

  before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 40);
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{400});
}

TEST_F(ManyPartitions, ARecoveryThatIsKilledAgainAndAgainGetsThere) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = 40,
                             .configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  for (int32_t i = 0; i < 40; ++i) Append(i, 20);
  Kill();
  // As if nobody had known how far they were durable.
  ASSERT_THAT(files_.RemoveFile("/data/recovery-point-offset-checkpoint"),
              IsOk());
  // Each run has so little time that no run alone could do it.
  int runs = 1;
  for (;; ++runs) {
    ASSERT_LT(runs, 100);
    files_.FailAfter(400);
    const absl::Status opened = Open();
    if (opened.ok()) break;
    ASSERT_THAT(opened, HasReason(Reason::kDiskFailed));
    files_.Mend();
  }
  files_.Mend();
  EXPECT_GT(runs, 4);
  for (int32_t i = 0; i < 40; ++i) {
    auto partition = engine_->OpenPartition("orders", PartitionId{i});
    ASSERT_THAT(partition, IsOk());
    EXPECT_EQ(partition->log_end(), Offset{20});
    Cursor cursor = partition->Read(Offset{0});
    RecordView record;
    for (int n = 0; n < 20; ++n) {
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    }
  }
}

TEST_F(ManyPartitions, ConfigsAndPartitionsChangeTogetherOrNotAtAll) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  const std::vector<ConfigChange> changes = {{"retention.ms", "1000"}};

  EXPECT_THAT(engine_->AlterTopic("orders", changes, 1),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(engine_->AlterTopic("orders", {{"no.such", "1"}}, 4),
              HasReason(Reason::kInvalidConfig));
  ASSERT_THAT(files_.CreateDirectory("/data/orders-3"), IsOk());
  const auto theirs = files_.Open("/data/orders-3/x", OpenMode::kCreate);
  EXPECT_THAT(engine_->AlterTopic("orders", changes, 4),
              HasReason(Reason::kTopicExists));
  auto topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partitions, 2);
  EXPECT_THAT(topic->configs, IsEmpty());

  ASSERT_THAT(engine_->AlterTopic("orders", changes, 3), IsOk());
  topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partitions, 3);
  EXPECT_EQ(topic->configs.at("retention.ms"), "1000");
}

TEST_F(ManyPartitions, ATopicIsNotMadeOverWhatIsThere) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(files_.CreateDirectory("/data/orders-1"), IsOk());
  ASSERT_THAT(files_.Open("/data/orders-1/mine", OpenMode::kCreate), IsOk());

  EXPECT_THAT(engine_->CreateTopic("orders", {.partitions = 2}),
              HasReason(Reason::kTopicExists));
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(files_.Info("/data/orders-1/mine").status(), IsOk());
  EXPECT_THAT(engine_->CreateTopic("orders", {.partitions = 1}), IsOk());
}

}  // namespace
}  // namespace cauce
