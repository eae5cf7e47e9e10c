#include "tools/cli/finding.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace cauce::cli {

namespace {

// An error names the file that it is of in front, as the finding does.
std::string_view WhatOf(const Finding& finding) {
  std::string_view what = finding.what;
  const std::string front = finding.file + ": ";
  if (what.starts_with(front)) what.remove_prefix(front.size());
  return what;
}

}  // namespace

Json FindingJson(const Finding& finding) {
  Json json = {
      {"gravity", finding.gravity == Gravity::kNote ? "note" : "damage"},
      {"file", finding.file}};
  if (finding.position) json["position"] = *finding.position;
  if (finding.offset) json["offset"] = finding.offset->value;
  json["what"] = WhatOf(finding);
  json["advice"] = finding.advice;
  return json;
}

std::string FindingText(const Finding& finding) {
  std::string place = finding.file;
  if (finding.position)
    place += fmt::format(" at position {}", *finding.position);
  if (finding.offset)
    place += fmt::format(", offset {}", finding.offset->value);
  return fmt::format("{}: {}: {}\n  -> {}\n",
                     finding.gravity == Gravity::kNote ? "note" : "damage",
                     place, WhatOf(finding), finding.advice);
}

}  // namespace cauce::cli
