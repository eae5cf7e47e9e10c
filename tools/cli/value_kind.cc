#include "tools/cli/value_kind.h"

namespace cauce::cli {

ValueKind ValueKindOf(const OptionDescription& option) {
  const std::string_view type = option.type;
  if (type.empty()) return ValueKind::kNone;
  if (!option.words.empty()) return ValueKind::kWords;
  if (type == "DIR") return ValueKind::kDirectory;
  if (type.starts_with("FILE")) return ValueKind::kFile;
  if (type.starts_with("TOPIC")) return ValueKind::kTopic;
  if (type == "GROUP") return ValueKind::kGroup;
  if (type == "STORE") return ValueKind::kStore;
  return ValueKind::kOther;
}

std::string_view NamesVerb(ValueKind kind) {
  if (kind == ValueKind::kTopic) return "topics";
  if (kind == ValueKind::kGroup) return "groups";
  if (kind == ValueKind::kStore) return "stores";
  return "";
}

std::string InSingleQuotes(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + '\'';
}

}  // namespace cauce::cli
