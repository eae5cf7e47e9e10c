// One thing that code may not name outside the files that may.
//
// It matches tokens, so a word in a comment or in a string is free, and so is a
// method that happens to have a system call's name.
#pragma once

#include <string_view>
#include <vector>

#include "tests/tidy/source.h"
#include "tests/tidy/tree.h"

namespace cauce::tidy {

struct Ban {
  std::string_view rule;
  std::vector<std::string_view> folders;  // where it holds
  std::vector<std::string_view> except;   // the files that may, by path
  // "<fcntl.h>" an include, "<rocksdb/>" a beginning of one,
  // "fsync(" a call of a free function, std:: or global or neither,
  // "std::thread" a name, unless "::" follows,
  // "*::now(" these tokens wherever they stand.
  std::vector<std::string_view> patterns;
  std::string_view instead;
  bool headers_only = false;
};

std::vector<Finding> Check(const Ban& ban, const Source& source);

}  // namespace cauce::tidy
