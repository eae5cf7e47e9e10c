#include <limits>

#include "cauce/consumer.h"
#include "engine/base/wire.h"
#include "engine/client/option_findings.h"
#include "fmt/format.h"

namespace cauce {

absl::Status Validate(const ConsumerOptions& options) {
  OptionFindings findings("consumer options");
  // The group's records hold both.
  findings.ExpectBytesUpTo("group", options.group, kWireStringBytesMax);
  if (options.instance) {
    findings.ExpectBytesUpTo("instance", *options.instance,
                             kWireStringBytesMax);
    findings.Expect(!options.instance->empty(), [] {
      return "instance is empty, it must have at least 1 byte; leave it out "
             "for none";
    });
    findings.Expect(!options.group.empty(), [&] {
      return fmt::format("instance is {} and group is empty: it is a place in "
                         "a group",
                         *options.instance);
    });
  }
  findings.Expect(!options.assignments.empty(), [] {
    return "assignments is empty, it must name at least one";
  });
  for (const Assignment each : options.assignments)
    findings.ExpectUpTo("assignments", each, Assignment::kCooperativeSticky);
  findings.ExpectNotNegative("auto_commit_interval",
                             options.auto_commit_interval);
  findings.ExpectAboveZero("poll_interval_max", options.poll_interval_max);
  findings.ExpectAboveZero("metadata_age_max", options.metadata_age_max);
  findings.ExpectAboveZero("call_timeout", options.call_timeout);
  findings.ExpectUpTo("reset", options.reset, ResetTo::kNone);
  findings.ExpectUpTo("isolation", options.isolation,
                      Isolation::kReadCommitted);
  findings.ExpectWithin("poll_records_max", options.poll_records_max, 1,
                        std::numeric_limits<int32_t>::max());
  return findings.status();
}

}  // namespace cauce
