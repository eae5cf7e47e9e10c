#include "bench/scratch_topic.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bench/floor.h"
#include "cauce/cursor.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

absl::Status VerifyOne(const Partition& partition, const Payload& payload,
                       int64_t& read) {
  Cursor cursor = partition.Read(Offset{0});
  RecordBatch batch;
  for (;; ++read) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.NextBatch(&batch));
    if (!more) return absl::OkStatus();
    if (batch.bytes().substr(17) != payload.batch().substr(17)) {
      return absl::DataLossError(
          fmt::format("batch {} is not what was appended", read));
    }
  }
}

}  // namespace

absl::StatusOr<ScratchTopic> ScratchTopic::Create(const std::string& directory,
                                                  std::string_view flush,
                                                  int32_t partitions,
                                                  Executor* executor) {
  EngineOptions options;
  options.executor = executor;
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory, options));
  TopicSpec spec;
  spec.partitions = partitions;
  spec.configs = {{"cauce.flush", std::string(flush)}};
  CAUCE_RETURN_IF_ERROR(engine.CreateTopic(kTopic, spec).status());
  std::vector<Partition> opened;
  for (int32_t p = 0; p < partitions; ++p) {
    CAUCE_ASSIGN_OR_RETURN(Partition partition,
                           engine.OpenPartition(kTopic, PartitionId{p}));
    opened.push_back(std::move(partition));
  }
  return ScratchTopic(directory, std::move(engine), std::move(opened));
}

ScratchTopic::ScratchTopic(std::string directory, Engine engine,
                           std::vector<Partition> partitions)
    : directory_(std::move(directory)),
      engine_(std::move(engine)),
      partitions_(std::move(partitions)) {}

ScratchTopic::ScratchTopic(ScratchTopic&& other) noexcept
    : directory_(std::exchange(other.directory_, "")),
      engine_(std::move(other.engine_)),
      partitions_(std::move(other.partitions_)) {}

ScratchTopic::~ScratchTopic() {
  if (directory_.empty()) return;
  // Deleted first, so that closing has nothing left to make durable.
  absl::Status gone = engine_.DeleteTopic(kTopic);
  gone.Update(engine_.Close());
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
  if (!gone.ok() || error) {
    std::fprintf(stderr, "%s: not removed: %s %s\n", directory_.c_str(),
                 gone.ToString().c_str(), error.message().c_str());
  }
}

std::vector<std::string> ScratchTopic::LogPaths() const {
  std::vector<std::string> paths;
  const std::string partition = fmt::format("{}/{}-0", directory_, kTopic);
  for (const auto& entry : std::filesystem::directory_iterator(partition)) {
    if (entry.path().extension() == ".log") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

absl::StatusOr<double> ScratchTopic::Write(const Payload& payload,
                                           int64_t batches) {
  BatchBuilder builder({}, payload.batch().size());
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i < batches; ++i) {
    for (const Record& record : payload.records()) {
      if (!builder.Add(record)) {
        return absl::InternalError("a record does not fit its batch any more");
      }
    }
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
    CAUCE_RETURN_IF_ERROR(
        partitions_[0].Append(batch, {Ack::kWritten}).status());
  }
  return MonotonicSeconds() - begin;
}

absl::Status ScratchTopic::Verify(const Payload& payload,
                                  int64_t batches) const {
  int64_t read = 0;
  for (const Partition& partition : partitions_) {
    CAUCE_RETURN_IF_ERROR(VerifyOne(partition, payload, read));
  }
  if (read == batches) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} batches were appended, {} can be read", batches, read));
}

}  // namespace cauce::bench
