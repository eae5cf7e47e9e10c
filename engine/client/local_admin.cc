#include "engine/client/local_admin.h"

#include <limits>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"

namespace cauce {
namespace {

// Kafka's word for all that there is.
constexpr Offset kAllRecords{-1};

}  // namespace

std::optional<int64_t> GroupProgress::lag() const {
  if (!committed || !log.ok()) return std::nullopt;
  return OffsetRange{committed->offset, log->next}.count();
}

LocalAdmin::LocalAdmin(std::shared_ptr<ClientCore> client)
    : client_(std::move(client)) {}

absl::Status LocalAdmin::CheckWritable() {
  CAUCE_RETURN_IF_ERROR(core().CheckProcess());
  if (!IsReadOnly()) return absl::OkStatus();
  return MakeError(Reason::kReadOnly,
                   "the client was opened for reading only: its admin changes "
                   "nothing");
}

absl::StatusOr<TopicDescription> LocalAdmin::CreateTopic(
    std::string_view name, const TopicSpec& spec) {
  return engine().CreateTopic(name, spec);
}

absl::StatusOr<std::vector<TopicDescription>> LocalAdmin::ListTopics() {
  return engine().ListTopics();
}

absl::StatusOr<TopicDescription> LocalAdmin::DescribeTopic(
    std::string_view name) {
  return engine().DescribeTopic(name);
}

absl::Status LocalAdmin::AlterConfigs(
    std::string_view topic, const std::vector<ConfigChange>& changes) {
  return engine().AlterTopic(topic, changes);
}

absl::Status LocalAdmin::CreatePartitions(std::string_view topic,
                                          int32_t partitions) {
  return engine().CreatePartitions(topic, partitions);
}

absl::Status LocalAdmin::DeleteTopic(std::string_view name) {
  return engine().DeleteTopic(name);
}

LocalAdmin::ByPartition<absl::StatusOr<Offset>> LocalAdmin::DeleteRecords(
    const ByPartition<Offset>& before) {
  ByPartition<absl::StatusOr<Offset>> starts;
  for (const auto& [name, offset] : before)
    starts.emplace(name, DeleteRecordsOf(name, offset));
  return starts;
}

absl::StatusOr<Offset> LocalAdmin::DeleteRecordsOf(const TopicPartition& name,
                                                   Offset before) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine().OpenPartition(name.topic, name.partition));
  if (before == kAllRecords) before = partition.high_watermark();
  CAUCE_RETURN_IF_ERROR(partition.DeleteRecordsBefore(before));
  return partition.log_start();
}

LocalAdmin::ByPartition<absl::StatusOr<ListedOffset>> LocalAdmin::ListOffsets(
    const ByPartition<OffsetSpec>& wanted) {
  ByPartition<absl::StatusOr<ListedOffset>> listed;
  for (const auto& [name, spec] : wanted)
    listed.emplace(name, ListOffset(name, spec));
  return listed;
}

absl::StatusOr<ListedOffset> LocalAdmin::ListOffset(const TopicPartition& name,
                                                    const OffsetSpec& wanted) {
  CAUCE_ASSIGN_OR_RETURN(const Partition partition, Look(name));
  ListedOffset listed;
  listed.leader_epoch = partition.leader_epoch();
  switch (wanted.kind) {
    case OffsetSpec::Kind::kStart:
      listed.offset = partition.log_start();
      break;
    case OffsetSpec::Kind::kEnd:
      listed.offset = partition.high_watermark();
      break;
    case OffsetSpec::Kind::kStableEnd: {
      CAUCE_ASSIGN_OR_RETURN(listed.offset, partition.LastStableOffset());
      break;
    }
    case OffsetSpec::Kind::kTime: {
      CAUCE_ASSIGN_OR_RETURN(const auto found,
                             partition.FindByTime(wanted.time));
      if (!found) break;
      listed.offset = found->offset;
      listed.timestamp = found->timestamp;
      break;
    }
  }
  return listed;
}

absl::StatusOr<Partition> LocalAdmin::Look(const TopicPartition& name) {
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine().OpenPartition(name.topic, name.partition));
  if (IsReadOnly()) {
    // Where another process writes these look at the files: the second at the
    // start as well. What cannot be read is told to who asks for a time.
    CAUCE_RETURN_IF_ERROR(
        partition.WaitFor(partition.high_watermark(), absl::ZeroDuration())
            .status());
    const Timestamp last{std::numeric_limits<int64_t>::max()};
    partition.FindByTime(last, OnDamage::kSkip).status().IgnoreError();
  }
  return partition;
}

}  // namespace cauce
