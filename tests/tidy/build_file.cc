#include "tests/tidy/build_file.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

namespace cauce::tidy {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// One argument of a call: every string in it, in order.
struct Argument {
  std::vector<std::string> strings;
  bool plain = true;  // a string or one list of strings
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<BuildRule> Run() {
    std::vector<BuildRule> rules;
    while (SkipBlanks(), !AtEnd()) {
      const int line = line_;
      const std::string word = Word();
      SkipBlanks();
      if (!word.empty() && Peek() == '(') {
        rules.push_back(Call(word, line));
      } else if (word.empty()) {
        Next();
      }
    }
    return rules;
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }

  char Next() {
    const char c = Peek();
    if (c == '\n') ++line_;
    ++at_;
    return c;
  }

  // Blanks and comments.
  void SkipBlanks() {
    while (!AtEnd()) {
      if (Peek() == '#') {
        while (!AtEnd() && Peek() != '\n') Next();
      } else if (std::isspace(static_cast<unsigned char>(Peek()))) {
        Next();
      } else {
        return;
      }
    }
  }

  std::string Word() {
    const size_t begin = at_;
    while (IsWordChar(Peek())) Next();
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string String() {
    const char quote = Next();
    std::string value;
    while (!AtEnd() && Peek() != quote) {
      if (Peek() == '\\') Next();
      value += Next();
    }
    Next();
    return value;
  }

  BuildRule Call(const std::string& kind, int line) {
    Next();  // the parenthesis
    std::map<std::string, Argument> arguments;
    while (SkipBlanks(), !AtEnd() && Peek() != ')') {
      const std::string key = Word();
      SkipBlanks();
      if (Peek() == '=') Next();
      arguments[key] = Value();
      if (Peek() == ',') Next();
    }
    Next();
    BuildRule rule{.kind = kind, .line = line};
    const Argument& name = arguments["name"];
    if (!name.strings.empty()) rule.name = name.strings.front();
    rule.srcs = arguments["srcs"].strings;
    rule.hdrs = arguments["hdrs"].strings;
    rule.deps = arguments["deps"].strings;
    rule.tags = arguments["tags"].strings;
    rule.plain_deps = arguments["deps"].plain;
    return rule;
  }

  // Up to the comma or the parenthesis that ends the argument.
  Argument Value() {
    Argument argument;
    int depth = 0;
    while (SkipBlanks(), !AtEnd()) {
      const char c = Peek();
      if (depth == 0 && (c == ',' || c == ')')) break;
      if (c == '"' || c == '\'') {
        argument.strings.push_back(String());
        continue;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      if (c != '[' && c != ']' && c != ',') argument.plain = false;
      Next();
    }
    return argument;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

BuildFile ParseBuildFile(std::string path, std::string_view text) {
  BuildFile file;
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos) file.package = path.substr(0, slash);
  file.path = std::move(path);
  file.rules = Reader(text).Run();
  return file;
}

std::string AbsoluteLabel(std::string_view package, std::string_view label) {
  if (label.starts_with("@")) return std::string(label);
  if (!label.starts_with("//")) {
    if (label.starts_with(":")) label.remove_prefix(1);
    return "//" + std::string(package) + ":" + std::string(label);
  }
  if (label.find(':') != std::string_view::npos) return std::string(label);
  const size_t last = label.find_last_of('/') + 1;
  return std::string(label) + ":" + std::string(label.substr(last));
}

std::string PathOfLabel(std::string_view package, std::string_view label) {
  std::string path = AbsoluteLabel(package, label);
  if (!path.starts_with("//")) return path;
  path.erase(0, 2);
  const size_t colon = path.find(':');
  if (colon == 0) return path.substr(1);
  path[colon] = '/';
  return path;
}

}  // namespace cauce::tidy
