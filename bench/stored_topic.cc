#include "bench/stored_topic.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bench/floor.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kTopic[] = "bench";
constexpr int64_t kSegmentBytesMin = 1 << 20;  // Kafka's

}  // namespace

absl::StatusOr<std::unique_ptr<StoredTopic>> StoredTopic::Create(
    const std::string& directory, const Payload& payload, int64_t batches,
    TimeOrder order, int64_t segments) {
  std::unique_ptr<StoredTopic> topic(
      new StoredTopic(directory, payload, batches, order));
  CAUCE_RETURN_IF_ERROR(topic->Write(segments));
  CAUCE_RETURN_IF_ERROR(SettleDisk(directory));
  return topic;
}

StoredTopic::StoredTopic(std::string directory, const Payload& payload,
                         int64_t batches, TimeOrder order)
    : directory_(std::move(directory)),
      payload_(payload),
      batches_(batches),
      times_(payload, order) {}

StoredTopic::~StoredTopic() {
  std::error_code ignored;  // the run's own directory goes at its end
  std::filesystem::remove_all(directory_, ignored);
}

absl::Status StoredTopic::Write(int64_t segments) {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory_));
  const int64_t bytes =
      batches_ * static_cast<int64_t>(payload_.batch().size());
  TopicSpec spec;
  spec.configs = {
      {"cauce.flush", "os"},
      {"segment.bytes",
       fmt::format("{}", std::max(bytes / segments, kSegmentBytesMin))}};
  CAUCE_RETURN_IF_ERROR(engine.CreateTopic(kTopic, spec).status());
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine.OpenPartition(kTopic, PartitionId{0}));
  for (int64_t i = 0; i < batches_; ++i) {
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, times_.BatchAt(i));
    CAUCE_RETURN_IF_ERROR(partition.Append(batch, {Ack::kWritten}).status());
  }
  return engine.Close();
}

absl::StatusOr<StoredTopic::Opened> StoredTopic::Open() const {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory_));
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine.OpenPartition(kTopic, PartitionId{0}));
  if (partition.log_end() != Offset{records()}) {
    return absl::DataLossError(
        fmt::format("{}: {} records were written, it ends at {}", directory_,
                    records(), partition.log_end().value));
  }
  return Opened{std::move(engine), std::move(partition)};
}

int64_t StoredTopic::records() const {
  return batches_ * static_cast<int64_t>(payload_.records().size());
}

std::string StoredTopic::partition_path() const {
  return fmt::format("{}/{}-0", directory_, kTopic);
}

std::vector<std::string> StoredTopic::LogPaths() const {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(partition_path())) {
    if (entry.path().extension() == ".log") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace cauce::bench
