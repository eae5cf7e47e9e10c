// Damage of every kind, by chance, and a repair: all that was not damaged is
// read as it was written, nothing else is, and there is nothing left to find.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/spoiler.h"

namespace cauce {
namespace {

using test::Gaps;
using test::Image;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownBatch;
using test::KnownDirectory;
using test::KnownRecords;
using test::Spoiler;
using test::Stop;
using ::testing::IsEmpty;

// A sanitizer makes each state ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 30;
#else
constexpr int kRounds = 150;
#endif

// What a repair tells.
struct Told {
  std::vector<RepairStep> steps;
  std::vector<Finding> left;
  RepairOptions options{
      .step = [this](const RepairStep& step) { steps.push_back(step); },
      .left = [this](const Finding& finding) { left.push_back(finding); }};
};

std::string StoryOf(const std::vector<RepairStep>& steps) {
  std::string story = "repaired:";
  for (const RepairStep& step : steps) {
    story += fmt::format("\n  {} {}: {}, lost [{}, {})",
                         static_cast<int>(step.action), step.file, step.why,
                         step.lost.base.value, step.lost.next.value);
    for (const RemovedBytes& removed : step.removed) {
      story += fmt::format("\n    {} bytes at {}: {}, lost [{}, {})",
                           removed.bytes, removed.position, removed.why,
                           removed.lost.base.value, removed.lost.next.value);
    }
  }
  return story;
}

class RepairProperty
    : public ::testing::TestWithParam<std::tuple<Stop, Gaps>> {
 protected:
  static Stop GetStop() { return std::get<Stop>(GetParam()); }
  static Gaps GetGaps() { return std::get<Gaps>(GetParam()); }

  void CheckKept(const Image& before, FileSystem& files,
                 const std::vector<RepairStep>& steps) {
    const Image after = test::ImageOf(files);
    const auto name_of = [](const std::string& path) {
      return path.substr(kKnownDirectory.size());
    };
    std::map<std::string, std::string> renamed;
    for (const RepairStep& step : steps) {
      if (step.action == RepairAction::kRename) {
        renamed[step.renamed_to] = step.file;
      }
      for (const RemovedBytes& removed : step.removed) {
        if (removed.kept_as.empty()) continue;
        const auto old = renamed.find(step.file);
        const std::string& file =
            before.at(name_of(old == renamed.end() ? step.file : old->second));
        EXPECT_EQ(after.at(name_of(removed.kept_as)),
                  file.substr(static_cast<size_t>(removed.position),
                              static_cast<size_t>(removed.kept_bytes)));
      }
    }
  }

  void CheckRecords(const KnownDirectory& known, const Spoiler& spoiler,
                    const KnownRecords& read) {
    for (const KnownBatch& batch : spoiler.whole()) {
      for (int64_t offset = batch.base; offset < batch.next; ++offset) {
        const auto record = known.records.find({batch.partition, offset});
        if (record == known.records.end()) continue;  // it was deleted
        const auto found = read.find(record->first);
        if (found == read.end()) {
          ADD_FAILURE() << batch.partition << " has lost offset " << offset;
          continue;
        }
        EXPECT_EQ(found->second, record->second);
      }
    }
    for (const auto& [at, value] : read) {
      const auto record = known.records.find(at);
      // Deleted ones show again where nobody knows the log's start any more.
      if (record == known.records.end()) {
        EXPECT_LT(at.second, 3) << at.first;
        continue;
      }
      EXPECT_EQ(value, record->second) << at.first << " " << at.second;
    }
  }

  // That what was told to be lost is what is not there any more, each record
  // once.
  void CheckLost(const KnownDirectory& known, const Spoiler& spoiler,
                 const std::vector<RepairStep>& steps,
                 const KnownRecords& read) {
    const auto is_spoiled = [&](const std::string& file) {
      return spoiler.image().at(file) != known.image.at(file);
    };
    const bool has_starts = !is_spoiled("/log-start-offset-checkpoint") ||
                            !is_spoiled("/cauce.log-starts");
    const bool has_ends = GetStop() == Stop::kClean &&
                          !is_spoiled("/recovery-point-offset-checkpoint");
    // Without it nobody knows that the topic is not compacted.
    const bool has_topics =
        !is_spoiled("/cauce.topics") || !is_spoiled("/cauce.topics.copy");
    // And between segments only the last close knows what was there.
    const bool has_segments =
        GetGaps() == Gaps::kNone ||
        (GetStop() == Stop::kClean && !is_spoiled("/cauce.segments") &&
         !is_spoiled("/.kafka_cleanshutdown"));
    for (const std::string partition : {"orders-0", "orders-1"}) {
      // What is missing may seem to lie in front of its first batch, where an
      // earlier repair may have taken it out.
      const bool has_new_name =
          std::ranges::any_of(spoiler.image(), [&](const auto& file) {
            return file.first.starts_with("/" + partition + "/") &&
                   file.first.ends_with(".log") &&
                   !known.image.contains(file.first);
          });
      const std::set<int64_t> told = ToldLost(partition, steps);
      const std::set<int64_t> lacking = ToldLacking(known, partition, steps);
      int64_t last_read = -1;
      for (const auto& [at, value] : read) {
        if (at.first != partition) continue;
        last_read = std::max(last_read, at.second);
        EXPECT_FALSE(told.contains(at.second))
            << partition << " has offset " << at.second << ", told as lost";
      }
      for (const auto& [at, value] : known.records) {
        if (at.first != partition || read.contains(at)) continue;
        const bool may_be_unknown = !has_topics || !has_starts ||
                                    !has_segments ||
                                    has_new_name ||
                                    (!has_ends && at.second > last_read) ||
                                    lacking.contains(at.second);
        EXPECT_TRUE(told.contains(at.second) || may_be_unknown)
            << partition << " has lost offset " << at.second << ", not told";
      }
      for (const int64_t offset : told) {
        EXPECT_TRUE(known.records.contains({partition, offset}) || !has_starts)
            << partition << " had no offset " << offset << ", told as lost";
      }
    }
  }

  // The offsets of segments of which an unknown number of records is.
  static std::set<int64_t> ToldLacking(const KnownDirectory& known,
                                       const std::string& partition,
                                       const std::vector<RepairStep>& steps) {
    std::set<int64_t> lacking;
    for (const RepairStep& step : steps) {
      const bool is_lacking = step.action == RepairAction::kWriteAnew &&
                              step.is_more_lost &&
                              step.why.starts_with(partition + ": ");
      if (!is_lacking) continue;
      const std::string file =
          fmt::format("/{}/{}", partition,
                      SegmentFileName(step.lost.base, kLogSuffix));
      EXPECT_TRUE(known.image.contains(file)) << file;
      for (const KnownBatch& batch : known.batches) {
        if (batch.file != file) continue;
        for (int64_t at = batch.base; at < batch.next; ++at) lacking.insert(at);
      }
    }
    return lacking;
  }

  // The offsets that steps in the partition's directory, and of where its log
  // starts, say are lost.
  static std::set<int64_t> ToldLost(const std::string& partition,
                                    const std::vector<RepairStep>& steps) {
    std::vector<OffsetRange> ranges;
    for (const RepairStep& step : steps) {
      const bool is_its =
          step.file.find("/" + partition + "/") != std::string::npos ||
          step.why.starts_with(partition + ": ");
      if (!is_its) continue;
      ranges.push_back(step.lost);
      for (const RemovedBytes& removed : step.removed) {
        ranges.push_back(removed.lost);
      }
    }
    std::set<int64_t> told;
    for (const OffsetRange& range : ranges) {
      for (Offset at = range.base; at < range.next; at = at + 1) {
        EXPECT_TRUE(told.insert(at.value).second)
            << partition << ": the loss of offset " << at.value
            << " is told twice";
      }
    }
    return told;
  }

  void CheckOne(const KnownDirectory& known, uint32_t seed) {
    Spoiler spoiler(known, seed);
    spoiler.Spoil();
    SCOPED_TRACE(
        fmt::format("seed of the round {}: {}", seed, spoiler.story()));
    const auto files = NewMemoryFileSystem();
    test::Put(spoiler.image(), *files);

    Told planned;
    ASSERT_THAT(PlanRepair(*files, kKnownDirectory, planned.options), IsOk());
    ASSERT_TRUE(test::ImageOf(*files) == spoiler.image());
    SCOPED_TRACE(StoryOf(planned.steps));
    Told done;
    ASSERT_THAT(RepairDirectory(*files, kKnownDirectory, done.options), IsOk());
    EXPECT_EQ(done.steps, planned.steps);
    for (const Finding& finding : done.left) {
      ADD_FAILURE() << "left: " << finding.file << ": " << finding.what;
    }
    CheckKept(spoiler.image(), *files, done.steps);

    ASSERT_THAT(VerifyDirectory(*files, kKnownDirectory, {},
                                [](const Finding& finding) {
                                  ADD_FAILURE()
                                      << finding.file << ": " << finding.what;
                                }),
                IsOk());
    const Image repaired = test::ImageOf(*files);
    Told again;
    ASSERT_THAT(RepairDirectory(*files, kKnownDirectory, again.options),
                IsOk());
    for (const RepairStep& step : again.steps) {
      ADD_FAILURE() << "done again: " << step.file << ": " << step.why;
    }
    EXPECT_TRUE(test::ImageOf(*files) == repaired);
    const KnownRecords read = test::ReadKnown(*files);
    CheckRecords(known, spoiler, read);
    CheckLost(known, spoiler, done.steps, read);
  }
};

TEST_P(RepairProperty, KeepsAllThatIsWhole) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const KnownDirectory known =
      test::MakeKnownDirectory(GetStop(), random(), GetGaps());
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    CheckOne(known, random());
  }
}

TEST_P(RepairProperty, DoesNothingToWhatIsWhole) {
  const KnownDirectory known =
      test::MakeKnownDirectory(GetStop(), 1, GetGaps());
  const auto files = NewMemoryFileSystem();
  test::Put(known.image, *files);
  Told done;
  ASSERT_THAT(RepairDirectory(*files, kKnownDirectory, done.options), IsOk());
  for (const RepairStep& step : done.steps) {
    EXPECT_THAT(step.removed, IsEmpty()) << step.file;
    EXPECT_NE(step.action, RepairAction::kSetAside) << step.file;
  }
  if (GetStop() == Stop::kClean) {
    EXPECT_THAT(done.steps, IsEmpty());
  }
  EXPECT_EQ(test::ReadKnown(*files), known.records);
}

INSTANTIATE_TEST_SUITE_P(
    , RepairProperty,
    ::testing::Combine(::testing::Values(Stop::kClean, Stop::kKilled),
                       ::testing::Values(Gaps::kNone, Gaps::kMayBe)),
    [](const auto& info) {
      const bool is_clean = std::get<Stop>(info.param) == Stop::kClean;
      const bool has_gaps = std::get<Gaps>(info.param) == Gaps::kMayBe;
      return fmt::format("{}{}", is_clean ? "Closed" : "Killed",
                         has_gaps ? "WithGaps" : "");
    });

}  // namespace
}  // namespace cauce
