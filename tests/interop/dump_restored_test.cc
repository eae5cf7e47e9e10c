// What a restored topic consists of, judged by Apache Kafka's DumpLogSegments:
// all that was written, or that compaction has left of it, with indexes that
// lead there, and with what is known of producers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cauce/backup.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "tests/interop/compacted_topic.h"
#include "tests/interop/dump.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/mixed_producers.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/verdict.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::CompactedTopic;
using test::DumpedFile;
using test::FilesIn;
using test::IsOk;
using test::Verdict;
using test::WrittenTopic;
using ::testing::Gt;
using ::testing::SizeIs;

class DumpRestored : public test::KafkaTest {
 protected:
  // Of the topic, which is closed, in another directory.
  Verdict JudgeRestored(const WrittenTopic& topic) {
    EXPECT_THAT(BackupTopic(topic.directory(), "t", scratch_ / "backup"),
                IsOk());
    auto engine = Engine::Open(other_);
    EXPECT_THAT(engine, IsOk());
    EXPECT_THAT(RestoreTopic(*engine, scratch_ / "backup"), IsOk());
    EXPECT_THAT(engine->Close(), IsOk());
    test::ExpectVerified(*PosixFileSystem(), other_, test::Left::kWhole);
    return Judge(kafka(), other_ + "/t-0");
  }

  const std::string other_ = scratch_ / "other";
};

// Producers are remembered for a day: they have written lately.
TEST_F(DumpRestored, HoldsEveryRecordAndWhatIsKnownOfProducers) {
  const test::Seed seed;
  const absl::Time lately = absl::Now() - absl::Hours(1);
  test::RecordMaker maker(seed.value(), lately);
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  topic.clock().Advance(lately - test::SimClock::kStart);
  test::MixedProducers producers(topic, maker,
                                 [&] { return maker.MakeSome(20); });
  producers.Take(400);
  producers.EndAllBut(2);
  topic.Close();

  const Verdict verdict = JudgeRestored(topic);

  ExpectSound(verdict, topic.written());
  ExpectProducers(verdict, topic);
  EXPECT_THAT(FilesIn(other_ + "/t-0", {".log"}), SizeIs(Gt(2u)));
  EXPECT_THAT(FilesIn(other_ + "/t-0", {".txnindex"}), SizeIs(Gt(0u)));
}

TEST_F(DumpRestored, HoldsWhatCompactionHasLeft) {
  const test::Seed seed;
  CompactedTopic compacted(scratch_ / "data", seed.value(),
                           absl::Now() - absl::Hours(12));
  compacted.topic().Close();

  const Verdict verdict = JudgeRestored(compacted.topic());

  std::set<Offset> found;
  for (const DumpedFile& file : verdict.dumped.files) {
    for (const std::string& line : file.records) {
      std::istringstream words(line);
      std::string word;
      Offset offset;
      words >> word >> word >> offset.value;
      found.insert(offset);
    }
  }
  const auto left =
      compacted.Left([&](Offset offset) { return found.contains(offset); });
  ExpectSound(verdict, left);
  EXPECT_THAT(left, SizeIs(Gt(100u)));
}

}  // namespace
}  // namespace cauce
