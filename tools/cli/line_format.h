// How `produce` makes a record of a line of text: which part of it is the
// key, and which its time. A line without a key has a record without one, and
// one without a time as well where that is allowed; such lines are counted. For
// one thread at a time.
#pragma once

#include <regex.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::cli {

struct LineFormatOptions {
  // Splits a line at its first occurrence: what stands before is the key.
  std::optional<std::string> key_separator;
  // A POSIX extended regular expression: the key is what its last group
  // matches in the first kMatchedBytesMax of a line, which stays whole.
  std::optional<std::string> key_pattern;
  // The line begins with a local time of this strftime form; the line stays
  // whole.
  std::optional<std::string> time_format;
  // A line that begins with none is a record without a time.
  bool time_if_any = false;
};

class LineFormat {
 public:
  // A matcher's memory grows with what it looks at.
  static constexpr size_t kMatchedBytesMax = 64 << 10;

  // InvalidArgument for a pattern that is none, or has no group.
  static absl::StatusOr<LineFormat> Make(const LineFormatOptions& options);

  // The record views `line`. Its headers are left to the caller.
  // InvalidArgument where its time is wanted and it has none.
  absl::StatusOr<Record> ToRecord(std::string_view line);

  // How many lines had none, where one was looked for.
  int64_t without_key() const { return without_key_; }
  int64_t without_time() const { return without_time_; }

 private:
  struct FreePattern {
    void operator()(regex_t* pattern) const {
      regfree(pattern);
      delete pattern;
    }
  };

  explicit LineFormat(const LineFormatOptions& options);

  void SplitOffKey(std::string_view line, Record& record);
  std::optional<std::string_view> Match(std::string_view line);
  Timestamp TimeOf(std::string_view line);
  absl::Status NoTime() const;

  LineFormatOptions options_;
  std::unique_ptr<regex_t, FreePattern> pattern_;
  std::string matched_;  // what the pattern looks at
  int time_fields_;      // how many words the time has
  // Neighbours often have the same time.
  std::string last_text_;
  Timestamp last_time_;
  int64_t without_key_ = 0;
  int64_t without_time_ = 0;
};

}  // namespace cauce::cli
