// How `produce` makes a record of a line of text: which part of it is the
// key, and which its time. What a line does not have, its record does not
// have either; such lines are counted. For one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::cli {

struct LineFormatOptions {
  // Splits a line at its first occurrence: what stands before is the key.
  std::optional<std::string> key_separator;
  // The key is this field of the line, as blanks separate them, from one; the
  // line stays whole. Zero: none.
  int key_field = 0;
  // The line begins with a local time of this strftime form; the line stays
  // whole.
  std::optional<std::string> time_format;
};

class LineFormat {
 public:
  explicit LineFormat(const LineFormatOptions& options);

  // The record views `line`. Its headers are left to the caller.
  Record ToRecord(std::string_view line);

  // How many lines had none, where one was looked for.
  int64_t without_key() const { return without_key_; }
  int64_t without_time() const { return without_time_; }

 private:
  Timestamp TimeOf(std::string_view line);

  const LineFormatOptions options_;
  const int time_fields_;  // how many fields the time has
  // Neighbours often have the same time.
  std::string last_text_;
  Timestamp last_time_;
  int64_t without_key_ = 0;
  int64_t without_time_ = 0;
};

}  // namespace cauce::cli
