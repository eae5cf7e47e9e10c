#include "engine/facade/compactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/log.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TopicPartition kA{"a", PartitionId{0}};
const TopicPartition kB{"b", PartitionId{0}};
constexpr CompactorLimits kLimits{.memory_bytes_max = 1 << 20};

class CompactorTest : public ::testing::Test {
 protected:
  CompactorTest() {
    rig_.config().cleanup = {.remove = false, .compact = true};
    rig_.config().segment_bytes = 300;
    EXPECT_THAT(rig_.Open(), IsOk());
    Fill();
  }
  void Fill() {
    for (int i = 0; i < 40; ++i) {
      const std::string key = fmt::format("k{}", i % 3);
      const auto batch =
          test::BatchOf({{.key = key, .value = "v", .timestamp = rig_.now()}});
      ASSERT_THAT(rig_.log().Append(batch.view(), {}), IsOk());
    }
  }
  EventSink Sink() {
    return
        [this](Severity, std::string_view line) { lines_.emplace_back(line); };
  }
  absl::Time now() { return rig_.clock().Now(); }
  absl::Duration Monotonic() { return rig_.clock().Monotonic(); }

  test::LogRig rig_;
  std::vector<std::string> lines_;
};

TEST_F(CompactorTest, BeginsTheDirtiestFirstAndEachOnce) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  compactor.Want(kA, 0.9);
  compactor.Want(kB, 0.6);
  compactor.Want(kA, 0.5);
  EXPECT_EQ(compactor.status().waiting, 2);
  EXPECT_EQ(compactor.TakeNext(), kB);
  EXPECT_EQ(compactor.TakeNext(), kA);
  EXPECT_EQ(compactor.TakeNext(), std::nullopt);
}

TEST_F(CompactorTest, WorksOnOnePassUntilItIsOver) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  EXPECT_EQ(compactor.status().running, rig_.log().name());
  compactor.Want(kA, 1);
  EXPECT_EQ(compactor.TakeNext(), std::nullopt);
  compactor.Want(rig_.log().name(), 1);
  EXPECT_EQ(compactor.status().waiting, 1);

  const auto worked = compactor.Work(absl::InfiniteDuration());
  EXPECT_THAT(worked.status, IsOk());
  EXPECT_TRUE(worked.goes_on);  // with the one that waits
  EXPECT_EQ(compactor.status().running, std::nullopt);
  EXPECT_EQ(compactor.status().totals.passes, 1);
  EXPECT_EQ(compactor.TakeNext(), kA);
}

TEST_F(CompactorTest, SaysHowLongToWaitWhereItHasUsedUpItsBytes) {
  Compactor compactor(
      rig_.clock(), Sink(),
      {.memory_bytes_max = 1 << 20, .bytes_per_second_max = 1000});
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  const absl::Duration begun = rig_.clock().Monotonic();
  int waits = 0;
  for (;; ++waits) {
    const auto worked = compactor.Work(absl::InfiniteDuration());
    ASSERT_THAT(worked.status, IsOk());
    if (!worked.goes_on) break;
    ASSERT_GT(worked.wait, absl::Milliseconds(1));
    // Nothing happens before that.
    const CompactionTotals totals = compactor.status().totals;
    rig_.clock().Advance(worked.wait - absl::Milliseconds(1));
    const auto early = compactor.Work(absl::InfiniteDuration());
    EXPECT_TRUE(early.goes_on);
    EXPECT_EQ(early.wait, absl::Milliseconds(1));
    EXPECT_EQ(compactor.status().totals, totals);
    rig_.clock().Advance(absl::Milliseconds(1));
  }

  EXPECT_GT(waits, 3);
  const CompactionTotals totals = compactor.status().totals;
  EXPECT_EQ(totals.passes, 1);
  // Headers count as well, and the last piece is not waited for.
  const absl::Duration used =
      absl::Seconds(1) *
      static_cast<double>(totals.bytes_read + totals.bytes_written) / 1000;
  EXPECT_GE(rig_.clock().Monotonic() - begun, used - absl::Milliseconds(500));
  EXPECT_LE(rig_.clock().Monotonic() - begun, 2 * used);
}

TEST_F(CompactorTest, CountsWhatFailsAndTellsOnce) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  rig_.disk().files().Fail(FileCall::kWrite, ".cleaned",
                           MakeError(Reason::kDiskFull, "no room"));
  for (int i = 1; i < 4; ++i) {
    ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
    EXPECT_THAT(compactor.Work(absl::InfiniteDuration()).status,
                HasReason(Reason::kDiskFull));
    EXPECT_EQ(compactor.status().failures, i);
    EXPECT_EQ(compactor.status().running, std::nullopt);
  }
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("no room")));
  rig_.disk().files().Mend();
  EXPECT_THAT(compactor.CompactNow(rig_.shared_log(), now()), IsOk());
}

TEST_F(CompactorTest, WantsALogAgainOnlySomeTimeAfterItFailed) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  const auto is_wanted = [&] {
    compactor.Want(rig_.log().name(), 1);
    return compactor.TakeNext().has_value();
  };
  rig_.disk().files().Fail(FileCall::kWrite, ".cleaned",
                           MakeError(Reason::kDiskFull, "no room"));
  ASSERT_TRUE(is_wanted());
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  ASSERT_THAT(compactor.Work(absl::InfiniteDuration()).status,
              HasReason(Reason::kDiskFull));
  EXPECT_FALSE(is_wanted());
  rig_.clock().Advance(PassBackoff::kFirst);
  EXPECT_TRUE(is_wanted());
  // Whoever asks for it waits for nothing, and ends the wait.
  ASSERT_THAT(compactor.CompactNow(rig_.shared_log(), now()),
              HasReason(Reason::kDiskFull));
  EXPECT_FALSE(is_wanted());
  rig_.disk().files().Mend();
  ASSERT_THAT(compactor.CompactNow(rig_.shared_log(), now()), IsOk());
  EXPECT_TRUE(is_wanted());
}

TEST_F(CompactorTest, GoesOnWithAPassBehindOneOnDemandOverAnotherLog) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  test::LogRig clean;
  clean.config().cleanup = {.remove = false, .compact = true};
  ASSERT_THAT(clean.Open(), IsOk());
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  compactor.Want(kA, 1);
  ASSERT_THAT(compactor.CompactNow(clean.shared_log(), now()), IsOk());
  EXPECT_EQ(compactor.status().running, rig_.log().name());
  EXPECT_EQ(compactor.status().totals.passes, 0);

  EXPECT_TRUE(compactor.Work(absl::InfiniteDuration()).goes_on);
  EXPECT_EQ(compactor.status().totals.passes, 1);
  EXPECT_EQ(compactor.TakeNext(), kA);
}

TEST_F(CompactorTest, BeginsOthersBehindAPassOnDemandThatTookItsLog) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  compactor.Want(kA, 1);
  ASSERT_THAT(compactor.CompactNow(rig_.shared_log(), now()), IsOk());
  EXPECT_EQ(compactor.status().running, std::nullopt);
  EXPECT_TRUE(compactor.Work(absl::InfiniteDuration()).goes_on);
  EXPECT_EQ(compactor.TakeNext(), kA);
}

// A callback may wait for the engine's lock, and who has that for who works: a
// callback that could not begin a pass would have stood in its way.
class CompactorCallsBack : public CompactorTest {
 protected:
  CompactorCallsBack() {
    other_.config() = rig_.config();
    EXPECT_THAT(other_.Open(), IsOk());
    for (int i = 0; i < 20; ++i) {
      const auto batch = test::BatchOf(
          {{.key = "k", .value = "v", .timestamp = other_.now()}});
      EXPECT_THAT(other_.log().Append(batch.view(), {}), IsOk());
    }
  }
  void AppendAsync() {
    const auto batch = test::BatchOf({{.key = "k", .timestamp = rig_.now()}});
    rig_.log().AppendAsync(
        batch.view(), {}, [this](const absl::StatusOr<AppendResult>& appended) {
          told_ = appended.status();
          std::thread([this] {
            EXPECT_THAT(compactor_.Begin(other_.shared_log(), now()), IsOk());
          }).join();
        });
    ASSERT_EQ(told_, std::nullopt);
  }
  // That the other's pass was begun, which ends here.
  void ExpectBegun() {
    EXPECT_THAT(compactor_.Work(absl::InfiniteDuration()).status, IsOk());
    EXPECT_GT(other_.log().first_dirty(), Offset{0});
  }

  test::LogRig other_;
  Compactor compactor_{rig_.clock(), Sink(), kLimits};
  std::optional<absl::Status> told_;
};

TEST_F(CompactorCallsBack, BeforeItBegins) {
  AppendAsync();
  ASSERT_THAT(compactor_.Begin(rig_.shared_log(), now()), IsOk());
  EXPECT_EQ(told_, absl::OkStatus());
  ExpectBegun();
}

TEST_F(CompactorCallsBack, BeforeItPassesOnDemand) {
  AppendAsync();
  ASSERT_THAT(compactor_.CompactNow(rig_.shared_log(), now()), IsOk());
  EXPECT_EQ(told_, absl::OkStatus());
  ExpectBegun();
}

TEST_F(CompactorCallsBack, AfterAPassHasFailed) {
  ASSERT_THAT(compactor_.Begin(rig_.shared_log(), now()), IsOk());
  AppendAsync();
  rig_.disk().files().Fail(FileCall::kRename, kLogSuffix,
                           MakeError(Reason::kDiskFailed, "broken"));
  EXPECT_THAT(compactor_.Work(absl::InfiniteDuration()).status,
              HasReason(Reason::kDiskFailed));
  ASSERT_NE(told_, std::nullopt);
  EXPECT_THAT(*told_, HasReason(Reason::kDiskFailed));
  ExpectBegun();
  rig_.disk().files().Mend();
  rig_.Kill();
}

TEST_F(CompactorTest, DoesNothingOnceItWasStopped) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  compactor.Want(kA, 1);
  compactor.Stop();
  EXPECT_FALSE(compactor.Work(absl::InfiniteDuration()).goes_on);
  EXPECT_EQ(compactor.TakeNext(), std::nullopt);
  EXPECT_THAT(compactor.Begin(rig_.shared_log(), now()),
              HasReason(Reason::kClosed));
  EXPECT_THAT(compactor.CompactNow(rig_.shared_log(), now()),
              HasReason(Reason::kClosed));
  EXPECT_EQ(compactor.status().totals.passes, 0);
}

TEST_F(CompactorTest, LetsGoOfADeletedTopic) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  compactor.Want(kA, 1);
  compactor.Drop("a");
  EXPECT_EQ(compactor.status().waiting, 0);
  EXPECT_EQ(compactor.status().running, rig_.log().name());
  compactor.Drop(rig_.log().name().topic);
  EXPECT_EQ(compactor.status().running, std::nullopt);
  EXPECT_EQ(rig_.shared_log().use_count(), 1);
}

TEST_F(CompactorTest, EndsAPassWhoseLogHasEnded) {
  Compactor compactor(rig_.clock(), Sink(), kLimits);
  ASSERT_THAT(compactor.Begin(rig_.shared_log(), now()), IsOk());
  rig_.log().Abandon(MakeError(Reason::kUnknownTopic, "deleted"));
  const auto before = rig_.disk().Names();
  EXPECT_THAT(compactor.Work(absl::InfiniteDuration()).status,
              HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(rig_.disk().Names(), before);
  EXPECT_EQ(compactor.status().failures, 0);
}

}  // namespace
}  // namespace cauce
