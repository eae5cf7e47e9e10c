// The files that hold the records, damaged in every way by name: what is
// damaged is found and named, all else is read, nothing is lost by opening, and
// the log goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "engine/record/layout.h"
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
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kDirectory = "/data";
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
  return stop == Stop::kKilled &&
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

// Zeros at the end of a file are no records.
std::string_view WithoutZeros(std::string_view bytes) {
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

class LogDamage : public ::testing::TestWithParam<std::tuple<Case, Stop>> {
 protected:
  LogDamage()
      : stop_(std::get<Stop>(GetParam())),
        damage_(std::get<Case>(GetParam()).make(stop_)),
        files_(NewMemoryFileSystem()) {
    test::Lay(damage_.files, *files_, kDirectory);
  }

  absl::StatusOr<Engine> Open(Access access) {
    return Engine::Open(kDirectory,
                        {.access = access,
                         .file_system = files_.get(),
                         .clock = &clock_,
                         .events = [this](Severity, std::string_view line) {
                           events_.emplace_back(line);
                         }});
  }

  std::string DamagedPath() const {
    return fmt::format("{}/{}", kDirectory, damage_.file);
  }

  // All of orders-0 but what is damaged.
  Values Readable() const {
    Values values = Remains::Of(stop_).records().at("orders-0");
    values.erase(values.lower_bound(damage_.from.value),
                 values.lower_bound(damage_.to.value));
    return values;
  }

  void ExpectFound() {
    const auto findings = test::VerifyAll(*files_, kDirectory);
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
      EXPECT_THAT(events_,
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
    const FileTree after = test::Gather(*files_, kDirectory);
    for (const auto& [name, bytes] : damage_.files) {
      const auto kept = after.find(name);
      ASSERT_NE(kept, after.end()) << name;
      if (!name.ends_with(".log")) continue;
      EXPECT_TRUE(kept->second.starts_with(WithoutZeros(bytes))) << name;
    }
  }

  const Stop stop_;
  const Damage damage_;
  const std::unique_ptr<FileSystem> files_;
  test::SimClock clock_;
  std::vector<std::string> events_;
};

INSTANTIATE_TEST_SUITE_P(Catalogue, LogDamage,
                         ::testing::Combine(::testing::ValuesIn(Cases()),
                                            ::testing::Values(Stop::kClean,
                                                              Stop::kKilled)),
                         [](const auto& info) {
                           return test::CaseName(
                               std::get<Case>(info.param).name,
                               std::get<Stop>(info.param));
                         });

TEST_P(LogDamage, IsFoundNamedConfinedAndKept) {
  ExpectFound();
  {
    const auto reader = Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ExpectConfined(*reader, Access::kReadOnly, Readable());
  }
  // Nothing of that wrote.
  EXPECT_EQ(test::Gather(*files_, kDirectory), damage_.files);

  Values expected = Readable();
  const int64_t end = Places(stop_).back().next.value;
  {
    auto writer = Open(Access::kReadWrite);
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
  auto writer = Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  ExpectConfined(*writer, Access::kReadWrite, expected);
  EXPECT_THAT(writer->Close(), IsOk());
}

// A log may begin anywhere: only its saved start tells what is missing.
class OldestLogMissing : public ::testing::TestWithParam<Stop> {};

INSTANTIATE_TEST_SUITE_P(Catalogue, OldestLogMissing,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
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
  const FileTree after = test::Gather(*files, kDirectory);
  for (const auto& [name, bytes] : tree) {
    EXPECT_TRUE(after.contains(name)) << name;
  }
}

TEST_P(OldestLogMissing, IsReadAgainOnceItIsPutBackWhateverWasDoneMeanwhile) {
  const Remains& remains = Remains::Of(GetParam());
  const std::string first = Places(GetParam())[0].file;
  // Its start may be what was not saved, or was lost: whoever opens says what
  // has to go with the file then.
  for (const bool start_is_known : {true, false}) {
    SCOPED_TRACE(start_is_known);
    FileTree tree = remains.files();
    if (!start_is_known) tree.erase("log-start-offset-checkpoint");
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
                               ? "or delete the records before offset 6"
                               : "and remove log-start-offset-checkpoint")));

    test::Lay({{first, lost}}, *files, kDirectory);
    if (!start_is_known) {
      ASSERT_THAT(files->RemoveFile(fmt::format(
                      "{}/log-start-offset-checkpoint", kDirectory)),
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

// As a killed writer's end may be, and nothing that was promised: the end of
// the log is in front of it, and what stood there is kept aside.
class TornEnd : public ::testing::Test {
 protected:
  // The killed directory as if nothing of orders-0 had been known as durable
  // behind `durable`, with `bytes` behind the last batch but `batches`.
  std::unique_ptr<FileSystem> Lay(size_t batches, std::string_view bytes) {
    FileTree tree = Remains::Of(Stop::kKilled).files();
    const BatchPlace& last = Places(Stop::kKilled)[8 - batches];
    std::string& log = tree[last.file];
    log.resize(last.end);
    log += bytes;
    std::string& points = tree["recovery-point-offset-checkpoint"];
    const std::string known = "orders 0 18\n";
    points.replace(points.find(known), known.size(), "orders 0 12\n");
    auto files = NewMemoryFileSystem();
    test::Lay(tree, *files, kDirectory);
    return files;
  }

  absl::StatusOr<Engine> Open(FileSystem& files) {
    return Engine::Open(kDirectory, {.file_system = &files, .clock = &clock_});
  }

  test::SimClock clock_;
};

TEST_F(TornEnd, IsCutAtEveryByteOfTheLastBatchesAndKeptAside) {
  const auto& places = Places(Stop::kKilled);
  const std::string whole =
      Remains::Of(Stop::kKilled).files().at(places[8].file);
  for (size_t end = places[7].position; end <= places[8].end; ++end) {
    SCOPED_TRACE(testing::Message() << "the file ends at " << end);
    const bool first_is_whole = end >= places[7].end;
    const auto& last = first_is_whole ? places[7] : places[6];
    const bool both_are = end == places[8].end;
    const Offset next = both_are ? places[8].next : last.next;
    const auto files =
        Lay(2, whole.substr(places[7].position, end - places[7].position));
    for (const Finding& finding : test::VerifyAll(*files, kDirectory)) {
      EXPECT_EQ(finding.gravity, Gravity::kNote) << finding.what;
    }
    auto engine = Open(*files);
    ASSERT_THAT(engine, IsOk());
    Values expected = Remains::Of(Stop::kKilled).records().at("orders-0");
    expected.erase(expected.lower_bound(next.value), expected.end());
    const Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(test::AppendOne(*engine, kDamaged, "new"),
                test::IsOkAndHolds(next));
    ASSERT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
    std::string torn;
    if (!both_are) torn = whole.substr(last.end, end - last.end);
    const FileTree after = test::Gather(*files, kDirectory);
    const auto kept =
        after.find(fmt::format("orders-0/{:020}.log.cut", next.value));
    EXPECT_EQ(kept != after.end(), !WithoutZeros(torn).empty());
    if (kept != after.end()) {
      EXPECT_EQ(kept->second, WithoutZeros(torn));
    }
  }
}

// A valid batch of an older end, which the next append does not overwrite
// whole, must never join the log again.
TEST_F(TornEnd, StaleBatchesBehindItNeverComeBack) {
  const auto& places = Places(Stop::kKilled);
  const std::string whole =
      Remains::Of(Stop::kKilled).files().at(places[8].file);
  const std::string last =
      whole.substr(places[8].position, places[8].end - places[8].position);
  // Half of batch 7, zeros up to its end, and then batch 8, which is whole and
  // would follow it.
  const size_t size = places[7].end - places[7].position;
  std::string torn = whole.substr(places[7].position, size / 2);
  torn.resize(size, '\0');
  auto files = Lay(2, torn + last);
  for (int again = 0; again < 2; ++again) {
    FileTree left;
    {
      auto engine = Open(*files);
      ASSERT_THAT(engine, IsOk());
      // A batch as long as the torn one, so that the stale one would follow.
      const auto added = test::AppendOne(*engine, kDamaged, "new");
      ASSERT_THAT(added, IsOk());
      EXPECT_EQ(*added, Offset{14 + again});
      // As a kill leaves it: a close would cut what stands behind the log.
      left = test::Gather(*files, kDirectory);
    }
    files = NewMemoryFileSystem();
    test::Lay(left, *files, kDirectory);
    for (const auto& [offset, value] :
         test::ReadOver(*Open(*files), kDamaged).records) {
      EXPECT_TRUE(offset < 14 || value == "new") << value;
    }
  }
}

}  // namespace
}  // namespace cauce
