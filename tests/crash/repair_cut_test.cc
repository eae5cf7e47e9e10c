// Cuts the power in front of every change that a repair makes: run again, it
// ends in the same as one that nothing came between, and whoever opens the
// directory in between, and every partition of it, takes nothing from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/segment_name.h"
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
constexpr int kOpenRounds = 6;
#endif

class RepairCut : public ::testing::TestWithParam<Stop> {
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

  // From which change on a recovery in between takes nothing. In a directory
  // that was killed it cuts what stands behind a bad batch, unless the repair
  // has saved where the logs end, and a segment whose wrong name lies behind
  // that end, until it has its own: no more than it does before a repair.
  int64_t SafeFrom(const KnownDirectory& known, const Image& image) {
    if (image.contains("/.kafka_cleanshutdown")) return 0;
    int64_t last = 0;
    for (const auto& [at, value] : known.records) {
      last = std::max(last, at.second);
    }
    const auto disk = DiskWith(image);
    const int64_t before = disk->changes();
    int64_t safe = 0;
    const auto step = [&](const RepairStep& done) {
      const bool is_wanted =
          done.file.ends_with(kRecoveryPointFile) ||
          (done.action == RepairAction::kRename && NameOf(done) > Offset{last});
      if (is_wanted) safe = disk->changes() - before;
    };
    EXPECT_THAT(RepairDirectory(*disk, kKnownDirectory, {.step = step}),
                IsOk());
    return safe;
  }

  // What the segment is called by that the step is about.
  static Offset NameOf(const RepairStep& step) {
    const std::string_view path = step.file;
    const auto file = ParseSegmentFileName(path.substr(path.rfind('/') + 1));
    EXPECT_TRUE(file.has_value()) << path;
    return file ? file->base : Offset{};
  }

  // `whole` are those of the batches of `image` that nothing has touched.
  void OpenInBetween(const KnownDirectory& known, const Image& image,
                     const std::vector<KnownBatch>& whole) {
    const auto repaired = DiskWith(image);
    const int64_t before = repaired->changes();
    ASSERT_THAT(RepairDirectory(*repaired, kKnownDirectory, {}), IsOk());
    const int64_t changes = repaired->changes() - before;
    for (int64_t cut = SafeFrom(known, image); cut < changes && !HasFailure();
         ++cut) {
      SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
      const auto disk = DiskWith(image);
      disk->CutBefore(disk->changes() + cut);
      ASSERT_FALSE(RepairDirectory(*disk, kKnownDirectory, {}).ok());
      RandomChoices choices(static_cast<uint64_t>(cut));
      disk->Restart(choices);
      OpenEverything(*disk);
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      const KnownRecords read = test::ReadKnown(*disk);
      for (const KnownBatch& batch : whole) {
        for (int64_t offset = batch.base; offset < batch.next; ++offset) {
          const auto record = known.records.find({batch.partition, offset});
          if (record == known.records.end()) continue;  // it was deleted
          EXPECT_TRUE(read.contains(record->first))
              << batch.partition << " has lost offset " << offset;
        }
      }
    }
  }

  // As far as that can be done before the repair is: some small files keep the
  // directory from being opened, a stranger in it one partition.
  void OpenEverything(FaultyDisk& disk) {
    auto engine =
        Engine::Open(kKnownDirectory, {.file_system = &disk, .clock = &clock_});
    if (!engine.ok()) return;
    const auto topics = engine->ListTopics();
    ASSERT_THAT(topics, IsOk());
    for (const TopicDescription& topic : *topics) {
      for (int32_t i = 0; i < topic.partitions; ++i) {
        opened_ += engine->OpenPartition(topic.name, PartitionId{i}).ok();
      }
    }
    EXPECT_THAT(engine->Close(), IsOk());
  }

  // Two segments of the partition have each other's name, the smaller one being
  // its segment of the number `which`.
  static void Exchange(std::string_view partition, size_t which, Image& image) {
    std::vector<std::string> logs;
    for (const auto& [name, bytes] : image) {
      const bool is_one = name.starts_with(partition) && name.ends_with(".log");
      if (is_one) logs.push_back(name);
    }
    ASSERT_GT(logs.size(), which + 2);
    std::swap(image[logs[which]], image[logs[which + 2]]);
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
  int64_t opened_ = 0;  // partitions, in between
};

TEST_P(RepairCut, RunAgainItEndsInTheSame) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  for (uint32_t round = 0; round < kRounds && !HasFailure(); ++round) {
    Spoiler spoiler(known, round);
    spoiler.Spoil();
    SCOPED_TRACE(fmt::format("round {}: {}", round, spoiler.story()));
    CutEverywhere(spoiler.image());
  }
}

TEST_P(RepairCut, LosesNothingToWhoOpensItInBetween) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  for (uint32_t round = 0; round < kOpenRounds && !HasFailure(); ++round) {
    Spoiler spoiler(known, round);
    spoiler.Spoil();
    SCOPED_TRACE(fmt::format("round {}: {}", round, spoiler.story()));
    OpenInBetween(known, spoiler.image(), spoiler.whole());
  }
  EXPECT_GT(opened_, 0);
}

TEST_P(RepairCut, KeepsSegmentsThatHaveEachOthersNames) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  Image image = known.image;
  Exchange("/orders-0/", 1, image);
  Exchange("/orders-1/", 0, image);

  CutEverywhere(image);
  OpenInBetween(known, image, known.batches);
  EXPECT_GT(opened_, 0);
}

INSTANTIATE_TEST_SUITE_P(, RepairCut,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
                         });

}  // namespace
}  // namespace cauce
