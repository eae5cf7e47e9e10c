// Walks over the lines of a text file, and says where one is wrong.
//
// Every line must end in a newline: a file that was cut off in the middle of
// one is found out, however sensible what is left may look. Borrows the path
// and the text. Not thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace cauce {

class TextLines {
 public:
  TextLines(std::string_view path, std::string_view text)
      : path_(path), rest_(text) {}

  // The next line without its newline; nothing at the end of the text and
  // where a newline is missing, which is what at_end() tells apart.
  std::optional<std::string_view> Next();

  bool at_end() const { return rest_.empty(); }

  // The number of the line that Next returned last, counted from one.
  int line() const { return line_; }

  // "path: line 3 is "...", must be `wanted`". Reason::kCorruptFile.
  absl::Status Corrupt(std::string_view wanted) const;

 private:
  std::string_view path_;
  std::string_view rest_;
  std::string_view last_;
  int line_ = 0;
};

}  // namespace cauce
