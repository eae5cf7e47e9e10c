#include "tests/tidy/fault_table.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "fmt/format.h"

namespace cauce::tidy {
namespace {

constexpr std::string_view kChapter = "tests/README.md";

// Storage's, those of producers, transactions, groups, those at the door, and
// of stores.
std::vector<int> Faults() {
  std::vector<int> faults;
  for (int i = 1; i <= 31; ++i) faults.push_back(i);
  for (int i = 43; i <= 48; ++i) faults.push_back(i);
  for (const int i : {62, 63, 65, 66}) faults.push_back(i);
  return faults;
}

struct NamedTest {
  std::string path;  // from the root of the tree
  std::string name;  // "Suite.Name"
};

// The tests that stand between backticks in `line`, in a chapter of `folder`.
std::vector<NamedTest> NamedTests(std::string_view folder,
                                  std::string_view line) {
  constexpr std::string_view kMark = "_test.cc:";
  std::vector<NamedTest> tests;
  for (size_t at = 0;;) {
    const size_t begin = line.find('`', at);
    if (begin == std::string_view::npos) return tests;
    const size_t end = line.find('`', begin + 1);
    if (end == std::string_view::npos) return tests;
    const std::string_view text = line.substr(begin + 1, end - begin - 1);
    const size_t mark = text.find(kMark);
    if (mark != std::string_view::npos) {
      const size_t colon = mark + kMark.size() - 1;
      tests.push_back({fmt::format("{}/{}", folder, text.substr(0, colon)),
                       std::string(text.substr(colon + 1))});
    }
    at = end + 1;
  }
}

// "Suite.Name" of every TEST, TEST_F and TEST_P.
std::set<std::string> TestsIn(const Source& source) {
  std::set<std::string> tests;
  const auto& tokens = source.tokens;
  for (size_t i = 0; i + 4 < tokens.size(); ++i) {
    const std::string& word = tokens[i].text;
    const bool is_test = word == "TEST" || word == "TEST_F" || word == "TEST_P";
    if (!is_test || tokens[i + 1].text != "(") continue;
    if (tokens[i + 3].text != ",") continue;
    tests.insert(fmt::format("{}.{}", tokens[i + 2].text, tokens[i + 4].text));
  }
  return tests;
}

// The number in the first cell of a table's row.
std::optional<int> RowNumber(std::string_view line) {
  constexpr std::string_view kCell = "| ";
  if (!line.starts_with(kCell)) return std::nullopt;
  line.remove_prefix(kCell.size());
  int number = 0;
  const char* const end = line.data() + line.size();
  const auto [at, error] = std::from_chars(line.data(), end, number);
  if (error != std::errc() || at == end || *at != ' ') return std::nullopt;
  return number;
}

}  // namespace

std::vector<Finding> CheckNamedTests(const Tree& tree) {
  std::map<std::string, std::set<std::string>> tests;
  for (const Source& source : tree.sources) {
    if (source.path.ends_with("_test.cc")) {
      tests[source.path] = TestsIn(source);
    }
  }
  std::vector<Finding> findings;
  for (const auto& [path, text] : tree.chapters) {
    int number = 0;
    for (const std::string_view line : LinesOf(text)) {
      ++number;
      for (const NamedTest& named : NamedTests(FolderOf(path), line)) {
        const auto file = tests.find(named.path);
        if (file != tests.end() && file->second.contains(named.name)) continue;
        findings.push_back(
            {"named-test", path, number,
             fmt::format("there is no test {} in {}", named.name, named.path)});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckFaultTable(const Tree& tree) {
  const auto chapter = tree.chapters.find(std::string(kChapter));
  if (chapter == tree.chapters.end()) return {};
  std::vector<Finding> findings;
  const std::vector<int> faults = Faults();
  size_t next = 0;
  int number = 0;
  for (const std::string_view line : LinesOf(chapter->second)) {
    ++number;
    const auto fault = RowNumber(line);
    if (!fault) continue;
    if (next == faults.size() || *fault != faults[next]) {
      findings.push_back(
          {"fault-table", chapter->first, number,
           fmt::format("a row of fault {}, where {} should stand", *fault,
                       next == faults.size()
                           ? std::string("none")
                           : fmt::format("that of {}", faults[next]))});
      return findings;
    }
    ++next;
    if (NamedTests(FolderOf(chapter->first), line).empty()) {
      findings.push_back({"fault-table", chapter->first, number,
                          fmt::format("no test shows fault {}", *fault)});
    }
  }
  if (next < faults.size()) {
    findings.push_back({"fault-table", chapter->first, 0,
                        fmt::format("no row for fault {}", faults[next])});
  }
  return findings;
}

}  // namespace cauce::tidy
