#include "bench/killed_topic.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bench/doomed_child.h"
#include "bench/floor.h"
#include "bench/harness.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kTopic[] = "bench";
constexpr char kRecoveryPoints[] = "recovery-point-offset-checkpoint";

// An engine of a child, which is never closed.
struct Doomed {
  std::unique_ptr<Executor> executor;
  Engine engine;

  static absl::StatusOr<Doomed*> Open(const std::string& directory,
                                      int threads) {
    std::unique_ptr<Executor> executor;
    if (threads > 0) executor = NewThreadPool(threads);
    EngineOptions options;
    options.executor = executor.get();
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory, options));
    return new Doomed{std::move(executor), std::move(engine)};
  }

  absl::Status Write(const Payload& payload, int32_t partitions,
                     int64_t batches) {
    std::vector<Partition> opened;
    for (int32_t p = 0; p < partitions; ++p) {
      CAUCE_ASSIGN_OR_RETURN(Partition partition,
                             engine.OpenPartition(kTopic, PartitionId{p}));
      opened.push_back(std::move(partition));
    }
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch,
                           RecordBatch::Parse(payload.batch()));
    for (int64_t i = 0; i < batches; ++i) {
      Partition& partition = opened[static_cast<size_t>(i % partitions)];
      CAUCE_RETURN_IF_ERROR(partition.Append(batch, {Ack::kWritten}).status());
    }
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<KilledTopic>> KilledTopic::Create(
    const std::string& directory, const Payload& payload, int32_t partitions,
    int64_t batches) {
  std::unique_ptr<KilledTopic> topic(
      new KilledTopic(directory, payload, partitions));
  const auto write = [&]() -> absl::StatusOr<Sample> {
    const double begin = MonotonicSeconds();
    CAUCE_ASSIGN_OR_RETURN(Doomed * doomed, Doomed::Open(directory, 1));
    TopicSpec spec;
    spec.partitions = partitions;
    CAUCE_RETURN_IF_ERROR(doomed->engine.CreateTopic(kTopic, spec).status());
    CAUCE_RETURN_IF_ERROR(doomed->Write(payload, partitions, batches));
    return Sample(MonotonicSeconds() - begin);
  };
  CAUCE_RETURN_IF_ERROR(RunInDoomedChild(write).status());
  return topic;
}

KilledTopic::KilledTopic(std::string directory, const Payload& payload,
                         int32_t partitions)
    : directory_(std::move(directory)),
      payload_(payload),
      partitions_(partitions) {}

KilledTopic::~KilledTopic() {
  std::error_code ignored;  // the run's own directory goes at its end
  std::filesystem::remove_all(directory_, ignored);
}

absl::StatusOr<double> KilledTopic::Recover(int threads,
                                            int64_t batches) const {
  const auto recover = [&]() -> absl::StatusOr<Sample> {
    const double begin = MonotonicSeconds();
    CAUCE_ASSIGN_OR_RETURN(Doomed * doomed, Doomed::Open(directory_, threads));
    CAUCE_ASSIGN_OR_RETURN(Partition partition, doomed->engine.OpenPartition(
                                                    kTopic, PartitionId{0}));
    const Record& record = payload_.records().front();
    CAUCE_RETURN_IF_ERROR(
        partition.Append({&record, 1}, {Ack::kDurable}).status());
    const double seconds = MonotonicSeconds() - begin;
    CAUCE_RETURN_IF_ERROR(doomed->Write(payload_, partitions_, batches));
    return Sample(seconds);
  };
  CAUCE_ASSIGN_OR_RETURN(const Sample sample, RunInDoomedChild(recover));
  return sample.seconds;
}

absl::Status KilledTopic::ForgetRecoveryPoints() const {
  std::error_code error;
  std::filesystem::remove(std::filesystem::path(directory_) / kRecoveryPoints,
                          error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: {}", directory_, error.message()));
}

std::vector<std::string> KilledTopic::LogPaths() const {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory_)) {
    if (entry.path().extension() == ".log") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

int64_t KilledTopic::bytes() const {
  int64_t bytes = 0;
  for (const std::string& path : LogPaths()) {
    bytes += static_cast<int64_t>(std::filesystem::file_size(path));
  }
  return bytes;
}

}  // namespace cauce::bench
