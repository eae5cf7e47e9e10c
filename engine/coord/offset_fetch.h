// What a table of committed offsets answers to who fetches some. Pure: any
// thread.
#pragma once

#include "engine/coord/offset_events.h"
#include "engine/coord/offset_table.h"

namespace cauce {

OffsetFetchReply FetchFrom(const OffsetTable& offsets,
                           const OffsetFetch& fetch);

}  // namespace cauce
