// Committed offsets as __consumer_offsets keeps them: Kafka's OffsetCommitKey
// and OffsetCommitValue, versions 0 to 4.
//
// Written is version 3, or 4 where the topic's id is known, or 1, as by Kafka,
// where the commit brings an expiry of its own. Pure functions: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/types.h"

namespace cauce {

struct OffsetCommitKey {
  std::string group;
  std::string topic;
  PartitionId partition;

  friend auto operator<=>(const OffsetCommitKey&,
                          const OffsetCommitKey&) = default;
};

struct OffsetCommitValue {
  Offset offset;               // the next one to read
  LeaderEpoch leader_epoch;    // of the last record read; since version 3
  std::string metadata;        // the member's own words
  Timestamp commit_timestamp;  // when it was appended
  Timestamp expire_timestamp;  // in version 1 only
  TopicId topic_id;            // since version 4; zero where unknown

  friend bool operator==(const OffsetCommitValue&,
                         const OffsetCommitValue&) = default;
};

// What stands at the head of a key; the former one is in the topics of old
// brokers only, and means the same.
inline constexpr int16_t kLegacyOffsetCommitKind = 0;
inline constexpr int16_t kOffsetCommitKind = 1;

inline constexpr int kOffsetCommitValueVersionMax = 4;

// The version in which `value` is written.
int OffsetCommitValueVersion(const OffsetCommitValue& value);

std::string EncodeOffsetCommitKey(const OffsetCommitKey& key);

// What `version` has no field for is left out.
std::string EncodeOffsetCommitValue(const OffsetCommitValue& value,
                                    int version);

// Of a key of this kind; see group_state_key.h. Reason::kCorruptBatch for
// bytes that cannot be one.
absl::StatusOr<OffsetCommitKey> DecodeOffsetCommitKey(std::string_view key);

// Reason::kCorruptBatch for bytes that cannot be a value; kUnsupportedFormat
// for a newer version.
absl::StatusOr<OffsetCommitValue> DecodeOffsetCommitValue(
    std::string_view value);

}  // namespace cauce
