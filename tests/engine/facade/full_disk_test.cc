// An engine whose disk has no byte left, and what makes room there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AllChoices;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kSector = 512;

const std::map<std::string, std::string> kSmallSegments = {
    {"internal.segment.bytes", "1000"},
    {"retention.ms", "3600000"},
    {"retention.bytes", "-1"}};

TopicId Id(uint8_t number) {
  TopicId id;
  id.bytes[0] = number;
  return id;
}

// Runs what it was given when it is told to, however long that was to wait.
class HandDriven final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task task) override {
    Schedule(std::move(task));
  }
  void RunAll() {
    for (Task& task : std::exchange(tasks_, {})) std::move(task)();
  }

 private:
  std::vector<Task> tasks_;
};

class FullDiskEngine : public ::testing::Test {
 protected:
  // Nothing is kept free but what is said: the disk itself is what refuses.
  absl::Status Open(int64_t free_bytes_min = 0) {
    auto engine =
        Engine::Open("/data", {.file_system = disk_.get(),
                               .clock = &clock_,
                               .executor = executor_,
                               .events =
                                   [this](Severity, std::string_view line) {
                                     events_.emplace_back(line);
                                   },
                               .free_bytes_min = free_bytes_min});
    if (!engine.ok()) return engine.status();
    engine_.emplace(*std::move(engine));
    return absl::OkStatus();
  }
  void OpenAndMake(std::string_view topic, int64_t free_bytes_min = 0) {
    ASSERT_THAT(Open(free_bytes_min), IsOk());
    ASSERT_THAT(engine_->CreateTopic(topic, {.configs = kSmallSegments}),
                IsOk());
  }
  // The process dies; all that it wrote is there.
  void Kill() {
    disk_->CutNow();
    engine_.reset();
    disk_->RestartProcess();
    events_.clear();
  }
  // A broker's topic of two records that was taken in and is another's by now,
  // as this opening could not save, since the disk is full from then on.
  void OpenFullWhereMadeAgain(const std::string& name, uint8_t id) {
    const std::string path = "/data/" + name + "-0";
    ASSERT_THAT(disk_->CreateDirectories(path), IsOk());
    ASSERT_THAT(WritePartitionMetadata(*disk_, path, Id(id)), IsOk());
    ASSERT_THAT(Open(), IsOk());
    AppendMany(name, 2);
    ASSERT_THAT(engine_->Close(), IsOk());
    ASSERT_THAT(WritePartitionMetadata(*disk_, path, Id(id + 100)), IsOk());
    Fill();
    events_.clear();
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, Contains(HasSubstr(name + " was taken in before")));
  }
  // No byte is left from now on.
  void Fill() { disk_->set_capacity(disk_->used()); }
  void Drain() { disk_->set_capacity(INT64_MAX); }

  Partition Of(std::string_view topic) {
    auto partition = engine_->OpenPartition(topic, PartitionId{0});
    EXPECT_THAT(partition, IsOk());
    return *std::move(partition);
  }
  absl::StatusOr<AppendResult> Append(std::string_view topic,
                                      std::string_view value) {
    const Record record{.value = value,
                        .timestamp = Timestamp::From(clock_.Now())};
    return Of(topic).Append({&record, 1});
  }
  void AppendMany(std::string_view topic, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(Append(topic, std::string(200, 'v')), IsOk());
    }
  }
  // Returns how many were acknowledged.
  int64_t AppendUntilFull(std::string_view topic) {
    for (int64_t count = 0;; ++count) {
      const auto appended = Append(topic, std::string(200, 'v'));
      if (appended.ok()) continue;
      EXPECT_THAT(appended, HasReason(Reason::kDiskFull));
      return count;
    }
  }
  // The offsets that can be read.
  std::vector<int64_t> Read(std::string_view topic) {
    const Partition partition = Of(topic);
    std::vector<int64_t> offsets;
    Cursor cursor = partition.Read(partition.log_start());
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return offsets;
      offsets.push_back(record.offset.value);
    }
  }
  static std::vector<int64_t> Range(int64_t from, int64_t next) {
    std::vector<int64_t> range;
    for (; from < next; ++from) range.push_back(from);
    return range;
  }
  std::vector<std::string> Names(const std::string& directory) {
    std::vector<std::string> names;
    const auto entries = disk_->List(directory);
    EXPECT_THAT(entries, IsOk());
    for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
    return names;
  }

  test::SimClock clock_;
  Executor* executor_ = nullptr;
  std::unique_ptr<FaultyDisk> disk_ = std::make_unique<FaultyDisk>(clock_);
  std::vector<std::string> events_;
  std::optional<Engine> engine_;
};

// ---- The watermark

TEST_F(FullDiskEngine, RefusesAppendsAndTopicsBelowTheWatermarkAndNothingElse) {
  constexpr int64_t kMin = 1 << 20;
  OpenAndMake("orders", kMin);
  ASSERT_THAT(engine_->CreateTopic("old"), IsOk());
  AppendMany("orders", 20);
  // So that what has to stand beside the logs does.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  disk_->set_capacity(disk_->used() + kMin);
  clock_.Advance(absl::Seconds(1));
  const int64_t stored = 20 + AppendUntilFull("orders");
  EXPECT_GE(*disk_->FreeBytes("/data"), kMin - 4 * kSector);

  EXPECT_THAT(engine_->CreateTopic("new"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(engine_->CreatePartitions("orders", 2),
              HasReason(Reason::kDiskFull));
  EXPECT_THAT(Read("orders"), Range(0, stored));
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1000"}}),
              IsOk());
  EXPECT_THAT(Of("orders").DeleteRecordsBefore(Offset{3}), IsOk());
  EXPECT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(engine_->DeleteTopic("old"), IsOk());

  EXPECT_THAT(Append("orders", "v"), IsOk()) << "these made room";
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, RefusesAWatermarkBelowZero) {
  EXPECT_THAT(Open(-1), HasReason(Reason::kInvalidOption));
}

// ---- No byte left

TEST_F(FullDiskEngine, WhatWasAcknowledgedIsReadAndWritingGoesOnByItself) {
  OpenAndMake("orders");
  disk_->set_capacity(disk_->used() + 20 * kSector);
  const int64_t stored = AppendUntilFull("orders");
  ASSERT_GT(stored, 5);
  EXPECT_THAT(Read("orders"), Range(0, stored));

  Drain();
  ASSERT_THAT(Append("orders", "v"), IsOk());
  EXPECT_THAT(Read("orders"), Range(0, stored + 1));
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, ATopicIsDeletedWithNoByteFree) {
  OpenAndMake("orders");
  ASSERT_THAT(engine_->CreateTopic("old"), IsOk());
  AppendMany("old", 20);
  ASSERT_THAT(Append("orders", "v"), IsOk());
  Fill();
  AppendUntilFull("orders");

  ASSERT_THAT(engine_->DeleteTopic("old"), IsOk());
  EXPECT_THAT(engine_->DescribeTopic("old"), HasReason(Reason::kUnknownTopic));
  const auto appended = Append("orders", "v");
  ASSERT_THAT(appended, IsOk());
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(engine_->DescribeTopic("old"), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(Read("orders"), Range(0, appended->next.value));
}

TEST_F(FullDiskEngine, ATopicThatWasDeletedIsGoneWhereverAStopCameInBetween) {
  OpenAndMake("old");
  AppendMany("old", 4);
  disk_->CutNow();
  engine_.reset();
  const std::unique_ptr<FaultyDisk> before = std::move(disk_);
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(cut);
    disk_ = before->Copy();
    AllChoices first;
    disk_->Restart(first);
    ASSERT_THAT(Open(), IsOk());
    Fill();
    disk_->CutBefore(disk_->changes() + cut);
    const absl::Status deleted = engine_->DeleteTopic("old");
    was_cut = disk_->is_cut();
    // Once it is gone from the list what is left of it may stop anywhere.
    if (!was_cut) {
      EXPECT_THAT(deleted, IsOk());
      disk_->CutNow();
    }
    engine_.reset();
    disk_->RestartProcess();
    Drain();
    ASSERT_THAT(Open(), IsOk());
    // It is there as it was, or says that what it held is missing, or is gone;
    // a topic of its name never shows its records.
    const auto there = engine_->OpenPartition("old", PartitionId{0});
    if (there.ok()) {
      EXPECT_THAT(Read("old"), Range(0, 4));
    }
    if (engine_->DescribeTopic("old").ok()) {
      EXPECT_FALSE(deleted.ok());
      ASSERT_THAT(engine_->DeleteTopic("old"), IsOk());
    }
    ASSERT_THAT(engine_->CreateTopic("old"), IsOk());
    EXPECT_THAT(Read("old"), IsEmpty());
    engine_.reset();
  }
}

TEST_F(FullDiskEngine, ConfigsStayWhatTheyAreWithNoByteFree) {
  OpenAndMake("orders");
  AppendMany("orders", 4);
  const auto before = engine_->DescribeTopic("orders")->configs;
  Fill();

  const absl::Status altered =
      engine_->AlterTopic("orders", {{"retention.bytes", "1000"}});

  EXPECT_THAT(altered, HasReason(Reason::kDiskFull));
  EXPECT_THAT(std::string(MessageOf(altered)),
              AllOf(HasSubstr("topic orders stays as it was"),
                    HasSubstr("and 0 are free"), HasSubstr("make room")));
  EXPECT_EQ(engine_->DescribeTopic("orders")->configs, before);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(engine_->DescribeTopic("orders")->configs, before);
  Drain();
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.bytes", "1000"}}),
              IsOk());
}

TEST_F(FullDiskEngine, RetentionMakesRoomWithNoByteFree) {
  OpenAndMake("orders");
  AppendMany("orders", 20);
  Fill();
  const int64_t stored = 20 + AppendUntilFull("orders");
  clock_.Advance(absl::Hours(2));

  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_GT(Of("orders").log_start(), Offset{15});
  const auto appended = Append("orders", "v");
  ASSERT_THAT(appended, IsOk());
  EXPECT_EQ(appended->base, Offset{stored});
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(Of("orders").log_end(), Offset{stored + 1});
}

TEST_F(FullDiskEngine, RecordsAreDeletedWithNoByteFree) {
  OpenAndMake("orders");
  AppendMany("orders", 20);
  Fill();
  ASSERT_THAT(Of("orders").DeleteRecordsBefore(Offset{11}), IsOk());
  EXPECT_THAT(Read("orders"), Range(11, 20));
  EXPECT_THAT(Append("orders", "v"), IsOk());
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(Read("orders"), Range(11, 21));
}

// Whatever of it has reached the disk.
TEST_F(FullDiskEngine, AStopWhileRecordsAreDeletedLeavesALogWithoutAHole) {
  constexpr uint64_t kFates = 20;
  OpenAndMake("orders");
  AppendMany("orders", 20);
  disk_->CutNow();
  engine_.reset();
  const std::unique_ptr<FaultyDisk> before = std::move(disk_);
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    for (const bool saves : {true, false}) {
      disk_ = before->Copy();
      AllChoices first;
      disk_->Restart(first);
      ASSERT_THAT(Open(), IsOk());
      Fill();
      // Not even what goes makes room to save the start.
      if (!saves) {
        disk_->set_plan([](test::DiskCall call, std::string_view path,
                           int64_t) -> absl::Status {
          const bool fails = call == test::DiskCall::kWrite &&
                             path.find("checkpoint") != path.npos;
          return fails ? MakeError(Reason::kDiskFull, "no") : absl::OkStatus();
        });
      }
      disk_->CutBefore(disk_->changes() + cut);
      const absl::Status deleted = Of("orders").DeleteRecordsBefore(Offset{12});
      was_cut = disk_->is_cut();
      disk_->CutNow();
      engine_.reset();
      for (uint64_t fate = 0; fate < kFates; ++fate) {
        SCOPED_TRACE(::testing::Message()
                     << "cut " << cut << " saves " << saves << " " << fate);
        test::RandomChoices choices(fate);
        std::unique_ptr<FaultyDisk> power_lost = disk_->Copy();
        power_lost.swap(disk_);
        disk_->Restart(choices);
        disk_->set_plan(nullptr);
        Drain();
        ASSERT_THAT(Open(), IsOk());
        const std::vector<int64_t> left = Read("orders");
        ASSERT_FALSE(left.empty());
        EXPECT_THAT(left, Range(left.front(), 20));
        EXPECT_LE(left.front(), 12);
        if (deleted.ok()) {
          EXPECT_EQ(left.front(), 12);
        }
        engine_.reset();
        disk_.swap(power_lost);
      }
    }
  }
}

TEST_F(FullDiskEngine, ACheckpointThatDoesNotFitIsToldOnceAndSavedLater) {
  HandDriven executor;
  executor_ = &executor;
  OpenAndMake("orders");
  AppendMany("orders", 3);
  executor.RunAll();
  events_.clear();
  AppendMany("orders", 3);
  Fill();
  for (int i = 0; i < 5; ++i) executor.RunAll();
  EXPECT_THAT(events_, ElementsAre(AllOf(HasSubstr("checkpoint"),
                                         HasSubstr("No space left"))));
  Drain();
  for (int i = 0; i < 2; ++i) executor.RunAll();
  EXPECT_THAT(events_, SizeIs(1));
  AppendMany("orders", 3);
  Fill();
  for (int i = 0; i < 5; ++i) executor.RunAll();
  EXPECT_THAT(events_, SizeIs(2)) << "it is full once more";
  Drain();
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, ATopicThatCannotBeMadeLeavesNothingBehind) {
  OpenAndMake("orders");
  const auto names = Names("/data");
  const int64_t used = disk_->used();
  bool made = false;
  int refused = 0;
  for (int64_t room = 0; !made; room += kSector) {
    SCOPED_TRACE(room);
    disk_->set_capacity(used + room);
    const auto created = engine_->CreateTopic("new", {.partitions = 3});
    made = created.ok();
    if (made) break;
    ++refused;
    EXPECT_THAT(created, HasReason(Reason::kDiskFull));
    EXPECT_THAT(engine_->DescribeTopic("new"),
                HasReason(Reason::kUnknownTopic));
    EXPECT_EQ(Names("/data"), names);
  }
  EXPECT_GT(refused, 2);
  Drain();
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(SizeIs(2)));
  EXPECT_THAT(Append("new", "v"), IsOk());
}

// ---- Opening with no byte left

TEST_F(FullDiskEngine, OpensAfterACleanStopWithNoByteFree) {
  OpenAndMake("orders");
  AppendMany("orders", 20);
  ASSERT_THAT(engine_->Close(), IsOk());
  Fill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(Read("orders"), Range(0, 20));
  EXPECT_THAT(Append("orders", std::string(600, 'v')),
              HasReason(Reason::kDiskFull));
  ASSERT_THAT(Of("orders").DeleteRecordsBefore(Offset{10}), IsOk());
  EXPECT_THAT(Append("orders", "v"), IsOk());
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, OpensAfterAKillWithNoByteFree) {
  OpenAndMake("orders");
  AppendMany("orders", 20);
  Kill();
  Fill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, Contains(AllOf(HasSubstr("checkpoint"),
                                      HasSubstr("No space left"))));
  EXPECT_THAT(Read("orders"), Range(0, 20));
  EXPECT_THAT(Append("orders", std::string(600, 'v')),
              HasReason(Reason::kDiskFull));
  ASSERT_THAT(Of("orders").DeleteRecordsBefore(Offset{10}), IsOk());
  EXPECT_THAT(Append("orders", "v"), IsOk());
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, ATornTailStaysInItsPlaceUntilThereIsRoomToKeepIt) {
  const std::string log = "/data/orders-0/00000000000000000000.log";
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  AppendMany("orders", 3);
  const int64_t good = disk_->Info(log)->bytes;
  // A writer that could not take back half a batch, and died.
  disk_->set_plan([](test::DiskCall call, std::string_view path,
                     int64_t) -> absl::Status {
    const bool fails =
        (call == test::DiskCall::kWrite || call == test::DiskCall::kTruncate) &&
        path.ends_with(".log");
    return fails ? MakeError(Reason::kDiskFull, "no room") : absl::OkStatus();
  });
  ASSERT_THAT(Append("orders", std::string(2000, 't')),
              HasReason(Reason::kDiskFailed));
  Kill();
  disk_->set_plan(nullptr);
  const int64_t torn = disk_->Info(log)->bytes;

  for (int opening = 0; opening < 2; ++opening) {
    SCOPED_TRACE(opening);
    Fill();
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, Contains(HasSubstr("stays in the file")));
    EXPECT_THAT(Read("orders"), Range(0, 3));
    EXPECT_THAT(Append("orders", "v"), HasReason(Reason::kDiskFull));
    EXPECT_THAT(Of("orders").TruncateTo(Offset{1}),
                HasReason(Reason::kDiskFull));
    EXPECT_EQ(disk_->Info(log)->bytes, torn);
    EXPECT_THAT(engine_->Close(), HasReason(Reason::kDiskFull));
    engine_.reset();
  }

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(engine_->RunUpkeep(), HasReason(Reason::kDiskFull))
      << "and does not close what cannot be closed";
  Drain();
  disk_->set_plan([](test::DiskCall call, std::string_view path,
                     int64_t) -> absl::Status {
    const bool fails =
        call == test::DiskCall::kCreate && path.find(".cut") != path.npos;
    return fails ? MakeError(Reason::kDiskFull, "no room") : absl::OkStatus();
  });
  EXPECT_THAT(Of("orders").TruncateTo(Offset{1}), HasReason(Reason::kDiskFull));
  EXPECT_EQ(disk_->Info(log)->bytes, torn);
  disk_->set_plan(nullptr);
  EXPECT_THAT(Append("orders", "v"), IsOk());
  EXPECT_THAT(Read("orders"), Range(0, 4));
  EXPECT_EQ(disk_->Info("/data/orders-0/00000000000000000003.log.cut")->bytes,
            torn - good);
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(FullDiskEngine, APartitionThatNeedsAFileKeepsNoOtherFromBeingOpened) {
  OpenAndMake("orders");
  AppendMany("orders", 5);
  ASSERT_THAT(engine_->CreateTopic("new"), IsOk());
  // Without anything of its own it would be passed by.
  ASSERT_THAT(WriteAndSyncFile(*disk_, "/data/new-0/notes", "mine"), IsOk());
  disk_->set_plan([](test::DiskCall call, std::string_view path,
                     int64_t) -> absl::Status {
    const bool fails =
        call == test::DiskCall::kCreate && path.find("/new-0/0") != path.npos;
    return fails ? MakeError(Reason::kDiskFull, "no room") : absl::OkStatus();
  });
  ASSERT_THAT(engine_->OpenPartition("new", PartitionId{0}),
              HasReason(Reason::kDiskFull));
  Kill();

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_,
              ElementsAre(AllOf(HasSubstr("new-0"), HasSubstr("tried again"))));
  EXPECT_THAT(Read("orders"), Range(0, 5));
  EXPECT_THAT(engine_->OpenPartition("new", PartitionId{0}),
              HasReason(Reason::kDiskFull));
  EXPECT_THAT(engine_->Close(), HasReason(Reason::kDiskFull))
      << "nobody has looked at all of it";
  engine_.reset();
  ASSERT_THAT(Open(), IsOk());
  disk_->set_plan(nullptr);
  EXPECT_THAT(Append("new", "v"), IsOk());
  EXPECT_THAT(engine_->Close(), IsOk());
}

// Else what is saved of the new one is taken for the old one's at each opening,
// and is forgotten.
TEST_F(FullDiskEngine, ATopicThatABrokerMadeAgainIsTakenInOnce) {
  for (const bool closes : {false, true}) {
    SCOPED_TRACE(closes ? "saved by a close" : "saved by upkeep");
    const std::string name = closes ? "closed" : "kept";
    OpenFullWhereMadeAgain(name, closes ? 1 : 2);
    Drain();

    if (closes) {
      ASSERT_THAT(engine_->Close(), IsOk());
    } else {
      ASSERT_THAT(engine_->RunUpkeep(), IsOk());
      Kill();
    }
    events_.clear();
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, Not(Contains(HasSubstr("was taken in before"))));
    EXPECT_THAT(Read(name), ElementsAre(0, 1));
    ASSERT_THAT(engine_->Close(), IsOk());
  }
}

// Who has no handle is told of nothing that the next opening forgets.
TEST_F(FullDiskEngine, ATopicThatABrokerMadeAgainIsOpenedOnceItsIdIsSaved) {
  OpenFullWhereMadeAgain("again", 1);
  const auto refused = engine_->OpenPartition("again", PartitionId{0});
  EXPECT_THAT(refused, HasReason(Reason::kDiskFull));
  EXPECT_THAT(std::string(MessageOf(refused.status())), HasSubstr("again"));
  EXPECT_THAT(engine_->DescribeTopic("again"), IsOk());

  Drain();
  ASSERT_THAT(Of("again").DeleteRecordsBefore(Offset{1}), IsOk());
  Kill();

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, Not(Contains(HasSubstr("was taken in before"))));
  EXPECT_EQ(Of("again").log_start(), Offset{1});
  EXPECT_THAT(Read("again"), ElementsAre(1));
}

TEST_F(FullDiskEngine, TheListOfTopicsIsNotSavedAgainOnceAChangeHasSavedIt) {
  OpenFullWhereMadeAgain("again", 1);
  Drain();
  ASSERT_THAT(engine_->CreateTopic("new"), IsOk());
  int writes = 0;
  disk_->set_plan([&writes](test::DiskCall call, std::string_view path,
                            int64_t) -> absl::Status {
    if (call == test::DiskCall::kWrite &&
        path.find("cauce.topics") != path.npos) {
      ++writes;
    }
    return absl::OkStatus();
  });

  EXPECT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(Read("again"), ElementsAre(0, 1));
  EXPECT_EQ(writes, 0);
  disk_->set_plan(nullptr);
}

TEST_F(FullDiskEngine, SaysThatWhatItCannotMarkAsClosedIsSafe) {
  OpenAndMake("orders");
  AppendMany("orders", 5);
  Fill();
  const absl::Status closed = engine_->Close();
  EXPECT_THAT(closed, HasReason(Reason::kDiskFull));
  EXPECT_THAT(std::string(MessageOf(closed)),
              HasSubstr("all that was acknowledged is stored"));
  Drain();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(Read("orders"), Range(0, 5));
}

}  // namespace
}  // namespace cauce
