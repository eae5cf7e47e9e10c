#include "tools/cli/finding.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace cauce::cli {

Json FindingJson(const Finding& finding) {
  Json json = {
      {"gravity", finding.gravity == Gravity::kNote ? "note" : "damage"},
      {"file", finding.file}};
  if (finding.position) json["position"] = *finding.position;
  if (finding.offset) json["offset"] = finding.offset->value;
  json["what"] = finding.what;
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
                     place, finding.what, finding.advice);
}

}  // namespace cauce::cli
