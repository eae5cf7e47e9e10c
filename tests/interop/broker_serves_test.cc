// A broker of Apache Kafka, given files of ours for a topic that has our id,
// serves them to Kafka's consumer as they were written, with our indexes and
// without a complaint, goes on with them, and leaves what the engine opens
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/segment_name.h"
#include "tests/interop/broker.h"
#include "tests/interop/kafka_test.h"
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

using test::FileBytes;
using test::FilesBelow;
using test::IsOk;
using test::WrittenTopic;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BrokerServes : public test::KafkaTest {
 protected:
  // Runs a broker in the directory that is to be its own.
  std::unique_ptr<test::Broker> Start(
      const std::vector<test::BornTopic>& topics = {}) {
    auto broker = test::Broker::Start(programs(), directory_, log_, topics);
    EXPECT_THAT(broker, IsOk());
    return broker.ok() ? *std::move(broker) : nullptr;
  }

  // A broker's directory in which the partition is what `topic` is of.
  void HandOver(const WrittenTopic& topic, TopicId id, LeaderEpoch epoch) {
    auto broker = Start({{.name = "t", .id = id, .epoch = epoch}});
    ASSERT_NE(broker, nullptr);
    ASSERT_THAT(broker->Stop(), IsOk());
    std::filesystem::remove(log_);
    const std::string folder = directory_ + "/t-0";
    // It has made the topic, with our id, and holds nothing.
    ASSERT_EQ(test::BytesOf(folder + "/partition.metadata"),
              test::BytesOf(topic.folder() + "/partition.metadata"));
    std::filesystem::remove_all(folder);
    std::filesystem::copy(topic.folder(), folder);
    HandOver(topic, kRecoveryPointFile, kRecoveryPointFile);
    HandOver(topic, kLogStartFile, kLogStartFile);
    // All of it was committed, up to its end.
    HandOver(topic, kRecoveryPointFile, kHighWatermarkFile);
  }

  std::string Print(const test::Broker& broker, const std::string& program,
                    const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {broker.address(), "t"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto result = programs().Run(program, arguments);
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.err, IsEmpty());
    return std::move(result.out);
  }

  // What the broker had to say of the partition.
  std::vector<std::string> LogLines() const {
    std::vector<std::string> lines;
    std::ifstream in(log_);
    EXPECT_TRUE(in.is_open()) << log_;
    for (std::string line; std::getline(in, line);) {
      if (line.find("t-0") != std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  const std::string directory_ = scratch_ / "kafka";

 private:
  // The partition's line of a checkpoint file.
  void HandOver(const WrittenTopic& topic, std::string_view from,
                std::string_view to) {
    FileSystem& files = *PosixFileSystem();
    const auto ours = ReadOffsetCheckpoint(files, topic.directory(), from);
    auto theirs = ReadOffsetCheckpoint(files, directory_, to);
    ASSERT_THAT(ours, IsOk());
    ASSERT_THAT(theirs, IsOk());
    const TopicPartition partition{"t", PartitionId{0}};
    ASSERT_TRUE(ours->contains(partition));
    (*theirs)[partition] = ours->at(partition);
    ASSERT_THAT(WriteOffsetCheckpoint(files, directory_, to, *theirs), IsOk());
  }

  const std::string log_ = scratch_ / "log";
};

std::vector<std::string> LinesOf(const WrittenTopic& topic, Offset start) {
  std::vector<std::string> lines;
  for (const test::WrittenRecord& written : topic.written()) {
    if (written.record.offset < start.value) continue;
    lines.push_back(test::LineOf(written.record));
  }
  return lines;
}

// A broker that has to mend something says one of these.
void ExpectNoComplaint(const std::vector<std::string>& lines) {
  EXPECT_THAT(lines, Contains(HasSubstr("Completed load of")));
  for (const std::string& line : lines) {
    for (const std::string_view word :
         {"] WARN ", "] ERROR ", "orrupt", "ebuilding index", "runcat",
          "ecovering unflushed", "nvalid", "stray"}) {
      EXPECT_EQ(line.find(word), std::string::npos) << word << " in " << line;
    }
  }
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
  const std::string printed = Print(*broker, "ReadTopics", {});
  const std::string appended = Print(*broker, "AppendRecords", {"20"});
  const std::string printed_after = Print(*broker, "ReadTopics", {});
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
