#include "engine/coord/group_records.h"

#include "engine/base/wire.h"
#include "engine/coord/versioned_record.h"

namespace cauce {
namespace {

constexpr RecordSchema kValue = {.name = "GroupMetadataValue",
                                 .version_max = kGroupMetadataValueVersionMax,
                                 .flexible_since = 4};

}  // namespace

template <class Codec, WirePart<GroupMetadataKey> Part>
void Describe(Codec& c, Part& key, int) {
  c.String(key.group);
}

template <class Codec, WirePart<GroupMemberMetadata> Part>
void Describe(Codec& c, Part& member, int version) {
  c.String(member.member_id);
  if (version >= 3) c.NullableString(member.group_instance_id);
  c.String(member.client_id);
  c.String(member.client_host);
  if (version >= 1) c.Milliseconds(member.rebalance_timeout);
  c.Milliseconds(member.session_timeout);
  c.Bytes(member.subscription);
  c.Bytes(member.assignment);
  c.Tags();
}

template <class Codec, WirePart<GroupMetadataValue> Part>
void Describe(Codec& c, Part& group, int version) {
  c.String(group.protocol_type);
  c.Int32(group.generation);
  c.NullableString(group.protocol);
  c.NullableString(group.leader);
  if (version >= 2) c.Int64(group.current_state_timestamp.ms);
  c.Array(group.members, EachPart{version});
  c.Tags();
}

std::string EncodeGroupMetadataKey(const GroupMetadataKey& key) {
  return EncodeKey(kGroupMetadataKind, key);
}

std::string EncodeGroupMetadataValue(const GroupMetadataValue& value,
                                     int version) {
  return EncodeVersioned(kValue, value, version);
}

absl::StatusOr<GroupMetadataKey> DecodeGroupMetadataKey(std::string_view key) {
  return DecodeKey<GroupMetadataKey>("GroupMetadataKey", key);
}

absl::StatusOr<GroupMetadataValue> DecodeGroupMetadataValue(
    std::string_view value) {
  return DecodeVersioned<GroupMetadataValue>(kValue, value);
}

}  // namespace cauce
