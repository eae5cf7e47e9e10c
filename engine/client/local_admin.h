// The admin of a log in this process: asks the engine and its coordinators, or
// the logs of these where the engine only reads. Thread-safe, as Admin says; it
// keeps nothing but the client.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/admin.h"
#include "engine/client/client_core.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/group_events.h"
#include "engine/coord/offset_events.h"
#include "engine/coord/state_log.h"
#include "engine/facade/engine_core.h"

namespace cauce {

class LocalAdmin final : public Admin {
 public:
  explicit LocalAdmin(std::shared_ptr<ClientCore> client);

  using Admin::CreateTopic;
  absl::StatusOr<TopicDescription> CreateTopic(std::string_view name,
                                               const TopicSpec& spec) override;
  absl::StatusOr<std::vector<TopicDescription>> ListTopics() override;
  absl::StatusOr<TopicDescription> DescribeTopic(
      std::string_view name) override;
  absl::Status AlterConfigs(std::string_view topic,
                            const std::vector<ConfigChange>& changes) override;
  absl::Status CreatePartitions(std::string_view topic,
                                int32_t partitions) override;
  absl::Status DeleteTopic(std::string_view name) override;
  ByPartition<absl::StatusOr<Offset>> DeleteRecords(
      const ByPartition<Offset>& before) override;
  ByPartition<absl::StatusOr<ListedOffset>> ListOffsets(
      const ByPartition<OffsetSpec>& wanted) override;
  absl::StatusOr<ReadableList<ListedGroup>> ListReadableGroups() override;
  absl::StatusOr<DescribedGroup> DescribeGroup(std::string_view group) override;
  absl::StatusOr<ByPartition<GroupProgress>> ListGroupOffsets(
      std::string_view group) override;
  absl::StatusOr<ByPartition<absl::Status>> AlterGroupOffsets(
      std::string_view group, const OffsetsToCommit& offsets) override;
  absl::StatusOr<ByPartition<absl::Status>> DeleteGroupOffsets(
      std::string_view group,
      const std::vector<TopicPartition>& partitions) override;
  absl::Status DeleteGroup(std::string_view group) override;
  absl::StatusOr<std::map<std::string, absl::Status>> RemoveMembers(
      std::string_view group,
      const std::vector<std::string>& instances) override;
  absl::StatusOr<std::vector<MemberDescription>> RemoveAllMembers(
      std::string_view group) override;
  absl::StatusOr<ReadableList<DescribedTransaction>> ListReadableTransactions()
      override;
  absl::StatusOr<DescribedTransaction> DescribeTransaction(
      std::string_view id) override;
  absl::StatusOr<std::vector<HangingTransaction>> FindHangingTransactions()
      override;
  absl::Status AbortTransaction(const HangingTransaction& transaction) override;

 private:
  Engine& engine() { return *client_->engine; }
  EngineCore& core() { return *EngineCore::Of(*client_->engine); }
  bool IsReadOnly() const {
    return client_->options.access == Access::kReadOnly;
  }
  // Whether it may change something: before a coordinator is asked to.
  absl::Status CheckWritable();
  // With where it begins and ends now.
  absl::StatusOr<Partition> Look(const TopicPartition& name);
  absl::StatusOr<Offset> DeleteRecordsOf(const TopicPartition& name,
                                         Offset before);
  absl::StatusOr<ListedOffset> ListOffset(const TopicPartition& name,
                                          const OffsetSpec& wanted);

  // local_admin_groups.cc
  // The log of a coordinator; null where it is not there.
  absl::StatusOr<std::shared_ptr<StateLog>> StoredIn(std::string_view topic);
  std::shared_ptr<GroupCoordinator> Groups();
  absl::StatusOr<GroupDescription> Describe(const std::string& group);
  absl::StatusOr<OffsetFetchReply> Fetch(const std::string& group);
  // What became of each, in their order.
  absl::StatusOr<std::vector<absl::Status>> Remove(
      std::string_view group, std::vector<LeavingMember> members);
  absl::StatusOr<OffsetRange> RangeOf(const TopicPartition& name,
                                      const TopicId& committed_in);

  // local_admin_transactions.cc
  // Nothing where it is not known.
  absl::StatusOr<std::optional<DescribedTransaction>> FindTransaction(
      std::string_view id);
  absl::StatusOr<TransactionEnd> AbortOf(const HangingTransaction& transaction);

  const std::shared_ptr<ClientCore> client_;
};

}  // namespace cauce
