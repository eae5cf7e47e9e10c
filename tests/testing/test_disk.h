// A directory for the files of one partition, in memory or on the real disk,
// with a pool around its file system. For suites that run over both; as
// thread-safe as the file system is.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/io/file_pool.h"
#include "engine/log/segment.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {

enum class DiskKind { kMemory, kPosix };

inline std::string DiskName(const ::testing::TestParamInfo<DiskKind>& info) {
  return info.param == DiskKind::kMemory ? "MemoryDisk" : "PosixDisk";
}

inline void PrintTo(DiskKind kind, std::ostream* out) {
  *out << (kind == DiskKind::kMemory ? "MemoryDisk" : "PosixDisk");
}

class TestDisk {
 public:
  explicit TestDisk(DiskKind kind = DiskKind::kMemory, Clock* clock = nullptr)
      : memory_(kind == DiskKind::kMemory ? NewMemoryFileSystem(clock)
                                          : nullptr),
        real_files_(memory_ == nullptr ? *PosixFileSystem() : *memory_),
        files_(real_files_),
        pool_(std::make_shared<FilePool>(files_, 64)) {
    if (kind == DiskKind::kPosix) scratch_.emplace();
    data_directory_ = scratch_ ? scratch_->path() : "/data";
    directory_ = data_directory_ + "/orders-0";
    CAUCE_CHECK(files_.CreateDirectories(directory_).ok());
  }

  // Fails calls when it is asked to.
  FailingFileSystem& files() { return files_; }
  // The same, and never fails.
  FileSystem& real_files() { return real_files_; }
  const std::shared_ptr<FilePool>& pool() { return pool_; }
  const std::string& directory() const { return directory_; }
  // Holds the directory.
  const std::string& data_directory() const { return data_directory_; }

  SegmentPlace Place(Offset base = Offset{0},
                     int64_t index_interval_bytes = 4096) {
    return {&files_, pool_.get(), directory_, base, index_interval_bytes};
  }

  // The path of a file in the directory.
  std::string operator/(std::string_view name) const {
    return directory_ + '/' + std::string(name);
  }

  void Write(std::string_view name, std::string_view bytes) {
    auto file = files_.Open(*this / name, OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  // Nothing where there is no such file.
  std::optional<std::string> Read(std::string_view name) {
    const auto file = files_.Open(*this / name, OpenMode::kRead);
    if (!file.ok()) return std::nullopt;
    const auto size = (*file)->Size();
    CAUCE_CHECK(size.ok());
    std::string bytes(static_cast<size_t>(*size), '\0');
    const auto read = (*file)->Read(0, bytes);
    CAUCE_CHECK(read.ok());
    CAUCE_CHECK(*read == bytes.size());
    return bytes;
  }

  void Remove(std::string_view name) {
    CAUCE_CHECK(files_.RemoveFile(*this / name).ok());
  }

  // The files of the directory that end in `suffix`, sorted.
  std::vector<std::string> Names(std::string_view suffix = "") {
    const auto entries = files_.List(directory_);
    CAUCE_CHECK(entries.ok());
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.name.ends_with(suffix)) names.push_back(entry.name);
    }
    return names;
  }

 private:
  std::optional<TempDir> scratch_;
  const std::unique_ptr<FileSystem> memory_;
  FileSystem& real_files_;
  FailingFileSystem files_;
  const std::shared_ptr<FilePool> pool_;
  std::string data_directory_;
  std::string directory_;
};

}  // namespace cauce::test
