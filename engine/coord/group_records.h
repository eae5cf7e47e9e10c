// Classic groups as __consumer_offsets keeps them: Kafka's GroupMetadataKey
// and GroupMetadataValue, versions 0 to 4; written is version 3. Pure
// functions: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/types.h"

namespace cauce {

struct GroupMetadataKey {
  std::string group;

  friend auto operator<=>(const GroupMetadataKey&,
                          const GroupMetadataKey&) = default;
};

struct GroupMemberMetadata {
  std::string member_id;
  std::optional<std::string> group_instance_id;  // since version 3
  std::string client_id;
  std::string client_host;
  // Since version 1. Negative where the record has none: then the session's
  // time-out is meant.
  absl::Duration rebalance_timeout = absl::Milliseconds(-1);
  absl::Duration session_timeout;
  std::string subscription;  // in the words of the group's protocol
  std::string assignment;

  friend bool operator==(const GroupMemberMetadata&,
                         const GroupMemberMetadata&) = default;
};

struct GroupMetadataValue {
  std::string protocol_type;
  int32_t generation = 0;
  std::optional<std::string> protocol;
  std::optional<std::string> leader;
  Timestamp current_state_timestamp;  // since version 2
  std::vector<GroupMemberMetadata> members;

  friend bool operator==(const GroupMetadataValue&,
                         const GroupMetadataValue&) = default;
};

// What stands at the head of a key.
inline constexpr int16_t kGroupMetadataKind = 2;

inline constexpr int kGroupMetadataValueVersion = 3;
inline constexpr int kGroupMetadataValueVersionMax = 4;

std::string EncodeGroupMetadataKey(const GroupMetadataKey& key);

// What `version` has no field for is left out. Time-outs are whole
// milliseconds, at most the largest that 32 bits hold.
std::string EncodeGroupMetadataValue(const GroupMetadataValue& value,
                                     int version = kGroupMetadataValueVersion);

// Of a key of this kind; see group_state_key.h. Reason::kCorruptBatch for
// bytes that cannot be one.
absl::StatusOr<GroupMetadataKey> DecodeGroupMetadataKey(std::string_view key);

// Reason::kCorruptBatch for bytes that cannot be a value; kUnsupportedFormat
// for a newer version.
absl::StatusOr<GroupMetadataValue> DecodeGroupMetadataValue(
    std::string_view value);

}  // namespace cauce
