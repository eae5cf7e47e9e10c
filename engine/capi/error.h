// How a Status goes out of the C API: as a reason, and as an object with the
// message, which the caller frees.
//
// Nothing here fails: where there is no memory for the object, one that lives
// for ever takes its place. Any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "engine/capi/magic.h"

struct cauce_error {
  cauce_reason_t reason = CAUCE_OK;
  cauce_action_t action = CAUCE_ACTION_NONE;
  const char* message = "";  // of `text`, or one that lives for ever
  std::string text;
  cauce::capi::Magic magic{cauce::capi::Kind::kError};
};

namespace cauce::capi {

// The call itself is wrong. Goes out as CAUCE_MISUSE.
absl::Status Misuse(const std::string& message);

cauce_reason_t ReasonNumberOf(const absl::Status& status);
cauce_action_t ActionOf(const absl::Status& status);

// Returns the reason of `status` and leaves its object, or null, in `error`
// where that is not null.
cauce_reason_t Tell(const absl::Status& status, cauce_error_t** error) noexcept;
cauce_reason_t TellOutOfMemory(cauce_error_t** error) noexcept;
// Of an exception that no library of ours is known to let out.
cauce_reason_t TellUnknown(cauce_error_t** error) noexcept;

// The error for a callback, gone with this. Null where `status` is OK.
class CallbackError {
 public:
  explicit CallbackError(const absl::Status& status) noexcept;

  const cauce_error_t* get() const { return told_; }

 private:
  cauce_error error_{.magic = Magic(Kind::kLent)};
  const cauce_error_t* told_ = nullptr;
};

}  // namespace cauce::capi
