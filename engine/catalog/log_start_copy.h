// `cauce.log-starts`: a copy of Kafka's `log-start-offset-checkpoint` that has
// a checksum, so that a start whose digits became another number is told from
// one that was asked for. Both are written together (log/log_starts.h).
//
// Text: "cauce.log-starts 1", "starts COUNT", an entry a line as in Kafka's
// file, "crc32c XXXXXXXX". Pure: any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/catalog/checkpoint_file.h"

namespace cauce {

// In the data directory, for all its partitions. Not larger than
// kCheckpointBytesMax.
inline constexpr std::string_view kLogStartCopyFile = "cauce.log-starts";

// `path` is for the messages: Reason::kCorruptFile, and kUnsupportedFormat for
// what a newer release wrote.
absl::StatusOr<OffsetCheckpoint> ParseLogStartCopy(std::string_view path,
                                                   std::string_view bytes);

std::string FormatLogStartCopy(const OffsetCheckpoint& starts);

}  // namespace cauce
