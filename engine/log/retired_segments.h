// Segments that are no longer part of a log, and whose files still lie there
// under another name.
//
// Readers that hold such a segment go on in it: its files are unlinked once
// nobody does and the time to keep them for late readers is over. Not
// thread-safe: its owner locks.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/log/segment.h"

namespace cauce {

class RetiredSegments {
 public:
  // Renames the files of `segment`. `now` is monotonic.
  absl::Status Add(const std::shared_ptr<Segment>& segment, absl::Duration now);

  // Unlinks the files that nobody reads and that were retired at least
  // `delay` ago. Goes on behind a failure, and returns the first; what could
  // not be unlinked stays here, for another time.
  absl::Status UnlinkDue(absl::Duration now, absl::Duration delay);

  // The same at once, whoever reads them.
  absl::Status UnlinkAll();

  bool empty() const { return retired_.empty(); }
  size_t size() const { return retired_.size(); }

 private:
  struct Retired {
    std::shared_ptr<Segment> segment;
    absl::Duration since;
  };

  std::vector<Retired> retired_;
};

}  // namespace cauce
