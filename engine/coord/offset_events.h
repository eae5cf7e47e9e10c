// What is asked of a group's committed offsets, and what is answered: Kafka's
// OffsetCommit, TxnOffsetCommit, OffsetFetch and OffsetDelete without their
// bytes. Plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/coord/group.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce {

struct OffsetToCommit {
  TopicPartition partition;
  Offset offset;             // the next one to read
  LeaderEpoch leader_epoch;  // of the last record read; -1 where unknown
  std::string metadata;      // the member's own words
  TopicId topic_id;          // zero where unknown
};

struct OffsetCommit {
  std::string group;
  CommitRequest by;
  std::vector<OffsetToCommit> offsets;
  // Whose transaction it is of: it counts once that commits.
  std::optional<ProducerInstance> transaction;
};

struct OffsetCommitReply {
  absl::Status status;
  std::vector<absl::Status> offsets;  // as they were given; none with an error
};

enum class UnstableOffsets {
  kPass,    // what was committed before is told
  kRefuse,  // Reason::kUnstableOffsetCommit while a transaction is open on it
};

struct OffsetFetch {
  std::string group;
  // Absent: all that the group has committed.
  std::optional<std::vector<TopicPartition>> partitions;
  UnstableOffsets unstable = UnstableOffsets::kPass;
};

struct FetchedOffset {
  TopicPartition partition;
  absl::Status status;
  Offset offset;  // -1 where nothing is committed
  LeaderEpoch leader_epoch;
  std::string metadata;
  TopicId topic_id;
};

struct OffsetFetchReply {
  absl::Status status;
  std::vector<FetchedOffset> offsets;
};

}  // namespace cauce
