#include "tests/tidy/source.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace cauce::tidy {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Walks the text once. What is code is copied to `code_`, with newlines kept
// and everything else blanked, and tokenized at the end.
class Lexer {
 public:
  Lexer(std::string path, std::string text) {
    source_.path = std::move(path);
    source_.text = std::move(text);
  }

  Source Run() {
    while (at_ < text().size()) Step();
    source_.tokens = Tokenize(code_);
    return std::move(source_);
  }

 private:
  std::string_view text() const { return source_.text; }
  std::string_view rest() const { return text().substr(at_); }

  void Step() {
    if (rest().starts_with("//")) {
      LineComment();
    } else if (rest().starts_with("/*")) {
      BlockComment();
    } else if (text()[at_] == '#' && OnlyBlanksBefore()) {
      Directive();
    } else if (text()[at_] == '"' && EndsWithRawPrefix()) {
      RawString();
    } else if (text()[at_] == '"') {
      Quoted('"');
    } else if (text()[at_] == '\'' && !InsideNumber()) {
      Quoted('\'');
    } else {
      code_ += text()[at_++];
      if (code_.back() == '\n') ++line_;
    }
  }

  void LineComment() {
    const size_t end = std::min(text().find('\n', at_), text().size());
    AddComment(text().substr(at_ + 2, end - at_ - 2));
    at_ = end;
  }

  void BlockComment() {
    const size_t close = text().find("*/", at_ + 2);
    const size_t end = std::min(close, text().size());
    for (std::string_view line : LinesOf(text().substr(at_ + 2, end - at_ - 2)))
      AddCommentLine(line);
    at_ = std::min(end + 2, text().size());
    code_ += ' ';
  }

  // One line of a block comment; only the last one has no newline behind it.
  void AddCommentLine(std::string_view line) {
    AddComment(line);
    const char* end = line.data() + line.size();
    if (end < text().data() + text().size() && *end == '\n') NewLine();
  }

  void AddComment(std::string_view words) {
    source_.comments.push_back({std::string(words), line_});
  }

  // Only an include is of interest by itself; other directives are code.
  void Directive() {
    size_t word = at_ + 1;
    while (word < text().size() && text()[word] == ' ') ++word;
    if (!text().substr(word).starts_with("include")) {
      code_ += text()[at_++];
      return;
    }
    const size_t end = std::min(text().find('\n', at_), text().size());
    const std::string_view line = text().substr(at_, end - at_);
    const size_t open = line.find_first_of("\"<");
    const size_t close = line.find_first_of("\">", open + 1);
    if (open < close && close < line.size()) {
      source_.includes.push_back(
          {std::string(line.substr(open + 1, close - open - 1)),
           line[open] == '"', line_});
      at_ += close + 1;
    } else {
      at_ = end;
    }
  }

  void RawString() {
    const size_t open = std::min(text().find('(', at_), text().size());
    const std::string close =
        ")" + std::string(text().substr(at_ + 1, open - at_ - 1)) + "\"";
    const size_t end = std::min(text().find(close, open), text().size());
    for (; at_ < end; ++at_) {
      if (text()[at_] == '\n') NewLine();
    }
    at_ = std::min(end + close.size(), text().size());
    code_ += "\"\"";
  }

  void Quoted(char quote) {
    ++at_;
    while (at_ < text().size() && text()[at_] != quote && text()[at_] != '\n') {
      at_ += text()[at_] == '\\' && at_ + 1 < text().size() ? 2 : 1;
      if (text()[at_ - 1] == '\n') NewLine();
    }
    if (at_ < text().size() && text()[at_] == quote) ++at_;
    code_ += quote;
    code_ += quote;
  }

  void NewLine() {
    code_ += '\n';
    ++line_;
  }

  bool OnlyBlanksBefore() const {
    for (size_t i = code_.size(); i > 0 && code_[i - 1] != '\n'; --i) {
      if (code_[i - 1] != ' ' && code_[i - 1] != '\t') return false;
    }
    return true;
  }

  // The word that ends where the reader stands: "R", "u8", "10" or nothing.
  // A separator is part of it: "10'000".
  std::string_view WordBefore() const {
    size_t begin = code_.size();
    while (begin > 0 && (IsWordChar(code_[begin - 1]) || SeparatorAt(begin)))
      --begin;
    return std::string_view(code_).substr(begin);
  }

  bool SeparatorAt(size_t end) const {
    return end >= 2 && end < code_.size() && code_[end - 1] == '\'' &&
           IsWordChar(code_[end - 2]);
  }

  bool EndsWithRawPrefix() const {
    const std::string_view word = WordBefore();
    return word == "R" || word == "u8R" || word == "uR" || word == "UR" ||
           word == "LR";
  }

  // Whether the quote separates digits, as in 10'000.
  bool InsideNumber() const {
    const std::string_view word = WordBefore();
    return !word.empty() && IsDigit(word.front());
  }

  Source source_;
  std::string code_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

Source Lex(std::string path, std::string text) {
  return Lexer(std::move(path), std::move(text)).Run();
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Token> Tokenize(std::string_view code) {
  std::vector<Token> tokens;
  int line = 1;
  for (size_t at = 0; at < code.size();) {
    size_t length = 1;
    if (code[at] == '\n') {
      ++line;
    } else if (IsWordChar(code[at])) {
      while (at + length < code.size() && IsWordChar(code[at + length]))
        ++length;
    } else if (code.substr(at, 2) == "::" || code.substr(at, 2) == "->") {
      length = 2;
    }
    if (!std::isspace(static_cast<unsigned char>(code[at])))
      tokens.push_back({std::string(code.substr(at, length)), line});
    at += length;
  }
  return tokens;
}

}  // namespace cauce::tidy
