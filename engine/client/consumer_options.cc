#include <string>
#include <string_view>
#include <vector>

#include "cauce/consumer.h"
#include "cauce/errors.h"
#include "engine/base/wire.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {

absl::Status Validate(const ConsumerOptions& options) {
  std::vector<std::string> bad;
  if (options.poll_records_max <= 0) {
    bad.push_back(fmt::format("poll_records_max is {}, it must be above 0",
                              options.poll_records_max));
  }
  if (options.assignments.empty()) {
    bad.push_back("assignments is empty, it must name at least one");
  }
  if (options.auto_commit_interval < absl::ZeroDuration()) {
    bad.push_back(
        fmt::format("auto_commit_interval is {}, it must be at least 0",
                    absl::FormatDuration(options.auto_commit_interval)));
  }
  const auto above_zero = [&bad](std::string_view name, absl::Duration time) {
    if (time > absl::ZeroDuration()) return;
    bad.push_back(fmt::format("{} is {}, it must be above 0", name,
                              absl::FormatDuration(time)));
  };
  above_zero("poll_interval_max", options.poll_interval_max);
  above_zero("metadata_age_max", options.metadata_age_max);
  above_zero("call_timeout", options.call_timeout);
  // The group's records hold both.
  const auto bytes_up_to_max = [&bad](std::string_view name,
                                      std::string_view text) {
    if (text.size() <= kWireStringBytesMax) return;
    bad.push_back(fmt::format("{} has {} bytes, it may have {}", name,
                              text.size(), kWireStringBytesMax));
  };
  bytes_up_to_max("group", options.group);
  bytes_up_to_max("instance", options.instance.value_or(""));
  if (options.instance && options.group.empty()) {
    bad.push_back("instance is given and no group: it is a place in a group");
  }
  if (bad.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("consumer options: {}", fmt::join(bad, "; ")));
}

}  // namespace cauce
