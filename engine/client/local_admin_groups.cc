// What a LocalAdmin tells of groups, and does to them.
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/committable_offset.h"
#include "engine/client/local_admin.h"
#include "engine/coord/consumer_protocol.h"
#include "engine/coord/stored_state.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status NoSuchGroup(std::string_view group) {
  return MakeError(Reason::kGroupIdNotFound,
                   fmt::format("group {}: does not exist", group));
}

std::string Named(std::string_view group) {
  return fmt::format("group {}", group);
}

// What members of another protocol than the consumers' say is not understood.
std::vector<TopicPartition> AssignedTo(const DescribedMember& member,
                                       const GroupListing& group) {
  std::vector<TopicPartition> assigned;
  if (group.protocol_type != kConsumerProtocolType || member.assignment.empty())
    return assigned;
  const auto decoded = DecodeAssignment(member.assignment);
  if (!decoded.ok()) return assigned;
  for (const TopicPartitions& topic : decoded->assigned_partitions) {
    for (const PartitionId id : topic.partitions)
      assigned.push_back({topic.topic, id});
  }
  return assigned;
}

}  // namespace

absl::StatusOr<std::shared_ptr<StateLog>> LocalAdmin::StoredIn(
    std::string_view topic) {
  CAUCE_RETURN_IF_ERROR(core().CheckProcess());
  auto log = core().OpenStateLog(topic, EngineCore::IfMissing::kTell);
  if (ReasonOf(log.status()) == Reason::kUnknownTopic) return nullptr;
  return log;
}

std::shared_ptr<GroupCoordinator> LocalAdmin::Groups() {
  auto groups = core().Groups();
  // Members that are gone count as members until somebody looks at the time.
  if (client_->options.executor == nullptr) groups->Tick();
  return groups;
}

absl::StatusOr<ReadableList<ListedGroup>> LocalAdmin::ListReadableGroups() {
  CAUCE_RETURN_IF_ERROR(core().CheckProcess());
  GroupListings all;
  if (IsReadOnly()) {
    CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kConsumerOffsetsTopic));
    if (log != nullptr) {
      all = ListStoredGroups(*log);
    }
  } else {
    CAUCE_ASSIGN_OR_RETURN(all, Groups()->List());
  }
  ReadableList<ListedGroup> listed;
  listed.unread = std::move(all.unread);
  for (GroupListing& each : all.groups) {
    listed.found.push_back(
        {std::move(each.id), each.state, std::move(each.protocol_type)});
  }
  return listed;
}

absl::StatusOr<GroupDescription> LocalAdmin::Describe(
    const std::string& group) {
  CAUCE_RETURN_IF_ERROR(core().CheckProcess());
  if (!IsReadOnly()) return Groups()->Describe(group);
  CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kConsumerOffsetsTopic));
  if (log == nullptr) return NoSuchGroup(group);
  return DescribeStoredGroup(*log, group);
}

absl::StatusOr<DescribedGroup> LocalAdmin::DescribeGroup(
    std::string_view group) {
  CAUCE_ASSIGN_OR_RETURN(const GroupDescription told,
                         Describe(std::string(group)));
  DescribedGroup described;
  described.id = told.listing.id;
  described.state = told.listing.state;
  described.protocol_type = told.listing.protocol_type;
  described.assignor = told.protocol;
  described.generation = told.generation;
  for (const DescribedMember& member : told.members) {
    described.members.push_back({.id = member.id,
                                 .instance = member.instance_id,
                                 .client_id = member.client_id,
                                 .client_host = member.client_host,
                                 .assigned = AssignedTo(member, told.listing)});
  }
  return described;
}

absl::StatusOr<OffsetFetchReply> LocalAdmin::Fetch(const std::string& group) {
  OffsetFetch fetch;
  fetch.group = group;
  if (!IsReadOnly()) {
    return AwaitAnswer<OffsetFetchReply>(
        {Named(group), "to learn what is committed"},
        [&](auto done) { Groups()->Fetch(std::move(fetch), std::move(done)); });
  }
  CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kConsumerOffsetsTopic));
  if (log == nullptr) return OffsetFetchReply();
  return FetchStoredOffsets(*log, fetch);
}

absl::StatusOr<LocalAdmin::ByPartition<GroupProgress>>
LocalAdmin::ListGroupOffsets(std::string_view group) {
  CAUCE_RETURN_IF_ERROR(core().CheckProcess());
  CAUCE_ASSIGN_OR_RETURN(const OffsetFetchReply reply,
                         Fetch(std::string(group)));
  CAUCE_RETURN_IF_ERROR(reply.status);
  ByPartition<GroupProgress> progress;
  for (const FetchedOffset& each : reply.offsets) {
    if (each.offset < Offset{0}) continue;
    GroupProgress& at = progress[each.partition];
    at.committed = {each.offset, each.metadata, each.leader_epoch,
                    each.topic_id};
    at.log = RangeOf(each.partition, each.topic_id);
  }
  const auto described = DescribeGroup(group);
  if (ReasonOf(described.status()) == Reason::kGroupIdNotFound) return progress;
  CAUCE_RETURN_IF_ERROR(described.status());
  for (const MemberDescription& member : described->members) {
    for (const TopicPartition& each : member.assigned) {
      const auto [at, is_new] = progress.try_emplace(each);
      if (is_new) at->second.log = RangeOf(each, {});
    }
  }
  return progress;
}

absl::StatusOr<OffsetRange> LocalAdmin::RangeOf(const TopicPartition& name,
                                                const TopicId& committed_in) {
  CAUCE_ASSIGN_OR_RETURN(const TopicDescription topic,
                         DescribeTopic(name.topic));
  if (!committed_in.is_zero() && committed_in != topic.id) {
    return MakeError(
        Reason::kUnknownTopic,
        fmt::format("topic {} was deleted since the group committed in it, and "
                    "there is a new one of its name",
                    name.topic));
  }
  CAUCE_ASSIGN_OR_RETURN(const Partition partition, Look(name));
  return OffsetRange{partition.log_start(), partition.high_watermark()};
}

absl::StatusOr<LocalAdmin::ByPartition<absl::Status>>
LocalAdmin::AlterGroupOffsets(std::string_view group,
                              const OffsetsToCommit& offsets) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  ByPartition<absl::Status> altered;
  OffsetCommit commit;
  commit.group = group;
  for (const auto& [name, offset] : offsets) {
    const auto topic_id = CheckCommittable(engine(), name, offset);
    altered[name] = topic_id.status();
    if (!topic_id.ok()) continue;
    commit.offsets.push_back({.partition = name,
                              .offset = offset.offset,
                              .leader_epoch = offset.leader_epoch,
                              .metadata = offset.metadata,
                              .topic_id = *topic_id});
  }
  // Asked with none to commit too: whether the group may be altered at all.
  const std::vector<OffsetToCommit> asked = commit.offsets;
  CAUCE_ASSIGN_OR_RETURN(
      const OffsetCommitReply reply,
      AwaitAnswer<OffsetCommitReply>(
          {Named(group), "a commit"}, [&](auto done) {
            Groups()->Commit(std::move(commit), std::move(done));
          }));
  CAUCE_RETURN_IF_ERROR(reply.status);
  for (size_t i = 0; i < asked.size(); ++i)
    altered[asked[i].partition] = reply.offsets[i];
  return altered;
}

absl::StatusOr<LocalAdmin::ByPartition<absl::Status>>
LocalAdmin::DeleteGroupOffsets(std::string_view group,
                               const std::vector<TopicPartition>& partitions) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(
      const OffsetCommitReply reply,
      AwaitAnswer<OffsetCommitReply>(
          {Named(group), "to forget offsets"}, [&](auto done) {
            Groups()->DeleteOffsets(std::string(group), partitions,
                                    std::move(done));
          }));
  CAUCE_RETURN_IF_ERROR(reply.status);
  ByPartition<absl::Status> deleted;
  for (size_t i = 0; i < partitions.size(); ++i)
    deleted[partitions[i]] = reply.offsets[i];
  return deleted;
}

absl::Status LocalAdmin::DeleteGroup(std::string_view group) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  return AwaitStatus(
      {Named(group), "to delete it"}, [&](auto done) {
        Groups()->Delete(std::string(group), std::move(done));
      });
}

absl::StatusOr<std::map<std::string, absl::Status>> LocalAdmin::RemoveMembers(
    std::string_view group, const std::vector<std::string>& instances) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  // Asked to leave, a group that is not there would be made.
  CAUCE_RETURN_IF_ERROR(Describe(std::string(group)).status());
  std::vector<LeavingMember> leaving;
  for (const std::string& each : instances)
    leaving.push_back({.member_id = "", .instance_id = each});
  CAUCE_ASSIGN_OR_RETURN(const std::vector<absl::Status> told,
                         Remove(group, std::move(leaving)));
  std::map<std::string, absl::Status> removed;
  // The first where one is named twice: the second finds it gone.
  for (size_t i = 0; i < instances.size(); ++i)
    removed.emplace(instances[i], told[i]);
  return removed;
}

absl::StatusOr<std::vector<MemberDescription>> LocalAdmin::RemoveAllMembers(
    std::string_view group) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const DescribedGroup described, DescribeGroup(group));
  std::vector<LeavingMember> leaving;
  for (const MemberDescription& each : described.members)
    leaving.push_back({.member_id = each.id, .instance_id = each.instance});
  CAUCE_ASSIGN_OR_RETURN(const std::vector<absl::Status> told,
                         Remove(group, std::move(leaving)));
  std::vector<MemberDescription> removed;
  for (size_t i = 0; i < told.size(); ++i) {
    // Others have left by themselves since.
    if (told[i].ok()) removed.push_back(described.members[i]);
  }
  return removed;
}

absl::StatusOr<std::vector<absl::Status>> LocalAdmin::Remove(
    std::string_view group, std::vector<LeavingMember> members) {
  LeaveRequest leave;
  leave.members = std::move(members);
  CAUCE_ASSIGN_OR_RETURN(
      LeaveReply reply,
      AwaitAnswer<LeaveReply>(
          {Named(group), "to remove members"}, [&](auto done) {
            Groups()->Leave(std::string(group), std::move(leave),
                            std::move(done));
          }));
  CAUCE_RETURN_IF_ERROR(reply.status);
  return std::move(reply.members);
}

}  // namespace cauce
