// A data directory that was copied as a whole, its `cauce.segments` among it: a
// backup that was put back, or another disk.
//
// A partition's part counts after a kill by the id of its directory, and a copy
// has others, all of them. Where none of those that are there has the one that
// was noted, the parts are of these directories all the same. Where one has,
// what has another was put there by itself: it may be older than its part, or
// somebody else's. Where no other is there to tell, because there is one
// partition alone or those beside it have no part, one that was put there by
// itself is taken for a copy of all. An older one ends below the point that was
// saved, which tells of it; of a topic that others made again whoever writes
// forgets the part, and who only reads goes by it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/catalog/manifest.h"

namespace cauce {

// `manifest` as it holds in `directory`, which it was read from: in a copy with
// the ids that the directories have by now, and without their times, so that
// each is looked at. Looks at as many as it takes to find one that is no copy.
// `unseen` is OK, or why one could not be looked at where none was found: it
// keeps the id that was noted, and if this is a copy its part does not count.
// Changes nothing; any thread.
Manifest ReadInCopy(FileSystem& files, const std::string& directory,
                    Manifest manifest, absl::Status* unseen);

}  // namespace cauce
