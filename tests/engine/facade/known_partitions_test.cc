// Partitions that are opened after a clean stop by what the close has noted of
// them, counted in calls of the file system; and all that makes an opening look
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kFirst = "/data/orders-0";
constexpr std::string_view kSecond = "/data/orders-1";

class KnownPartitions : public test::CountedEngine {
 protected:
  // Two partitions of segments of one record each, closed when all of it was
  // there for a while.
  void Make(int records = 4) {
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->CreateTopic(
                    "orders", {.partitions = 2,
                               .configs = {{"internal.segment.bytes", "1"}}}),
                IsOk());
    Append(0, records);
    Append(1, records);
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    Close();
    // What was changed by the close itself is not known for certain.
    Reopen();
    OpenBoth();
    Close();
    events_.clear();
  }
  void Close() {
    clock_.Advance(absl::Minutes(1));
    ASSERT_THAT(engine_->Close(), IsOk());
    engine_.reset();
    clock_.Advance(absl::Minutes(1));
  }
  void Reopen() { ASSERT_THAT(Open(), IsOk()); }
  void OpenBoth() {
    for (int32_t p = 0; p < 2; ++p) {
      ASSERT_THAT(engine_->OpenPartition("orders", PartitionId{p}), IsOk());
    }
  }
  // How often the directory of one is synced, as every recovery does, while all
  // is opened.
  int SyncsToReopen(std::string_view directory) {
    const int before = files_.Count(FileCall::kSyncDirectory, directory);
    Reopen();
    return files_.Count(FileCall::kSyncDirectory, directory) - before;
  }
  // Opens the first one; returns how often its directory was listed.
  int ListsToOpen(int64_t end) {
    const int before = files_.Count(FileCall::kList, kFirst);
    const auto opened = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(opened, IsOk());
    EXPECT_TRUE(opened.ok() && opened->log_end() == Offset{end});
    return files_.Count(FileCall::kList, kFirst) - before;
  }
  void ExpectReads(int64_t records) {
    auto opened = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(opened, IsOk());
    Cursor cursor = opened->Read(Offset{0});
    RecordView record;
    for (int64_t i = 0; i < records; ++i) {
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true)) << i;
      EXPECT_EQ(record.offset, Offset{i});
      EXPECT_EQ(record.value, "v");
    }
    EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(false));
  }
  // The files of which `cauce log verify` has something to say.
  std::vector<std::string> Verified() {
    std::vector<std::string> named;
    EXPECT_THAT(VerifyDirectory(*memory_, "/data", {},
                                [&](const Finding& finding) {
                                  named.push_back(finding.file);
                                }),
                IsOk());
    return named;
  }
  // Whoever comes to the record at offset 1, or begins there, is told.
  void ExpectTellsOfTheSecond() {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    Cursor cursor = orders->Read(Offset{0});
    RecordView record;
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
    ASSERT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{2}));
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_EQ(record.offset, Offset{2});
    Cursor within = orders->Read(Offset{1});
    EXPECT_THAT(within.Next(&record), HasReason(Reason::kCorruptBatch));
  }
  static std::string LogOf(int64_t base) {
    return fmt::format("{}/{:020}.log", kFirst, base);
  }
};

TEST_F(KnownPartitions, AreOpenedWithoutALookIntoAnyFile) {
  Make();
  Reopen();
  const int opens = Opens();
  const int syncs = Syncs();
  EXPECT_EQ(ListsToOpen(4), 0);
  EXPECT_EQ(Opens() - opens, 0);
  EXPECT_EQ(Syncs() - syncs, 0);
  ExpectReads(4);
  Append(0);
  ExpectReads(5);
  Close();
  EXPECT_THAT(events_, IsEmpty());
  Leaves(test::Left::kWhole);
}

TEST_F(KnownPartitions, TakeARecordAfterOneOpenAndWithoutARead) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic(
          "orders", {.partitions = 2, .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  Append(0, 4);
  Close();
  Reopen();
  OpenBoth();
  Close();
  Reopen();
  const int opens = Opens();
  const int reads = files_.Count(FileCall::kRead, "");

  Append(0);

  EXPECT_EQ(Opens() - opens, 1);
  EXPECT_EQ(files_.Count(FileCall::kRead, ""), reads);
  ExpectReads(5);
  Close();
  Leaves(test::Left::kWhole);
}

TEST_F(KnownPartitions, RollByTheTimesThatWereNoted) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2,
                                              .configs = {{"segment.ms",
                                                           "36000000"}}}),
              IsOk());
  Append(0);
  Close();
  Reopen();
  OpenBoth();
  Close();
  const auto logs = [&] {
    int count = 0;
    const auto entries = files_.List(kFirst);
    for (const DirectoryEntry& entry : *entries) {
      count += entry.name.ends_with(".log") ? 1 : 0;
    }
    return count;
  };
  Reopen();
  Append(0);
  EXPECT_EQ(logs(), 1);
  clock_.Advance(absl::Hours(10));
  Append(0);
  EXPECT_EQ(logs(), 2);

  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  const auto last = orders->FindByTime(Timestamp::From(clock_.Now()));
  ASSERT_THAT(last, IsOk());
  EXPECT_EQ((*last)->offset, Offset{2});
  ExpectReads(3);
}

TEST_F(KnownPartitions, AreDormantUntilTheyAreUsed) {
  Make();
  Reopen();
  const int opens = Opens();
  const int reads = files_.Count(FileCall::kRead, "");
  const int lists = files_.Count(FileCall::kList, "");
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->name(), (TopicPartition{"orders", PartitionId{0}}));
  EXPECT_EQ(orders->log_start(), Offset{0});
  EXPECT_EQ(orders->log_end(), Offset{4});
  EXPECT_EQ(orders->high_watermark(), Offset{4});
  EXPECT_EQ(orders->durable_end(), Offset{4});
  EXPECT_GT(orders->bytes(), 4 * 61);
  EXPECT_EQ(Opens(), opens);
  EXPECT_EQ(files_.Count(FileCall::kRead, ""), reads);
  EXPECT_EQ(files_.Count(FileCall::kList, ""), lists);

  // What is told of it then is the same.
  const int64_t bytes = orders->bytes();
  const LeaderEpoch epoch = orders->leader_epoch();
  ASSERT_THAT(orders->Flush(), IsOk());
  EXPECT_EQ(orders->bytes(), bytes);
  EXPECT_EQ(orders->leader_epoch(), epoch);
  EXPECT_EQ(orders->log_start(), Offset{0});
  EXPECT_EQ(orders->durable_end(), Offset{4});
}

TEST_F(KnownPartitions, WakeForAllWhoHaveAHandle) {
  Make();
  Reopen();
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  auto second = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(second, IsOk());
  Append(0);
  EXPECT_EQ(first->log_end(), Offset{5});
  EXPECT_EQ(second->log_end(), Offset{5});
  const auto third = engine_->OpenPartition("orders", PartitionId{0});
  EXPECT_EQ(third->log_end(), Offset{5});
}

// The callback comes with the flush that shows less from then on.
TEST_F(KnownPartitions, WakeForACallbackWhereItsTopicIsAltered) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  auto asleep = engine_->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(asleep, IsOk());
  const Record record{.key = "k", .value = "v"};
  const auto batch = test::BatchOf({record});
  int told = 0;
  orders->AppendAsync(batch.view(), {},
                      [&](const absl::StatusOr<AppendResult>& appended) {
                        ++told;
                        EXPECT_THAT(appended, IsOk());
                        EXPECT_THAT(asleep->Append({&record, 1}), IsOk());
                      });
  ASSERT_EQ(told, 0);
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cauce.flush", "os"}}), IsOk());
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cauce.flush", "group"}}),
              IsOk());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(asleep->log_end(), Offset{5});
}

TEST_F(KnownPartitions, AreNotWokenOnceTheEngineIsClosed) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  Close();
  const Record record{.key = "k", .value = "v"};
  EXPECT_THAT(orders->Append({&record, 1}), HasReason(Reason::kClosed));
  EXPECT_THAT(orders->Flush(), HasReason(Reason::kClosed));
  Cursor cursor = orders->Read(Offset{2});
  RecordView view;
  EXPECT_THAT(cursor.Next(&view), HasReason(Reason::kClosed));
  EXPECT_EQ(cursor.position(), Offset{2});
  cursor.Seek(Offset{3});
  EXPECT_EQ(cursor.position(), Offset{3});
  EXPECT_THAT(cursor.SkipDamage(), HasReason(Reason::kClosed));
  EXPECT_EQ(orders->log_end(), Offset{4});
}

// A callback may append, and runs where the topic goes, or the engine.
TEST_F(KnownPartitions, WakeForACallbackOfATopicThatIsDeleted) {
  Make();
  Reopen();
  ASSERT_THAT(engine_->CreateTopic("gone", {}), IsOk());
  auto gone = engine_->OpenPartition("gone", PartitionId{0});
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const OwnedBatch batch = test::Batch({"v"});
  std::vector<Reason> told;
  gone->AppendAsync(batch.view(), {}, [&](const auto& outcome) {
    told.push_back(ReasonOf(outcome.status()));
    orders->AppendAsync(batch.view(), {.ack = Ack::kWritten},
                        [&](const auto& next) {
                          told.push_back(ReasonOf(next.status()));
                        });
  });
  ASSERT_THAT(engine_->DeleteTopic("gone"), IsOk());
  EXPECT_THAT(told, ElementsAre(Reason::kUnknownTopic, Reason::kNone));
  EXPECT_EQ(orders->log_end(), Offset{5});
}

TEST_F(KnownPartitions, AreNotWokenByACallbackOfAnEngineThatIsClosed) {
  Make();
  Reopen();
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  auto second = engine_->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(second, IsOk());
  const OwnedBatch batch = test::Batch({"v"});
  std::vector<Reason> told;
  first->AppendAsync(batch.view(), {}, [&](const auto& outcome) {
    told.push_back(ReasonOf(outcome.status()));
    second->AppendAsync(batch.view(), {}, [&](const auto& next) {
      told.push_back(ReasonOf(next.status()));
    });
  });
  Close();
  EXPECT_THAT(told, ElementsAre(Reason::kNone, Reason::kClosed));
}

TEST_F(KnownPartitions, OfADeletedTopicAreNotWokenAsThoseOfANewOne) {
  Make();
  Reopen();
  auto old = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(old, IsOk());
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());

  const Record record{.key = "k", .value = "v"};
  EXPECT_THAT(old->Append({&record, 1}), HasReason(Reason::kUnknownTopic));
  Append(0);
  EXPECT_EQ(old->log_end(), Offset{4});
  EXPECT_EQ(engine_->OpenPartition("orders", PartitionId{0})->log_end(),
            Offset{1});
}

TEST_F(KnownPartitions, WakeWithTheConfigsThatTheTopicHasByThen) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(engine_->AlterTopic("orders", {{"max.message.bytes", "100"}}),
              IsOk());
  const std::string value(200, 'v');
  const Record record{.key = "k", .value = value};
  EXPECT_THAT(orders->Append({&record, 1}), HasReason(Reason::kBatchTooLarge));
}

TEST_F(KnownPartitions, AreWokenByUpkeepOnceTheyAreOfAge) {
  Make();
  Reopen();
  // Finds out how old they are.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  Close();
  Reopen();
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  const int opens = Opens();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Opens(), opens);

  clock_.Advance(absl::Hours(8 * 24));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(orders->log_start(), Offset{4});
  EXPECT_EQ(orders->log_end(), Offset{4});
}

TEST_F(KnownPartitions, StayKnownWhereNobodyOpensThem) {
  Make();
  for (int i = 0; i < 3; ++i) {
    Reopen();
    Close();
  }
  Reopen();
  EXPECT_EQ(ListsToOpen(4), 0);
  ExpectReads(4);
}

TEST_F(KnownPartitions, AreKnownAsTheyWereClosedLast) {
  Make();
  for (int64_t end = 4; end < 8; ++end) {
    Reopen();
    EXPECT_EQ(ListsToOpen(end), 0);
    Append(0);
    Close();
    // The roll and the close have made files.
    Reopen();
    OpenBoth();
    Close();
  }
  Reopen();
  ExpectReads(8);
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  ASSERT_THAT(orders->DeleteRecordsBefore(Offset{3}), IsOk());
  ASSERT_THAT(orders->TruncateTo(Offset{5}), IsOk());
  Append(0, 2);
  Close();
  Reopen();
  orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_start(), Offset{3});
  EXPECT_EQ(orders->log_end(), Offset{7});
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(KnownPartitions, AreLookedAtAfterAKillWhateverWasKnownBefore) {
  Make();
  Reopen();
  Append(0, 3);
  Kill();
  ASSERT_THAT(memory_->Info("/data/cauce.segments"), IsOk());
  EXPECT_GT(SyncsToReopen(kFirst), 0);
  ExpectReads(7);
  Append(0);
  Close();
  Reopen();
  ExpectReads(8);
}

TEST_F(KnownPartitions, NeedNoRecoveryAfterAKillWhereNobodyTouchedThem) {
  Make();
  for (int64_t end = 4; end < 7; ++end) {
    EXPECT_EQ(SyncsToReopen(kSecond), 0);
    ExpectReads(end);
    Append(0);
    Kill();
  }
  EXPECT_EQ(SyncsToReopen(kSecond), 0);
  ExpectReads(7);
  const int lists = files_.Count(FileCall::kList, kSecond);
  ASSERT_THAT(engine_->OpenPartition("orders", PartitionId{1}), IsOk());
  EXPECT_EQ(files_.Count(FileCall::kList, kSecond), lists);
  Append(1);
  Close();
  Reopen();
  ExpectReads(7);
  EXPECT_THAT(events_, IsEmpty());
  Leaves(test::Left::kWhole);
}

TEST_F(KnownPartitions, AreRecoveredAfterAKillWhereTheirLastFileWasWritten) {
  Make();
  Reopen();
  Kill();
  // With the bytes that it has.
  const auto file = memory_->Open(LogOf(3), OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  char byte[1];
  ASSERT_THAT((*file)->Read(30, byte), IsOk());
  ASSERT_THAT((*file)->Write(30, {byte, 1}), IsOk());
  EXPECT_GT(SyncsToReopen(kFirst), 0);
  ExpectReads(4);
}

TEST_F(KnownPartitions, AreRecoveredAfterAKillWhereTheirPointIsNotTheirEnd) {
  Make();
  Reopen();
  Kill();
  ASSERT_THAT(WriteOffsetCheckpoint(
                  *memory_, "/data", kRecoveryPointFile,
                  {{{"orders", PartitionId{0}}, Offset{3}},
                   {{"orders", PartitionId{1}}, Offset{4}}}),
              IsOk());
  EXPECT_GT(SyncsToReopen(kFirst), 0);
  ExpectReads(4);
  Kill();
  EXPECT_EQ(SyncsToReopen(kSecond), 0);
}

// The checkpoint of recovery points, lost in one way or another, after a kill.
struct LostPoints {
  std::string_view name;
  std::string_view bytes;  // empty where the file is gone
  bool is_written = false;  // whether the log was since its close
};

class KnownPartitionsWithoutPoints
    : public KnownPartitions,
      public ::testing::WithParamInterface<LostPoints> {};

INSTANTIATE_TEST_SUITE_P(
    Lost, KnownPartitionsWithoutPoints,
    ::testing::Values(LostPoints{"Gone", ""},
                      LostPoints{"GoneOfAWritten", "", true},
                      LostPoints{"Damaged", "?"},
                      LostPoints{"DamagedOfAWritten", "?", true},
                      LostPoints{"OfAnother", "0\n1\nother 0 1\n"}),
    [](const auto& info) { return std::string(info.param.name); });

// The noted close is a recovery point as well: nothing below it is cut, and
// verification and a repair say the same.
TEST_P(KnownPartitionsWithoutPoints, AreNotCutBelowTheirClose) {
  Leaves(test::Left::kDamaged);
  Make();
  Reopen();
  if (GetParam().is_written) Append(0, 2);
  Kill();
  const std::string points = "/data/recovery-point-offset-checkpoint";
  ASSERT_THAT(memory_->RemoveFile(points), IsOk());
  if (!GetParam().bytes.empty()) {
    ASSERT_THAT(WriteAndSyncFile(*memory_, points, GetParam().bytes), IsOk());
  }
  const auto torn = memory_->Open(LogOf(1), OpenMode::kReadWrite);
  ASSERT_THAT(torn, IsOk());
  ASSERT_THAT((*torn)->Truncate(*(*torn)->Size() - 1), IsOk());
  EXPECT_THAT(Verified(), Contains(LogOf(1)));
  const auto plan = PlanRepair(*memory_, "/data", {});
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->offsets_lost, 1);

  Reopen();

  ExpectTellsOfTheSecond();
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{GetParam().is_written ? 6 : 4});
  EXPECT_THAT(events_, Contains(HasSubstr("closed last")));
  const auto entries = memory_->List(kFirst);
  for (const DirectoryEntry& entry : *entries) {
    EXPECT_FALSE(entry.name.ends_with(".cut")) << entry.name;
  }
  EXPECT_THAT(Verified(), Contains(LogOf(1)));
  // It is saved by now.
  Kill();
  Reopen();
  EXPECT_THAT(events_, Not(Contains(HasSubstr("closed last"))));
}

// One look at the first partition's directory fails.
class BlindOnce final : public test::FailingFileSystem {
 public:
  BlindOnce(FileSystem& real, int number)
      : FailingFileSystem(real), left_(number) {}

  bool has_failed() const { return left_ < 0; }

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    if (path == kFirst && left_-- == 0) {
      return MakeError(Reason::kDiskFailed, "planned to fail");
    }
    return FailingFileSystem::Info(path);
  }

 private:
  int left_;
};

// What is in its place is most likely what was there.
TEST_F(KnownPartitions, AreNotCutBelowTheirCloseWhereALookAtThemFails) {
  Leaves(test::Left::kDamaged);
  Make();
  Reopen();
  Kill();
  const auto torn = memory_->Open(LogOf(1), OpenMode::kReadWrite);
  ASSERT_THAT(torn, IsOk());
  ASSERT_THAT((*torn)->Truncate(*(*torn)->Size() - 1), IsOk());
  for (int number = 0;; ++number) {
    SCOPED_TRACE(number);
    ASSERT_LT(number, 100);
    ASSERT_THAT(memory_->RemoveFile("/data/recovery-point-offset-checkpoint"),
                IsOk());
    BlindOnce files(files_, number);
    auto engine = Engine::Open(
        "/data", {.file_system = &files,
                  .clock = &clock_,
                  .events = [this](Severity, std::string_view line) {
                    events_.emplace_back(line);
                  }});
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
    const auto orders = engine_->OpenPartition("orders", PartitionId{0});
    // One whose own opening was what failed says so.
    EXPECT_EQ(orders.ok() ? orders->log_end() : Offset{4}, Offset{4});
    EXPECT_THAT(events_, Contains(HasSubstr("closed last")));
    Kill();
    const auto entries = memory_->List(kFirst);
    ASSERT_THAT(entries, IsOk());
    for (const DirectoryEntry& entry : *entries) {
      EXPECT_FALSE(entry.name.ends_with(".cut")) << entry.name;
    }
    if (!files.has_failed()) break;
  }
}

// As who opens them for writing, and verification.
TEST_F(KnownPartitions, ThatLackTheirEndTellReadersWhereTheirPointIsLost) {
  Leaves(test::Left::kDamaged);
  Make();
  Reopen();
  Kill();
  ASSERT_THAT(memory_->RemoveFile("/data/recovery-point-offset-checkpoint"),
              IsOk());
  const auto lost = [&]() -> absl::StatusOr<OffsetRange> {
    const auto reader = Engine::Open(
        "/data",
        {.access = Access::kReadOnly, .file_system = memory_.get()});
    if (!reader.ok()) return reader.status();
    const auto orders = reader->OpenPartition("orders", PartitionId{0});
    if (!orders.ok()) return orders.status();
    return orders->lost().back;
  };
  EXPECT_THAT(lost(), IsOkAndHolds(OffsetRange()));
  const auto torn = memory_->Open(LogOf(3), OpenMode::kReadWrite);
  ASSERT_THAT(torn, IsOk());
  ASSERT_THAT((*torn)->Truncate(*(*torn)->Size() - 1), IsOk());
  EXPECT_THAT(lost(), IsOkAndHolds(OffsetRange{Offset{3}, Offset{4}}));
  // Of another directory in its place nobody knows.
  ASSERT_THAT(memory_->Rename(std::string(kFirst), "/data/away"), IsOk());
  ASSERT_THAT(memory_->CreateDirectory(std::string(kFirst)), IsOk());
  EXPECT_THAT(lost(), IsOkAndHolds(OffsetRange()));
}

// What was cut since was cut in order.
TEST_F(KnownPartitions, ThatWereCutSinceTheirCloseReachNoFurtherThanThat) {
  Make();
  Reopen();
  {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    ASSERT_THAT(orders->TruncateTo(Offset{2}), IsOk());
  }
  Kill();
  ASSERT_THAT(memory_->RemoveFile("/data/recovery-point-offset-checkpoint"),
              IsOk());
  Reopen();
  ExpectReads(2);
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{2});
}

TEST_F(KnownPartitions, AreLookedAtWhereTheirDirectoryWasChangedSince) {
  Make();
  ASSERT_THAT(ReplaceFile(*memory_, kFirst, "notes", "by hand"), IsOk());
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
}

TEST_F(KnownPartitions, AreLookedAtWhereItWasChangedRightBeforeTheClose) {
  Make();
  Reopen();
  Append(0);
  ASSERT_THAT(engine_->Close(), IsOk());
  engine_.reset();
  Reopen();
  EXPECT_GT(ListsToOpen(5), 0);
  ExpectReads(5);
}

TEST_F(KnownPartitions, AreLookedAtWhereTheLastFileIsLongerOrShorter) {
  const auto resize = [&](int64_t by) {
    const auto file = memory_->Open(LogOf(3), OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    const auto size = (*file)->Size();
    ASSERT_THAT(size, IsOk());
    ASSERT_THAT((*file)->Truncate(*size + by), IsOk());
  };
  Make();
  resize(512);
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
  Close();

  Leaves(test::Left::kDamaged);
  resize(-1);
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  EXPECT_THAT(events_, Contains(HasSubstr("records that were durable")));
}

TEST_F(KnownPartitions, AreLookedAtWhereTheLastFileIsNotWhole) {
  Make();
  const auto file = memory_->Open(LogOf(3), OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(30, "?"), IsOk());
  Leaves(test::Left::kDamaged);
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  EXPECT_THAT(events_, Contains(HasSubstr("records that were durable")));
  // Appends go on behind it, and no record in front of it is lost.
  Append(0);
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(KnownPartitions, AreNotKnownWithoutTheManifestOrByADamagedOne) {
  Make();
  const auto file = memory_->Open("/data/cauce.segments", OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(20, "?"), IsOk());
  EXPECT_THAT(Verified(), ElementsAre("/data/cauce.segments"));
  Reopen();
  EXPECT_THAT(events_, Contains(HasSubstr("/data/cauce.segments")));
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
  OpenBoth();
  Close();

  // It was made anew.
  events_.clear();
  Reopen();
  EXPECT_EQ(ListsToOpen(4), 0);
  EXPECT_THAT(events_, IsEmpty());
  Close();
  ASSERT_THAT(memory_->RemoveFile("/data/cauce.segments"), IsOk());
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
}

// As after a broker's close: the stop was a clean one, and nothing was noted.
TEST_F(KnownPartitions, AreNotKnownWhereTheMarkNamesNoManifest) {
  for (const char* second : {"", "\n"}) {
    SCOPED_TRACE(second);
    ASSERT_NO_FATAL_FAILURE(Make());
    ASSERT_THAT(ReplaceFile(*memory_, "/data", kCleanShutdownFile,
                            R"({"version":0,"brokerEpoch":-1})" +
                                std::string(second)),
                IsOk());
    EXPECT_THAT(Verified(), IsEmpty());
    EXPECT_EQ(SyncsToReopen(kFirst), 0) << "no recovery";
    EXPECT_THAT(memory_->Info("/data/cauce.segments"),
                StatusIs(absl::StatusCode::kNotFound));
    EXPECT_GT(ListsToOpen(4), 0);
    ExpectReads(4);
    EXPECT_THAT(events_, IsEmpty());
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    Close();
  }
}

// It alone may know what compacted topics miss.
TEST_F(KnownPartitions, AreKeptAsideWhereTheLineThatNamesThemIsDamaged) {
  for (const char* second :
       {"\ncauce.segments", "\ncauce.segments 0123456\n",
        "\ncauce.segmentz 01234567\n", "\nanother line\n"}) {
    SCOPED_TRACE(second);
    ASSERT_NO_FATAL_FAILURE(Make());
    const auto manifest =
        ReadWholeFile(*memory_, "/data/cauce.segments", 1 << 20);
    ASSERT_THAT(manifest, IsOk());
    ASSERT_THAT(ReplaceFile(*memory_, "/data", kCleanShutdownFile,
                            R"({"version":0,"brokerEpoch":-1})" +
                                std::string(second)),
                IsOk());
    EXPECT_THAT(Verified(), ElementsAre("/data/cauce.segments"));
    EXPECT_EQ(SyncsToReopen(kFirst), 0) << "no recovery";
    EXPECT_THAT(
        events_,
        ElementsAre(AllOf(HasSubstr("/data/.kafka_cleanshutdown"),
                          HasSubstr("kept as /data/cauce.segments.cut;"))));
    EXPECT_THAT(ReadWholeFile(*memory_, "/data/cauce.segments.cut", 1 << 20),
                IsOkAndHolds(*manifest));
    EXPECT_THAT(memory_->Info("/data/cauce.segments"),
                StatusIs(absl::StatusCode::kNotFound));
    EXPECT_GT(ListsToOpen(4), 0);
    ExpectReads(4);
    events_.clear();
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    Close();
    ASSERT_THAT(memory_->RemoveFile("/data/cauce.segments.cut"), IsOk());
  }
}

// It is of some close before, and would count after the next kill.
TEST_F(KnownPartitions, AreForgottenForGoodWhereTheMarkNamesAnotherManifest) {
  Make();
  ASSERT_THAT(ReplaceFile(*memory_, "/data", kCleanShutdownFile,
                          "{\"version\":0,\"brokerEpoch\":-1}\n"
                          "cauce.segments 00000001\n"),
              IsOk());
  EXPECT_THAT(Verified(), ElementsAre("/data/cauce.segments"));
  EXPECT_EQ(SyncsToReopen(kFirst), 0) << "no recovery";
  EXPECT_THAT(events_, ElementsAre(AllOf(HasSubstr("/data/cauce.segments"),
                                         HasSubstr("names 00000001"))));
  EXPECT_THAT(memory_->Info("/data/cauce.segments"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(memory_->Info("/data/cauce.segments.cut"), IsOk());
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
  Kill();

  Reopen();
  EXPECT_THAT(events_, IsEmpty());
  ExpectReads(4);
  OpenBoth();
  Close();
  Leaves(test::Left::kWhole);
}

// What is done from then on is not noted there, and it could be read again.
TEST_F(KnownPartitions, CountNoMoreAfterAStopWhereTheyCouldNotBeRead) {
  for (const std::string_view unread :
       {kManifestFile, std::string_view(kCleanShutdownFile)}) {
    SCOPED_TRACE(unread);
    ASSERT_NO_FATAL_FAILURE(Make());
    files_.Fail(FileCall::kRead, unread,
                MakeError(Reason::kDiskFailed, "no luck"), 0, 1);
    Reopen();
    files_.Mend();
    EXPECT_THAT(
        events_,
        Contains(AllOf(HasSubstr("no luck"),
                       HasSubstr("kept as /data/cauce.segments.cut"))));
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
    Append(0);
    Kill();

    Reopen();
    ExpectReads(1);
    EXPECT_THAT(events_, IsEmpty());
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    Close();
    ASSERT_THAT(memory_->RemoveFile("/data/cauce.segments.cut"), IsOk());
  }
}

// Neither a want of descriptors nor half of a rename makes them forgotten.
TEST_F(KnownPartitions, StayNotedWhereTheOpeningIsRefused) {
  Make();
  files_.Fail(FileCall::kRead, kManifestFile,
              absl::ResourceExhaustedError("too many open files"));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kResourceExhausted));
  files_.Mend();
  EXPECT_THAT(memory_->Info("/data/cauce.segments"), IsOk());

  files_.Fail(FileCall::kRead, kManifestFile,
              MakeError(Reason::kDiskFailed, "no luck"));
  files_.Fail(FileCall::kSyncDirectory, "/data",
              MakeError(Reason::kDiskFailed, "none at all"));
  EXPECT_THAT(Open(), HasReason(Reason::kDiskFailed));
  files_.Mend();
  EXPECT_THAT(memory_->Info("/data/cauce.segments"), IsOk());
  Reopen();
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_EQ(ListsToOpen(4), 0);
}

TEST_F(KnownPartitions, OfADeletedTopicAreNotThoseOfANewOneOfItsName) {
  Make();
  Reopen();
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Close();
  Reopen();
  EXPECT_GT(ListsToOpen(0), 0);
  Append(0);
  Close();
  Reopen();
  ExpectReads(1);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(KnownPartitions, ThatWereExchangedByHandAreNotTakenForEachOther) {
  Make();
  Reopen();
  ASSERT_THAT(engine_->CreateTopic("other", {}), IsOk());
  {
    auto other = engine_->OpenPartition("other", PartitionId{0});
    ASSERT_THAT(other, IsOk());
    const Record record{.value = "other"};
    ASSERT_THAT(other->Append({&record, 1}), IsOk());
  }
  Close();
  Reopen();
  ASSERT_THAT(engine_->OpenPartition("other", PartitionId{0}), IsOk());
  Close();
  const std::pair<const char*, const char*> renames[] = {
      {"orders-0", "x"}, {"other-0", "orders-0"}, {"x", "other-0"}};
  for (const auto& [from, to] : renames) {
    ASSERT_THAT(memory_->Rename(fmt::format("/data/{}", from),
                                fmt::format("/data/{}", to)),
                IsOk());
  }
  Leaves(test::Left::kDamaged);
  Reopen();
  for (const char* topic : {"orders", "other"}) {
    EXPECT_THAT(engine_->OpenPartition(topic, PartitionId{0}),
                HasReason(Reason::kCorruptFile));
  }
}

TEST_F(KnownPartitions, AreNotNotedWhereTheDiskHasNoRoomForThat) {
  Make();
  Reopen();
  files_.Fail(FileCall::kWrite, "cauce.segments.tmp",
              MakeError(Reason::kDiskFull, "full"));
  Close();
  files_.Mend();
  Reopen();
  EXPECT_GT(ListsToOpen(4), 0);
  ExpectReads(4);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(KnownPartitions, AreNeverThoseOfAnOlderCloseThatIsStillThere) {
  Make();
  Reopen();
  files_.Fail(FileCall::kWrite, "cauce.segments.tmp",
              MakeError(Reason::kDiskFull, "full"));
  Close();
  files_.Mend();
  files_.Fail(FileCall::kRemove, kManifestFile,
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(Open(), HasReason(Reason::kDiskFailed));

  files_.Mend();
  Reopen();
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Kill();
  Reopen();
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{0});
}

TEST_F(KnownPartitions, OfACompactedTopicThatLackAFileAreToldUntilItIsBack) {
  Make();
  Reopen();
  ASSERT_THAT(
      engine_->AlterTopic("orders", {{"cleanup.policy", "compact"},
                                     {"min.cleanable.dirty.ratio", "1"}}),
      IsOk());
  OpenBoth();
  Close();
  const auto bytes = ReadWholeFile(*memory_, LogOf(1), 1000);
  ASSERT_THAT(bytes, IsOk());
  ASSERT_THAT(memory_->RemoveFile(LogOf(1)), IsOk());
  Leaves(test::Left::kDamaged);

  for (int i = 0; i < 2; ++i) {
    events_.clear();
    EXPECT_THAT(Verified(), Contains(LogOf(1)));
    Reopen();
    ExpectTellsOfTheSecond();
    EXPECT_THAT(events_, Contains(HasSubstr("00000000000000000001.log: is "
                                            "missing")));
    Close();
  }

  ASSERT_THAT(ReplaceFile(*memory_, kFirst, "00000000000000000001.log", *bytes),
              IsOk());
  events_.clear();
  Reopen();
  ExpectReads(4);
  EXPECT_THAT(events_, Not(Contains(HasSubstr("is missing"))));
}

}  // namespace
}  // namespace cauce
