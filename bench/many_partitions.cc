#include "bench/many_partitions.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/doomed_child.h"
#include "bench/floor.h"
#include "bench/harness.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

namespace fs = std::filesystem;

absl::Status FileError(const fs::path& path, std::string_view what) {
  return absl::UnavailableError(fmt::format("{}: {}", path.string(), what));
}

absl::Status WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file.fail() ? FileError(path, "cannot be written") : absl::OkStatus();
}

// The regular files in `folder`, but for a lock, by name.
absl::StatusOr<std::map<std::string, std::string>> ReadFiles(
    const fs::path& folder) {
  std::map<std::string, std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (!at->is_regular_file() || name == ".lock") continue;
    std::ifstream file(at->path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return FileError(at->path(), "cannot be read");
    files.emplace(name, std::move(bytes));
  }
  if (error) return FileError(folder, error.message());
  return files;
}

// Leaves `files` in `folder`, and no other but a lock. A longer one is cut in
// place: to give all blocks of a file back is slow on some disks.
absl::Status PutBack(const std::map<std::string, std::string>& files,
                     const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (!at->is_regular_file() || name == ".lock") continue;
    if (!files.contains(name)) fs::remove(at->path(), error);
  }
  if (error) return FileError(folder, error.message());
  for (const auto& [name, bytes] : files) {
    const auto size = fs::file_size(folder / name, error);
    if (error || size < bytes.size()) {
      CAUCE_RETURN_IF_ERROR(WriteFile(folder / name, bytes));
    } else if (size > bytes.size()) {
      fs::resize_file(folder / name, bytes.size(), error);
      if (error) return FileError(folder / name, error.message());
    }
  }
  return absl::OkStatus();
}

absl::Status InDoomedChild(const std::function<absl::Status()>& work) {
  return RunInDoomedChild([&]() -> absl::StatusOr<Sample> {
           const double begin = MonotonicSeconds();
           CAUCE_RETURN_IF_ERROR(work());
           return Sample(MonotonicSeconds() - begin);
         })
      .status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ManyPartitions>> ManyPartitions::Create(
    const std::string& directory, const Payload& payload, int32_t partitions,
    int32_t segments) {
  CAUCE_CHECK(partitions > 0);
  CAUCE_CHECK(segments > 0);
  std::unique_ptr<ManyPartitions> many(
      new ManyPartitions(directory, partitions));
  // In children, so that their memory is not this process's.
  CAUCE_RETURN_IF_ERROR(
      InDoomedChild([&] { return many->Write(payload, segments); }));
  many->records_ = segments * static_cast<int64_t>(payload.records().size());
  CAUCE_ASSIGN_OR_RETURN(many->segments_, ReadFiles(many->PathOf(0)));
  CAUCE_RETURN_IF_ERROR(many->Copy());
  CAUCE_RETURN_IF_ERROR(many->SaveEnds());
  CAUCE_RETURN_IF_ERROR(InDoomedChild([&] { return many->CloseCleanly(); }));
  CAUCE_ASSIGN_OR_RETURN(many->small_, ReadFiles(directory));
  for (int32_t p = 0; p < partitions; ++p) {
    std::error_code error;
    many->written_.push_back(fs::last_write_time(many->ActiveLogOf(p), error));
    if (error) return FileError(many->ActiveLogOf(p), error.message());
  }
  return many;
}

ManyPartitions::ManyPartitions(std::string directory, int32_t partitions)
    : directory_(std::move(directory)), partitions_(partitions) {}

ManyPartitions::~ManyPartitions() {
  std::error_code ignored;  // the run's own directory goes at its end
  fs::remove_all(directory_, ignored);
}

absl::Status ManyPartitions::Write(const Payload& payload, int32_t segments) {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory_));
  TopicSpec spec;
  spec.partitions = partitions_;
  spec.configs = {{"cauce.flush", "os"}, {"internal.segment.bytes", "1"}};
  CAUCE_RETURN_IF_ERROR(engine.CreateTopic(kTopic, spec).status());
  CAUCE_ASSIGN_OR_RETURN(Partition first,
                         engine.OpenPartition(kTopic, PartitionId{0}));
  for (int32_t i = 0; i < segments; ++i) {
    CAUCE_RETURN_IF_ERROR(first.Append(payload.records()).status());
  }
  // What is appended later rolls no segment.
  CAUCE_RETURN_IF_ERROR(
      engine.AlterTopic(kTopic, {{"internal.segment.bytes", std::nullopt}}));
  return engine.Close();
}

absl::Status ManyPartitions::Copy() {
  for (int32_t p = 1; p < partitions_; ++p) {
    CAUCE_RETURN_IF_ERROR(PutBack(segments_, PathOf(p)));
  }
  return absl::OkStatus();
}

// The engine knows the end of the one partition that it wrote.
absl::Status ManyPartitions::SaveEnds() const {
  FileSystem& files = *PosixFileSystem();
  OffsetCheckpoint ends;
  for (int32_t p = 0; p < partitions_; ++p) {
    ends[{kTopic, PartitionId{p}}] = Offset{records_};
  }
  CAUCE_RETURN_IF_ERROR(
      WriteOffsetCheckpoint(files, directory_, kRecoveryPointFile, ends));
  return SettleDisk(directory_);
}

// An engine that has seen every partition, found what it expects, and saved
// what it thinks of it.
absl::Status ManyPartitions::CloseCleanly() const {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory_));
  for (int32_t p = 0; p < partitions_; ++p) {
    CAUCE_RETURN_IF_ERROR(
        engine.OpenPartition(kTopic, PartitionId{p}).status());
  }
  return engine.Close();
}

absl::Status ManyPartitions::Restore(LastStop stop) const {
  Files small = small_;
  if (stop == LastStop::kKilled) small.erase(std::string(kCleanShutdownFile));
  // Written anew whatever their size: checkpoints change in place.
  for (const auto& [name, bytes] : small) {
    CAUCE_RETURN_IF_ERROR(WriteFile(fs::path(directory_) / name, bytes));
  }
  CAUCE_RETURN_IF_ERROR(PutBack(small, directory_));
  for (int32_t p = 0; p < partitions_; ++p) {
    CAUCE_RETURN_IF_ERROR(PutBack(segments_, PathOf(p)));
    std::error_code error;
    fs::last_write_time(ActiveLogOf(p), written_[static_cast<size_t>(p)],
                        error);
    if (error) return FileError(ActiveLogOf(p), error.message());
  }
  return SettleDisk(directory_);
}

std::string ManyPartitions::PathOf(int32_t partition) const {
  return fmt::format("{}/{}-{}", directory_, kTopic, partition);
}

std::string ManyPartitions::ActiveLogOf(int32_t partition) const {
  std::string newest;
  for (const auto& [name, bytes] : segments_) {
    if (name.ends_with(".log")) newest = name;
  }
  return fmt::format("{}/{}", PathOf(partition), newest);
}

int64_t ManyPartitions::active_log_bytes() const {
  int64_t newest = 0;
  for (const auto& [name, bytes] : segments_) {
    if (name.ends_with(".log")) newest = static_cast<int64_t>(bytes.size());
  }
  return newest;
}

int64_t ManyPartitions::bytes() const {
  int64_t each = 0;
  for (const auto& [name, bytes] : segments_) {
    if (name.ends_with(".log")) each += static_cast<int64_t>(bytes.size());
  }
  return each * partitions_;
}

}  // namespace cauce::bench
