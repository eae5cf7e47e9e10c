// Logs whose files have each other's names, as whoever copies files back in a
// wrong order leaves them: several damaged offsets do not come to that, and so
// it speaks for first batches that nothing else confirms.
//
// Either the files would all fit if each was called as it comes in order, or a
// few of them begin as the next of them is called, in a circle. Files that wait
// for their names, or hold nothing, are not among them. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/log/found_log.h"

namespace cauce {

// Of each of `found`, whether it has the name of another one of them.
std::vector<bool> FindExchangedNames(std::span<const FoundLog> found,
                                     bool may_have_gaps);

}  // namespace cauce
