#include "tests/interop/same_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/interop/record_line.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

// The first record at or behind where `cursor` stands.
std::string NextLine(Cursor& cursor) {
  RecordView record;
  const auto more = cursor.Next(&record);
  if (!more.ok()) return more.status().ToString();
  return *more ? LineOf(record) : "-";
}

std::string TimeLine(const Partition& partition, Timestamp time) {
  const auto found = partition.FindByTime(time);
  if (!found.ok()) return found.status().ToString();
  if (!*found) return "-";
  return fmt::format("{} {}", (*found)->offset.value, (*found)->timestamp.ms);
}

// Answers for one topic, in the order in which the questions come.
class Reading {
 public:
  explicit Reading(Partition partition)
      : partition_(std::move(partition)),
        records_(partition_.Read(partition_.log_start())) {}

  // What is said here where `line` was said there.
  std::string AnswerTo(const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    int64_t number = 0;
    words >> kind >> number;
    if (kind == "record") {
      int64_t time = -1;
      words >> time;
      latest_ = std::max(latest_, time);
      return NextLine(records_);
    }
    if (kind == "at") {
      Cursor cursor = partition_.Read(Offset{number});
      return fmt::format("at {} {}", number, NextLine(cursor));
    }
    if (kind == "time") {
      return fmt::format("time {} {}", number,
                         TimeLine(partition_, Timestamp{number}));
    }
    return fmt::format("log from {} to {}", partition_.log_start().value,
                       partition_.high_watermark().value);
  }

  // Kafka looks for a time in one segment alone: the first that ever had one so
  // late. Where compaction has left no record in that it answers that there is
  // none, while its consumer has read one.
  bool IsMissed(const std::string& line) const {
    std::istringstream words(line);
    std::string kind, found;
    int64_t time = 0;
    words >> kind >> time >> found;
    return kind == "time" && found == "-" && time <= latest_;
  }

  void ExpectNoMore() {
    EXPECT_EQ(NextLine(records_), "-");
    const Offset start = partition_.log_start();
    if (start == Offset{0}) return;
    RecordView record;
    EXPECT_THAT(partition_.Read(start + -1).Next(&record).status(),
                HasReason(Reason::kOffsetOutOfRange));
  }

 private:
  Partition partition_;
  Cursor records_;
  int64_t latest_ = -1;  // time of the records so far
};

}  // namespace

std::vector<std::string> ExpectSameReading(const Engine& engine,
                                           const std::string& printed) {
  constexpr std::string_view kTopic = "topic ";
  std::vector<std::string> topics;
  std::optional<Reading> reading;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kTopic)) {
      if (reading) reading->ExpectNoMore();
      topics.push_back(line.substr(kTopic.size()));
      auto partition = engine.OpenPartition(topics.back(), PartitionId{0});
      EXPECT_THAT(partition, IsOk());
      if (!partition.ok()) return topics;
      reading.emplace(*std::move(partition));
      continue;
    }
    const std::string answer = reading ? reading->AnswerTo(line) : "no topic";
    if (reading && reading->IsMissed(line)) {
      EXPECT_NE(answer, line) << "in " << testing::PrintToString(topics);
      continue;
    }
    EXPECT_EQ(answer, line) << "in " << testing::PrintToString(topics);
    if (answer != line) return topics;
  }
  if (reading) reading->ExpectNoMore();
  return topics;
}

}  // namespace cauce::test
