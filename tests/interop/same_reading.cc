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
#include "cauce/read.h"
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

// Of what lies at or above `end` a consumer is told nothing.
std::string TimeLine(const Partition& partition, Timestamp time, Offset end) {
  const auto found = partition.FindByTime(time);
  if (!found.ok()) return found.status().ToString();
  if (!*found || (*found)->offset >= end) return "-";
  return fmt::format("{} {}", (*found)->offset.value, (*found)->timestamp.ms);
}

// Answers for one topic, in the order in which the questions come.
class Reading {
 public:
  Reading(Partition partition, Isolation isolation)
      : partition_(std::move(partition)),
        options_{.isolation = isolation},
        records_(partition_.Read(partition_.log_start(), options_)) {}

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
      Cursor cursor = partition_.Read(Offset{number}, options_);
      return fmt::format("at {} {}", number, NextLine(cursor));
    }
    if (kind == "time") {
      return fmt::format("time {} {}", number,
                         TimeLine(partition_, Timestamp{number}, End()));
    }
    return fmt::format("log from {} to {}", partition_.log_start().value,
                       End().value);
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
  // Up to where the consumer may read.
  Offset End() const {
    if (options_.isolation == Isolation::kReadUncommitted) {
      return partition_.high_watermark();
    }
    const auto end = partition_.LastStableOffset();
    EXPECT_THAT(end, IsOk());
    return end.value_or(Offset{});
  }

  Partition partition_;
  const CursorOptions options_;
  Cursor records_;
  int64_t latest_ = -1;  // time of the records so far
};

}  // namespace

std::vector<std::string> ExpectSameReading(const Engine& engine,
                                           const std::string& printed,
                                           Isolation isolation) {
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
      reading.emplace(*std::move(partition), isolation);
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
