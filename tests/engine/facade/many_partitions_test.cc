// What an engine does for many partitions and segments after a kill, counted in
// calls of the file system.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ManyPartitions : public test::CountedEngine {
 protected:
  // An engine beside it that only reads, at a time when what it finds has been
  // there for long.
  absl::StatusOr<Engine> Reader() {
    clock_.Advance(absl::Minutes(1));
    return Engine::Open("/data", {.access = Access::kReadOnly,
                                  .file_system = &files_,
                                  .clock = &clock_});
  }
  // How often something was read or listed whose size goes by the number of
  // partitions.
  int LooksAtAll() const {
    int looks = files_.Count(FileCall::kList, "/data");
    for (const char* name : {"/cauce.topics", "/cauce.topics.copy",
                             "/recovery-point-offset-checkpoint",
                             "/log-start-offset-checkpoint"}) {
      looks += files_.Count(FileCall::kOpen, name);
    }
    return looks;
  }
};

TEST_F(ManyPartitions, ThoseThatHoldNothingCostNothingAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 500}), IsOk());
  Append(7);
  Kill();
  const int before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 12);
  Append(7);
  Append(8);
}

TEST_F(ManyPartitions, RollsThatWereSyncedAreNotSyncedAgainAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  int before = Syncs();
  Append(0, 400);
  // Four a roll (log, two indexes, name), one for the record, and now and then
  // the recovery points.
  EXPECT_LE(Syncs() - before, 400 * 5 + 400 / 16 * 3);
  Kill();

  before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 40);
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{400});
}

TEST_F(ManyPartitions, TheRecoveryPointFollowsWhatIsAppendedAndSynced) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  const std::string value(900'000, 'v');
  const Record record{.value = value};
  for (int i = 0; i < 100; ++i) {
    auto to = engine_->OpenPartition("orders", PartitionId{i % 2});
    ASSERT_THAT(to, IsOk());
    ASSERT_THAT(to->Append({&record, 1}), IsOk());
  }
  Kill();

  // Saved once, at 64 MiB of both together, which is the 75th record.
  const auto points = ReadOffsetCheckpoint(files_, "/data", kRecoveryPointFile);
  ASSERT_THAT(points, IsOk());
  EXPECT_EQ(points->at({"orders", PartitionId{0}}), Offset{38});
  EXPECT_EQ(points->at({"orders", PartitionId{1}}), Offset{37});
  // The index of each was saved at 32 MiB, its 38th record: what lies above
  // the point is written back, and not much more is read. (Each record there
  // in some nine pieces: its header, it, what follows it, and four of 256 KiB
  // to write it back. All 100 would be scanned in more than twice as many.)
  const auto calls = [this](FileCall call) {
    return files_.Count(call, ".log");
  };
  const int writes = calls(FileCall::kWrite);
  const int reads = calls(FileCall::kRead);
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(calls(FileCall::kWrite) - writes, 25);
  EXPECT_LE(calls(FileCall::kRead) - reads, 25 * 10);
  for (int32_t p = 0; p < 2; ++p) {
    auto partition = engine_->OpenPartition("orders", PartitionId{p});
    ASSERT_THAT(partition, IsOk());
    EXPECT_EQ(partition->log_end(), Offset{50});
  }
}

TEST_F(ManyPartitions, ARecoveryThatIsKilledAgainAndAgainGetsThere) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = 40,
                             .configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  for (int32_t i = 0; i < 40; ++i) Append(i, 20);
  Kill();
  // As if nobody had known how far they were durable.
  ASSERT_THAT(files_.RemoveFile("/data/recovery-point-offset-checkpoint"),
              IsOk());
  // Each run has so little time that no run alone could do it.
  int runs = 1;
  for (;; ++runs) {
    ASSERT_LT(runs, 100);
    files_.FailAfter(400);
    const absl::Status opened = Open();
    if (opened.ok()) break;
    ASSERT_THAT(opened, HasReason(Reason::kDiskFailed));
    files_.Mend();
  }
  files_.Mend();
  EXPECT_GT(runs, 4);
  for (int32_t i = 0; i < 40; ++i) {
    auto partition = engine_->OpenPartition("orders", PartitionId{i});
    ASSERT_THAT(partition, IsOk());
    EXPECT_EQ(partition->log_end(), Offset{20});
    Cursor cursor = partition->Read(Offset{0});
    RecordView record;
    for (int n = 0; n < 20; ++n) {
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    }
  }
}

TEST_F(ManyPartitions, ThoseThatAreNewShareTheSyncsBeforeTheirFirstAppend) {
  files_.offer_whole_sync(64);
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic("orders", {.partitions = 600,
                                      .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  const int before = Syncs();
  for (int32_t p = 0; p < 600; ++p) Append(p);
  EXPECT_LE(Syncs() - before, 2 * 32 + 10);
}

TEST_F(ManyPartitions, ThoseThatWereFurnishedAheadCostNothingAfterAStop) {
  files_.offer_whole_sync(64);
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic("orders", {.partitions = 2000,
                                      .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  for (int32_t p = 0; p < 600; ++p) Append(p);
  // More than one was.
  ASSERT_THAT(memory_->Info("/data/orders-650/partition.metadata"), IsOk());
  Kill();

  int syncs = Syncs();
  int lists = files_.Count(FileCall::kList, "");
  ASSERT_THAT(Open(), IsOk());
  // As after a kill behind 600 that hold a record, where no other is new.
  EXPECT_LE(Syncs() - syncs, 20 + 3 * 5);
  // Two of each of those, and a few of each that is recovered.
  EXPECT_LE(files_.Count(FileCall::kList, "") - lists, 2 * 2000 + 600 * 4);
  Append(700);
  ASSERT_THAT(engine_->Close(), IsOk());

  syncs = Syncs();
  lists = files_.Count(FileCall::kList, "");
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - syncs, 12);
  EXPECT_LE(files_.Count(FileCall::kList, "") - lists, 10);
  Append(701);
}

class ManyClosed : public ManyPartitions {
 protected:
  // One record each, nothing of it durable but where a test says so.
  void Write(int32_t partitions) {
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(
        engine_->CreateTopic("orders", {.partitions = partitions,
                                        .configs = {{"cauce.flush", "os"}}}),
        IsOk());
    for (int32_t p = 0; p < partitions; ++p) Append(p);
    written_at_ = files_.Count(FileCall::kSyncWhole, "");
  }
  // Since then.
  int WholeSyncs() const {
    return files_.Count(FileCall::kSyncWhole, "") - written_at_;
  }
  bool IsMarkedClean() {
    return memory_->Info("/data/.kafka_cleanshutdown").ok();
  }
  void ExpectOneRecordIn(int32_t partition) {
    auto from = engine_->OpenPartition("orders", PartitionId{partition});
    ASSERT_THAT(from, IsOk());
    EXPECT_EQ(from->log_end(), Offset{1});
    Cursor cursor = from->Read(Offset{0});
    RecordView record;
    EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  }

  // That its segment, too short for any other, has the time entry of a close:
  // of that time, at that offset.
  struct LastRecord {
    absl::Time time;
    int64_t offset;
  };
  void ExpectIndexesUpTo(int32_t partition, const LastRecord& last) {
    SCOPED_TRACE(partition);
    const auto read = [&](std::string_view suffix) {
      return ReadWholeFile(*memory_,
                           fmt::format("/data/orders-{}/{}", partition,
                                       SegmentFileName(Offset{0}, suffix)),
                           4096);
    };
    EXPECT_THAT(read(kOffsetIndexSuffix), IsOkAndHolds(""));
    const auto times = read(kTimeIndexSuffix);
    ASSERT_THAT(times, IsOk());
    ASSERT_EQ(times->size(), TimeEntry::kBytes);
    const TimeEntry entry = TimeEntry::Decode(Offset{0}, times->data());
    EXPECT_EQ(entry.timestamp, Timestamp::From(last.time));
    EXPECT_EQ(entry.offset, Offset{last.offset});
  }

  int written_at_ = 0;
};

TEST_F(ManyClosed, AreSyncedAllAtOnceSomeHundredsAtATime) {
  files_.offer_whole_sync(64);
  Write(600);
  const int before = Syncs();
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_EQ(WholeSyncs(), 2 * 3);
  // The bounds, the manifest and the mark.
  EXPECT_LE(Syncs() - before, 20);
  EXPECT_TRUE(IsMarkedClean());

  ASSERT_THAT(Open(), IsOk());
  for (const int32_t p : {0, 255, 256, 599}) ExpectOneRecordIn(p);
}

TEST_F(ManyClosed, AreSyncedInGroupsThatAreAllWorthIt) {
  files_.offer_whole_sync(64);
  Write(257);
  const size_t before = files_.changes().size();
  ASSERT_THAT(engine_->Close(), IsOk());

  // How many indexes were written between two syncs.
  std::vector<int> groups;
  int written = 0;
  const auto changes = files_.changes();
  for (size_t i = before; i < changes.size(); ++i) {
    if (changes[i].ends_with(".index")) ++written;
    if (changes[i] == "sync /" && written > 0) {
      groups.push_back(std::exchange(written, 0));
    }
  }
  EXPECT_THAT(groups, ElementsAre(129, 128));
}

TEST_F(ManyClosed, AreSyncedAllAtOnceAsTheyAreRecoveredAfterAKill) {
  files_.offer_whole_sync(64);
  Write(600);
  Kill();
  const int before = Syncs();
  const int before_whole = WholeSyncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(WholeSyncs() - before_whole, 3);
  // The lists, the mark, and each time the recovery points.
  EXPECT_LE(Syncs() - before, 20 + 3 * 5);
  for (const int32_t p : {0, 255, 256, 599}) ExpectOneRecordIn(p);
  // Nothing is owed any more.
  Kill();
  ASSERT_THAT(Open(), IsOk());
  for (const int32_t p : {0, 255, 256, 599}) ExpectOneRecordIn(p);
}

// As a broker reads them after a clean stop: it goes by their last entry.
TEST_F(ManyClosed, HaveTheirIndexesThoughNothingWasAppendedSinceTheKill) {
  files_.offer_whole_sync(8);
  Write(20);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  for (int32_t p = 0; p < 20; ++p) ExpectIndexesUpTo(p, {clock_.Now(), 0});

  ASSERT_THAT(Open(), IsOk());
  clock_.Advance(absl::Seconds(1));
  for (int32_t p = 0; p < 20; ++p) Append(p);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  for (int32_t p = 0; p < 20; ++p) ExpectIndexesUpTo(p, {clock_.Now(), 1});
}

TEST_F(ManyClosed, HaveTheirIndexesWhereEachWasSyncedByItselfToo) {
  Write(3);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  for (int32_t p = 0; p < 3; ++p) ExpectIndexesUpTo(p, {clock_.Now(), 0});

  ASSERT_THAT(Open(), IsOk());
  clock_.Advance(absl::Seconds(1));
  for (int32_t p = 0; p < 3; ++p) Append(p);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  for (int32_t p = 0; p < 3; ++p) ExpectIndexesUpTo(p, {clock_.Now(), 1});
}

// Upkeep has all others wait for it: the close syncs them together.
TEST_F(ManyClosed, AreNotSyncedByUpkeepForTheirIndexesAlone) {
  files_.offer_whole_sync(64);
  Write(600);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  files_.Fail(FileCall::kOpen, "index",
              MakeError(Reason::kDiskFailed, "planned to fail"));
  const int before = Syncs();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(engine_->RunUpkeep(), IsOk());
  }
  // The bounds.
  EXPECT_LE(Syncs() - before, 10);
  files_.Mend();

  const int before_close = Syncs();
  const int before_whole = WholeSyncs();
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_EQ(WholeSyncs() - before_whole, 2 * 3);
  EXPECT_LE(Syncs() - before_close, 20);
  EXPECT_TRUE(IsMarkedClean());
  for (int32_t p = 0; p < 600; ++p) ExpectIndexesUpTo(p, {clock_.Now(), 0});
}

// On some disks a file that is removed costs more than all else of a recovery.
TEST_F(ManyClosed, KeepTheIndexesOfTheirLastCloseWhereTheyWereNotCut) {
  files_.offer_whole_sync(8);
  Write(20);
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());
  for (int32_t p = 0; p < 20; ++p) Append(p);
  Kill();
  const auto changes = [this] { return files_.changes().size(); };
  const size_t before = changes();
  ASSERT_THAT(Open(), IsOk());
  for (size_t i = before; i < changes(); ++i) {
    EXPECT_THAT(files_.changes()[i], Not(HasSubstr("index")));
  }
  Append(7);
  ASSERT_THAT(engine_->Close(), IsOk());
}

TEST_F(ManyClosed, AreRecoveredEachByItselfWhereASyncOfAllFails) {
  files_.offer_whole_sync(8);
  Write(20);
  Kill();
  files_.Fail(FileCall::kSyncWhole, "",
              MakeError(Reason::kDiskFailed, "planned to fail"));
  const int before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_GE(Syncs() - before, 2 * 20);
  for (int32_t p = 0; p < 20; ++p) ExpectOneRecordIn(p);
}

TEST_F(ManyClosed, AreSyncedEachByItselfWhereTheyAreFew) {
  files_.offer_whole_sync(64);
  Write(63);
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_EQ(WholeSyncs(), 0);
  EXPECT_TRUE(IsMarkedClean());
}

TEST_F(ManyClosed, LeaveOneThatLiesElsewhereToBeSyncedByItself) {
  files_.offer_whole_sync(8, "orders-3");
  Write(20);
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_EQ(WholeSyncs(), 2);
  EXPECT_EQ(files_.Count(FileCall::kSyncDirectory, "orders-3"), 2);
  EXPECT_EQ(files_.Count(FileCall::kSyncDirectory, "orders-4"), 0);
  EXPECT_TRUE(IsMarkedClean());
}

// What was lost may be a file of another process.
TEST_F(ManyClosed, AreClosedEachByItselfWhereASyncOfAllFails) {
  for (const int good : {0, 1}) {
    SCOPED_TRACE(good);
    files_.offer_whole_sync(1);
    files_.Fail(FileCall::kSyncWhole, "",
                MakeError(Reason::kDiskFailed, "planned to fail"), good);
    if (good == 0) {
      Write(20);
    } else {
      ASSERT_THAT(Open(), IsOk());
      for (int32_t p = 0; p < 20; ++p) Append(p);
    }
    EXPECT_THAT(engine_->Close(), IsOk());
    EXPECT_TRUE(IsMarkedClean());
    files_.Mend();
  }
  ASSERT_THAT(Open(), IsOk());
  auto partition = engine_->OpenPartition("orders", PartitionId{19});
  ASSERT_THAT(partition, IsOk());
  EXPECT_EQ(partition->log_end(), Offset{2});
}

TEST_F(ManyClosed, AreNotMarkedAsCleanWhereTheSyncOfOneFailsToo) {
  files_.offer_whole_sync(1);
  Write(20);
  const auto failed = MakeError(Reason::kDiskFailed, "planned to fail");
  files_.Fail(FileCall::kSyncWhole, "", failed);
  files_.Fail(FileCall::kSync, "orders-3/00000000000000000000.log", failed);
  EXPECT_THAT(engine_->Close(), HasReason(Reason::kDiskFailed));
  EXPECT_FALSE(IsMarkedClean());
  // All others are durable.
  EXPECT_EQ(files_.Count(FileCall::kSync, ".index"), 19);
  files_.Mend();
  ASSERT_THAT(Open(), IsOk());
  for (int32_t p = 0; p < 20; ++p) ExpectOneRecordIn(p);
}

TEST_F(ManyClosed, TellWhoeverWaitsWhatBecameOfTheSyncOfItsFile) {
  struct Case {
    const char* topic;
    bool whole_fails;
    bool file_fails;
  };
  for (const auto& [topic, whole_fails, file_fails] :
       {Case{"synced", false, false}, Case{"alone", true, false},
        Case{"failed", true, true}}) {
    SCOPED_TRACE(topic);
    files_.offer_whole_sync(1);
    const auto failed = MakeError(Reason::kDiskFailed, "planned to fail");
    if (whole_fails) files_.Fail(FileCall::kSyncWhole, "", failed);
    if (file_fails) files_.Fail(FileCall::kSync, ".log", failed);
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->CreateTopic(topic, {}), IsOk());
    auto to = engine_->OpenPartition(topic, PartitionId{0});
    ASSERT_THAT(to, IsOk());
    BatchBuilder builder;
    ASSERT_TRUE(builder.Add({.value = "v"}));
    auto batch = builder.Finish();
    ASSERT_THAT(batch, IsOk());
    absl::Status told = absl::UnknownError("was not told");
    to->AppendAsync(*batch, {},
                    [&](const auto& outcome) { told = outcome.status(); });
    EXPECT_EQ(engine_->Close().ok(), !file_fails);
    if (file_fails) {
      EXPECT_THAT(told, HasReason(Reason::kDiskFailed));
    } else {
      EXPECT_THAT(told, IsOk());
    }
    files_.Mend();
  }
}

TEST_F(ManyPartitions, AReaderThatOpensAllOfThemReadsTheListsOnce) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 100}), IsOk());
  Append(99);
  // Those of a broker, of which the list of topics says nothing.
  for (int32_t p = 0; p < 100; ++p) {
    const std::string path = "/data/theirs-" + std::to_string(p);
    ASSERT_THAT(files_.CreateDirectory(path), IsOk());
    ASSERT_THAT(
        files_.Open(path + "/00000000000000000000.log", OpenMode::kCreate),
        IsOk());
  }
  auto reader = Reader();
  ASSERT_THAT(reader, IsOk());
  for (const std::string topic : {"orders", "theirs"}) {
    SCOPED_TRACE(topic);
    ASSERT_THAT(reader->OpenPartition(topic, PartitionId{0}), IsOk());
    const int before = LooksAtAll();
    for (int32_t p = 1; p < 100; ++p) {
      ASSERT_THAT(reader->OpenPartition(topic, PartitionId{p}), IsOk());
    }
    EXPECT_EQ(LooksAtAll() - before, 0);
  }
}

TEST_F(ManyPartitions, AReaderSeesThoseThatAreNewAndThoseThatAreGone) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0, 3);
  auto reader = Reader();
  ASSERT_THAT(reader, IsOk());
  auto old = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(old, IsOk());
  EXPECT_EQ(old->log_end(), Offset{3});

  ASSERT_THAT(engine_->CreatePartitions("orders", 3), IsOk());
  EXPECT_THAT(reader->OpenPartition("orders", PartitionId{2}), IsOk());
  EXPECT_THAT(reader->OpenPartition("orders", PartitionId{3}),
              HasReason(Reason::kUnknownPartition));

  // Made again under its name: nothing of the old one shows in the new one.
  auto written = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(written, IsOk());
  ASSERT_THAT(written->DeleteRecordsBefore(Offset{2}), IsOk());
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(reader->OpenPartition("orders", PartitionId{1}),
              HasReason(Reason::kUnknownTopic));
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0);
  auto anew = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(anew, IsOk());
  EXPECT_EQ(anew->log_start(), Offset{0});
  EXPECT_EQ(anew->log_end(), Offset{1});
  EXPECT_THAT(old->WaitFor(Offset{0}, absl::ZeroDuration()),
              HasReason(Reason::kUnknownTopic));
}

TEST_F(ManyPartitions, AReaderSeesThatATopicOfABrokerIsGone) {
  ASSERT_THAT(files_.CreateDirectories("/data/theirs-0"), IsOk());
  const std::string log = "/data/theirs-0/00000000000000000000.log";
  ASSERT_THAT(files_.Open(log, OpenMode::kCreate), IsOk());
  auto reader = Reader();
  ASSERT_THAT(reader, IsOk());
  ASSERT_THAT(reader->OpenPartition("theirs", PartitionId{0}), IsOk());
  ASSERT_THAT(files_.RemoveFile(log), IsOk());
  ASSERT_THAT(files_.RemoveDirectory("/data/theirs-0"), IsOk());
  EXPECT_THAT(reader->OpenPartition("theirs", PartitionId{0}),
              HasReason(Reason::kUnknownTopic));
}

}  // namespace
}  // namespace cauce
