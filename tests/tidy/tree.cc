#include "tests/tidy/tree.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "fmt/format.h"

namespace cauce::tidy {
namespace {

namespace fs = std::filesystem;

bool IsSource(std::string_view path) {
  return path.ends_with(".h") || path.ends_with(".cc") || path.ends_with(".c");
}

// Not part of the tree, whoever left it in the folder.
bool IsLeftOut(std::string_view top) {
  return top == ".git" || top == ".bazelrc.user" || top.starts_with("bazel-");
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  CAUCE_CHECK(file.good() || file.eof());
  return text;
}

bool IsRead(std::string_view path) {
  return IsSource(path) || path.ends_with(".md") ||
         NameOf(path) == "BUILD.bazel";
}

}  // namespace

Tree MakeTree(std::map<std::string, std::string> text_of) {
  Tree tree;
  std::set<std::string> top;
  for (auto& [path, text] : text_of) {
    top.insert(path.substr(0, path.find('/')));
    tree.files.push_back(path);
    if (NameOf(path) == "BUILD.bazel")
      tree.builds.push_back(ParseBuildFile(path, text));
    if (path.ends_with(".md")) tree.chapters[path] = text;
    if (IsSource(path)) tree.sources.push_back(Lex(path, std::move(text)));
  }
  tree.top.assign(top.begin(), top.end());
  return tree;
}

Tree LoadTree(const std::string& root) {
  std::map<std::string, std::string> text_of;
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) {
    const std::string path =
        at->path().lexically_relative(root).generic_string();
    if (IsLeftOut(path.substr(0, path.find('/')))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      text_of[path] = IsRead(path) ? ReadFile(at->path()) : "";
    }
  }
  return MakeTree(std::move(text_of));
}

std::string Describe(const Finding& finding) {
  if (finding.line == 0)
    return fmt::format("{}: [{}] {}", finding.path, finding.rule, finding.what);
  return fmt::format("{}:{}: [{}] {}", finding.path, finding.line, finding.rule,
                     finding.what);
}

bool IsIn(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) &&
         path[folder.size()] == '/';
}

bool IsHeader(std::string_view path) { return path.ends_with(".h"); }

std::string_view FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace cauce::tidy
