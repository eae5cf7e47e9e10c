// How much memory the process holds by way of `new`, for tests of what
// something costs: as the allocator says of each piece, not as somebody counts.
//
// A test that links this has `new` and `delete` replaced; any thread may ask.
#pragma once

#include <cstdint>

namespace cauce::test {

int64_t AllocatedBytes();

}  // namespace cauce::test
