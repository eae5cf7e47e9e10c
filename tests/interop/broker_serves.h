// The fixture of the tests that give a broker our files of the topic "t", and
// what a broker says that has to mend something. For one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "tests/interop/broker.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/partition_files.h"
#include "tests/interop/same_reading.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

class BrokerServes : public KafkaTest {
 protected:
  // Runs a broker in the directory that is to be its own.
  std::unique_ptr<Broker> Start(const std::vector<BornTopic>& topics = {}) {
    auto broker = Broker::Start(programs(), directory_, log_, topics);
    EXPECT_THAT(broker, IsOk());
    return broker.ok() ? *std::move(broker) : nullptr;
  }

  absl::StatusOr<std::unique_ptr<Broker>> TryToStart() {
    return Broker::Start(programs(), directory_, log_);
  }

  // A broker's directory in which the partition is what `topic` is of.
  void HandOver(const WrittenTopic& topic, TopicId id, LeaderEpoch epoch) {
    auto broker = Start({{.name = "t", .id = id, .epoch = epoch}});
    ASSERT_NE(broker, nullptr);
    ASSERT_THAT(broker->Stop(), IsOk());
    std::filesystem::remove(log_);
    const std::string folder = directory_ + "/t-0";
    // It has made the topic, with our id, and holds nothing.
    ASSERT_EQ(BytesOf(folder + "/partition.metadata"),
              BytesOf(topic.folder() + "/partition.metadata"));
    std::filesystem::remove_all(folder);
    std::filesystem::copy(topic.folder(), folder);
    HandOver(topic, kRecoveryPointFile, kRecoveryPointFile);
    HandOver(topic, kLogStartFile, kLogStartFile);
    // All of it was committed, up to its end.
    HandOver(topic, kRecoveryPointFile, kHighWatermarkFile);
  }

  std::string Print(const Broker& broker, const std::string& program,
                    const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {broker.address()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto result = programs().Run(program, arguments);
    EXPECT_EQ(result.exit, 0);
    EXPECT_EQ(result.err, "");
    return std::move(result.out);
  }

  // What Kafka's consumer gets of the topic.
  std::string Read(const Broker& broker,
                   Isolation isolation = Isolation::kReadUncommitted) {
    return Print(broker, "ReadTopics", {IsolationName(isolation), "t"});
  }

  // What the broker had to say of the partition, or of something else.
  std::vector<std::string> LogLines(std::string_view about = "t-0") const {
    std::vector<std::string> lines;
    std::ifstream in(log_);
    EXPECT_TRUE(in.is_open()) << log_;
    for (std::string line; std::getline(in, line);) {
      if (line.find(about) != std::string::npos) lines.push_back(line);
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

// A broker that has to mend something says one of these.
inline void ExpectNoComplaint(const std::vector<std::string>& lines) {
  EXPECT_THAT(lines,
              ::testing::Contains(::testing::HasSubstr("Completed load of")));
  for (const std::string& line : lines) {
    for (const std::string_view word :
         {"] WARN ", "] ERROR ", "orrupt", "ebuilding index", "runcat",
          "ecovering unflushed", "nvalid", "stray"}) {
      EXPECT_EQ(line.find(word), std::string::npos) << word << " in " << line;
    }
  }
}

}  // namespace cauce::test
