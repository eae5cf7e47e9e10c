// Which compacted logs go on to take the place of segments behind a stop: what
// all who look at a partition then have to agree on. Pure, but for what is
// handed in; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

// The bases of those that were complete, by the names in their directory,
// sorted. Where a `.cleaned` file is there, those from its base on were not: a
// cleaner that makes several of one segment renames the last of them first.
// Source: Apache Kafka, LogLoader.
std::vector<Offset> CompleteSwaps(std::span<const DirectoryEntry> entries);

// One of them, as it was found.
struct FoundSwap {
  Offset base;
  Offset next;
  bool is_whole = false;
};

// Why it cannot be what it says, beside segments that begin at `logs`, for
// people; empty where it takes their place.
std::string WhyNoSwap(const FoundSwap& swap, std::span<const Offset> logs);

// A log that a swap was made from, or one beside those.
struct SwapSource {
  Offset base;
  Offset next;
  bool is_whole = false;
  bool is_retired = false;  // it is called `.deleted`
};

// The logs of a partition by their bases, sorted.
struct NamedLogs {
  std::span<const Offset> there;
  std::span<const Offset> retired;  // those that are called `.deleted`
};

// The ones of `logs` that the swap at `base` may have been made from, as
// `.deleted`: in front of the last segment, which compaction never touches, and
// with a name that no other log has by now.
std::vector<Offset> RetiredFrom(Offset base, const NamedLogs& logs);

// What `swap` may have been made from, up to the first log that is there behind
// all that; `scan` tells of the file of a base and a suffix.
using ScanSource =
    absl::FunctionRef<absl::StatusOr<FoundSwap>(Offset base,
                                                std::string_view suffix)>;
absl::StatusOr<std::vector<SwapSource>> SourcesOf(const FoundSwap& swap,
                                                  const NamedLogs& logs,
                                                  ScanSource scan);

// Whether `swap` reaches as far as what it was made from, of which the last
// batch always stays: up to the first log that is there behind it. One that was
// cut at the end of a batch looks whole.
bool CoversSources(const FoundSwap& swap, std::span<const SwapSource> sources);

// Which retired ones get their names back, since the swap at `base` that was
// made from them is damaged or short. `sources` are the logs from there on, in
// the order of their bases. Nothing where the first is gone or not whole
// either: then the swap is what there is. An older one of offsets that others
// have by now stays retired.
std::vector<Offset> SourcesToTakeBack(Offset base,
                                      std::span<const SwapSource> sources);

}  // namespace cauce
