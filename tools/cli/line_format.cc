#include "tools/cli/line_format.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

// The field behind `from`, as [begin, end); empty at the end of the line.
struct Field {
  size_t begin = 0;
  size_t end = 0;
};

Field FieldBehind(std::string_view line, size_t from) {
  const size_t begin =
      std::min(line.find_first_not_of(kBlanks, from), line.size());
  return {begin, std::min(line.find_first_of(kBlanks, begin), line.size())};
}

// Where the first `count` fields end.
size_t EndOfFields(std::string_view line, int count) {
  Field field;
  for (int i = 0; i < count; ++i) field = FieldBehind(line, field.end);
  return field.end;
}

int FieldsIn(std::string_view text) {
  int count = 0;
  for (Field field = FieldBehind(text, 0); field.begin < field.end;
       field = FieldBehind(text, field.end)) {
    ++count;
  }
  return count;
}

}  // namespace

absl::StatusOr<LineFormat> LineFormat::Make(const LineFormatOptions& options) {
  LineFormat format(options);
  if (!options.key_pattern) return format;
  auto pattern = std::make_unique<regex_t>();
  const int error =
      regcomp(pattern.get(), options.key_pattern->c_str(), REG_EXTENDED);
  if (error != 0) {
    char text[256] = {};
    regerror(error, pattern.get(), text, sizeof text);
    return absl::InvalidArgumentError(
        fmt::format("--key-pattern {}: {}", *options.key_pattern, text));
  }
  format.pattern_.reset(pattern.release());
  if (format.pattern_->re_nsub > 0) return format;
  return absl::InvalidArgumentError(
      fmt::format("--key-pattern {}: put ( ) around what is the key",
                  *options.key_pattern));
}

LineFormat::LineFormat(const LineFormatOptions& options)
    : options_(options),
      time_fields_(FieldsIn(options.time_format.value_or(""))) {}

absl::StatusOr<Record> LineFormat::ToRecord(std::string_view line) {
  Record record;
  record.value = line;
  if (options_.time_format) {
    record.timestamp = TimeOf(line);
    if (!record.timestamp.has_value()) {
      // Nobody is to find records at a time that nobody gave them.
      if (!options_.time_if_any) return NoTime();
      ++without_time_;
    }
  }
  if (options_.key_separator) {
    SplitOffKey(line, record);
  } else if (pattern_ != nullptr) {
    record.key = Match(line);
    if (!record.key) ++without_key_;
  }
  return record;
}

void LineFormat::SplitOffKey(std::string_view line, Record& record) {
  const size_t at = line.find(*options_.key_separator);
  if (at == std::string_view::npos) {
    ++without_key_;
    return;
  }
  record.key = line.substr(0, at);
  record.value = line.substr(at + options_.key_separator->size());
}

std::optional<std::string_view> LineFormat::Match(std::string_view line) {
  constexpr size_t kGroupsMax = 32;
  const size_t key = std::min(pattern_->re_nsub, kGroupsMax - 1);
  regmatch_t groups[kGroupsMax] = {};
  // The matcher is told where the text ends, so that zero bytes are like any
  // others; what checks its callers wants a terminated string all the same.
  matched_ = line.substr(0, kMatchedBytesMax);
  groups[0].rm_eo = static_cast<regoff_t>(matched_.size());
  const int error =
      regexec(pattern_.get(), matched_.c_str(), key + 1, groups, REG_STARTEND);
  if (error != 0 || groups[key].rm_so < 0) return std::nullopt;
  const auto begin = static_cast<size_t>(groups[key].rm_so);
  return line.substr(begin, static_cast<size_t>(groups[key].rm_eo) - begin);
}

Timestamp LineFormat::TimeOf(std::string_view line) {
  const std::string_view text = line.substr(0, EndOfFields(line, time_fields_));
  if (text != last_text_) {
    last_text_ = text;
    last_time_ = ParseTime(text, *options_.time_format).value_or(kNoTimestamp);
  }
  return last_time_;
}

absl::Status LineFormat::NoTime() const {
  return absl::InvalidArgumentError(
      fmt::format("does not begin with a time of the form \"{}\", from 1970 "
                  "on; with --time-if-any such lines get the time of reading",
                  *options_.time_format));
}

}  // namespace cauce::cli
