#include "bench/dirty_topic.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/floor.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
constexpr int64_t kSegmentBytesMin = 1 << 20;  // Kafka's
constexpr int64_t kSegments = 16;
// A count times this is a count in another order: no two are the same.
constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
constexpr Timestamp kTime{1'680'000'000'000};

absl::Status Unavailable(const std::string& path, const std::error_code& e) {
  return absl::UnavailableError(path + ": " + e.message());
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirtyTopic>> DirtyTopic::Create(
    const std::string& directory, const DirtyTopicSpec& spec) {
  std::unique_ptr<DirtyTopic> topic(
      new DirtyTopic(directory, spec.topic,
                     std::max(spec.bytes / kSegments, kSegmentBytesMin)));
  CAUCE_RETURN_IF_ERROR(topic->Write(spec));
  CAUCE_RETURN_IF_ERROR(SettleDisk(directory));
  return topic;
}

DirtyTopic::DirtyTopic(std::string directory, std::string topic,
                       int64_t segment_bytes)
    : directory_(std::move(directory)),
      topic_(std::move(topic)),
      segment_bytes_(segment_bytes) {}

DirtyTopic::~DirtyTopic() {
  std::error_code ignored;  // the run's own directory goes at its end
  std::filesystem::remove_all(directory_, ignored);
}

absl::Status DirtyTopic::Write(const DirtyTopicSpec& spec) {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory_));
  TopicSpec topic;
  topic.configs = {{"cauce.flush", "os"},
                   {"cleanup.policy", "compact"},
                   {"segment.bytes", fmt::format("{}", segment_bytes_)}};
  CAUCE_RETURN_IF_ERROR(engine.CreateTopic(topic_, topic).status());
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine.OpenPartition(topic_, PartitionId{0}));
  std::mt19937_64 random(spec.seed);
  std::string pool(spec.value_bytes_max + kBatchBytes, '\0');
  for (char& byte : pool) byte = static_cast<char>(random());
  std::vector<bool> is_written(static_cast<size_t>(spec.keys.value_or(0)));
  BatchBuilder builder({}, kBatchBytes);
  while (bytes_ < spec.bytes) {
    for (;;) {
      const uint64_t drawn = random();
      const uint64_t key =
          spec.keys ? drawn % static_cast<uint64_t>(*spec.keys)
                    : static_cast<uint64_t>(records_) * kOdd;
      char key_bytes[kKeyBytes];
      StoreBig<uint64_t>(key_bytes, key);
      const size_t size = spec.value_bytes_min +
                          (drawn >> 40) % (spec.value_bytes_max -
                                           spec.value_bytes_min + 1);
      Record record;
      record.key = std::string_view(key_bytes, kKeyBytes);
      record.value = std::string_view(pool).substr(drawn % kBatchBytes, size);
      record.timestamp = kTime;
      if (!builder.Add(record)) break;
      if (!spec.keys) {
        ++distinct_keys_;
      } else if (!is_written[key]) {
        ++distinct_keys_;
        is_written[key] = true;
      }
      ++records_;
    }
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
    CAUCE_RETURN_IF_ERROR(partition.Append(batch, {Ack::kWritten}).status());
    bytes_ += std::ssize(batch.bytes());
  }
  return engine.Close();
}

absl::Status DirtyTopic::CopyTo(const std::string& path) const {
  return CopyTo(path, SIZE_MAX);
}

absl::Status DirtyTopic::CopyBeginningTo(const std::string& path) const {
  return CopyTo(path, 1);
}

absl::Status DirtyTopic::CopyTo(const std::string& path,
                                size_t segments) const {
  std::error_code error;
  std::filesystem::create_directories(path + folder(), error);
  if (error) return Unavailable(path, error);
  const std::vector<std::string> logs = LogPaths();
  for (const std::string& log : logs) {
    if (segments-- == 0) return absl::OkStatus();
    const auto copy =
        path + folder() + "/" + std::filesystem::path(log).filename().string();
    if (log == logs.back()) {
      std::filesystem::copy_file(log, copy, error);
    } else {
      std::filesystem::create_hard_link(log, copy, error);
    }
    if (error) return Unavailable(log, error);
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory_)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name == ".lock" || name.ends_with(".log")) {
      continue;
    }
    const auto relative = entry.path().lexically_relative(directory_);
    std::filesystem::copy_file(entry.path(), path / relative, error);
    if (error) return Unavailable(entry.path(), error);
  }
  return absl::OkStatus();
}

std::string DirtyTopic::folder() const { return fmt::format("/{}-0", topic_); }

std::vector<std::string> DirtyTopic::LogPaths() const {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_ + folder())) {
    if (entry.path().extension() == ".log") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace cauce::bench
