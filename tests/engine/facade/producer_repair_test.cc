// What a repair does to files that tell of producers and transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "cauce/repair.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::Gt;

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

}  // namespace
}  // namespace cauce
