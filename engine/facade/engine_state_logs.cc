// What an EngineCore has for coordinators: the topics that they keep their
// state in, as logs of records.
#include <memory>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "engine/facade/state_topic.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// offsets.topic.segment.bytes and transaction.state.log.segment.bytes: they
// are read from end to end, so compaction is to get at most of them.
constexpr int kSegmentBytes = 100 << 20;

TopicSpec SpecOf(std::string_view topic, const EngineOptions& options) {
  TopicSpec spec;
  spec.configs = {{"cleanup.policy", "compact"},
                  {"segment.bytes", std::to_string(kSegmentBytes)}};
  if (topic == kTransactionStateTopic) {
    spec.partitions = options.transaction_topic_partitions;
    spec.configs["compression.type"] = "uncompressed";
    spec.configs["unclean.leader.election.enable"] = "false";
  } else {
    spec.partitions = options.offsets_topic_partitions;
    spec.configs["compression.type"] = "producer";
  }
  return spec;
}

}  // namespace

absl::StatusOr<std::shared_ptr<StateLog>> EngineCore::OpenStateLog(
    std::string_view topic, IfMissing if_missing) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  const auto known = state_logs_.find(topic);
  if (known != state_logs_.end()) return known->second;
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  if (if_missing == IfMissing::kMake && catalog_.Find(topic) == nullptr) {
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    CAUCE_RETURN_IF_ERROR(
        MakeTopic(topic, SpecOf(topic, options_)).status());
  }
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry found, FindTopic(topic));
  StateTopic::Source source;
  source.name = found.name;
  source.partitions = found.partitions;
  source.directory = directory_;
  source.syncs_itself = options_.executor == nullptr;
  source.clock = environment_->clock;
  source.open = [weak = weak_from_this(), name = found.name](
                    PartitionId partition)
      -> absl::StatusOr<std::shared_ptr<PartitionLog>> {
    const auto core = weak.lock();
    if (core == nullptr) {
      return MakeError(Reason::kClosed, "the engine was closed");
    }
    CAUCE_RETURN_IF_ERROR(core->CheckProcess());
    CAUCE_ASSIGN_OR_RETURN(auto log, core->OpenPartition(name, partition));
    CAUCE_RETURN_IF_ERROR(core->Awake(*log).status());
    return log;
  };
  auto log = std::make_shared<StateTopic>(std::move(source));
  state_logs_.emplace(found.name, log);
  return log;
}

std::shared_ptr<GroupCoordinator> EngineCore::Groups() {
  MutexLock lock(mutex_);
  if (groups_ != nullptr) return groups_;
  GroupCoordinator::Options options;
  options.group.initial_rebalance_delay =
      options_.group_initial_rebalance_delay;
  options.group.size_max = static_cast<size_t>(options_.group_size_max);
  options.offsets_retention = options_.offsets_retention;
  options.offsets_retention_check_interval =
      options_.offsets_retention_check_interval;
  if (IsImported(kConsumerOffsetsTopic))
    options.offsets_retention_check_interval = absl::InfiniteDuration();
  options.offset_metadata_bytes_max =
      static_cast<size_t>(options_.offset_metadata_bytes_max);
  GroupCoordinator::Seams seams;
  seams.clock = environment_->clock;
  seams.executor = options_.executor;
  seams.log = [weak = weak_from_this()](GroupCoordinator::IfMissing missing)
      -> absl::StatusOr<std::shared_ptr<StateLog>> {
    const auto core = weak.lock();
    if (core == nullptr) {
      return MakeError(Reason::kClosed, "the engine was closed");
    }
    return core->OpenStateLog(kConsumerOffsetsTopic,
                              missing == GroupCoordinator::IfMissing::kMake
                                  ? IfMissing::kMake
                                  : IfMissing::kTell);
  };
  groups_ = std::make_shared<GroupCoordinator>(options, std::move(seams));
  if (closed_) {
    groups_->Close(MakeError(Reason::kClosed, "the engine was closed"));
  }
  return groups_;
}

bool EngineCore::IsImported(std::string_view topic) const {
  const TopicEntry* const found = catalog_.Find(topic);
  return found != nullptr && found->imported;
}

std::shared_ptr<GroupCoordinator> EngineCore::GroupsIfAny() {
  MutexLock lock(mutex_);
  return groups_;
}

}  // namespace cauce
