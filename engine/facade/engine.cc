#include "cauce/engine.h"

#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/base/wire.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {
namespace {

// For some 3000 keys; with fewer, passes would be without number.
constexpr int64_t kCompactionMemoryMin = 64 << 10;

// What no file system can have.
absl::Status CheckName(std::string_view directory) {
  if (directory.empty()) {
    return MakeError(Reason::kInvalidOption,
                     "the directory's name is empty; \".\" is the one that the "
                     "process is in, \":memory:\" one in memory");
  }
  if (const size_t at = directory.find('\0'); at != directory.npos) {
    return MakeError(Reason::kInvalidOption,
                     fmt::format("the directory's name, {} bytes, has a zero "
                                 "byte at {}",
                                 directory.size(), at));
  }
  return absl::OkStatus();
}

void CheckInternalPartitions(std::string_view name, int32_t partitions,
                             std::vector<std::string>& bad) {
  if (partitions >= 1 && partitions <= kTopicPartitionsMax) return;
  bad.push_back(fmt::format("{} is {}, it must be 1 to {}", name, partitions,
                            kTopicPartitionsMax));
}

void CheckAboveZero(std::string_view name, absl::Duration time,
                    std::vector<std::string>& bad) {
  if (time > absl::ZeroDuration()) return;
  bad.push_back(fmt::format("{} is {}, it must be above 0", name,
                            absl::FormatDuration(time)));
}

// What is about groups and transactions.
void CheckCoordination(const EngineOptions& options,
                       std::vector<std::string>& bad) {
  CheckInternalPartitions("offsets_topic_partitions",
                          options.offsets_topic_partitions, bad);
  CheckInternalPartitions("transaction_topic_partitions",
                          options.transaction_topic_partitions, bad);
  CheckAboveZero("offsets_retention", options.offsets_retention, bad);
  CheckAboveZero("offsets_retention_check_interval",
                 options.offsets_retention_check_interval, bad);
  // A string of a record holds it.
  constexpr auto kMetadataMax = static_cast<int32_t>(kWireStringBytesMax);
  if (options.offset_metadata_bytes_max < 0 ||
      options.offset_metadata_bytes_max > kMetadataMax) {
    bad.push_back(
        fmt::format("offset_metadata_bytes_max is {}, it must be 0 to {}",
                    options.offset_metadata_bytes_max, kMetadataMax));
  }
  if (options.group_initial_rebalance_delay < absl::ZeroDuration()) {
    bad.push_back(fmt::format(
        "group_initial_rebalance_delay is {}, it must be at least 0",
        absl::FormatDuration(options.group_initial_rebalance_delay)));
  }
  CheckAboveZero("transaction_timeout_max", options.transaction_timeout_max,
                 bad);
  CheckAboveZero("transactional_id_expiration",
                 options.transactional_id_expiration, bad);
  if (options.group_size_max < 1) {
    bad.push_back(fmt::format("group_size_max is {}, it must be above 0",
                              options.group_size_max));
  }
}

}  // namespace

absl::Status Validate(const EngineOptions& options) {
  std::vector<std::string> bad;
  if (options.access != Access::kReadWrite &&
      options.access != Access::kReadOnly) {
    bad.push_back(
        fmt::format("access is {}, it must be one of its enumerators, 0 to 1",
                    static_cast<int>(options.access)));
  }
  if (options.open_files_max < 8) {
    bad.push_back(fmt::format("open_files_max is {}, at least 8 are needed",
                              options.open_files_max));
  }
  if (options.tail_bytes_max < 0) {
    bad.push_back(fmt::format("tail_bytes_max is {}, it must be at least 0",
                              options.tail_bytes_max));
  }
  if (options.free_bytes_min < 0) {
    bad.push_back(fmt::format("free_bytes_min is {}, it must be at least 0",
                              options.free_bytes_min));
  }
  CheckAboveZero("checkpoint_interval", options.checkpoint_interval, bad);
  CheckAboveZero("retention_check_interval", options.retention_check_interval,
                 bad);
  CheckAboveZero("producer_expiration", options.producer_expiration, bad);
  CheckAboveZero("compaction_check_interval",
                 options.compaction_check_interval, bad);
  if (options.compaction_memory_max < kCompactionMemoryMin) {
    bad.push_back(
        fmt::format("compaction_memory_max is {}, at least {} are needed",
                    options.compaction_memory_max, kCompactionMemoryMin));
  }
  if (options.compaction_bytes_per_second_max < 0) {
    bad.push_back(fmt::format(
        "compaction_bytes_per_second_max is {}, it must be at least 0",
        options.compaction_bytes_per_second_max));
  }
  CheckCoordination(options, bad);
  if (bad.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("engine options: {}", fmt::join(bad, "; ")));
}

absl::Status Validate(std::string_view name, const TopicSpec& spec) {
  TopicEntry topic;
  topic.name = name;
  topic.id.bytes.fill(1);  // any will do
  topic.partitions = spec.partitions;
  topic.configs = spec.configs;
  return TopicCatalog().Add(std::move(topic));
}

Engine::Engine(std::shared_ptr<EngineCore> core) : core_(std::move(core)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&& other) noexcept {
  if (this == &other) return *this;
  if (core_ != nullptr) core_->CloseAndReport();
  core_ = std::move(other.core_);
  return *this;
}

Engine::~Engine() {
  if (core_ != nullptr) core_->CloseAndReport();
}

absl::StatusOr<Engine> Engine::Open(std::string_view directory,
                                    const EngineOptions& options) {
  CAUCE_RETURN_IF_ERROR(CheckName(directory));
  CAUCE_RETURN_IF_ERROR(Validate(options));
  CAUCE_ASSIGN_OR_RETURN(auto core, EngineCore::Open(directory, options));
  return Engine(std::move(core));
}

absl::StatusOr<TopicDescription> Engine::CreateTopic(std::string_view name,
                                                     const TopicSpec& spec) {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->CreateTopic(name, spec);
}

absl::StatusOr<std::vector<TopicDescription>> Engine::ListTopics() const {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->ListTopics();
}

absl::StatusOr<TopicDescription> Engine::DescribeTopic(
    std::string_view name) const {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->DescribeTopic(name);
}

absl::Status Engine::AlterTopic(std::string_view name,
                                const std::vector<ConfigChange>& changes,
                                std::optional<int32_t> partitions) {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->AlterTopic(name, changes, partitions);
}

absl::Status Engine::CreatePartitions(std::string_view name,
                                      int32_t partitions) {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->AlterTopic(name, {}, partitions);
}

absl::Status Engine::DeleteTopic(std::string_view name) {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->DeleteTopic(name);
}

absl::StatusOr<Partition> Engine::OpenPartition(std::string_view topic,
                                                PartitionId partition) const {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  CAUCE_ASSIGN_OR_RETURN(auto log, core_->OpenPartition(topic, partition));
  return Partition(core_, std::move(log));
}

absl::Status Engine::RunUpkeep(absl::Duration time_max) {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->RunUpkeep(time_max);
}

CompactionStatus Engine::compaction() const {
  return core_->CheckProcess().ok() ? core_->compaction() : CompactionStatus{};
}

absl::Status Engine::Close() {
  CAUCE_RETURN_IF_ERROR(core_->CheckProcess());
  return core_->Close();
}

}  // namespace cauce
