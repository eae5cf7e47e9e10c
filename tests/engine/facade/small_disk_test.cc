// An engine on a real file system of a few megabytes.
//
// Where the machine allows no mounts the tests are skipped: it is the machine
// that lacks something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

constexpr size_t kValueBytes = 3000;

class SmallDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string problem = test::MountSmallDisk(dir_.path());
    mounted_ = problem.empty();
    if (!mounted_) GTEST_SKIP() << "nothing can be mounted here: " << problem;
  }
  void TearDown() override {
    if (!mounted_) return;
    ExpectVerified(*PosixFileSystem(), Data(), test::Left::kKilled);
    EXPECT_EQ(umount2(dir_.path().c_str(), MNT_DETACH), 0);
  }

  std::string Data() const { return dir_ / "data"; }
  absl::StatusOr<Engine> Open(int64_t free_bytes_min) {
    return Engine::Open(Data(), {.free_bytes_min = free_bytes_min});
  }
  static void Make(Engine& engine) {
    ASSERT_THAT(engine.CreateTopic(
                    "orders", {.configs = {{"internal.segment.bytes", "100000"},
                                           {"file.delete.delay.ms", "0"}}}),
                IsOk());
  }
  static std::string ValueOf(int64_t offset) {
    return std::to_string(offset) + std::string(kValueBytes, 'v');
  }
  static absl::StatusOr<AppendResult> Append(Partition& to) {
    const std::string value = ValueOf(to.log_end().value);
    const Record record{.value = value};
    return to.Append({&record, 1});
  }
  // Returns the log's end.
  static Offset AppendUntilFull(Partition& to) {
    for (;;) {
      const auto appended = Append(to);
      if (appended.ok()) continue;
      EXPECT_THAT(appended, HasReason(Reason::kDiskFull));
      return to.log_end();
    }
  }
  static void ExpectAll(const Partition& partition, Offset from, Offset next) {
    EXPECT_EQ(partition.log_start(), from);
    Cursor cursor = partition.Read(from);
    RecordView record;
    for (; from < next; from = from + 1) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      ASSERT_TRUE(*more);
      ASSERT_EQ(record.offset, from);
      ASSERT_EQ(record.value, ValueOf(from.value));
    }
    EXPECT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));
  }
  // Takes what is left of the disk, to the last byte.
  void TakeTheRest() const {
    std::ofstream rest(dir_ / "rest");
    const std::string kilobyte(1024, 'r');
    while (rest.good()) rest << kilobyte << std::flush;
  }

  const test::TempDir dir_;
  bool mounted_ = false;
};

TEST_F(SmallDisk, IsFilledReadBackEmptiedAndFilledAgain) {
  for (const int64_t free_bytes_min : {int64_t{0}, int64_t{1} << 20}) {
    SCOPED_TRACE(free_bytes_min);
    auto engine = Open(free_bytes_min);
    ASSERT_THAT(engine, IsOk());
    Make(*engine);
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    Offset start;
    for (int round = 0; round < 3; ++round) {
      SCOPED_TRACE(round);
      start = orders->log_start();
      const Offset end = AppendUntilFull(*orders);
      ASSERT_GT(end - start, 100);
      EXPECT_GE(*PosixFileSystem()->FreeBytes(Data()),
                free_bytes_min - (64 << 10));
      ExpectAll(*orders, start, end);
      ASSERT_THAT(orders->DeleteRecordsBefore(start + (end - start) / 2),
                  IsOk());
      ASSERT_THAT(engine->RunUpkeep(), IsOk());
    }
    const Offset end = orders->log_end();
    start = orders->log_start();
    ASSERT_THAT(engine->Close(), IsOk());
    engine = Open(free_bytes_min);
    ASSERT_THAT(engine, IsOk());
    orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    ExpectAll(*orders, start, end);
    ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine->Close(), IsOk());
  }
}

TEST_F(SmallDisk, OpensWithNoByteFreeAfterAWriterThatFilledItDied) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto engine = Open(0);
    if (!engine.ok()) _exit(1);
    Make(*engine);
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    if (!orders.ok()) _exit(1);
    const Offset end = AppendUntilFull(*orders);
    TakeTheRest();
    // Dies as it is, and tells how far it came.
    std::ofstream(dir_ / "data/acknowledged") << end.value;
    _exit(end.value < 10'000 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(PosixFileSystem()->FreeBytes(Data()).value_or(-1), 0);

  auto engine = Open(0);
  ASSERT_THAT(engine, IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const Offset end = orders->log_end();
  ASSERT_GT(end, Offset{500});
  ExpectAll(*orders, Offset{0}, end);
  EXPECT_THAT(Append(*orders), HasReason(Reason::kDiskFull));
  ASSERT_THAT(orders->DeleteRecordsBefore(Offset{end.value / 2}), IsOk());
  ASSERT_THAT(Append(*orders), IsOk());
  ExpectAll(*orders, Offset{end.value / 2}, end + 1);
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST_F(SmallDisk, OneThatIsMountedReadOnlyIsReadAndNotWritten) {
  Offset end;
  {
    auto engine = Open(0);
    ASSERT_THAT(engine, IsOk());
    Make(*engine);
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    ASSERT_THAT(Append(*orders), IsOk());
    end = orders->log_end();
    ASSERT_THAT(engine->Close(), IsOk());
  }
  ASSERT_EQ(mount(nullptr, dir_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY,
                  nullptr),
            0);
  EXPECT_THAT(Open(0), test::StatusIs(absl::StatusCode::kPermissionDenied,
                                      ::testing::HasSubstr("Read-only")));
  auto reader = Engine::Open(Data(), {.access = Access::kReadOnly});
  ASSERT_THAT(reader, IsOk());
  const auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  ExpectAll(*orders, Offset{0}, end);
}

TEST_F(SmallDisk, OneThatIsTakenAwayIsToldAndNothingIsWrittenInItsPlace) {
  auto engine = Open(0);
  ASSERT_THAT(engine, IsOk());
  Make(*engine);
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  ASSERT_THAT(Append(*orders), IsOk());
  ASSERT_EQ(umount2(dir_.path().c_str(), MNT_DETACH), 0);
  mounted_ = false;

  EXPECT_THAT(engine->CreateTopic("new"),
              test::StatusIs(absl::StatusCode::kNotFound,
                             ::testing::HasSubstr(Data())));
  EXPECT_THAT(orders->DeleteRecordsBefore(Offset{1}),
              test::StatusIs(absl::StatusCode::kNotFound,
                             ::testing::HasSubstr(Data())));
  // What is on its way to an open file need not know it yet; a new one does.
  absl::Status appended;
  for (int i = 0; i < 100 && appended.ok(); ++i) {
    appended = Append(*orders).status();
  }
  EXPECT_THAT(appended, test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(engine->Close().ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(SmallDisk, WritingGoesOnOnceSomebodyElseMakesRoom) {
  auto engine = Open(0);
  ASSERT_THAT(engine, IsOk());
  Make(*engine);
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  ASSERT_THAT(Append(*orders), IsOk());
  TakeTheRest();
  const Offset end = AppendUntilFull(*orders);
  ASSERT_TRUE(std::filesystem::remove(dir_ / "rest"));
  ASSERT_THAT(Append(*orders), IsOk());
  ExpectAll(*orders, Offset{0}, end + 1);
  ASSERT_THAT(engine->Close(), IsOk());
}

}  // namespace
}  // namespace cauce
