// What a producer does with a batch that the log did not take. Pure: any
// thread.
#pragma once

#include "absl/status/status.h"

namespace cauce {

enum class AfterFailure {
  // It may be stored after all once there is room, or later: the same batch
  // once more. The log knows one that it has.
  kTryAgain,
  // The log is another one by now: look for it, then try again.
  kReopen,
  // It holds more than the topic takes at once: nothing is stored.
  kSplit,
  // The log does not know this producer as it was: once more, as another one.
  kBecomeAnother,
  // Nothing is stored of it, and never will be.
  kGiveUp,
  // Perhaps it is stored, and nobody can tell: it is not sent again, and what
  // follows comes from another producer, as the log sees it.
  kUnknown,
};

AfterFailure WhatToDoAfter(const absl::Status& failure);

}  // namespace cauce
