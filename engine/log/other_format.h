// Whether a batch that this release cannot read is damaged, or whole and of a
// format of its own: messages of before Kafka 0.11, a codec or a format that a
// newer release made. Who repairs must not take those for damage.
//
// Pure but for reading the file; any thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

// `why` is what BatchScanner said of the batch at `position` of a file that
// ends at `end`. An old message shows itself by its CRC; what is newer than we
// know, by some more of its kind behind it.
absl::StatusOr<bool> IsOfOtherFormat(const File& file, int64_t position,
                                     int64_t end, const absl::Status& why);

}  // namespace cauce
