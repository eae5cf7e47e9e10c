// Several files that are called like segments and are none, within one batch of
// a segment and across many, in every combination of what they hold: a repair
// takes all of them out, keeps each, and touches nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "cauce/repair.h"
#include "engine/base/check.h"
#include "fmt/format.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::Image;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownDirectory;
using test::Stop;
using ::testing::IsEmpty;

constexpr size_t kFilesMax = 3;

// A sanitizer makes each repair ten times as dear: then every so many of the
// combinations is made, with each kind in each place.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kOneIn = 7;
#else
constexpr size_t kOneIn = 1;
#endif

// The log of a topic of its own: one segment, larger than all of those above,
// of `batches` batches.
std::string LargerLog(int batches) {
  test::SimClock clock;
  const auto files = NewMemoryFileSystem(&clock);
  auto engine = Engine::Open(kKnownDirectory,
                             {.file_system = files.get(), .clock = &clock});
  CAUCE_CHECK(engine.ok());
  CAUCE_CHECK(engine->CreateTopic("others", TopicSpec()).ok());
  auto partition = engine->OpenPartition("others", PartitionId{0});
  CAUCE_CHECK(partition.ok());
  for (int i = 0; i < batches; ++i) {
    const std::vector<Record> batch(2, {.value = "another's"});
    CAUCE_CHECK(partition->Append(batch).ok());
  }
  CAUCE_CHECK(engine->Close().ok());
  return test::ImageOf(*files).at("/others-0/00000000000000000000.log");
}

// One partition: a segment of one batch of ten records, one of three batches of
// two, and a last one of a batch of ten.
KnownDirectory MakeDirectory(Stop stop) {
  test::SimClock clock;
  const auto files = NewMemoryFileSystem(&clock);
  auto engine = Engine::Open(kKnownDirectory,
                             {.file_system = files.get(), .clock = &clock});
  CAUCE_CHECK(engine.ok());
  const TopicSpec spec{.configs = {{"internal.segment.bytes", "1500"}}};
  CAUCE_CHECK(engine->CreateTopic("orders", spec).ok());
  auto partition = engine->OpenPartition("orders", PartitionId{0});
  CAUCE_CHECK(partition.ok());
  for (const int records : {10, 2, 2, 2, 10}) {
    const std::string value(records == 10 ? 130 : 200, 'v');
    const std::vector<Record> batch(static_cast<size_t>(records),
                                    {.value = value});
    CAUCE_CHECK(partition->Append(batch).ok());
    // A recovery point in the middle.
    if (records == 2) CAUCE_CHECK(engine->RunUpkeep().ok());
  }
  if (stop == Stop::kClean) CAUCE_CHECK(engine->Close().ok());
  KnownDirectory known;
  known.image = test::ImageOf(*files);
  known.batches = test::BatchesOf(*files, known.image);
  const auto copy = NewMemoryFileSystem(&clock);
  test::Put(known.image, *copy);
  known.records = test::ReadKnown(*copy);
  return known;
}

std::string Log(int64_t base) {
  return fmt::format("/orders-0/{:020}.log", base);
}

// What there may be at a name: nothing, or a file of these bytes.
const std::array<const std::string*, 5>& Kinds() {
  static const std::string empty;
  static const std::string few = "abc";
  static const std::string zeros(100, '\0');
  static const std::string rubbish(4096, 'x');
  static const std::array<const std::string*, 5> kinds = {nullptr, &empty, &few,
                                                          &zeros, &rubbish};
  return kinds;
}

class ForeignFiles : public ::testing::TestWithParam<Stop> {
 protected:
  // `expected` is what a repair leaves where nothing is planted.
  static void ExpectTakenOut(const KnownDirectory& known, const Image& planted,
                             Image expected) {
    const auto files = NewMemoryFileSystem();
    test::Put(known.image, *files);
    test::Put(planted, *files);

    const auto repaired = RepairDirectory(*files, kKnownDirectory, {});

    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->offsets_lost, 0);
    EXPECT_EQ(repaired->left, 0);
    for (const auto& [name, bytes] : planted) expected[name + ".cut"] = bytes;
    const Image after = test::ImageOf(*files);
    ASSERT_TRUE(after == expected);
    std::vector<std::string> found;
    EXPECT_THAT(VerifyDirectory(*files, kKnownDirectory, {},
                                [&found](const Finding& finding) {
                                  found.push_back(finding.file + finding.what);
                                }),
                IsOk());
    EXPECT_THAT(found, IsEmpty());
    const auto again = RepairDirectory(*files, kKnownDirectory, {});
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
    EXPECT_TRUE(test::ReadKnown(*files) == known.records);
  }

  static Image Repaired(const Image& image) {
    const auto files = NewMemoryFileSystem();
    test::Put(image, *files);
    EXPECT_THAT(RepairDirectory(*files, kKnownDirectory, {}), IsOk());
    return test::ImageOf(*files);
  }
};

TEST_P(ForeignFiles, AreTakenOutByARepairAndNothingElseIs) {
  const KnownDirectory known = MakeDirectory(GetParam());
  for (const int64_t base : {0, 10, 16}) {
    ASSERT_TRUE(known.image.contains(Log(base))) << base;
  }
  const Image expected = Repaired(known.image);
  using Names = std::array<int64_t, kFilesMax>;
  for (const Names& names : {Names{3, 5, 7}, Names{3, 11, 12}, Names{1, 13, 20},
                             Names{11, 12, 14}, Names{18, 19, 25}}) {
    const size_t kinds = Kinds().size();
    for (size_t each = 0; each < kinds * kinds * kinds; each += kOneIn) {
      Image planted;
      size_t rest = each;
      for (const int64_t name : names) {
        const std::string* const bytes = Kinds().at(rest % kinds);
        if (bytes != nullptr) planted[Log(name)] = *bytes;
        rest /= kinds;
      }
      SCOPED_TRACE(fmt::format("combination {} at {}, {} and {}", each,
                               names[0], names[1], names[2]));
      ExpectTakenOut(known, planted, expected);
      if (HasFatalFailure()) return;
    }
  }
}

// Its batches continue each other, as many as they are, and its name says that
// it is none of the log's.
TEST_P(ForeignFiles, AreTakenOutHoweverMuchTheyHold) {
  const KnownDirectory known = MakeDirectory(GetParam());
  const Image expected = Repaired(known.image);
  for (const int batches : {6, 13, 400}) {
    for (const int64_t name : {3, 12, 20, 30}) {
      SCOPED_TRACE(fmt::format("{} batches at {}", batches, name));
      ExpectTakenOut(known, {{Log(name), LargerLog(batches)}}, expected);
      if (HasFatalFailure()) return;
    }
  }
}

// In the place of the last segment: what that held is lost, and nothing else.
TEST_P(ForeignFiles, TakeNoOthersPlaceWithTheOneThatTheyStandFor) {
  const KnownDirectory known = MakeDirectory(GetParam());
  for (const int batches : {6, 400}) {
    const auto files = NewMemoryFileSystem();
    Image image = known.image;
    image[Log(16)] = LargerLog(batches);
    test::Put(image, *files);

    const auto repaired = RepairDirectory(*files, kKnownDirectory, {});

    ASSERT_THAT(repaired, IsOk());
    const Image after = test::ImageOf(*files);
    EXPECT_EQ(after.at(Log(0)), known.image.at(Log(0)));
    EXPECT_EQ(after.at(Log(10)), known.image.at(Log(10)));
    EXPECT_THAT(test::ReadKnown(*files), ::testing::SizeIs(16));
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, ForeignFiles,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
                         });

}  // namespace
}  // namespace cauce
