#include "engine/capi/error.h"

#include <cstddef>
#include <iterator>

#include "absl/strings/cord.h"
#include "cauce/errors.h"

namespace cauce::capi {
namespace {

constexpr char kMisuseUrl[] = "cauce.misuse";

// In the order of Reason, so that a reason is its own index.
constexpr cauce_reason_t kNumbers[] = {
    CAUCE_OTHER,
    CAUCE_OFFSET_OUT_OF_RANGE,
    CAUCE_UNKNOWN_TOPIC,
    CAUCE_UNKNOWN_PARTITION,
    CAUCE_TOPIC_EXISTS,
    CAUCE_INVALID_TOPIC_NAME,
    CAUCE_INVALID_PARTITIONS,
    CAUCE_INVALID_CONFIG,
    CAUCE_INVALID_OPTION,
    CAUCE_INVALID_RECORD,
    CAUCE_INVALID_TIMESTAMP,
    CAUCE_BATCH_TOO_LARGE,
    CAUCE_UNSUPPORTED_FORMAT,
    CAUCE_UNSUPPORTED_CODEC,
    CAUCE_CORRUPT_BATCH,
    CAUCE_CORRUPT_FILE,
    CAUCE_FENCED_EPOCH,
    CAUCE_OUT_OF_ORDER_SEQUENCE_NUMBER,
    CAUCE_INVALID_PRODUCER_EPOCH,
    CAUCE_TRANSACTION_COORDINATOR_FENCED,
    CAUCE_INVALID_TXN_STATE,
    CAUCE_TOO_MANY_PRODUCERS,
    CAUCE_PRODUCER_FENCED,
    CAUCE_INVALID_PRODUCER_ID_MAPPING,
    CAUCE_CONCURRENT_TRANSACTIONS,
    CAUCE_INVALID_TRANSACTION_TIMEOUT,
    CAUCE_TRANSACTION_ABORTABLE,
    CAUCE_UNKNOWN_MEMBER_ID,
    CAUCE_ILLEGAL_GENERATION,
    CAUCE_REBALANCE_IN_PROGRESS,
    CAUCE_MEMBER_ID_REQUIRED,
    CAUCE_FENCED_INSTANCE_ID,
    CAUCE_INCONSISTENT_GROUP_PROTOCOL,
    CAUCE_INVALID_SESSION_TIMEOUT,
    CAUCE_GROUP_MAX_SIZE_REACHED,
    CAUCE_NON_EMPTY_GROUP,
    CAUCE_GROUP_ID_NOT_FOUND,
    CAUCE_INVALID_GROUP_ID,
    CAUCE_GROUP_SUBSCRIBED_TO_TOPIC,
    CAUCE_OFFSET_METADATA_TOO_LARGE,
    CAUCE_UNSTABLE_OFFSET_COMMIT,
    CAUCE_COORDINATOR_LOAD_IN_PROGRESS,
    CAUCE_COORDINATOR_NOT_AVAILABLE,
    CAUCE_NOT_COORDINATOR,
    CAUCE_READ_ONLY,
    CAUCE_CLOSED,
    CAUCE_TIMED_OUT,
    CAUCE_WOKEN_UP,
    CAUCE_LOCKED,
    CAUCE_TRUNCATED,
    CAUCE_DISK_FULL,
    CAUCE_DISK_FAILED,
};
static_assert(static_cast<size_t>(Reason::kDiskFailed) + 1 ==
              std::size(kNumbers));

// What there is no memory to say, and nobody frees.
const cauce_error kOutOfMemory = {
    .reason = CAUCE_OUT_OF_MEMORY,
    .action = CAUCE_ACTION_RETRY,
    .message = "out of memory: free some and try again"};
const cauce_error kUnknown = {
    .reason = CAUCE_OTHER,
    .action = CAUCE_ACTION_GIVE_UP,
    .message = "the call ended by an exception that is none of Cauce's"};

// Nothing writes to them: who frees is stopped before.
void Give(const cauce_error& lasting, cauce_error_t** error) {
  if (error != nullptr) *error = const_cast<cauce_error*>(&lasting);
}

}  // namespace

absl::Status Misuse(const std::string& message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kMisuseUrl, absl::Cord());
  return status;
}

cauce_reason_t ReasonNumberOf(const absl::Status& status) {
  if (status.ok()) return CAUCE_OK;
  if (status.GetPayload(kMisuseUrl).has_value()) return CAUCE_MISUSE;
  return kNumbers[static_cast<size_t>(ReasonOf(status))];
}

cauce_action_t ActionOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return CAUCE_ACTION_NONE;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return CAUCE_ACTION_RETRY;
    case absl::StatusCode::kDataLoss:
      return CAUCE_ACTION_REPAIR;
    default:
      return CAUCE_ACTION_GIVE_UP;
  }
}

CallbackError::CallbackError(const absl::Status& status) noexcept {
  if (status.ok()) return;
  try {
    error_.reason = ReasonNumberOf(status);
    error_.action = ActionOf(status);
    error_.text = MessageOf(status);
    error_.message = error_.text.c_str();
    told_ = &error_;
  } catch (...) {
    told_ = &kOutOfMemory;
  }
}

cauce_reason_t Tell(const absl::Status& status,
                    cauce_error_t** error) noexcept {
  if (error != nullptr) *error = nullptr;
  if (status.ok()) return CAUCE_OK;
  try {
    const cauce_reason_t reason = ReasonNumberOf(status);
    if (error == nullptr) return reason;
    auto* const told = new cauce_error{.reason = reason,
                                       .action = ActionOf(status),
                                       .text = std::string(MessageOf(status))};
    told->message = told->text.c_str();
    *error = told;
    return reason;
  } catch (...) {
    return TellOutOfMemory(error);
  }
}

cauce_reason_t TellOutOfMemory(cauce_error_t** error) noexcept {
  Give(kOutOfMemory, error);
  return CAUCE_OUT_OF_MEMORY;
}

cauce_reason_t TellUnknown(cauce_error_t** error) noexcept {
  Give(kUnknown, error);
  return CAUCE_OTHER;
}

}  // namespace cauce::capi

using cauce::Reason;
using cauce::capi::Kind;

const char* cauce_reason_name(cauce_reason_t reason) {
  switch (reason) {
    case CAUCE_OK:
      return "OK";
    case CAUCE_OTHER:
      return "OTHER";
    case CAUCE_OUT_OF_MEMORY:
      return "OUT_OF_MEMORY";
    case CAUCE_MISUSE:
      return "MISUSE";
  }
  for (size_t i = 0; i < std::size(cauce::capi::kNumbers); ++i) {
    // The names are literals, which end with a NUL.
    if (cauce::capi::kNumbers[i] == reason)
      return cauce::ReasonName(static_cast<Reason>(i)).data();
  }
  return "UNKNOWN";
}

namespace {

bool IsLive(const cauce_error_t& error) {
  return error.magic.Is(Kind::kError) || error.magic.Is(Kind::kLent);
}

}  // namespace

cauce_reason_t cauce_error_reason(const cauce_error_t* error) {
  if (error == nullptr) return CAUCE_OK;
  return IsLive(*error) ? error->reason : CAUCE_MISUSE;
}

cauce_action_t cauce_error_action(const cauce_error_t* error) {
  if (error == nullptr) return CAUCE_ACTION_NONE;
  return IsLive(*error) ? error->action : CAUCE_ACTION_GIVE_UP;
}

const char* cauce_error_message(const cauce_error_t* error) {
  if (error == nullptr) return "";
  return IsLive(*error) ? error->message : "no error, or one that was freed";
}

void cauce_error_free(cauce_error_t* error) {
  if (error == nullptr || error == &cauce::capi::kOutOfMemory ||
      error == &cauce::capi::kUnknown)
    return;
  if (error->magic.Retire(Kind::kError)) delete error;
}
