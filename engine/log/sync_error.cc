#include "engine/log/sync_error.h"

#include "absl/strings/cord.h"
#include "cauce/errors.h"

namespace cauce {
namespace {

constexpr char kPayloadUrl[] = "cauce.sync_not_begun";

}  // namespace

absl::Status SyncNotBegun(const absl::Status& why) {
  absl::Status marked =
      Annotate(why, "nothing was synced, nor lost, and a later sync may do it");
  marked.SetPayload(kPayloadUrl, absl::Cord());
  return marked;
}

bool IsSyncNotBegun(const absl::Status& status) {
  return status.GetPayload(kPayloadUrl).has_value();
}

bool IsNotOpened(const absl::Status& error) {
  // A disk that fails, or is full, has a reason of ours.
  const bool is_refused =
      absl::IsResourceExhausted(error) || absl::IsPermissionDenied(error);
  return is_refused && ReasonOf(error) == Reason::kNone;
}

}  // namespace cauce
