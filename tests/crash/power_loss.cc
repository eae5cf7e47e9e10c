#include "tests/crash/power_loss.h"

#include <gmock/gmock.h>

#include <cstdio>

#include "absl/status/status.h"
#include "cauce/inspect.h"
#include "fmt/format.h"
#include "tests/crash/files_left.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

// Where no more sectors, sizes and names are uncertain, every loss there can
// be is a few thousand at most; of more of them so many are drawn.
constexpr int64_t kUncertainMax = 12;
constexpr int kDrawn = 300;

}  // namespace

std::string NameOf(const Steps& steps) {
  std::string name;
  for (const Step step : steps) name += fmt::format("{} ", StepName(step));
  return name;
}

PowerLoss::PowerLoss(Topics topics)
    : base_(std::make_unique<FaultyDisk>(clock_)) {
  Program program(*base_, clock_, base_promises_);
  EXPECT_THAT(program.SetUp(topics), IsOk());
  base_->CutNow();
  base_time_ = clock_.Monotonic();
}

void PowerLoss::TearDown() {
  std::printf("schedules %lld\n", static_cast<long long>(schedules_));
}

std::unique_ptr<FaultyDisk> PowerLoss::FreshDisk() {
  clock_.Advance(base_time_ - clock_.Monotonic());
  auto disk = base_->Copy();
  AllChoices nothing_is_unsynced;
  disk->Restart(nothing_is_unsynced);
  if (offers_whole_sync_) disk->offer_whole_sync(1);
  return disk;
}

bool PowerLoss::RunUntil(int64_t cut, const Steps& steps, FaultyDisk& disk,
                         Promises& promises) {
  const auto from =
      steps.size() > 1 ? CountFrom::kLastStep : CountFrom::kOpening;
  return Run(cut, from, steps, disk, promises);
}

bool PowerLoss::RunUntilAnywhere(int64_t cut, const Steps& steps,
                                 FaultyDisk& disk, Promises& promises) {
  return Run(cut, CountFrom::kOpening, steps, disk, promises);
}

bool PowerLoss::Run(int64_t cut, CountFrom from, const Steps& steps,
                    FaultyDisk& disk, Promises& promises) {
  Program program(disk, clock_, promises);
  const auto count = [&] {
    if (cut != kNoCut) disk.CutBefore(disk.changes() + cut);
  };
  if (from == CountFrom::kOpening) count();
  absl::Status ran = program.Open();
  for (size_t i = 0; i < steps.size() && ran.ok(); ++i) {
    if (from == CountFrom::kLastStep && i + 1 == steps.size()) count();
    ran = program.Run(steps[i]);
  }
  const bool was_cut = disk.is_cut();
  if (!was_cut) {
    EXPECT_THAT(ran, IsOk());
  }
  disk.CutNow();  // the process writes nothing more
  return was_cut;
}

bool PowerLoss::RunOnUntil(int64_t cut, const Steps& steps, FaultyDisk& disk,
                           Promises& promises) {
  Program program(disk, clock_, promises);
  if (cut != kNoCut) disk.CutBefore(disk.changes() + cut);
  // What a step could not do it says, and the promises know.
  program.Open().IgnoreError();
  for (const Step step : steps) program.Run(step).IgnoreError();
  const bool was_cut = disk.is_cut();
  disk.CutNow();
  return was_cut;
}

bool PowerLoss::RecoverUntil(int64_t cut, FaultyDisk& disk,
                             Promises& promises) {
  Program program(disk, clock_, promises);
  disk.CutBefore(disk.changes() + cut);
  absl::Status ran = program.Open();
  if (ran.ok()) ran = promises.Check(program.engine());
  if (ran.ok()) ran = program.Close();
  const bool was_cut = disk.is_cut();
  if (!was_cut) {
    EXPECT_THAT(ran, IsOk());
  }
  disk.CutNow();
  return was_cut;
}

void PowerLoss::CheckLoss(const FaultyDisk& cut, const Promises& promises,
                          Choices& choices) {
  const auto disk = cut.Copy();
  fates_ += disk->Restart(choices);
  CheckRecovery(*disk, promises);
}

void PowerLoss::CheckRecovery(FaultyDisk& disk, Promises promises) {
  ++schedules_;
  {
    Program program(disk, clock_, promises);
    ASSERT_THAT(program.Open(), IsOk());
    ASSERT_THAT(promises.Check(program.engine()), IsOk());
    disk.CutNow();
  }
  AlikeButOne nothing_kept(AlikeButOne::Answer::kFirst);
  disk.Restart(nothing_kept);
  const auto recovered = FilesThatMatter(disk, Program::kDirectory);
  ASSERT_THAT(recovered, IsOk());
  Program program(disk, clock_, promises);
  ASSERT_THAT(program.Open(), IsOk());
  const auto again = FilesThatMatter(disk, Program::kDirectory);
  ASSERT_THAT(again, IsOk());
  ASSERT_EQ(DifferenceOf(*recovered, *again), "")
      << "a second recovery changes nothing";
  ASSERT_THAT(promises.Check(program.engine()), IsOk());
  ASSERT_THAT(promises.CheckLookups(program.engine()), IsOk());
  ASSERT_THAT(program.Close(), IsOk());
  const IndexCheck indexes = {.interval_bytes = Program::kIndexIntervalBytes,
                              .log_starts = promises.LogStarts()};
  ASSERT_THAT(CheckIndexFiles(disk, Program::kDirectory, indexes), IsOk());
  const auto judge = [&](const Finding& finding) {
    if (promises.MayBeginUnsavedAt(finding.file)) {
      ++unsaved_starts_;
    } else {
      ADD_FAILURE() << finding.file << ": " << finding.what;
    }
  };
  ASSERT_THAT(VerifyDirectory(disk, Program::kDirectory, {}, judge), IsOk());
}

void PowerLoss::CheckDeath(FaultyDisk& disk, Promises promises) {
  disk.RestartProcess();
  promises.KeepAcknowledged();
  CheckRecovery(disk, std::move(promises));
}

void PowerLoss::CheckLosses(const FaultyDisk& cut, const Promises& promises,
                            Losses losses) {
  const bool every =
      losses == Losses::kEvery && cut.unsynced() <= kUncertainMax;
  if (every) {
    AllChoices all;
    do {
      CheckLoss(cut, promises, all);
    } while (all.Next() && !HasFailure());
    return;
  }
  AlikeButOne nothing(AlikeButOne::Answer::kFirst);
  CheckLoss(cut, promises, nothing);
  if (nothing.asked() == 0 || HasFailure()) return;
  AlikeButOne everything(AlikeButOne::Answer::kLast);
  CheckLoss(cut, promises, everything);
  if (losses == Losses::kExtremes) return;
  CheckAlikeButOne(cut, promises);
  if (losses == Losses::kAlikeButOne) return;
  RandomChoices random(static_cast<uint64_t>(cut.changes()));
  for (int i = 0; i < kDrawn && !HasFailure(); ++i) {
    random.Turn();
    CheckLoss(cut, promises, random);
  }
}

void PowerLoss::CheckAlikeButOne(const FaultyDisk& cut,
                                 const Promises& promises) {
  using enum AlikeButOne::Answer;
  for (const AlikeButOne::Answer answer : {kFirst, kLast}) {
    // How many questions there are depends on the answers: of one more than
    // are asked nothing is answered otherwise.
    for (size_t otherwise = 0; !HasFailure(); ++otherwise) {
      AlikeButOne choices(answer, otherwise);
      const auto disk = cut.Copy();
      const Fates fates = disk->Restart(choices);
      if (otherwise >= choices.asked()) break;
      fates_ += fates;
      CheckRecovery(*disk, promises);
    }
  }
}

void PowerLoss::CutEverywhere(const Steps& steps, Losses losses) {
  for (int64_t cut = 0;; ++cut) {
    SCOPED_TRACE(fmt::format("{}: cut before change {}", NameOf(steps), cut));
    const auto disk = FreshDisk();
    Promises promises = base_promises_;
    const bool was_cut = RunUntil(cut, steps, *disk, promises);
    CheckLosses(*disk, promises, losses);
    if (!HasFailure()) CheckDeath(*disk, promises);
    if (!was_cut || HasFailure()) return;
  }
}

}  // namespace cauce::test
