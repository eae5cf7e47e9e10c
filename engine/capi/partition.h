// A partition, as a C program holds it: shared with its cursors and watches.
// Thread-safe, but for its free.
#pragma once

#include <memory>

#include "cauce/cauce.h"
#include "cauce/partition.h"
#include "engine/capi/call.h"

struct cauce_partition : cauce::capi::Handle<cauce::capi::Kind::kPartition> {
  std::shared_ptr<cauce::Partition> partition;
};
