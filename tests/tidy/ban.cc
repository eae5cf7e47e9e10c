#include "tests/tidy/ban.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "fmt/format.h"

namespace cauce::tidy {
namespace {

using Names = std::vector<std::string_view>;

bool IsWord(std::string_view token) {
  return !token.empty() &&
         (std::isalnum(static_cast<unsigned char>(token[0])) ||
          token[0] == '_');
}

// A word after which an expression may begin: `return fsync(fd)` is a call,
// `int fsync(int)` a declaration.
bool IsKeyword(std::string_view token) {
  static const Names kKeywords = {"return",   "else",     "do",       "case",
                                  "co_await", "co_yield", "and",      "or",
                                  "not",      "throw",    "co_return"};
  return std::ranges::find(kKeywords, token) != kKeywords.end();
}

std::string_view At(const std::vector<Token>& tokens, size_t index) {
  return index < tokens.size() ? std::string_view(tokens[index].text) : "";
}

// Whether the "::" at `index` begins a name rather than follows one.
bool IsGlobal(const std::vector<Token>& tokens, size_t index) {
  const std::string_view before = At(tokens, index - 1);
  return before != ">" && (!IsWord(before) || IsKeyword(before));
}

// Whether the name at `index` is neither a member, nor a word of another
// scope, nor declared here.
bool IsFreeName(const std::vector<Token>& tokens, size_t index) {
  const std::string_view before = At(tokens, index - 1);
  if (before == "::")
    return At(tokens, index - 2) == "std" || IsGlobal(tokens, index - 1);
  return before != "." && before != "->" &&
         (!IsWord(before) || IsKeyword(before));
}

bool SameTokens(const std::vector<Token>& tokens, size_t index,
                const std::vector<Token>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (At(tokens, index + i) != wanted[i].text) return false;
  }
  return true;
}

class Pattern {
 public:
  explicit Pattern(std::string_view text)
      : anywhere_(text.starts_with("*")),
        call_(text.find('(') != std::string_view::npos),
        wanted_(Tokenize(text.substr(anywhere_ ? 1 : 0))) {}

  bool Matches(const std::vector<Token>& tokens, size_t index) const {
    if (!SameTokens(tokens, index, wanted_)) return false;
    if (anywhere_) return true;
    if (wanted_.front().text == "::") return IsGlobal(tokens, index);
    if (call_) return IsFreeName(tokens, index);
    return At(tokens, index + wanted_.size()) != "::" ||
           wanted_.back().text == "::";
  }

 private:
  bool anywhere_;
  bool call_;
  std::vector<Token> wanted_;
};

bool IncludeMatches(std::string_view pattern, std::string_view path) {
  pattern.remove_prefix(1);
  pattern.remove_suffix(1);
  return pattern == path ||
         (pattern.ends_with("/") && path.starts_with(pattern));
}

bool Applies(const Ban& ban, std::string_view path) {
  const bool inside = std::ranges::any_of(
      ban.folders,
      [path](std::string_view folder) { return IsIn(path, folder); });
  return inside && std::ranges::find(ban.except, path) == ban.except.end() &&
         (!ban.headers_only || IsHeader(path));
}

}  // namespace

std::vector<Finding> Check(const Ban& ban, const Source& source) {
  std::vector<Finding> findings;
  if (!Applies(ban, source.path)) return findings;
  const auto add = [&](int line, std::string_view what) {
    findings.push_back({std::string(ban.rule), source.path, line,
                        fmt::format("{}: {}", what, ban.instead)});
  };
  for (std::string_view text : ban.patterns) {
    if (text.starts_with("<")) {
      for (const Include& include : source.includes) {
        if (IncludeMatches(text, include.path)) add(include.line, include.path);
      }
      continue;
    }
    const Pattern pattern(text);
    for (size_t i = 0; i < source.tokens.size(); ++i) {
      if (pattern.Matches(source.tokens, i)) add(source.tokens[i].line, text);
    }
  }
  return findings;
}

}  // namespace cauce::tidy
