// Reopening a directory after a sync has failed: what memory shows of the
// files is then not what the disk has, and a later sync does not mend that.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::DiskCall;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using ::testing::SizeIs;

// How the engine that met the failure ends.
enum class End { kProcessDies, kEngineIsClosed };

class FailedSync : public ::testing::TestWithParam<End> {
 protected:
  void Open() {
    auto engine =
        Engine::Open("/data", {.file_system = &disk_, .clock = &clock_});
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
  }
  Partition Orders() {
    return engine_->OpenPartition("orders", PartitionId{0}).value();
  }
  absl::Status Append(Partition& orders, Ack ack) {
    const std::string value = fmt::format("{:0200}", ++values_);
    const Record record{.value = value};
    return orders.Append({&record, 1}, {.ack = ack}).status();
  }
  void EndAndReopen() {
    if (GetParam() == End::kProcessDies) {
      disk_.CutNow();
      engine_.reset();
      disk_.RestartProcess();
    } else {
      EXPECT_THAT(engine_->Close(), HasReason(Reason::kDiskFailed));
      engine_.reset();
    }
    disk_.set_plan(nullptr);
    Open();
  }
  void CutThePowerAndReopen() {
    disk_.CutNow();
    engine_.reset();
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk_.Restart(nothing);
    Open();
  }
  void FailSyncsOf(std::string_view suffix) {
    disk_.set_plan([suffix = std::string(suffix)](
                       DiskCall call, std::string_view path, int64_t) {
      const bool fails = call == DiskCall::kSync && path.ends_with(suffix);
      return fails ? MakeError(Reason::kDiskFailed, "no") : absl::OkStatus();
    });
  }

  static std::map<int64_t, std::string> RecordsOf(const Partition& partition) {
    std::map<int64_t, std::string> records;
    Cursor cursor = partition.Read(partition.log_start());
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return records;
      records.emplace(record.offset.value, std::string(*record.value));
    }
  }

  test::SimClock clock_;
  FaultyDisk disk_{clock_};
  int values_ = 0;
  std::optional<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Ends, FailedSync,
                         ::testing::Values(End::kProcessDies,
                                           End::kEngineIsClosed),
                         [](const auto& info) {
                           return info.param == End::kProcessDies
                                      ? "ProcessDies"
                                      : "EngineIsClosed";
                         });

TEST_P(FailedSync, WhatIsFoundAfterwardsIsOnTheDiskAgain) {
  // Of many records, so that whichever the failed sync loses there are some.
  for (const std::string segment_bytes : {"1073741824", "1000"}) {
    SCOPED_TRACE(segment_bytes);
    Open();
    ASSERT_THAT(
        engine_->CreateTopic(
            "orders", {.configs = {{"internal.segment.bytes", segment_bytes}}}),
        IsOk());
    {
      Partition orders = Orders();
      for (int i = 0; i < 3; ++i) {
        ASSERT_THAT(Append(orders, Ack::kDurable), IsOk());
      }
      for (int i = 0; i < 40; ++i) {
        ASSERT_THAT(Append(orders, Ack::kWritten), IsOk());
      }
      FailSyncsOf(".log");
      EXPECT_THAT(orders.Flush(), HasReason(Reason::kDiskFailed));
      EXPECT_THAT(Append(orders, Ack::kWritten),
                  HasReason(Reason::kDiskFailed));
    }

    EndAndReopen();
    const Offset durable = Orders().durable_end();
    EXPECT_EQ(durable, Offset{43});
    const auto found = RecordsOf(Orders());
    ASSERT_THAT(found, SizeIs(43));
    CutThePowerAndReopen();
    EXPECT_EQ(Orders().log_end(), durable);
    EXPECT_EQ(RecordsOf(Orders()), found);
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine_->Close(), IsOk());
  }
}

// What a directory shows may be the new name of a file that the disk does not
// know of. Who believes it does not write it again.
TEST_P(FailedSync, ALogStartThatIsFoundAfterwardsIsDurable) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  for (int i = 0; i < 5; ++i) {
    Partition orders = Orders();
    ASSERT_THAT(Append(orders, Ack::kDurable), IsOk());
  }
  ASSERT_THAT(engine_->RunUpkeep(absl::InfiniteDuration()), IsOk());
  disk_.set_plan([](DiskCall call, std::string_view path, int64_t) {
    const bool fails = call == DiskCall::kSyncDirectory && path == "/data";
    return fails ? MakeError(Reason::kDiskFailed, "no") : absl::OkStatus();
  });
  EXPECT_THAT(Orders().DeleteRecordsBefore(Offset{3}),
              HasReason(Reason::kDiskFailed));

  EndAndReopen();
  // A close saves where the log begins: where it did before the failure.
  const bool closed = GetParam() == End::kEngineIsClosed;
  ASSERT_EQ(Orders().log_start(), Offset{closed ? 0 : 3});
  ASSERT_THAT(Orders().DeleteRecordsBefore(Offset{3}), IsOk());
  CutThePowerAndReopen();
  EXPECT_EQ(Orders().log_start(), Offset{3});
  EXPECT_EQ(Orders().log_end(), Offset{5});
}

}  // namespace
}  // namespace cauce
