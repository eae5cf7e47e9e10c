// What is known of a partition's producers at an offset, as its `.snapshot`
// file has it: that a log can be opened without reading all of it.
//
// Of each producer there is its last batch only. Source of the format: Kafka's
// ProducerStateManager and ProducerSnapshot, version 1; see engine/FORMAT.md.
// The log has all that it says, as far as it goes back. Pure functions: any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/producer_state.h"

namespace cauce {

// More producers are neither kept nor read: 46 MiB of a file.
inline constexpr size_t kProducersMax = 1 << 20;

inline constexpr size_t kSnapshotHeaderBytes = 10;
inline constexpr size_t kSnapshotEntryBytes = 46;
inline constexpr int64_t kSnapshotBytesMax =
    kSnapshotHeaderBytes + kProducersMax * kSnapshotEntryBytes;

// `producers` are at most so many, each once.
std::string EncodeProducers(std::span<const ProducerState> producers);

// The bytes of the file that tells of all below `at`. Reason::kCorruptFile for
// bytes that are not what was written, or that cannot be so;
// kUnsupportedFormat for another version.
absl::StatusOr<std::vector<ProducerState>> DecodeProducers(
    Offset at, std::string_view bytes);

}  // namespace cauce
