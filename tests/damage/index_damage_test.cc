// The indexes of a segment, damaged in every way by name. They say nothing that
// the log does not say, so everything is still read and found, and what leads
// astray is told by verification and written anew by a writer that meets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/topic_name.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::IsOkAndHolds;
using test::Remains;
using test::Stop;
using test::Values;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

const TopicPartition kDamaged{"orders", PartitionId{0}};
constexpr std::string_view kOffsets = "orders-0/00000000000000000006.index";
constexpr std::string_view kTimes = "orders-0/00000000000000000006.timeindex";
// Of the segment that is written to.
constexpr std::string_view kActiveOffsets =
    "orders-0/00000000000000000012.index";
constexpr std::string_view kActiveTimes =
    "orders-0/00000000000000000012.timeindex";
constexpr size_t kOffsetEntryBytes = 8;
constexpr size_t kTimeEntryBytes = 12;

// Whether an index that is whole in itself says less than the log, or what is
// not so.
enum class Kind { kSaysLess, kIsWrong };

struct Case {
  std::string name;
  std::string_view file;
  Kind kind;
  std::function<void(FileTree&)> damage;
};

void PrintTo(const Case& the_case, std::ostream* out) { *out << the_case.name; }

size_t EntryBytes(std::string_view file) {
  return file.ends_with(".index") ? kOffsetEntryBytes : kTimeEntryBytes;
}

void AddToNumber(std::string& bytes, size_t at, int32_t more) {
  StoreBig<int32_t>(bytes.data() + at,
                    LoadBig<int32_t>(bytes.data() + at) + more);
}

// What may happen to any file of entries.
void AddCasesOf(std::string_view file, std::string_view prefix,
                std::vector<Case>& cases) {
  // Behind a time that is missing the other index has a batch.
  const Kind cut = EntryBytes(file) == kTimeEntryBytes ? Kind::kIsWrong
                                                       : Kind::kSaysLess;
  const auto add = [&](std::string_view name, Kind kind, auto damage) {
    cases.push_back({fmt::format("{}{}", prefix, name), file, kind,
                     [=](FileTree& files) { damage(files, file); }});
  };
  add("Missing", Kind::kSaysLess, [](FileTree& files, std::string_view name) {
    files.erase(files.find(name));
  });
  add("Empty", cut, [](FileTree& files, std::string_view name) {
    files.find(name)->second.clear();
  });
  add("NothingButZeros", cut, [](FileTree& files, std::string_view name) {
    std::string& bytes = files.find(name)->second;
    bytes.assign(bytes.size(), '\0');
  });
  add("OneEntryIsLeft", cut, [](FileTree& files, std::string_view name) {
    files.find(name)->second.resize(EntryBytes(name));
  });
  add("HalfAnEntryIsLeft", Kind::kIsWrong,
      [](FileTree& files, std::string_view name) {
        files.find(name)->second.resize(EntryBytes(name) + 5);
      });
  add("SomebodyElsesText", Kind::kIsWrong,
      [](FileTree& files, std::string_view name) {
        files.find(name)->second = "These are no entries, not even by length.";
      });
  add("EntriesInTheWrongOrder", Kind::kIsWrong,
      [](FileTree& files, std::string_view name) {
        std::string& bytes = files.find(name)->second;
        const size_t entry = EntryBytes(name);
        std::swap_ranges(bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(entry),
                         bytes.begin() + static_cast<std::ptrdiff_t>(entry));
      });
  add("TheSameEntryTwice", Kind::kIsWrong,
      [](FileTree& files, std::string_view name) {
        std::string& bytes = files.find(name)->second;
        const size_t entry = EntryBytes(name);
        bytes.replace(entry, entry, bytes, 0, entry);
      });
  add("AnEntryBehindTheEnd", Kind::kIsWrong,
      [](FileTree& files, std::string_view name) {
        std::string& bytes = files.find(name)->second;
        const size_t last = bytes.size() - EntryBytes(name);
        bytes += bytes.substr(last);
        // Every number of it grows: an entry that may stand there.
        for (size_t at = last + EntryBytes(name) + EntryBytes(name) - 4;;
             at -= 4) {
          AddToNumber(bytes, at, 500);
          if (at == last + EntryBytes(name)) break;
        }
      });
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  AddCasesOf(kOffsets, "Offsets", cases);
  AddCasesOf(kTimes, "Times", cases);
  AddCasesOf(kActiveOffsets, "ActiveOffsets", cases);
  AddCasesOf(kActiveTimes, "ActiveTimes", cases);
  const auto add = [&](std::string_view name, std::string_view file,
                       auto damage) {
    cases.push_back(
        {std::string(name), file, Kind::kIsWrong,
         [=](FileTree& files) { damage(files.find(file)->second); }});
  };
  // An offset entry: offset, position.
  add("OffsetsLeadIntoABatch", kOffsets,
      [](std::string& bytes) { AddToNumber(bytes, 4, 5); });
  add("OffsetsLeadToALaterBatch", kOffsets, [](std::string& bytes) {
    bytes.replace(4, 4, bytes, kOffsetEntryBytes + 4, 4);
    bytes.resize(kOffsetEntryBytes);
  });
  add("OffsetsLeadToAnEarlierBatch", kOffsets, [](std::string& bytes) {
    bytes.replace(kOffsetEntryBytes + 4, 4, bytes, 4, 4);
    bytes.erase(0, kOffsetEntryBytes);
  });
  add("OffsetsNameTheMiddleOfABatch", kOffsets,
      [](std::string& bytes) { AddToNumber(bytes, 0, -1); });
  add("OffsetsLeadBehindTheFile", kOffsets, [](std::string& bytes) {
    AddToNumber(bytes, kOffsetEntryBytes + 4, 1 << 30);
  });
  add("OffsetsOfANegativePosition", kOffsets,
      [](std::string& bytes) { StoreBig<int32_t>(bytes.data() + 4, -1); });
  cases.push_back({"OffsetsOfAnotherSegment", kOffsets, Kind::kIsWrong,
                   [](FileTree& files) {
                     files.find(kOffsets)->second =
                         files["orders-1/00000000000000000006.index"].substr(
                             0, kOffsetEntryBytes) +
                         std::string("\0\0\0\x7\0\0\0\x7f", 8);
                   }});
  // A time entry: time, offset.
  add("TimesThatNoRecordHas", kTimes,
      [](std::string& bytes) { AddToNumber(bytes, 4, 1); });
  add("TimesFarInTheFuture", kTimes, [](std::string& bytes) {
    AddToNumber(bytes, bytes.size() - kTimeEntryBytes, 1 << 20);
  });
  add("TimesOfAnotherBatch", kTimes, [](std::string& bytes) {
    bytes.replace(8, 4, bytes, kTimeEntryBytes + 8, 4);
    bytes.resize(kTimeEntryBytes);
  });
  add("TimesNameTheMiddleOfABatch", kTimes,
      [](std::string& bytes) { AddToNumber(bytes, 8, -1); });
  return cases;
}

// What each stop leaves: of the segment that was written to a killed engine
// leaves no index.
std::vector<std::tuple<Case, Stop>> AllCases() {
  std::vector<std::tuple<Case, Stop>> all;
  for (const Case& each : Cases()) {
    const bool is_active =
        each.file == kActiveOffsets || each.file == kActiveTimes;
    for (const Stop stop : test::kEveryStop) {
      if (stop == Stop::kClean || !is_active) all.emplace_back(each, stop);
    }
  }
  return all;
}

class IndexDamage : public ::testing::TestWithParam<std::tuple<Case, Stop>> {
 protected:
  IndexDamage()
      : case_(std::get<Case>(GetParam())),
        stop_(std::get<Stop>(GetParam())),
        directory_(stop_, case_.damage) {}

  // From every offset, and by every time: each enters by the indexes.
  void ExpectEverythingIsThere(const Engine& engine) {
    const auto partition =
        engine.OpenPartition(kDamaged.topic, kDamaged.partition);
    ASSERT_THAT(partition, IsOk());
    const Values& values = Remains::Of(stop_).records().at("orders-0");
    for (const auto& [offset, value] : values) {
      Cursor cursor = partition->Read(Offset{offset});
      RecordView record;
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
      EXPECT_EQ(record.offset, Offset{offset});
      EXPECT_EQ(record.value, value);
      // Both records of a batch have its time, and later ones a later time.
      const auto later = partition->FindByTime({record.timestamp.ms + 1});
      ASSERT_THAT(later, IsOk());
      const int64_t behind = offset - offset % 2 + 2;
      EXPECT_EQ(later->has_value(), values.contains(behind));
      if (later->has_value()) {
        EXPECT_EQ((*later)->offset, Offset{behind});
      }
      EXPECT_THAT(partition->FindByTime(record.timestamp),
                  IsOkAndHolds(FoundOffset{Offset{offset - offset % 2},
                                           record.timestamp}));
    }
    for (const auto& [name, records] : Remains::Of(stop_).records()) {
      const TopicPartition each = *ParseTopicPartition(name);
      EXPECT_EQ(test::ReadOver(engine, each).records, records);
    }
  }

  // How often an event tells of the segment's files.
  int64_t LinesOn(std::string_view segment) const {
    return std::ranges::count_if(
        directory_.events(), [&](const std::string& line) {
          return line.find(segment) != std::string::npos;
        });
  }

  const Case case_;
  const Stop stop_;
  DamagedDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Catalogue, IndexDamage,
                         ::testing::ValuesIn(AllCases()), [](const auto& info) {
                           return test::CaseName(
                               std::get<Case>(info.param).name,
                               std::get<Stop>(info.param));
                         });

TEST_P(IndexDamage, IsFoundAndMendedAndLeadsNobodyAstray) {
  const std::string path = DamagedDirectory::PathOf(case_.file);
  const auto findings = directory_.VerifyAll();
  if (case_.kind == Kind::kSaysLess) {
    EXPECT_THAT(findings, IsEmpty());
  } else {
    EXPECT_THAT(findings, Contains(Field(&Finding::file, path)));
    for (const Finding& finding : findings) EXPECT_EQ(finding.file, path);
  }
  {
    const auto reader = directory_.Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ExpectEverythingIsThere(*reader);
  }
  EXPECT_EQ(directory_.Gather(), directory_.laid());

  auto writer = directory_.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  ExpectEverythingIsThere(*writer);
  ASSERT_THAT(writer->Close(), IsOk());
  // Who looks it up is never told, so the log of events is.
  const auto segment = path.substr(0, path.rfind('.'));
  EXPECT_LE(LinesOn(segment), 1);
  if (case_.kind == Kind::kIsWrong) {
    EXPECT_EQ(LinesOn(segment), 1);
  }
  EXPECT_THAT(directory_.VerifyAll(), IsEmpty());
  const FileTree after = directory_.Gather();
  ASSERT_THAT(test::GoneFrom(directory_.laid(), after), IsEmpty());
  for (const auto& [name, bytes] : directory_.laid()) {
    if (!name.ends_with(".log")) continue;
    EXPECT_TRUE(bytes.starts_with(after.at(name))) << name;
  }
}

// A clock that was ahead for once: what is younger than all behind it is known
// by that entry alone, and the index is cut in front of it. Of a segment that
// others follow, and of the last one.
class HiddenPeak : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr std::string_view kPath =
      "/data/orders-0/00000000000000000000.timeindex";
  static constexpr Offset kPeak{2};

  HiddenPeak() {
    Engine engine = *Open(Access::kReadWrite);
    EXPECT_THAT(engine.CreateTopic(
                    "orders", {.configs = {{"index.interval.bytes", "1"},
                                           {"retention.ms", "3600000"}}}),
                IsOk());
    Partition orders = *engine.OpenPartition("orders", PartitionId{0});
    for (const int minutes : {300, 200, 10, 250}) Append(orders, minutes);
    if (GetParam()) {
      EXPECT_THAT(
          engine.AlterTopic("orders", {{"internal.segment.bytes", "100"}}),
          IsOk());
      Append(orders, 260);
    }
    EXPECT_THAT(engine.Close(), IsOk());
    const auto times = files_->Open(kPath, OpenMode::kReadWrite);
    EXPECT_THAT(times, IsOk());
    EXPECT_THAT((*times)->Truncate(kTimeEntryBytes), IsOk());
  }

  Timestamp Ago(int minutes) const {
    return Timestamp::From(begin_ - absl::Minutes(minutes));
  }
  void Append(Partition& partition, int minutes) const {
    const Record record{.value = "v", .timestamp = Ago(minutes)};
    EXPECT_THAT(partition.Append({&record, 1}), IsOk());
  }
  absl::StatusOr<Engine> Open(Access access) {
    return Engine::Open("/data", {.access = access,
                                  .file_system = files_.get(),
                                  .clock = &clock_});
  }

  test::SimClock clock_;
  const absl::Time begin_ = clock_.Now();
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
};

INSTANTIATE_TEST_SUITE_P(Segments, HiddenPeak, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Sealed" : "Active";
                         });

TEST_P(HiddenPeak, IsToldAndFound) {
  EXPECT_THAT(test::VerifyAll(*files_, "/data"),
              ElementsAre(Field(&Finding::file, kPath)));
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    auto engine = Open(access);
    ASSERT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    EXPECT_THAT(orders->FindByTime(Ago(100)),
                IsOkAndHolds(FoundOffset{kPeak, Ago(10)}));
    ASSERT_THAT(engine->Close(), IsOk());
  }
  EXPECT_THAT(test::VerifyAll(*files_, "/data"), IsEmpty());
}

// However often it is closed, and whatever a close notes.
TEST_P(HiddenPeak, IsDeletedByItsOwnAgeAndNotByAnothers) {
  const auto start_behind = [&]() -> absl::StatusOr<Offset> {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(Access::kReadWrite));
    CAUCE_RETURN_IF_ERROR(engine.RunUpkeep());
    CAUCE_ASSIGN_OR_RETURN(const Partition orders,
                           engine.OpenPartition("orders", PartitionId{0}));
    const Offset start = orders.log_start();
    CAUCE_RETURN_IF_ERROR(engine.Close());
    return start;
  };
  {
    auto reader = Open(Access::kReadWrite);
    ASSERT_THAT(reader, IsOk());
    ASSERT_THAT(reader->OpenPartition("orders", PartitionId{0}), IsOk());
    ASSERT_THAT(reader->Close(), IsOk());
  }
  EXPECT_THAT(start_behind(), IsOkAndHolds(Offset{0}));
  clock_.Advance(absl::Minutes(50));
  EXPECT_THAT(start_behind(), IsOkAndHolds(Offset{0}));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(start_behind(), IsOkAndHolds(Offset{GetParam() ? 5 : 4}));
}

}  // namespace
}  // namespace cauce
