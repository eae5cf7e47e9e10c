// The cc_ rules of one BUILD.bazel, as far as the tidy rules need them.
//
// Reads what our build files hold: calls at the top level whose arguments are
// strings, lists of strings and expressions of these. Of an expression (glob,
// select, a sum) it keeps every string in it. Immutable once made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cauce::tidy {

struct BuildRule {
  std::string kind;  // "cc_library"
  std::string name;
  std::vector<std::string> srcs;
  std::vector<std::string> hdrs;
  std::vector<std::string> deps;
  std::vector<std::string> tags;
  bool plain_deps = true;  // the deps are one list, not an expression
  int line = 0;            // where the call begins
};

struct BuildFile {
  std::string path;     // "engine/io/BUILD.bazel"
  std::string package;  // "engine/io"; empty at the root
  std::vector<BuildRule> rules;
};

BuildFile ParseBuildFile(std::string path, std::string_view text);

// "//engine/io:file" for ":file", "file" or "//engine/io:file" as written in
// `package`; a label of another repository stays as it is.
std::string AbsoluteLabel(std::string_view package, std::string_view label);

// The path of the source file that `label` names: "engine/io/file.cc".
std::string PathOfLabel(std::string_view package, std::string_view label);

}  // namespace cauce::tidy
