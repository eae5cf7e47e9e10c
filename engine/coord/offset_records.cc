#include "engine/coord/offset_records.h"

#include "engine/base/wire.h"
#include "engine/coord/versioned_record.h"

namespace cauce {
namespace {

constexpr RecordSchema kValue = {.name = "OffsetCommitValue",
                                 .version_max = kOffsetCommitValueVersionMax,
                                 .flexible_since = 4};

}  // namespace

template <class Codec, WirePart<OffsetCommitKey> Part>
void Describe(Codec& c, Part& key, int) {
  c.String(key.group);
  c.String(key.topic);
  c.Int32(key.partition.value);
}

template <class Codec, WirePart<OffsetCommitValue> Part>
void Describe(Codec& c, Part& value, int version) {
  c.Int64(value.offset.value);
  if (version >= 3) c.Int32(value.leader_epoch.value);
  c.String(value.metadata);
  c.Int64(value.commit_timestamp.ms);
  if (version == 1) c.Int64(value.expire_timestamp.ms);
  c.Tags([&](auto& tags) {
    tags.Field(0, value.topic_id, {},
               [](auto& c, auto& id) { c.Uuid(id.bytes); });
  });
}

int OffsetCommitValueVersion(const OffsetCommitValue& value) {
  if (value.expire_timestamp.has_value()) return 1;
  return value.topic_id.is_zero() ? 3 : 4;
}

std::string EncodeOffsetCommitKey(const OffsetCommitKey& key) {
  return EncodeKey(kOffsetCommitKind, key);
}

std::string EncodeOffsetCommitValue(const OffsetCommitValue& value,
                                    int version) {
  return EncodeVersioned(kValue, value, version);
}

absl::StatusOr<OffsetCommitKey> DecodeOffsetCommitKey(std::string_view key) {
  return DecodeKey<OffsetCommitKey>("OffsetCommitKey", key);
}

absl::StatusOr<OffsetCommitValue> DecodeOffsetCommitValue(
    std::string_view value) {
  return DecodeVersioned<OffsetCommitValue>(kValue, value);
}

}  // namespace cauce
