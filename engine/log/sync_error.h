// Tells a sync that has failed from one that was not begun.
//
// After the first nobody knows what the disk holds. Of the second, which found
// no descriptor for its file, nothing is lost: it may be tried again. Who syncs
// a file of a log marks the error, and whoever would take no more writes for
// one asks.
#pragma once

#include "absl/status/status.h"

namespace cauce {

// Returns `why`, an error that came before anything was synced, marked so.
absl::Status SyncNotBegun(const absl::Status& why);

bool IsSyncNotBegun(const absl::Status& status);

// Whether `error`, of who opens a file or directory that is there, or of who
// opens it and syncs, says that it was not opened, and may be another time:
// there is no descriptor for it, or no permission.
bool IsNotOpened(const absl::Status& error);

}  // namespace cauce
