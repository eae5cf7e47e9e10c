// What sound output is taken for, and that every way in which the tool
// complains is seen. The lines are those of Kafka 4.1.0.
#include "tests/interop/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBatch[] =
    "baseOffset: 21 lastOffset: 40 count: 20 baseSequence: -1 lastSequence: "
    "-1 producerId: 7 producerEpoch: -1 partitionLeaderEpoch: 3 "
    "isTransactional: false isControl: false deleteHorizonMs: "
    "OptionalLong.empty position: 207 CreateTime: 1795239313674 size: 192 "
    "magic: 2 compresscodec: zstd crc: 4210859378 isvalid: true\n";
constexpr char kRecord[] =
    "| offset: 21 CreateTime: 5 keySize: -1 valueSize: 3 sequence: -1 "
    "headerKeys: [] payload: a: b";

std::string InLog(const std::string& lines) {
  return "Dumping t-0/00000000000000000021.log\nLog starting offset: 21\n" +
         lines;
}

std::string InIndex(const std::string& lines) {
  return "Dumping t-0/00000000000000000021.index\n" + lines;
}

TEST(Dump, HoldsBatchesRecordsAndEntries) {
  const Dump dump =
      ParseDump({0,
                 InLog(std::string(kBatch) + kRecord + "\n") +
                     InIndex("offset: 40 position: 207\n") +
                     "Dumping t-0/00000000000000000021.timeindex\n"
                     "timestamp: 1795239313674 offset: 40\n",
                 ""});

  EXPECT_THAT(dump.complaints, IsEmpty());
  ASSERT_THAT(dump.files, SizeIs(3));
  EXPECT_EQ(dump.files[0].path, "t-0/00000000000000000021.log");
  EXPECT_THAT(dump.files[0].batches,
              ElementsAre(DumpedBatch{21, 40, 20, 7, 3, 207, 192, "zstd"}));
  EXPECT_THAT(dump.files[0].records, ElementsAre(kRecord));
  EXPECT_THAT(dump.files[1].entries, ElementsAre(DumpedEntry{40, 207}));
  EXPECT_THAT(dump.files[2].entries,
              ElementsAre(DumpedEntry{1795239313674, 40}));
}

TEST(Dump, TellsWhichIndexesWereChecked) {
  const Dump dump = ParseDump(
      {0,
       InIndex("t-0/00000000000000000021.index passed sanity check.\n") +
           "Dumping t-0/00000000000000000041.index\n"
           "t-0/00000000000000000041.index is empty.\n"
           "Dumping t-0/00000000000000000041.timeindex\n",
       ""});

  EXPECT_THAT(dump.complaints, IsEmpty());
  ASSERT_THAT(dump.files, SizeIs(3));
  EXPECT_TRUE(dump.files[0].passed_check);
  EXPECT_TRUE(dump.files[1].is_empty);
  EXPECT_FALSE(dump.files[2].passed_check || dump.files[2].is_empty);
}

TEST(Dump, HoldsTheLinesOfProducersAndOfAbortedTransactions) {
  const std::string aborted =
      "version: 0 producerId: 7 firstOffset: 21 lastOffset: 40 "
      "lastStableOffset: 41";
  const std::string producer =
      "producerId: 7 producerEpoch: 2 coordinatorEpoch: 1 "
      "currentTxnFirstOffset: None lastTimestamp: 5 ";
  const Dump dump =
      ParseDump({0,
                 "Dumping t-0/00000000000000000021.txnindex\n" + aborted +
                     "\nDumping t-0/00000000000000000041.snapshot\n" +
                     producer + "\n",
                 ""});

  EXPECT_THAT(dump.complaints, IsEmpty());
  ASSERT_THAT(dump.files, SizeIs(2));
  EXPECT_THAT(dump.files[0].lines, ElementsAre(aborted));
  EXPECT_THAT(dump.files[1].lines, ElementsAre(producer));

  const std::string exchanged =
      "Dumping t-0/00000000000000000021.txnindex\n" + producer +
      "\nDumping t-0/00000000000000000041.snapshot\n" + aborted + "\n";
  EXPECT_THAT(ParseDump({0, exchanged, ""}).complaints,
              ElementsAre(producer, aborted));
}

TEST(Dump, ComplainsOfAnExitStatus) {
  EXPECT_THAT(ParseDump({1, InLog(kBatch), ""}).complaints,
              ElementsAre("exit status 1"));
}

TEST(Dump, ComplainsOfABatchThatIsNotValid) {
  std::string batch = kBatch;
  batch.replace(batch.find("true\n"), 4, "false");
  EXPECT_THAT(ParseDump({0, InLog(batch), ""}).complaints, SizeIs(1));
}

TEST(Dump, ComplainsOfABatchThatSaysTooLittle) {
  const std::string batch =
      "baseOffset: 21 lastOffset: 40 magic: 2 isvalid: true\n";
  EXPECT_THAT(ParseDump({0, InLog(batch), ""}).complaints, SizeIs(1));
}

TEST(Dump, ComplainsOfALogThatBelongsElsewhere) {
  const std::string out =
      "Dumping t-0/00000000000000000021.log\nLog starting offset: 20\n";
  EXPECT_THAT(ParseDump({0, out, ""}).complaints, SizeIs(1));
}

// Printed to standard output among what is sound.
TEST(Dump, ComplainsOfEveryLineItDoesNotKnow) {
  for (const std::string line :
       {"Found 100 invalid bytes at the end of 00000000000000000021.log",
        "offset: 5 position: 7", "Exception in thread \"main\"", ""}) {
    EXPECT_THAT(ParseDump({0, InLog(line + "\n"), ""}).complaints,
                ElementsAre(line));
  }
  for (const std::string line :
       {"offset: 40", "offset: x position: 207", "",
        "offset: 5 position:", "t-0/00000000000000000021.index is not sane."}) {
    EXPECT_THAT(ParseDump({0, InIndex(line + "\n"), ""}).complaints,
                ElementsAre(line));
  }
  EXPECT_THAT(ParseDump({0, "offset: 40 position: 207\n", ""}).complaints,
              SizeIs(1));
}

TEST(Dump, ComplainsOfWhateverIsOnStandardError) {
  const std::string err =
      "Mismatches in :/t-0/00000000000000000021.index\n"
      "  Index offset: 41, log offset: 40\n"
      "Found timestamp mismatch in :/t-0/00000000000000000021.timeindex\n"
      "  Index timestamp: 5, log timestamp: 4\n"
      "Found out of order timestamp in :/t-0/00000000000000000021.timeindex\n"
      "The following indexed offsets are not found in the log.\n"
      "Non-consecutive offsets in /t-0/00000000000000000021.log\n"
      "Ignoring unknown file t-0/x.y\n";
  EXPECT_THAT(ParseDump({0, InLog(kBatch), err}).complaints, SizeIs(8));
}

}  // namespace
}  // namespace cauce::test
