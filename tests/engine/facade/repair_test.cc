#include "cauce/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "engine/base/check.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownBatch;
using test::KnownDirectory;
using test::KnownRecords;
using test::StatusIs;
using test::Stop;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Repaired : public ::testing::Test {
 protected:
  // Which does what was planned, and nothing else.
  absl::StatusOr<RepairSummary> Repair() {
    steps_.clear();
    left_.clear();
    const auto planned = PlanRepair(*files_, kKnownDirectory, Options());
    const std::vector<RepairStep> plan = std::exchange(steps_, {});
    left_.clear();
    auto repaired = RepairDirectory(*files_, kKnownDirectory, Options());
    if (repaired.ok()) {
      EXPECT_THAT(planned, IsOk());
      EXPECT_EQ(steps_, plan);
    }
    return repaired;
  }

  RepairOptions Options() {
    return {.step = [this](const RepairStep& step) { steps_.push_back(step); },
            .left = [this](const Finding& left) { left_.push_back(left); }};
  }

  void Put() { test::Put(known_.image, *files_); }

  int Findings() {
    int findings = 0;
    EXPECT_THAT(VerifyDirectory(*files_, kKnownDirectory, {},
                                [&](const Finding&) { ++findings; }),
                IsOk());
    return findings;
  }

  // The log of the partition's segment of this number.
  std::string LogOf(std::string_view partition, size_t number) const {
    for (const auto& [name, bytes] : known_.image) {
      const bool is_one = name.starts_with(partition) && name.ends_with(".log");
      if (is_one && number-- == 0) return name;
    }
    return "";
  }

  KnownDirectory known_ = test::MakeKnownDirectory(Stop::kClean, 3);
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::vector<RepairStep> steps_;
  std::vector<Finding> left_;
};

TEST_F(Repaired, RefusesADirectoryInUseAndNamesTheHolder) {
  Put();
  const auto engine =
      Engine::Open(kKnownDirectory, {.file_system = files_.get()});
  ASSERT_THAT(engine, IsOk());
  const auto repaired = Repair();
  EXPECT_THAT(repaired, HasReason(Reason::kLocked));
  EXPECT_THAT(std::string(repaired.status().message()), HasSubstr("pid "));
}

TEST_F(Repaired, RefusesWhatANewerReleaseWroteAndChangesNothing) {
  known_.image["/meta.properties"] = "version=9\n";
  known_.image[LogOf("/orders-0", 0)] = "rubbish";
  Put();
  EXPECT_THAT(Repair(), HasReason(Reason::kUnsupportedFormat));
  EXPECT_TRUE(test::ImageOf(*files_) == known_.image);
}

// Neither damage nor mended by it: the next opening for writing ends that.
TEST_F(Repaired, LeavesAStoppedSwapAsANoteAsVerificationDoes) {
  known_.image["/orders-0/00000000000000000000.log.swap"] = "";
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  Put();
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_THAT(repaired->steps, Gt(0));
  EXPECT_EQ(repaired->left, 0);
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_EQ(left_[0].gravity, Gravity::kNote);
  EXPECT_THAT(left_[0].file, HasSubstr(".log.swap"));
  const auto verified =
      VerifyDirectory(*files_, kKnownDirectory, {}, nullptr);
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->damages, 0);
}

TEST_F(Repaired, TellsOfDamageBesideAStoppedSwapAsVerificationDoes) {
  known_.image["/orders-0/00000000000000000000.log.swap"] = "";
  known_.image[LogOf("/orders-0", 1)][70] ^= 1;
  Put();
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->steps, 0);
  EXPECT_THAT(repaired->left, Gt(0));
  EXPECT_TRUE(test::ImageOf(*files_) == known_.image);
  const auto verified =
      VerifyDirectory(*files_, kKnownDirectory, {}, nullptr);
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->damages, repaired->left);
}

// It says nothing of the others.
TEST_F(Repaired, LeavesAPartitionThatANewerReleaseWroteAndMendsTheOthers) {
  const std::string metadata = "/orders-0/partition.metadata";
  const std::string epochs = "/orders-0/leader-epoch-checkpoint";
  for (const std::pair<std::string, std::string>& newer :
       {std::pair(metadata, std::string("version: 8\ntopic: orders\n")),
        std::pair(epochs, std::string("8\n1\n0 0 0\n"))}) {
    SCOPED_TRACE(newer.first);
    files_ = NewMemoryFileSystem();
    known_ = test::MakeKnownDirectory(Stop::kClean, 3);
    known_.image[newer.first] = newer.second;
    known_.image[LogOf("/orders-0", 1)] += "rubbish";
    known_.image[LogOf("/orders-1", 1)] += "rubbish";
    Put();
    const auto repaired = Repair();

    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->left, 1);
    ASSERT_THAT(left_, SizeIs(1));
    EXPECT_THAT(left_[0].what, HasSubstr(newer.first));
    EXPECT_THAT(left_[0].advice, HasSubstr("move it away"));
    const test::Image now = test::ImageOf(*files_);
    for (const auto& [file, bytes] : known_.image) {
      if (!file.starts_with("/orders-0")) continue;
      EXPECT_EQ(now.at(file), bytes) << file;
    }
    // What is wrong with it, and the file.
    EXPECT_EQ(Findings(), 2);
    ASSERT_THAT(
        files_->RemoveFile(std::string(kKnownDirectory) + newer.first), IsOk());
    EXPECT_THAT(Repair(), IsOk());
    EXPECT_EQ(Findings(), 0);
  }
}

TEST_F(Repaired, LooksAtWhatIsAskedForAlone) {
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  Put();
  RepairOptions options = Options();
  options.topic = "orders";
  options.partition = PartitionId{1};
  ASSERT_THAT(RepairDirectory(*files_, kKnownDirectory, options), IsOk());
  for (const RepairStep& step : steps_) {
    EXPECT_THAT(step.file, HasSubstr("orders-1"));
  }
  EXPECT_EQ(Findings(), 1);

  options.partition = PartitionId{2};
  EXPECT_THAT(RepairDirectory(*files_, kKnownDirectory, options),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(PlanRepair(*files_, "/elsewhere", {}),
              StatusIs(absl::StatusCode::kNotFound));
}

// Written anew by who looks at one topic it would forget where the logs of the
// others start, and up to where they were durable.
TEST_F(Repaired, LeavesALostCheckpointOfAllTopicsToARepairOfAll) {
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  for (const std::string file :
       {"/recovery-point-offset-checkpoint", "/log-start-offset-checkpoint"}) {
    KnownDirectory spoiled = known_;
    spoiled.image[file] = "rubbish";
    // While that is whole it speaks for all of them.
    spoiled.image.erase("/cauce.log-starts");
    files_ = NewMemoryFileSystem();
    test::Put(spoiled.image, *files_);
    RepairOptions options = Options();
    options.topic = "orders";
    left_.clear();
    const auto repaired = RepairDirectory(*files_, kKnownDirectory, options);
    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->steps, 0);
    ASSERT_THAT(left_, SizeIs(1));
    EXPECT_EQ(left_[0].file, std::string(kKnownDirectory) + file);
    EXPECT_TRUE(test::ImageOf(*files_) == spoiled.image);

    ASSERT_THAT(Repair(), IsOk());
    EXPECT_THAT(left_, IsEmpty());
    EXPECT_EQ(Findings(), 0);
  }
}

TEST_F(Repaired, PutsAnEmptyPartitionWhereOneIsMissing) {
  std::erase_if(known_.image, [](const auto& file) {
    return file.first.starts_with("/orders-1/");
  });
  Put();
  ASSERT_EQ(Findings(), 1);
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_EQ(Findings(), 0);

  auto engine = Engine::Open(kKnownDirectory, {.file_system = files_.get()});
  ASSERT_THAT(engine, IsOk());
  const auto partition = engine->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(partition, IsOk());
  const int64_t end = known_.records.rbegin()->first.second + 1;
  EXPECT_EQ(partition->log_end(), Offset{end});
  EXPECT_EQ(partition->log_start(), Offset{end});
}

// Somebody has renamed it. An empty one would take its place, and begin where
// it ended: put back behind that, all that it holds would count as deleted.
TEST_F(Repaired, PutsNoEmptyPartitionWhereAnotherDirectoryMayBeTheOneThatWas) {
  for (const std::string name : {"orders-7", "orders-1.bak", "old-orders-1"}) {
    SCOPED_TRACE(name);
    const std::string moved = "/data/" + name;
    files_ = NewMemoryFileSystem();
    Put();
    ASSERT_THAT(files_->Rename("/data/orders-1", moved), IsOk());

    const auto repaired = Repair();

    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->steps, 0);
    EXPECT_THAT(left_,
                Contains(AllOf(Field(&Finding::file, "/data/orders-1"),
                               Field(&Finding::what, HasSubstr(moved)),
                               Field(&Finding::advice,
                                     HasSubstr("counts as deleted")))));
    EXPECT_FALSE(files_->Info("/data/orders-1").ok());
    ASSERT_THAT(files_->Rename(moved, "/data/orders-1"), IsOk());
    EXPECT_EQ(Findings(), 0);
    EXPECT_EQ(test::ReadKnown(*files_), known_.records);
  }
}

// So may one of which nobody can tell whose it is.
TEST_F(Repaired, PutsNoEmptyPartitionWhereAnUnreadableOneMayBeIt) {
  known_.image["/orders-1/partition.metadata"] = "rubbish";
  Put();
  ASSERT_THAT(files_->Rename("/data/orders-1", "/data/orders-1.bak"), IsOk());

  const auto repaired = Repair();

  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->steps, 0);
  EXPECT_THAT(left_, Contains(AllOf(Field(&Finding::file, "/data/orders-1"),
                                    Field(&Finding::what,
                                          HasSubstr("/data/orders-1.bak")),
                                    Field(&Finding::advice,
                                          HasSubstr("keeps that from")))));
  EXPECT_FALSE(files_->Info("/data/orders-1").ok());
}

TEST_F(Repaired, SaysOfAnEmptyPartitionWhatBecomesOfTheOneThatWas) {
  std::erase_if(known_.image, [](const auto& file) {
    return file.first.starts_with("/orders-1/");
  });
  Put();
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_THAT(steps_, Contains(Field(&RepairStep::why,
                                     HasSubstr("counts as deleted"))));
}

// Its indexes are renamed along with it.
TEST_F(Repaired, GivesADamagedSegmentItsNameBack) {
  const std::string old = LogOf("/orders-0", 1);
  int64_t second = 0;
  KnownBatch last;
  for (const KnownBatch& batch : known_.batches) {
    if (batch.file != old) continue;
    if (batch.position > 0 && second == 0) second = batch.base;
    last = batch;
  }
  known_.image[old].back() ^= 1;
  const std::string name =
      fmt::format("/orders-0/{}", SegmentFileName(Offset{second}, ""));
  for (const std::string suffix : {".log", ".index", ".timeindex"}) {
    auto file =
        known_.image.extract(old.substr(0, old.rfind('.')) + suffix);
    ASSERT_FALSE(file.empty());
    file.key() = name + suffix;
    known_.image.insert(std::move(file));
  }
  for (int64_t offset = last.base; offset < last.next; ++offset) {
    known_.records.erase({"orders-0", offset});
  }
  Put();

  const auto repaired = Repair();

  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 0);
  EXPECT_EQ(repaired->offsets_lost, last.next - last.base);
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), known_.records);
}

TEST_F(Repaired, TellsThatTheListOfTopicsIsGone) {
  known_.image.erase("/cauce.topics");
  known_.image.erase("/cauce.topics.copy");
  Put();
  EXPECT_EQ(Findings(), 1);
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 0);
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_THAT(left_[0].what, HasSubstr("lose their configs"));
}

// Readers, verify and the next opening would be told of what is missing for
// ever: a batch without records says instead that there is none.
TEST_F(Repaired, FillsTheGapOfAMissingSegment) {
  const std::string gone = LogOf("/orders-0", 2);
  KnownRecords left = known_.records;
  for (const KnownBatch& batch : known_.batches) {
    if (batch.file != gone) continue;
    for (int64_t offset = batch.base; offset < batch.next; ++offset) {
      left.erase({"orders-0", offset});
    }
  }
  const std::string bytes = known_.image[gone];
  const std::string stem = gone.substr(0, gone.rfind('.'));
  std::erase_if(known_.image,
                [&](const auto& file) { return file.first.starts_with(stem); });
  Put();
  EXPECT_EQ(Findings(), 1);
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  ASSERT_THAT(steps_, SizeIs(1));
  EXPECT_EQ(steps_[0].action, RepairAction::kFillGap);
  EXPECT_EQ(steps_[0].file, std::string(kKnownDirectory) + gone);
  EXPECT_EQ(repaired->offsets_lost, steps_[0].filled.count());
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), left);

  // It is found again after all.
  test::Put({{gone, bytes}}, *files_);
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), known_.records);
}

// What takes the place of two has the name of one: the other one was noted by
// the last close, and each opening would miss it.
TEST_F(Repaired, ForgetsASegmentOfTheLastCloseThatHasNoFileAnyMore) {
  const std::string gone = LogOf("/orders-1", 2);
  const std::string torn = LogOf("/orders-1", 1);
  int64_t cut = 0;
  for (const KnownBatch& batch : known_.batches) {
    if (batch.file == torn) cut = batch.position;
  }
  known_.image[torn].resize(static_cast<size_t>(cut));
  const std::string stem = gone.substr(0, gone.rfind('.'));
  std::erase_if(known_.image,
                [&](const auto& file) { return file.first.starts_with(stem); });
  Put();
  ASSERT_THAT(Repair(), IsOk());
  ASSERT_FALSE(files_->Info(std::string(kKnownDirectory) + gone).ok());
  EXPECT_EQ(Findings(), 0);

  const auto again = Repair();

  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->steps, 0);
  // Which fails where the opening tells of anything.
  test::ReadKnown(*files_);
}

TEST_F(Repaired, GivesTwoSegmentsThatWereExchangedTheirNamesBack) {
  std::swap(known_.image[LogOf("/orders-0", 1)],
            known_.image[LogOf("/orders-0", 2)]);
  Put();
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->offsets_lost, 0);
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), known_.records);
}

// As after a kill, where the close has noted neither's end.
TEST_F(Repaired, GivesASegmentItsNameBackThatEndsWhereNoneWasNoted) {
  const std::string cut = LogOf("/orders-0", 2);
  KnownBatch last;
  for (const KnownBatch& batch : known_.batches) {
    if (batch.file == cut) last = batch;
  }
  known_.image[cut].resize(static_cast<size_t>(last.position));
  for (int64_t offset = last.base; offset < last.next; ++offset) {
    known_.records.erase({"orders-0", offset});
  }
  std::swap(known_.image[LogOf("/orders-0", 1)], known_.image[cut]);
  Put();
  const auto repaired = Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->offsets_lost, last.next - last.base);
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), known_.records);
}

TEST_F(Repaired, GoesOnWhereALostEndWasDurable) {
  std::string newest;
  for (size_t i = 0; !LogOf("/orders-0", i).empty(); ++i) {
    newest = LogOf("/orders-0", i);
  }
  int64_t end = 0;
  for (const auto& [at, value] : known_.records) {
    if (at.first == "orders-0") end = at.second + 1;
  }
  known_.image.erase(newest);
  Put();
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_EQ(Findings(), 0);
  auto engine = Engine::Open(kKnownDirectory, {.file_system = files_.get()});
  ASSERT_THAT(engine, IsOk());
  auto partition = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  EXPECT_EQ(partition->log_end(), Offset{end});
  const Record record{.key = "k", .value = "more"};
  const auto appended = partition->Append({&record, 1});
  ASSERT_THAT(appended, IsOk());
  EXPECT_EQ(appended->base, Offset{end});
  ASSERT_THAT(engine->Close(), IsOk());
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_).at({"orders-0", end}), "more");
}

TEST_F(Repaired, MendsTheOtherPartitionsWhereOneCannotBeRead) {
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  Put();
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, LogOf("/orders-0", 0),
               absl::PermissionDeniedError("forbidden"));
  const auto repaired = RepairDirectory(failing, kKnownDirectory, Options());
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 1);
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_THAT(left_[0].file, HasSubstr("orders-0"));
  EXPECT_THAT(left_[0].what, HasSubstr("forbidden"));
  for (const RepairStep& step : steps_) {
    EXPECT_THAT(step.file, HasSubstr("orders-1"));
  }
  EXPECT_EQ(Findings(), 1);
}

TEST_F(Repaired, PutsADirectoryInAFilesPlaceAside) {
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  std::string index = LogOf("/orders-0", 0);
  index.replace(index.rfind(".log"), 4, ".index");
  for (const std::string& file :
       {index, std::string("/recovery-point-offset-checkpoint"),
        std::string("/log-start-offset-checkpoint"),
        std::string("/cauce.log-starts"), std::string("/meta.properties"),
        std::string("/cauce.topics"), std::string("/cauce.topics.copy"),
        std::string("/orders-0/leader-epoch-checkpoint"),
        std::string("/orders-0/partition.metadata")}) {
    SCOPED_TRACE(file);
    files_ = NewMemoryFileSystem();
    Put();
    const std::string path = std::string(kKnownDirectory) + file;
    ASSERT_THAT(files_->RemoveFile(path), IsOk());
    ASSERT_THAT(files_->CreateDirectory(path), IsOk());
    ASSERT_GT(Findings(), 1);

    const auto repaired = Repair();

    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->left, 0);
    const auto aside = files_->Info(path + ".cut");
    ASSERT_THAT(aside, IsOk());
    EXPECT_TRUE(aside->is_directory);
    EXPECT_EQ(Findings(), 0);
    const auto again = Repair();
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
    EXPECT_TRUE(test::ReadKnown(*files_) == known_.records);
  }
}

TEST_F(Repaired, PutsADirectoryAsideThatStandsWhereItWrites) {
  std::string& log = known_.image[LogOf("/orders-0", 1)];
  log[log.size() / 2] ^= 1;
  for (const std::string_view suffix :
       {".log.cut.tmp", ".index.tmp", ".timeindex.tmp"}) {
    SCOPED_TRACE(suffix);
    files_ = NewMemoryFileSystem();
    Put();
    std::string path = std::string(kKnownDirectory) + LogOf("/orders-0", 1);
    path.replace(path.rfind(".log"), 4, suffix);
    ASSERT_THAT(files_->CreateDirectory(path), IsOk());
    const auto repaired = Repair();
    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->left, 0);
    EXPECT_THAT(files_->Info(path + ".cut"), IsOk());
    EXPECT_EQ(Findings(), 0);
    const auto again = Repair();
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
  }
}

// Of such a segment nobody checks the old ones, and new ones are written.
TEST_F(Repaired, PutsADirectoryAsideWhereTheIndexOfALogMadeAnewShouldBe) {
  const std::string log = LogOf("/orders-0", 0);
  const std::string stem = log.substr(0, log.rfind('.'));
  std::string next = LogOf("/orders-0", 1);
  next = next.substr(0, next.rfind('.'));
  const auto doubled = [&] { known_.image[log] += known_.image[log]; };
  const auto exchanged = [&] {
    std::swap(known_.image[log], known_.image[next + ".log"]);
  };
  const test::Image whole = known_.image;
  for (const bool is_doubled : {true, false}) {
    for (const std::string& name : {stem, next}) {
      for (const char* const suffix : {".index", ".timeindex"}) {
        SCOPED_TRACE(testing::Message() << is_doubled << " " << name << suffix);
        known_.image = whole;
        is_doubled ? doubled() : exchanged();
        known_.image.erase(name + suffix);
        known_.image[name + suffix + "/inner"] = "";
        files_ = NewMemoryFileSystem();
        Put();

        const auto repaired = Repair();

        ASSERT_THAT(repaired, IsOk());
        EXPECT_THAT(left_, IsEmpty());
        EXPECT_EQ(repaired->offsets_lost, 0);
        EXPECT_EQ(Findings(), 0);
        EXPECT_TRUE(test::ReadKnown(*files_) == known_.records);
      }
    }
  }
}

// Each of the files that have a version, with another one than it should have.
struct OtherVersion {
  // With its partition, that is, or with the directory.
  enum class Fate { kIsMended, kIsLeft, kIsRefused, kIsPassedOver };

  std::string file;
  std::string bytes;
  Fate fate = Fate::kIsMended;
};

std::vector<OtherVersion> OtherVersions(const test::Image& image) {
  using enum OtherVersion::Fate;
  const auto with = [&image](const std::string& file, size_t at, char byte) {
    std::string bytes = image.at(file);
    bytes.at(at) = byte;
    return bytes;
  };
  std::vector<OtherVersion> all;
  // By a damaged number in front of lines that are whole, and of a newer one.
  for (const char* const name :
       {"/recovery-point-offset-checkpoint", "/log-start-offset-checkpoint",
        "/cleaner-offset-checkpoint", "/replication-offset-checkpoint"}) {
    all.push_back({name, "8\n1\norders 0 2\n"});
    all.push_back({name, "8\n1\norders 0 2 more\n", kIsRefused});
  }
  const std::string part = "/orders-0/";
  const std::string epochs = part + "leader-epoch-checkpoint";
  all.push_back({epochs, "8\n1\n0 0\n"});
  all.push_back({epochs, "8\n1\n0 0 0\n", kIsLeft});
  const std::string metadata = part + "partition.metadata";
  all.push_back({metadata, with(metadata, 9, '8'), kIsLeft});
  all.push_back({metadata, "version: 8\ntopic: orders\n", kIsLeft});
  all.push_back({"/meta.properties", "version=8\n", kIsRefused});
  for (const std::string name : {"cauce.topics", "cauce.log-starts"}) {
    const std::string file = "/" + name;
    all.push_back({file, with(file, name.size() + 1, '8')});
    all.push_back({file, WithChecksum(name + " 8\n"), kIsRefused});
  }
  if (image.contains("/cauce.segments")) {
    const std::string file = "/cauce.segments";
    all.push_back({file, with(file, 9, 8), kIsPassedOver});
  }
  std::string snapshot = EncodeProducers({});
  for (const char version : {'\x76', '\xa9'}) {
    snapshot[0] = version;
    all.push_back({part + "00000000000000000003.snapshot", snapshot});
  }
  AbortedIndex list;
  list.Add({{7}, Offset{0}, Offset{1}, Offset{0}});
  for (const char version : {'\x76', '\xa9'}) {
    std::string bytes = list.Encode();
    bytes[0] = version;
    all.push_back({part + "00000000000000000000.txnindex", bytes});
  }
  return all;
}

// What verification advises a repair does, and what it leaves is found again.
TEST_F(Repaired, TreatsAFileOfAnotherVersionAsVerificationAdvises) {
  for (const Stop stop : {Stop::kClean, Stop::kKilled}) {
    known_ = test::MakeKnownDirectory(stop, 3);
    for (const auto& [file, bytes, fate] : OtherVersions(known_.image)) {
      SCOPED_TRACE(testing::Message()
                   << file << " " << testing::PrintToString(bytes)
                   << (stop == Stop::kClean ? " closed" : " killed"));
      files_ = NewMemoryFileSystem();
      Put();
      test::Put({{file, bytes}}, *files_);
      const test::Image spoiled = test::ImageOf(*files_);
      std::vector<Finding> found;
      const auto verified = VerifyDirectory(
          *files_, kKnownDirectory, {},
          [&](const Finding& finding) { found.push_back(finding); });
      ASSERT_THAT(verified, IsOk());
      std::erase_if(found, [&](const Finding& finding) {
        return finding.file != std::string(kKnownDirectory) + file;
      });
      ASSERT_THAT(found, Not(IsEmpty()));

      const auto repaired = Repair();

      if (fate == OtherVersion::Fate::kIsMended) {
        EXPECT_THAT(found[0].advice, Not(HasSubstr("changes nothing")));
        ASSERT_THAT(repaired, IsOk());
        EXPECT_EQ(repaired->left, 0);
        EXPECT_EQ(Findings(), 0);
        const auto again = Repair();
        ASSERT_THAT(again, IsOk());
        EXPECT_EQ(again->steps, 0);
      } else {
        EXPECT_EQ(found[0].gravity == Gravity::kNote,
                  fate == OtherVersion::Fate::kIsPassedOver);
        EXPECT_THAT(found[0].advice, HasSubstr("changes nothing"));
        EXPECT_THAT(found[0].advice, HasSubstr("move it away"));
        if (fate == OtherVersion::Fate::kIsLeft) {
          ASSERT_THAT(repaired, IsOk());
          EXPECT_EQ(repaired->left, 1);
        } else {
          EXPECT_THAT(repaired, HasReason(Reason::kUnsupportedFormat));
          EXPECT_TRUE(test::ImageOf(*files_) == spoiled);
        }
        ASSERT_THAT(files_->RemoveFile(std::string(kKnownDirectory) + file),
                    IsOk());
        EXPECT_THAT(Repair(), IsOk());
        EXPECT_EQ(Findings(), 0);
      }
    }
  }
}

// Which of the logs a repair mends where a small file may not be read.
enum class Mended { kNone, kThoseOfOtherPartitions, kAll };

struct UnreadableFile {
  std::string file;
  Mended mended;
};

TEST_F(Repaired, MendsTheLogsThatNeedNoFileThatMayNotBeRead) {
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  for (const auto& [file, mended] : {
           UnreadableFile{"/recovery-point-offset-checkpoint", Mended::kNone},
           UnreadableFile{"/log-start-offset-checkpoint", Mended::kNone},
           UnreadableFile{"/cauce.log-starts", Mended::kNone},
           UnreadableFile{"/cauce.topics", Mended::kNone},
           UnreadableFile{"/orders-0/leader-epoch-checkpoint",
                          Mended::kThoseOfOtherPartitions},
           UnreadableFile{"/orders-0/partition.metadata",
                          Mended::kThoseOfOtherPartitions},
           UnreadableFile{"/meta.properties", Mended::kAll},
           UnreadableFile{"/replication-offset-checkpoint", Mended::kAll},
       }) {
    SCOPED_TRACE(file);
    files_ = NewMemoryFileSystem();
    Put();
    test::FailingFileSystem failing(*files_);
    failing.Fail(test::FileCall::kOpen, file,
                 absl::PermissionDeniedError("forbidden"));
    steps_.clear();
    left_.clear();

    const auto repaired = RepairDirectory(failing, kKnownDirectory, Options());

    ASSERT_THAT(repaired, IsOk());
    ASSERT_THAT(left_, SizeIs(1));
    switch (mended) {
      case Mended::kNone:
        EXPECT_EQ(left_[0].file, std::string(kKnownDirectory) + file);
        EXPECT_THAT(left_[0].advice, HasSubstr("nothing was touched"));
        EXPECT_TRUE(test::ImageOf(*files_) == known_.image);
        break;
      case Mended::kThoseOfOtherPartitions:
        EXPECT_THAT(left_[0].file, HasSubstr("/orders-0"));
        EXPECT_THAT(steps_,
                    Each(Field(&RepairStep::file, Not(HasSubstr("orders-0")))));
        EXPECT_EQ(Findings(), 1);
        break;
      case Mended::kAll:
        EXPECT_EQ(left_[0].file, std::string(kKnownDirectory) + file);
        EXPECT_EQ(Findings(), 0);
        break;
    }
  }
}

// It is put aside as a damaged one is, however the last writer stopped.
TEST_F(Repaired, WritesAnIndexAnewThatMayNotBeRead) {
  for (const Stop stop : {Stop::kClean, Stop::kKilled}) {
    SCOPED_TRACE(stop == Stop::kClean ? "closed" : "killed");
    known_ = test::MakeKnownDirectory(stop, 3);
    for (const size_t number : {size_t{0}, size_t{2}}) {
      files_ = NewMemoryFileSystem();
      Put();
      std::string index = LogOf("/orders-0", number);
      index.replace(index.rfind(".log"), 4, ".timeindex");
      const std::string path = std::string(kKnownDirectory) + index;
      const auto there = files_->Open(path, OpenMode::kOpenOrCreate);
      ASSERT_THAT(there, IsOk());
      test::FailingFileSystem failing(*files_);
      failing.Fail(test::FileCall::kOpen, index,
                   absl::PermissionDeniedError("forbidden"));
      steps_.clear();
      left_.clear();

      const auto repaired =
          RepairDirectory(failing, kKnownDirectory, Options());

      ASSERT_THAT(repaired, IsOk());
      EXPECT_THAT(left_, IsEmpty());
      EXPECT_EQ(repaired->offsets_lost, 0);
      EXPECT_THAT(files_->Info(path + ".cut"), IsOk());
      EXPECT_EQ(Findings(), 0);
      EXPECT_TRUE(test::ReadKnown(*files_) == known_.records);
    }
  }
}

// A disk that fails is told at the end as well.
TEST_F(Repaired, MendsTheOtherPartitionsWhereAStepOfOneFails) {
  known_ = test::MakeKnownDirectory(Stop::kKilled, 3);
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  known_.image[LogOf("/orders-1", 1)] += "rubbish";
  const absl::Status forbidden = absl::PermissionDeniedError("forbidden");
  const absl::Status broken = MakeError(Reason::kDiskFailed, "broken");
  for (const auto& [call, cause] :
       {std::pair(test::FileCall::kTruncate, forbidden),
        std::pair(test::FileCall::kSync, forbidden),
        std::pair(test::FileCall::kTruncate, broken),
        std::pair(test::FileCall::kSync, broken)}) {
    SCOPED_TRACE(static_cast<int>(call));
    SCOPED_TRACE(cause.message());
    files_ = NewMemoryFileSystem();
    Put();
    test::FailingFileSystem failing(*files_);
    failing.Fail(call, LogOf("/orders-0", 1), cause);
    left_.clear();
    const auto repaired = RepairDirectory(failing, kKnownDirectory, Options());
    if (cause == broken) {
      EXPECT_THAT(repaired, HasReason(Reason::kDiskFailed));
    } else {
      ASSERT_THAT(repaired, IsOk());
      EXPECT_EQ(repaired->left, 1);
    }
    ASSERT_THAT(left_, SizeIs(1));
    EXPECT_THAT(left_[0].file, HasSubstr("orders-0"));
    EXPECT_THAT(left_[0].what, HasSubstr(std::string(cause.message())));
    // Nobody takes it for whole.
    EXPECT_FALSE(files_->Info("/data/.kafka_cleanshutdown").ok());
    // Again it does the rest.
    ASSERT_THAT(Repair(), IsOk());
    EXPECT_EQ(Findings(), 0);
    for (const RepairStep& step : steps_) {
      EXPECT_THAT(step.file, Not(HasSubstr("orders-1")));
    }
  }
}

TEST_F(Repaired, EndsAtADiskThatFails) {
  known_.image[LogOf("/orders-0", 1)] += "rubbish";
  Put();
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kTruncate, LogOf("/orders-0", 1),
               MakeError(Reason::kDiskFailed, "broken"));
  EXPECT_THAT(RepairDirectory(failing, kKnownDirectory, Options()),
              HasReason(Reason::kDiskFailed));
}

TEST_F(Repaired, IsPlannedOnlyWhereItCouldTakeTheLock) {
  Put();
  ASSERT_THAT(files_->CreateDirectory("/data/.lock"), IsOk());
  const auto repaired = Repair();
  const auto planned = PlanRepair(*files_, kKnownDirectory, Options());
  EXPECT_THAT(repaired, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(planned.status(), repaired.status());
  EXPECT_THAT(std::string(planned.status().message()),
              HasSubstr("move it away"));
}

// The plan is of a moment that is over.
TEST_F(Repaired, IsPlannedBesideAWriterWhoIsNamed) {
  Put();
  {
    const auto engine =
        Engine::Open(kKnownDirectory, {.file_system = files_.get()});
    ASSERT_THAT(engine, IsOk());
    const auto planned = PlanRepair(*files_, kKnownDirectory, Options());
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->left, 0);
    ASSERT_THAT(left_, SizeIs(1));
    EXPECT_EQ(left_[0].gravity, Gravity::kNote);
    EXPECT_EQ(left_[0].file, "/data/.lock");
    EXPECT_THAT(left_[0].what, HasSubstr("pid "));
  }
  left_.clear();
  EXPECT_THAT(PlanRepair(*files_, kKnownDirectory, Options()), IsOk());
  EXPECT_THAT(left_, IsEmpty()) << "it has let go";
}

TEST_F(Repaired, IsPlannedWhereTheLockMayNotBeRead) {
  Put();
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, ".lock",
               absl::PermissionDeniedError("forbidden"));
  EXPECT_THAT(PlanRepair(failing, kKnownDirectory, Options()), IsOk());
}

TEST_F(Repaired, EndsWhereNoMoreFilesMayBeOpened) {
  Put();
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, LogOf("/orders-0", 0),
               absl::ResourceExhaustedError("no descriptor"));
  EXPECT_THAT(RepairDirectory(failing, kKnownDirectory, Options()),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(Repaired, MakesNothingInWhatIsNoDataDirectory) {
  ASSERT_THAT(files_->CreateDirectories("/pictures/of-1999"), IsOk());
  ASSERT_THAT(files_->Open("/pictures/of-1999/a", OpenMode::kCreate), IsOk());
  EXPECT_THAT(RepairDirectory(*files_, "/pictures", {}),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(PlanRepair(*files_, "/pictures", {}),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(files_->List("/pictures").value(), SizeIs(1));
}

TEST_F(Repaired, MarksAKilledDirectoryAsClosed) {
  known_ = test::MakeKnownDirectory(Stop::kKilled, 3);
  known_.image[LogOf("/orders-0", 0)] += std::string(5000, '\0');
  Put();
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_TRUE(test::ImageOf(*files_).contains("/.kafka_cleanshutdown"));
  EXPECT_EQ(Findings(), 0);
  EXPECT_EQ(test::ReadKnown(*files_), known_.records);
}

// Of a log that may have gaps only what the close noted tells what is gone: a
// mark would take it for outdated.
TEST_F(Repaired, MarksNothingAsClosedWhereWhatTheLastCloseNotedCannotBeRead) {
  known_ = test::MakeKnownDirectory(Stop::kClean, 3, test::Gaps::kMayBe);
  known_.image.erase("/.kafka_cleanshutdown");
  const std::string gone = LogOf("/orders-1", 1);
  const std::string stem = gone.substr(0, gone.rfind('.'));
  std::erase_if(known_.image,
                [&](const auto& file) { return file.first.starts_with(stem); });
  Put();
  ASSERT_EQ(Findings(), 1);
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, "/cauce.segments",
               MakeError(Reason::kDiskFailed, "broken"));
  const auto unread = RepairDirectory(failing, kKnownDirectory, Options());
  ASSERT_THAT(unread, IsOk());
  EXPECT_EQ(unread->left, 1);
  EXPECT_FALSE(test::ImageOf(*files_).contains("/.kafka_cleanshutdown"));
  EXPECT_EQ(Findings(), 1);

  const auto repaired = Repair();

  ASSERT_THAT(repaired, IsOk());
  EXPECT_GT(repaired->offsets_lost, 0);
  EXPECT_TRUE(test::ImageOf(*files_).contains("/.kafka_cleanshutdown"));
  EXPECT_EQ(Findings(), 0);
}

// A recovery that comes in between would cut a log that is half mended.
TEST_F(Repaired, SavesWhereTheLogsEndBeforeItTouchesOne) {
  known_ = test::MakeKnownDirectory(Stop::kKilled, 3);
  known_.image[LogOf("/orders-0", 0)] += "rubbish";
  Put();
  ASSERT_THAT(Repair(), IsOk());
  ASSERT_THAT(steps_, Not(IsEmpty()));
  EXPECT_THAT(steps_[0].file, HasSubstr("recovery-point-offset-checkpoint"));
}

// Once the records that a wrong start hid show again, it is told.
TEST_F(Repaired, TakesBackAStartThatNoClosedLogCanHave) {
  const OffsetCheckpoint wrong{{{"orders", PartitionId{0}}, Offset{99999}}};
  known_.image["/log-start-offset-checkpoint"] = FormatOffsetCheckpoint(wrong);
  known_.image["/cauce.log-starts"] = FormatLogStartCopy(wrong);
  Put();
  ASSERT_THAT(Repair(), IsOk());
  ASSERT_THAT(steps_, SizeIs(1));
  EXPECT_THAT(steps_[0].why, HasSubstr("offset 99999"));
  const KnownRecords read = test::ReadKnown(*files_);
  EXPECT_TRUE(read.contains({"orders-0", 0}));
}

TEST_F(Repaired, MakesBothFilesOfLogStartsSayTheLowerStart) {
  std::string& starts = known_.image["/log-start-offset-checkpoint"];
  const size_t at = starts.find("orders 0 0\n");
  ASSERT_NE(at, starts.npos);
  starts.replace(at, 10, "orders 0 7");
  Put();
  ASSERT_GT(Findings(), 0);
  ASSERT_THAT(Repair(), IsOk());
  ASSERT_THAT(steps_, SizeIs(1));
  EXPECT_THAT(steps_[0].why, HasSubstr("orders-0 starts at offset 7"));
  EXPECT_TRUE(test::ReadKnown(*files_) == known_.records);
  EXPECT_EQ(Findings(), 0);
  const auto again = Repair();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->steps, 0);
}

TEST_F(Repaired, LeavesStrangersInTheDataDirectoryAlone) {
  known_.image["/backup-2024/00000000000000000000.index"] = "not ours";
  known_.image["/logs-7/application.log"] = "not ours";
  known_.image["/notes.txt"] = "not ours";
  Put();
  ASSERT_THAT(Repair(), IsOk());
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_TRUE(test::ImageOf(*files_) == known_.image);
}

TEST_F(Repaired, FollowsTheLinkThatItsUserNamed) {
  const test::TempDir scratch;
  FileSystem& disk = *PosixFileSystem();
  ASSERT_THAT(disk.CreateDirectories(scratch / "real/a-0"), IsOk());
  ASSERT_THAT(disk.Open(scratch / "real/a-0/00000000000000000000.log",
                        OpenMode::kCreate),
              IsOk());
  ASSERT_EQ(symlink("real", (scratch / "link").c_str()), 0);
  EXPECT_THAT(PlanRepair(disk, scratch / "link", {}), IsOk());
  EXPECT_THAT(RepairDirectory(disk, scratch / "link", {}), IsOk());
  const auto verified =
      VerifyDirectory(disk, scratch / "link", {}, [](const Finding&) {});
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->partitions, 1);
}

}  // namespace
}  // namespace cauce
