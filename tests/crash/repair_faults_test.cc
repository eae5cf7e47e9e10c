// Lets one call of a repair fail, whichever it is, or takes the room away: the
// repair says so, and run again it ends in the same as one that nothing came
// between, whether the process went on or the power went.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/repair.h"
#include "engine/io/file_error.h"
#include "fmt/format.h"
#include "tests/crash/expected_repair.h"
#include "tests/crash/spoiled_rounds.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/spoiler.h"
#include "tests/testing/unsynced_bytes.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::DiskCall;
using test::DiskWith;
using test::ExpectedRepair;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownDirectory;
using test::RandomChoices;
using test::Spoiler;
using test::Stop;

// A sanitizer makes each state ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 1;
#else
constexpr int kRounds = 5;
#endif

enum class Calls { kChanges, kReads };

struct Fault {
  Calls calls;
  int error;
  std::string name;
};

const Fault kFaults[] = {
    {Calls::kChanges, EIO, "ChangesWithEio"},
    {Calls::kChanges, ENOSPC, "ChangesWithEnospc"},
    {Calls::kReads, EIO, "ReadsWithEio"},
};

struct FailedCall {
  DiskCall call;
  std::string path;
};

class RepairFaults : public ::testing::TestWithParam<std::tuple<Stop, Fault>> {
 protected:
  const Fault& fault() const { return std::get<1>(GetParam()); }

  // The call of this number fails; nothing where there were fewer.
  std::optional<FailedCall> RepairWithFault(int64_t number, FaultyDisk& disk) {
    std::optional<FailedCall> failed;
    int64_t calls = 0;
    disk.set_plan([&](DiskCall call, std::string_view path, int64_t) {
      const bool is_read = !IsChange(call);
      // Of two copies that are there the other one counts.
      const bool is_copy = is_read && path.find("cauce.topics") != path.npos;
      const bool counts =
          !is_copy && is_read == (fault().calls == Calls::kReads);
      if (!counts || calls++ != number) return absl::OkStatus();
      failed = {call, std::string(path)};
      return DataError(path, "planned to fail", fault().error);
    });
    const auto repaired = RepairDirectory(disk, kKnownDirectory, {});
    disk.set_plan(nullptr);
    if (!failed) {
      EXPECT_THAT(repaired, IsOk());
    } else if (repaired.ok() && repaired->left == 0) {
      EXPECT_TRUE(MayGoUntold(*failed))
          << "the failure of " << static_cast<int>(failed->call) << " on "
          << failed->path << " was swallowed";
    }
    return failed;
  }

  // What cannot be read of an index, or of a list of aborted transactions, is
  // made anew from its log.
  static bool MayGoUntold(const FailedCall& failed) {
    const std::string_view path = failed.path;
    return !IsChange(failed.call) &&
           (path.ends_with(".index") || path.ends_with(".timeindex") ||
            path.ends_with(".txnindex"));
  }

  // What it does is then as durable as it says.
  void RepairAgain(const ExpectedRepair& expected, FaultyDisk& disk) {
    ASSERT_THAT(RepairDirectory(disk, kKnownDirectory, {}), IsOk());
    disk.CutNow();
    AlikeButOne nothing_kept(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing_kept);
    expected.Check(disk);
  }

  void FailEverywhere(const test::Image& image) {
    const ExpectedRepair expected(image, clock_);
    // Reads are many, and most are of one log after the other.
    const int64_t stride = fault().calls == Calls::kReads ? 5 : 1;
    for (int64_t number = 0; !HasFailure(); number += stride) {
      SCOPED_TRACE(fmt::format("call {} fails", number));
      const auto disk = DiskWith(image, clock_);
      if (!RepairWithFault(number, *disk)) return;
      disk->CutNow();
      const auto dark = disk->Copy();
      disk->RestartProcess();
      RepairAgain(expected, *disk);
      RandomChoices choices(static_cast<uint64_t>(number));
      dark->Restart(choices);
      RepairAgain(expected, *dark);
    }
  }

  test::SimClock clock_;
};

TEST_P(RepairFaults, AreToldAndTakeNothing) {
  test::ForEachSpoiled(std::get<0>(GetParam()), kRounds,
                       [this](const KnownDirectory&, const Spoiler& spoiler) {
                         FailEverywhere(spoiler.image());
                       });
}

INSTANTIATE_TEST_SUITE_P(
    OneCall, RepairFaults,
    ::testing::Combine(::testing::Values(Stop::kClean, Stop::kKilled),
                       ::testing::ValuesIn(kFaults)),
    [](const auto& info) {
      return (std::get<0>(info.param) == Stop::kClean ? "Closed" : "Killed") +
             std::get<1>(info.param).name;
    });

class RepairOnAFullDisk : public ::testing::TestWithParam<Stop> {
 protected:
  // With no sector free, with one, and so on until there are enough.
  void RepairWithLittleRoom(const test::Image& image) {
    const ExpectedRepair expected(image, clock_);
    for (int64_t sectors = 0; !HasFailure(); ++sectors) {
      SCOPED_TRACE(fmt::format("{} sectors are free", sectors));
      const auto disk = DiskWith(image, clock_);
      disk->set_capacity(disk->used() + sectors * test::kSectorBytes);
      const auto repaired = RepairDirectory(*disk, kKnownDirectory, {});
      if (repaired.ok()) return expected.Check(*disk);
      ++refused_;
      EXPECT_THAT(repaired, HasReason(Reason::kDiskFull));
      disk->set_capacity(std::numeric_limits<int64_t>::max());
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      expected.Check(*disk);
    }
  }

  test::SimClock clock_;
  int64_t refused_ = 0;
};

TEST_P(RepairOnAFullDisk, IsRefusedAndEndsInTheSameOnceThereIsRoom) {
  test::ForEachSpoiled(GetParam(), kRounds,
                       [this](const KnownDirectory&, const Spoiler& spoiler) {
                         RepairWithLittleRoom(spoiler.image());
                       });
  EXPECT_GT(refused_, 0);
}

INSTANTIATE_TEST_SUITE_P(, RepairOnAFullDisk,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         test::StopName);

}  // namespace
}  // namespace cauce
