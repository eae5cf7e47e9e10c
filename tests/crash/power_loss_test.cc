// Cuts the power in front of every change that a program makes to the disk,
// lets any part of what was not synced reach it, and opens the directory.
#include "tests/crash/power_loss.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/io/file_error.h"
#include "fmt/format.h"
#include "tests/crash/program.h"
#include "tests/crash/promises.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

TEST_F(PowerLoss, EveryStepHoldsWhatItPromised) {
  for (int i = 0; i < kSteps && !HasFailure(); ++i) {
    CutEverywhere({static_cast<Step>(i)}, Losses::kEvery);
  }
  EXPECT_GT(fates().kept, 0);
  EXPECT_GT(fates().dropped, 0);
  EXPECT_GT(fates().torn, 0);
  EXPECT_GT(fates().names_kept, 0);
  EXPECT_GT(fates().names_dropped, 0);
}

// A close then syncs all logs at once.
TEST_F(PowerLoss, EveryStepHoldsWhatItPromisedWhereOneSyncIsForAll) {
  OfferWholeSync();
  for (int i = 0; i < kSteps && !HasFailure(); i += kOneIn) {
    CutEverywhere({static_cast<Step>(i)}, Losses::kEvery);
    CutEverywhere({static_cast<Step>(i), Step::kReopen}, Losses::kAlikeButOne);
    CutEverywhere({Step::kAppendOs, static_cast<Step>(i), Step::kReopen},
                  Losses::kAlikeButOne);
  }
}

// A single step leaves no two writes of one file unsynced.
TEST_F(PowerLoss, WritesOfOneFileReachTheDiskInAnyOrder) {
  CutEverywhere({Step::kAppendOs, Step::kAppendOs}, Losses::kEvery);
  EXPECT_GT(fates().torn, 0);
  EXPECT_GT(fates().reordered, 0);
}

// Of several segments that were written and not synced the last alone is cut.
TEST_F(PowerLoss, MayTakeWhatATruncationLeftAndNobodySynced) {
  CutEverywhere({Step::kAppendWritten, Step::kAppendLarge, Step::kDeleteRecords,
                 Step::kAppendWritten, Step::kAppendWritten, Step::kAppendLarge,
                 Step::kTruncate, Step::kGrowTopic},
                Losses::kAlikeButOne);
}

TEST_F(PowerLoss, EveryPairOfStepsHoldsWhatItPromised) {
  for (int i = 0; i < kSteps * kSteps && !HasFailure(); i += kOneIn) {
    CutEverywhere(
        {static_cast<Step>(i / kSteps), static_cast<Step>(i % kSteps)},
        Losses::kAlikeButOne);
  }
  EXPECT_GT(fates().torn, 0);
}

// What sealing has added to its time index then stays there.
TEST_F(PowerLoss, MayFindASegmentWrittenOnThatCouldNotBeLeft) {
  const auto disk = FreshDisk();
  Promises promises = base_promises();
  Program program(*disk, clock(), promises);
  ASSERT_THAT(program.Open(), IsOk());
  disk->set_plan([](DiskCall call, std::string_view path, int64_t) {
    const bool fails = call == DiskCall::kCreate && path.ends_with(".log");
    return fails ? DataError(path, "planned to fail", EIO) : absl::OkStatus();
  });
  ASSERT_THAT(program.Run(Step::kAppendLarge), HasReason(Reason::kDiskFailed));
  disk->set_plan(nullptr);

  ASSERT_THAT(program.Run(Step::kAppend), IsOk());
  ASSERT_THAT(program.Run(Step::kReopen), IsOk());
  disk->CutNow();
  CheckLosses(*disk, promises, Losses::kExtremes);
}

// It was told of when the directory was opened, and stays as it was found.
TEST_F(PowerLoss, MayTakeWhatWasWrittenOfALogThatNobodyCouldRecover) {
  const auto disk = FreshDisk();
  Promises promises = base_promises();
  {
    Program program(*disk, clock(), promises);
    ASSERT_THAT(program.Open(), IsOk());
    ASSERT_THAT(program.Run(Step::kAppendOs), IsOk());
    disk->CutNow();
  }
  disk->RestartProcess();
  disk->set_plan([](DiskCall call, std::string_view path, int64_t) {
    const bool fails = !IsChange(call) && path.starts_with("/data/ticks-0");
    return fails ? DataError(path, "planned to fail", EIO) : absl::OkStatus();
  });
  Program program(*disk, clock(), promises);
  ASSERT_THAT(program.Open(), IsOk());
  EXPECT_GT(program.warnings(), 0);
  ASSERT_THAT(program.Close(), IsOk());
  disk->set_plan(nullptr);
  disk->CutNow();
  CheckLosses(*disk, promises, Losses::kEvery);
}

// Kafka's file and our copy.
constexpr int kFilesOfStarts = 2;

// Segments go first then, and the start is saved after them. What a stop in
// between leaves is told, and nothing else.
TEST_F(PowerLoss, MayLeaveAStartUnsavedWhereADeletionFoundNoRoom) {
  // The second deletion takes a segment; the first has its start saved.
  const Steps steps = {Step::kAppend, Step::kDeleteRecords,
                       Step::kDeleteRecords, Step::kAppend};
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(fmt::format("cut before change {}", cut));
    const auto disk = FreshDisk();
    Promises promises = base_promises();
    int saves = 0;
    disk->set_plan([&](DiskCall call, std::string_view path, int64_t) {
      const bool is_save =
          call == DiskCall::kWrite && path.find("log-start") != path.npos;
      if (!is_save || ++saves <= kFilesOfStarts) return absl::OkStatus();
      promises.AllowUnsavedStarts();
      return DataError(path, "planned to find no room", ENOSPC);
    });
    was_cut = RunOnUntil(cut, steps, *disk, promises);
    disk->set_plan(nullptr);
    CheckLosses(*disk, promises, Losses::kExtremes);
  }
  EXPECT_GT(unsaved_starts(), 0);
}

// Only a disk that fails excuses it: a log that is refused for what it holds is
// to be as it was, once it is opened again.
TEST_F(PowerLoss, IsNoExcuseForALogThatIsRefusedForAnotherReason) {
  const auto disk = FreshDisk();
  Promises promises = base_promises();
  {
    Program program(*disk, clock(), promises);
    ASSERT_THAT(program.Open(), IsOk());
    ASSERT_THAT(program.Run(Step::kAppendOs), IsOk());
    disk->CutNow();
  }
  disk->RestartProcess();
  const PartitionPromise& promise = promises.topic("ticks").partitions[0];
  ASSERT_LT(*promise.ends.begin(), promise.acknowledged);
  TopicId anothers;
  anothers.bytes[0] = 1;
  ASSERT_THAT(WritePartitionMetadata(*disk, "/data/ticks-0", anothers), IsOk());

  Program program(*disk, clock(), promises);
  ASSERT_THAT(program.Open(), IsOk());
  EXPECT_GT(program.warnings(), 0);
  ASSERT_THAT(program.Close(), IsOk());
  EXPECT_EQ(*promise.ends.begin(), promise.acknowledged);
}

// Whatever a recovery was at when the power went again, or the process died,
// the next one finds all that was promised.
class PowerLossAgain : public PowerLoss {
 protected:
  void CutRecoveriesAnywhere();
};

void PowerLossAgain::CutRecoveriesAnywhere() {
  int states = 0;
  for (int i = 0; i < kSteps && !HasFailure(); ++i) {
    const Steps steps = {static_cast<Step>(i)};
    bool was_cut = true;
    for (int64_t cut = 0; was_cut && !HasFailure(); ++cut) {
      const auto lost = FreshDisk();
      Promises promises = base_promises();
      was_cut = RunUntil(cut, steps, *lost, promises);
      for (const auto answer :
           {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
        if (states++ % kOneIn != 0) continue;
        bool was_cut_again = true;
        for (int64_t at = 0; was_cut_again && !HasFailure(); ++at) {
          SCOPED_TRACE(
              fmt::format("{}: cut before change {}, {}, recovery "
                          "before change {}",
                          NameOf(steps), cut,
                          answer == AlikeButOne::Answer::kFirst ? "nothing kept"
                                                                : "all kept",
                          at));
          const auto disk = lost->Copy();
          AlikeButOne choices(answer);
          disk->Restart(choices);
          Promises left = promises;
          left.LosePower();
          was_cut_again = RecoverUntil(at, *disk, left);
          CheckLosses(*disk, left, Losses::kExtremes);
          if (!HasFailure()) CheckDeath(*disk, left);
        }
      }
    }
  }
}

TEST_F(PowerLossAgain, RecoveryMayBeCutAnywhere) { CutRecoveriesAnywhere(); }

TEST_F(PowerLossAgain, RecoveryMayBeCutAnywhereWhereOneSyncIsForAll) {
  OfferWholeSync();
  CutRecoveriesAnywhere();
}

// Neither a close nor a recovery takes it for done.
TEST_F(PowerLoss, LosesNothingAcknowledgedWhereASyncForAllHadFailed) {
  OfferWholeSync();
  for (int fails = 0; fails < 4; ++fails) {
    for (const Step step : {Step::kAppend, Step::kAppendWritten,
                            Step::kAppendLarge, Step::kAppendOs}) {
      SCOPED_TRACE(fmt::format("{}, sync {}", StepName(step), fails));
      const auto disk = FreshDisk();
      Promises promises = base_promises();
      int syncs = 0;
      disk->set_plan([&](DiskCall call, std::string_view path, int64_t) {
        const bool is_it = call == DiskCall::kSyncWhole && syncs++ == fails;
        return is_it ? DataError(path, "planned to fail", EIO)
                     : absl::OkStatus();
      });
      RunOnUntil(kNoCut, {step, Step::kReopen, step, Step::kReopen, step},
                 *disk, promises);
      disk->set_plan(nullptr);
      EXPECT_GT(syncs, fails);
      CheckLosses(*disk, promises, Losses::kAlikeButOne);
      if (!HasFailure()) CheckDeath(*disk, promises);
    }
  }
}

// Long programs, by seed.
class LongPrograms : public PowerLoss {
 protected:
  explicit LongPrograms(Topics topics = Topics::kPlain) : PowerLoss(topics) {}

  static constexpr int kPrograms = 200 / kOneIn;
  static constexpr int kCuts = 4;
  static constexpr int kStates = 10;

  Steps Draw() {
    Steps steps;
    for (size_t n = 3 + random_() % 10; n > 0; --n) {
      steps.push_back(DrawStep());
    }
    return steps;
  }
  virtual Step DrawStep() {
    return static_cast<Step>(DrawNumber() % uint32_t{kSteps});
  }

  uint32_t DrawNumber() { return static_cast<uint32_t>(random_()); }

  // Cuts here and there in what `run` does.
  void CutSomewhere(const std::function<void(int64_t cut, FaultyDisk& disk,
                                             Promises& promises)>& run) {
    const auto whole = FreshDisk();
    const int64_t before = whole->changes();
    Promises kept = base_promises();
    run(kNoCut, *whole, kept);
    const auto changes = static_cast<uint64_t>(whole->changes() - before);
    for (int i = 0; i < kCuts && !HasFailure(); ++i) {
      const auto cut = static_cast<int64_t>(random_() % (changes + 1));
      SCOPED_TRACE(fmt::format("cut before change {}", cut));
      const auto disk = FreshDisk();
      Promises promises = base_promises();
      run(cut, *disk, promises);
      CheckSomeLosses(*disk, promises);
      if (!HasFailure()) CheckDeath(*disk, promises);
    }
  }

  // Programs whose every call succeeds until the power goes.
  void RunAll() {
    for (int i = 0; i < kPrograms && !HasFailure(); ++i) {
      const Steps steps = Draw();
      SCOPED_TRACE(NameOf(steps));
      CutSomewhere([&](int64_t cut, FaultyDisk& disk, Promises& promises) {
        RunUntilAnywhere(cut, steps, disk, promises);
      });
    }
  }

  // The power may go again, and again, before a recovery is done.
  void CheckSomeLosses(const FaultyDisk& cut, const Promises& promises) {
    RandomChoices choices(random_());
    for (int i = 0; i < kStates && !HasFailure(); ++i) {
      choices.Turn();
      if (random_() % 4 != 0) {
        CheckLoss(cut, promises, choices);
        continue;
      }
      const auto disk = cut.Copy();
      Promises left = promises;
      std::string recoveries;
      for (uint64_t losses = 1 + random_() % 3; losses > 0; --losses) {
        disk->Restart(choices);
        left.LosePower();
        const auto at = static_cast<int64_t>(random_() % 40);
        recoveries += fmt::format(" {}", at);
        RecoverUntil(at, *disk, left);
      }
      SCOPED_TRACE(fmt::format("state {}, recovered and cut before changes{}",
                               i, recoveries));
      CheckLoss(*disk, left, choices);
    }
  }

 private:
  const Seed seed_;
  std::mt19937_64 random_{seed_.value()};
};

// Calls that fail now and then, by seed, the same ones in each run; sometimes
// one after the other. Tells `promises` where one of them finds no room.
FaultyDisk::Plan FailNowAndThen(uint32_t seed, Promises& promises) {
  struct Faults {
    std::mt19937 random;
    int in_a_row = 0;
  };
  const auto faults = std::make_shared<Faults>(std::mt19937(seed));
  return [faults, &promises](DiskCall call, std::string_view path, int64_t) {
    // Of reads there are many more.
    const uint32_t one_in = IsChange(call) ? 60 : 2000;
    if (faults->random() % one_in == 0) {
      faults->in_a_row = 1 + static_cast<int>(faults->random() % 4);
    }
    if (faults->in_a_row == 0) return absl::OkStatus();
    --faults->in_a_row;
    const bool full = IsChange(call) && faults->random() % 4 == 0;
    if (full) promises.AllowUnsavedStarts();
    return DataError(path, "planned to fail", full ? ENOSPC : EIO);
  };
}

TEST_F(LongPrograms, HoldWhatTheyPromisedOnADiskWhoseCallsFail) {
  for (int i = 0; i < kPrograms && !HasFailure(); ++i) {
    const Steps steps = Draw();
    const uint32_t faults = DrawNumber();
    SCOPED_TRACE(fmt::format("{}faults {}", NameOf(steps), faults));
    CutSomewhere([&](int64_t cut, FaultyDisk& disk, Promises& promises) {
      disk.set_plan(FailNowAndThen(faults, promises));
      RunOnUntil(cut, steps, disk, promises);
      disk.set_plan(nullptr);
    });
  }
}

TEST_F(LongPrograms, HoldWhatTheyPromised) { RunAll(); }

// Over a topic that is compacted, with producers and transactions. They end
// with the first thing that fails, so here none does but for the power.
class LongTablePrograms : public LongPrograms {
 protected:
  LongTablePrograms() : LongPrograms(Topics::kTable) {}
  Step DrawStep() override {
    return kTableSteps[DrawNumber() % kTableSteps.size()];
  }
};

TEST_F(LongTablePrograms, HoldWhatTheyPromised) { RunAll(); }

}  // namespace
}  // namespace cauce::test
