// A broker's own classes open what the engine left behind, read every record
// as it was written, headers and all, and leave a partition that the engine
// opens again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/record.h"
#include "cauce/topic_id.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/record_line.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/seed.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::FilesIn;
using test::IsOk;
using test::OwnedRecord;
using test::WrittenTopic;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using OpenPartition = test::KafkaTest;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// `head` and then the records of `topic` from `start` on.
void ExpectRead(const test::Process::Result& result,
                std::vector<std::string> head, const WrittenTopic& topic,
                int64_t start) {
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.err, IsEmpty());
  for (size_t i = static_cast<size_t>(start); i < topic.written().size(); ++i) {
    head.push_back(test::LineOf(topic.written()[i].record));
  }
  const std::vector<std::string> lines = LinesOf(result.out);
  ASSERT_EQ(lines.size(), head.size());
  for (size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], head[i]);
}

// Opens the topic again and reads all of it from `start` on.
void ExpectReadHere(WrittenTopic& topic, int64_t start) {
  topic.Open();
  Cursor cursor = topic.partition().Read(Offset{start});
  RecordView record;
  int64_t next = start;
  for (;;) {
    const auto more = cursor.Next(&record);
    ASSERT_THAT(more, IsOk());
    if (!*more) break;
    ASSERT_LT(next, static_cast<int64_t>(topic.written().size()));
    const OwnedRecord& shall = topic.written()[next].record;
    ASSERT_EQ(record.offset.value, next++);
    ASSERT_EQ(record.timestamp.ms, shall.timestamp);
    ASSERT_EQ(test::Own(record.key), shall.key);
    ASSERT_EQ(test::Own(record.value), shall.value);
  }
  EXPECT_EQ(next, static_cast<int64_t>(topic.written().size()));
}

TEST_F(OpenPartition, ReadsEveryRecordAndLeavesThemToUs) {
  const test::Seed seed;
  test::RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  const auto append_some = [&](LeaderEpoch epoch) {
    for (int batch = 0; batch < 100; ++batch) {
      topic.Append(maker.MakeSome(30),
                   {.codec = static_cast<Codec>(maker.Below(kCodecs))},
                   {.leader_epoch = epoch});
    }
  };
  append_some({3});
  const size_t turn = topic.written().size();
  append_some({5});
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();
  const size_t segments = FilesIn(topic.folder(), {".log"}).size();

  const auto result =
      programs().Run("OpenPartition", {topic.directory(), "t-0"});

  ExpectRead(result,
             {"topic id " + TopicIdText(description->id), "epoch 3 from 0",
              fmt::format("epoch 5 from {}", turn),
              fmt::format("log from 0 to {}", topic.written().size()),
              fmt::format("segments {}", segments)},
             topic, 0);
  ExpectReadHere(topic, 0);
  // And goes on where it was.
  topic.Append(maker.MakeSome(30));
  topic.Close();
}

TEST_F(OpenPartition, BeginsWhereTheLogDoes) {
  const test::Seed seed;
  test::RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", {});
  for (int batch = 0; batch < 20; ++batch) topic.Append(maker.MakeSome(30));
  const Offset middle{topic.partition().log_end().value / 2};
  ASSERT_THAT(topic.partition().DeleteRecordsBefore(middle), IsOk());
  const auto description = topic.engine().DescribeTopic("t");
  ASSERT_THAT(description, IsOk());
  topic.Close();

  const auto result =
      programs().Run("OpenPartition", {topic.directory(), "t-0"});

  ExpectRead(
      result,
      {"topic id " + TopicIdText(description->id),
       fmt::format("epoch 0 from {}", middle.value),
       fmt::format("log from {} to {}", middle.value, topic.written().size()),
       "segments 1"},
      topic, middle.value);
  ExpectReadHere(topic, middle.value);
}

// So that silence means something: what a broker has to mend, it tells.
TEST_F(OpenPartition, TellsOfAnIndexThatIsMissing) {
  WrittenTopic topic(scratch_ / "data", {{"index.interval.bytes", "0"}});
  for (int batch = 0; batch < 20; ++batch) {
    topic.Append({{.value = "v", .timestamp = 1'700'000'000'000}});
  }
  topic.Close();
  std::filesystem::remove(FilesIn(topic.folder(), {".index"}).front());

  EXPECT_THAT(programs().Run("OpenPartition", {topic.directory(), "t-0"}).err,
              HasSubstr("Could not find offset index file"));
}

}  // namespace
}  // namespace cauce
