// Cuts the power in front of every change that a repair makes: run again, it
// ends in the same as one that nothing came between, and whoever opens the
// directory in between takes nothing from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/spoiler.h"

namespace cauce {
namespace {

using test::FaultyDisk;
using test::Image;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownBatch;
using test::KnownDirectory;
using test::KnownRecords;
using test::RandomChoices;
using test::Spoiler;
using test::Stop;

// A sanitizer makes each state ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 2;
constexpr int kOpenRounds = 1;
#else
constexpr int kRounds = 12;
constexpr int kOpenRounds = 4;
#endif

class CutShort : public ::testing::Test {
 protected:
  std::unique_ptr<FaultyDisk> DiskWith(const Image& image) {
    auto disk = std::make_unique<FaultyDisk>(clock_);
    test::Put(image, *disk);
    return disk;
  }

  // A replacement that was not finished is written over by the next one, if
  // there is any; of an end that was half cut off some is kept twice.
  static Image WithoutUnfinished(Image image) {
    std::erase_if(image, [](const auto& file) {
      return file.first.ends_with(".tmp") || file.first.ends_with(".cleaned") ||
             file.first.find(".cut.") != std::string::npos;
    });
    return image;
  }

  void CutEverywhere(const Image& image) {
    const auto whole = DiskWith(image);
    const int64_t before = whole->changes();
    ASSERT_THAT(RepairDirectory(*whole, kKnownDirectory, {}), IsOk());
    const int64_t changes = whole->changes() - before;
    const Image repaired = test::ImageOf(*whole);
    for (int64_t cut = 0; cut < changes && !HasFailure(); ++cut) {
      SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
      const auto disk = DiskWith(image);
      disk->CutBefore(disk->changes() + cut);
      const auto cut_short = RepairDirectory(*disk, kKnownDirectory, {});
      ASSERT_FALSE(cut_short.ok());
      RandomChoices choices(static_cast<uint64_t>(cut));
      disk->Restart(choices);
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      ASSERT_TRUE(WithoutUnfinished(test::ImageOf(*disk)) ==
                  WithoutUnfinished(repaired))
          << Difference(test::ImageOf(*disk), repaired);
    }
  }

  // Of a directory that was closed: in one that was killed recovery cuts what
  // stands behind a bad batch, unless the repair has saved where the logs end.
  void OpenInBetween(const KnownDirectory& known, const Spoiler& spoiler) {
    const auto whole = DiskWith(spoiler.image());
    const int64_t before = whole->changes();
    ASSERT_THAT(RepairDirectory(*whole, kKnownDirectory, {}), IsOk());
    const int64_t changes = whole->changes() - before;
    for (int64_t cut = 0; cut < changes && !HasFailure(); ++cut) {
      SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
      const auto disk = DiskWith(spoiler.image());
      disk->CutBefore(disk->changes() + cut);
      ASSERT_FALSE(RepairDirectory(*disk, kKnownDirectory, {}).ok());
      RandomChoices choices(static_cast<uint64_t>(cut));
      disk->Restart(choices);
      {
        // Some small files keep it from being opened.
        auto engine = Engine::Open(
            kKnownDirectory, {.file_system = disk.get(), .clock = &clock_});
        if (engine.ok()) {
          EXPECT_THAT(engine->Close(), IsOk());
        }
      }
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      const KnownRecords read = test::ReadKnown(*disk);
      for (const KnownBatch& batch : spoiler.whole()) {
        for (int64_t offset = batch.base; offset < batch.next; ++offset) {
          const auto record = known.records.find({batch.partition, offset});
          if (record == known.records.end()) continue;  // it was deleted
          EXPECT_TRUE(read.contains(record->first))
              << batch.partition << " has lost offset " << offset;
        }
      }
    }
  }

  static std::string Difference(const Image& is, const Image& should_be) {
    std::string text;
    for (const auto& [name, bytes] : is) {
      const auto other = should_be.find(name);
      if (other == should_be.end()) {
        text += fmt::format("{} is there; ", name);
      } else if (other->second != bytes) {
        text += fmt::format("{} has {} bytes, should have {}; ", name,
                            bytes.size(), other->second.size());
      }
    }
    for (const auto& [name, bytes] : should_be) {
      if (!is.contains(name)) text += fmt::format("{} is missing; ", name);
    }
    return text;
  }

  test::SimClock clock_;
};

class RepairCut : public CutShort,
                  public ::testing::WithParamInterface<Stop> {};

TEST_P(RepairCut, RunAgainItEndsInTheSame) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  for (uint32_t round = 0; round < kRounds && !HasFailure(); ++round) {
    Spoiler spoiler(known, round);
    spoiler.Spoil();
    SCOPED_TRACE(fmt::format("round {}: {}", round, spoiler.story()));
    CutEverywhere(spoiler.image());
  }
}

TEST_F(CutShort, LosesNothingToWhoOpensItInBetween) {
  const KnownDirectory known = test::MakeKnownDirectory(Stop::kClean, 7);
  for (uint32_t round = 0; round < kOpenRounds && !HasFailure(); ++round) {
    Spoiler spoiler(known, round);
    spoiler.Spoil();
    SCOPED_TRACE(fmt::format("round {}: {}", round, spoiler.story()));
    OpenInBetween(known, spoiler);
  }
}

INSTANTIATE_TEST_SUITE_P(, RepairCut,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
                         });

}  // namespace
}  // namespace cauce
