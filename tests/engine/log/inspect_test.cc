#include "cauce/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
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
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
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
    // One says nothing here but what brokers told each other.
    EXPECT_EQ(findings_[0].advice.starts_with("nothing"),
              file.starts_with("replication"));
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

// It takes the mark of a clean stop away, writes, and is killed.
TEST_F(Inspect, ForgivesATornEndWhereAWriterCameWhileItLooked) {
  Write("recovery-point-offset-checkpoint", "0\n1\norders 0 4\n");
  Write("orders-0/00000000000000000004.log", "half a batch");
  test::FailingFileSystem files(*files_);
  files.set_during(test::FileCall::kRead, "4.log", [this] {
    EXPECT_THAT(RemoveCleanShutdown(*files_, "/data"), IsOk());
  });
  const auto looked = VerifyDirectory(files, "/data", {}, nullptr);
  ASSERT_THAT(looked, IsOk());
  EXPECT_EQ(looked->notes, 1);
  EXPECT_EQ(looked->damages, 0);
}

TEST_F(Inspect, CountsForWhoDoesNotWantToKnowMore) {
  Write("orders-0/00000000000000000004.log", "half a batch");
  const auto looked = VerifyDirectory(*files_, "/data", {}, nullptr);
  ASSERT_THAT(looked, IsOk());
  EXPECT_EQ(looked->damages, 1);
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

// The next opening for writing is refused, so nothing is to be left to it.
TEST_F(Inspect, AdvisesToMoveADirectoryOutOfAFilesPlace) {
  ASSERT_THAT(files_->CreateDirectory("/data/recovery-point-offset-checkpoint"),
              IsOk());
  ASSERT_THAT(Verify(), IsOk());
  ASSERT_THAT(findings_, SizeIs(1));
  EXPECT_THAT(findings_[0].advice, HasSubstr("move it away"));
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

TEST_F(Inspect, FailsWhereThereIsNoDataDirectory) {
  ASSERT_THAT(files_->CreateDirectories("/elsewhere/pictures"), IsOk());
  const auto verified =
      VerifyDirectory(*files_, "/elsewhere", {}, [](const Finding&) {});
  EXPECT_THAT(verified, HasReason(Reason::kInvalidOption));
}

// Whatever a disk or a person keeps from being read, the rest is looked at.
TEST_F(Inspect, GoesOnBehindAFileThatItMayNotRead) {
  struct Case {
    test::FileCall call;
    std::string_view file;
    int64_t segments;
  };
  Write("recovery-point-offset-checkpoint", "0\n0\n");
  Write("meta.properties", "version=1\n");
  Write("cauce.topics", "rubbish");
  Write("orders-0/partition.metadata", "rubbish");
  Write("orders-0/leader-epoch-checkpoint", "rubbish");
  const absl::Status forbidden = absl::PermissionDeniedError("forbidden");
  for (const Case& each : {
           Case{test::FileCall::kOpen, "orders-0/00000000000000000000.log", 1},
           Case{test::FileCall::kRead, "orders-0/00000000000000000000.log", 2},
           Case{test::FileCall::kOpen, "recovery-point-offset-checkpoint", 2},
           Case{test::FileCall::kOpen, "meta.properties", 2},
           Case{test::FileCall::kOpen, "cauce.topics", 2},
           Case{test::FileCall::kOpen, "partition.metadata", 2},
           Case{test::FileCall::kOpen, "leader-epoch-checkpoint", 2},
       }) {
    SCOPED_TRACE(each.file);
    test::FailingFileSystem failing(*files_);
    failing.Fail(each.call, each.file, forbidden);
    std::vector<Finding> findings;
    const auto verified = VerifyDirectory(
        failing, "/data", {},
        [&](const Finding& finding) { findings.push_back(finding); });
    ASSERT_THAT(verified, IsOk());
    EXPECT_EQ(verified->segments, each.segments);
    EXPECT_THAT(
        findings,
        Contains(AllOf(Field("file", &Finding::file, EndsWith(each.file)),
                       Field("what", &Finding::what, HasSubstr("forbidden")))));
  }
}

TEST_F(Inspect, TellsItsProgress) {
  std::string log;
  for (int i = 0; i < 1000; ++i) {
    log += test::Batch({"a"}).At(Offset{4 + i}).bytes();
  }
  Write("orders-0/00000000000000000004.log", log);
  std::vector<VerifyProgress> told;
  const VerifyOptions options{
      .progress = [&](const VerifyProgress& far) { told.push_back(far); }};
  EXPECT_THAT(VerifyDirectory(*files_, "/data", options, [](const Finding&) {}),
              IsOk());
  ASSERT_GT(told.size(), 10u);
  for (size_t i = 1; i < told.size(); ++i) {
    EXPECT_GE(told[i].file_bytes, told[i - 1].file_bytes);
  }
  const auto all = static_cast<int64_t>(log.size()) + 2 * batch_bytes_;
  EXPECT_LT(told.front().file_bytes, all);
  EXPECT_EQ(told.back().file_bytes, all);
  EXPECT_EQ(told.back().file_bytes_total, all);
  EXPECT_EQ(told.back().files, 2);
  EXPECT_EQ(told.back().files_total, 2);
  EXPECT_EQ(told.back().so_far.batches, 1002);
}

TEST_F(Inspect, TakesWhatTheProcessMayNotHaveForNoDamage) {
  for (const char* const file :
       {"orders-0/00000000000000000000.log",
        "orders-0/00000000000000000000.index",
        "orders-0/00000000000000000000.timeindex", "cauce.topics",
        "recovery-point-offset-checkpoint", "orders-0/partition.metadata",
        "orders-0/00000000000000000000.txnindex",
        "orders-0/00000000000000000005.snapshot"}) {
    SCOPED_TRACE(file);
    if (std::string_view(file).ends_with(".snapshot")) Write(file, "");
    test::FailingFileSystem failing(*files_);
    failing.Fail(test::FileCall::kOpen, file,
                 absl::ResourceExhaustedError("too many open files"));
    std::vector<Finding> findings;
    const auto verified = VerifyDirectory(
        failing, "/data", {},
        [&](const Finding& finding) { findings.push_back(finding); });
    EXPECT_THAT(verified, test::StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_THAT(std::string(verified.status().message()),
                HasSubstr("too many open files"));
    EXPECT_THAT(findings, IsEmpty());
  }
}

// Every writer would fail on them.
TEST_F(Inspect, TellsOfDirectoriesInThePlaceOfTheMarkAndTheLock) {
  ASSERT_THAT(files_->RemoveFile("/data/.kafka_cleanshutdown"), IsOk());
  for (const std::string name : {".kafka_cleanshutdown", ".lock"}) {
    ASSERT_THAT(files_->CreateDirectories("/data/" + name), IsOk());
  }
  ASSERT_THAT(Verify(), IsOk());
  EXPECT_THAT(findings_,
              ElementsAre(Field(&Finding::file, "/data/.kafka_cleanshutdown"),
                          Field(&Finding::file, "/data/.lock")));
  for (const Finding& finding : findings_) {
    EXPECT_THAT(finding.advice, HasSubstr("move")) << finding.file;
  }
}

}  // namespace
}  // namespace cauce
