#include "engine/catalog/text_lines.h"

#include "cauce/errors.h"
#include "engine/catalog/quoted.h"
#include "fmt/format.h"

namespace cauce {

std::optional<std::string_view> TextLines::Next() {
  ++line_;
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos) {
    last_ = rest_;
    return std::nullopt;
  }
  last_ = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return last_;
}

absl::Status TextLines::Corrupt(std::string_view wanted) const {
  const bool cut = !rest_.empty() && rest_.data() == last_.data();
  const std::string_view found = cut ? " (cut off)" : "";
  return MakeError(Reason::kCorruptFile,
                   fmt::format("{}: line {} is {}{}, must be {}", path_, line_,
                               Quoted(last_), found, wanted));
}

}  // namespace cauce
