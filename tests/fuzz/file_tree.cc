#include "tests/fuzz/file_tree.h"

#include <cstdio>

#include "engine/base/check.h"
#include "engine/catalog/whole_file.h"

namespace cauce::fuzz {
namespace {

void Collect(FileSystem& files, const std::string& directory,
             const std::string& prefix, FileTree& tree) {
  const auto entries = files.List(directory);
  CAUCE_CHECK(entries.ok());
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      Collect(files, path, prefix + entry.name + "/", tree);
      continue;
    }
    auto bytes = ReadWholeFile(files, path, INT64_MAX);
    CAUCE_CHECK(bytes.ok());
    tree[prefix + entry.name] = *std::move(bytes);
  }
}

}  // namespace

FileTree ReadTree(FileSystem& files, std::string_view directory) {
  FileTree tree;
  Collect(files, std::string(directory), "", tree);
  return tree;
}

void ExpectSameTree(const FileTree& found, const FileTree& wanted) {
  for (const FileTree* const tree : {&found, &wanted}) {
    for (const auto& [name, bytes] : *tree) {
      const bool is_same = found.contains(name) && wanted.contains(name) &&
                           found.at(name) == wanted.at(name);
      if (!is_same) std::fprintf(stderr, "%s differs\n", name.c_str());
      CAUCE_CHECK(is_same);
    }
  }
}

void WriteTree(FileSystem& files, std::string_view directory,
               const FileTree& tree) {
  for (const auto& [name, bytes] : tree) {
    const std::string path = JoinPath(directory, name);
    CAUCE_CHECK(files.CreateDirectories(path.substr(0, path.rfind('/'))).ok());
    CAUCE_CHECK(WriteAndSyncFile(files, path, bytes).ok());
  }
}

}  // namespace cauce::fuzz
