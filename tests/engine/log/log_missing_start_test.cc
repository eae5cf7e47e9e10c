// A log whose first files are lost, and are put back later from a copy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Ge;
using ::testing::SizeIs;

class LogMissingStart : public test::LogFixture {
 protected:
  // Several segments, durable and closed.
  void SetUp() override {
    UseSmallSegments();
    Open();
    for (int32_t i = 0; i < 12; ++i) {
      Append({"value"}, {.leader_epoch = LeaderEpoch{i}});
    }
    ASSERT_THAT(rig_.Close(), IsOk());
    ASSERT_THAT(Logs(), SizeIs(Ge(3u)));
    name_ = Logs().front();
    bytes_ = rig_.disk().Read(name_).value();
  }

  void LoseTheFirst() { rig_.disk().Remove(name_); }
  void PutItBack() { rig_.disk().Write(name_, bytes_); }

  std::string name_, bytes_;
};

INSTANTIATE_TEST_SUITE_P(Disks, LogMissingStart,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogMissingStart, IsPartOfItAgainWhateverWasDoneMeanwhile) {
  const std::vector<std::pair<std::string, std::function<void()>>> acts = {
      {"nothing", [] {}},
      {"append", [&] { Append({"more"}); }},
      {"checkpoint", [&] { ASSERT_THAT(log().NoteBounds(), IsOk()); }},
      {"upkeep", [&] { ASSERT_THAT(log().ApplyRetention(), IsOk()); }},
      {"cut",
       [&] {
         ASSERT_THAT(log().TruncateTo(Offset{log().log_end().value - 1}),
                     IsOk());
       }},
      {"failed deletion",
       [&] {
         rig_.set_save_bounds(MakeError(Reason::kDiskFailed, "no"));
         EXPECT_THAT(log().DeleteRecordsBefore(log().log_end()),
                     HasReason(Reason::kDiskFailed));
         rig_.set_save_bounds(absl::OkStatus());
       }},
  };
  for (const auto& [name, act] : acts) {
    for (const bool is_closed : {true, false}) {
      SCOPED_TRACE(::testing::Message() << name << " closed " << is_closed);
      LoseTheFirst();
      Open();
      EXPECT_GT(log().log_start(), Offset{0});
      act();
      if (is_closed) {
        ASSERT_THAT(rig_.Close(), IsOk());
      } else {
        rig_.Kill();
      }
      EXPECT_EQ(rig_.bounds().log_start, Offset{0});

      PutItBack();
      Open();
      config().file_delete_delay = absl::ZeroDuration();
      ASSERT_THAT(log().ApplyRetention(), IsOk());
      EXPECT_EQ(log().log_start(), Offset{0});
      EXPECT_THAT(
          Values(),
          IsOkAndHolds(SizeIs(static_cast<size_t>(log().log_end().value))));
      ASSERT_THAT(rig_.Close(), IsOk());
    }
  }
}

TEST_P(LogMissingStart, IsKeptByARecoveryThatIsCutShort) {
  LoseTheFirst();
  rig_.set_notes_work();
  rig_.set_clean_stop(false);
  rig_.set_bounds({});
  rig_.disk().files().Fail(test::FileCall::kOpen, Logs().back(),
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(rig_.Open(), HasReason(Reason::kDiskFailed));
  EXPECT_GT(rig_.bounds().recovery_point, Offset{0}) << "it noted how far";
  EXPECT_EQ(rig_.bounds().log_start, Offset{0});
  rig_.disk().files().Mend();
  PutItBack();
}

// Compaction leaves gaps, and the oldest segment its name.
TEST_P(LogMissingStart, IsKnownToWhoeverAsks) {
  LoseTheFirst();
  for (const bool may_have_gaps : {false, true}) {
    SCOPED_TRACE(may_have_gaps);
    rig_.set_may_have_gaps(may_have_gaps);
    const auto reader = rig_.OpenReadOnly();
    ASSERT_THAT(reader, IsOk());
    const OffsetRange lost{Offset{0}, (*reader)->log_start()};
    EXPECT_GT(lost.count(), 0);
    EXPECT_EQ((*reader)->lost().front, lost);
    EXPECT_EQ((*reader)->lost().back, OffsetRange());
    Open();
    EXPECT_EQ(log().lost().front, lost);
    ASSERT_THAT(rig_.Close(), IsOk());
  }
  PutItBack();
}

TEST_P(LogMissingStart, KeepsItsEpochs) {
  const std::vector<EpochStart> before = rig_.epochs();
  LoseTheFirst();
  Open();
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_EQ(rig_.epochs(), before);
  PutItBack();
}

TEST_P(LogMissingStart, IsGivenUpByWhoeverDeletesItsRecords) {
  LoseTheFirst();
  Open();
  const Offset start = log().log_start();

  // A part of what is missing, then all of it, and then what is there.
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  EXPECT_EQ(rig_.bounds().log_start, Offset{1});
  EXPECT_EQ(log().log_start(), start);
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());
  EXPECT_EQ(rig_.bounds().log_start, start);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{start.value + 1}), IsOk());
  EXPECT_EQ(rig_.bounds().log_start, Offset{start.value + 1});
  ASSERT_THAT(rig_.Close(), IsOk());

  PutItBack();
  Open();
  EXPECT_EQ(log().log_start(), Offset{start.value + 1});
}

TEST_P(LogMissingStart, IsGivenUpWhereTheFoundStartIsWhatWasMeant) {
  LoseTheFirst();
  Open();
  const Offset start = log().log_start();
  ASSERT_THAT(log().NoteFoundStart(), IsOk());
  EXPECT_EQ(rig_.bounds().log_start, start);
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_EQ(rig_.bounds().log_start, start);
  PutItBack();
}

}  // namespace
}  // namespace cauce
