#include "engine/coord/stored_state.h"

#include <map>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/coord/group_replay.h"
#include "engine/coord/offset_fetch.h"
#include "engine/coord/state_partition.h"
#include "engine/coord/transaction_metadata.h"
#include "engine/coord/transaction_replay.h"
#include "fmt/format.h"

namespace cauce {
namespace {

GroupListing ListingOf(const std::string& id, const GroupMetadataValue& value) {
  const GroupState state =
      value.members.empty() ? GroupState::kEmpty : GroupState::kStable;
  return {id, state, value.protocol_type};
}

TransactionDescription DescriptionOf(const std::string& id,
                                     const TransactionMetadata& known) {
  TransactionDescription description;
  description.id = id;
  description.status = known.status;
  description.producer = known.producer;
  description.timeout = known.timeout;
  if (known.start.has_value()) description.start = known.start.ToTime();
  description.partitions.assign(known.partitions.begin(),
                                known.partitions.end());
  return description;
}

}  // namespace

GroupListings ListStoredGroups(StateLog& log) {
  GroupListings listings;
  std::map<std::string, GroupListing> all;
  for (int32_t i = 0; i < log.partitions(); ++i) {
    const absl::StatusOr<StoredGroups> stored =
        ReplayGroups(log, PartitionId{i});
    if (!stored.ok()) {
      listings.unread.push_back(stored.status());
      continue;
    }
    for (const std::string& id : stored->offsets.Groups())
      all[id] = ListingOf(id, {});
    for (const auto& [id, value] : stored->groups)
      all[id] = ListingOf(id, value);
  }
  for (auto& [id, listing] : all)
    listings.groups.push_back(std::move(listing));
  return listings;
}

absl::StatusOr<GroupDescription> DescribeStoredGroup(StateLog& log,
                                                     const std::string& group) {
  CAUCE_ASSIGN_OR_RETURN(
      const StoredGroups stored,
      ReplayGroups(log, StatePartitionOf(group, log.partitions())));
  const auto found = stored.groups.find(group);
  if (found == stored.groups.end()) {
    if (stored.offsets.KeysOf(group).empty()) {
      return MakeError(Reason::kGroupIdNotFound,
                       fmt::format("group {}: does not exist", group));
    }
    GroupDescription description;
    description.listing = ListingOf(group, {});
    return description;
  }
  const GroupMetadataValue& value = found->second;
  GroupDescription description;
  description.listing = ListingOf(group, value);
  description.generation = value.generation;
  description.protocol = value.protocol.value_or("");
  for (const GroupMemberMetadata& member : value.members) {
    description.members.push_back({.id = member.member_id,
                                   .instance_id = member.group_instance_id,
                                   .client_id = member.client_id,
                                   .client_host = member.client_host,
                                   .metadata = member.subscription,
                                   .assignment = member.assignment});
  }
  return description;
}

absl::StatusOr<OffsetFetchReply> FetchStoredOffsets(StateLog& log,
                                                    const OffsetFetch& fetch) {
  CAUCE_ASSIGN_OR_RETURN(
      const StoredGroups stored,
      ReplayGroups(log, StatePartitionOf(fetch.group, log.partitions())));
  return FetchFrom(stored.offsets, fetch);
}

StoredTransactions ListStoredTransactions(StateLog& log) {
  StoredTransactions all;
  for (int32_t i = 0; i < log.partitions(); ++i) {
    const auto stored = ReplayTransactions(log, PartitionId{i});
    if (!stored.ok()) {
      all.unread.push_back(stored.status());
      continue;
    }
    for (const auto& [id, value] : *stored) {
      all.transactions.push_back(
          DescriptionOf(id, TransactionMetadata::From(value)));
    }
  }
  return all;
}

absl::StatusOr<std::optional<TransactionDescription>> FindStoredTransaction(
    StateLog& log, const std::string& id) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto stored,
      ReplayTransactions(log, StatePartitionOf(id, log.partitions())));
  const auto found = stored.find(id);
  if (found == stored.end()) return std::nullopt;
  return DescriptionOf(id, TransactionMetadata::From(found->second));
}

}  // namespace cauce
