#include "engine/facade/bounds_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TopicPartition kOrders{"orders", PartitionId{0}};
const TopicPartition kReturns{"returns", PartitionId{7}};

class Bounds : public ::testing::Test {
 protected:
  Bounds() { EXPECT_THAT(files_->CreateDirectories("/data"), test::IsOk()); }

  // Reads the files anew, as the next open does.
  LogBounds Saved(const TopicPartition& partition) {
    BoundsCheckpoint again(*files_, "/data", clock_);
    EXPECT_THAT(again.Load([this](Severity, std::string_view line) {
      events_.emplace_back(line);
    }),
                test::IsOk());
    return again.Of(partition);
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  const std::unique_ptr<test::FailingFileSystem> files_ =
      std::make_unique<test::FailingFileSystem>(*memory_);
  BoundsCheckpoint bounds_{*files_, "/data", clock_};
  std::vector<std::string> events_;
};

TEST_F(Bounds, NothingIsKnownOfAPartitionThatWasNeverSaved) {
  EXPECT_EQ(Saved(kOrders), LogBounds{});
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(Bounds, SaveIsDurableAtOnceAndSetOnlyWithSaveAll) {
  const LogBounds orders{Offset{10}, Offset{3}};
  const LogBounds returns{Offset{5}, Offset{0}};
  ASSERT_THAT(bounds_.Save(kOrders, orders), test::IsOk());
  bounds_.Set(kReturns, returns);
  EXPECT_EQ(Saved(kOrders), orders);
  EXPECT_EQ(Saved(kReturns), LogBounds{});

  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), orders);
  EXPECT_EQ(Saved(kReturns), returns);
}

TEST_F(Bounds, AForgottenTopicBeginsAnew) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  ASSERT_THAT(bounds_.Save(kReturns, {Offset{5}, Offset{5}}), test::IsOk());
  bounds_.Forget("orders");
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), LogBounds{});
  EXPECT_EQ(Saved(kReturns), (LogBounds{Offset{5}, Offset{5}}));
}

TEST_F(Bounds, OfATopicThatIsDisregardedAreNoneHoweverOftenTheyAreRead) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  ASSERT_THAT(bounds_.Save(kReturns, {Offset{5}, Offset{5}}), test::IsOk());
  BoundsCheckpoint reader(*files_, "/data", clock_);
  reader.Disregard({"orders"});
  ASSERT_THAT(reader.LoadIfChanged(clock_.Now(), nullptr), test::IsOk());
  EXPECT_EQ(reader.Of(kOrders), LogBounds{});
  EXPECT_FALSE(reader.KnowsStartOf(kOrders));
  EXPECT_EQ(reader.Of(kReturns), (LogBounds{Offset{5}, Offset{5}}));

  reader.Disregard({});
  EXPECT_EQ(reader.Of(kOrders), (LogBounds{Offset{10}, Offset{3}}));
  EXPECT_TRUE(reader.KnowsStartOf(kOrders));
}

TEST_F(Bounds, AreReadAgainWhereTheyWereSavedSinceAndOnlyThere) {
  BoundsCheckpoint reader(*files_, "/data", clock_);
  const LogBounds first{Offset{10}, Offset{3}};
  ASSERT_THAT(bounds_.Save(kOrders, first), test::IsOk());
  const int before = files_->Count(test::FileCall::kOpen, "-offset-checkpoint");
  clock_.Advance(absl::Minutes(1));
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(reader.LoadIfChanged(clock_.Now(), nullptr), test::IsOk());
  }
  EXPECT_EQ(files_->Count(test::FileCall::kOpen, "-offset-checkpoint") - before,
            2);
  EXPECT_EQ(reader.Of(kOrders), first);

  // Each of the same size, and the last two written at the same time.
  int64_t offset = 11;
  for (const int minutes : {1, 0, 0}) {
    const LogBounds next{Offset{offset++}, Offset{4}};
    ASSERT_THAT(bounds_.Save(kOrders, next), test::IsOk());
    clock_.Advance(absl::Minutes(minutes));
    ASSERT_THAT(reader.LoadIfChanged(clock_.Now(), nullptr), test::IsOk());
    EXPECT_EQ(reader.Of(kOrders), next);
  }
}

TEST_F(Bounds, AreReadAgainAfterAReadThatFailed) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  clock_.Advance(absl::Minutes(1));
  BoundsCheckpoint reader(*files_, "/data", clock_);
  files_->Fail(test::FileCall::kRead, "log-start-offset-checkpoint",
               MakeError(Reason::kDiskFailed, "no"), 0, 1);
  EXPECT_THAT(reader.LoadIfChanged(clock_.Now(), nullptr),
              test::HasReason(Reason::kDiskFailed));
  ASSERT_THAT(reader.LoadIfChanged(clock_.Now(), nullptr), test::IsOk());
  EXPECT_EQ(reader.Of(kOrders).log_start, Offset{3});
}

// As a reader does beside a writer who deletes a topic and makes another.
TEST_F(Bounds, WhatTheFilesDoNotSayAnyMoreIsNotRemembered) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{1000}, Offset{500}}), test::IsOk());
  BoundsCheckpoint reader(*files_, "/data", clock_);
  ASSERT_THAT(reader.Load(nullptr), test::IsOk());
  ASSERT_EQ(reader.Of(kOrders), (LogBounds{Offset{1000}, Offset{500}}));

  bounds_.Forget("orders");
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{0}}), test::IsOk());
  ASSERT_THAT(reader.Load(nullptr), test::IsOk());
  EXPECT_EQ(reader.Of(kOrders), (LogBounds{Offset{10}, Offset{0}}));

  bounds_.Forget("orders");
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  ASSERT_THAT(reader.Load(nullptr), test::IsOk());
  EXPECT_EQ(reader.Of(kOrders), LogBounds{});
}

TEST_F(Bounds, AStartIsSavedWhereItIsKnownAndZeroToo) {
  const auto saved = [&] {
    const auto starts = ReadOffsetCheckpoint(*files_, "/data", kLogStartFile);
    EXPECT_THAT(starts, test::IsOk());
    return starts.value_or(OffsetCheckpoint());
  };
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{0}}), test::IsOk());
  EXPECT_EQ(saved(), (OffsetCheckpoint{{kOrders, Offset{0}}}));

  // Both files are lost: of a log that was not opened since nothing is known.
  ASSERT_THAT(files_->RemoveFile("/data/log-start-offset-checkpoint"),
              test::IsOk());
  ASSERT_THAT(files_->RemoveFile("/data/cauce.log-starts"), test::IsOk());
  BoundsCheckpoint next(*files_, "/data", clock_);
  ASSERT_THAT(next.Load(nullptr), test::IsOk());
  ASSERT_THAT(next.Save(kReturns, {Offset{5}, Offset{0}}), test::IsOk());
  EXPECT_EQ(saved(), (OffsetCheckpoint{{kReturns, Offset{0}}}));
}

TEST_F(Bounds, ReachAsFarAsALogThatWasClosed) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  ASSERT_THAT(bounds_.Save(kReturns, {Offset{9}, Offset{0}}), test::IsOk());
  const std::string part = *EncodeKnownLog(
      {.segments = {{Offset{0}, 100}}, .end = Offset{9}});
  const auto bytes = FormatManifest(
      {{kOrders, {.part = part}}, {kReturns, {.part = part}}}, BoundsSums());
  ASSERT_TRUE(bytes.has_value());
  const auto manifest = Manifest::Parse("cauce.segments", *bytes);
  ASSERT_THAT(manifest, test::IsOk());
  EXPECT_EQ(bounds_.RaiseToKnown(*manifest), std::nullopt);

  // Of one of them an older one came back.
  bounds_.Set(kReturns, {Offset{4}, Offset{0}});
  EXPECT_EQ(bounds_.RaiseToKnown(*manifest), kReturns);
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{10}, Offset{3}}));
  EXPECT_EQ(Saved(kReturns), (LogBounds{Offset{9}, Offset{0}}));
}

TEST_F(Bounds, KnowOfWhichLogsNoFileSaysAPoint) {
  const std::string part = *EncodeKnownLog(
      {.segments = {{Offset{0}, 100}}, .end = Offset{9}});
  const auto bytes = FormatManifest(
      {{kOrders, {.part = part}}, {kReturns, {.part = part}}}, BoundsSums());
  const auto manifest = Manifest::Parse("cauce.segments", *bytes);
  ASSERT_THAT(manifest, test::IsOk());
  const auto without = [&](const BoundsCheckpoint& bounds) {
    std::vector<TopicPartition> names;
    for (const auto& [name, known] : bounds.WithoutPoint(*manifest)) {
      EXPECT_EQ(known.end, Offset{9});
      names.push_back(name);
    }
    return names;
  };
  EXPECT_THAT(without(bounds_), ElementsAre(kOrders, kReturns));
  // That it starts somewhere says nothing of it, and zero is a point.
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile,
                                    {{kOrders, Offset{0}}}),
              test::IsOk());
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kRecoveryPointFile,
                                    {{kReturns, Offset{0}}}),
              test::IsOk());
  ASSERT_THAT(bounds_.Load(nullptr), test::IsOk());
  EXPECT_THAT(without(bounds_), ElementsAre(kOrders));

  bounds_.SetPoint(kOrders, Offset{9});
  EXPECT_THAT(without(bounds_), IsEmpty());
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{9}, Offset{0}}));
}

TEST_F(Bounds, ADamagedFileCountsAsEmptyAndIsTold) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  auto file = files_->Open("/data/recovery-point-offset-checkpoint",
                           OpenMode::kReadWrite);
  ASSERT_THAT(file, test::IsOk());
  ASSERT_THAT((*file)->Write(0, "x"), test::IsOk());

  // The log start stands in a file of its own, and so does its damage.
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{0}, Offset{3}}));
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_THAT(events_[0], HasSubstr("recovery-point-offset-checkpoint"));
}

// It is read anew for every partition while it may still be changing.
TEST_F(Bounds, ADamagedFileIsToldOnceUntilItIsWhole) {
  BoundsCheckpoint reader(*files_, "/data", clock_);
  const auto load = [&] {
    return reader.Load([this](Severity, std::string_view line) {
      events_.emplace_back(line);
    });
  };
  for (const size_t times : {1, 2}) {
    ASSERT_THAT(bounds_.Save(kOrders, {Offset{static_cast<int64_t>(10 * times)},
                                       Offset{3}}),
                test::IsOk());
    ASSERT_THAT(load(), test::IsOk());
    const auto file = files_->Open("/data/recovery-point-offset-checkpoint",
                                   OpenMode::kReadWrite);
    ASSERT_THAT(file, test::IsOk());
    ASSERT_THAT((*file)->Write(0, "x"), test::IsOk());
    for (int loads = 0; loads < 3; ++loads) {
      ASSERT_THAT(load(), test::IsOk());
      EXPECT_THAT(events_, SizeIs(times));
    }
  }
}

TEST_F(Bounds, ADamagedVersionIsDamageAndANewerOneIsRefused) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  const auto write = [&](std::string_view name, std::string_view bytes) {
    const auto file =
        files_->Open(fmt::format("/data/{}", name), OpenMode::kReadWrite);
    ASSERT_THAT(file, test::IsOk());
    ASSERT_THAT((*file)->Write(0, bytes), test::IsOk());
  };
  write("log-start-offset-checkpoint", "1");
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{10}, Offset{3}}));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("cauce.log-starts is whole")));
  events_.clear();
  // Neither is whole.
  write("cauce.log-starts", "x");
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{10}, Offset{0}}));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("deleted by request"),
                                   HasSubstr("cauce.log-starts")));

  write("log-start-offset-checkpoint", "1\n1\norders 0 3 x\n");
  BoundsCheckpoint newer(*files_, "/data", clock_);
  EXPECT_THAT(newer.Load(nullptr), test::HasReason(Reason::kUnsupportedFormat));
}

TEST_F(Bounds, AStartThatDiffersIsToldAndSavedAnewAsItIsTaken) {
  bounds_.Set(kReturns, {Offset{5}, Offset{2}});
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  const OffsetCheckpoint changed{{kOrders, Offset{8}}, {kReturns, Offset{2}}};
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile, changed),
              test::IsOk());

  BoundsCheckpoint next(*files_, "/data", clock_);
  ASSERT_THAT(next.Load([this](Severity, std::string_view line) {
    events_.emplace_back(line);
  }),
              test::IsOk());
  EXPECT_THAT(events_,
              ElementsAre(AllOf(HasSubstr("/data: orders-0 starts at offset 8"),
                                HasSubstr("at 3 as cauce.log-starts does"),
                                HasSubstr("to start at 3"))));
  EXPECT_EQ(next.Of(kOrders).log_start, Offset{3});
  ASSERT_THAT(next.SaveAll(), test::IsOk());
  EXPECT_THAT(ReadOffsetCheckpoint(*files_, "/data", kLogStartFile),
              test::IsOkAndHolds(OffsetCheckpoint{{kOrders, Offset{3}},
                                                  {kReturns, Offset{2}}}));
}

TEST_F(Bounds, AStartThatOneFileAloneSaysIsToldAndTheSegmentsAreBelieved) {
  bounds_.Set(kReturns, {Offset{5}, Offset{2}});
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{0}}), test::IsOk());
  ASSERT_THAT(files_->CreateDirectories("/data/returns-7"), test::IsOk());
  ASSERT_THAT(files_->Open("/data/returns-7/00000000000000000000.log",
                           OpenMode::kCreate),
              test::IsOk());
  // The other one's name in place of its own.
  const OffsetCheckpoint changed{{kOrders, Offset{0}},
                                 {{"rfturns", PartitionId{7}}, Offset{2}}};
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile, changed),
              test::IsOk());
  EXPECT_EQ(Saved(kReturns), (LogBounds{Offset{5}, Offset{0}}));
  EXPECT_THAT(
      events_,
      ElementsAre(AllOf(HasSubstr("/data: returns-7 starts at offset 2"),
                        HasSubstr("to start at 0")),
                  HasSubstr("/data: rfturns-7 starts at offset 2")));
}

// As a broker's: all that it says is taken, and kept with a checksum from then
// on.
TEST_F(Bounds, ADirectoryWithoutTheCopyGetsItWithTheNextSave) {
  const OffsetCheckpoint theirs{{kOrders, Offset{8}}};
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile, theirs),
              test::IsOk());
  BoundsCheckpoint next(*files_, "/data", clock_);
  ASSERT_THAT(next.Load([this](Severity, std::string_view line) {
    events_.emplace_back(line);
  }),
              test::IsOk());
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_EQ(next.Of(kOrders).log_start, Offset{8});
  ASSERT_THAT(next.SaveAll(), test::IsOk());
  EXPECT_THAT(files_->Info("/data/cauce.log-starts"), test::IsOk());
  // And no other save of starts that are the same.
  const int before = files_->Count(test::FileCall::kSync, "log-starts.tmp");
  ASSERT_THAT(next.Save(kOrders, {Offset{20}, Offset{8}}), test::IsOk());
  EXPECT_EQ(files_->Count(test::FileCall::kSync, "log-starts.tmp"), before);
}

TEST_F(Bounds, OfManyStartsThatDifferSomeAreNamedAndTheOthersCounted) {
  OffsetCheckpoint changed;
  for (int32_t p = 0; p < 1000; ++p) {
    const TopicPartition name{"orders", PartitionId{p}};
    bounds_.Set(name, {Offset{10}, Offset{3}});
    changed[name] = Offset{4};
  }
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile, changed),
              test::IsOk());
  EXPECT_EQ(Saved(kOrders).log_start, Offset{3});
  EXPECT_THAT(events_, SizeIs(101));
  EXPECT_THAT(events_.back(), HasSubstr("in 900 partitions more"));
}

TEST_F(Bounds, NothingIsWrittenOnceTheDirectoryIsSomebodyElses) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  bounds_.Close();

  bounds_.Set(kReturns, {Offset{5}, Offset{0}});
  EXPECT_THAT(bounds_.SaveAll(), test::HasReason(Reason::kClosed));
  EXPECT_THAT(bounds_.Save(kOrders, {Offset{99}, Offset{3}}),
              test::HasReason(Reason::kClosed));
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{10}, Offset{3}}));
  EXPECT_EQ(Saved(kReturns), LogBounds{});
}

TEST_F(Bounds, MuchWorkIsSavedAndLittleWaits) {
  int64_t offset = 0;
  const auto work = [&](int64_t bytes, int64_t segments) {
    bounds_.Set(kOrders, {Offset{++offset}, Offset{0}});
    const bool due = bounds_.NoteWork({bytes, segments});
    EXPECT_THAT(bounds_.SaveWork(), test::IsOk());
    return due;
  };
  for (int i = 0; i < 15; ++i) EXPECT_FALSE(work(100, 1));
  EXPECT_EQ(Saved(kOrders), LogBounds{});
  EXPECT_TRUE(work(100, 1));
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{16}, Offset{0}}));

  EXPECT_FALSE(work(100, 1));
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{16}, Offset{0}}));
  EXPECT_TRUE(work(int64_t{1} << 30, 0));
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{18}, Offset{0}}));
}

TEST_F(Bounds, LittleWorkIsSavedOnceTheLastSaveIsTwentyTimesAsOldAsItTook) {
  const auto is_due = [this] { return bounds_.NoteWork({.segments = 1}); };
  EXPECT_FALSE(is_due());
  clock_.Advance(absl::Milliseconds(100));
  files_->set_during(test::FileCall::kSync,
                     "recovery-point-offset-checkpoint.tmp",
                     [this] { clock_.Advance(absl::Milliseconds(30)); });
  bounds_.Set(kOrders, {Offset{7}, Offset{0}});
  EXPECT_TRUE(is_due());
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{7}, Offset{0}}));

  clock_.Advance(absl::Milliseconds(599));
  EXPECT_FALSE(is_due());
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(is_due());
  // A save without a change takes no time.
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  clock_.Advance(absl::Milliseconds(99));
  EXPECT_FALSE(is_due());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(is_due());
}

TEST_F(Bounds, LittleWorkIsSavedAfterAWaitThoughNothingMoreComes) {
  EXPECT_EQ(bounds_.TakeWait(), std::nullopt);
  bounds_.Set(kOrders, {Offset{7}, Offset{0}});
  clock_.Advance(absl::Milliseconds(40));
  EXPECT_FALSE(bounds_.NoteWork({.segments = 1}));
  EXPECT_EQ(bounds_.TakeWait(), absl::Milliseconds(60));
  EXPECT_EQ(bounds_.TakeWait(), std::nullopt) << "one waits";
  clock_.Advance(absl::Milliseconds(60));
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{7}, Offset{0}}));
  EXPECT_EQ(bounds_.TakeWait(), std::nullopt);

  // What cannot be saved is not tried again and again.
  files_->Fail(test::FileCall::kSync, ".tmp",
               MakeError(Reason::kDiskFailed, "no"));
  bounds_.Set(kOrders, {Offset{8}, Offset{0}});
  EXPECT_FALSE(bounds_.NoteWork({.segments = 1}));
  EXPECT_EQ(bounds_.TakeWait(), absl::Milliseconds(100));
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_THAT(bounds_.SaveWork(), test::HasReason(Reason::kDiskFailed));
  EXPECT_FALSE(bounds_.NoteWork({.segments = 1}));
  EXPECT_EQ(bounds_.TakeWait(), std::nullopt);
}

// Whoever was asked may be gone before it does so.
TEST_F(Bounds, WorkThatAnothersSaveHasSavedIsAskedForAnew) {
  bounds_.Set(kOrders, {Offset{1}, Offset{0}});
  EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
}

TEST_F(Bounds, WorkIsAskedToBeSavedOnceUntilItIs) {
  bounds_.Set(kOrders, {Offset{1}, Offset{0}});
  EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
  EXPECT_FALSE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  EXPECT_FALSE(bounds_.NoteWork({.segments = 1}));
  EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
}

TEST_F(Bounds, AFailedSaveIsTriedAgainAfterAsMuchWorkAndNotWithEverySync) {
  files_->Fail(test::FileCall::kSync, ".tmp",
               MakeError(Reason::kDiskFailed, "no"));
  bounds_.Set(kOrders, {Offset{2}, Offset{0}});
  for (int tries = 0; tries < 3; ++tries) {
    EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
    EXPECT_THAT(bounds_.SaveWork(), test::HasReason(Reason::kDiskFailed));
    for (int syncs = 0; syncs < 10; ++syncs) {
      clock_.Advance(absl::Seconds(1));
      EXPECT_FALSE(bounds_.NoteWork({.segments = 1})) << syncs;
    }
  }
  files_->Mend();
  EXPECT_TRUE(bounds_.NoteWork({.bytes = int64_t{1} << 30}));
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), (LogBounds{Offset{2}, Offset{0}}));
}

TEST_F(Bounds, NobodyButWhoSavesWaitsForTheFiles) {
  const LogBounds orders{Offset{10}, Offset{3}};
  const LogBounds returns{Offset{5}, Offset{0}};
  int during = 0;
  // Nothing goes on before the other partition's thread is done.
  files_->set_during(test::FileCall::kSync, "-checkpoint.tmp", [&] {
    ++during;
    std::thread other([&] {
      bounds_.Set(kReturns, returns);
      EXPECT_EQ(bounds_.Of(kReturns), returns);
      bounds_.NoteWork({.bytes = int64_t{1} << 30});
      EXPECT_THAT(bounds_.SaveWork(), test::IsOk());
    });
    other.join();
  });
  ASSERT_THAT(bounds_.Save(kOrders, orders), test::IsOk());
  files_->Mend();
  EXPECT_EQ(during, 2);
  EXPECT_EQ(Saved(kOrders), orders);
  EXPECT_EQ(Saved(kReturns), LogBounds{});

  // What was Set meanwhile is saved by the next.
  ASSERT_THAT(bounds_.SaveWork(), test::IsOk());
  EXPECT_EQ(Saved(kReturns), returns);
}

TEST_F(Bounds, WhatCouldNotBeSavedIsSavedByTheNext) {
  const LogBounds orders{Offset{10}, Offset{3}};
  for (const std::string file :
       {"log-start-offset-checkpoint", "cauce.log-starts",
        "recovery-point-offset-checkpoint"}) {
    files_->Fail(test::FileCall::kSync, file + ".tmp",
                 MakeError(Reason::kDiskFailed, "no"));
    EXPECT_THAT(bounds_.Save(kOrders, orders),
                test::HasReason(Reason::kDiskFailed));
    // Not the end of a log whose start is unknown.
    EXPECT_EQ(Saved(kOrders).recovery_point, Offset{0});
    files_->Mend();
  }
  ASSERT_THAT(bounds_.SaveAll(), test::IsOk());
  EXPECT_EQ(Saved(kOrders), orders);
}

TEST_F(Bounds, AFileWhoseBoundsAreTheSameIsNotWrittenAgain) {
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{10}, Offset{3}}), test::IsOk());
  const std::string starts = "/data/log-start-offset-checkpoint";
  const std::string points = "/data/recovery-point-offset-checkpoint";
  ASSERT_THAT(files_->RemoveFile(starts), test::IsOk());
  ASSERT_THAT(bounds_.Save(kOrders, {Offset{11}, Offset{3}}), test::IsOk());
  EXPECT_THAT(files_->Info(starts).status(),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files_->Info(points), test::IsOk());

  ASSERT_THAT(bounds_.Save(kOrders, {Offset{11}, Offset{4}}), test::IsOk());
  EXPECT_THAT(files_->Info(starts), test::IsOk());
}

}  // namespace
}  // namespace cauce
