// Partitions of which a close has noted what they hold, after a kill: they need
// no recovery where nobody touched them, and are not cut below that close.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/repair.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "tests/engine/facade/known_partitions_fixture.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;
using test::IsOkAndHolds;
using test::kFirst;
using test::kSecond;
using test::KnownPartitions;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using KilledPartitions = KnownPartitions;

TEST_F(KilledPartitions, AreLookedAtAfterAKillWhateverWasKnownBefore) {
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

TEST_F(KilledPartitions, NeedNoRecoveryAfterAKillWhereNobodyTouchedThem) {
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

TEST_F(KilledPartitions, AreRecoveredAfterAKillWhereTheirLastFileWasWritten) {
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

TEST_F(KilledPartitions, AreRecoveredAfterAKillWhereTheirPointIsNotTheirEnd) {
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

class KilledPartitionsWithoutPoints
    : public KilledPartitions,
      public ::testing::WithParamInterface<LostPoints> {};

INSTANTIATE_TEST_SUITE_P(
    Lost, KilledPartitionsWithoutPoints,
    ::testing::Values(LostPoints{"Gone", ""},
                      LostPoints{"GoneOfAWritten", "", true},
                      LostPoints{"Damaged", "?"},
                      LostPoints{"DamagedOfAWritten", "?", true},
                      LostPoints{"OfAnother", "0\n1\nother 0 1\n"}),
    [](const auto& info) { return std::string(info.param.name); });

// The noted close is a recovery point as well: nothing below it is cut, and
// verification and a repair say the same.
TEST_P(KilledPartitionsWithoutPoints, AreNotCutBelowTheirClose) {
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
TEST_F(KilledPartitions, AreNotCutBelowTheirCloseWhereALookAtThemFails) {
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
TEST_F(KilledPartitions, ThatLackTheirEndTellReadersWhereTheirPointIsLost) {
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
TEST_F(KilledPartitions, ThatWereCutSinceTheirCloseReachNoFurtherThanThat) {
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

}  // namespace
}  // namespace cauce
