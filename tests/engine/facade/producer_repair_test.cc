// What a repair does to files that tell of producers and transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/append.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_files.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kDirectory = "/data";
constexpr std::string_view kList = "/data/a-0/00000000000000000000.txnindex";
constexpr std::string_view kSnapshot =
    "/data/a-0/00000000000000000006.snapshot";

class RepairedProducers : public ::testing::Test {
 protected:
  RepairedProducers() {
    EXPECT_THAT(Open(), IsOk());
    EXPECT_THAT(engine_->CreateTopic(
                    "a", {.configs = {{"segment.ms", "1000000000000"}}}),
                IsOk());
    auto partition = engine_->OpenPartition("a", PartitionId{0});
    EXPECT_THAT(partition, IsOk());
    test::TestProducer producer(7);
    for (int i = 0; i < 3; ++i) {
      last_ = producer.InTransaction({"a"});
      EXPECT_THAT(partition->Append(last_.view()), IsOk());
      EXPECT_THAT(partition->EndTransaction(producer.Abort()), IsOk());
    }
    EXPECT_THAT(engine_->Close(), IsOk());
    list_ = Read(kList).value();
  }

  absl::Status Open() {
    auto engine = Engine::Open(kDirectory, {.file_system = files_.get()});
    if (!engine.ok()) return engine.status();
    engine_ = std::make_unique<Engine>(*std::move(engine));
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Read(std::string_view path) {
    return ReadWholeFile(*files_, path, 1 << 20);
  }
  void Write(std::string_view path, std::string_view bytes) {
    ASSERT_THAT(WriteAndSyncFile(*files_, path, bytes), IsOk());
  }
  int64_t Damages() {
    const auto summary = VerifyDirectory(*files_, kDirectory, {}, nullptr);
    EXPECT_THAT(summary, IsOk());
    return summary.ok() ? summary->damages : -1;
  }
  void Repair() {
    const auto repaired = RepairDirectory(*files_, kDirectory, {});
    ASSERT_THAT(repaired, IsOk());
    EXPECT_THAT(repaired->steps, Gt(0));
    EXPECT_EQ(repaired->left, 0);
    EXPECT_EQ(Damages(), 0);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::unique_ptr<Engine> engine_;
  test::OwnedBatch last_{""};
  std::string list_;
};

TEST_F(RepairedProducers, HaveTheirListOfAbortsAgain) {
  ASSERT_EQ(Damages(), 0);
  const std::string half = list_.substr(0, list_.size() / 3);
  std::string other = list_;
  other[9] = 8;  // another producer
  for (const std::string& bytes : {half, other, std::string("rubbish")}) {
    Write(kList, bytes);
    ASSERT_THAT(Damages(), Gt(0));
    Repair();
    EXPECT_THAT(Read(kList), IsOkAndHolds(list_));
  }
  ASSERT_THAT(files_->RemoveFile(kList), IsOk());
  Repair();
  EXPECT_THAT(Read(kList), IsOkAndHolds(list_));
}

TEST_F(RepairedProducers, AreKnownFromTheLogWhereASnapshotIsDamaged) {
  std::string bytes = Read(kSnapshot).value();
  bytes[20] ^= 1;
  Write(kSnapshot, bytes);
  ASSERT_THAT(Damages(), Gt(0));
  Repair();

  EXPECT_THAT(Read(kSnapshot), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Read(std::string(kSnapshot) + ".cut"), IsOkAndHolds(bytes));
  ASSERT_THAT(Open(), IsOk());
  auto partition = engine_->OpenPartition("a", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  const auto again = partition->Append(last_.view());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->base, Offset{4});
}

// By another release, or by a bit: nobody here can tell.
TEST_F(RepairedProducers, AreKnownFromTheLogWhereASnapshotIsOfAnotherVersion) {
  std::string bytes = Read(kSnapshot).value();
  bytes[0] = '\x76';
  Write(kSnapshot, bytes);
  // Who opens the directory leaves it, and goes by the log.
  ASSERT_THAT(Open(), IsOk());
  auto partition = engine_->OpenPartition("a", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  const auto again = partition->Append(last_.view());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->base, Offset{4});
  partition = absl::CancelledError();
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_THAT(Read(kSnapshot), IsOkAndHolds(bytes));

  ASSERT_THAT(Damages(), Gt(0));
  Repair();

  EXPECT_THAT(Read(kSnapshot), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Read(std::string(kSnapshot) + ".cut"), IsOkAndHolds(bytes));
}

// A log of transactions by hand, of which places are spoiled: what is repaired
// is read as what is committed.
// In a topic that may have gaps nothing says of an offset that it is lost.
class RepairedTransactions
    : public ::testing::TestWithParam<std::string_view> {
 protected:
  RepairedTransactions() {
    EXPECT_THAT(Open(), IsOk());
    EXPECT_THAT(
        engine_->CreateTopic(
            "a", {.configs = {{"segment.ms", "1000000000000"},
                              {"internal.segment.bytes", "1000"},
                              {"cleanup.policy", std::string(GetParam())}}}),
        IsOk());
    Reopen();
  }

  absl::Status Open() { return Open(*files_); }
  absl::Status Open(FileSystem& files) {
    auto engine = Engine::Open(kDirectory, {.file_system = &files});
    if (!engine.ok()) return engine.status();
    engine_ = std::make_unique<Engine>(*std::move(engine));
    return absl::OkStatus();
  }
  // To be written on.
  void Reopen() {
    auto partition = engine_->OpenPartition("a", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    partition_.emplace(*std::move(partition));
  }
  void Send(const test::OwnedBatch& batch) {
    EXPECT_THAT(partition_->Append(batch.view()), IsOk());
    Note();
  }
  void Plain(std::string_view value) { Send(test::Batch({value})); }
  void End(const TransactionEnd& end) {
    EXPECT_THAT(partition_->EndTransaction(end), IsOk());
    Note();
  }
  // Where the batch that was written last ends in the log.
  void Note() {
    ends_.push_back(files_->Info(std::string(kLog))->bytes);
  }
  void Close() {
    partition_ = std::nullopt;
    EXPECT_THAT(engine_->Close(), IsOk());
    engine_ = nullptr;
  }
  // One bit within the records of the `i`-th batch; or of its whole header too.
  enum class Spoils { kRecords, kAll };
  void Spoil(size_t i, Spoils what = Spoils::kRecords) {
    std::string bytes = *ReadWholeFile(*files_, kLog, 1 << 20);
    const auto begin = static_cast<size_t>(i == 0 ? 0 : ends_[i - 1]);
    const auto end = static_cast<size_t>(ends_[i]);
    bytes[end - 2] ^= 1;
    if (what == Spoils::kAll) {
      for (size_t at = begin; at < end; ++at) bytes[at] = '\x5a';
    }
    ASSERT_THAT(WriteAndSyncFile(*files_, kLog, bytes), IsOk());
  }
  // The commit of the first transaction. To the producer that goes on behind it
  // both are one, which it lists as aborted.
  void LoseACommitAndGoOn(Spoils what) {
    Send(one_.InTransaction({"committed"}));
    End(one_.Commit());
    Plain("plain");
    Close();
    Remove(".snapshot");
    Spoil(1, what);
    ASSERT_THAT(Open(), IsOk());
    Reopen();
    Send(one_.InTransaction({"aborted"}));
    End(one_.Abort());
    Close();
  }
  // The abort of the first transaction; another one is committed and a third
  // aborted. Returns what the list said of both aborts.
  AbortedIndex LoseAnAbort() {
    Send(one_.InTransaction({"aborted"}));
    End(one_.Abort());
    Send(one_.InTransaction({"committed"}));
    End(one_.Commit());
    Send(one_.InTransaction({"aborted too"}));
    End(one_.Abort());
    Close();
    const AbortedIndex list = List();
    Spoil(1);
    Remove(".snapshot");
    return list;
  }
  // As a kill leaves a directory whose point is offset 4.
  void ForgetTheStop() {
    ASSERT_THAT(files_->RemoveFile("/data/.kafka_cleanshutdown"), IsOk());
    ASSERT_THAT(files_->RemoveFile("/data/cauce.segments"), IsOk());
    ASSERT_THAT(
        WriteAndSyncFile(*files_, "/data/recovery-point-offset-checkpoint",
                         "0\n1\na 0 4\n"),
        IsOk());
  }
  // What LoseAnAbort has lost, by what a repair says and shows.
  void ExpectStillAborted() {
    EXPECT_EQ(Repair().transactions_lost, 0);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_TRUE(told_[0].is_known);
    EXPECT_EQ(told_[0].outcome, TransactionOutcome::kAbort);
    EXPECT_THAT(Committed(), ElementsAre("committed"));
  }
  void Remove(std::string_view suffix) {
    const auto entries = files_->List("/data/a-0");
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.name.ends_with(suffix)) continue;
      ASSERT_THAT(files_->RemoveFile("/data/a-0/" + entry.name), IsOk());
    }
  }
  // A closed log without snapshots of a transaction that was aborted, and of a
  // committed one behind; returns the paths, without suffix, of segments in its
  // middle: the one with the marker of the first is among them.
  std::vector<std::string> FillAroundAMarker() {
    Send(one_.InTransaction({"doubtful"}));
    // Each is larger than a segment.
    const std::string large(1200, 'x');
    Plain(large);
    End(one_.Abort());
    Plain(large);
    Send(one_.InTransaction({"next"}));
    Plain(large);
    End(one_.Commit());
    Close();
    Remove(".snapshot");
    std::vector<std::string> stems;
    const auto entries = files_->List("/data/a-0");
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.name.ends_with(".log")) continue;
      stems.push_back("/data/a-0/" + entry.name.substr(0, 20));
    }
    EXPECT_THAT(stems.size(), Gt(4));
    stems.resize(3);
    stems.erase(stems.begin());
    return stems;
  }
  // Repairs, and once more, which finds nothing to do. What is told of
  // transactions is kept.
  RepairSummary Repair() {
    const auto repaired = RepairDirectory(
        *files_, kDirectory,
        {.step =
             [this](const RepairStep& step) {
               told_.insert(told_.end(), step.ended.begin(), step.ended.end());
               for (const RemovedBytes& removed : step.removed) {
                 told_.insert(told_.end(), removed.ended.begin(),
                              removed.ended.end());
               }
             },
         .left = [this](const Finding& left) { left_.push_back(left); }});
    EXPECT_THAT(repaired, IsOk());
    const auto verified = VerifyDirectory(*files_, kDirectory, {}, nullptr);
    EXPECT_THAT(verified, IsOk());
    EXPECT_EQ(verified->damages, 0);
    const auto again = RepairDirectory(*files_, kDirectory, {});
    EXPECT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
    // What stays as it is a second look finds as well.
    EXPECT_EQ(again->left, repaired->left);
    return repaired.value_or(RepairSummary());
  }
  std::vector<std::string> Committed() {
    std::vector<std::string> values;
    if (engine_ == nullptr) {
      EXPECT_THAT(Open(), IsOk());
    }
    const auto partition = engine_->OpenPartition("a", PartitionId{0});
    EXPECT_THAT(partition, IsOk());
    Cursor cursor = partition->Read(
        Offset{0}, {.isolation = Isolation::kReadCommitted});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(*record.value);
    }
  }
  AbortedIndex List() {
    return ReadAborted(*files_, "/data/a-0", Offset{0})
        .value_or(AbortedIndex());
  }

  static constexpr std::string_view kLog =
      "/data/a-0/00000000000000000000.log";
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::unique_ptr<Engine> engine_;
  std::optional<Partition> partition_;
  std::vector<int64_t> ends_;
  std::vector<EndedTransaction> told_;
  std::vector<Finding> left_;
  test::TestProducer one_{1};
  test::TestProducer two_{2};
};

INSTANTIATE_TEST_SUITE_P(Topics, RepairedTransactions,
                         ::testing::Values("delete", "compact"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

TEST_P(RepairedTransactions, StayAbortedWhereTheListSaysSo) {
  Send(one_.InTransaction({"aborted", "aborted too"}));
  End(one_.Abort());  // at 2
  Send(one_.InTransaction({"committed"}));
  End(one_.Commit());
  Plain("plain");
  Close();
  Spoil(1);
  const RepairSummary summary = Repair();

  EXPECT_EQ(summary.transactions_lost, 0);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_TRUE(told_[0].is_known);
  EXPECT_EQ(told_[0].marker, Offset{2});
  EXPECT_THAT(Committed(), ElementsAre("committed", "plain"));
  ASSERT_THAT(List().entries(), SizeIs(1));
  EXPECT_EQ(List().entries()[0].last, Offset{2});
  EXPECT_EQ(List().entries()[0].first, Offset{0});
}

TEST_P(RepairedTransactions, CountAsAbortedWhereNobodyKnows) {
  for (const Spoils what : {Spoils::kRecords, Spoils::kAll}) {
    SCOPED_TRACE(static_cast<int>(what));
    Send(one_.InTransaction({"doubtful", "doubtful too"}));
    const size_t marker = ends_.size();
    End(one_.Commit());
    Plain("plain");
    Close();
    Remove(".snapshot");
    Spoil(marker, what);
    told_.clear();
    const RepairSummary summary = Repair();

    EXPECT_EQ(summary.transactions_lost, 1);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_FALSE(told_[0].is_known);
    EXPECT_EQ(told_[0].outcome, TransactionOutcome::kAbort);
    EXPECT_EQ(told_[0].offsets.count(), 2);
    EXPECT_EQ(told_[0].marker, told_[0].offsets.next);
    EXPECT_THAT(Committed(), Each("plain"));
    // Nobody waits for it any more, after a kill neither.
    Reopen();
    Plain("plain");
  }
  EXPECT_THAT(Committed(), ElementsAre("plain", "plain", "plain", "plain"));
  EXPECT_THAT(List().entries(), SizeIs(2));
}

TEST_P(RepairedTransactions, StayCommittedWhereTheListHasTheNextOneAlone) {
  Send(one_.InTransaction({"committed"}));
  End(one_.Commit());
  Send(one_.InTransaction({"aborted"}));
  End(one_.Abort());
  Close();
  Spoil(1);
  const RepairSummary summary = Repair();

  EXPECT_EQ(summary.transactions_lost, 0);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].outcome, TransactionOutcome::kCommit);
  EXPECT_THAT(Committed(), ElementsAre("committed"));
}

// A recovery made it anew from a log that had lost a marker by then.
TEST_P(RepairedTransactions, StayAbortedWhereTheListWasMadeAnewBehindTheLoss) {
  const AbortedIndex before = LoseAnAbort();
  ForgetTheStop();
  ASSERT_THAT(Open(), IsOk());
  Reopen();
  Close();
  EXPECT_THAT(List().entries(), ElementsAreArray(before.entries()));
  ExpectStillAborted();
}

// As a power loss leaves the entry that was written last.
TEST_P(RepairedTransactions, StayAbortedWhereTheEndOfTheListIsTorn) {
  const AbortedIndex before = LoseAnAbort();
  const std::string bytes = *ReadWholeFile(*files_, kList, 1 << 20);
  for (const std::string& torn :
       {bytes.substr(0, bytes.size() - 17), bytes + std::string(17, 'x'),
        bytes + std::string(34, '\0')}) {
    SCOPED_TRACE(torn.size());
    ASSERT_THAT(WriteAndSyncFile(*files_, kList, torn), IsOk());
    ForgetTheStop();
    ASSERT_THAT(Open(), IsOk());
    Reopen();
    Close();
    EXPECT_THAT(List().entries(), ElementsAreArray(before.entries()));
  }
  ExpectStillAborted();
}

TEST_P(RepairedTransactions, StayAbortedWhereTheListMayNotBeReadForAWhile) {
  const AbortedIndex before = LoseAnAbort();
  ForgetTheStop();
  test::FailingFileSystem files(*files_);
  // As it is about to be made anew.
  files.Fail(test::FileCall::kOpen, kList, absl::PermissionDeniedError("no"), 0,
             1);
  ASSERT_THAT(Open(files), IsOk());
  Reopen();
  Close();
  EXPECT_THAT(List().entries(), ElementsAreArray(before.entries()));
  ExpectStillAborted();
}

TEST_P(RepairedTransactions, AreToldOfWhereTheListMayBeYoungerThanTheLoss) {
  LoseACommitAndGoOn(Spoils::kAll);
  const auto list = ReadAborted(*files_, "/data/a-0", Offset{3});
  ASSERT_THAT(list, IsOk());
  ASSERT_THAT(list->entries(), SizeIs(1));
  ASSERT_EQ(list->entries()[0].first, Offset{0});
  EXPECT_EQ(Repair().transactions_lost, 1);

  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_FALSE(told_[0].is_known);
  EXPECT_EQ(told_[0].offsets, (OffsetRange{Offset{0}, Offset{1}}));
  EXPECT_EQ(told_[0].marker, Offset{1});
  EXPECT_THAT(Committed(), ElementsAre("plain"));
  // For Kafka's consumers, to whom each marker ends one that is listed.
  ASSERT_THAT(List().entries(), SizeIs(1));
  EXPECT_EQ(List().entries()[0].last, Offset{1});
  const auto behind = ReadAborted(*files_, "/data/a-0", Offset{3});
  ASSERT_THAT(behind, IsOk());
  ASSERT_THAT(behind->entries(), SizeIs(1));
  EXPECT_EQ(behind->entries()[0].first, Offset{3});
}

TEST_P(RepairedTransactions, EndWhereAHeaderSaysSoWhateverTheListHas) {
  LoseACommitAndGoOn(Spoils::kRecords);
  EXPECT_EQ(Repair().transactions_lost, 1);

  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].marker, Offset{1});
  EXPECT_THAT(Committed(), ElementsAre("plain"));
}

TEST_P(RepairedTransactions, GoOnOverWhatIsNoMarker) {
  for (const Spoils what : {Spoils::kRecords, Spoils::kAll}) {
    SCOPED_TRACE(static_cast<int>(what));
    Send(one_.InTransaction({"committed"}));
    const size_t lost = ends_.size();
    Plain("lost");
    if (what == Spoils::kRecords) {
      // Behind a header that says nothing its own marker must be next.
      Send(one_.InTransaction({"committed"}));
    }
    End(one_.Commit());
    Close();
    Remove(".snapshot");
    Spoil(lost, what);
    told_.clear();
    EXPECT_EQ(Repair().transactions_lost, 0);
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_THAT(Committed(), Each("committed"));
    Reopen();
  }
  EXPECT_THAT(Committed(), SizeIs(3));
}

TEST_P(RepairedTransactions, OfSeveralThatAreOpenTheOneEndsThatHadItsMarker) {
  Send(one_.InTransaction({"one"}));
  Send(two_.InTransaction({"two"}));
  End(one_.Commit());  // the third batch
  Send(two_.InTransaction({"two"}));
  End(two_.Commit());
  Close();
  Remove(".snapshot");
  Spoil(2);
  EXPECT_EQ(Repair().transactions_lost, 1);

  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].producer_id, ProducerId{1});
  EXPECT_THAT(Committed(), ElementsAre("two", "two"));
}

TEST_P(RepairedTransactions, OfWhichOneMayHaveEndedAreNoDamageAfterwards) {
  Send(one_.InTransaction({"one"}));
  Send(two_.InTransaction({"two"}));
  End(two_.Abort());  // the third batch
  Send(one_.InTransaction({"one"}));
  End(one_.Commit());
  Close();
  Remove(".snapshot");
  Remove(".txnindex");
  Spoil(2, Spoils::kAll);
  const RepairSummary repaired = Repair();

  // The other is told, and stays as it was: nobody finds it again.
  EXPECT_EQ(repaired.left, 0);
  EXPECT_EQ(repaired.transactions_lost, 1);
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_EQ(left_[0].gravity, Gravity::kNote);
  EXPECT_THAT(left_[0].what, HasSubstr("producer 1"));
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].producer_id, ProducerId{2});
  EXPECT_THAT(Committed(), ElementsAre("one", "one"));
}

TEST_P(RepairedTransactions, EndWhereTheirMarkersSegmentIsMissing) {
  for (const std::string& stem : FillAroundAMarker()) {
    for (const std::string_view suffix :
         {".log", ".index", ".timeindex", ".txnindex"}) {
      files_->RemoveFile(stem + std::string(suffix)).IgnoreError();
    }
  }
  EXPECT_EQ(Repair().transactions_lost, 1);

  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].offsets.base, Offset{0});
  EXPECT_THAT(Committed(), Not(Contains("doubtful")));
  EXPECT_THAT(Committed(), Contains("next"));
}

// Of which an index is all that tells: it may be looked for again.
TEST_P(RepairedTransactions, EndHoweverARepairOfWhatOnlyAnIndexKnowsIsStopped) {
  const auto stems = FillAroundAMarker();
  Remove(".txnindex");
  ASSERT_THAT(files_->RemoveFile("/data/cauce.segments"), IsOk());
  for (const std::string& stem : stems) {
    ASSERT_THAT(files_->RemoveFile(stem + ".log"), IsOk());
  }
  const test::Image lost = test::ImageOf(*files_);

  for (int steps = 0;; ++steps) {
    SCOPED_TRACE(steps);
    files_ = NewMemoryFileSystem();
    test::Put(lost, *files_);
    test::FailingFileSystem stopping(*files_);
    stopping.FailAfter(steps);
    const auto stopped = RepairDirectory(stopping, kDirectory, {});
    if (!stopped.ok()) Repair();

    EXPECT_THAT(Committed(), Not(Contains("doubtful")));
    EXPECT_THAT(Committed(), Contains("next"));
    engine_ = nullptr;
    if (stopped.ok()) break;
  }
}

TEST_P(RepairedTransactions, EndWhereTheEndOfTheLogIsLost) {
  Plain("plain");
  Send(one_.InTransaction({"doubtful"}));
  const int64_t stays = ends_.back();
  Plain("lost");
  End(one_.Commit());
  Close();
  const std::string bytes = *ReadWholeFile(*files_, kLog, 1 << 20);
  for (const int64_t more : {0, 20}) {
    SCOPED_TRACE(more);
    engine_ = nullptr;
    for (const std::string_view each :
         {".log", ".index", ".txnindex", ".snapshot"}) {
      Remove(each);
    }
    ASSERT_THAT(
        WriteAndSyncFile(*files_, kLog,
                         bytes.substr(0, static_cast<size_t>(stays + more))),
        IsOk());
    told_.clear();
    EXPECT_EQ(Repair().transactions_lost, 1);
    EXPECT_THAT(told_, SizeIs(1));
    EXPECT_THAT(Committed(), ElementsAre("plain"));
    const auto partition = engine_->OpenPartition("a", PartitionId{0});
    EXPECT_THAT(partition->LastStableOffset(), IsOkAndHolds(Offset{4}));
    EXPECT_THAT(engine_->Close(), IsOk());
  }
}

}  // namespace
}  // namespace cauce
