// What is in a data directory's files, and the batches there, found by their
// lengths alone, so that what a reader makes of them can be held against it.
// Any thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "engine/record/layout.h"

namespace cauce::test {

// The bytes of files by their paths.
using FileBytes = std::map<std::string, std::string>;

inline std::string BytesOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Every file below `directory` but `.lock`, which says who opened it, by its
// path from there.
inline FileBytes FilesBelow(const std::string& directory) {
  FileBytes files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file() || entry.path().filename() == ".lock") {
      continue;
    }
    files[entry.path().lexically_relative(directory)] = BytesOf(entry.path());
  }
  return files;
}

// The batches in the logs of the partition `folder`, in the order of their
// files' names, which is that of their offsets. A failure where bytes are left.
inline std::vector<std::string> RawBatches(const FileBytes& files,
                                           const std::string& folder) {
  std::vector<std::string> batches;
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with(folder + "/") || !path.ends_with(".log")) continue;
    size_t at = 0;
    while (bytes.size() - at >= layout::kRecords) {
      const int64_t size = layout::ClaimedBytes(bytes.data() + at);
      if (size < layout::kRecords ||
          size > std::ssize(bytes) - static_cast<int64_t>(at))
        break;
      batches.push_back(bytes.substr(at, static_cast<size_t>(size)));
      at += static_cast<size_t>(size);
    }
    EXPECT_EQ(at, bytes.size()) << path;
  }
  return batches;
}

}  // namespace cauce::test
