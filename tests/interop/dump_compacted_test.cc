// What compaction leaves behind, judged by Apache Kafka's DumpLogSegments:
// every record that has to be left and no other, in batches as the engine
// itself sees them, with indexes that lead there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/interop/compacted_topic.h"
#include "tests/interop/dump.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/verdict.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::CompactedTopic;
using test::DumpedBatch;
using test::DumpedFile;
using test::FilesIn;
using test::IsOk;
using test::Verdict;
using test::WrittenRecord;
using test::WrittenTopic;
using ::testing::Contains;
using ::testing::Field;
using ::testing::Gt;
using ::testing::SizeIs;

using DumpCompacted = test::KafkaTest;

// The offsets of the records that the tool has seen.
std::set<Offset> OffsetsIn(const Verdict& verdict) {
  std::set<Offset> offsets;
  for (const DumpedFile& file : verdict.dumped.files) {
    for (const std::string& line : file.records) {
      std::istringstream words(line);
      std::string word;
      Offset offset;
      words >> word >> word >> offset.value;
      offsets.insert(offset);
    }
  }
  return offsets;
}

std::vector<DumpedBatch> BatchesIn(const Verdict& verdict) {
  std::vector<DumpedBatch> batches;
  for (const DumpedFile& file : verdict.dumped.files) {
    for (DumpedBatch batch : file.batches) {
      batch.position = -1;  // a cursor does not tell
      batches.push_back(batch);
    }
  }
  return batches;
}

std::vector<DumpedBatch> BatchesHere(WrittenTopic& topic) {
  std::vector<DumpedBatch> batches;
  topic.Open();
  Cursor cursor =
      topic.partition().Read(Offset{0}, {.up_to = ReadUpTo::kLogEnd});
  RecordBatch batch;
  for (;;) {
    const auto more = cursor.NextBatch(&batch);
    EXPECT_THAT(more, IsOk());
    if (!more.ok() || !*more) break;
    batches.push_back(
        {.base_offset = batch.base_offset().value,
         .last_offset = batch.last_offset().value,
         .count = batch.record_count(),
         .producer_id = batch.producer_id().value,
         .leader_epoch = batch.leader_epoch().value,
         .size = static_cast<int64_t>(batch.bytes().size()),
         .codec = std::string(CodecName(batch.codec()))});
  }
  topic.Close();
  return batches;
}

TEST_F(DumpCompacted, HoldsWhatHasToBeLeftAndNothingElse) {
  const test::Seed seed;
  CompactedTopic compacted(scratch_ / "data", seed.value());
  WrittenTopic& topic = compacted.topic();

  topic.Close();
  const Verdict verdict = Judge(kafka(), topic.folder());

  const std::set<Offset> found = OffsetsIn(verdict);
  const std::vector<WrittenRecord> left = compacted.Left(
      [&](Offset offset) { return found.contains(offset); });
  ExpectSound(verdict, left);
  EXPECT_THAT(left, SizeIs(::testing::Lt(topic.written().size() / 2)));
  const std::vector<DumpedBatch> batches = BatchesIn(verdict);
  EXPECT_THAT(batches, Contains(Field(&DumpedBatch::count, 0)));
  EXPECT_EQ(batches, BatchesHere(topic));
  EXPECT_THAT(FilesIn(topic.folder(), {".txnindex"}), SizeIs(Gt(0u)));
}

}  // namespace
}  // namespace cauce
