// A broker of Apache Kafka, given files of ours for a topic that has our id,
// serves them to Kafka's consumer as they were written, with our indexes and
// without a complaint, goes on with them, and leaves what the engine opens
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/stores.h"
#include "cauce/types.h"
#include "engine/log/segment_name.h"
#include "tests/interop/broker_serves.h"
#include "tests/interop/partition_files.h"
#include "tests/interop/record_line.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/same_reading.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::BrokerServes;
using test::ExpectNoComplaint;
using test::FileBytes;
using test::FilesBelow;
using test::IsOk;
using test::StatusIs;
using test::WrittenTopic;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> LinesOf(const WrittenTopic& topic, Offset start) {
  std::vector<std::string> lines;
  for (const test::WrittenRecord& written : topic.written()) {
    if (written.record.offset < start.value) continue;
    lines.push_back(test::LineOf(written.record));
  }
  return lines;
}

TEST_F(BrokerServes, OurFilesAndLeavesThemToUs) {
  const test::Seed seed;
  test::RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  int32_t sequence = 0;
  for (int batch = 0; batch < 200; ++batch) {
    const test::Records records = maker.MakeSome(30);
    BatchFields fields = {.codec = static_cast<Codec>(maker.Below(kCodecs))};
    // Every other one of a producer that is idempotent.
    if (batch % 2 == 0) {
      fields.producer_id = ProducerId{7};
      fields.producer_epoch = 0;
      fields.base_sequence = sequence;
      sequence += static_cast<int32_t>(records.size());
    }
    topic.Append(records, fields, {.leader_epoch = LeaderEpoch{batch / 70}});
  }
  const Offset start{topic.partition().log_end().value / 3};
  ASSERT_THAT(topic.partition().DeleteRecordsBefore(start), IsOk());
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();
  HandOver(topic, description->id, LeaderEpoch{2});
  const FileBytes ours = FilesBelow(directory_ + "/t-0");

  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  const std::string printed = Read(*broker);
  const std::string appended = Print(*broker, "AppendRecords", {"t", "20"});
  const std::string printed_after = Read(*broker);
  ASSERT_THAT(broker->Stop(), IsOk());

  // What it served, without a complaint, is what was written.
  EXPECT_EQ(test::RecordLines(printed), LinesOf(topic, start));
  ExpectNoComplaint(LogLines());
  topic.Open();
  EXPECT_THAT(test::ExpectSameReading(topic.engine(), printed),
              ElementsAre("t"));
  topic.Close();
  // It has gone on with our files, changing none but the last segment's.
  FileBytes theirs = FilesBelow(directory_ + "/t-0");
  std::string last;
  for (const auto& [path, bytes] : ours) {
    if (path.ends_with(".log")) last = path.substr(0, path.size() - 4);
  }
  for (const auto& [path, bytes] : ours) {
    // Of producers it keeps what was behind the start of the log alone.
    const auto file = ParseSegmentFileName(path);
    if (file && file->suffix == kSnapshotSuffix && file->base <= start) {
      continue;
    }
    ASSERT_TRUE(theirs.contains(path)) << path;
    if (path == last + ".log") {
      EXPECT_TRUE(theirs[path].starts_with(bytes)) << path;
    } else if (!path.starts_with(last) && path != kEpochFile) {
      EXPECT_EQ(theirs[path], bytes) << path;
    }
  }
  // And what it has left is read here, with what it appended.
  test::ExpectVerified(*PosixFileSystem(), directory_, test::Left::kWhole);
  auto engine = Engine::Open(directory_);
  ASSERT_THAT(engine, IsOk());
  EXPECT_EQ(engine->DescribeTopic("t")->id, description->id);
  EXPECT_THAT(test::ExpectSameReading(*engine, printed_after),
              ElementsAre("t"));
  std::vector<std::string> all = LinesOf(topic, start);
  for (const std::string& line : test::RecordLines(appended))
    all.push_back(line);
  EXPECT_EQ(test::RecordLines(printed_after), all);
  EXPECT_THAT(engine->Close(), IsOk());
}

// As engine/FORMAT.md says: whoever hands files over leaves the tables of state
// stores behind.
TEST_F(BrokerServes, NothingBesideTheTablesOfStateStores) {
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  topic.Append({{.value = "2 apples", .timestamp = 1'700'000'000'000}});
  {
    auto stores = Stores::Open(topic.engine());
    ASSERT_THAT(stores, IsOk());
    auto counts = stores->OpenKeyValue("counts");
    ASSERT_THAT(counts, IsOk());
    ASSERT_THAT(counts->Put("apples", "2"), IsOk());
    ASSERT_THAT(counts->Close(), IsOk());
  }
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();
  HandOver(topic, description->id, LeaderEpoch{0});
  const std::string tables = directory_ + "/cauce.stores";
  std::filesystem::copy(topic.directory() + "/cauce.stores", tables,
                        std::filesystem::copy_options::recursive);

  const auto refused = TryToStart();

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(LogLines("Found directory " + tables), Not(IsEmpty()));
  std::filesystem::remove_all(tables);
  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  const std::string printed = Read(*broker);
  ASSERT_THAT(broker->Stop(), IsOk());
  EXPECT_EQ(test::RecordLines(printed), LinesOf(topic, Offset{0}));
}

// So that silence means something: what a broker has to mend, it tells.
TEST_F(BrokerServes, TellsOfAnIndexThatIsMissing) {
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  for (int batch = 0; batch < 20; ++batch) {
    topic.Append(
        {{.value = std::string(10'000, 'v'), .timestamp = 1'700'000'000'000}});
  }
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();
  HandOver(topic, description->id, LeaderEpoch{0});
  std::filesystem::remove(
      test::FilesIn(directory_ + "/t-0", {".index"}).front());

  auto broker = Start();
  ASSERT_NE(broker, nullptr);
  ASSERT_THAT(broker->Stop(), IsOk());

  EXPECT_THAT(LogLines(),
              Contains(HasSubstr("Could not find offset index file")));
}

}  // namespace
}  // namespace cauce
