#include "tests/tidy/form.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::tidy {
namespace {

constexpr int kColumns = 80;
constexpr int kHeaderLinesMin = 2;
constexpr int kHeaderLinesMax = 20;

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// The words of a text, without what stands between them.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    while (at + length < text.size() && IsWordChar(text[at + length])) ++length;
    if (length > 0) words.push_back(text.substr(at, length));
    at += length + 1;
  }
  return words;
}

// Columns as a reader counts them: UTF-8 continues a character with 10xxxxxx.
int ColumnsOf(std::string_view line) {
  return static_cast<int>(
      std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsVague(std::string_view word) {
  constexpr std::string_view kVague[] = {"util",    "utils", "common", "helper",
                                         "helpers", "misc",  "impl"};
  return std::ranges::find(kVague, word) != std::end(kVague);
}

// "segment", "index" for "segment_index.h".
std::vector<std::string> PartsOf(std::string_view name) {
  std::string words(name.substr(0, name.rfind('.')));
  std::ranges::replace(words, '_', ' ');
  std::vector<std::string> parts;
  for (std::string_view word : WordsOf(words)) parts.emplace_back(word);
  return parts;
}

// Whether `name` has the word Test in it: "TestOpens" and "OpensTest" do,
// "LatestWins" and "Testing" do not.
bool HasWordTest(std::string_view name) {
  for (size_t at = name.find("Test"); at != std::string_view::npos;
       at = name.find("Test", at + 1)) {
    const size_t end = at + 4;
    if (end == name.size() || !std::islower(name[end])) return true;
  }
  return false;
}

// "engine/log" for the target of a link in "engine/README.md" to "log".
std::string Resolve(std::string_view folder, std::string_view link) {
  std::vector<std::string_view> parts;
  const std::string joined = fmt::format("{}/{}", folder, link);
  std::string_view rest = joined;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

// Every file and every folder of the tree.
std::set<std::string, std::less<>> PlacesOf(const Tree& tree) {
  std::set<std::string, std::less<>> places;
  for (std::string_view path : tree.files) {
    for (; !path.empty(); path = FolderOf(path)) places.emplace(path);
  }
  places.emplace("");
  return places;
}

// The targets of the markdown links in a line: "](target)".
std::vector<std::string_view> LinksOf(std::string_view line) {
  std::vector<std::string_view> links;
  for (size_t at = line.find("]("); at != std::string_view::npos;
       at = line.find("](", at + 2)) {
    const size_t end = line.find(')', at);
    if (end == std::string_view::npos) break;
    const std::string_view link = line.substr(at + 2, end - at - 2);
    links.push_back(link.substr(0, link.find('#')));
  }
  return links;
}

}  // namespace

std::vector<Finding> CheckHeaderForm(const Source& source) {
  if (!IsHeader(source.path)) return {};
  const std::vector<std::string_view> lines = LinesOf(source.text);
  size_t comment = 0;
  while (comment < lines.size() && lines[comment].starts_with("//")) ++comment;
  std::vector<Finding> findings;
  if (comment < kHeaderLinesMin || comment > kHeaderLinesMax) {
    findings.push_back(
        {"header", source.path, 1,
         fmt::format("opens with {} lines of comment; {} to {} say what it is, "
                     "what it keeps and who may call it",
                     comment, kHeaderLinesMin, kHeaderLinesMax)});
  }
  if (comment == lines.size() || lines[comment] != "#pragma once") {
    findings.push_back({"header", source.path, static_cast<int>(comment) + 1,
                        "#pragma once follows the comment"});
  }
  return findings;
}

std::vector<Finding> CheckLineLength(const Source& source) {
  std::vector<Finding> findings;
  int number = 0;
  for (std::string_view line : LinesOf(source.text)) {
    ++number;
    const bool may_be_long = line.starts_with("#include") ||
                             line.find("://") != std::string_view::npos;
    if (!may_be_long && ColumnsOf(line) > kColumns) {
      findings.push_back({"columns", source.path, number,
                          fmt::format("{} columns", ColumnsOf(line))});
    }
  }
  return findings;
}

std::vector<Finding> CheckTodos(const Source& source) {
  std::vector<Finding> findings;
  for (const Comment& comment : source.comments) {
    for (std::string_view word : WordsOf(comment.text)) {
      const size_t end = word.data() + word.size() - comment.text.data();
      const std::string_view after = std::string_view(comment.text).substr(end);
      const bool linked = after.starts_with("(http") || after.starts_with("(#");
      if ((word == "TODO" && !linked) || word == "FIXME" || word == "XXX" ||
          word == "HACK") {
        findings.push_back({"todo", source.path, comment.line,
                            fmt::format("{}: write TODO(issue-link): what is "
                                        "missing",
                                        word)});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckTestNames(const Source& source) {
  std::vector<Finding> findings;
  const std::vector<Token>& tokens = source.tokens;
  for (size_t i = 0; i + 4 < tokens.size(); ++i) {
    const std::string& macro = tokens[i].text;
    if (macro != "TEST" && macro != "TEST_F" && macro != "TEST_P") continue;
    if (tokens[i + 1].text != "(" || tokens[i + 3].text != ",") continue;
    const std::string& fact = tokens[i + 4].text;
    if (HasWordTest(fact)) {
      findings.push_back({"test-name", source.path, tokens[i].line,
                          fact + ": say the fact that holds"});
    }
  }
  return findings;
}

std::vector<Finding> CheckNouns(const Source& source) {
  std::vector<Finding> findings;
  for (const std::string& part : PartsOf(NameOf(source.path))) {
    if (IsVague(part)) {
      findings.push_back({"noun", source.path, 0,
                          part + ": name what it holds or what it decides"});
    }
  }
  for (size_t i = 0; i + 1 < source.tokens.size(); ++i) {
    const std::string& word = source.tokens[i].text;
    const std::string& name = source.tokens[i + 1].text;
    if ((word == "class" || word == "struct") && name.ends_with("Manager")) {
      findings.push_back({"noun", source.path, source.tokens[i].line,
                          name + ": name what it holds or what it decides"});
    }
  }
  return findings;
}

std::vector<Finding> CheckTop(const Tree& tree) {
  const std::set<std::string> allowed = {
      ".bazelrc",    ".ci",     ".clang-format", ".clang-tidy", ".gitignore",
      "BUILD.bazel", "LICENSE", "README.md",     "WORKSPACE",   "bench",
      "engine",      "net",     "replication",   "tests",       "tools"};
  std::vector<Finding> findings;
  for (const std::string& name : tree.top) {
    if (!allowed.contains(name))
      findings.push_back({"top", name, 0, "does not belong in the root"});
  }
  return findings;
}

std::vector<Finding> CheckChapters(const Tree& tree) {
  std::set<std::string> wanted;
  for (const std::string& name : tree.top) {
    const auto inside = [&name](const std::string& path) {
      return IsIn(path, name);
    };
    if (name != ".ci" && std::ranges::any_of(tree.files, inside))
      wanted.insert(name);
  }
  for (const Source& source : tree.sources) {
    const std::string_view folder = FolderOf(source.path);
    const bool library = IsIn(folder, "engine") || IsIn(folder, "net");
    if (library && folder.find("/include/") == std::string_view::npos)
      wanted.emplace(folder);
  }
  std::vector<Finding> findings;
  for (const std::string& folder : wanted) {
    if (!tree.chapters.contains(folder + "/README.md"))
      findings.push_back({"chapter", folder, 0, "has no README.md"});
  }
  return findings;
}

std::vector<Finding> CheckLinks(const Tree& tree) {
  const auto places = PlacesOf(tree);
  std::vector<Finding> findings;
  for (const auto& [path, text] : tree.chapters) {
    int number = 0;
    for (std::string_view line : LinesOf(text)) {
      ++number;
      for (std::string_view link : LinksOf(line)) {
        if (link.find("://") != std::string_view::npos) continue;
        if (!places.contains(Resolve(FolderOf(path), link))) {
          findings.push_back(
              {"link", path, number, fmt::format("{} leads nowhere", link)});
        }
      }
    }
  }
  return findings;
}

}  // namespace cauce::tidy
