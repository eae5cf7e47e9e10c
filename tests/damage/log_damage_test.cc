// The files that hold the records, damaged in every way by name: what is
// damaged is found and named, all else is read, nothing is lost by opening, and
// the log goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::BatchPlace;
using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;
using test::Values;
using test::WithoutZeros;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kDamaged{"orders", PartitionId{0}};

// What a case does, and what must come of it.
struct Damage {
  FileTree files;       // after it
  std::string file;     // where it is
  size_t position = 0;  // in the file
  Offset from;          // the first record that cannot be read,
  Offset to;            // and the first behind it that can
  // The file is not there: the place is where the one in front of it ends.
  bool is_missing = false;
  // Nothing is left behind it: who only reads is told when it is opened.
  bool is_at_the_end = false;
};

struct Case {
  std::string name;
  std::function<Damage(Stop)> make;
};

void PrintTo(const Case& the_case, std::ostream* out) { *out << the_case.name; }

const std::vector<BatchPlace>& Places(Stop stop) {
  return Remains::Of(stop).batches("orders-0");
}

// Whether nothing but the lengths of batches leads through a segment: its
// indexes were in the memory of the process that died.
bool HasNoIndex(Stop stop, const BatchPlace& place) {
  return stop != Stop::kClean &&
         place.segment_next == Places(stop).back().next;
}

Damage At(Stop stop, const BatchPlace& place) {
  return {Remains::Of(stop).files(), place.file, place.position, place.base,
          place.next};
}

// ---- Within a batch

struct HeaderField {
  std::string_view name;
  int position;
  int bytes;
};

// But for the leader's epoch, which no checksum covers.
constexpr HeaderField kFields[] = {
    {"BaseOffset", layout::kBaseOffset, 8},
    {"BatchLength", layout::kBatchLength, 4},
    {"Magic", layout::kMagic, 1},
    {"Crc", layout::kCrc, 4},
    {"Attributes", layout::kAttributes, 2},
    {"LastOffsetDelta", layout::kLastOffsetDelta, 4},
    {"BaseTimestamp", layout::kBaseTimestamp, 8},
    {"LargestTimestamp", layout::kMaxTimestamp, 8},
    {"ProducerId", layout::kProducerId, 8},
    {"ProducerEpoch", layout::kProducerEpoch, 2},
    {"BaseSequence", layout::kBaseSequence, 4},
    {"RecordCount", layout::kRecordCount, 4},
    {"FirstRecord", layout::kRecords, 1},
};

struct Spot {
  std::string_view name;
  size_t batch;
};
constexpr Spot kSpots[] = {{"InTheFirstBatch", 0},
                           {"InTheMiddle", 4},
                           {"AtASegmentsEnd", 5},
                           {"InTheLastBatch", 8}};

// How a number goes wrong.
struct Change {
  std::string_view name;
  std::function<void(std::string& bytes, size_t at, size_t length)> make;
};

std::vector<Change> Changes() {
  return {
      {"OneMore", [](std::string& bytes, size_t at,
                     size_t length) { ++bytes[at + length - 1]; }},
      {"OneLess", [](std::string& bytes, size_t at,
                     size_t length) { --bytes[at + length - 1]; }},
      {"FarMore",
       [](std::string& bytes, size_t at, size_t) { bytes[at] ^= 0x40; }},
      {"Negative", [](std::string& bytes, size_t at,
                      size_t) { bytes[at] ^= static_cast<char>(0x80); }},
  };
}

void AddFieldCases(std::vector<Case>& cases) {
  for (const HeaderField& field : kFields) {
    for (const Change& change : Changes()) {
      for (const Spot& spot : kSpots) {
        cases.push_back(
            {fmt::format("{}{}{}", field.name, change.name, spot.name),
             [=](Stop stop) {
               const BatchPlace& place = Places(stop)[spot.batch];
               Damage damage = At(stop, place);
               change.make(damage.files[place.file],
                           place.position + static_cast<size_t>(field.position),
                           static_cast<size_t>(field.bytes));
               const bool hides = field.position == layout::kBatchLength &&
                                  HasNoIndex(stop, place);
               if (hides) damage.to = place.segment_next;
               return damage;
             }});
      }
    }
  }
}

// ---- A batch that is another

// Writes the bytes of `source` over those of `target`.
void Misdirect(Damage& damage, const BatchPlace& source,
               const BatchPlace& target) {
  const std::string bytes = damage.files[source.file].substr(
      source.position, source.end - source.position);
  damage.files[target.file].replace(target.position,
                                    target.end - target.position, bytes);
}

void AddMisdirectedCases(std::vector<Case>& cases) {
  cases.push_back({"AnEarlierBatchOfThePartition", [](Stop stop) {
                     const auto& places = Places(stop);
                     Damage damage = At(stop, places[4]);
                     Misdirect(damage, places[1], places[4]);
                     return damage;
                   }});
  cases.push_back({"ALaterBatchOfThePartition", [](Stop stop) {
                     const auto& places = Places(stop);
                     Damage damage = At(stop, places[1]);
                     Misdirect(damage, places[4], places[1]);
                     return damage;
                   }});
  cases.push_back({"ABatchOfAnotherPartition", [](Stop stop) {
                     const auto& places = Places(stop);
                     const auto& others = Remains::Of(stop).batches("orders-1");
                     Damage damage = At(stop, places[4]);
                     Misdirect(damage, others[3], places[4]);
                     return damage;
                   }});
}

// ---- Whole files

std::string& LogOf(Damage& damage) { return damage.files[damage.file]; }

// From `first` on to the end of its segment.
Damage FromOn(Stop stop, size_t first) {
  const BatchPlace& place = Places(stop)[first];
  Damage damage = At(stop, place);
  damage.to = place.segment_next;
  return damage;
}

// The same where nothing stands in its place: the log just ends there, if it
// does not go on in another segment.
Damage EndsAt(Stop stop, size_t first) {
  Damage damage = FromOn(stop, first);
  damage.is_at_the_end = damage.to == Places(stop).back().next;
  return damage;
}

// The first batch of each segment.
constexpr Spot kSegments[] = {{"OfTheFirstSegment", 0},
                              {"OfTheMiddleSegment", 3},
                              {"OfTheLastSegment", 6}};

void AddFileCases(std::vector<Case>& cases) {
  for (const Spot& segment : kSegments) {
    const size_t first = segment.batch;
    const auto add = [&](std::string_view name,
                         std::function<Damage(Stop)> make) {
      cases.push_back({fmt::format("{}{}", name, segment.name), make});
    };
    add("HalfABatchIsLeft", [=](Stop stop) {
      Damage damage = FromOn(stop, first + 1);
      LogOf(damage).resize(damage.position + 40);
      return damage;
    });
    add("OneBatchIsLeft", [=](Stop stop) {
      Damage damage = EndsAt(stop, first + 1);
      LogOf(damage).resize(damage.position);
      return damage;
    });
    add("Nothing", [=](Stop stop) {
      Damage damage = EndsAt(stop, first);
      LogOf(damage).clear();
      return damage;
    });
    add("ZerosFromTheSecondBatch", [=](Stop stop) {
      Damage damage = EndsAt(stop, first + 1);
      std::string& log = LogOf(damage);
      log.replace(damage.position, std::string::npos,
                  std::string(log.size() - damage.position, '\0'));
      return damage;
    });
    add("NothingButZeros", [=](Stop stop) {
      Damage damage = EndsAt(stop, first);
      LogOf(damage).assign(LogOf(damage).size(), '\0');
      return damage;
    });
    add("SomebodyElsesText", [=](Stop stop) {
      Damage damage = FromOn(stop, first);
      LogOf(damage) =
          "Dear diary, this is no log of anything at all. Today I "
          "went for a walk and saw the sea.\n";
      return damage;
    });
    add("AnotherSegmentsFile", [=](Stop stop) {
      Damage damage = FromOn(stop, first);
      LogOf(damage) = damage.files[Places(stop)[(first + 3) % 9].file];
      return damage;
    });
  }
}

// That the oldest is missing is told in another way: see below.
void AddMissingFileCases(std::vector<Case>& cases) {
  for (const Spot& segment : kSegments) {
    if (segment.batch == 0) continue;
    cases.push_back({fmt::format("NoFile{}", segment.name), [=](Stop stop) {
                       Damage damage = EndsAt(stop, segment.batch);
                       damage.files.erase(damage.file);
                       const BatchPlace& before =
                           Places(stop)[segment.batch - 1];
                       damage.file = before.file;
                       damage.position = before.end;
                       damage.is_missing = true;
                       return damage;
                     }});
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  AddFieldCases(cases);
  AddMissingFileCases(cases);
  AddMisdirectedCases(cases);
  AddFileCases(cases);
  return cases;
}

class LogDamage : public ::testing::TestWithParam<std::tuple<Case, Stop>> {
 protected:
  LogDamage()
      : stop_(std::get<Stop>(GetParam())),
        damage_(std::get<Case>(GetParam()).make(stop_)),
        directory_(stop_, [this](FileTree& files) { files = damage_.files; }) {}

  std::string DamagedPath() const {
    return DamagedDirectory::PathOf(damage_.file);
  }

  // All of orders-0 but what is damaged.
  Values Readable() const {
    Values values = Remains::Of(stop_).records().at("orders-0");
    values.erase(values.lower_bound(damage_.from.value),
                 values.lower_bound(damage_.to.value));
    return values;
  }

  void ExpectFound() {
    const auto findings = directory_.VerifyAll();
    ::testing::Matcher<std::optional<int64_t>> position =
        std::optional<int64_t>(damage_.position);
    // Of a whole file at the end only the saved bounds know, and no place.
    if (damage_.is_missing && damage_.is_at_the_end) position = ::testing::_;
    EXPECT_THAT(
        findings,
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("file", &Finding::file, DamagedPath()),
                       Field("position", &Finding::position, position),
                       Field("offset", &Finding::offset,
                             std::optional<Offset>(damage_.from)))));
    for (const Finding& finding : findings) {
      EXPECT_THAT(finding.file, HasSubstr("orders-0/")) << finding.what;
    }
  }

  void ExpectConfined(const Engine& engine, Access access,
                      const Values& expected) {
    const Sight sight = test::ReadOver(engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(sight.ended, IsOk());
    if (access == Access::kReadOnly && damage_.is_at_the_end) {
      EXPECT_THAT(directory_.events(),
                  Contains(AllOf(HasSubstr("orders-0"),
                                 HasSubstr(fmt::format("ends at offset {}",
                                                       damage_.from.value)),
                                 HasSubstr("up to 18"))));
    } else {
      EXPECT_THAT(sight.told,
                  Contains(AllOf(
                      HasSubstr(DamagedPath()),
                      HasSubstr(fmt::format("position {}", damage_.position)),
                      HasSubstr(fmt::format("orders-0 at offset {}",
                                            damage_.from.value)))));
    }
    for (const TopicPartition& other :
         {TopicPartition{"orders", PartitionId{1}},
          TopicPartition{"returns", PartitionId{0}}}) {
      const Sight whole = test::ReadOver(engine, other);
      EXPECT_EQ(whole.records,
                Remains::Of(stop_).records().at(other.ToString()));
      EXPECT_THAT(whole.told, IsEmpty());
      EXPECT_THAT(whole.ended, IsOk());
    }
  }

  // That no file went, and no record in one.
  void ExpectKept() {
    const FileTree after = directory_.Gather();
    ASSERT_THAT(test::GoneFrom(damage_.files, after), IsEmpty());
    for (const auto& [name, bytes] : damage_.files) {
      if (!name.ends_with(".log")) continue;
      EXPECT_TRUE(after.at(name).starts_with(WithoutZeros(bytes))) << name;
    }
  }

  const Stop stop_;
  const Damage damage_;
  DamagedDirectory directory_;
};

// One that an earlier close has noted otherwise is another log's by that, and
// set aside: see below.
bool IsSetAside(const Case& each, Stop stop) {
  return (stop == Stop::kRolled &&
          each.name == "AnotherSegmentsFileOfTheFirstSegment") ||
         (stop == Stop::kGrown &&
          each.name == "AnotherSegmentsFileOfTheMiddleSegment");
}

std::vector<std::tuple<Case, Stop>> CasesThatStay() {
  std::vector<std::tuple<Case, Stop>> all;
  for (const Case& each : Cases()) {
    for (const Stop stop : test::kEveryStop) {
      if (!IsSetAside(each, stop)) all.emplace_back(each, stop);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, LogDamage,
                         ::testing::ValuesIn(CasesThatStay()),
                         [](const auto& info) {
                           return test::CaseName(
                               std::get<Case>(info.param).name,
                               std::get<Stop>(info.param));
                         });

TEST_P(LogDamage, IsFoundNamedConfinedAndKept) {
  ExpectFound();
  {
    const auto reader = directory_.Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ExpectConfined(*reader, Access::kReadOnly, Readable());
  }
  // Nothing of that wrote.
  EXPECT_EQ(directory_.Gather(), damage_.files);

  Values expected = Readable();
  const int64_t end = Places(stop_).back().next.value;
  {
    auto writer = directory_.Open(Access::kReadWrite);
    ASSERT_THAT(writer, IsOk());
    ExpectConfined(*writer, Access::kReadWrite, expected);
    // An offset that was given out is not given again.
    const auto added = test::AppendOne(*writer, kDamaged, "new");
    ASSERT_THAT(added, IsOk());
    EXPECT_GE(added->value, end);
    expected[added->value] = "new";
    ExpectConfined(*writer, Access::kReadWrite, expected);
    ASSERT_THAT(writer->Close(), IsOk());
  }
  ExpectKept();

  // It is not forgotten either.
  ExpectFound();
  auto writer = directory_.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  ExpectConfined(*writer, Access::kReadWrite, expected);
  EXPECT_THAT(writer->Close(), IsOk());
}

// The close tells how large it was, and by which indexes.
TEST(LogThatWasClosed, HasAnotherSegmentsFileSetAsideAndMissesItsRecords) {
  for (const auto& [stop, first] :
       {std::pair{Stop::kRolled, size_t{0}}, {Stop::kGrown, size_t{3}}}) {
    SCOPED_TRACE(test::CaseName("File", stop));
    const BatchPlace& place = Places(stop)[first];
    const std::string others =
        Remains::Of(stop).files().at(Places(stop)[first + 3].file);
    DamagedDirectory directory(
        stop, [&](FileTree& files) { files[place.file] = others; });
    const std::string path = DamagedDirectory::PathOf(place.file);
    EXPECT_THAT(directory.VerifyAll(),
                Contains(AllOf(
                    Field("gravity", &Finding::gravity, Gravity::kDamage),
                    Field("file", &Finding::file, path))));
    Values expected = Remains::Of(stop).records().at("orders-0");
    expected.erase(expected.lower_bound(place.base.value),
                   expected.lower_bound(place.segment_next.value));
    const auto expect_confined = [&](const Engine& engine) {
      const Sight sight = test::ReadOver(engine, kDamaged);
      EXPECT_EQ(sight.records, expected);
      EXPECT_THAT(sight.ended, IsOk());
      if (first == 0) {
        // The log begins behind it: who opens is told, and nobody comes to it.
        EXPECT_THAT(sight.told, IsEmpty());
      } else {
        EXPECT_THAT(sight.told,
                    Contains(HasSubstr(fmt::format("orders-0 at offset {}",
                                                   place.base.value))));
      }
      for (const TopicPartition& other :
           {TopicPartition{"orders", PartitionId{1}},
            TopicPartition{"returns", PartitionId{0}}}) {
        const Sight whole = test::ReadOver(engine, other);
        EXPECT_EQ(whole.records,
                  Remains::Of(stop).records().at(other.ToString()));
        EXPECT_THAT(whole.told, IsEmpty());
        EXPECT_THAT(whole.ended, IsOk());
      }
    };
    {
      const auto reader = directory.Open(Access::kReadOnly);
      ASSERT_THAT(reader, IsOk());
      expect_confined(*reader);
      EXPECT_THAT(directory.events(), Contains(HasSubstr(path)));
    }
    EXPECT_EQ(directory.Gather(), directory.laid());

    auto writer = directory.Open(Access::kReadWrite);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(directory.events(), Contains(HasSubstr(path)));
    expect_confined(*writer);
    const int64_t end = Places(stop).back().next.value;
    EXPECT_THAT(test::AppendOne(*writer, kDamaged, "new"),
                test::IsOkAndHolds(Offset{end}));
    ASSERT_THAT(writer->Close(), IsOk());
    const FileTree after = directory.Gather();
    EXPECT_EQ(after.at(place.file + ".cut"), others);
    EXPECT_THAT(test::GoneFrom(directory.laid(), after),
                ElementsAre(place.file));
    // That they are missing is not forgotten.
    EXPECT_THAT(
        directory.VerifyAll(),
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("offset", &Finding::offset,
                             std::optional<Offset>(place.base)))));
  }
}

}  // namespace
}  // namespace cauce
