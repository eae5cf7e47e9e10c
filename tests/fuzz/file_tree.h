// All files below a directory, as values: to put a directory into a state, and
// to see whether it has changed. As thread-safe as the file system.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cauce/file_system.h"

namespace cauce::fuzz {

// What each file holds, by its path below the directory.
using FileTree = std::map<std::string, std::string>;

FileTree ReadTree(FileSystem& files, std::string_view directory);

// Stops the process, telling the first file that is not the same, unless both
// trees are equal.
void ExpectSameTree(const FileTree& found, const FileTree& wanted);

// Makes the files, and their directories; others stay.
void WriteTree(FileSystem& files, std::string_view directory,
               const FileTree& tree);

}  // namespace cauce::fuzz
