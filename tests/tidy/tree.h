// The whole source tree as the tidy rules see it, and what they find in it.
//
// Paths are relative to the root with '/' between the parts. Immutable once
// loaded; any thread may read one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/build_file.h"
#include "tests/tidy/source.h"

namespace cauce::tidy {

struct Tree {
  std::vector<std::string> top;                 // names in the root
  std::vector<std::string> files;               // every path below it, sorted
  std::vector<Source> sources;                  // .h, .cc and .c among them
  std::vector<BuildFile> builds;                // every BUILD.bazel
  std::map<std::string, std::string> chapters;  // every .md, by path
};

// Reads the tree below `root`; leaves out .git, what Bazel links there and
// what a developer's own .bazelrc.user holds. Stops the test when it cannot
// read something: half a tree must not pass.
Tree LoadTree(const std::string& root);

// A tree of these files, for the tests of the rules.
Tree MakeTree(std::map<std::string, std::string> text_of);

struct Finding {
  std::string rule;
  std::string path;
  int line = 0;  // 0: the file or folder as such
  std::string what;
};

// "engine/log/log.cc:12: [clock] absl::Now: ..."
std::string Describe(const Finding& finding);

bool IsIn(std::string_view path, std::string_view folder);
bool IsHeader(std::string_view path);

// "engine/log" for "engine/log/log.cc"; "" for a name in the root.
std::string_view FolderOf(std::string_view path);

// "log.cc" for "engine/log/log.cc".
std::string_view NameOf(std::string_view path);

}  // namespace cauce::tidy
