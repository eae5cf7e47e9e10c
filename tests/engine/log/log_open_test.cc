// How a log begins and ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::ReadValues;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LogOpen : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogOpen,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogOpen, BeginsEmptyAtOffsetZero) {
  Open();
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_EQ(log().log_end(), Offset{0});
  EXPECT_EQ(log().high_watermark(), Offset{0});
  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{-1});
  EXPECT_THAT(Values(), IsOkAndHolds(IsEmpty()));
}

TEST_P(LogOpen, KnowsItsEpochsAfterAnyEnd) {
  Open();
  AppendOptions options;
  for (const int32_t epoch : {2, 3, 7}) {
    options.leader_epoch = LeaderEpoch{epoch};
    ASSERT_THAT(log().Append(Batch({"a", "b"}).view(), options), IsOk());
  }
  const auto epochs = rig_.epochs();
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{7});
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{7});
  EXPECT_EQ(rig_.epochs(), epochs);

  ASSERT_THAT(log().TruncateTo(Offset{3}), IsOkAndHolds(Offset{2}));
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{2});
}

// Nothing is left of the log but batches below its start, which still tell of
// their epoch.
TEST_P(LogOpen, LearnsNoEpochThatBeginsBelowItsStart) {
  Open();
  Append({"a", "b"});
  Append({"c", "d"});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{2}), IsOk());
  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOkAndHolds(Offset{2}));

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(rig_.epochs(),
              ElementsAre(EpochStart{LeaderEpoch{0}, Offset{2}}));
}

TEST_P(LogOpen, FindsEverythingAgainAfterACleanEnd) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"v" + std::to_string(i)});
  const auto before = Values();
  const auto logs = Logs();
  const auto bytes = rig_.disk().Read(logs.back());

  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(Logs(), logs);
  EXPECT_EQ(log().log_end(), Offset{12});
  EXPECT_EQ(log().high_watermark(), Offset{12});
  EXPECT_EQ(Values(), before);
  EXPECT_EQ(rig_.disk().Read(logs.back()), bytes);
  EXPECT_EQ(Append({"next"}), Offset{12});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogOpen, ADeletionThatFailedHalfwayIsEndedByWhoAsksAgain) {
  UseSmallSegments();
  rig_.set_may_have_gaps(false);
  Open();
  for (int i = 0; i < 12; ++i) Append({"v" + std::to_string(i)});
  const size_t logs = Logs().size();
  rig_.disk().files().Fail(FileCall::kRename, ".log",
                           absl::PermissionDeniedError("no"));
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{9}), Not(IsOk()));
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{9}), Not(IsOk()));
  rig_.disk().files().Mend();
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{9}), IsOk());
  EXPECT_LT(Logs().size(), logs);
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{9});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogOpen, FindsEverythingAgainAfterADeath) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) {
    Append({"v" + std::to_string(i)}, i % 2 == 0 ? kWritten : AppendOptions{});
  }
  const auto before =
      ReadValues(rig_.shared_log(), Offset{0}, {.up_to = ReadUpTo::kLogEnd});

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_end(), Offset{12});
  EXPECT_EQ(log().durable_end(), Offset{12});
  EXPECT_EQ(Values(), before);
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogOpen, WritesNothingWhenItWasOnlyOpened) {
  Open();
  Append({"a"});
  ASSERT_THAT(rig_.Close(), IsOk());
  auto& files = rig_.disk().files();
  const auto writes = [&] {
    return files.Count(FileCall::kWrite, "") + files.Count(FileCall::kSync, "");
  };
  const int before = writes();
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_EQ(writes(), before);
}

TEST_P(LogOpen, AnswersEverybodyWhenItIsClosed) {
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      Batch({"a"}).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  const std::shared_ptr<Log> held = rig_.shared_log();
  ASSERT_THAT(rig_.Close(), IsOk());

  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, IsOk()) << "closing makes it durable";
  EXPECT_THAT(held->Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kClosed));
  EXPECT_THAT(held->Flush(), HasReason(Reason::kClosed));
  EXPECT_THAT(held->FindByTime({0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->TruncateTo(Offset{0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->DeleteRecordsBefore(Offset{1}), HasReason(Reason::kClosed));
  EXPECT_THAT(ReadValues(held, Offset{0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->Close(test::LogRig::ClosedError()), IsOk());
}

TEST_P(LogOpen, WritesNothingMoreOnceItIsAbandoned) {
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      Batch({"a"}).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  log().Abandon(MakeError(Reason::kUnknownTopic, "the topic was deleted"));
  EXPECT_FALSE(told.has_value());
  log().Deliver();

  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(log().Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(Syncs(), 0);
}

// The directory is somebody else's by then, or gone.
TEST_P(LogOpen, AReaderRepairsNoIndexOnceTheLogHasEnded) {
  for (const bool abandoned : {false, true}) {
    SCOPED_TRACE(abandoned ? "abandoned" : "closed");
    test::LogRig rig(GetParam());
    rig.config().segment_bytes = 300;
    ASSERT_THAT(rig.Open(), IsOk());
    for (int i = 0; i < 12; ++i) {
      ASSERT_THAT(rig.log().Append(Batch({"value"}).view(), {}), IsOk());
    }
    ASSERT_THAT(rig.Reopen(), IsOk());
    const auto set = rig.log().segments();
    const std::string name = SegmentFileName(Offset{0}, kOffsetIndexSuffix);
    rig.disk().Remove(name);
    bool once = false;
    rig.disk().files().set_during(FileCall::kOpen, name, [&] {
      if (std::exchange(once, true)) return;
      if (abandoned) {
        rig.log().Abandon(test::LogRig::ClosedError());
      } else {
        EXPECT_THAT(rig.Close(), IsOk());
      }
    });

    EXPECT_THAT(set->segments().front()->Index(), IsOk());
    ASSERT_TRUE(once);
    EXPECT_EQ(rig.disk().Read(name), std::nullopt);
    rig.Leaves(test::Left::kKilled);
  }
}

TEST_P(LogOpen, AReadOnlyLogTellsThatItsDurableEndIsGone) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.OpenReadOnly(), IsOk());
  ASSERT_THAT(rig_.events(), IsEmpty());

  const std::string last = Logs().back();
  for (const bool removed : {false, true}) {
    SCOPED_TRACE(removed);
    const size_t before = rig_.events().size();
    rig_.disk().Write(last, "");
    if (removed) rig_.disk().Remove(last);
    auto reader = rig_.OpenReadOnly();
    ASSERT_THAT(reader, IsOk());
    const auto events = rig_.events();
    ASSERT_EQ(events.size(), before + 1);
    EXPECT_THAT(events.back(), HasSubstr("orders-0: "));
    EXPECT_THAT(events.back(),
                HasSubstr("ends at offset " +
                          std::to_string((*reader)->log_end().value) + ","));
    EXPECT_THAT(events.back(), HasSubstr("durable up to 12;"));
  }
}

// Who looks at the files while a writer appends and closes finds less there
// than the close tells.
TEST_P(LogOpen, AReadOnlyLogMissesNothingThatIsAppendedWhileItIsOpened) {
  Open();
  Append({"a"});
  int looks = 0;
  rig_.set_known_now([&]() -> std::optional<NotedLog> {
    if (looks++ == 0) Append({"b"});
    return NotedLog{*log().Known(), true};
  });
  rig_.set_bounds({});
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  EXPECT_GE(looks, 1);
  EXPECT_EQ((*reader)->lost().back, OffsetRange());
  EXPECT_EQ((*reader)->log_end(), Offset{2});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogOpen, AReadOnlyLogWritesNothing) {
  Open();
  Append({"a"});
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());

  EXPECT_THAT((*reader)->Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->TruncateTo(Offset{0}), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->DeleteRecordsBefore(Offset{1}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->Flush(), IsOk());
  EXPECT_THAT((*reader)->ApplyRetention(), IsOk());
  EXPECT_THAT(ReadValues(*reader, Offset{0}), IsOkAndHolds(ElementsAre("a")));
  EXPECT_THAT((*reader)->Close(test::LogRig::ClosedError()), IsOk());
}

}  // namespace
}  // namespace cauce
