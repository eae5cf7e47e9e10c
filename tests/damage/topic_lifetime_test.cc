// A topic that is deleted and made again under its name: nobody is ever shown
// what the old one held, whatever a power loss between leaves, and whoever
// still has a handle of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/io/file_error.h"
#include "fmt/format.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::AllChoices;
using test::Choices;
using test::DiskCall;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Sight;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kDirectory = "/data";
const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int64_t kOldRecords = 14;
constexpr int64_t kOldStart = 3;
constexpr int64_t kNever = -1;
// Of the places where the power may go it looks at every so many.
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kStride = 10;
#else
constexpr int64_t kStride = 1;
#endif

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 1;
};

TopicSpec Spec() {
  return {.configs = {{"internal.segment.bytes", "300"},
                      {"index.interval.bytes", "1"},
                      {"file.delete.delay.ms", "0"}}};
}

class TopicLifetime : public ::testing::Test {
 protected:
  // A topic of several segments, whose bounds are all saved.
  TopicLifetime() : base_(std::make_unique<FaultyDisk>(clock_)) {
    EXPECT_THAT(WriteOld(), IsOk());
    base_->CutNow();
  }

  absl::StatusOr<Engine> Open(FaultyDisk& disk) {
    return Engine::Open(
        kDirectory,
        {.file_system = &disk, .clock = &clock_, .random = &random_});
  }

  absl::Status WriteOld() {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(*base_));
    CAUCE_ASSIGN_OR_RETURN(const auto topic,
                           engine.CreateTopic("orders", Spec()));
    old_ = topic.id;
    for (int64_t i = 0; i < kOldRecords; ++i) {
      CAUCE_RETURN_IF_ERROR(
          test::AppendOne(engine, kOrders, fmt::format("old {}", i)).status());
    }
    CAUCE_ASSIGN_OR_RETURN(Partition orders,
                           engine.OpenPartition("orders", PartitionId{0}));
    CAUCE_RETURN_IF_ERROR(orders.DeleteRecordsBefore(Offset{kOldStart}));
    return engine.Close();
  }

  struct Ran {
    int64_t acknowledged = 0;  // new records that were durable by then
    bool to_its_end = false;
  };

  // Until the power goes.
  Ran DeleteAndMakeAgain(FaultyDisk& disk) {
    Ran ran;
    const absl::Status ended = [&]() -> absl::Status {
      CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(disk));
      // The log is open, and has to let go of its files.
      CAUCE_RETURN_IF_ERROR(
          engine.OpenPartition("orders", PartitionId{0}).status());
      CAUCE_RETURN_IF_ERROR(engine.DeleteTopic("orders"));
      CAUCE_RETURN_IF_ERROR(engine.CreateTopic("orders", Spec()).status());
      for (int64_t i = 0; i < 5; ++i) {
        CAUCE_RETURN_IF_ERROR(
            test::AppendOne(engine, kOrders, fmt::format("new {}", i))
                .status());
        ran.acknowledged = i + 1;
      }
      CAUCE_RETURN_IF_ERROR(engine.RunUpkeep());
      return engine.Close();
    }();
    ran.to_its_end = !disk.is_cut();
    EXPECT_EQ(ended.ok(), ran.to_its_end) << ended;
    disk.CutNow();
    return ran;
  }

  // One on which nothing has happened since the old topic was closed.
  std::unique_ptr<FaultyDisk> FreshDisk() {
    auto disk = base_->Copy();
    AllChoices nothing_is_unsynced;
    disk->Restart(nothing_is_unsynced);
    return disk;
  }

  // So many changes in a row, with this error.
  struct Failure {
    int64_t count;
    int error;
  };

  // From now on changes fail, from that of this number on, and no other. Behind
  // the first the power goes, in front of the change that many later. Returns
  // whether it has.
  static std::shared_ptr<bool> Fail(FaultyDisk& disk, int64_t number,
                                    const Failure& how, int64_t later) {
    const int64_t doomed = disk.changes() + number;
    const auto failed = std::make_shared<bool>(false);
    disk.set_plan([&disk, doomed, how, later, failed](
                      DiskCall call, std::string_view path, int64_t change) {
      const bool fails = IsChange(call) && change >= doomed &&
                         change < doomed + how.count;
      if (!fails) return absl::OkStatus();
      *failed = true;
      if (later != kNever) disk.CutBefore(doomed + how.count + later);
      return DataError(path, "planned to fail", how.error);
    });
    return failed;
  }

  struct MadeUntil {
    bool failed = false;
    bool was_cut = false;
  };

  MadeUntil FailToMake(FaultyDisk& disk, int64_t number, const Failure& how,
                       int64_t later) {
    auto engine = Open(disk);
    EXPECT_THAT(engine, IsOk());
    if (!engine.ok()) return {};
    const auto failed = Fail(disk, number, how, later);
    const auto made = engine->CreateTopic("new", Spec());
    EXPECT_EQ(made.ok(), !*failed);
    const MadeUntil until = {*failed, disk.is_cut()};
    disk.CutNow();  // the engine writes nothing at its end
    return until;
  }

  // The topic that may have been made.
  void ExpectWholeOrGone(FaultyDisk& disk) {
    for (const Finding& finding : test::VerifyAll(disk, kDirectory)) {
      // A save that ended between its two copies leaves an older one.
      EXPECT_THAT(finding.what, HasSubstr("a save ended in between"))
          << finding.file;
    }
    auto engine = Open(disk);
    ASSERT_THAT(engine, IsOk());
    const bool is_there = engine->DescribeTopic("new").ok();
    if (!is_there) {
      EXPECT_THAT(engine->CreateTopic("new", Spec()), IsOk());
    }
    EXPECT_THAT(test::AppendOne(*engine, {"new", PartitionId{0}}, "v"),
                IsOkAndHolds(Offset{0}));
    disk.CutNow();
  }

  // `count` records from offset 0 on, as the new topic had them.
  static void ExpectNew(const Sight& sight, size_t count_min) {
    EXPECT_THAT(sight.ended, IsOk());
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_GE(sight.records.size(), count_min);
    int64_t next = 0;
    for (const auto& [offset, value] : sight.records) {
      EXPECT_EQ(offset, next);
      EXPECT_EQ(value, fmt::format("new {}", next++));
    }
  }

  // One state that the disk may be left in.
  void CheckOne(const FaultyDisk& cut, int64_t acknowledged, Choices& choices) {
    const auto disk = cut.Copy();
    disk->Restart(choices);
    Check(*disk, acknowledged);
  }

  void Check(FaultyDisk& disk, int64_t acknowledged) {
    const int64_t next = GoOn(disk, acknowledged);
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing);
    auto engine = Open(disk);
    ASSERT_THAT(engine, IsOk());
    ExpectNew(test::ReadOver(*engine, kOrders), static_cast<size_t>(next));
    ASSERT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(disk, kDirectory), IsEmpty());
  }

  // Finishes what was cut short, appends one record more, and returns how many
  // there are then.
  int64_t GoOn(FaultyDisk& disk, int64_t acknowledged) {
    auto engine = Open(disk);
    EXPECT_THAT(engine, IsOk());
    if (!engine.ok()) return 0;
    auto topic = engine->DescribeTopic("orders");
    if (topic.ok() && topic->id == old_) {
      // Nothing has happened yet: it is whole.
      EXPECT_EQ(acknowledged, 0);
      const Sight sight = test::ReadOver(*engine, kOrders);
      EXPECT_EQ(sight.records.size(), size_t{kOldRecords - kOldStart});
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(engine->DeleteTopic("orders"), IsOk());
      topic = engine->DescribeTopic("orders");
    }
    if (!topic.ok()) {
      EXPECT_THAT(topic, HasReason(Reason::kUnknownTopic));
      EXPECT_EQ(acknowledged, 0);
      EXPECT_THAT(engine->CreateTopic("orders", Spec()), IsOk());
    }
    const Sight before = test::ReadOver(*engine, kOrders);
    ExpectNew(before, static_cast<size_t>(acknowledged));
    const auto next = static_cast<int64_t>(before.records.size());
    EXPECT_THAT(test::AppendOne(*engine, kOrders, fmt::format("new {}", next)),
                IsOkAndHolds(Offset{next}));
    disk.CutNow();  // the engine writes nothing at its end
    return next + 1;
  }

  test::SimClock clock_;
  CountingRandom random_;
  std::unique_ptr<FaultyDisk> base_;
  TopicId old_;
};

TEST_F(TopicLifetime, NeverShowsOldRecordsWhereverThePowerGoes) {
  // More by seed is power_loss_test's; here is every place, and each of the
  // first few fates of what was unsynced there, nothing and all among them.
  constexpr int kFates = 6;
  for (int64_t cut = 0;; ++cut) {
    SCOPED_TRACE(fmt::format("cut before change {}", cut));
    const auto disk = base_->Copy();
    AllChoices nothing_is_unsynced;
    disk->Restart(nothing_is_unsynced);
    disk->CutBefore(disk->changes() + cut);
    const auto [acknowledged, to_its_end] = DeleteAndMakeAgain(*disk);
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    CheckOne(*disk, acknowledged, nothing);
    AllChoices all;
    for (int fate = 0; fate < kFates && !HasFailure(); ++fate) {
      CheckOne(*disk, acknowledged, all);
      if (!all.Next()) break;
    }
    test::RandomChoices random(static_cast<uint64_t>(cut));
    for (int fate = 0; fate < kFates && !HasFailure(); ++fate) {
      random.Turn();
      CheckOne(*disk, acknowledged, random);
    }
    // And where only the process died.
    disk->RestartProcess();
    Check(*disk, acknowledged);
    if (to_its_end || HasFailure()) return;
  }
}

// What the list of topics says once saving it has failed is not known: the
// disk may have it or not.
TEST_F(TopicLifetime, OneWhoseMakingFailsIsNeverListedWithoutItsDirectory) {
  // On a full disk taking it back fails as well.
  for (const Failure& how : {Failure{1, EIO}, Failure{2, ENOSPC}}) {
    MadeUntil until = {.failed = true};
    for (int64_t number = 0; until.failed && !HasFailure(); ++number) {
      until.was_cut = true;
      for (int64_t later = 1 + number % kStride; until.was_cut && !HasFailure();
           later += kStride) {
        SCOPED_TRACE(fmt::format("change {} fails, the power goes {} later",
                                 number, later));
        const auto disk = FreshDisk();
        until = FailToMake(*disk, number, how, later);
        for (const auto answer :
             {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
          const auto left = disk->Copy();
          AlikeButOne choices(answer);
          left->Restart(choices);
          ExpectWholeOrGone(*left);
        }
      }
    }
  }
}

// Who was told that it failed may go on with the topic, or is told that he
// cannot.
TEST_F(TopicLifetime, OneWhoseDeletionFailsKeepsWhatIsAppendedAfterwards) {
  int kept = 0;
  bool failed = true;
  for (int64_t number = 0; failed && !HasFailure(); ++number) {
    SCOPED_TRACE(fmt::format("change {} fails", number));
    const auto disk = FreshDisk();
    auto engine = Open(*disk);
    ASSERT_THAT(engine, IsOk());
    const auto failure = Fail(*disk, number, {1, EIO}, kNever);
    const absl::Status deleted = engine->DeleteTopic("orders");
    failed = *failure;
    if (deleted.ok()) continue;
    disk->set_plan(nullptr);
    const auto added = test::AppendOne(*engine, kOrders, "after all");
    disk->CutNow();
    engine = absl::UnknownError("the engine is gone");

    if (!added.ok()) {
      EXPECT_THAT(added, HasReason(Reason::kUnknownTopic));
      continue;
    }
    ++kept;
    for (const auto answer :
         {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
      const auto left = disk->Copy();
      AlikeButOne choices(answer);
      left->Restart(choices);
      engine = Open(*left);
      ASSERT_THAT(engine, IsOk());
      EXPECT_THAT(test::ReadOver(*engine, kOrders).records,
                  Contains(Pair(added->value, "after all")));
      left->CutNow();
      engine = absl::UnknownError("the engine is gone");
    }
  }
  EXPECT_GT(kept, 0);
}

TEST_F(TopicLifetime, HandlesAndCursorsOfTheOldTopicSeeNothingOfTheNew) {
  AllChoices nothing_is_unsynced;
  base_->Restart(nothing_is_unsynced);
  auto engine = Open(*base_);
  ASSERT_THAT(engine, IsOk());
  auto handle = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(handle, IsOk());
  // One within a batch's segment, one that never read, one at the end.
  Cursor inside = handle->Read(Offset{kOldStart});
  Cursor fresh = handle->Read(Offset{kOldStart});
  Cursor at_end = handle->Read(Offset{kOldRecords});
  RecordView record;
  ASSERT_THAT(inside.Next(&record), IsOkAndHolds(true));
  ASSERT_THAT(at_end.Next(&record), IsOkAndHolds(false));

  ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine->CreateTopic("orders", Spec()), IsOk());
  for (int64_t i = 0; i < kOldRecords + 2; ++i) {
    ASSERT_THAT(test::AppendOne(*engine, kOrders, fmt::format("new {}", i)),
                IsOk());
  }

  for (Cursor* const cursor : {&inside, &fresh, &at_end}) {
    EXPECT_THAT(cursor->Next(&record), HasReason(Reason::kUnknownTopic));
    EXPECT_THAT(cursor->SkipDamage(), HasReason(Reason::kUnknownTopic));
    cursor->Seek(Offset{kOldStart});
    EXPECT_THAT(cursor->Next(&record), HasReason(Reason::kUnknownTopic));
  }
  const Record late{.key = "k", .value = "of the old one"};
  EXPECT_THAT(handle->Append({&late, 1}), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->TruncateTo(Offset{kOldStart}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->DeleteRecordsBefore(Offset{9}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->FindByTime(Timestamp{0}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->WaitFor(Offset{kOldRecords}, absl::InfiniteDuration()),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->Flush(), HasReason(Reason::kUnknownTopic));
  // Nor does upkeep, or the end of the handle, do anything to the new one.
  EXPECT_THAT(engine->RunUpkeep(), IsOk());
  {
    const Partition gone = *std::move(handle);
  }
  ExpectNew(test::ReadOver(*engine, kOrders), kOldRecords + 2);
  ASSERT_THAT(engine->Close(), IsOk());
  engine = Open(*base_);
  ASSERT_THAT(engine, IsOk());
  ExpectNew(test::ReadOver(*engine, kOrders), kOldRecords + 2);
}

// Whether it comes to its end or asks where a record is.
TEST_F(TopicLifetime, AHandleOfAnotherProcessEndsWithTheOldTopic) {
  AllChoices nothing_is_unsynced;
  base_->Restart(nothing_is_unsynced);
  auto engine = Open(*base_);
  ASSERT_THAT(engine, IsOk());
  const auto viewer = Engine::Open(kDirectory, {.access = Access::kReadOnly,
                                                .file_system = base_.get(),
                                                .clock = &clock_});
  ASSERT_THAT(viewer, IsOk());
  auto handle = viewer->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(handle, IsOk());
  Cursor at_end = handle->Read(Offset{kOldRecords});
  RecordView record;
  ASSERT_THAT(at_end.Next(&record), IsOkAndHolds(false));

  ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine->CreateTopic("orders", Spec()), IsOk());
  for (int64_t i = 0; i < kOldRecords + 2; ++i) {
    ASSERT_THAT(test::AppendOne(*engine, kOrders, fmt::format("new {}", i)),
                IsOk());
  }

  EXPECT_THAT(at_end.Next(&record), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(handle->FindByTime(Timestamp{0}),
              HasReason(Reason::kUnknownTopic));
  ExpectNew(test::ReadOver(*viewer, kOrders), kOldRecords + 2);
  ASSERT_THAT(engine->Close(), IsOk());
}

// As after a restored copy of the checkpoints, or a crash of something else
// that writes them.
TEST_F(TopicLifetime, BoundsThatWereSavedOfTheOldTopicAreNotTheNewOnes) {
  AllChoices nothing_is_unsynced;
  base_->Restart(nothing_is_unsynced);
  test::FileTree stale = test::Gather(*base_, kDirectory);
  std::erase_if(stale, [](const auto& file) {
    return !file.first.ends_with("-offset-checkpoint");
  });
  ASSERT_EQ(stale.size(), 2u);
  {
    auto engine = Open(*base_);
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine->Close(), IsOk());
  }
  for (const auto& [name, bytes] : stale) {
    const auto file = base_->Open(fmt::format("{}/{}", kDirectory, name),
                                  OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Truncate(0), IsOk());
    ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  }
  auto engine = Open(*base_);
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(engine->CreateTopic("orders", Spec()), IsOk());
  EXPECT_THAT(test::AppendOne(*engine, kOrders, "new 0"),
              IsOkAndHolds(Offset{0}));
  base_->CutNow();
  engine = absl::UnknownError("the engine is gone");
  AlikeButOne nothing(AlikeButOne::Answer::kFirst);
  base_->Restart(nothing);
  engine = Open(*base_);
  ASSERT_THAT(engine, IsOk());
  ExpectNew(test::ReadOver(*engine, kOrders), 1);
}

}  // namespace
}  // namespace cauce
