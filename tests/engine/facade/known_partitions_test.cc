// Partitions that are opened after a clean stop by what the close has noted of
// them, counted in calls of the file system; and all that makes an opening look
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"
#include "tests/engine/facade/known_partitions_fixture.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kFirst;
using test::KnownPartitions;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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

TEST_F(KnownPartitions, ThatLackAFileStillDoWhereACloseCannotSeeTheDirectory) {
  Make();
  Reopen();
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cleanup.policy", "compact"}}),
              IsOk());
  OpenBoth();
  Close();
  // With its indexes, which would tell of it as well.
  ASSERT_THAT(memory_->RemoveFile(LogOf(1)), IsOk());
  for (const std::string_view suffix : {"index", "timeindex"}) {
    memory_
        ->RemoveFile(fmt::format("{}/00000000000000000001.{}", kFirst, suffix))
        .IgnoreError();
  }
  Leaves(test::Left::kDamaged);

  for (int i = 0; i < 2; ++i) {
    Reopen();
    ExpectTellsOfTheSecond();
    events_.clear();
    files_.Fail(FileCall::kInfo, kFirst, MakeError(Reason::kDiskFailed, "no"));
    Close();
    files_.Mend();
    EXPECT_THAT(events_, Contains(HasSubstr("looks at all of the partition")));
  }
}

}  // namespace
}  // namespace cauce
