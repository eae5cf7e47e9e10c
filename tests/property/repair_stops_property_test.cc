// A repair that is stopped behind any of its steps and then run again: both
// together leave what one that nothing came between leaves, and tell of the
// same offsets that they are lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/partition_check.h"
#include "engine/log/partition_survey.h"
#include "engine/log/repair_plan.h"
#include "engine/log/repair_work.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/spoiler.h"

namespace cauce {
namespace {

using test::Image;
using test::IsOk;
using test::kKnownDirectory;

// A sanitizer makes each state ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kDirectories = 3;
#else
constexpr int kDirectories = 100;
#endif

constexpr std::string_view kPartition = "/orders-0";

// Offsets that were told to be lost, by where they begin, none twice.
class Lost {
 public:
  void Add(const OffsetRange& range) {
    if (range.count() <= 0) return;
    OffsetRange all = range;
    for (auto at = ranges_.begin(); at != ranges_.end();) {
      const OffsetRange other{at->first, at->second};
      if (other.base > all.next || other.next < all.base) {
        ++at;
        continue;
      }
      all = {std::min(all.base, other.base), std::max(all.next, other.next)};
      at = ranges_.erase(at);
    }
    ranges_.emplace(all.base, all.next);
  }
  void Add(const RepairStep& step) {
    Add(step.lost);
    for (const RemovedBytes& removed : step.removed) Add(removed.lost);
  }

  std::string ToString() const {
    std::string words;
    for (const auto& [base, next] : ranges_) {
      words += fmt::format("[{}, {}) ", base.value, next.value);
    }
    return words;
  }
  friend bool operator==(const Lost&, const Lost&) = default;

 private:
  std::map<Offset, Offset> ranges_;
};

std::string WordsOf(const std::vector<RepairStep>& steps) {
  std::string words;
  for (const RepairStep& step : steps) {
    words += fmt::format("\n  {} {} {}: {}, lost [{}, {})",
                         static_cast<int>(step.action), step.file,
                         step.renamed_to, step.why, step.lost.base.value,
                         step.lost.next.value);
    for (const RemovedBytes& removed : step.removed) {
      words += fmt::format("\n    {} bytes at {}: {}, lost [{}, {})",
                           removed.bytes, removed.position, removed.why,
                           removed.lost.base.value, removed.lost.next.value);
    }
  }
  return words;
}

// The records, their offsets, and what is known of them: without what is kept
// beside the logs, which is kept twice at times, and without the indexes, of
// which more than one is right.
Image LogsOf(Image image) {
  std::erase_if(image, [](const auto& file) {
    return file.first.find(".cut") != std::string::npos ||
           file.first.ends_with("index");
  });
  return image;
}

// That nothing is left to find, of indexes too.
void ExpectWhole(const Image& image) {
  const auto files = NewMemoryFileSystem();
  test::Put(image, *files);
  EXPECT_THAT(VerifyDirectory(*files, kKnownDirectory, {},
                              [](const Finding& finding) {
                                ADD_FAILURE()
                                    << finding.file << ": " << finding.what;
                              }),
              IsOk());
}

std::string WordsOf(const Image& image) {
  std::string words;
  for (const auto& [name, bytes] : LogsOf(image)) {
    words += fmt::format("\n  {} of {} bytes", name, bytes.size());
  }
  return words;
}

std::unique_ptr<FileSystem> FilesWith(const Image& image) {
  auto files = NewMemoryFileSystem();
  test::Put(image, *files);
  return files;
}

// A partition of which nothing is known but its files and what is told here:
// repaired as RepairDirectory does it, up to any step.
class SpoiledPartition {
 public:
  SpoiledPartition(Image image, PartitionToCheck known)
      : image_(std::move(image)), known_(std::move(known)) {}

  // Up to `steps` of them.
  void Repair(size_t steps) {
    const auto files = FilesWith(image_);
    VerifySummary summary;
    const auto survey = SurveyPartition(*files, known_, summary, nullptr);
    ASSERT_THAT(survey, IsOk());
    ASSERT_FALSE(survey->is_untouchable);
    const RepairPlan plan = PlanPartitionRepair(known_, *survey);
    if (!plan.why_start.empty()) {
      known_.bounds.log_start = plan.log_start;
      known_.start_is_known = true;
      lost_.Add(plan.lost_at_start);
    }
    known_.bounds.durable = plan.end;
    const RepairWork work(*files, known_.directory, 1, plan.steps);
    planned_ = plan.steps;
    for (const RepairStep& step : plan.steps) {
      if (steps-- == 0) break;
      ASSERT_THAT(work.Do(step), IsOk()) << step.file;
      lost_.Add(step);
    }
    image_ = test::ImageOf(*files);
  }

  const Image& image() const { return image_; }
  const Lost& lost() const { return lost_; }
  // By the last repair.
  const std::vector<RepairStep>& planned() const { return planned_; }

 private:
  Image image_;
  PartitionToCheck known_;
  Lost lost_;
  std::vector<RepairStep> planned_;
};

// Damage, or a batch of one record an offset.
struct Piece {
  int64_t base = -1;
  int64_t next = -1;
};

std::string BytesOf(const Piece& piece) {
  if (piece.base < 0) return std::string(100, 'x');
  const std::vector<Record> records(
      static_cast<size_t>(piece.next - piece.base), {.value = "value"});
  return test::BatchOf(records).At(Offset{piece.base}).bytes();
}

// By what each file is called.
using Pieces = std::map<int64_t, std::vector<Piece>>;

SpoiledPartition PartitionOf(const Pieces& logs, int64_t end, bool gaps) {
  Image image;
  for (const auto& [named, pieces] : logs) {
    std::string& file = image[fmt::format(
        "{}/{}", kPartition, SegmentFileName(Offset{named}, kLogSuffix))];
    for (const Piece& piece : pieces) file += BytesOf(piece);
  }
  return {std::move(image),
          {.directory = fmt::format("{}{}", kKnownDirectory, kPartition),
           .clean_stop = true,
           .start_is_known = true,
           .may_have_gaps = gaps,
           .bounds = {.durable = Offset{end}}}};
}

void StopBehindEach(const SpoiledPartition& spoiled) {
  constexpr size_t kAll = SIZE_MAX;
  SpoiledPartition whole = spoiled;
  whole.Repair(kAll);
  if (testing::Test::HasFailure()) return;
  SCOPED_TRACE("repaired:" + WordsOf(whole.planned()));
  for (size_t steps = 0; steps < whole.planned().size(); ++steps) {
    SCOPED_TRACE(fmt::format("stopped behind step {}", steps));
    SpoiledPartition stopped = spoiled;
    stopped.Repair(steps);
    stopped.Repair(kAll);
    if (testing::Test::HasFailure()) return;
    EXPECT_TRUE(LogsOf(stopped.image()) == LogsOf(whole.image()))
        << "again:" << WordsOf(stopped.planned())
        << "\nleaves:" << WordsOf(stopped.image())
        << "\nand not:" << WordsOf(whole.image());
    EXPECT_EQ(stopped.lost(), whole.lost())
        << "told " << stopped.lost().ToString() << " and not "
        << whole.lost().ToString() << " again:" << WordsOf(stopped.planned());
    if (testing::Test::HasFailure()) return;
  }
}

// The name of a file that goes aside is what speaks against a batch of another
// one.
TEST(RepairStops, BehindAnyStepMakeNoRefusedBatchRight) {
  for (const bool gaps : {false, true}) {
    SCOPED_TRACE(gaps ? "with gaps" : "without gaps");
    StopBehindEach(PartitionOf(
        {{25, {{25, 27}, {27, 29}, {32, 35}}}, {32, {Piece{}}}}, 40, gaps));
    StopBehindEach(PartitionOf(
        {{0, {{0, 1}, {1, 2}, {5, 6}}}, {3, {Piece{}}}, {7, {{7, 8}, {8, 9}}}},
        9, gaps));
    // Under a name that it loses.
    StopBehindEach(PartitionOf({{0, {{0, 1}, {1, 2}}},
                                {3, {Piece{}}},
                                {9, {{2, 3}, {3, 4}, {9, 12}}},
                                {12, {{12, 13}, {13, 14}}}},
                               14, gaps));
  }
}

// The same of whole directories, with small files and indexes, as a user runs
// it.
class SpoiledDirectory {
 public:
  explicit SpoiledDirectory(Image image) : image_(std::move(image)) {}

  // Leaves what is there behind so many steps.
  void Repair(size_t steps) {
    const auto files = FilesWith(image_);
    size_t done = 0;
    bool is_stopped = false;
    const RepairOptions options{.step = [&](const RepairStep& step) {
      steps_.push_back(step);
      ++done;
      // Several may tell of one deed: none stops between those.
      is_stopped |= done > steps && test::ImageOf(*files) != image_;
      if (!is_stopped) lost_.Add(step);
      if (done == steps) image_ = test::ImageOf(*files);
    }};
    ASSERT_THAT(RepairDirectory(*files, kKnownDirectory, options), IsOk());
    if (done < steps) image_ = test::ImageOf(*files);
  }

  const Image& image() const { return image_; }
  const Lost& lost() const { return lost_; }
  const std::vector<RepairStep>& steps() const { return steps_; }

 private:
  Image image_;
  Lost lost_;
  std::vector<RepairStep> steps_;
};

TEST(RepairStops, BehindAnyStepOfADirectoryAreMadeGoodByTheNext) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (const test::Stop stop : {test::Stop::kClean, test::Stop::kKilled}) {
    const auto known = test::MakeKnownDirectory(stop, random());
    for (int round = 0; round < kDirectories; ++round) {
      const uint32_t chosen = random();
      test::Spoiler spoiler(known, chosen);
      spoiler.Spoil();
      SCOPED_TRACE(fmt::format("round {}: {}", chosen, spoiler.story()));
      SpoiledDirectory whole(spoiler.image());
      whole.Repair(SIZE_MAX);
      SCOPED_TRACE("repaired:" + WordsOf(whole.steps()));
      for (size_t steps = 1; steps < whole.steps().size(); ++steps) {
        SCOPED_TRACE(fmt::format("stopped behind step {}", steps));
        SpoiledDirectory stopped(spoiler.image());
        stopped.Repair(steps);
        stopped.Repair(SIZE_MAX);
        EXPECT_TRUE(LogsOf(stopped.image()) == LogsOf(whole.image()))
            << "again:" << WordsOf(stopped.steps());
        ExpectWhole(stopped.image());
        EXPECT_EQ(stopped.lost(), whole.lost())
            << "told " << stopped.lost().ToString() << " and not "
            << whole.lost().ToString() << " again:" << WordsOf(stopped.steps());
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace cauce
