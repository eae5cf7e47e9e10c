// A backend of every kind with a place for its tables, for suites that ask all
// of them the same. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "engine/base/check.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {

enum class BackendKind { kMemory, kMemoryDisk, kPosixDisk };

inline constexpr BackendKind kEveryBackend[] = {
    BackendKind::kMemory, BackendKind::kMemoryDisk, BackendKind::kPosixDisk};
inline constexpr BackendKind kEveryDisk[] = {BackendKind::kMemoryDisk,
                                             BackendKind::kPosixDisk};

inline std::string NameOf(BackendKind kind) {
  if (kind == BackendKind::kMemory) return "Memory";
  return kind == BackendKind::kMemoryDisk ? "MemoryDisk" : "PosixDisk";
}

inline void PrintTo(BackendKind kind, std::ostream* out) {
  *out << NameOf(kind);
}

inline std::string BackendName(
    const ::testing::TestParamInfo<BackendKind>& info) {
  return NameOf(info.param);
}

class EveryBackend : public ::testing::TestWithParam<BackendKind> {
 protected:
  EveryBackend() {
    EXPECT_THAT(files().CreateDirectories(scratch_.path()), IsOk());
    Restart();
  }

  FileSystem& files() {
    return GetParam() == BackendKind::kPosixDisk ? *PosixFileSystem()
                                                 : *memory_files_;
  }

  // As little memory as there may be: much of it goes through files.
  RocksDbOptions Options() {
    return {.memory_max = 1 << 20,
            .load_bytes_max = 1 << 20,
            .file_system = &files()};
  }

  // Another process's, so to say. No table may be open.
  void Restart() {
    if (GetParam() == BackendKind::kMemory) {
      backend_ = NewMemoryStateBackend();
      return;
    }
    auto backend = NewRocksDbStateBackend(Options());
    CAUCE_CHECK(backend.ok());
    backend_ = *std::move(backend);
  }

  std::string Path(std::string_view name = "table") const {
    return scratch_ / name;
  }

  std::unique_ptr<StateStore> Open(std::string_view name = "table") {
    auto store = backend_->Open({.directory = Path(name)});
    EXPECT_THAT(store, IsOk());
    CAUCE_CHECK(store.ok());
    return *std::move(store);
  }

  static void Write(StateStore& store, std::vector<StateChange> changes,
                    std::string_view mark = "") {
    EXPECT_THAT(store.Write({.changes = changes, .mark = mark}), IsOk());
  }

  const TempDir scratch_;
  const std::unique_ptr<FileSystem> memory_files_ = NewMemoryFileSystem();
  std::shared_ptr<StateBackend> backend_;
};

}  // namespace cauce::test
