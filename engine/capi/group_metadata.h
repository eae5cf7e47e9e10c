// As whom a consumer reads, for the producers that send its offsets.
//
// What C sees of it is for reading; what counts is what is kept beside. For any
// thread: it does not change.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cauce.h"
#include "cauce/consumer.h"

namespace cauce::capi {

absl::Status GiveGroupMetadata(ConsumerGroupMetadata metadata,
                               cauce_group_metadata_t** to);

// What was given out as `metadata`; Misuse where that is none.
absl::StatusOr<const ConsumerGroupMetadata*> TakeGroupMetadata(
    const cauce_group_metadata_t* metadata);

}  // namespace cauce::capi
