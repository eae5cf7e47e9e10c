// Cuts the power in front of every change that a repair makes: run again, it
// ends in the same as one that nothing came between, with every byte kept that
// went, and whoever opens the directory in between, and every partition of it,
// takes nothing from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/crash/expected_repair.h"
#include "tests/crash/spoiled_rounds.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/spoiler.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskWith;
using test::ExpectedRepair;
using test::FaultyDisk;
using test::HasReason;
using test::Image;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownBatch;
using test::KnownDirectory;
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
  void CutEverywhere(const Image& image) {
    const ExpectedRepair expected(image, clock_);
    for (int64_t cut = 0; cut < expected.changes() && !HasFailure(); ++cut) {
      SCOPED_TRACE(
          fmt::format("cut before change {} of {}", cut, expected.changes()));
      const auto disk = DiskWith(image, clock_);
      disk->CutBefore(disk->changes() + cut);
      const auto cut_short = RepairDirectory(*disk, kKnownDirectory, {});
      ASSERT_FALSE(cut_short.ok());
      RandomChoices choices(static_cast<uint64_t>(cut));
      disk->Restart(choices);
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      expected.Check(*disk);
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
    const auto disk = DiskWith(image, clock_);
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
    const int64_t changes = ExpectedRepair(image, clock_).changes();
    for (int64_t cut = SafeFrom(known, image); cut < changes && !HasFailure();
         ++cut) {
      SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
      const auto disk = DiskWith(image, clock_);
      disk->CutBefore(disk->changes() + cut);
      ASSERT_FALSE(RepairDirectory(*disk, kKnownDirectory, {}).ok());
      RandomChoices choices(static_cast<uint64_t>(cut));
      disk->Restart(choices);
      OpenEverything(*disk);
      ASSERT_THAT(RepairDirectory(*disk, kKnownDirectory, {}), IsOk());
      test::ExpectReadsWhole(known, whole, *disk);
    }
  }

  // As far as that can be done before the repair is: a small file that is
  // damaged keeps the directory from being opened. No partition is refused.
  void OpenEverything(FaultyDisk& disk) {
    auto engine =
        Engine::Open(kKnownDirectory, {.file_system = &disk, .clock = &clock_});
    if (!engine.ok()) {
      EXPECT_THAT(engine.status(), HasReason(Reason::kCorruptFile));
      ++refused_;
      return;
    }
    const auto topics = engine->ListTopics();
    ASSERT_THAT(topics, IsOk());
    for (const TopicDescription& topic : *topics) {
      for (int32_t i = 0; i < topic.partitions; ++i) {
        EXPECT_THAT(engine->OpenPartition(topic.name, PartitionId{i}), IsOk());
        ++opened_;
      }
    }
    EXPECT_THAT(engine->Close(), IsOk());
  }

  // The partition's segments of these numbers have each other's name.
  static void Exchange(std::string_view partition, size_t one, size_t other,
                       Image& image) {
    std::vector<std::string> logs;
    for (const auto& [name, bytes] : image) {
      const bool is_one = name.starts_with(partition) && name.ends_with(".log");
      if (is_one) logs.push_back(name);
    }
    ASSERT_GT(logs.size(), other);
    std::swap(image[logs[one]], image[logs[other]]);
  }

  test::SimClock clock_;
  int64_t opened_ = 0;   // partitions, in between
  int64_t refused_ = 0;  // directories
};

TEST_P(RepairCut, RunAgainItEndsInTheSame) {
  test::ForEachSpoiled(GetParam(), kRounds,
                       [this](const KnownDirectory&, const Spoiler& spoiler) {
                         CutEverywhere(spoiler.image());
                       });
}

TEST_P(RepairCut, LosesNothingToWhoOpensItInBetween) {
  test::ForEachSpoiled(
      GetParam(), kOpenRounds,
      [this](const KnownDirectory& known, const Spoiler& spoiler) {
        OpenInBetween(known, spoiler.image(), spoiler.whole());
      });
  EXPECT_GT(opened_, 0);
}

TEST_P(RepairCut, RefusesWhoOpensItInBetweenForADamagedSmallFileAlone) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  Image image = known.image;
  image["/meta.properties"] = "rubbish";

  OpenInBetween(known, image, known.batches);
  // One that was killed is not opened before its small files are whole.
  if (GetParam() == Stop::kClean) {
    EXPECT_GT(refused_, 0);
  }
}

TEST_P(RepairCut, KeepsSegmentsThatHaveEachOthersNames) {
  const KnownDirectory known = test::MakeKnownDirectory(GetParam(), 7);
  Image image = known.image;
  Exchange("/orders-0/", 1, 3, image);
  Exchange("/orders-1/", 0, 2, image);

  CutEverywhere(image);
  OpenInBetween(known, image, known.batches);
  EXPECT_GT(opened_, 0);
}

// Of a log that came from elsewhere nobody knows the start, and no name of a
// segment is free.
TEST_P(RepairCut, KeepsBothOfTwoThatHoldOneRecordEach) {
  KnownDirectory known;
  if (GetParam() == Stop::kClean) known.image["/.kafka_cleanshutdown"] = "{}";
  for (int64_t base = 0; base < 4; ++base) {
    known.image["/orders-0/" + SegmentFileName(Offset{base}, kLogSuffix)] =
        test::Batch({"value"}).At(Offset{base}).bytes();
    known.records[{"orders-0", base}] = "value";
  }
  known.batches = test::BatchesOf(*DiskWith(known.image, clock_), known.image);
  for (const size_t which : {0, 1}) {
    Image image = known.image;
    Exchange("/orders-0/", which, which + 1, image);
    CutEverywhere(image);
    OpenInBetween(known, image, known.batches);
  }
  EXPECT_GT(opened_, 0);
}

// Where a segment is missing its list alone says how a transaction ended there:
// it is set aside before that is written.
TEST_P(RepairCut, ForgetsNothingThatAListSaysOfAMissingSegment) {
  FaultyDisk disk(clock_);
  test::TestProducer producer(7);
  {
    auto engine =
        Engine::Open(kKnownDirectory, {.file_system = &disk, .clock = &clock_});
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->CreateTopic(
                    "a", {.configs = {{"internal.segment.bytes", "1000"}}}),
                IsOk());
    auto partition = engine->OpenPartition("a", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    // It has a segment of its own.
    const std::string large(1200, 'x');
    const auto append = [&](const test::OwnedBatch& batch) {
      ASSERT_THAT(partition->Append(batch.view()), IsOk());
    };
    append(producer.InTransaction({"aborted"}));
    append(test::Batch({large}));
    append(test::Batch({"lost"}));
    ASSERT_THAT(partition->EndTransaction(producer.Abort()), IsOk());
    append(test::Batch({large}));
    append(producer.InTransaction({"committed"}));
    ASSERT_THAT(partition->EndTransaction(producer.Commit()), IsOk());
    ASSERT_THAT(engine->Close(), IsOk());
  }
  Image image = test::ImageOf(disk);
  if (GetParam() == Stop::kKilled) image.erase("/.kafka_cleanshutdown");
  const std::string segment = "/a-0/00000000000000000002";
  ASSERT_TRUE(image.contains(segment + ".txnindex"));
  ASSERT_EQ(image.erase(segment + ".log"), 1);
  CutEverywhere(image);

  const int64_t changes = ExpectedRepair(image, clock_).changes();
  for (int64_t cut = 0; cut < changes && !HasFailure(); ++cut) {
    SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
    const auto left = DiskWith(image, clock_);
    left->CutBefore(left->changes() + cut);
    std::vector<EndedTransaction> told;
    const RepairOptions options{.step = [&](const RepairStep& step) {
      told.insert(told.end(), step.ended.begin(), step.ended.end());
    }};
    ASSERT_FALSE(RepairDirectory(*left, kKnownDirectory, options).ok());
    RandomChoices choices(static_cast<uint64_t>(cut));
    left->Restart(choices);
    ASSERT_THAT(RepairDirectory(*left, kKnownDirectory, options), IsOk());
    for (const EndedTransaction& each : told) {
      EXPECT_TRUE(each.is_known);
      EXPECT_EQ(each.marker, Offset{3});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, RepairCut,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         test::StopName);

}  // namespace
}  // namespace cauce
