#include "engine/facade/open_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kFirst{"orders", PartitionId{0}};

class OpenLogsTest : public ::testing::Test {
 protected:
  OpenLogsTest() {
    auto environment = std::make_shared<LogEnvironment>();
    environment->files = &files_;
    environment->pool = std::make_shared<FilePool>(files_, 100);
    environment->clock = &clock_;
    environment->random = SystemRandom();
    environment->events = [this](Severity, std::string_view line) {
      events_.emplace_back(line);
    };
    environment->note_bounds = [this](const TopicPartition& partition,
                                      const LogBounds& bounds) {
      bounds_->Set(partition, bounds);
    };
    environment->save_epochs = [this](const TopicPartition& partition,
                                      std::span<const EpochStart> starts) {
      return WriteEpochCheckpoint(files_, directories_.PathOf(partition),
                                  starts);
    };
    logs_ = std::make_unique<OpenLogs>(std::move(environment), bounds_,
                                       first_dirty_, known_, directories_,
                                       Access::kReadWrite);
    topic_.name = "orders";
    topic_.id.bytes[0] = 7;
    topic_.partitions = 2;
    EXPECT_THAT(files_.CreateDirectories("/data"), IsOk());
    EXPECT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  }

  std::shared_ptr<Log> Open(int32_t partition) {
    auto log = logs_->Open(topic_, PartitionId{partition});
    EXPECT_THAT(log, IsOk());
    return log.ok() ? *log : nullptr;
  }
  static void Append(Log& log, Ack ack = Ack::kDurable) {
    const Record record{.key = "k", .value = "v"};
    ASSERT_THAT(log.Append({&record, 1}, {.ack = ack}), IsOk());
  }
  static absl::Status Closed() { return MakeError(Reason::kClosed, "closed"); }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  test::FailingFileSystem files_{*memory_};
  TopicCatalog catalog_;
  PartitionDirectories directories_{files_, "/data", catalog_};
  const std::shared_ptr<BoundsCheckpoint> bounds_ =
      std::make_shared<BoundsCheckpoint>(files_, "/data", clock_);
  const FirstDirtyCheckpoint first_dirty_{files_, "/data"};
  KnownLogs known_{files_, "/data"};
  std::unique_ptr<OpenLogs> logs_;
  TopicEntry topic_;
  std::vector<std::string> events_;
};

TEST_F(OpenLogsTest, OpenALogOnce) {
  const auto log = Open(0);
  EXPECT_EQ(Open(0), log);
  EXPECT_EQ(logs_->Find(kFirst), log);
  EXPECT_THAT(logs_->Names(), ElementsAre(kFirst));
  EXPECT_THAT(logs_->Open(topic_, PartitionId{2}),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(logs_->Open(topic_, PartitionId{-1}),
              HasReason(Reason::kUnknownPartition));
  ASSERT_THAT(directories_.RemoveTree("orders-1"), IsOk());
  EXPECT_THAT(logs_->Open(topic_, PartitionId{1}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OpenLogsTest, FurnishADirectoryDurablyBeforeTheFirstAppend) {
  const auto synced = [this](std::string_view name) {
    return files_.Count(FileCall::kSync, "orders-1/" + std::string(name));
  };
  EXPECT_EQ(files_.Count(FileCall::kOpen, "orders-1/partition.metadata"), 0);
  Open(1);
  EXPECT_EQ(synced("leader-epoch-checkpoint.tmp"), 1);
  EXPECT_EQ(synced("partition.metadata.tmp"), 1);
  // Names are durable along with the first record.
  EXPECT_EQ(files_.Count(FileCall::kSyncDirectory, "orders-1"), 0);
  Append(*Open(1));
  EXPECT_EQ(files_.changes().back(), "sync /data/orders-1");
  // With records in it, it is furnished.
  const TopicPartition second{"orders", PartitionId{1}};
  ASSERT_THAT(logs_->LetGo(second), IsOk());
  Append(*Open(1));
  EXPECT_EQ(synced("leader-epoch-checkpoint.tmp"), 1);
}

TEST_F(OpenLogsTest, LetGoOfWhatNobodyHas) {
  auto log = Open(0);
  Append(*log);
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  EXPECT_EQ(logs_->Find(kFirst), log) << "somebody has it";
  EXPECT_TRUE(logs_->IsInUse(kFirst));

  Append(*log, Ack::kWritten);
  log.reset();
  EXPECT_FALSE(logs_->IsInUse(kFirst));
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  EXPECT_NE(logs_->Find(kFirst), nullptr) << "not all of it is durable";

  ASSERT_THAT(logs_->Find(kFirst)->Flush(), IsOk());
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  EXPECT_THAT(logs_->Names(), IsEmpty());
  EXPECT_EQ(bounds_->Of(kFirst), (LogBounds{Offset{2}, Offset{0}}));
}

TEST_F(OpenLogsTest, TellWhatIsWrongWithALogOnceHoweverOftenItIsUsed) {
  logs_->set_clean_stop(true);
  bounds_->Set(kFirst, {Offset{5}, Offset{0}});
  ASSERT_THAT(files_.Open("/data/orders-0/00000000000000000005.log",
                          OpenMode::kCreate),
              IsOk());
  const auto told = [this] {
    return std::ranges::count_if(events_, [](const std::string& line) {
      return line.find("the oldest segment begins") != std::string::npos;
    });
  };
  Open(0);
  EXPECT_EQ(told(), 1);
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  Open(0);
  EXPECT_EQ(told(), 1);
  EXPECT_THAT(logs_->CloseAll(Closed()), IsOk());
}

TEST_F(OpenLogsTest, WhatWasLetGoNeedsNoRecovery) {
  Append(*Open(0));
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  const auto changes = files_.changes().size();
  EXPECT_EQ(Open(0)->log_end(), Offset{1});
  EXPECT_EQ(files_.changes().size(), changes);
}

TEST_F(OpenLogsTest, RememberFewHandlesOfDormantLogsThatAreGone) {
  constexpr int32_t kMany = 5 * OpenLogs::kGoneSleepersMax;
  ASSERT_THAT(directories_.Make(topic_, topic_.partitions, kMany), IsOk());
  topic_.partitions = kMany;
  // Twice, since a close that changes the directory is not known for certain.
  for (const bool is_new : {true, false}) {
    for (int32_t p = 0; p < kMany; ++p) {
      if (is_new) Append(*Open(p));
      if (!is_new) Open(p);
      ASSERT_THAT(logs_->LetGo({"orders", PartitionId{p}}), IsOk());
    }
    clock_.Advance(absl::Minutes(1));
  }
  const auto first = logs_->OpenOrKnow(topic_, PartitionId{0});
  ASSERT_THAT(first, IsOk());
  for (int32_t p = 1; p < kMany; ++p) {
    const auto dormant = logs_->OpenOrKnow(topic_, PartitionId{p});
    ASSERT_THAT(dormant, IsOk());
    ASSERT_EQ((*dormant)->awake(), nullptr);
    ASSERT_LE(logs_->sleepers(), 1 + OpenLogs::kGoneSleepersMax);
  }
  EXPECT_TRUE(logs_->IsInUse(kFirst));
  EXPECT_THAT(logs_->OpenOrKnow(topic_, PartitionId{0}), IsOkAndHolds(*first));
}

TEST_F(OpenLogsTest, ALogThatCouldNotBeLetGoIsNotCalledClean) {
  Append(*Open(0));
  files_.Fail(FileCall::kWrite, ".index", MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(logs_->LetGo(kFirst), HasReason(Reason::kDiskFailed));
  files_.Mend();

  const Record record{.key = "k", .value = "v"};
  EXPECT_THAT(Open(0)->Append({&record, 1}, {}),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(logs_->CloseAll(Closed()), HasReason(Reason::kDiskFailed));
}

TEST_F(OpenLogsTest, TellWhatADirectoryHolds) {
  using Contents = OpenLogs::Contents;
  const TopicPartition second{"orders", PartitionId{1}};
  EXPECT_THAT(logs_->Look(second), IsOkAndHolds(Contents::kNothing));
  ASSERT_THAT(
      WriteAndSyncFile(files_, "/data/orders-1/partition.metadata", "vers"),
      IsOk());
  EXPECT_THAT(logs_->Look(second), IsOkAndHolds(Contents::kNoSegments));
  Append(*Open(1));
  EXPECT_THAT(logs_->Look(second), IsOkAndHolds(Contents::kRecords));
  EXPECT_THAT(logs_->Look({"absent", PartitionId{0}}),
              StatusIs(absl::StatusCode::kNotFound));
  // Segments that were there once are to be missed.
  bounds_->Set(kFirst, {Offset{5}, Offset{0}});
  EXPECT_THAT(logs_->Look(kFirst), IsOkAndHolds(Contents::kRecords));
}

TEST_F(OpenLogsTest, DamagedEpochsAreToldAndLearnedFromTheBatches) {
  Append(*Open(0));
  ASSERT_THAT(logs_->CloseAll(Closed()), IsOk());
  ASSERT_THAT(WriteAndSyncFile(files_, "/data/orders-0/leader-epoch-checkpoint",
                               "4\n1\n0 0\n"),
              IsOk());
  EXPECT_EQ(Open(0)->leader_epoch(), LeaderEpoch{0});
  EXPECT_THAT(events_, ElementsAre(HasSubstr("leader-epoch-checkpoint")));
}

TEST_F(OpenLogsTest, AbandonedOnesWriteNothing) {
  const auto log = Open(0);
  Append(*log);
  const auto changes = files_.changes().size();
  logs_->Abandon("orders", Closed());
  EXPECT_EQ(files_.changes().size(), changes);
  EXPECT_EQ(logs_->Find(kFirst), nullptr);
  EXPECT_THAT(log->Flush(), HasReason(Reason::kClosed));
}

TEST_F(OpenLogsTest, CloseAllRemembersWhereTheyEnd) {
  Append(*Open(0));
  Append(*Open(1));
  ASSERT_THAT(logs_->CloseAll(Closed()), IsOk());
  EXPECT_EQ(bounds_->Of(kFirst).recovery_point, Offset{1});
  EXPECT_THAT(logs_->Names(), IsEmpty());
}

TEST_F(OpenLogsTest, LetGoOfWhatTheyOpenedToNoteItsEnd) {
  Append(*Open(0));
  ASSERT_THAT(logs_->LetGo(kFirst), IsOk());
  const auto second = Open(1);
  bounds_->Forget("orders");

  ASSERT_THAT(logs_->NoteStarts(topic_), IsOk());

  EXPECT_EQ(bounds_->Of(kFirst).recovery_point, Offset{1});
  EXPECT_THAT(logs_->Names(),
              ElementsAre(TopicPartition{"orders", PartitionId{1}}));
}

// What a failing disk does not show of one partition keeps its start unknown:
// whoever asks must not go on as if it were noted.
TEST_F(OpenLogsTest, NoteNoStartsWhereADiskDoesNotShowWhoseTheyAre) {
  Append(*Open(1));
  ASSERT_THAT(logs_->LetGo({"orders", PartitionId{1}}), IsOk());
  for (const absl::Status& cause :
       {MakeError(Reason::kDiskFailed, "no"),
        absl::ResourceExhaustedError("too many open files")}) {
    files_.Fail(FileCall::kRead, "orders-1/partition.metadata", cause);
    EXPECT_THAT(logs_->NoteStarts(topic_), StatusIs(cause.code()));
    files_.Mend();
  }
  EXPECT_THAT(logs_->NoteStarts(topic_), IsOk());

  // Of another topic's there is nothing to be noted.
  topic_.id.bytes[0] = 8;
  EXPECT_THAT(logs_->NoteStarts(topic_), IsOk());
}

}  // namespace
}  // namespace cauce
