#include "engine/log/surveyed_intruders.h"

#include <map>
#include <optional>
#include <ranges>

#include "absl/status/status.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_survey.h"

namespace cauce {
namespace {

// A file that others may lie in, and where its batches end.
struct Host {
  Offset base;
  Offset end;
};

// The logs that were found to be no intruders. However many files are asked
// about, each of these is read once.
class Hosts {
 public:
  explicit Hosts(const PartitionLogs& logs) : logs_(logs) {}

  // Behind those that were added.
  void Add(Offset base) { bases_.push_back(base); }

  // The last one that has batches of its own.
  absl::StatusOr<std::optional<Host>> Last() {
    for (const Offset base : std::views::reverse(bases_)) {
      auto known = ends_.find(base);
      if (known == ends_.end()) {
        CAUCE_ASSIGN_OR_RETURN(const auto end, EndOf(base));
        known = ends_.emplace(base, end).first;
      }
      if (known->second) return Host{base, *known->second};
    }
    return std::nullopt;
  }

 private:
  absl::StatusOr<std::optional<Offset>> EndOf(Offset base) const {
    const auto read = logs_.Read(base, logs_.RangeOf(base, std::nullopt));
    // Whoever takes it as a segment says why.
    if (absl::IsFailedPrecondition(read.status())) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(read.status());
    if (read->whole_bytes == 0) return std::nullopt;
    return read->next;
  }

  const PartitionLogs& logs_;
  std::vector<Offset> bases_;
  std::map<Offset, std::optional<Offset>> ends_;
};

// Whether not one batch can be read in it, wherever that would belong.
absl::StatusOr<bool> HoldsNothing(const PartitionLogs& logs, Offset named) {
  const auto read = logs.Read(named, {.base = Offset{0}});
  if (absl::IsFailedPrecondition(read.status())) return false;
  CAUCE_RETURN_IF_ERROR(read.status());
  return read->whole_bytes == 0 && read->other_format.empty();
}

// The file called `named`, where it is an intruder in one of `hosts`.
absl::StatusOr<std::optional<Intruder>> FindIntruder(const PartitionLogs& logs,
                                                     Hosts& hosts,
                                                     Offset named) {
  CAUCE_ASSIGN_OR_RETURN(const auto first, logs.FirstBase(named));
  if (first) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const auto host, hosts.Last());
  if (!host || host->end <= named) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const bool holds_nothing, HoldsNothing(logs, named));
  if (!holds_nothing) return std::nullopt;
  return Intruder{named, host->base, host->end};
}

}  // namespace

absl::StatusOr<std::vector<Intruder>> FindIntruders(
    const PartitionLogs& logs, std::span<const Offset> bases) {
  std::vector<Intruder> intruders;
  Hosts hosts(logs);
  for (const Offset named : bases) {
    CAUCE_ASSIGN_OR_RETURN(const auto found, FindIntruder(logs, hosts, named));
    if (found) {
      intruders.push_back(*found);
    } else {
      hosts.Add(named);
    }
  }
  return intruders;
}

}  // namespace cauce
