#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/cauce.h"
#include "cauce/errors.h"
#include "cauce/group_state.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/owned.h"
#include "engine/capi/places.h"
#include "engine/capi/unread.h"
#include "engine/capi/values.h"

namespace cauce::capi {
namespace {

const cauce_member_t* MemberOf(const MemberDescription& member, Arena& arena) {
  std::vector<const cauce_place_t*> assigned;
  for (const TopicPartition& each : member.assigned)
    assigned.push_back(arena.Keep(PlaceOf(each, arena)));
  const size_t count = assigned.size();
  return arena.Keep(cauce_member_t{
      .id = arena.Text(member.id),
      .instance = member.instance ? arena.Text(*member.instance) : nullptr,
      .client_id = arena.Text(member.client_id),
      .client_host = arena.Text(member.client_host),
      .assigned = arena.Array(std::move(assigned)),
      .assigned_count = count,
      .reason = CAUCE_OK,
      .message = nullptr});
}

cauce_group_t GroupOf(const DescribedGroup& group, Arena& arena) {
  std::vector<const cauce_member_t*> members;
  for (const MemberDescription& each : group.members)
    members.push_back(MemberOf(each, arena));
  const size_t count = members.size();
  return {.id = arena.Text(group.id),
          .state = arena.Text(GroupStateName(group.state)),
          .protocol_type = arena.Text(group.protocol_type),
          .assignor = arena.Text(group.assignor),
          .generation = group.generation,
          .members = arena.Array(std::move(members)),
          .member_count = count};
}

absl::Status GiveGroups(const ReadableList<ListedGroup>& listed,
                        cauce_groups_t** to) {
  OwnedList<cauce_groups_t> list(Kind::kGroups);
  for (const ListedGroup& each : listed.found) {
    list.Add(GroupOf({.id = each.id,
                      .state = each.state,
                      .protocol_type = each.protocol_type,
                      .assignor = {},
                      .generation = 0,
                      .members = {}},
                     list.arena()));
  }
  TellUnread(listed.unread, list);
  return std::move(list).Give(to);
}

absl::Status GiveProgress(const Admin::ByPartition<GroupProgress>& progress,
                          cauce_places_t** to) {
  Places places;
  for (const auto& [partition, at] : progress) {
    cauce_place_t place =
        at.committed ? PlaceOf(partition, *at.committed, places.arena())
                     : PlaceOf(partition, places.arena());
    if (at.log.ok()) {
      place.log_start = at.log->base.value;
      place.log_end = at.log->next.value;
    }
    place.lag = at.lag().value_or(-1);
    Explain(at.log.status(), place, places.arena());
    places.Add(place);
  }
  return std::move(places).Give(to);
}

absl::Status GiveMembers(const std::vector<MemberDescription>& members,
                         cauce_members_t** to) {
  OwnedList<cauce_members_t> list(Kind::kMembers);
  for (const MemberDescription& each : members)
    list.Add(*MemberOf(each, list.arena()));
  return std::move(list).Give(to);
}

absl::Status GiveInstances(const std::map<std::string, absl::Status>& answers,
                           cauce_members_t** to) {
  OwnedList<cauce_members_t> list(Kind::kMembers);
  for (const auto& [instance, status] : answers) {
    cauce_member_t member{};
    member.id = "";
    member.client_id = "";
    member.client_host = "";
    member.instance = list.arena().Text(instance);
    member.reason = ReasonNumberOf(status);
    if (!status.ok()) member.message = list.arena().Text(MessageOf(status));
    list.Add(member);
  }
  return std::move(list).Give(to);
}

absl::Status RemoveMembers(Admin& admin, const char* group,
                           const char* const* instances, size_t count,
                           cauce_members_t** members) {
  CAUCE_RETURN_IF_ERROR(CheckArray("instances", instances, count));
  if (instances == nullptr) {
    CAUCE_ASSIGN_OR_RETURN(const auto removed, admin.RemoveAllMembers(group));
    return GiveMembers(removed, members);
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    CAUCE_RETURN_IF_ERROR(Given({{"an instance", instances[i]}}));
    names.emplace_back(instances[i]);
  }
  CAUCE_ASSIGN_OR_RETURN(const auto answers, admin.RemoveMembers(group, names));
  return GiveInstances(answers, members);
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Kind;
using cauce::capi::Reach;

cauce_reason_t cauce_members_free(cauce_members_t* members) {
  return cauce::capi::FreeOwned(members, Kind::kMembers);
}

cauce_reason_t cauce_groups_free(cauce_groups_t* groups) {
  return cauce::capi::FreeOwned(groups, Kind::kGroups);
}

cauce_reason_t cauce_groups_list(cauce_client_t* client,
                                 cauce_groups_t** groups,
                                 cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"groups", groups}}));
                  *groups = nullptr;
                  CAUCE_ASSIGN_OR_RETURN(const auto listed,
                                         on.admin->ListReadableGroups());
                  return cauce::capi::GiveGroups(listed, groups);
                });
}

cauce_reason_t cauce_group_describe(cauce_client_t* client, const char* group,
                                    cauce_groups_t** groups,
                                    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"group", group}, {"groups", groups}}));
        *groups = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto found,
                               on.admin->DescribeGroup(group));
        cauce::capi::OwnedList<cauce_groups_t> list(Kind::kGroups);
        list.Add(cauce::capi::GroupOf(found, list.arena()));
        return std::move(list).Give(groups);
      });
}

cauce_reason_t cauce_group_offsets(cauce_client_t* client, const char* group,
                                   cauce_places_t** offsets,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"group", group}, {"offsets", offsets}}));
        *offsets = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto progress,
                               on.admin->ListGroupOffsets(group));
        return cauce::capi::GiveProgress(progress, offsets);
      });
}

cauce_reason_t cauce_group_alter_offsets(cauce_client_t* client,
                                         const char* group,
                                         const cauce_place_t* offsets,
                                         size_t count, cauce_places_t** answers,
                                         cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"group", group}, {"answers", answers}}));
        *answers = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeOffsets(offsets, count));
        CAUCE_ASSIGN_OR_RETURN(const auto altered,
                               on.admin->AlterGroupOffsets(group, taken));
        return cauce::capi::GiveStatuses(altered, answers);
      });
}

cauce_reason_t cauce_group_delete_offsets(cauce_client_t* client,
                                          const char* group,
                                          const cauce_place_t* partitions,
                                          size_t count,
                                          cauce_places_t** answers,
                                          cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"group", group}, {"answers", answers}}));
        *answers = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakePartitions(partitions, count));
        CAUCE_ASSIGN_OR_RETURN(const auto deleted,
                               on.admin->DeleteGroupOffsets(group, taken));
        return cauce::capi::GiveStatuses(deleted, answers);
      });
}

cauce_reason_t cauce_group_delete(cauce_client_t* client, const char* group,
                                  cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"group", group}}));
                  return on.admin->DeleteGroup(group);
                });
}

cauce_reason_t cauce_group_remove_members(cauce_client_t* client,
                                          const char* group,
                                          const char* const* instances,
                                          size_t count,
                                          cauce_members_t** members,
                                          cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"group", group}, {"members", members}}));
        *members = nullptr;
        return cauce::capi::RemoveMembers(*on.admin, group, instances, count,
                                          members);
      });
}
