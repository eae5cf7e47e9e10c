// Recoveries that are stopped before they end, again and again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::FaultyDisk;
using test::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kPartitions = 3;

// Runs its tasks when the engine makes a call that may take a while.
class Interleaved final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task) override {}
  void RunOne() {
    if (tasks_.empty()) return;
    Task task = std::move(tasks_.back());
    tasks_.pop_back();
    std::move(task)();
  }

 private:
  std::vector<Task> tasks_;
};

class CrashLoop : public ::testing::Test {
 protected:
  CrashLoop() {
    auto whole = Killed();
    const int64_t before = whole->changes();
    want_ = RecordsIn(*whole);
    changes_ = whole->changes() - before;
    EXPECT_THAT(want_, Not(IsEmpty()));
  }

  // A disk after a kill, with torn tails and segments above the recovery point.
  std::unique_ptr<FaultyDisk> Killed() {
    auto disk = std::make_unique<FaultyDisk>(clock_);
    auto engine = Open(*disk);
    EXPECT_THAT(engine, IsOk());
    EXPECT_THAT(engine->CreateTopic(
                    "orders", {.partitions = kPartitions,
                               .configs = {{"internal.segment.bytes", "1000"},
                                           {"index.interval.bytes", "100"}}}),
                IsOk());
    for (int32_t p = 0; p < kPartitions; ++p) {
      auto orders = engine->OpenPartition("orders", PartitionId{p});
      EXPECT_THAT(orders, IsOk());
      for (int i = 0; i < 25 + 10 * p; ++i) {
        const std::string value = fmt::format("{:0100}", i);
        const Record record{.value = value};
        EXPECT_THAT(orders->Append({&record, 1}, {.ack = Ack::kWritten}),
                    IsOk());
      }
    }
    disk->CutNow();
    engine = absl::CancelledError();
    disk->RestartProcess();
    for (int32_t p = 0; p < kPartitions; ++p) Tear(*disk, p);
    return disk;
  }

  // As a process leaves it that is killed while it appends.
  static void Tear(FaultyDisk& disk, int32_t partition) {
    const std::string directory = fmt::format("/data/orders-{}", partition);
    const auto entries = disk.List(directory);
    ASSERT_THAT(entries, IsOk());
    std::string newest;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.name.ends_with(".log")) newest = directory + '/' + entry.name;
    }
    const auto log = disk.Open(newest, OpenMode::kReadWrite);
    ASSERT_THAT(log, IsOk());
    // The front of the segment's first batch, out of its place.
    std::string torn(80, '\0');
    ASSERT_THAT((*log)->Read(0, torn), IsOk());
    ASSERT_THAT((*log)->Write((*log)->Size().value(), torn), IsOk());
  }

  absl::StatusOr<Engine> Open(FaultyDisk& disk, Executor* executor = nullptr) {
    return Engine::Open("/data",
                        {.file_system = &disk,
                         .clock = &clock_,
                         .executor = executor,
                         .events = [this](Severity, std::string_view line) {
                           // Several partitions are recovered at once.
                           MutexLock lock(mutex_);
                           events_.emplace_back(line);
                         }});
  }
  // Opens it, which must end in the middle: whether it says so, or has each
  // partition say so, is all one.
  void StopIn(FaultyDisk& disk) {
    Open(disk).status().IgnoreError();
    ASSERT_TRUE(disk.is_cut());
  }
  // One line for each, and one for where each log ends.
  std::vector<std::string> RecordsIn(FaultyDisk& disk,
                                     Executor* executor = nullptr) {
    std::vector<std::string> lines;
    const auto engine = Open(disk, executor);
    EXPECT_THAT(engine, IsOk());
    if (!engine.ok()) return lines;
    for (int32_t p = 0; p < kPartitions; ++p) {
      const auto orders = engine->OpenPartition("orders", PartitionId{p});
      EXPECT_THAT(orders, IsOk());
      Cursor cursor = orders->Read(Offset{0});
      RecordView record;
      while (cursor.Next(&record).value()) {
        lines.push_back(
            fmt::format("{} {} {}", p, record.offset.value, *record.value));
      }
      lines.push_back(fmt::format("{} ends at {}", p, orders->log_end().value));
    }
    disk.CutNow();
    return lines;
  }
  static std::vector<std::string> CutFilesIn(FaultyDisk& disk) {
    std::vector<std::string> names;
    for (int32_t p = 0; p < kPartitions; ++p) {
      const auto entries = disk.List(fmt::format("/data/orders-{}", p));
      EXPECT_THAT(entries, IsOk());
      for (const DirectoryEntry& entry : *entries) {
        if (entry.name.find(".cut") == std::string::npos) continue;
        names.push_back(fmt::format("{}/{}", p, entry.name));
      }
    }
    return names;
  }

  test::SimClock clock_;
  Mutex mutex_;
  std::vector<std::string> events_;  // grows under mutex_
  std::vector<std::string> want_;
  int64_t changes_ = 0;  // of a recovery that is not stopped
};

TEST_F(CrashLoop, ARecoveryThatWasKilledAnywhereEndsInTheSameLogs) {
  auto whole = Killed();
  RecordsIn(*whole);
  whole->RestartProcess();
  const auto cut_files = CutFilesIn(*whole);
  EXPECT_EQ(cut_files.size(), kPartitions);
  for (int64_t cut = 0; cut < changes_ && !HasFailure(); ++cut) {
    SCOPED_TRACE(fmt::format("killed in front of change {}", cut));
    auto disk = Killed();
    disk->CutBefore(disk->changes() + cut);
    StopIn(*disk);
    disk->RestartProcess();
    const int64_t before = disk->changes();
    ASSERT_EQ(RecordsIn(*disk), want_);
    // It costs what it would have cost, or less.
    EXPECT_LE(disk->changes() - before, changes_ + 1);
    disk->RestartProcess();
    EXPECT_EQ(CutFilesIn(*disk), cut_files);
  }
}

TEST_F(CrashLoop, APowerLossInARecoveryTakesNothingThatItHasMadeDurable) {
  for (int64_t cut = 0; cut < changes_ && !HasFailure(); ++cut) {
    SCOPED_TRACE(fmt::format("power cut in front of change {}", cut));
    auto disk = Killed();
    disk->CutBefore(disk->changes() + cut);
    StopIn(*disk);
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk->Restart(nothing);
    const auto once = RecordsIn(*disk);
    disk->Restart(nothing);
    EXPECT_EQ(RecordsIn(*disk), once);
  }
}

TEST_F(CrashLoop, EndsHoweverLittleTimeEachRecoveryHas) {
  // A loop in which none gets a step further than the one before is one that
  // never ends: what was done is noted, and not done again.
  auto disk = Killed();
  int runs = 0;
  for (;; ++runs) {
    ASSERT_LT(runs, 20);
    disk->CutBefore(disk->changes() + changes_ * 2 / 3);
    const absl::Status opened = Open(*disk).status();
    const bool done = opened.ok();
    if (!disk->is_cut()) disk->CutNow();
    disk->RestartProcess();
    if (done) break;
  }
  EXPECT_GT(runs, 0);
  EXPECT_EQ(RecordsIn(*disk), want_);
}

TEST_F(CrashLoop, RecoveriesThatRunAtOnceFindTheSame) {
  auto disk = Killed();
  Interleaved executor;
  int synced = 0;
  disk->set_plan([&](test::DiskCall call, std::string_view, int64_t) {
    // In the middle of one another begins.
    if (call == test::DiskCall::kSync && ++synced % 5 == 0) executor.RunOne();
    return absl::OkStatus();
  });
  EXPECT_EQ(RecordsIn(*disk, &executor), want_);
  EXPECT_GE(synced, 15);
  disk->set_plan(nullptr);
  AlikeButOne nothing(AlikeButOne::Answer::kFirst);
  disk->Restart(nothing);
  EXPECT_EQ(RecordsIn(*disk), want_);
}

TEST_F(CrashLoop, RecoveriesOnManyThreadsFindTheSame) {
  const auto pool = NewThreadPool(4);
  auto disk = Killed();
  EXPECT_EQ(RecordsIn(*disk, pool.get()), want_);
}

TEST_F(CrashLoop, APartitionThatCannotBeRecoveredKeepsNoOtherClosed) {
  for (const bool at_once : {false, true}) {
    SCOPED_TRACE(at_once);
    auto disk = Killed();
    Interleaved executor;
    disk->set_plan([&](test::DiskCall call, std::string_view path, int64_t) {
      const bool in_second = path.find("orders-1/") != std::string::npos;
      const bool in_third = path.find("orders-2/") != std::string::npos;
      if (call != test::DiskCall::kSync || !path.ends_with(".log")) {
        return absl::OkStatus();
      }
      // The third fails while the second is under way.
      if (in_second) executor.RunOne();
      return in_second || in_third ? MakeError(Reason::kDiskFailed, "no")
                                   : absl::OkStatus();
    });
    auto engine = Open(*disk, at_once ? &executor : nullptr);
    ASSERT_THAT(engine, IsOk());
    EXPECT_THAT(engine->OpenPartition("orders", PartitionId{0}), IsOk());
    for (const int32_t p : {1, 2}) {
      const std::string name = fmt::format("orders-{}", p);
      EXPECT_THAT(events_, Contains(AllOf(HasSubstr(name), HasSubstr("no"))));
      EXPECT_THAT(engine->OpenPartition("orders", PartitionId{p}),
                  test::HasReason(Reason::kDiskFailed));
    }
    // Of what was not recovered nobody may say that all is well.
    EXPECT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(disk->Info("/data/.kafka_cleanshutdown"),
                test::StatusIs(absl::StatusCode::kNotFound));
    disk->set_plan(nullptr);
    disk->CutNow();
    disk->RestartProcess();
    EXPECT_EQ(RecordsIn(*disk), want_);
  }
}

}  // namespace
}  // namespace cauce
