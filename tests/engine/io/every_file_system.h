// A file system of every kind with an empty directory in it, for suites that
// ask all of them the same. As thread-safe as the file system.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {

inline void PrintTo(const DirectoryEntry& entry, std::ostream* out) {
  *out << entry.name << (entry.is_directory ? "/" : "");
}

namespace test {

inline constexpr OpenMode kEveryMode[] = {OpenMode::kRead, OpenMode::kReadWrite,
                                          OpenMode::kCreate,
                                          OpenMode::kOpenOrCreate};

enum class Kind { kPosixDisk, kMemory };

inline std::string NameOf(Kind kind) {
  return kind == Kind::kPosixDisk ? "PosixDisk" : "Memory";
}

// A file system of one kind with an empty directory in it.
class Disk {
 public:
  explicit Disk(Kind kind)
      : memory_(kind == Kind::kMemory ? NewMemoryFileSystem() : nullptr) {
    if (memory_ != nullptr) {
      EXPECT_THAT(memory_->CreateDirectories(temp_.path()), IsOk());
    }
  }

  FileSystem& files() { return memory_ ? *memory_ : *PosixFileSystem(); }
  std::string Path(std::string_view name) const { return temp_ / name; }
  const std::string& path() const { return temp_.path(); }

 private:
  const TempDir temp_;
  const std::unique_ptr<FileSystem> memory_;
};

// Returns what [position, position + bytes) holds, or "error" and its code.
inline std::string ReadAt(const File& file, int64_t position, size_t bytes) {
  std::string text(bytes, '?');
  const absl::StatusOr<size_t> got = file.Read(position, text);
  if (!got.ok()) return "error: " + got.status().ToString();
  text.resize(*got);
  return text;
}

class EveryFileSystem : public ::testing::TestWithParam<Kind> {
 protected:
  FileSystem& files() { return disk_.files(); }
  std::string Path(std::string_view name) const { return disk_.Path(name); }

  std::unique_ptr<File> Make(std::string_view name, std::string_view text) {
    auto file = files().Open(Path(name), OpenMode::kOpenOrCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, text), IsOk());
    return *std::move(file);
  }

  std::string Contents(std::string_view name) {
    auto file = files().Open(Path(name), OpenMode::kRead);
    if (!file.ok()) return "error: " + file.status().ToString();
    return ReadAt(**file, 0, 1 << 20);
  }

  Disk disk_{GetParam()};
};

}  // namespace test
}  // namespace cauce
