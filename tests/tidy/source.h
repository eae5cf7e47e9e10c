// A C++ source file as the tidy rules see it: its text, its tokens without
// comments and strings, its includes and its comments, each with its line.
//
// A lexer, not a parser: it knows comments, strings (raw ones too), character
// literals and digit separators, so that a word in a string or a comment is
// never taken for code. Immutable once made; any thread may read one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cauce::tidy {

struct Token {
  std::string text;  // an identifier, a number, "::", "->" or one character
  int line = 0;      // counted from 1
};

struct Include {
  std::string path;     // as written between the quotes or brackets
  bool quoted = false;  // "path" rather than <path>
  int line = 0;
};

// A comment, or one line of a block comment; without the slashes.
struct Comment {
  std::string text;
  int line = 0;
};

struct Source {
  std::string path;  // from the root of the tree, such as "engine/io/file.cc"
  std::string text;
  std::vector<Token> tokens;
  std::vector<Include> includes;
  std::vector<Comment> comments;
};

Source Lex(std::string path, std::string text);

// The lines of `text`, without their ends. They live as long as `text`.
std::vector<std::string_view> LinesOf(std::string_view text);

// Splits code that holds neither comments nor strings into tokens.
std::vector<Token> Tokenize(std::string_view code);

}  // namespace cauce::tidy
