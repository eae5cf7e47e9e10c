// Programs that run until the power goes, and what must hold of all that may
// be left: what every test of this room begins with.
//
// A schedule is one state of the disk that was recovered and compared; how
// many there were is printed at the end of each test. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/crash/program.h"
#include "tests/crash/promises.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

using Steps = std::vector<Step>;
std::string NameOf(const Steps& steps);

// A sanitizer makes each state ten times as dear: of what is not done by seed
// it looks at every so many.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr int kOneIn = 10;
#else
inline constexpr int kOneIn = 1;
#endif

// Which of the losses there can be.
enum class Losses {
  kExtremes,     // nothing is kept, or everything
  kAlikeButOne,  // these, and all but one thing, each in turn
  kEvery,        // each, where few things are uncertain; else some, by seed
};

class PowerLoss : public ::testing::Test {
 protected:
  static constexpr int64_t kNoCut = -1;

  explicit PowerLoss(Topics topics = Topics::kPlain);
  void TearDown() override;

  // From now on every disk syncs all of itself for who asks.
  void OfferWholeSync() { offers_whole_sync_ = true; }

  // One on which some topics are, cleanly closed, and the time it was then.
  std::unique_ptr<FaultyDisk> FreshDisk();

  // Opens and runs the steps until the power goes, in front of change `cut`
  // counted from the beginning of the last step: all before that is the same
  // in the program without it. Of a single step the opening is a part. Returns
  // false when the power did not go until the end.
  bool RunUntil(int64_t cut, const Steps& steps, FaultyDisk& disk,
                Promises& promises);
  // The same, counted from the opening on.
  bool RunUntilAnywhere(int64_t cut, const Steps& steps, FaultyDisk& disk,
                        Promises& promises);
  // The same where calls may fail: it goes on with the next step.
  bool RunOnUntil(int64_t cut, const Steps& steps, FaultyDisk& disk,
                  Promises& promises);
  // Opens what a loss has left and closes it, until the power goes, in front
  // of change `cut`.
  bool RecoverUntil(int64_t cut, FaultyDisk& disk, Promises& promises);

  // The schedules of a disk whose power is out: one; some; and the one where
  // the process alone is gone, and all that it wrote is there.
  void CheckLoss(const FaultyDisk& cut, const Promises& promises,
                 Choices& choices);
  void CheckLosses(const FaultyDisk& cut, const Promises& promises,
                   Losses losses);
  void CheckDeath(FaultyDisk& disk, Promises promises);
  // What is on the disk, whose power is back: recovers it twice, the second
  // time after a loss of all that the first did not sync.
  void CheckRecovery(FaultyDisk& disk, Promises promises);

  // Cuts in front of every change of the last step, and behind it.
  void CutEverywhere(const Steps& steps, Losses losses);

  SimClock& clock() { return clock_; }
  const Promises& base_promises() const { return base_promises_; }
  // What came of what was not synced, in all schedules so far.
  const Fates& fates() const { return fates_; }
  int64_t schedules() const { return schedules_; }
  // Starts that were told to be unsaved, as they may be.
  int64_t unsaved_starts() const { return unsaved_starts_; }

 private:
  enum class CountFrom { kOpening, kLastStep };
  bool Run(int64_t cut, CountFrom from, const Steps& steps, FaultyDisk& disk,
           Promises& promises);
  void CheckAlikeButOne(const FaultyDisk& cut, const Promises& promises);

  SimClock clock_;
  bool offers_whole_sync_ = false;
  absl::Duration base_time_;
  Promises base_promises_;
  std::unique_ptr<FaultyDisk> base_;
  Fates fates_;
  int64_t schedules_ = 0;
  int64_t unsaved_starts_ = 0;
};

}  // namespace cauce::test
