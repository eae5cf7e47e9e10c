// How the files of a segment are called: its base offset in twenty decimal
// digits and a suffix that tells the kind, as Kafka calls them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cauce/types.h"

namespace cauce {

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kOffsetIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTxnIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
// Behind any of the above: renamed so, the file will be removed.
inline constexpr std::string_view kDeletedSuffix = ".deleted";
inline constexpr std::string_view kDeletedLogSuffix = ".log.deleted";
// A new log that has not taken its segment's place, and what belongs to it:
// whoever opens the partition removes them, as Kafka does.
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kCleanedLogSuffix = ".log.cleaned";
// One that is whole and durable, and is taking the place of all segments whose
// offsets it covers: whoever opens the partition goes on with that.
inline constexpr std::string_view kSwapSuffix = ".swap";
inline constexpr std::string_view kSwapLogSuffix = ".log.swap";
// A log that waits for this name, which another one has, until a repair gives
// it to it: nobody else touches it.
inline constexpr std::string_view kWaitingLogSuffix = ".log.waiting";

// As in "00000000000000000042.log".
std::string SegmentFileName(Offset base, std::string_view suffix);

struct SegmentFile {
  Offset base;
  std::string_view suffix;  // of the name that was parsed
};

// Nothing for a name that no segment's file has.
std::optional<SegmentFile> ParseSegmentFileName(std::string_view name);

}  // namespace cauce
