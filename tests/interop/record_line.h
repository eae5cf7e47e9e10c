// A record as the Java programs print it (RecordLine.java): bytes in hex, null
// as a dash. Any thread.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/record.h"
#include "fmt/format.h"
#include "tests/testing/owned_record.h"

namespace cauce::test {

inline std::string Hex(std::optional<std::string_view> bytes) {
  return bytes ? absl::BytesToHexString(std::string(*bytes)) : "-";
}

inline std::string LineOf(const RecordView& record) {
  std::string line =
      fmt::format("record {} {} {} {}", record.offset.value,
                  record.timestamp.ms, Hex(record.key), Hex(record.value));
  for (const Header& header : record.headers) {
    line += fmt::format(" {}={}", Hex(header.key), Hex(header.value));
  }
  return line;
}

inline std::string LineOf(const OwnedRecord& record) {
  std::string line =
      fmt::format("record {} {} {} {}", record.offset, record.timestamp,
                  Hex(record.key), Hex(record.value));
  for (const auto& [key, value] : record.headers) {
    line += fmt::format(" {}={}", Hex(key), Hex(value));
  }
  return line;
}

// Those of the lines that a program printed which are records.
inline std::vector<std::string> RecordLines(const std::string& printed) {
  std::vector<std::string> lines;
  std::istringstream in(printed);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("record ")) lines.push_back(line);
  }
  return lines;
}

}  // namespace cauce::test
