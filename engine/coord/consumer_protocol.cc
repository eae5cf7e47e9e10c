#include "engine/coord/consumer_protocol.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/base/wire.h"
#include "engine/base/wire_reader.h"
#include "engine/coord/versioned_record.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr RecordSchema kSubscription = {
    .name = "ConsumerProtocolSubscription",
    .version_max = kConsumerProtocolVersionMax};
constexpr RecordSchema kAssignment = {
    .name = "ConsumerProtocolAssignment",
    .version_max = kConsumerProtocolVersionMax};

// What follows the fields that are known is a newer member's: not looked at.
template <class Part>
absl::StatusOr<Part> DecodeMember(const RecordSchema& schema,
                                  std::string_view bytes) {
  WireReader reader(bytes, WireForm::kPlain);
  int16_t version = 0;
  reader.Int16(version);
  if (version < 0) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("{} of version {}, and 0 is the least",
                                 schema.name, version));
  }
  Part part;
  Describe(reader, part, std::min<int>(version, schema.version_max));
  CAUCE_RETURN_IF_ERROR(
      Annotate(reader.Finish(Reason::kInvalidRecord), schema.name));
  return part;
}

}  // namespace

template <class Codec, WirePart<ConsumerProtocolSubscription> Part>
void Describe(Codec& c, Part& member, int version) {
  c.Array(member.topics, EachString{});
  c.NullableBytes(member.user_data);
  if (version >= 1) c.Array(member.owned_partitions, EachPart{version});
  if (version >= 2) c.Int32(member.generation);
  if (version >= 3) c.NullableString(member.rack_id);
}

template <class Codec, WirePart<ConsumerProtocolAssignment> Part>
void Describe(Codec& c, Part& member, int version) {
  c.Array(member.assigned_partitions, EachPart{version});
  c.NullableBytes(member.user_data);
}

std::string EncodeSubscription(const ConsumerProtocolSubscription& subscription,
                               int version) {
  return EncodeVersioned(kSubscription, subscription, version);
}

std::string EncodeAssignment(const ConsumerProtocolAssignment& assignment,
                             int version) {
  return EncodeVersioned(kAssignment, assignment, version);
}

absl::StatusOr<ConsumerProtocolSubscription> DecodeSubscription(
    std::string_view bytes) {
  return DecodeMember<ConsumerProtocolSubscription>(kSubscription, bytes);
}

absl::StatusOr<ConsumerProtocolAssignment> DecodeAssignment(
    std::string_view bytes) {
  return DecodeMember<ConsumerProtocolAssignment>(kAssignment, bytes);
}

}  // namespace cauce
