#include "engine/coord/group_errors.h"

#include <cstddef>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/wire.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status IsTooLong(std::string_view group, std::string_view what,
                       size_t bytes, size_t bytes_max) {
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("group {}: a member's {} has {} bytes, and may have {}",
                  group, what, bytes, bytes_max));
}

}  // namespace

absl::Status UnknownMember(std::string_view group, std::string_view member) {
  return MakeError(
      Reason::kUnknownMemberId,
      fmt::format("group {}: \"{}\" is not a member: join anew", group,
                  member));
}

absl::Status UnknownInstance(std::string_view group,
                             std::string_view instance) {
  return MakeError(
      Reason::kUnknownMemberId,
      fmt::format("group {}: no member is the instance \"{}\"", group,
                  instance));
}

absl::Status WrongGeneration(std::string_view group, std::string_view member,
                             int32_t theirs, int32_t ours) {
  return MakeError(
      Reason::kIllegalGeneration,
      fmt::format("group {}: member {} is of generation {}, and the group is "
                  "of {}: join again",
                  group, member, theirs, ours));
}

absl::Status Rebalancing(std::string_view group, std::string_view why) {
  return MakeError(Reason::kRebalanceInProgress,
                   fmt::format("group {}: {}: join again", group, why));
}

absl::Status GroupIsDead(std::string_view group) {
  return MakeError(Reason::kCoordinatorNotAvailable,
                   fmt::format("group {}: is no longer here: look for its "
                               "coordinator and try again",
                               group));
}

absl::Status CheckFitsRecord(std::string_view group, const JoinRequest& join) {
  absl::Status fits;
  const auto check = [&](std::string_view what, std::string_view value,
                         size_t bytes_max) {
    if (value.size() > bytes_max)
      fits.Update(IsTooLong(group, what, value.size(), bytes_max));
  };
  check("id", join.new_member_id, kWireStringBytesMax);
  check("instance", join.instance_id.value_or(""), kWireStringBytesMax);
  check("client's name", join.client_id, kWireStringBytesMax);
  check("host", join.client_host, kWireStringBytesMax);
  check("type of protocol", join.protocol_type, kWireStringBytesMax);
  for (const JoinProtocol& each : join.protocols) {
    check("name of a protocol", each.name, kWireStringBytesMax);
    check("metadata", each.metadata, kRecordBytesMax);
  }
  return fits;
}

absl::Status CheckFitsRecord(std::string_view group, const SyncRequest& sync) {
  for (const MemberAssignment& each : sync.assignments) {
    if (each.assignment.size() > kRecordBytesMax)
      return IsTooLong(group, "assignment", each.assignment.size(),
                       kRecordBytesMax);
  }
  return absl::OkStatus();
}

absl::Status CheckMember(std::string_view group, const GroupMembers& members,
                         const std::string& member_id,
                         const std::optional<std::string>& instance_id) {
  if (instance_id.has_value()) {
    const GroupMember* instance = members.FindStatic(*instance_id);
    if (instance == nullptr) return UnknownMember(group, member_id);
    if (instance->id != member_id) {
      return MakeError(
          Reason::kFencedInstanceId,
          fmt::format("group {}: instance {} is member {} now, and no longer "
                      "{}: only one may run at a time",
                      group, *instance_id, instance->id, member_id));
    }
  }
  if (members.Find(member_id) == nullptr)
    return UnknownMember(group, member_id);
  return absl::OkStatus();
}

}  // namespace cauce
