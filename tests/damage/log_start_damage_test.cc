// Where a log starts, changed to every other number in either of the two files
// that say it: no record goes, whatever retention does next, and it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/topic_name.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Stop;
using test::Values;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::TestWithParam;

// Of the three partitions one had records deleted below offset 3.
constexpr int64_t kDeletedBelow = 3;
constexpr int64_t kEnd = Remains::kBatchesOfAPartition * Remains::kBatchRecords;

OffsetCheckpoint StartsOf(const FileTree& files) {
  const auto starts =
      ParseOffsetCheckpoint("", files.at(std::string(kLogStartFile)));
  EXPECT_THAT(starts, IsOk());
  return starts.value_or(OffsetCheckpoint());
}

class LogStartDamage : public TestWithParam<Stop> {
 protected:
  // What was deleted may show again, and nothing is ever less.
  void ExpectNoRecordIsGone(const Engine& engine) const {
    for (const auto& [name, records] : Remains::Of(GetParam()).records()) {
      const auto sight = test::ReadOver(engine, *ParseTopicPartition(name));
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(sight.ended, IsOk());
      Values found = sight.records;
      if (name == "returns-0") {
        found.erase(found.begin(), found.lower_bound(kDeletedBelow));
      }
      EXPECT_EQ(found, records) << name;
    }
  }

  // Opens it as a reader and as a writer who keeps it up, twice: the first
  // tells of `said`, the second of nothing.
  void ExpectNothingGoes(DamagedDirectory& directory, std::string_view said) {
    EXPECT_THAT(directory.VerifyAll(),
                Contains(AllOf(Field(&Finding::gravity, Gravity::kNote),
                               Field(&Finding::what, HasSubstr(said)))));
    auto reader = directory.Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ExpectNoRecordIsGone(*reader);
    EXPECT_THAT(directory.events(), Contains(HasSubstr(said)));
    ASSERT_THAT(reader->Close(), IsOk());

    auto writer = directory.Open(Access::kReadWrite);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(directory.events(), Contains(HasSubstr(said)));
    ExpectNoRecordIsGone(*writer);
    ASSERT_THAT(writer->RunUpkeep(), IsOk());
    ExpectNoRecordIsGone(*writer);
    ASSERT_THAT(writer->Close(), IsOk());
    EXPECT_THAT(test::GoneFrom(directory.laid(), directory.Gather()),
                Not(Contains(HasSubstr(".log"))));

    writer = directory.Open(Access::kReadWrite);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(directory.events(), IsEmpty());
    ASSERT_THAT(writer->RunUpkeep(), IsOk());
    ExpectNoRecordIsGone(*writer);
    ASSERT_THAT(writer->Close(), IsOk());
    EXPECT_THAT(directory.VerifyAll(), IsEmpty());
  }
};

INSTANTIATE_TEST_SUITE_P(Catalogue, LogStartDamage,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
                         });

TEST_P(LogStartDamage, OfOneFileDeletesNothingWhateverNumberItBecame) {
  const OffsetCheckpoint starts = StartsOf(Remains::Of(GetParam()).files());
  ASSERT_EQ(starts.size(), 3u);
  // Segments begin at 0, 6 and 12, and the log ends at 18.
  const int64_t kNumbers[] = {1, 5, 6, 7, 12, 17, kEnd, 99, INT64_MAX};
  for (const auto& [partition, start] : starts) {
    for (const int64_t number : kNumbers) {
      for (const std::string_view file : {kLogStartFile, kLogStartCopyFile}) {
        SCOPED_TRACE(
            fmt::format("{}: {} in {}", partition.ToString(), number, file));
        OffsetCheckpoint changed = starts;
        changed[partition] = Offset{number};
        DamagedDirectory directory(GetParam(), [&](FileTree& files) {
          files[std::string(file)] = file == kLogStartFile
                                         ? FormatOffsetCheckpoint(changed)
                                         : FormatLogStartCopy(changed);
        });
        ExpectNothingGoes(directory, fmt::format("{} starts at offset",
                                                 partition.ToString()));
      }
    }
  }
}

TEST_P(LogStartDamage, OfDigitsOfTheCopyIsFoundByItsChecksum) {
  const std::string copy(kLogStartCopyFile);
  const std::string bytes = Remains::Of(GetParam()).files().at(copy);
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] < '0' || bytes[at] > '9') continue;
    SCOPED_TRACE(at);
    DamagedDirectory directory(GetParam(), [&](FileTree& files) {
      files[copy][at] = bytes[at] == '9' ? '0' : bytes[at] + 1;
    });
    ExpectNothingGoes(directory, DamagedDirectory::PathOf(copy));
  }
}

TEST_P(LogStartDamage, OfOneFileLeavesWhatWasDeletedForgotten) {
  for (const std::string_view file : {kLogStartFile, kLogStartCopyFile}) {
    for (const bool is_gone : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", file, is_gone));
      DamagedDirectory directory(GetParam(), [&](FileTree& files) {
        files[std::string(file)] = "rubbish";
        if (is_gone) files.erase(std::string(file));
      });
      for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
        auto engine = directory.Open(access);
        ASSERT_THAT(engine, IsOk());
        EXPECT_EQ(test::ReadOver(*engine, {"returns", PartitionId{0}}).records,
                  Remains::Of(GetParam()).records().at("returns-0"));
        ASSERT_THAT(engine->Close(), IsOk());
      }
      EXPECT_EQ(StartsOf(directory.Gather()),
                StartsOf(Remains::Of(GetParam()).files()));
      EXPECT_EQ(
          directory.Gather().at(std::string(kLogStartCopyFile)),
          Remains::Of(GetParam()).files().at(std::string(kLogStartCopyFile)));
    }
  }
}

}  // namespace
}  // namespace cauce
