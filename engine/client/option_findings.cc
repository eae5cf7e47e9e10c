#include "engine/client/option_findings.h"

#include "cauce/errors.h"
#include "fmt/ranges.h"

namespace cauce {

void OptionFindings::ExpectNotNegative(std::string_view field,
                                       absl::Duration value) {
  Expect(value >= absl::ZeroDuration(), [&] {
    return fmt::format("{} is {}, it must be at least 0", field,
                       absl::FormatDuration(value));
  });
}

void OptionFindings::ExpectAboveZero(std::string_view field,
                                     absl::Duration value) {
  Expect(value > absl::ZeroDuration(), [&] {
    return fmt::format("{} is {}, it must be above 0", field,
                       absl::FormatDuration(value));
  });
}

void OptionFindings::ExpectBytesUpTo(std::string_view field,
                                     std::string_view text, size_t bytes_max) {
  Expect(text.size() <= bytes_max, [&] {
    return fmt::format("{} has {} bytes, it may have {}", field, text.size(),
                       bytes_max);
  });
}

absl::Status OptionFindings::status() const {
  if (bad_.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("{}: {}", whose_, fmt::join(bad_, "; ")));
}

}  // namespace cauce
