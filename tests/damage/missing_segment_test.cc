// Segments whose files are gone: told where that is damage, and taken as they
// are where a log may have gaps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::BatchPlace;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;
using test::Values;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kDirectory = "/data";
const TopicPartition kDamaged{"orders", PartitionId{0}};

const std::vector<BatchPlace>& Places(Stop stop) {
  return Remains::Of(stop).batches("orders-0");
}

// A log may begin anywhere: only its saved start tells what is missing.
class OldestLogMissing : public ::testing::TestWithParam<Stop> {};

INSTANTIATE_TEST_SUITE_P(Catalogue, OldestLogMissing,
                         ::testing::ValuesIn(test::kEveryStop),
                         [](const auto& info) {
                           return test::CaseName("First", info.param);
                         });

TEST_P(OldestLogMissing, IsFoundByTheSavedStartAndToldByWhoeverOpens) {
  const Remains& remains = Remains::Of(GetParam());
  FileTree tree = remains.files();
  const BatchPlace first = Places(GetParam())[0];
  tree.erase(first.file);
  const auto files = NewMemoryFileSystem();
  test::Lay(tree, *files, kDirectory);
  EXPECT_THAT(
      test::VerifyAll(*files, kDirectory),
      Contains(AllOf(
          Field("gravity", &Finding::gravity, Gravity::kDamage),
          Field("file", &Finding::file,
                fmt::format("{}/{}", kDirectory, Places(GetParam())[3].file)),
          Field("offset", &Finding::offset, std::optional(Offset{0})))));

  Values expected = remains.records().at("orders-0");
  expected.erase(expected.begin(),
                 expected.lower_bound(first.segment_next.value));
  test::SimClock clock;
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    std::vector<std::string> events;
    auto engine = Engine::Open(kDirectory,
                               {.access = access,
                                .file_system = files.get(),
                                .clock = &clock,
                                .events = [&](Severity, std::string_view line) {
                                  events.emplace_back(line);
                                }});
    ASSERT_THAT(engine, IsOk());
    const Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(
        events,
        Contains(AllOf(HasSubstr("orders-0"), HasSubstr("begins at offset 6"),
                       HasSubstr("restore the first .log files"))));
    EXPECT_THAT(engine->Close(), IsOk());
  }
  EXPECT_THAT(test::GoneFrom(tree, test::Gather(*files, kDirectory)),
              IsEmpty());
}

TEST_P(OldestLogMissing, IsReadAgainOnceItIsPutBackWhateverWasDoneMeanwhile) {
  const Remains& remains = Remains::Of(GetParam());
  const std::string first = Places(GetParam())[0].file;
  // Its start may be what was not saved, or was lost: whoever opens says what
  // has to go with the file then.
  for (const bool start_is_known : {true, false}) {
    SCOPED_TRACE(start_is_known);
    FileTree tree = remains.files();
    const std::string_view both[] = {"log-start-offset-checkpoint",
                                     "cauce.log-starts"};
    for (const std::string_view name : both) {
      if (!start_is_known) tree.erase(std::string(name));
    }
    const std::string lost = std::exchange(tree[first], "");
    tree.erase(first);
    const auto files = NewMemoryFileSystem();
    test::Lay(tree, *files, kDirectory);
    test::SimClock clock;
    std::vector<std::string> events;
    const auto open = [&] {
      return Engine::Open(kDirectory,
                          {.file_system = files.get(),
                           .clock = &clock,
                           .events = [&](Severity, std::string_view line) {
                             events.emplace_back(line);
                           }});
    };
    Values expected = remains.records().at("orders-0");
    {
      // So many bytes that a recovery point is noted by the way.
      auto engine = open();
      ASSERT_THAT(engine, IsOk());
      for (int i = 0; i < 3; ++i) {
        const std::string value(40 << 10, 'v');
        const auto at = test::AppendOne(*engine, kDamaged, value);
        ASSERT_THAT(at, IsOk());
        expected[at->value] = value;
      }
      ASSERT_THAT(engine->RunUpkeep(), IsOk());
      ASSERT_THAT(engine->Close(), IsOk());
    }
    EXPECT_THAT(
        events,
        Contains(HasSubstr(start_is_known
                               ? "give them up: the log then starts at offset 6"
                               : "and remove log-start-offset-checkpoint and "
                                 "cauce.log-starts")));

    test::Lay({{first, lost}}, *files, kDirectory);
    for (const std::string_view name : both) {
      if (start_is_known) continue;
      ASSERT_THAT(files->RemoveFile(fmt::format("{}/{}", kDirectory, name)),
                  IsOk());
    }
    auto engine = open();
    ASSERT_THAT(engine, IsOk());
    for (int i = 0; i < 2; ++i) {
      ASSERT_THAT(engine->RunUpkeep(), IsOk());
      clock.Advance(absl::Hours(1));
    }
    const Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(sight.told, IsEmpty());
    ASSERT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
  }
}

// Whoever wrote it may have compacted it: a segment that is not there is no
// damage, also once configs were given that say otherwise.
TEST(ForeignTopic, MayHaveGapsBetweenItsSegments) {
  const Remains& remains = Remains::Of(Stop::kClean);
  FileTree tree = remains.files();
  const BatchPlace gone = Places(Stop::kClean)[3];
  std::erase_if(tree, [&](const auto& file) {
    const std::string stem = gone.file.substr(0, gone.file.find('.'));
    return file.first.starts_with(stem) ||
           file.first.starts_with("cauce.topics");
  });
  const auto files = NewMemoryFileSystem();
  test::Lay(tree, *files, kDirectory);
  Values expected = remains.records().at("orders-0");
  expected.erase(expected.lower_bound(gone.base.value),
                 expected.lower_bound(gone.segment_next.value));
  test::SimClock clock;
  for (const bool adopted : {false, true}) {
    auto engine =
        Engine::Open(kDirectory, {.file_system = files.get(), .clock = &clock});
    ASSERT_THAT(engine, IsOk());
    EXPECT_EQ(engine->DescribeTopic("orders")->imported, !adopted);
    const Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(sight.told, IsEmpty());
    ASSERT_THAT(engine->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());
    EXPECT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
  }
}

TEST(OnceCompactedTopic, MayHaveGapsBetweenItsSegments) {
  const Remains& remains = Remains::Of(Stop::kClean);
  const auto files = NewMemoryFileSystem();
  test::Lay(remains.files(), *files, kDirectory);
  test::SimClock clock;
  const EngineOptions options{.file_system = files.get(), .clock = &clock};
  {
    auto engine = Engine::Open(kDirectory, options);
    ASSERT_THAT(engine, IsOk());
    for (const char* policy : {"compact", "delete"}) {
      ASSERT_THAT(engine->AlterTopic("orders", {{"cleanup.policy", policy}}),
                  IsOk());
    }
    ASSERT_THAT(engine->Close(), IsOk());
  }
  const BatchPlace gone = Places(Stop::kClean)[3];
  const std::string stem = fmt::format(
      "{}/{}", kDirectory, gone.file.substr(0, gone.file.find('.')));
  for (const char* suffix : {".log", ".index", ".timeindex"}) {
    ASSERT_THAT(files->RemoveFile(stem + suffix), IsOk());
  }
  // With that nobody knows which segments there were.
  ASSERT_THAT(files->RemoveFile(fmt::format("{}/cauce.segments", kDirectory)),
              IsOk());
  Values expected = remains.records().at("orders-0");
  expected.erase(expected.lower_bound(gone.base.value),
                 expected.lower_bound(gone.segment_next.value));

  EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
  auto engine = Engine::Open(kDirectory, options);
  ASSERT_THAT(engine, IsOk());
  const Sight sight = test::ReadOver(*engine, kDamaged);
  EXPECT_EQ(sight.records, expected);
  EXPECT_THAT(sight.told, IsEmpty());
  EXPECT_THAT(engine->Close(), IsOk());
}

// By it nothing was durable, or less than there was: what was missed by it the
// close still knows.
class LostRecoveryPoint : public ::testing::TestWithParam<bool> {
 protected:
  LostRecoveryPoint() {
    FileTree tree = Remains::Of(Stop::kClean).files();
    std::string& points = tree["recovery-point-offset-checkpoint"];
    if (GetParam()) {
      points = "0\n1\norders 0 4\n";
    } else {
      tree.erase("recovery-point-offset-checkpoint");
    }
    test::Lay(tree, *files_, kDirectory);
  }

  // And the segment whose first batch is this one, with its indexes.
  void Lose(size_t first) {
    const BatchPlace& lost = Places(Stop::kClean)[first];
    const std::string stem = fmt::format(
        "{}/{}", kDirectory, lost.file.substr(0, lost.file.find('.')));
    for (const char* suffix : {".log", ".index", ".timeindex"}) {
      EXPECT_THAT(files_->RemoveFile(stem + suffix), IsOk());
    }
  }

  // Which loses as many records as a segment has.
  void CheckRepair() {
    std::vector<RepairStep> planned;
    std::vector<RepairStep> done;
    const auto into = [](std::vector<RepairStep>& steps) {
      return RepairOptions{
          .step = [&](const RepairStep& step) { steps.push_back(step); }};
    };
    ASSERT_THAT(PlanRepair(*files_, kDirectory, into(planned)), IsOk());
    const auto repaired = RepairDirectory(*files_, kDirectory, into(done));
    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(done, planned);
    EXPECT_EQ(repaired->offsets_lost, 6);
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory), IsEmpty());
    const auto again = RepairDirectory(*files_, kDirectory, {});
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
  }

  absl::StatusOr<Engine> Open(Access access) {
    return Engine::Open(
        kDirectory,
        {.access = access, .file_system = files_.get(), .clock = &clock_});
  }

  static auto IsNamed() {
    return Contains(
        AllOf(Field("gravity", &Finding::gravity, Gravity::kNote),
              Field("file", &Finding::file,
                    fmt::format("{}/recovery-point-offset-checkpoint",
                                kDirectory))));
  }

  static auto TellsOfDamageAt(Offset offset) {
    return Contains(
        AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
              Field("offset", &Finding::offset, std::optional(offset))));
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  test::SimClock clock_;
};

INSTANTIATE_TEST_SUITE_P(, LostRecoveryPoint, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "OlderCopy" : "Gone";
                         });

TEST_P(LostRecoveryPoint, IsNamedAndHidesNoGap) {
  Lose(3);
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              AllOf(IsNamed(), TellsOfDamageAt(Offset{6})));
  auto engine = Open(Access::kReadOnly);
  ASSERT_THAT(engine, IsOk());
  EXPECT_THAT(test::ReadOver(*engine, kDamaged).told,
              ElementsAre(HasSubstr("are missing")));
  ASSERT_THAT(engine->Close(), IsOk());
  CheckRepair();
}

TEST_P(LostRecoveryPoint, HidesNoEndThatIsLost) {
  Lose(6);
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              AllOf(IsNamed(), TellsOfDamageAt(Offset{12})));
  auto engine = Open(Access::kReadOnly);
  ASSERT_THAT(engine, IsOk());
  const auto partition = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  EXPECT_EQ(partition->lost().back, (OffsetRange{Offset{12}, Offset{18}}));
  ASSERT_THAT(engine->Close(), IsOk());
  CheckRepair();
}

TEST_P(LostRecoveryPoint, GivesNoOffsetTwice) {
  Lose(6);
  auto engine = Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  EXPECT_EQ(test::AppendOne(*engine, kDamaged, "new").value_or(Offset{}),
            Offset{18});
  ASSERT_THAT(engine->Close(), IsOk());
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory), Not(IsNamed()));
}

}  // namespace
}  // namespace cauce
