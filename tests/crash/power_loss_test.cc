// Cuts the power in front of every change that a program makes to the disk,
// lets any part of what was not synced reach it, and opens the directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/inspect.h"
#include "fmt/format.h"
#include "tests/crash/program.h"
#include "tests/crash/promises.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AllChoices;
using test::Choices;
using test::Fates;
using test::FaultyDisk;
using test::IsOk;
using test::Program;
using test::Promises;
using test::RandomChoices;
using test::Step;

using Steps = std::vector<Step>;

std::string NameOf(const Steps& steps) {
  std::string name;
  for (const Step step : steps) name += fmt::format("{} ", StepName(step));
  return name;
}

// Every loss there can be, where up to so many sectors, sizes and names are
// uncertain; more of them are drawn by seed.
constexpr int kEveryLoss = INT_MAX;
constexpr int64_t kUncertainMax = 12;
constexpr int kDrawn = 300;
// A sanitizer makes each state ten times as dear: a share of the programs
// finds what it can find.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kShare = 10;
#else
constexpr int kShare = 1;
#endif
constexpr int64_t kNoCut = -1;

class PowerLoss : public ::testing::Test {
 protected:
  PowerLoss() : base_(std::make_unique<FaultyDisk>(clock_)) {
    Program program(*base_, clock_, base_promises_);
    EXPECT_THAT(program.SetUp(), IsOk());
    base_->CutNow();
  }

  std::unique_ptr<FaultyDisk> FreshDisk() {
    auto disk = base_->Copy();
    AllChoices nothing_is_unsynced;
    disk->Restart(nothing_is_unsynced);
    return disk;
  }

  // Runs the steps until the power goes, in front of change `cut` counted from
  // here; returns false when it did not.
  bool RunUntil(int64_t cut, const Steps& steps, FaultyDisk& disk,
                Promises& promises) {
    Program program(disk, clock_, promises);
    if (cut != kNoCut) disk.CutBefore(disk.changes() + cut);
    absl::Status ran = program.Open();
    for (const Step step : steps) {
      if (ran.ok()) ran = program.Run(step);
    }
    const bool was_cut = disk.is_cut();
    if (!was_cut) {
      EXPECT_THAT(ran, IsOk());
    }
    disk.CutNow();  // the process writes nothing more
    return was_cut;
  }

  // One state that the disk may be left in.
  void CheckOneLoss(const FaultyDisk& cut, const Promises& promises,
                    Choices& choices) {
    const auto disk = cut.Copy();
    fates_ += disk->Restart(choices);
    CheckRecovery(*disk, promises);
  }

  // Recovers what is there twice, the second time after a power loss that
  // leaves nothing but what was synced: recovery's result is durable.
  void CheckRecovery(FaultyDisk& disk, Promises promises) {
    {
      Program program(disk, clock_, promises);
      ASSERT_THAT(program.Open(), IsOk());
      ASSERT_THAT(promises.Check(program.engine()), IsOk());
      disk.CutNow();
    }
    NothingKept nothing;
    disk.Restart(nothing);
    Program program(disk, clock_, promises);
    ASSERT_THAT(program.Open(), IsOk());
    ASSERT_THAT(promises.Check(program.engine()), IsOk());
    ASSERT_THAT(program.Close(), IsOk());
    ASSERT_THAT(VerifyDirectory(disk, Program::kDirectory, {},
                                [](const Finding& finding) {
                                  ADD_FAILURE()
                                      << finding.file << ": " << finding.what;
                                }),
                IsOk());
  }

  // The process alone is gone, and all that it wrote is there.
  void CheckDeath(FaultyDisk& disk, Promises promises) {
    disk.RestartProcess();
    promises.KeepAcknowledged();
    CheckRecovery(disk, promises);
  }

  // All that may be left, or where that is more than `most` states, some of it
  // by seed.
  void CheckLosses(const FaultyDisk& cut, const Promises& promises, int most,
                   uint64_t seed) {
    if (cut.unsynced() > kUncertainMax) most = std::min(most, kDrawn);
    AllChoices all;
    for (int state = 0; state < most && !HasFailure(); ++state) {
      CheckOneLoss(cut, promises, all);
      if (!all.Next()) return;
    }
    RandomChoices random(seed);
    for (int i = 0; i < most && !HasFailure(); ++i) {
      random.Turn();
      CheckOneLoss(cut, promises, random);
    }
  }

  void CutEverywhere(const Steps& steps, int losses) {
    for (int64_t cut = 0;; ++cut) {
      SCOPED_TRACE(fmt::format("{}: cut before change {}", NameOf(steps), cut));
      const auto disk = FreshDisk();
      Promises promises = base_promises_;
      const bool was_cut = RunUntil(cut, steps, *disk, promises);
      CheckLosses(*disk, promises, losses, static_cast<uint64_t>(cut));
      CheckDeath(*disk, promises);
      if (!was_cut || HasFailure()) return;
    }
  }

  class NothingKept final : public Choices {
   public:
    size_t Pick(size_t) override { return 0; }
  };

  test::SimClock clock_;
  Promises base_promises_;
  std::unique_ptr<FaultyDisk> base_;
  Fates fates_;
};

TEST_F(PowerLoss, EveryStepHoldsWhatItPromised) {
  for (int i = 0; i < test::kSteps && !HasFailure(); ++i) {
    CutEverywhere({static_cast<Step>(i)}, kEveryLoss);
  }
  EXPECT_GT(fates_.kept, 0);
  EXPECT_GT(fates_.dropped, 0);
  EXPECT_GT(fates_.torn, 0);
  EXPECT_GT(fates_.names_kept, 0);
  EXPECT_GT(fates_.names_dropped, 0);
}

// A single step leaves no two writes of one file unsynced.
TEST_F(PowerLoss, WritesOfOneFileReachTheDiskInAnyOrder) {
  CutEverywhere({Step::kAppendOs, Step::kAppendOs}, kEveryLoss);
  EXPECT_GT(fates_.torn, 0);
  EXPECT_GT(fates_.reordered, 0);
}

TEST_F(PowerLoss, EveryPairOfStepsHoldsWhatItPromised) {
  for (int i = 0; i < test::kSteps && !HasFailure(); ++i) {
    for (int j = 0; j < test::kSteps && !HasFailure(); ++j) {
      if ((i * test::kSteps + j) % kShare != 0) continue;
      CutEverywhere({static_cast<Step>(i), static_cast<Step>(j)}, 2);
    }
  }
  EXPECT_GT(fates_.torn, 0);
}

TEST_F(PowerLoss, LongProgramsHoldWhatTheyPromised) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  for (int i = 0; i < 200 / kShare && !HasFailure(); ++i) {
    Steps steps;
    for (size_t n = 3 + random() % 10; n > 0; --n) {
      steps.push_back(static_cast<Step>(random() % test::kSteps));
    }
    const auto whole = FreshDisk();
    const int64_t before = whole->changes();
    Promises kept = base_promises_;
    RunUntil(kNoCut, steps, *whole, kept);
    const auto changes = static_cast<uint64_t>(whole->changes() - before);
    for (int j = 0; j < 4 && !HasFailure(); ++j) {
      const auto cut = static_cast<int64_t>(random() % (changes + 1));
      SCOPED_TRACE(fmt::format("{}: cut before change {}", NameOf(steps), cut));
      const auto disk = FreshDisk();
      Promises promises = base_promises_;
      RunUntil(cut, steps, *disk, promises);
      RandomChoices choices(random());
      for (int k = 0; k < 10 && !HasFailure(); ++k) {
        choices.Turn();
        CheckOneLoss(*disk, promises, choices);
      }
      CheckDeath(*disk, promises);
    }
  }
}

}  // namespace
}  // namespace cauce
