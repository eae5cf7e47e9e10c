#include "tools/cli/line_format.h"

#include <algorithm>

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

// The `number`-th field, from one.
Field FieldOf(std::string_view line, int number) {
  Field field;
  for (int i = 0; i < number; ++i) {
    field = FieldBehind(line, field.end);
    if (field.begin == field.end) break;
  }
  return field;
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

LineFormat::LineFormat(const LineFormatOptions& options)
    : options_(options),
      time_fields_(FieldsIn(options.time_format.value_or(""))) {}

Record LineFormat::ToRecord(std::string_view line) {
  Record record;
  record.value = line;
  if (options_.time_format) record.timestamp = TimeOf(line);
  if (options_.key_separator) {
    const size_t at = line.find(*options_.key_separator);
    if (at == std::string_view::npos) {
      ++without_key_;
    } else {
      record.key = line.substr(0, at);
      record.value = line.substr(at + options_.key_separator->size());
    }
  } else if (options_.key_field > 0) {
    const Field field = FieldOf(line, options_.key_field);
    if (field.begin == field.end) {
      ++without_key_;
    } else {
      record.key = line.substr(field.begin, field.end - field.begin);
    }
  }
  return record;
}

Timestamp LineFormat::TimeOf(std::string_view line) {
  const std::string_view text = line.substr(0, FieldOf(line, time_fields_).end);
  if (text != last_text_) {
    last_text_ = text;
    last_time_ = ParseTime(text, *options_.time_format).value_or(kNoTimestamp);
  }
  if (!last_time_.has_value()) ++without_time_;
  return last_time_;
}

}  // namespace cauce::cli
