// Lets one call of a program fail, whichever it is, and lets the program go
// on: what failed is told, and whatever was acknowledged before or after is
// there when the process dies then, or the power goes, at once or later.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/io/file_error.h"
#include "fmt/format.h"
#include "tests/crash/power_loss.h"
#include "tests/crash/program.h"
#include "tests/crash/promises.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

// What fails, and with which error.
struct Fault {
  enum class Calls { kChanges, kReads };

  Calls calls;
  int error;
  std::string name;
};

const Fault kFaults[] = {
    {Fault::Calls::kChanges, EIO, "ChangesWithEio"},
    {Fault::Calls::kChanges, ENOSPC, "ChangesWithEnospc"},
    {Fault::Calls::kReads, EIO, "ReadsWithEio"},
};

struct FailedCall {
  DiskCall call;
  std::string path;
  bool is_marked;  // whether the mark of a clean close was there
};

constexpr std::string_view kMark = "/data/.kafka_cleanshutdown";

// The power stays on to the end of the program.
constexpr int64_t kNever = -1;

class FailingCalls : public PowerLoss,
                     public ::testing::WithParamInterface<Fault> {
 protected:
  explicit FailingCalls(Topics topics = Topics::kPlain) : PowerLoss(topics) {}

  struct Ran {
    std::optional<FailedCall> failed;  // nothing: there were fewer calls
    bool was_cut = false;
  };

  // The call of this number, counted from the opening on, fails, and behind
  // so many changes more the power goes. Afterwards the process has died.
  Ran RunWithFault(int64_t number, int64_t changes_left, const Steps& steps,
                   FaultyDisk& disk, Promises& promises) {
    std::optional<FailedCall> failed;
    bool was_cut = false;
    int64_t calls = 0;
    bool is_marked = disk.Info(kMark).ok();
    disk.set_plan([&](DiskCall call, std::string_view path, int64_t) {
      if (path.starts_with(kMark)) {
        is_marked |= call == DiskCall::kRename;  // of a file beside it
        is_marked &= call != DiskCall::kRemove;
      }
      const bool is_read = !IsChange(call);
      const bool counts = is_read == (GetParam().calls == Fault::Calls::kReads);
      if (!counts || calls++ != number) return absl::OkStatus();
      failed = {call, std::string(path), is_marked};
      if (changes_left != kNever) {
        disk.CutBefore(disk.changes() + changes_left);
      }
      return DataError(path, "planned to fail", GetParam().error);
    });
    {
      Program program(disk, clock(), promises);
      const absl::Status opened = program.Open();
      Expect(opened, program.warnings(), failed, disk);
      for (const Step step : steps) {
        const bool had_failed = failed.has_value();
        const int warnings = program.warnings();
        const absl::Status ran = program.Run(step);
        if (had_failed) continue;
        Expect(ran, program.warnings() - warnings, failed, disk);
      }
      disk.set_plan(nullptr);
      was_cut = disk.is_cut();
      disk.CutNow();
    }
    return {failed, was_cut};
  }

  // What failed in an act must be what the act says, or what was told meanwhile
  // where it holds up no more than itself, unless it may be done without.
  void Expect(const absl::Status& ran, int warnings,
              const std::optional<FailedCall>& failed, FaultyDisk& disk) {
    if (!failed) {
      EXPECT_THAT(ran, IsOk());
    } else if (ran.ok() && warnings == 0) {
      EXPECT_TRUE(MayGoUntold(*failed, disk))
          << "the failure of " << static_cast<int>(failed->call) << " on "
          << failed->path << " was swallowed";
    }
  }

  static bool MayGoUntold(const FailedCall& failed, FaultyDisk& disk) {
    // What finds no room is written later, or done in another way: which, and
    // what is told, is full_disk_test's.
    if (GetParam().error == ENOSPC) return true;
    // The files of a deleted topic are removed again before the act is over: of
    // what went then there is nothing to tell.
    constexpr std::string_view kDeleted = "-delete";
    if (const size_t at = failed.path.find(kDeleted); at != failed.path.npos) {
      const std::string doomed = failed.path.substr(0, at + kDeleted.size());
      return absl::IsNotFound(disk.Info(doomed).status());
    }
    // That the directories are no copies of those of the last close another one
    // tells. An opening asks that before it removes the mark, and no more: what
    // else is looked at there is told.
    if (failed.call == DiskCall::kLook && failed.path == "/data/orders-0") {
      return failed.is_marked && disk.Info("/data/ticks-0").ok();
    }
    // The catalogue has a copy, an index is made anew from its log, and how
    // much is free may stay unknown.
    return !IsChange(failed.call) &&
           (failed.path == Program::kDirectory ||
            std::ranges::any_of(
                std::array{"cauce.topics", "cauce.topics.copy", ".index",
                           ".timeindex"},
                [&](const char* end) { return failed.path.ends_with(end); }));
  }

  // One call in `stride`, from the one of number `first` on.
  void FailEverywhere(const Steps& steps, int64_t first = 0,
                      int64_t stride = 1) {
    for (int64_t number = first; !HasFailure(); number += stride) {
      SCOPED_TRACE(fmt::format("{}: call {} fails", NameOf(steps), number));
      const auto disk = FreshDisk();
      Promises promises = base_promises();
      if (!RunWithFault(number, kNever, steps, *disk, promises).failed) return;
      CheckLosses(*disk, promises, Losses::kExtremes);
      if (!HasFailure()) CheckDeath(*disk, promises);
    }
  }

  // How many calls there are in an opening.
  int64_t CallsOfOpening() {
    for (int64_t number = 0;; ++number) {
      const auto disk = FreshDisk();
      Promises promises = base_promises();
      if (!RunWithFault(number, kNever, {}, *disk, promises).failed) {
        return number;
      }
    }
  }

  // After each call that fails, from the one of number `first` on, the power
  // goes in front of every later change.
  void FailAndCutEverywhere(const Steps& steps, int64_t first) {
    for (int64_t number = first; !HasFailure(); ++number) {
      bool was_cut = true;
      for (int64_t left = 1 + number % kOneIn; was_cut && !HasFailure();
           left += kOneIn) {
        SCOPED_TRACE(fmt::format("{}: call {} fails, cut {} changes later",
                                 NameOf(steps), number, left));
        const auto disk = FreshDisk();
        Promises promises = base_promises();
        const Ran ran = RunWithFault(number, left, steps, *disk, promises);
        if (!ran.failed) return;
        was_cut = ran.was_cut;
        CheckLosses(*disk, promises, Losses::kExtremes);
        if (!HasFailure()) CheckDeath(*disk, promises);
      }
    }
  }
};

TEST_P(FailingCalls, OfOneStepTakeNothingThatWasAcknowledged) {
  for (int i = 0; i < kSteps; ++i) FailEverywhere({static_cast<Step>(i)});
}

TEST_P(FailingCalls, OfTwoStepsTakeNothingThatWasAcknowledged) {
  // Reads are many, and few of them differ from pair to pair: a sanitizer looks
  // at one in four.
  const bool all = kOneIn == 1 || GetParam().calls != Fault::Calls::kReads;
  const int64_t stride = all ? 1 : 4;
  for (int i = 0; i < kSteps * kSteps && !HasFailure(); i += kOneIn) {
    FailEverywhere(
        {static_cast<Step>(i / kSteps), static_cast<Step>(i % kSteps)},
        i / kOneIn % stride, stride);
  }
}

// The step has time to tidy up, but not to its end.
TEST_P(FailingCalls, AndThePowerBehindThemTakeNothingThatWasAcknowledged) {
  if (GetParam().calls == Fault::Calls::kReads) return;
  FailAndCutEverywhere({}, 0);
  const int64_t first = CallsOfOpening();
  for (int i = 0; i < kSteps; ++i) {
    FailAndCutEverywhere({static_cast<Step>(i)}, first);
  }
}

// Of a topic that is compacted, with producers and transactions: one step,
// since such a program ends with the first thing that fails.
class FailingTableCalls : public FailingCalls {
 protected:
  FailingTableCalls() : FailingCalls(Topics::kTable) {}
};

TEST_P(FailingTableCalls, OfOneStepTakeNothingThatWasAcknowledged) {
  for (const Step step : kTableSteps) FailEverywhere({step});
}

TEST_P(FailingTableCalls, AndThePowerBehindThemTakeNothingThatWasAcknowledged) {
  if (GetParam().calls == Fault::Calls::kReads) return;
  const int64_t first = CallsOfOpening();
  for (const Step step : kTableSteps) FailAndCutEverywhere({step}, first);
}

INSTANTIATE_TEST_SUITE_P(OneCall, FailingTableCalls,
                         ::testing::ValuesIn(kFaults),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(OneCall, FailingCalls, ::testing::ValuesIn(kFaults),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cauce::test
