#include "cauce/errors.h"

#include <charconv>
#include <iterator>
#include <utility>

#include "absl/strings/cord.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr char kPayloadUrl[] = "cauce.reason";

struct Entry {
  Reason reason;
  absl::StatusCode code;
  std::string_view name;
};

using absl::StatusCode;

// In the order of the enum, so that a reason is its own index.
constexpr Entry kEntries[] = {
    {Reason::kNone, StatusCode::kUnknown, "NONE"},
    {Reason::kOffsetOutOfRange, StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE"},
    {Reason::kUnknownTopic, StatusCode::kNotFound, "UNKNOWN_TOPIC"},
    {Reason::kUnknownPartition, StatusCode::kNotFound, "UNKNOWN_PARTITION"},
    {Reason::kTopicExists, StatusCode::kAlreadyExists, "TOPIC_EXISTS"},
    {Reason::kInvalidTopicName, StatusCode::kInvalidArgument,
     "INVALID_TOPIC_NAME"},
    {Reason::kInvalidPartitions, StatusCode::kInvalidArgument,
     "INVALID_PARTITIONS"},
    {Reason::kInvalidConfig, StatusCode::kInvalidArgument, "INVALID_CONFIG"},
    {Reason::kInvalidOption, StatusCode::kInvalidArgument, "INVALID_OPTION"},
    {Reason::kInvalidRecord, StatusCode::kInvalidArgument, "INVALID_RECORD"},
    {Reason::kInvalidTimestamp, StatusCode::kInvalidArgument,
     "INVALID_TIMESTAMP"},
    {Reason::kBatchTooLarge, StatusCode::kInvalidArgument, "BATCH_TOO_LARGE"},
    {Reason::kUnsupportedFormat, StatusCode::kUnimplemented,
     "UNSUPPORTED_FORMAT"},
    {Reason::kUnsupportedCodec, StatusCode::kUnimplemented,
     "UNSUPPORTED_CODEC"},
    {Reason::kCorruptBatch, StatusCode::kDataLoss, "CORRUPT_BATCH"},
    {Reason::kCorruptFile, StatusCode::kDataLoss, "CORRUPT_FILE"},
    {Reason::kFencedEpoch, StatusCode::kFailedPrecondition, "FENCED_EPOCH"},
    {Reason::kOutOfOrderSequence, StatusCode::kFailedPrecondition,
     "OUT_OF_ORDER_SEQUENCE_NUMBER"},
    {Reason::kInvalidProducerEpoch, StatusCode::kFailedPrecondition,
     "INVALID_PRODUCER_EPOCH"},
    {Reason::kCoordinatorFenced, StatusCode::kFailedPrecondition,
     "TRANSACTION_COORDINATOR_FENCED"},
    {Reason::kInvalidTxnState, StatusCode::kFailedPrecondition,
     "INVALID_TXN_STATE"},
    {Reason::kTooManyProducers, StatusCode::kResourceExhausted,
     "TOO_MANY_PRODUCERS"},
    {Reason::kProducerFenced, StatusCode::kFailedPrecondition,
     "PRODUCER_FENCED"},
    {Reason::kInvalidProducerIdMapping, StatusCode::kFailedPrecondition,
     "INVALID_PRODUCER_ID_MAPPING"},
    {Reason::kConcurrentTransactions, StatusCode::kUnavailable,
     "CONCURRENT_TRANSACTIONS"},
    {Reason::kInvalidTransactionTimeout, StatusCode::kInvalidArgument,
     "INVALID_TRANSACTION_TIMEOUT"},
    {Reason::kTransactionAbortable, StatusCode::kAborted,
     "TRANSACTION_ABORTABLE"},
    {Reason::kUnknownMemberId, StatusCode::kFailedPrecondition,
     "UNKNOWN_MEMBER_ID"},
    {Reason::kIllegalGeneration, StatusCode::kFailedPrecondition,
     "ILLEGAL_GENERATION"},
    {Reason::kRebalanceInProgress, StatusCode::kAborted,
     "REBALANCE_IN_PROGRESS"},
    {Reason::kMemberIdRequired, StatusCode::kAborted, "MEMBER_ID_REQUIRED"},
    {Reason::kFencedInstanceId, StatusCode::kFailedPrecondition,
     "FENCED_INSTANCE_ID"},
    {Reason::kInconsistentGroupProtocol, StatusCode::kInvalidArgument,
     "INCONSISTENT_GROUP_PROTOCOL"},
    {Reason::kInvalidSessionTimeout, StatusCode::kInvalidArgument,
     "INVALID_SESSION_TIMEOUT"},
    {Reason::kGroupMaxSizeReached, StatusCode::kResourceExhausted,
     "GROUP_MAX_SIZE_REACHED"},
    {Reason::kGroupNotEmpty, StatusCode::kFailedPrecondition,
     "NON_EMPTY_GROUP"},
    {Reason::kGroupIdNotFound, StatusCode::kNotFound, "GROUP_ID_NOT_FOUND"},
    {Reason::kInvalidGroupId, StatusCode::kInvalidArgument, "INVALID_GROUP_ID"},
    {Reason::kGroupSubscribedToTopic, StatusCode::kFailedPrecondition,
     "GROUP_SUBSCRIBED_TO_TOPIC"},
    {Reason::kOffsetMetadataTooLarge, StatusCode::kInvalidArgument,
     "OFFSET_METADATA_TOO_LARGE"},
    {Reason::kUnstableOffsetCommit, StatusCode::kUnavailable,
     "UNSTABLE_OFFSET_COMMIT"},
    {Reason::kCoordinatorLoading, StatusCode::kUnavailable,
     "COORDINATOR_LOAD_IN_PROGRESS"},
    {Reason::kCoordinatorNotAvailable, StatusCode::kUnavailable,
     "COORDINATOR_NOT_AVAILABLE"},
    {Reason::kNotCoordinator, StatusCode::kUnavailable, "NOT_COORDINATOR"},
    {Reason::kReadOnly, StatusCode::kFailedPrecondition, "READ_ONLY"},
    {Reason::kClosed, StatusCode::kFailedPrecondition, "CLOSED"},
    {Reason::kTimedOut, StatusCode::kDeadlineExceeded, "TIMED_OUT"},
    {Reason::kWokenUp, StatusCode::kCancelled, "WOKEN_UP"},
    {Reason::kLocked, StatusCode::kFailedPrecondition, "LOCKED"},
    {Reason::kTruncated, StatusCode::kAborted, "TRUNCATED"},
    {Reason::kDiskFull, StatusCode::kResourceExhausted, "DISK_FULL"},
    {Reason::kDiskFailed, StatusCode::kDataLoss, "DISK_FAILED"},
};

constexpr bool EntriesAreInOrder() {
  for (size_t i = 0; i < std::size(kEntries); ++i) {
    if (static_cast<size_t>(kEntries[i].reason) != i) return false;
  }
  return true;
}
static_assert(EntriesAreInOrder());
static_assert(static_cast<size_t>(Reason::kDiskFailed) + 1 ==
              std::size(kEntries));

const Entry& EntryOf(Reason reason) {
  return kEntries[static_cast<size_t>(reason)];
}

}  // namespace

absl::Status MakeError(Reason reason, std::string message) {
  const Entry& entry = EntryOf(reason);
  absl::Status status(entry.code, message);
  status.SetPayload(kPayloadUrl,
                    absl::Cord(std::to_string(static_cast<int>(reason))));
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return Reason::kNone;
  const std::string text(*payload);
  size_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index < std::size(kEntries) ? kEntries[index].reason : Reason::kNone;
}

bool IsDamage(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kCorruptBatch:
    case Reason::kInvalidRecord:
    case Reason::kUnsupportedFormat:
    case Reason::kUnsupportedCodec:
      return true;
    default:
      return false;
  }
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         fmt::format("{}: {}", context, MessageOf(status)));
  status.ForEachPayload(
      [&annotated](absl::string_view url, const absl::Cord& payload) {
        annotated.SetPayload(url, payload);
      });
  return annotated;
}

std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

std::string_view ReasonName(Reason reason) { return EntryOf(reason).name; }

}  // namespace cauce
