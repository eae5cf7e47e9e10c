#include "cauce/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/topic_catalog.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A data directory that was closed in order, with two segments of one topic.
class Inspect : public ::testing::Test {
 protected:
  Inspect() {
    CAUCE_CHECK(files_->CreateDirectories("/data/orders-0").ok());
    CAUCE_CHECK(files_->CreateDirectories("/data/orders-1.0-delete").ok());
    const test::OwnedBatch batch = test::Batch({"a", "b"});
    batch_bytes_ = static_cast<int64_t>(batch.bytes().size());
    Write("orders-0/00000000000000000000.log",
          batch.At(Offset{0}).bytes() + batch.At(Offset{2}).bytes());
    Write("orders-0/00000000000000000004.log", batch.At(Offset{4}).bytes());
    Write("orders-1.0-delete/00000000000000000000.log", "what is left of it");
    CAUCE_CHECK(WriteCleanShutdown(*files_, "/data").ok());
  }

  void Write(std::string_view name, std::string_view bytes) {
    auto file =
        files_->Open("/data/" + std::string(name), OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  absl::StatusOr<VerifySummary> Verify() {
    findings_.clear();
    return VerifyDirectory(
        *files_, "/data", {},
        [this](const Finding& finding) { findings_.push_back(finding); });
  }

  absl::StatusOr<std::vector<DumpedEntry>> Dump(const std::string& path) {
    std::vector<DumpedEntry> entries;
    const absl::Status status =
        DumpFile(*files_, path, [&](const DumpedEntry& entry) {
          entries.push_back(entry);
          return true;
        });
    if (!status.ok()) return status;
    return entries;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  int64_t batch_bytes_ = 0;
  std::vector<Finding> findings_;
};

TEST_F(Inspect, CountsWhatItVerifies) {
  const auto summary = Verify();
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(findings_, IsEmpty());
  EXPECT_EQ(summary->partitions, 1);
  EXPECT_EQ(summary->segments, 2);
  EXPECT_EQ(summary->batches, 3);
  EXPECT_EQ(summary->records, 6);
  EXPECT_EQ(summary->bytes, 3 * batch_bytes_);
}

TEST_F(Inspect, WritesNothing) {
  const auto before = files_->List("/data");
  ASSERT_THAT(Verify(), IsOk());
  const auto after = files_->List("/data");
  ASSERT_THAT(before, IsOk());
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->size(), before->size());
}

TEST_F(Inspect, NamesEverySmallFileThatIsDamaged) {
  const std::string_view kFiles[] = {
      "cauce.topics",
      "meta.properties",
      "recovery-point-offset-checkpoint",
      "log-start-offset-checkpoint",
      "replication-offset-checkpoint",
      "cleaner-offset-checkpoint",
      "orders-0/leader-epoch-checkpoint",
      "orders-0/partition.metadata",
  };
  for (const std::string_view file : kFiles) {
    SCOPED_TRACE(file);
    Write(file, "rubbish\n");
    const auto summary = Verify();
    ASSERT_THAT(summary, IsOk());
    ASSERT_THAT(findings_, SizeIs(1));
    EXPECT_THAT(findings_[0].file, EndsWith(file));
    EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
    EXPECT_EQ(summary->damages, 1);
    ASSERT_THAT(files_->RemoveFile("/data/" + std::string(file)), IsOk());
  }
}

TEST_F(Inspect, ForgivesATornEndAboveTheRecoveryPointAlone) {
  Write("orders-0/00000000000000000004.log", "half a batch");
  ASSERT_THAT(Verify(), IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);

  // Killed: what lies above the recovery point may be torn.
  ASSERT_THAT(RemoveCleanShutdown(*files_, "/data"), IsOk());
  Write("recovery-point-offset-checkpoint", "0\n1\norders 0 4\n");
  const auto torn = Verify();
  ASSERT_THAT(torn, IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kNote);
  EXPECT_EQ(torn->notes, 1);
  EXPECT_EQ(torn->damages, 0);

  // What had been durable may not.
  Write("recovery-point-offset-checkpoint", "0\n1\norders 0 5\n");
  ASSERT_THAT(Verify(), IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
}

TEST_F(Inspect, SaysWhatALostCheckpointMeans) {
  const auto advice_for = [this](std::string_view file) {
    Write(file, "rubbish\n");
    EXPECT_THAT(Verify(), IsOk());
    EXPECT_THAT(findings_, SizeIs(1));
    EXPECT_THAT(files_->RemoveFile("/data/" + std::string(file)), IsOk());
    return findings_.empty() ? "" : findings_[0].advice;
  };
  EXPECT_THAT(advice_for("log-start-offset-checkpoint"),
              HasSubstr("deleted records"));
  EXPECT_THAT(advice_for("recovery-point-offset-checkpoint"),
              HasSubstr("reads every segment"));
  EXPECT_THAT(advice_for("replication-offset-checkpoint"),
              StartsWith("nothing"));
}

// Both batches of the last segment, or the last segment itself, are gone
// without a trace: only the recovery point knows.
TEST_F(Inspect, FindsThatTheLogDoesNotReachAsFarAsItWasDurable) {
  Write("recovery-point-offset-checkpoint", "0\n1\norders 0 6\n");
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());

  for (const bool clean : {true, false}) {
    if (!clean) {
      ASSERT_THAT(RemoveCleanShutdown(*files_, "/data"), IsOk());
    }
    Write("orders-0/00000000000000000004.log", "");
    ASSERT_THAT(Verify(), IsOk());
    ASSERT_THAT(findings_, SizeIs(1));
    EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
    EXPECT_THAT(findings_[0].file, EndsWith("00000000000000000004.log"));
    EXPECT_EQ(findings_[0].offset, Offset{4});
    EXPECT_THAT(findings_[0].what, HasSubstr("up to offset 6 were durable"));
    EXPECT_THAT(findings_[0].advice, HasSubstr("keep its indexes"));
  }
  ASSERT_THAT(files_->RemoveFile("/data/orders-0/00000000000000000000.log"),
              IsOk());
  ASSERT_THAT(files_->RemoveFile("/data/orders-0/00000000000000000004.log"),
              IsOk());
  ASSERT_THAT(Verify(), IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);

  // Below the start there need not be anything.
  Write("log-start-offset-checkpoint", "0\n1\norders 0 6\n");
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(Inspect, MissesAPartitionThatTheCatalogueNames) {
  TopicCatalog catalog;
  ASSERT_THAT(
      catalog.Add({.name = "orders", .id = {.bytes = {1}}, .partitions = 2}),
      IsOk());
  ASSERT_THAT(catalog.Save(*files_, "/data"), IsOk());
  Write("recovery-point-offset-checkpoint", "0\n1\norders 1 70\n");
  const auto summary = Verify();
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->damages, 1);
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
  EXPECT_EQ(findings_[0].file, "/data/orders-1");
  EXPECT_THAT(findings_[0].what, HasSubstr("offset 70 were durable"));
}

TEST_F(Inspect, MissesTheFirstSegmentWhereTheStartOfTheLogIsKnown) {
  ASSERT_THAT(files_->RemoveFile("/data/orders-0/00000000000000000000.log"),
              IsOk());
  // A broker does not save a start that is its first segment's, and a lost file
  // says nothing.
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
  Write("log-start-offset-checkpoint", "0\n1\nreturns 0 4\n");
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());

  Write("log-start-offset-checkpoint", "0\n1\norders 0 0\n");
  ASSERT_THAT(Verify(), IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
  EXPECT_THAT(findings_[0].what, HasSubstr("begins at offset 4"));

  Write("log-start-offset-checkpoint", "0\n1\norders 0 4\n");
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(Inspect, FailsWhereThereIsNoDirectory) {
  EXPECT_THAT(VerifyDirectory(*files_, "/elsewhere", {}, [](const Finding&) {}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(Inspect, TellsItsProgress) {
  std::string log;
  for (int i = 0; i < 1000; ++i) {
    log += test::Batch({"a"}).At(Offset{4 + i}).bytes();
  }
  Write("orders-0/00000000000000000004.log", log);
  int64_t last = 0;
  int told = 0;
  const VerifyOptions options{.progress = [&](const VerifySummary& so_far) {
    EXPECT_GT(so_far.batches, last);
    last = so_far.batches;
    ++told;
  }};
  EXPECT_THAT(VerifyDirectory(*files_, "/data", options, [](const Finding&) {}),
              IsOk());
  EXPECT_GT(told, 10);
}

TEST_F(Inspect, DumpsTheBatchesOfALog) {
  std::vector<int64_t> positions;
  const absl::Status status =
      DumpFile(*files_, "/data/orders-0/00000000000000000000.log",
               [&](const DumpedEntry& entry) {
                 positions.push_back(entry.position);
                 EXPECT_EQ(entry.batch->last_offset(), entry.offset);
                 return true;
               });
  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(positions, ElementsAre(0, batch_bytes_));
}

TEST_F(Inspect, EndsADumpWhenItIsTold) {
  int taken = 0;
  EXPECT_THAT(DumpFile(*files_, "/data/orders-0/00000000000000000000.log",
                       [&](const DumpedEntry&) { return ++taken < 1; }),
              IsOk());
  EXPECT_EQ(taken, 1);
}

TEST_F(Inspect, DumpsTheEntriesOfIndexes) {
  using std::literals::string_view_literals::operator""sv;
  Write("orders-0/00000000000000000004.index", "\0\0\0\1\0\0\0\x50\0\0"sv);
  Write("orders-0/00000000000000000004.timeindex",
        "\0\0\0\0\0\0\0\x07\0\0\0\1"sv);
  const auto offsets = Dump("/data/orders-0/00000000000000000004.index");
  ASSERT_THAT(offsets, IsOk());
  ASSERT_THAT(*offsets, SizeIs(1));
  EXPECT_EQ((*offsets)[0].offset, Offset{5});
  EXPECT_EQ((*offsets)[0].batch_position, 0x50);
  const auto times = Dump("/data/orders-0/00000000000000000004.timeindex");
  ASSERT_THAT(times, IsOk());
  ASSERT_THAT(*times, SizeIs(1));
  EXPECT_EQ((*times)[0].offset, Offset{5});
  EXPECT_EQ((*times)[0].timestamp, Timestamp{7});
}

TEST_F(Inspect, RefusesToDumpOtherFiles) {
  EXPECT_THAT(Dump("/data/orders-0/partition.metadata"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Dump("/data/orders-0/00000000000000000099.log"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Dump("/data/orders-0/00000000000000000099.index"),
              StatusIs(absl::StatusCode::kNotFound));
  Write("orders-0/00000000000000000004.log", "half a batch");
  EXPECT_THAT(Dump("/data/orders-0/00000000000000000004.log"),
              HasReason(Reason::kCorruptBatch));
}

TEST_F(Inspect, ListsAPartitionsFilesInTheOrderOfTheirOffsets) {
  Write("orders-0/00000000000000000000.index", "");
  Write("orders-0/00000000000000000000.timeindex", "");
  Write("orders-0/00000000000000000000.log.deleted", "");
  EXPECT_THAT(*ListSegmentFiles(*files_, "/data/orders-0", SegmentFiles::kLogs),
              ElementsAre("/data/orders-0/00000000000000000000.log",
                          "/data/orders-0/00000000000000000004.log"));
  EXPECT_THAT(*ListSegmentFiles(*files_, "/data/orders-0",
                                SegmentFiles::kLogsAndIndexes),
              ElementsAre("/data/orders-0/00000000000000000000.index",
                          "/data/orders-0/00000000000000000000.log",
                          "/data/orders-0/00000000000000000000.timeindex",
                          "/data/orders-0/00000000000000000004.log"));
}

}  // namespace
}  // namespace cauce
