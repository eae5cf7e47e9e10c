// Segments that are gone from a log that was compacted once, where no gap tells
// of them: by what the last close has noted, or an index that is left, however
// often it is killed since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::BatchPlace;
using test::FileTree;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
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

// How a segment is lost.
enum class Loss {
  kLog,
  kLogAndIndexes,
  kEmptied,
  kCutShort,
  kCutOut,
  kCutOutAndIndexes,
  kForeign,  // another log's is in its place
};

struct Lost {
  Loss how;
  Stop stop = Stop::kClean;
  // Whether what the last close has noted is there. Without it only an index
  // tells whose log is not there, or empty.
  bool is_noted = true;
};

std::string NameOf(const Lost& lost) {
  static const std::map<Loss, std::string> names = {
      {Loss::kLog, "LogGone"},
      {Loss::kLogAndIndexes, "IndexesGoneToo"},
      {Loss::kEmptied, "Emptied"},
      {Loss::kCutShort, "CutShort"},
      {Loss::kCutOut, "CutOut"},
      {Loss::kCutOutAndIndexes, "CutOutAndIndexesGone"},
      {Loss::kForeign, "Foreign"}};
  return names.at(lost.how) +
         (lost.stop == Stop::kKilled ? "BehindAKill" : "");
}

// In a log that may have gaps nothing takes the place of a segment that is
// gone, and no gap tells of it.
class OnceCompacted : public ::testing::TestWithParam<Lost> {
 protected:
  OnceCompacted() {
    test::Lay(Remains::Of(Stop::kClean).files(), *files_, kDirectory);
    Write([](Engine& engine) {
      for (const char* policy : {"compact", "delete"}) {
        EXPECT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", policy}}),
                    IsOk());
      }
      for (const int32_t partition : {0, 1}) {
        EXPECT_THAT(engine.OpenPartition("orders", PartitionId{partition}),
                    IsOk());
      }
    });
  }

  template <typename Work>
  void Write(Work work) {
    auto engine = Open(Access::kReadWrite);
    ASSERT_THAT(engine, IsOk());
    work(*engine);
    ASSERT_THAT(engine->Close(), IsOk());
  }

  absl::StatusOr<Engine> Open(Access access) {
    events_.clear();
    return Engine::Open(kDirectory,
                        {.access = access,
                         .file_system = files_.get(),
                         .clock = &clock_,
                         .events = [&](Severity severity,
                                       std::string_view line) {
                           if (severity == Severity::kInfo) return;
                           events_.emplace_back(line);
                         }});
  }

  Sight Look(Access access) {
    auto engine = Open(access);
    EXPECT_THAT(engine, IsOk());
    Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_THAT(sight.ended, IsOk());
    EXPECT_THAT(engine->Close(), IsOk());
    return sight;
  }

  // Of all records, by their offsets.
  std::map<int64_t, Timestamp> Times() {
    std::map<int64_t, Timestamp> times;
    auto engine = Open(Access::kReadOnly);
    EXPECT_THAT(engine, IsOk());
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    Cursor cursor = orders->Read(Offset{0});
    RecordView record;
    while (cursor.Next(&record).value_or(false)) {
      times[record.offset.value] = record.timestamp;
    }
    EXPECT_THAT(engine->Close(), IsOk());
    return times;
  }

  // The segment whose first batch is this one; returns how many records go.
  int64_t Lose(size_t first) {
    const BatchPlace& lost = Places(Stop::kClean)[first];
    const BatchPlace& last = Places(Stop::kClean)[first + 2];
    stem_ = fmt::format("{}/{}", kDirectory,
                        lost.file.substr(0, lost.file.find('.')));
    before_ = test::Gather(*files_, kDirectory);
    const Loss how = GetParam().how;
    for (const char* suffix : {".log", ".index", ".timeindex"}) {
      const bool is_log = suffix == std::string(".log");
      const bool goes = how == Loss::kLogAndIndexes ||
                        (how == Loss::kLog && is_log) ||
                        (how == Loss::kCutOutAndIndexes && !is_log);
      if (!goes) continue;
      EXPECT_THAT(files_->RemoveFile(stem_ + suffix), IsOk());
    }
    int64_t from = lost.base.value;
    if (how == Loss::kForeign) {
      std::string foreign;
      for (Offset at = lost.base; at < lost.segment_next; at = at + 3) {
        foreign += test::Batch({"another", "log's", "records"}, {1})
                       .At(at)
                       .bytes();
      }
      const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
      EXPECT_THAT(log, IsOk());
      EXPECT_THAT((*log)->Truncate(0), IsOk());
      EXPECT_THAT((*log)->Write(0, foreign), IsOk());
    }
    if (how == Loss::kEmptied || how == Loss::kCutShort) {
      const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
      EXPECT_THAT(log, IsOk());
      const bool is_cut = how == Loss::kCutShort;
      const size_t bytes = is_cut ? last.position : 0;
      EXPECT_THAT((*log)->Truncate(static_cast<int64_t>(bytes)), IsOk());
      if (is_cut) from = last.base.value;
    }
    const bool is_cut_out =
        how == Loss::kCutOut || how == Loss::kCutOutAndIndexes;
    if (is_cut_out) {
      // The batch in the middle, to the last byte.
      const BatchPlace& gone = Places(Stop::kClean)[first + 1];
      std::string bytes = before_.at(lost.file);
      bytes.erase(gone.position, gone.end - gone.position);
      EXPECT_THAT(files_->RemoveFile(stem_ + ".log"), IsOk());
      test::Lay({{lost.file, bytes}}, *files_, kDirectory);
      left_.erase(left_.lower_bound(gone.base.value),
                  left_.lower_bound(gone.next.value));
    }
    if (GetParam().stop == Stop::kKilled) {
      TakeMarkAway(GetParam().is_noted);
    } else if (!GetParam().is_noted) {
      EXPECT_THAT(
          files_->RemoveFile(fmt::format("{}/cauce.segments", kDirectory)),
          IsOk());
    }
    // What is gone from within leaves no trace but its bytes.
    if (is_cut_out) return lost.segment_next.value - from;
    left_.erase(left_.lower_bound(from),
                left_.lower_bound(lost.segment_next.value));
    return lost.segment_next.value - from;
  }

  void TakeMarkAway(bool is_noted) {
    for (const char* file : {".kafka_cleanshutdown", "cauce.segments"}) {
      if (file == std::string("cauce.segments") && is_noted) continue;
      files_->RemoveFile(fmt::format("{}/{}", kDirectory, file)).IgnoreError();
    }
  }

  // The process dies behind `work`, and with it what it had open.
  template <typename Work>
  void WriteAndDie(Work work) {
    FileTree left;
    {
      auto engine = Open(Access::kReadWrite);
      ASSERT_THAT(engine, IsOk());
      work(*engine);
      ASSERT_THAT(engine->RunUpkeep(), IsOk());
      left = test::Gather(*files_, kDirectory);
      ASSERT_THAT(engine->Close(), IsOk());
    }
    for (const auto& [name, bytes] : test::Gather(*files_, kDirectory)) {
      ASSERT_THAT(files_->RemoveFile(fmt::format("{}/{}", kDirectory, name)),
                  IsOk());
    }
    test::Lay(left, *files_, kDirectory);
  }

  void AppendAndDie(int32_t partition, std::string_view value) {
    WriteAndDie([&](Engine& engine) {
      const auto at = test::AppendOne(
          engine, {"orders", PartitionId{partition}}, value);
      ASSERT_THAT(at, IsOk());
      if (partition == 0) left_[at->value] = value;
    });
  }

  void PutBack() {
    const std::string name = stem_.substr(kDirectory.size() + 1);
    for (const char* suffix : {".log", ".index", ".timeindex"}) {
      files_->RemoveFile(stem_ + suffix).IgnoreError();
      test::Lay({{name + suffix, before_.at(name + suffix)}}, *files_,
                kDirectory);
    }
    left_ = Remains::Of(Stop::kClean).records().at("orders-0");
  }

  // All of the directory is copied, and goes on as the copy.
  void Copy() {
    const FileTree all = test::Gather(*files_, kDirectory);
    ASSERT_THAT(files_->Rename(std::string(kDirectory), "/copied"), IsOk());
    test::Lay(all, *files_, kDirectory);
    for (const auto& [name, bytes] : all) {
      ASSERT_THAT(files_->RemoveFile(fmt::format("/copied/{}", name)), IsOk());
    }
    const auto entries = files_->List("/copied");
    ASSERT_THAT(entries, IsOk());
    for (const DirectoryEntry& entry : *entries) {
      ASSERT_THAT(files_->RemoveDirectory("/copied/" + entry.name), IsOk());
    }
    ASSERT_THAT(files_->RemoveDirectory("/copied"), IsOk());
  }

  // That a repair does what was planned, once, and what is then left. It knows
  // how many are lost, or that some are.
  void CheckRepair(std::optional<int64_t> lost) {
    std::vector<RepairStep> planned;
    std::vector<RepairStep> done;
    const auto into = [](std::vector<RepairStep>& steps) {
      return RepairOptions{
          .step = [&](const RepairStep& step) { steps.push_back(step); }};
    };
    ASSERT_THAT(PlanRepair(*files_, kDirectory, into(planned)), IsOk());
    const auto repaired = RepairDirectory(*files_, kDirectory, into(done));
    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->offsets_lost, lost.value_or(0));
    EXPECT_EQ(repaired->is_more_lost, !lost);
    EXPECT_EQ(done, planned);
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory), IsEmpty());
    const auto again = RepairDirectory(*files_, kDirectory, {});
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
    for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
      const Sight sight = Look(access);
      EXPECT_EQ(sight.records, left_);
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(events_, IsEmpty());
    }
  }

  // That who reads, or verifies, is told.
  void CheckTold() {
    EXPECT_THAT(
        test::VerifyAll(*files_, kDirectory),
        Contains(Field("gravity", &Finding::gravity, Gravity::kDamage)));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
    EXPECT_THAT(events_, Contains(HasSubstr("and nobody")));
  }

  static void MakeAgain(Engine& engine) {
    ASSERT_THAT(engine.CreateTopic(
                    "orders", {.partitions = 2,
                               .configs = {{"cleanup.policy", "compact"},
                                           {"internal.segment.bytes",
                                            "200"}}}),
                IsOk());
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "delete"}}),
                IsOk());
  }

  // Small ones, each of one record.
  void AppendSegments(Engine& engine) {
    ASSERT_THAT(
        engine.AlterTopic("orders", {{"internal.segment.bytes", "80"}}),
        IsOk());
    for (int i = 0; i < 3; ++i) {
      const auto at = test::AppendOne(engine, kDamaged, "new");
      ASSERT_THAT(at, IsOk());
      left_[at->value] = "new";
    }
  }

  // That nobody is told of anything.
  void CheckWhole() {
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
                Not(Contains(Field("gravity", &Finding::gravity,
                                   Gravity::kDamage))));
    for (const Access access :
         {Access::kReadOnly, Access::kReadWrite, Access::kReadOnly}) {
      const Sight sight = Look(access);
      EXPECT_EQ(sight.records, left_);
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(events_, Not(Contains(HasSubstr("and nobody"))));
    }
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  test::SimClock clock_;
  std::vector<std::string> events_;
  Values left_ = Remains::Of(Stop::kClean).records().at("orders-0");
  FileTree before_;
  std::string stem_;
};

using OnceCompactedAndClosed = OnceCompacted;

const auto kClosed =
    ::testing::Values(Lost{Loss::kLog}, Lost{Loss::kLogAndIndexes},
                      Lost{Loss::kEmptied}, Lost{Loss::kCutShort},
                      Lost{Loss::kForeign});

INSTANTIATE_TEST_SUITE_P(Closed, OnceCompacted, kClosed,
                         [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(
    KilledWithoutNotes, OnceCompacted,
    ::testing::Values(Lost{Loss::kLog, Stop::kKilled, false},
                      Lost{Loss::kEmptied, Stop::kKilled, false}),
    [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(
    ClosedWithoutNotes, OnceCompacted,
    ::testing::Values(Lost{Loss::kLog, Stop::kClean, false},
                      Lost{Loss::kEmptied, Stop::kClean, false}),
    [](const auto& info) { return NameOf(info.param); });
const auto kKilled = ::testing::Values(
    Lost{Loss::kLog, Stop::kKilled}, Lost{Loss::kLogAndIndexes, Stop::kKilled},
    Lost{Loss::kEmptied, Stop::kKilled}, Lost{Loss::kCutShort, Stop::kKilled},
    Lost{Loss::kForeign, Stop::kKilled});
INSTANTIATE_TEST_SUITE_P(Killed, OnceCompacted, kKilled,
                         [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndClosed, kClosed,
                         [](const auto& info) { return NameOf(info.param); });

// What another log's file tells, it tells at once.
using BesideALeftSwap = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , BesideALeftSwap,
    ::testing::Values(Lost{Loss::kLog}, Lost{Loss::kLogAndIndexes},
                      Lost{Loss::kEmptied}, Lost{Loss::kCutShort}),
    [](const auto& info) { return NameOf(info.param); });

using OnceCompactedAndCutOut = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndCutOut,
                         ::testing::Values(Lost{Loss::kCutOut},
                                           Lost{Loss::kCutOutAndIndexes}),
                         [](const auto& info) { return NameOf(info.param); });

using OnceCompactedAndCutOutAtItsEnd = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , OnceCompactedAndCutOutAtItsEnd,
    ::testing::Values(Lost{Loss::kCutOut}, Lost{Loss::kCutOutAndIndexes},
                      Lost{Loss::kCutOut, Stop::kKilled},
                      Lost{Loss::kCutOutAndIndexes, Stop::kKilled}),
    [](const auto& info) { return NameOf(info.param); });

TEST_P(OnceCompacted, TellsOfASegmentThatIsMissingUntilARepair) {
  const int64_t lost = Lose(3);
  CheckTold();
  // A writer tells of it as well, and notes it.
  const Sight sight = Look(Access::kReadWrite);
  EXPECT_EQ(sight.records, left_);
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
  EXPECT_THAT(events_, Contains(HasSubstr("and nobody")));
  CheckTold();
  CheckRepair(lost);
}

// One of its records may be what was asked for.
TEST_P(OnceCompacted, IsToldToWhoLooksForATimeRightBehindIt) {
  const std::map<int64_t, Timestamp> times = Times();
  Lose(3);
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    auto engine = Open(access);
    ASSERT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    const auto found = orders->FindByTime(times.at(12));
    EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(std::string(found.status().message()),
                AllOf(HasSubstr("orders-0"), HasSubstr("are missing")));
    for (const int64_t elsewhere : {0, 4, 14}) {
      EXPECT_THAT(orders->FindByTime(times.at(elsewhere)),
                  IsOkAndHolds(FoundOffset{Offset{elsewhere},
                                           times.at(elsewhere)}));
    }
    EXPECT_THAT(engine->Close(), IsOk());
  }
  PutBack();
  auto engine = Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  const auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(orders->FindByTime(times.at(12)),
              IsOkAndHolds(FoundOffset{Offset{12}, times.at(12)}));
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST_P(OnceCompacted, IsMendedByARepairBeforeAnythingOpensIt) {
  CheckRepair(Lose(3));
}

TEST_P(OnceCompacted, IsWholeOnceWhatIsMissingIsPutBack) {
  Lose(3);
  Look(Access::kReadWrite);
  PutBack();
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory), IsEmpty());
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  }
}

// A pass would write over the gap that nothing was there, and forget what was
// deleted in front of it.
TEST_P(OnceCompacted, KeepsInMindWhatIsMissingWhenItIsCompacted) {
  Lose(3);
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k", .value = "newest"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  const Sight sight = Look(Access::kReadOnly);
  EXPECT_EQ(sight.records, (Values{{18, "newest"}}));
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
}

TEST_P(OnceCompacted, IsNotMissedByAPassOnceItIsDeleted) {
  Lose(3);
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
    ASSERT_THAT(partition->DeleteRecordsBefore(Offset{12}), IsOk());
    EXPECT_THAT(partition->Compact(), IsOk());
  });
}

// Whoever opens it for writing goes on behind it: what is missing lies between
// segments from then on.
TEST_P(OnceCompactedAndClosed, TellsOfALostEndUntilARepair) {
  const int64_t lost = Lose(6);
  Write([](Engine& engine) {
    EXPECT_EQ(test::AppendOne(engine, kDamaged, "behind").value_or(Offset{}),
              Offset{18});
  });
  left_[18] = "behind";
  CheckTold();
  // And again, by what the next close has noted.
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsToldOfWhatIsMissingHoweverOftenItIsKilled) {
  const int64_t lost = Lose(3);
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  AppendAndDie(0, "once more");
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsToldOfWhatIsMissingInACopyOfAKilledDirectory) {
  const int64_t lost = Lose(3);
  AppendAndDie(1, "elsewhere");
  Copy();
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  Copy();
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsMendedByARepairInACopyOfAKilledDirectory) {
  const int64_t lost = Lose(3);
  AppendAndDie(0, "there");
  Copy();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsToldToWhoReadsWhileAnotherWrites) {
  Lose(3);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto writer = Engine::Open(
      kDirectory, {.file_system = files_.get(), .clock = &clock_});
  ASSERT_THAT(writer, IsOk());
  for (int i = 0; i < 2; ++i) {
    const Sight sight = test::ReadOver(*reader, kDamaged);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
    const auto at = test::AppendOne(*writer, kDamaged, "new");
    ASSERT_THAT(at, IsOk());
    left_[at->value] = "new";
  }
  EXPECT_THAT(reader->Close(), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
}

// As a writer leaves it that was stopped while a compacted segment took the
// place of the first one: as long as it lies there, who only reads cannot see
// what else is missing.
constexpr std::string_view kLeftSwap =
    "orders-0/00000000000000000000.log.swap";

TEST_P(BesideALeftSwap, IsToldToWhoReadsOnceItIsOver) {
  Lose(3);
  TakeMarkAway(true);
  test::Lay({{std::string(kLeftSwap), "compacted"}}, *files_, kDirectory);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(events_, IsEmpty());

  ASSERT_THAT(
      files_->RemoveFile(fmt::format("{}/{}", kDirectory, kLeftSwap)), IsOk());
  for (int i = 0; i < 2; ++i) {
    const Sight sight = test::ReadOver(*orders);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
    EXPECT_THAT(events_, ElementsAre(HasSubstr("and nobody")));
  }
  EXPECT_THAT(reader->Close(), IsOk());
}

TEST_P(BesideALeftSwap, IsNotPassedOverInSilence) {
  Lose(3);
  TakeMarkAway(true);
  test::Lay({{std::string(kLeftSwap), "compacted"}}, *files_, kDirectory);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  for (int i = 0; i < 3; ++i) {
    const Sight sight = test::ReadOver(*orders);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    // Once.
    EXPECT_THAT(events_, ElementsAre(HasSubstr("cannot be seen")));
    clock_.Advance(absl::Seconds(2));
  }

  ASSERT_THAT(
      files_->RemoveFile(fmt::format("{}/{}", kDirectory, kLeftSwap)), IsOk());
  EXPECT_THAT(test::ReadOver(*orders).told,
              ElementsAre(HasSubstr("are missing")));
  EXPECT_THAT(reader->Close(), IsOk());
}

TEST_P(OnceCompactedAndClosed, IsToldOfALostEndHoweverOftenItIsKilled) {
  const int64_t lost = Lose(6);
  Write([](Engine& engine) {
    EXPECT_EQ(test::AppendOne(engine, kDamaged, "behind").value_or(Offset{}),
              Offset{18});
  });
  left_[18] = "behind";
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsWholeOnceWhatIsMissingIsPutBackAfterAKill) {
  Lose(3);
  AppendAndDie(1, "elsewhere");
  AppendAndDie(0, "there");
  const std::string there = left_.at(18);
  PutBack();
  left_[18] = there;
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              Not(Contains(Field("gravity", &Finding::gravity,
                                 Gravity::kDamage))));
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
  }
}

// What was deleted in what is missing would come back with it.
TEST_P(OnceCompactedAndClosed, KeepsTombstonesOfWhatIsMissingAfterAKill) {
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"},
                                             {"delete.retention.ms", "0"}}),
                IsOk());
  });
  Lose(3);
  WriteAndDie([](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
  });
  for (int i = 0; i < 3; ++i) {
    WriteAndDie([](Engine& engine) {
      auto partition = engine.OpenPartition("orders", PartitionId{0});
      ASSERT_THAT(partition, IsOk());
      const Record record{.key = "other", .value = "newest"};
      ASSERT_THAT(partition->Append({&record, 1}), IsOk());
      EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
    });
    clock_.Advance(absl::Hours(1));
  }
  const Sight sight = Look(Access::kReadOnly);
  EXPECT_THAT(sight.records, Contains(::testing::Key(18)));
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("missing")));
}

TEST_P(OnceCompactedAndCutOut, IsToldToWhoLooksForATimeRightBehindIt) {
  const std::map<int64_t, Timestamp> times = Times();
  Lose(3);
  auto engine = Open(Access::kReadOnly);
  ASSERT_THAT(engine, IsOk());
  const auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const auto found = orders->FindByTime(times.at(12));
  EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(found.status().message()),
              HasSubstr("shorter than it was"));
  EXPECT_THAT(engine->Close(), IsOk());
}

// Its neighbours follow each other as before, and compaction leaves gaps too:
// only its size tells.
TEST_P(OnceCompactedAndCutOut, IsToldOfUntilARepairThatDoesNotKnowHowMany) {
  Lose(3);
  const auto check = [&] {
    EXPECT_THAT(
        test::VerifyAll(*files_, kDirectory),
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("what", &Finding::what,
                             HasSubstr("shorter than it was")))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("shorter than it was")));
  };
  check();
  AppendAndDie(0, "there");
  check();
  Write([&](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  left_ = Look(Access::kReadOnly).records;
  check();
  AppendAndDie(0, "once more");
  check();
  CheckRepair(std::nullopt);
}

// Nothing follows it: the log ends where it did.
TEST_P(OnceCompactedAndCutOutAtItsEnd, IsToldUntilARepair) {
  Lose(6);
  const auto check = [&] {
    EXPECT_THAT(
        test::VerifyAll(*files_, kDirectory),
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("what", &Finding::what,
                             HasSubstr("shorter than it was")))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(events_, Contains(HasSubstr("shorter than it was")));
    return sight.told;
  };
  const auto lost_at_end = [&] {
    auto engine = Open(Access::kReadOnly);
    EXPECT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    const OffsetRange lost = orders->lost().back;
    EXPECT_THAT(engine->Close(), IsOk());
    return lost;
  };
  const OffsetRange lost{Offset{12}, Offset{18}};
  check();
  EXPECT_EQ(lost_at_end(), lost);
  // Who opens it goes on behind it, and closes, or dies.
  Look(Access::kReadWrite);
  check();
  EXPECT_EQ(lost_at_end(), lost);
  AppendAndDie(0, "there");
  EXPECT_THAT(check(), Not(IsEmpty()));
  EXPECT_EQ(lost_at_end(), OffsetRange());
  AppendAndDie(1, "elsewhere");
  check();
  Write([&](Engine& writer) {
    ASSERT_THAT(writer.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = writer.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  left_ = Look(Access::kReadOnly).records;
  check();
  CheckRepair(std::nullopt);
}

// Most of it can be read: nobody knows which of its offsets are missing.
TEST_P(OnceCompactedAndCutOutAtItsEnd, IsToldToWhoLooksForATimeUntilItIsCut) {
  Lose(6);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const Timestamp no_such{INT64_MAX};
  const auto lost = orders->FindByTime(no_such);
  EXPECT_THAT(lost, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(lost.status().message()),
              HasSubstr("shorter than it was"));

  // By another process.
  Write([](Engine& writer) {
    auto partition = writer.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{6}), IsOk());
  });
  EXPECT_THAT(orders->WaitFor(Offset{18}, absl::ZeroDuration()),
              IsOkAndHolds(false));
  EXPECT_THAT(orders->FindByTime(no_such), IsOkAndHolds(std::nullopt));
  ASSERT_THAT(reader->Close(), IsOk());
  left_.erase(left_.lower_bound(6), left_.end());
  CheckWhole();
}

TEST_P(OnceCompactedAndCutOutAtItsEnd, IsMendedBeforeAnythingOpensIt) {
  Lose(6);
  CheckRepair(std::nullopt);
}

TEST_P(OnceCompactedAndCutOutAtItsEnd, IsWholeOnceItIsPutBack) {
  Lose(6);
  Look(Access::kReadWrite);
  AppendAndDie(1, "elsewhere");
  PutBack();
  CheckWhole();
}

// A cut into a gap ends a file in front of the next, and below what it held.
using OnceCompactedAndCut = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndCut,
                         ::testing::Values(Lost{Loss::kCutShort}),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(OnceCompactedAndCut, IsWholeBehindACutIntoAGapForWhoReadsAndAfterAKill) {
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k", .value = "newest"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    ASSERT_THAT(partition->Compact(), IsOk());
  });
  left_ = {{9, "behind the cut"}};
  const auto check = [&] {
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
                Not(Contains(Field("gravity", &Finding::gravity,
                                   Gravity::kDamage))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  };
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{9}), IsOkAndHolds(Offset{9}));
    const Record record{.key = "k", .value = "behind the cut"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    check();
  });
  check();
  const Sight sight = Look(Access::kReadWrite);
  EXPECT_EQ(sight.records, left_);
  EXPECT_THAT(sight.told, IsEmpty());
  check();
}

// It ends where it is known to, and is shorter than it was.
TEST_P(OnceCompactedAndCut, IsWholeBehindACutOfItsLastSegmentAndAKill) {
  const Offset at = Places(Stop::kClean)[7].base;
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(at), IsOkAndHolds(at));
  });
  left_.erase(left_.lower_bound(at.value), left_.end());
  CheckWhole();
}

// A pass was there before it was cut to where the close has noted its end.
TEST_P(OnceCompactedAndCut, IsWholeBehindAPassAndACutToItsNotedEnd) {
  const std::string large(600'000, 'v');
  const auto put = [](Engine& engine, std::string_view key,
                      std::string_view value) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = key, .value = value};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
  };
  Write([&](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"},
                                             {"segment.bytes", "1048576"}}),
                IsOk());
    // Too large for a pass to put both into one segment.
    put(engine, "one", large);
    put(engine, "other", large);
    put(engine, "k", "old");
    put(engine, "last", "value");
  });
  constexpr Offset kEnd{22};
  WriteAndDie([&](Engine& engine) {
    put(engine, "k", "new");
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->Compact(), IsOk());
    ASSERT_THAT(partition->TruncateTo(kEnd), IsOkAndHolds(kEnd));
    EXPECT_THAT(Look(Access::kReadOnly).told, IsEmpty());
  });
  left_ = {{18, large}, {19, large}, {21, "value"}};
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, IsToldOfNothingThatACutHasEnded) {
  Lose(0);
  Look(Access::kReadWrite);  // who notes what is missing
  left_.clear();
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{0}), IsOkAndHolds(Offset{0}));
    AppendSegments(engine);
  });
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, LeavesNothingMissingInATopicThatIsMadeAgain) {
  Lose(0);
  Look(Access::kReadWrite);
  left_.clear();
  WriteAndDie([&](Engine& engine) {
    ASSERT_THAT(engine.DeleteTopic("orders"), IsOk());
    MakeAgain(engine);
    AppendSegments(engine);
  });
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, IsWholeInACopyOfAKilledDirectory) {
  AppendAndDie(1, "elsewhere");
  Copy();
  CheckWhole();
  WriteAndDie([&](Engine& engine) { AppendSegments(engine); });
  Copy();
  CheckWhole();
}

// By somebody who knows of no `cauce.segments`.
TEST_P(OnceCompactedAndCut, LeavesNothingMissingInAnotherDirectoryOfItsName) {
  Lose(0);
  Look(Access::kReadWrite);
  left_.clear();
  const std::string notes = fmt::format("{}/cauce.segments", kDirectory);
  const std::string noted =
      test::Gather(*files_, kDirectory).at("cauce.segments");
  WriteAndDie([&](Engine& engine) {
    ASSERT_THAT(engine.DeleteTopic("orders"), IsOk());
    MakeAgain(engine);
    AppendSegments(engine);
  });
  files_->RemoveFile(notes).IgnoreError();
  test::Lay({{"cauce.segments", noted}}, *files_, kDirectory);
  CheckWhole();
}

// Nothing of it is damaged: neither its opener, nor a reader, nor verify, nor a
// repair has anything to say, however often it is closed, in the middle of a
// segment and behind a roll or a pass.
TEST(CompactedTopic, ThatIsClosedInOrderAgainAndAgainIsToldOfNothing) {
  const auto files = NewMemoryFileSystem();
  test::SimClock clock;
  std::vector<std::string> told;
  const auto open = [&](Access access) {
    return Engine::Open(kDirectory,
                        {.access = access,
                         .file_system = files.get(),
                         .clock = &clock,
                         .events = [&](Severity severity,
                                       std::string_view line) {
                           if (severity == Severity::kInfo) return;
                           told.emplace_back(line);
                         }});
  };
  Values written;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(fmt::format("close {}", round));
    {
      auto engine = open(Access::kReadWrite);
      ASSERT_THAT(engine, IsOk());
      if (round == 0) {
        ASSERT_THAT(engine->CreateTopic(
                        "orders",
                        {.configs = {{"cleanup.policy", "compact"},
                                     {"internal.segment.bytes", "300"}}}),
                    IsOk());
      }
      auto orders = engine->OpenPartition("orders", PartitionId{0});
      ASSERT_THAT(orders, IsOk());
      // Of three keys each time another one, and one that is never seen again.
      for (const std::string& key :
           {fmt::format("k{}", round % 3), fmt::format("only {}", round)}) {
        const std::string value = fmt::format("value {}", round);
        const Record record{.key = key, .value = value};
        const auto at = orders->Append({&record, 1});
        ASSERT_THAT(at, IsOk());
        written[at->base.value] = value;
      }
      if (round % 4 == 3) {
        ASSERT_THAT(orders->Compact(), IsOk());
      }
      ASSERT_THAT(engine->Close(), IsOk());
    }
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
    const auto planned = PlanRepair(*files, kDirectory, {});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->steps, 0);
    auto reader = open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    const Sight sight = test::ReadOver(*reader, kDamaged);
    EXPECT_THAT(sight.ended, IsOk());
    EXPECT_THAT(sight.told, IsEmpty());
    // Compaction takes records; the newest of each key stay.
    for (const auto& [offset, value] : sight.records) {
      EXPECT_EQ(written[offset], value);
    }
    EXPECT_TRUE(sight.records.contains(written.rbegin()->first));
    const auto orders = reader->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    EXPECT_EQ(orders->lost(), LostRecords());
    EXPECT_THAT(reader->Close(), IsOk());
    EXPECT_THAT(told, IsEmpty());
  }
  EXPECT_GT(written.size(), 20);
}

}  // namespace
}  // namespace cauce
