// An engine of more partitions than its process may have files open.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;

constexpr int32_t kPartitions = 300;

class FewDescriptors : public ::testing::Test {
 protected:
  FewDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit few = {.rlim_cur = 64, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() override {
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0);
    test::ExpectVerified(*PosixFileSystem(), dir_ / "data", test::Left::kWhole);
  }

  std::vector<Partition> OpenAll(const Engine& engine) {
    std::vector<Partition> all;
    for (int32_t i = 0; i < kPartitions; ++i) {
      auto partition = engine.OpenPartition("orders", PartitionId{i});
      EXPECT_THAT(partition, IsOk());
      if (partition.ok()) all.push_back(*std::move(partition));
    }
    return all;
  }

  void AppendToAll(std::vector<Partition>& all, Ack ack) {
    const Record record{.key = "k", .value = "v"};
    for (Partition& each : all) {
      ASSERT_THAT(each.Append({&record, 1}, {.ack = ack}), IsOk());
    }
  }

  void ReadAll(const std::vector<Partition>& all, int records) {
    RecordView record;
    for (const Partition& each : all) {
      Cursor cursor = each.Read(Offset{0});
      for (int i = 0; i < records; ++i) {
        ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
      }
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(false));
    }
  }

  const test::TempDir dir_;
  rlimit before_;
};

TEST_F(FewDescriptors, AreEnoughToCreateAppendReadAndReopen) {
  {
    auto engine = Engine::Open(dir_ / "data");
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->CreateTopic("orders", {.partitions = kPartitions}),
                IsOk());
    auto all = OpenAll(*engine);
    AppendToAll(all, Ack::kDurable);
    // Nobody has these synced: every file holds something unsynced.
    AppendToAll(all, Ack::kWritten);
    ASSERT_THAT(engine->RunUpkeep(), IsOk());
    ReadAll(all, 2);
    ASSERT_THAT(engine->Close(), IsOk());
  }
  for (const bool clean : {true, false}) {
    SCOPED_TRACE(clean);
    if (!clean) {
      ASSERT_THAT(
          PosixFileSystem()->RemoveFile(dir_ / "data/.kafka_cleanshutdown"),
          IsOk());
    }
    auto engine = Engine::Open(dir_ / "data");
    ASSERT_THAT(engine, IsOk());
    ReadAll(OpenAll(*engine), 2);
    ASSERT_THAT(engine->DescribeTopic("orders"), IsOk());
    ASSERT_THAT(engine->Close(), IsOk());
  }
}

TEST_F(FewDescriptors, AreEnoughForMoreCursorsThanThereAre) {
  auto engine = Engine::Open(dir_ / "data");
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(
      engine->CreateTopic("orders", {.partitions = kPartitions,
                                     .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  auto all = OpenAll(*engine);
  AppendToAll(all, Ack::kWritten);
  auto viewer = Engine::Open(dir_ / "data", {.access = Access::kReadOnly});
  ASSERT_THAT(viewer, IsOk());
  for (const Engine* reader : {&*engine, &*viewer}) {
    std::vector<Cursor> cursors;
    for (const Partition& each : OpenAll(*reader)) {
      cursors.push_back(each.Read(Offset{0}));
    }
    RecordView record;
    // Each is inside of a segment while the others read on.
    for (int64_t round = 0; round < 3; ++round) {
      for (Cursor& cursor : cursors) {
        ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
        ASSERT_EQ(record.offset, Offset{round});
      }
      AppendToAll(all, Ack::kWritten);
    }
  }
  ASSERT_THAT(viewer->Close(), IsOk());
  ASSERT_THAT(engine->Close(), IsOk());
}

TEST_F(FewDescriptors, AreEnoughWhileAnExecutorSyncs) {
  const auto executor = NewThreadPool(2);
  auto engine = Engine::Open(dir_ / "data", {.executor = executor.get()});
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(engine->CreateTopic("orders", {.partitions = kPartitions}),
              IsOk());
  auto all = OpenAll(*engine);
  for (int i = 0; i < 3; ++i) AppendToAll(all, Ack::kWritten);
  for (Partition& each : all) ASSERT_THAT(each.Flush(), IsOk());
  ReadAll(all, 3);
  ASSERT_THAT(engine->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(engine->Close(), IsOk());
}

// As where the program around the engine has taken all there are.
TEST(NoDescriptorForASync, IsNoFailedSync) {
  constexpr int kMany = 20;
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  auto engine =
      Engine::Open("/data", {.file_system = &files, .open_files_max = 8});
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(
      engine->CreateTopic("orders", {.partitions = kMany,
                                     .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  const Record record{.key = "k", .value = "v"};
  std::vector<Partition> all;
  for (int32_t i = 0; i < kMany; ++i) {
    auto partition = engine->OpenPartition("orders", PartitionId{i});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    all.push_back(*std::move(partition));
  }

  files.Fail(test::FileCall::kOpen, ".log",
             absl::ResourceExhaustedError("too many open files"));
  int refused = 0;
  for (Partition& each : all) {
    const absl::Status flushed = each.Flush();
    if (flushed.ok()) continue;
    ++refused;
    ASSERT_THAT(flushed, StatusIs(absl::StatusCode::kResourceExhausted));
    ASSERT_EQ(each.durable_end(), Offset{0});
  }
  EXPECT_GE(refused, kMany - 8);

  files.Mend();
  for (Partition& each : all) {
    ASSERT_THAT(each.Flush(), IsOk());
    ASSERT_EQ(each.durable_end(), Offset{1});
    ASSERT_THAT(each.Append({&record, 1}, {.ack = Ack::kDurable}), IsOk());
  }
  EXPECT_THAT(engine->Close(), IsOk());
}

// Of the name of a segment, and of the index of the one before.
TEST(NoDescriptorForASync, LeavesALogThatRollsTakingRecords) {
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  auto engine = Engine::Open("/data", {.file_system = &files});
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(
      engine->CreateTopic("orders",
                          {.configs = {{"internal.segment.bytes", "1"},
                                       {"index.interval.bytes", "0"}}}),
      IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const Record record{.key = "k", .value = "v"};
  const auto append = [&] {
    return orders->Append({&record, 1}, {.ack = Ack::kDurable}).status();
  };
  ASSERT_THAT(append(), IsOk());
  const auto refused = absl::ResourceExhaustedError("too many open files");
  int64_t refusals = 0;
  for (const auto& [call, suffix] :
       {std::pair(test::FileCall::kSyncDirectory, "orders-0"),
        std::pair(test::FileCall::kOpen, ".index")}) {
    SCOPED_TRACE(suffix);
    // What is written before the sync opens it too.
    for (int good = 0; good < 4; ++good) {
      files.Fail(call, suffix, refused, good);
      const absl::Status appended = append();
      if (!appended.ok()) {
        ++refusals;
        ASSERT_THAT(appended, StatusIs(refused.code()));
      }
      files.Mend();
      ASSERT_THAT(append(), IsOk());
    }
  }
  EXPECT_GE(refusals, 2);
  EXPECT_EQ(orders->durable_end(), orders->log_end());
  EXPECT_THAT(engine->Close(), IsOk());
}

}  // namespace
}  // namespace cauce
