// Names who waits for an answer: given by who asks, unique among those that
// wait. A machine hands it back and looks no further. A plain value.
#pragma once

#include <cstdint>

namespace cauce {

using Waiter = uint64_t;

}  // namespace cauce
