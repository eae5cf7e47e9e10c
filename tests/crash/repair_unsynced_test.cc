// Repairs a directory of which a part is in memory only, as a process that was
// killed leaves it, or somebody who copied and renamed files: the power goes
// in front of every change, or behind the last. What was durable and whole is
// there, and what the repair called whole is as durable as it said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "cauce/file_system.h"
#include "cauce/repair.h"
#include "engine/base/check.h"
#include "fmt/format.h"
#include "tests/crash/expected_repair.h"
#include "tests/crash/spoiled_rounds.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/spoiler.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::Choices;
using test::DiskWith;
using test::ExpectedRepair;
using test::FaultyDisk;
using test::Image;
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
constexpr int kRounds = 6;
#endif

class RepairUnsynced : public ::testing::TestWithParam<Stop> {
 protected:
  // What was done to the bytes of a file that stays is durable; names that
  // came, went or changed, and the bytes of new files, are in memory alone.
  std::unique_ptr<FaultyDisk> HalfDurable(const Image& known,
                                          const Image& spoiled) {
    Image durable = known;
    for (auto& [name, bytes] : durable) {
      const auto now = spoiled.find(name);
      if (now != spoiled.end()) bytes = now->second;
    }
    auto disk = DiskWith(durable, clock_);
    Image fresh;
    for (const auto& [name, bytes] : spoiled) {
      if (!durable.contains(name)) fresh[name] = bytes;
    }
    for (const auto& [name, bytes] : durable) {
      if (spoiled.contains(name)) continue;
      const auto renamed =
          std::ranges::find(fresh, bytes, &Image::value_type::second);
      if (renamed == fresh.end()) {
        CAUCE_CHECK(disk->RemoveFile(PathOf(name)).ok());
      } else {
        CAUCE_CHECK(disk->Rename(PathOf(name), PathOf(renamed->first)).ok());
        fresh.erase(renamed);
      }
    }
    for (const auto& [name, bytes] : fresh) {
      const std::string path = PathOf(name);
      CAUCE_CHECK(
          disk->CreateDirectories(path.substr(0, path.rfind('/'))).ok());
      const auto file = disk->Open(path, OpenMode::kCreate);
      CAUCE_CHECK(file.ok());
      CAUCE_CHECK((*file)->Write(0, bytes).ok());
      // Strangers are not looked into.
      if (name.ends_with(".log")) continue;
      CAUCE_CHECK((*file)->Sync().ok());
      CAUCE_CHECK(disk->SyncDirectory(path.substr(0, path.rfind('/'))).ok());
    }
    return disk;
  }

  static std::string PathOf(const std::string& name) {
    return std::string(kKnownDirectory) + name;
  }

  void CutEverywhere(const KnownDirectory& known, const Spoiler& spoiler) {
    const ExpectedRepair expected(spoiler.image(), clock_);
    const auto first = HalfDurable(known.image, spoiler.image());
    const int64_t before = first->changes();
    ASSERT_THAT(RepairDirectory(*first, kKnownDirectory, {}), IsOk());
    const int64_t changes = first->changes() - before;
    first->CutNow();
    AlikeButOne nothing_kept(AlikeButOne::Answer::kFirst);
    first->Restart(nothing_kept);
    expected.Check(*first);

    for (int64_t cut = 0; cut < changes && !HasFailure(); ++cut) {
      SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
      AlikeButOne nothing(AlikeButOne::Answer::kFirst);
      CutOnce(known, spoiler, cut, nothing);
      RandomChoices some(static_cast<uint64_t>(cut));
      CutOnce(known, spoiler, cut, some);
    }
  }

  void CutOnce(const KnownDirectory& known, const Spoiler& spoiler, int64_t cut,
               Choices& choices) {
    const auto disk = HalfDurable(known.image, spoiler.image());
    disk->CutBefore(disk->changes() + cut);
    ASSERT_FALSE(RepairDirectory(*disk, kKnownDirectory, {}).ok());
    disk->Restart(choices);
    ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
    test::ExpectReadsWhole(known, spoiler.whole(), *disk);
  }

  test::SimClock clock_;
};

TEST_P(RepairUnsynced, TakesNothingThatWasDurableAndKeepsWhatItSays) {
  test::ForEachSpoiled(
      GetParam(), kRounds,
      [this](const KnownDirectory& known, const Spoiler& spoiler) {
        CutEverywhere(known, spoiler);
      });
}

INSTANTIATE_TEST_SUITE_P(, RepairUnsynced,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         test::StopName);

}  // namespace
}  // namespace cauce
