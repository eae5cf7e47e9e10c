// The small files of a data directory, damaged in every way by name: the engine
// opens without what they said, or refuses and changes nothing; no record goes
// either way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/topic_name.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/topic_catalog.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::HasReason;
using test::IsOk;
using test::Remains;
using test::Stop;
using test::Values;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Outcome {
  kNothing,      // it may be so: nothing to say
  kTold,         // opens, says what that means, and writes the file anew
  kToldIfClosed,  // the same where a close has noted it, else nothing to say
  kToldIfMarked,  // where that close was the stop, so that its mark is there
  kToldAndKept,   // as kTold, and the file stays as it is
  kRefused,      // Reason::kCorruptFile, and nothing is changed
  kTooNew,       // Reason::kUnsupportedFormat, and nothing is changed
  // The same for one partition: where none has to be recovered the others are
  // read and written.
  kPartitionTooNew,
};

struct Case {
  std::string name;
  std::string file;  // the one that is named
  Outcome outcome;
  std::function<void(FileTree&)> damage;
};

void PrintTo(const Case& the_case, std::ostream* out) { *out << the_case.name; }

constexpr std::string_view kRubbish =
    "\x7f"
    "ELF\x02\x01 no text at all \xff\n";

std::string NewerCatalogue() {
  return WithChecksum(
      "cauce.topics 2\nsomething that this release does not know\n");
}

std::string NewerLogStarts() {
  return WithChecksum("cauce.log-starts 2\nsomething else\n");
}

// What a close has noted of other partitions than these.
std::string OtherSegments() {
  return *FormatManifest({{{"elsewhere", PartitionId{0}}, {.part = "part"}}},
                         BoundsSums());
}

// Of these the version lies outside of the checksum that the mark names.
void SetSegmentsVersion(std::string& bytes, int16_t version) {
  if (!bytes.empty()) StoreBig<int16_t>(bytes.data() + 8, version);
}

std::string NewerSegments() {
  std::string bytes = OtherSegments();
  SetSegmentsVersion(bytes, 3);
  return bytes;
}

struct SmallFile {
  std::string_view name;
  std::string_view title;
  std::string newer;  // as a later release might write it; empty: none could
  // What happens where it is damaged, empty, and not there.
  Outcome damaged;
  Outcome empty;
  Outcome missing;
  Outcome too_new = Outcome::kTooNew;
  size_t bytes_max = 64 << 10;  // more than that is not read
};

std::vector<SmallFile> SmallFiles() {
  return {
      {"recovery-point-offset-checkpoint", "RecoveryPoints", "1\n0\n",
       Outcome::kTold, Outcome::kToldIfClosed, Outcome::kToldIfClosed,
       Outcome::kTooNew, kCheckpointBytesMax},
      {"log-start-offset-checkpoint", "LogStarts", "1\n0\n", Outcome::kTold,
       Outcome::kTold, Outcome::kTold},
      {"cauce.log-starts", "LogStartCopy", NewerLogStarts(), Outcome::kTold,
       Outcome::kTold, Outcome::kNothing, Outcome::kTooNew,
       kCheckpointBytesMax},
      {"orders-0/leader-epoch-checkpoint", "Epochs", "1\n0\n", Outcome::kTold,
       Outcome::kNothing, Outcome::kNothing, Outcome::kPartitionTooNew},
      {"orders-0/partition.metadata", "TopicId",
       "version: 1\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w", Outcome::kTold,
       Outcome::kTold, Outcome::kNothing, Outcome::kToldAndKept},
      {"meta.properties", "Properties", "version=2\ncluster.id=x\nnode.id=0\n",
       Outcome::kRefused, Outcome::kRefused, Outcome::kNothing},
      {"cauce.topics", "Catalogue", NewerCatalogue(), Outcome::kTold,
       Outcome::kTold, Outcome::kTold, Outcome::kTooNew, kCatalogBytesMax},
      {"cauce.topics.copy", "CatalogueCopy", NewerCatalogue(), Outcome::kTold,
       Outcome::kTold, Outcome::kTold},
      // After a kill there is none, and what is put there has no mark.
      {"cauce.segments", "Segments", NewerSegments(), Outcome::kTold,
       Outcome::kTold, Outcome::kNothing, Outcome::kTold, kManifestBytesMax},
      {".kafka_cleanshutdown", "CleanMark", "", Outcome::kToldIfClosed,
       Outcome::kNothing, Outcome::kNothing},
      {".lock", "Lock", "", Outcome::kNothing, Outcome::kNothing,
       Outcome::kNothing},
  };
}

void AddCases(const SmallFile& file, std::vector<Case>& cases) {
  const auto add = [&](std::string_view what, Outcome outcome,
                       const std::function<void(std::string&)>& change) {
    const std::string name(file.name);
    cases.push_back({fmt::format("{}{}", file.title, what), name, outcome,
                     [=](FileTree& files) { change(files[name]); }});
  };
  add("Rubbish", file.damaged, [](std::string& bytes) { bytes = kRubbish; });
  add("NothingButZeros", file.damaged,
      [](std::string& bytes) { bytes.assign(bytes.size() + 1, '\0'); });
  // A mark that is not there is empty then.
  const bool is_mark = file.damaged == Outcome::kToldIfClosed;
  const Outcome cut_off = is_mark ? Outcome::kToldIfMarked : file.damaged;
  add("CutOff", cut_off, [](std::string& bytes) {
    bytes.resize(bytes.size() - bytes.size() / 4);
  });
  add("Endless", file.damaged,
      [bytes_max = file.bytes_max](std::string& bytes) {
        bytes.append(bytes_max, '0');
      });
  add("Empty", file.empty, [](std::string& bytes) { bytes.clear(); });
  cases.push_back({fmt::format("{}Missing", file.title), std::string(file.name),
                   file.missing,
                   [name = std::string(file.name)](FileTree& files) {
                     files.erase(name);
                   }});
  if (!file.newer.empty()) {
    add("OfANewerRelease", file.too_new,
        [newer = file.newer](std::string& bytes) { bytes = newer; });
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const SmallFile& file : SmallFiles()) AddCases(file, cases);
  cases.push_back({"BothCatalogues", "cauce.topics", Outcome::kRefused,
                   [](FileTree& files) {
                     files["cauce.topics"] = kRubbish;
                     files["cauce.topics.copy"] = kRubbish;
                   }});
  cases.push_back({"BothLogStarts", "log-start-offset-checkpoint",
                   Outcome::kTold, [](FileTree& files) {
                     files["log-start-offset-checkpoint"] = kRubbish;
                     files["cauce.log-starts"] = kRubbish;
                   }});
  cases.push_back({"SegmentsOfANewerReleaseThatIsNamed", "cauce.segments",
                   Outcome::kToldIfClosed, [](FileTree& files) {
                     const auto found = files.find("cauce.segments");
                     if (found == files.end()) return;
                     SetSegmentsVersion(found->second, 3);
                   }});
  // It may have told of what compacted topics miss.
  cases.push_back({"SegmentsOfAnEarlierReleaseThatIsNamed", "cauce.segments",
                   Outcome::kToldIfClosed, [](FileTree& files) {
                     const auto found = files.find("cauce.segments");
                     if (found == files.end()) return;
                     SetSegmentsVersion(found->second, 1);
                   }});
  cases.push_back({"SegmentsOfAnotherDirectory", "cauce.segments",
                   Outcome::kToldIfMarked, [](FileTree& files) {
                     files["cauce.segments"] = OtherSegments();
                   }});
  cases.push_back({"OneCatalogueMissingOneDamaged", "cauce.topics.copy",
                   Outcome::kRefused, [](FileTree& files) {
                     files.erase("cauce.topics");
                     files["cauce.topics.copy"] = kRubbish;
                   }});
  return cases;
}

class SmallFileDamage
    : public ::testing::TestWithParam<std::tuple<Case, Stop>> {
 protected:
  SmallFileDamage()
      : case_(std::get<Case>(GetParam())),
        stop_(std::get<Stop>(GetParam())),
        directory_(stop_, case_.damage) {
    const bool is_told =
        case_.outcome == Outcome::kToldIfClosed ? stop_ != Stop::kKilled
                                                : stop_ == Stop::kClean;
    if (case_.outcome == Outcome::kToldIfClosed ||
        case_.outcome == Outcome::kToldIfMarked) {
      case_.outcome = is_told ? Outcome::kTold : Outcome::kNothing;
    }
  }

  std::string DamagedPath() const {
    return DamagedDirectory::PathOf(case_.file);
  }

  // Where the start of a log is lost, in both files, what was deleted of a kept
  // segment shows again; nothing is ever less.
  void ExpectEverythingIsThere(const Engine& engine) {
    for (const auto& [name, records] : Remains::Of(stop_).records()) {
      const TopicPartition each = *ParseTopicPartition(name);
      const auto sight = test::ReadOver(engine, each);
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(sight.ended, IsOk());
      Values found = sight.records;
      if (name == "returns-0" && case_.name == "BothLogStarts") {
        found.erase(found.begin(), found.lower_bound(3));
      }
      EXPECT_EQ(found, records);
    }
  }

  // But for files that only say whether somebody is there.
  static FileTree WithoutLock(FileTree tree) {
    tree.erase(".lock");
    return tree;
  }
  FileTree Contents() { return WithoutLock(directory_.Gather()); }
  FileTree Laid() { return WithoutLock(directory_.laid()); }

  Case case_;
  const Stop stop_;
  DamagedDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Catalogue, SmallFileDamage,
                         ::testing::Combine(::testing::ValuesIn(Cases()),
                                            ::testing::ValuesIn(
                                                test::kEveryStop)),
                         [](const auto& info) {
                           return test::CaseName(
                               std::get<Case>(info.param).name,
                               std::get<Stop>(info.param));
                         });

TEST_P(SmallFileDamage, IsFoundAndCostsNoRecord) {
  const auto findings = directory_.VerifyAll();
  if (case_.outcome == Outcome::kNothing) {
    EXPECT_THAT(findings, IsEmpty());
  } else {
    std::string told = case_.file;
    if (told.starts_with("cauce.topics")) told = "cauce.topics";
    // What it names does not count.
    if (told == ".kafka_cleanshutdown") told = "cauce.segments";
    EXPECT_THAT(findings, Contains(Field(&Finding::file,
                                         DamagedDirectory::PathOf(told))));
  }
  EXPECT_EQ(Contents(), Laid());

  auto writer = directory_.Open(Access::kReadWrite);
  if (case_.outcome == Outcome::kPartitionTooNew) {
    ASSERT_THAT(writer, IsOk());
    const auto opened = writer->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(opened, HasReason(Reason::kUnsupportedFormat));
    EXPECT_THAT(std::string(opened.status().message()),
                HasSubstr(DamagedPath()));
    EXPECT_EQ(test::ReadOver(*writer, {"orders", PartitionId{1}}).records,
              Remains::Of(stop_).records().at("orders-1"));
    ASSERT_THAT(writer->Close(), IsOk());
    // The other partition has been recovered.
    for (const auto& [file, bytes] : Laid()) {
      const bool is_of_it = file.starts_with("orders-0/");
      if (!is_of_it && stop_ != Stop::kClean) continue;
      // What was noted of the other's times by who read it, and its mark.
      if (file == "cauce.segments" || file == ".kafka_cleanshutdown") continue;
      EXPECT_EQ(Contents().at(file), bytes) << file;
    }
    return;
  }
  if (case_.outcome >= Outcome::kRefused) {
    EXPECT_THAT(writer, HasReason(case_.outcome == Outcome::kRefused
                                      ? Reason::kCorruptFile
                                      : Reason::kUnsupportedFormat));
    EXPECT_THAT(std::string(writer.status().message()),
                HasSubstr(DamagedPath()));
    EXPECT_EQ(Contents(), Laid());
    return;
  }
  ASSERT_THAT(writer, IsOk());
  ExpectEverythingIsThere(*writer);
  if (case_.outcome == Outcome::kNothing) {
    EXPECT_THAT(directory_.events(), IsEmpty());
  } else {
    EXPECT_THAT(directory_.events(), Contains(HasSubstr(DamagedPath())));
  }
  const auto added =
      test::AppendOne(*writer, {"orders", PartitionId{0}}, "new");
  ASSERT_THAT(added, IsOk());
  EXPECT_EQ(*added, Offset{18});
  ASSERT_THAT(writer->Close(), IsOk());
  EXPECT_THAT(test::GoneFrom(Laid(), Contents()), IsEmpty());

  if (case_.outcome == Outcome::kToldAndKept) {
    EXPECT_EQ(Contents().at(case_.file), Laid().at(case_.file));
    return;
  }
  // Written anew: there is no more to say.
  writer = directory_.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(directory_.events(), IsEmpty());
  ASSERT_THAT(writer->Close(), IsOk());
  EXPECT_THAT(directory_.VerifyAll(), IsEmpty());
}

// Also where it was left, and the process killed since.
TEST(SegmentsFile, ThatIsCutToAnyLengthIsToldAndCostsNoRecord) {
  const std::string whole =
      Remains::Of(Stop::kClean).files().at("cauce.segments");
  const std::string path = DamagedDirectory::PathOf("cauce.segments");
  for (const Stop stop : test::kEveryStop) {
    for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
      SCOPED_TRACE(test::CaseName(fmt::format("{} bytes", bytes), stop));
      DamagedDirectory directory(stop, [&](FileTree& files) {
        files["cauce.segments"] = whole.substr(0, bytes);
      });
      ASSERT_THAT(directory.VerifyAll(),
                  ElementsAre(Field(&Finding::file, path)));
      auto writer = directory.Open(Access::kReadWrite);
      ASSERT_THAT(writer, IsOk());
      ASSERT_THAT(directory.events(), ElementsAre(HasSubstr(path)));
      for (const auto& [name, records] : Remains::Of(stop).records()) {
        const auto sight = test::ReadOver(*writer, *ParseTopicPartition(name));
        ASSERT_EQ(sight.records, records);
      }
      ASSERT_THAT(writer->Close(), IsOk());
      ASSERT_THAT(directory.VerifyAll(), IsEmpty());
    }
  }
}

TEST(CatalogueCopies, OneThatIsDamagedIsToldOnceToWhoOnlyReads) {
  for (const char* const file : {"cauce.topics", "cauce.topics.copy"}) {
    SCOPED_TRACE(file);
    DamagedDirectory directory(
        Stop::kClean, [file](FileTree& files) { files[file] = kRubbish; });
    const auto reader = directory.Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ASSERT_THAT(reader->DescribeTopic("orders"), IsOk());
    ASSERT_THAT(reader->ListTopics(), IsOk());
    EXPECT_THAT(directory.events(),
                ElementsAre(HasSubstr(DamagedDirectory::PathOf(file))));
    EXPECT_EQ(directory.Gather(), directory.laid());
  }
}

// It shows one copy newer than the other, or alone, for a moment.
TEST(CatalogueCopies, ThatAreBeingSavedAreToldToNobodyWhoOnlyReads) {
  const FileTree& whole = Remains::Of(Stop::kClean).files();
  TopicCatalog newer =
      *TopicCatalog::Parse("cauce.topics", whole.at("cauce.topics"));
  const auto disk = NewMemoryFileSystem();
  ASSERT_THAT(disk->CreateDirectories("/data"), IsOk());
  ASSERT_THAT(newer.Save(*disk, "/data"), IsOk());
  const std::string saved = test::Gather(*disk, "/data").at("cauce.topics");
  ASSERT_NE(saved, whole.at("cauce.topics"));
  for (const bool is_there : {true, false}) {
    DamagedDirectory directory(Stop::kKilled, [&](FileTree& files) {
      if (is_there) files["cauce.topics"] = saved;
      if (!is_there) files.erase("cauce.topics.copy");
    });
    const auto reader = directory.Open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    ASSERT_THAT(reader->DescribeTopic("orders"), IsOk());
    EXPECT_THAT(directory.events(), IsEmpty());
  }
}

}  // namespace
}  // namespace cauce
