// Where a log starts, changed to every other number in either of the two files
// that say it, or to another log's, or left out by one: no record goes,
// whatever retention does next, and it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
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

const TopicPartition kOrders0{"orders", PartitionId{0}};
const TopicPartition kOrders1{"orders", PartitionId{1}};
const TopicPartition kReturns{"returns", PartitionId{0}};

// Segments begin at 0, 6 and 12, and a log ends at 18. Two of the three had
// records deleted below these offsets: the first of the segments of orders-1 is
// gone with them.
const OffsetCheckpoint kDeletedBelow = {
    {kOrders0, Offset{0}}, {kOrders1, Offset{8}}, {kReturns, Offset{3}}};
const OffsetCheckpoint kFirstSegments = {
    {kOrders0, Offset{0}}, {kOrders1, Offset{6}}, {kReturns, Offset{0}}};
constexpr int64_t kEnd = Remains::kBatchesOfAPartition * Remains::kBatchRecords;
constexpr int64_t kNumbers[] = {0, 1, 5, 6, 7, 8, 12, 17, kEnd, 99, INT64_MAX};

void Put(FileTree& files, std::string_view file,
         const OffsetCheckpoint& starts) {
  files[std::string(file)] = file == kLogStartFile
                                 ? FormatOffsetCheckpoint(starts)
                                 : FormatLogStartCopy(starts);
}

// What a stop left, with those of orders-1 deleted too.
FileTree RemainsOf(Stop stop) {
  FileTree files = Remains::Of(stop).files();
  std::erase_if(files, [](const auto& file) {
    return file.first.starts_with("orders-1/00000000000000000000.");
  });
  Put(files, kLogStartFile, kDeletedBelow);
  Put(files, kLogStartCopyFile, kDeletedBelow);
  return files;
}

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
    for (const auto& [name, deleted] : kDeletedBelow) {
      const auto sight = test::ReadOver(engine, name);
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(sight.ended, IsOk());
      EXPECT_EQ(From(deleted, sight.records), RecordsOf(name));
    }
  }

  // Those that were not deleted.
  static Values RecordsOf(const TopicPartition& name) {
    const auto& records = Remains::Of(GetParam()).records();
    return From(kDeletedBelow.at(name), records.at(name.ToString()));
  }
  static Values From(Offset start, Values values) {
    values.erase(values.begin(), values.lower_bound(start.value));
    return values;
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
                         ::testing::ValuesIn(test::kEveryStop),
                         [](const auto& info) {
                           return test::CaseName("Start", info.param);
                         });

TEST_P(LogStartDamage, OfOneFileDeletesNothingWhateverNumberItBecame) {
  ASSERT_EQ(StartsOf(Remains::Of(GetParam()).files()).size(), 3u);
  for (const auto& [partition, start] : kDeletedBelow) {
    for (const int64_t number : kNumbers) {
      if (number == start.value) continue;
      for (const std::string_view file : {kLogStartFile, kLogStartCopyFile}) {
        SCOPED_TRACE(
            fmt::format("{}: {} in {}", partition.ToString(), number, file));
        OffsetCheckpoint changed = kDeletedBelow;
        changed[partition] = Offset{number};
        DamagedDirectory directory(GetParam(), [&](FileTree& files) {
          files = RemainsOf(GetParam());
          Put(files, file, changed);
        });
        ExpectNothingGoes(directory, fmt::format("{} starts at offset",
                                                 partition.ToString()));
      }
    }
  }
}

// Kafka's leaves out what a broker made again, and only Kafka's has what a
// broker made, or where a bit of a name or of a number of a partition flipped.
TEST_P(LogStartDamage, OfALogThatOneFileLeavesOutDeletesNothing) {
  for (const auto& [partition, first] : kFirstSegments) {
    for (const int64_t number : kNumbers) {
      // That is what leaving it out says.
      if (number == first.value) continue;
      for (const std::string_view file : {kLogStartFile, kLogStartCopyFile}) {
        SCOPED_TRACE(fmt::format("{}: {} in {} alone", partition.ToString(),
                                 number, file));
        OffsetCheckpoint less = kDeletedBelow;
        less.erase(partition);
        OffsetCheckpoint changed = less;
        changed[partition] = Offset{number};
        DamagedDirectory directory(GetParam(), [&](FileTree& files) {
          files = RemainsOf(GetParam());
          Put(files, kLogStartFile, less);
          Put(files, kLogStartCopyFile, less);
          Put(files, file, changed);
        });
        ExpectNothingGoes(directory, fmt::format("{} starts at offset",
                                                 partition.ToString()));
      }
    }
  }
}

// Of logs that were never saved, too, and of such as there are none.
TEST_P(LogStartDamage, OfANameInOneFileDeletesNothing) {
  for (const TopicPartition& from : {kOrders1, kReturns}) {
    for (const TopicPartition& to :
         {kOrders0, kOrders1, kReturns, TopicPartition{"orders", {7}},
          TopicPartition{"ordess", {0}}}) {
      if (from == to) continue;
      for (const std::string_view file : {kLogStartFile, kLogStartCopyFile}) {
        SCOPED_TRACE(fmt::format("{} as {} in {}", from.ToString(),
                                 to.ToString(), file));
        OffsetCheckpoint starts = kDeletedBelow;
        starts.erase(to);
        OffsetCheckpoint changed = starts;
        changed.erase(from);
        changed[to] = starts.at(from);
        DamagedDirectory directory(GetParam(), [&](FileTree& files) {
          files = RemainsOf(GetParam());
          Put(files, kLogStartFile, starts);
          Put(files, kLogStartCopyFile, starts);
          Put(files, file, changed);
        });
        ExpectNothingGoes(directory,
                          fmt::format("{} starts at offset", to.ToString()));
      }
    }
  }
}

TEST_P(LogStartDamage, OfDigitsOfTheCopyIsFoundByItsChecksum) {
  const std::string copy(kLogStartCopyFile);
  const std::string bytes = RemainsOf(GetParam()).at(copy);
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] < '0' || bytes[at] > '9') continue;
    SCOPED_TRACE(at);
    DamagedDirectory directory(GetParam(), [&](FileTree& files) {
      files = RemainsOf(GetParam());
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
        files = RemainsOf(GetParam());
        files[std::string(file)] = "rubbish";
        if (is_gone) files.erase(std::string(file));
      });
      for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
        auto engine = directory.Open(access);
        ASSERT_THAT(engine, IsOk());
        for (const TopicPartition& name : {kOrders1, kReturns}) {
          EXPECT_EQ(test::ReadOver(*engine, name).records, RecordsOf(name));
        }
        ASSERT_THAT(engine->Close(), IsOk());
      }
      EXPECT_EQ(StartsOf(directory.Gather()), kDeletedBelow);
      EXPECT_EQ(directory.Gather().at(std::string(kLogStartCopyFile)),
                FormatLogStartCopy(kDeletedBelow));
    }
  }
}

}  // namespace
}  // namespace cauce
