// What is no file of ours in the place of one: a link, a directory, a pipe, a
// file that may not be read. Nothing is followed, nothing outside is changed,
// and who meets it names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "engine/base/check.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;

enum class Plant { kLink, kDirectory, kPipe, kForbidden };

std::string_view NameOf(Plant plant) {
  switch (plant) {
    case Plant::kLink:
      return "Link";
    case Plant::kDirectory:
      return "Directory";
    case Plant::kPipe:
      return "Pipe";
    case Plant::kForbidden:
      return "Forbidden";
  }
  return "";
}

// What comes of something else in a file's place.
enum class Outcome {
  kUnheeded,          // nothing needs the file
  kReplaced,          // it counts as empty, which is told, and is written anew
  kPassedOver,        // it counts as not there, which is told
  kPartitionRefused,  // one partition is not opened, and all others are
  kRecordsRefused,    // one segment's records are not read, and all others are
  kRefused,           // the directory is not opened
  // A mark is there, whatever it is; a link, and what cannot be removed, is
  // refused.
  kRefusedOrUnheeded,
};

struct Place {
  std::string_view file;
  std::string_view title;
  Outcome outcome;
};

constexpr Place kPlaces[] = {
    {"orders-0/00000000000000000000.log", "FirstLog", Outcome::kRecordsRefused},
    {"orders-0/00000000000000000006.log", "MiddleLog",
     Outcome::kRecordsRefused},
    {"orders-0/00000000000000000012.log", "LastLog",
     Outcome::kPartitionRefused},
    {"orders-0/00000000000000000006.index", "Index", Outcome::kUnheeded},
    {"orders-0/00000000000000000006.timeindex", "TimeIndex",
     Outcome::kUnheeded},
    {"orders-0/00000000000000000012.index", "LastIndex", Outcome::kUnheeded},
    {"orders-0/leader-epoch-checkpoint", "Epochs", Outcome::kPartitionRefused},
    {"orders-0/partition.metadata", "TopicId", Outcome::kUnheeded},
    {"recovery-point-offset-checkpoint", "RecoveryPoints", Outcome::kRefused},
    {"log-start-offset-checkpoint", "LogStarts", Outcome::kRefused},
    {"cauce.log-starts", "LogStartCopy", Outcome::kRefused},
    {"meta.properties", "Properties", Outcome::kRefused},
    {"cauce.topics", "Catalogue", Outcome::kRefused},
    {"cauce.topics.copy", "CatalogueCopy", Outcome::kRefused},
    {".kafka_cleanshutdown", "CleanMark", Outcome::kRefusedOrUnheeded},
    {"cauce.segments", "Segments", Outcome::kPassedOver},
    {".lock", "Lock", Outcome::kRefused},
};

void PrintTo(const Place& place, std::ostream* out) { *out << place.title; }

// A pipe holds nothing and gives its name away, which a directory does not.
Place With(Place place, Plant plant) {
  if (place.title == "Epochs" && plant == Plant::kPipe) {
    place.outcome = Outcome::kReplaced;
  }
  return place;
}

// Root may read everything.
class Nobody {
 public:
  Nobody() {
    if (is_root_) {
      EXPECT_EQ(seteuid(65534), 0);
    }
  }
  ~Nobody() {
    if (is_root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }

 private:
  const bool is_root_ = geteuid() == 0;
};

class PlantedNames : public ::testing::TestWithParam<std::tuple<Place, Plant>> {
 protected:
  // Below the working directory, so that nobody's way there is no longer.
  PlantedNames()
      : place_(With(std::get<Place>(GetParam()), std::get<Plant>(GetParam()))),
        plant_(std::get<Plant>(GetParam())) {
    EXPECT_EQ(chmod(scratch_.path().c_str(), 0755), 0);
    std::filesystem::current_path(scratch_.path());
    if (geteuid() == 0) {
      EXPECT_EQ(chown(scratch_.path().c_str(), 65534, 65534), 0);
    }
    const Nobody nobody;
    test::Lay(Remains::Of(Stop::kClean).files(), files(), "data");
    test::Lay(
        {{"file", Remains::Of(Stop::kClean).files().find(place_.file)->second},
         {"inner/file", "in it"}},
        files(), "outside");
    Put();
  }
  ~PlantedNames() override {
    std::filesystem::current_path("/");
    const Nobody nobody;
    chmod((scratch_ / Path()).c_str(), 0600);
  }

  static FileSystem& files() { return *PosixFileSystem(); }
  std::string Path() const { return "data/" + std::string(place_.file); }

  void Put() {
    const std::string path = Path();
    if (plant_ == Plant::kForbidden) {
      ASSERT_EQ(chmod(path.c_str(), 0), 0);
      return;
    }
    std::filesystem::remove(path);
    switch (plant_) {
      case Plant::kLink:
        std::filesystem::create_symlink(scratch_ / "outside/file", path);
        break;
      case Plant::kDirectory:
        ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
        break;
      case Plant::kPipe:
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
        break;
      case Plant::kForbidden:
        break;
    }
  }

  absl::StatusOr<Engine> Open(Access access) {
    return Engine::Open(
        "data",
        {.access = access, .events = [this](Severity, std::string_view line) {
           told_.emplace_back(line);
         }});
  }

  bool IsTold() const {
    for (const std::string& line : told_) {
      if (line.find(place_.file) != std::string::npos) return true;
    }
    return false;
  }

  // It is passed over: what is missing is told with the file in front of it,
  // or with the start of the log.
  bool IsDirectoryForALog() const {
    if (plant_ != Plant::kDirectory || !place_.file.ends_with(".log")) {
      return false;
    }
    for (const std::string& line : told_) {
      if (line.find("orders-0") != std::string::npos) return true;
    }
    return false;
  }

  // What is read, and what was said of what is not.
  test::Values Look(const Engine& engine, const TopicPartition& partition) {
    Sight sight = test::ReadOver(engine, partition);
    told_.insert(told_.end(), sight.told.begin(), sight.told.end());
    if (!sight.ended.ok()) told_.emplace_back(MessageOf(sight.ended));
    return std::move(sight.records);
  }

  // What cannot be opened or read is no damage, so nobody skips it unasked; who
  // asks for what stands in the next segment gets it.
  void ExpectReadBehind(const Engine& engine) {
    const bool opens = place_.outcome == Outcome::kRecordsRefused;
    const auto orders = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_EQ(orders.ok(), opens || IsDirectoryForALog());
    if (!opens) return;
    Cursor cursor = orders->Read(Offset{12});
    RecordView record;
    EXPECT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
    EXPECT_EQ(record.value, "orders-0 at 12");
  }

  void ExpectOutcome(Access access) {
    told_.clear();
    auto engine = Open(access);
    if (!engine.ok()) told_.emplace_back(MessageOf(engine.status()));
    const bool refused =
        place_.outcome == Outcome::kRefused ||
        (place_.outcome == Outcome::kRefusedOrUnheeded &&
         (plant_ == Plant::kLink || plant_ == Plant::kDirectory));
    if (refused) {
      EXPECT_FALSE(engine.ok());
      EXPECT_TRUE(IsTold());
      return;
    }
    ASSERT_THAT(engine, IsOk());
    const auto& records = Remains::Of(Stop::kClean).records();
    EXPECT_EQ(Look(*engine, {"orders", PartitionId{1}}),
              records.at("orders-1"));
    EXPECT_EQ(Look(*engine, {"returns", PartitionId{0}}),
              records.at("returns-0"));
    const test::Values found = Look(*engine, {"orders", PartitionId{0}});
    switch (place_.outcome) {
      case Outcome::kUnheeded:
      case Outcome::kRefusedOrUnheeded:
        EXPECT_EQ(found, records.at("orders-0"));
        break;
      case Outcome::kReplaced:
      case Outcome::kPassedOver:
        EXPECT_EQ(found, records.at("orders-0"));
        EXPECT_TRUE(IsTold());
        break;
      case Outcome::kPartitionRefused:
      case Outcome::kRecordsRefused:
        EXPECT_LT(found.size(), records.at("orders-0").size());
        EXPECT_TRUE(IsTold() || IsDirectoryForALog());
        ExpectReadBehind(*engine);
        break;
      case Outcome::kRefused:
        break;
    }
    EXPECT_THAT(engine->Close(), IsOk());
  }

  const Place place_;
  const Plant plant_;
  const test::TempDir scratch_;
  std::vector<std::string> told_;
};

INSTANTIATE_TEST_SUITE_P(
    Catalogue, PlantedNames,
    ::testing::Combine(::testing::ValuesIn(kPlaces),
                       ::testing::Values(Plant::kLink, Plant::kDirectory,
                                         Plant::kPipe, Plant::kForbidden)),
    [](const auto& info) {
      return std::string(std::get<Place>(info.param).title) +
             std::string(NameOf(std::get<Plant>(info.param)));
    });

TEST_P(PlantedNames, AreNamedAndNotFollowedAndHarmNothingElse) {
  const Nobody nobody;
  const FileTree outside = test::Gather(files(), "outside");
  FileTree before = test::Gather(files(), "data");

  std::vector<Finding> findings;
  const auto verified = VerifyDirectory(
      files(), "data", {},
      [&](const Finding& finding) { findings.push_back(finding); });
  ASSERT_THAT(verified, IsOk());
  for (const Finding& finding : findings) told_.push_back(finding.file);
  // Of the two files that only writers need it is told what keeps them from
  // writing, whoever looks.
  const bool is_for_writers =
      place_.file == ".lock" || place_.file == ".kafka_cleanshutdown";
  const bool needs_it = place_.outcome != Outcome::kUnheeded &&
                        !(is_for_writers && plant_ != Plant::kLink &&
                          plant_ != Plant::kDirectory);
  EXPECT_TRUE(IsTold() || !needs_it);
  EXPECT_EQ(test::Gather(files(), "data"), before);

  ExpectOutcome(Access::kReadWrite);
  // What a writer takes away while it is there.
  if (place_.outcome != Outcome::kRefused) before.erase(".kafka_cleanshutdown");

  EXPECT_EQ(test::Gather(files(), "outside"), outside);
  struct stat info;
  EXPECT_EQ(lstat(Path().c_str(), &info), 0);
  const FileTree after = test::Gather(files(), "data");
  for (const auto& [name, bytes] : before) {
    EXPECT_TRUE(after.contains(name)) << name;
    if (!name.ends_with(".log")) continue;
    EXPECT_EQ(after.at(name).substr(0, bytes.size()), bytes) << name;
  }
}

// A directory that was closed, in which another one stands in the place of
// `file`.
class LaidAround {
 public:
  explicit LaidAround(const std::string& file) {
    test::Lay(Remains::Of(Stop::kClean).files(), *PosixFileSystem(), path());
    const std::string place = path() + "/" + file;
    std::filesystem::remove(place);
    CAUCE_CHECK(mkdir(place.c_str(), 0700) == 0);
  }
  std::string path() const { return disk_ / "data"; }

 private:
  const test::TempDir disk_;
};

// Whoever only reads needs none of them whole.
TEST(PlantedDirectories, InASmallFilesPlaceKeepNobodyFromReading) {
  for (const std::string file :
       {"recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
        "cauce.log-starts", "cauce.topics", "cauce.topics.copy",
        "meta.properties", "orders-0/leader-epoch-checkpoint"}) {
    SCOPED_TRACE(file);
    const LaidAround laid(file);

    const auto engine =
        Engine::Open(laid.path(), {.access = Access::kReadOnly});

    ASSERT_THAT(engine, IsOk());
    const TopicPartition orders{"orders", PartitionId{0}};
    EXPECT_EQ(test::ReadOver(*engine, orders).records,
              Remains::Of(Stop::kClean).records().at("orders-0"));
  }
}

// What was acknowledged is stored, and a writer ends as ever.
TEST(PlantedDirectories, InThePlaceOfWhatOnlyHelpsKeepNoWriterFromItsClose) {
  for (const std::string file :
       {"cauce.segments", "orders-0/00000000000000000012.index",
        "orders-0/00000000000000000012.timeindex"}) {
    SCOPED_TRACE(file);
    const LaidAround laid(file);
    std::vector<std::string> told;
    const EngineOptions options{
        .events = [&](Severity, std::string_view line) {
          told.emplace_back(line);
        }};
    const TopicPartition orders{"orders", PartitionId{0}};

    auto engine = Engine::Open(laid.path(), options);
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(test::AppendOne(*engine, orders, "new"), IsOk());
    EXPECT_THAT(engine->Close(), IsOk());

    EXPECT_THAT(told, ::testing::Contains(::testing::AllOf(
                          ::testing::HasSubstr(file),
                          ::testing::HasSubstr("move"))));
    engine = Engine::Open(laid.path());
    ASSERT_THAT(engine, IsOk());
    test::Values records = Remains::Of(Stop::kClean).records().at("orders-0");
    records[18] = "new";
    EXPECT_EQ(test::ReadOver(*engine, orders).records, records);
    EXPECT_THAT(engine->Close(), IsOk());
  }
}

// A copy made of hard links, as backups are: what is replaced as a whole or
// removed leaves the copy as it was, and what grows there only grows.
TEST(HardLinks, ToEveryFileAreNoHindranceAndKeepWhatTheyHeld) {
  const test::TempDir disk;
  FileSystem& files = *PosixFileSystem();
  const FileTree& before = Remains::Of(Stop::kClean).files();
  test::Lay(before, files, disk / "data");
  for (const auto& [name, bytes] : before) {
    const std::filesystem::path copy = disk / ("copy/" + name);
    std::filesystem::create_directories(copy.parent_path());
    std::filesystem::create_hard_link(disk / ("data/" + name), copy);
  }

  auto engine = Engine::Open(disk / "data");
  ASSERT_THAT(engine, IsOk());
  const TopicPartition orders{"orders", PartitionId{0}};
  EXPECT_EQ(test::ReadOver(*engine, orders).records,
            Remains::Of(Stop::kClean).records().at("orders-0"));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(test::AppendOne(*engine, orders, "new"), IsOk());
  }
  ASSERT_THAT(engine->DeleteTopic("returns"), IsOk());
  ASSERT_THAT(engine->RunUpkeep(), IsOk());
  ASSERT_THAT(engine->Close(), IsOk());

  for (const auto& [name, bytes] : test::Gather(files, disk / "copy")) {
    // The lock and the indexes of the segment that was written on are written
    // in their place.
    if (name == ".lock" || name.starts_with("orders-0/00000000000000000012")) {
      continue;
    }
    EXPECT_EQ(bytes, before.at(name)) << name;
  }
  const std::string last = "orders-0/00000000000000000012.log";
  EXPECT_TRUE(
      test::Gather(files, disk / "copy").at(last).starts_with(before.at(last)));
}

TEST(OddTopicNames, AreRefusedByEveryCallAndTouchNoFile) {
  const test::TempDir disk;
  auto engine = Engine::Open(disk / "data");
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), IsOk());
  test::Lay({{"x-0/00000000000000000000.log", "not ours"}}, *PosixFileSystem(),
            disk / "outside");
  const FileTree before = test::Gather(*PosixFileSystem(), disk.path());
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."),
        std::string("../outside/x"), std::string("/etc/passwd"),
        std::string("orders/../orders"), std::string("orders\0x", 8),
        std::string("orders\n"), std::string("two words"),
        std::string("orders\xc3\xa9"), std::string(250, 'n'),
        std::string(1 << 20, 'n')}) {
    SCOPED_TRACE(testing::PrintToString(name.substr(0, 20)));
    for (const absl::Status& status :
         {engine->CreateTopic(name).status(), engine->DeleteTopic(name),
          engine->DescribeTopic(name).status(), engine->AlterTopic(name, {}),
          engine->CreatePartitions(name, 3),
          engine->OpenPartition(name, PartitionId{0}).status()}) {
      EXPECT_THAT(status, test::HasReason(Reason::kInvalidTopicName));
      EXPECT_LT(status.message().size(), 1000u);
    }
  }
  EXPECT_EQ(test::Gather(*PosixFileSystem(), disk.path()), before);
  EXPECT_THAT(engine->Close(), IsOk());
}

}  // namespace
}  // namespace cauce
