// What stands in a segment's file behind where recovery ends it: kept in a file
// beside before it is cut off.
//
// Both are asked once more where the disk had no room for that: they hold all
// that they need. For who has the directory to himself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "engine/log/segment.h"

namespace cauce {

// To be kept, unless it is zeros alone; it stays where it is.
// Reason::kDiskFull.
struct TailToKeep {
  FileSystem* files;
  std::string directory;
  std::string log;
  std::string place;  // what the copy is called after
  int64_t position;   // where the cut is in the log
  EventSink events;   // told what the copy is called

  absl::Status operator()() const;
};

// The tail of a sealed segment that is still to be kept, and then cut off.
struct SealedTail {
  std::shared_ptr<Segment> segment;
  TailToKeep keep;

  // OK as well where the segment has left the log, and its tail with it.
  absl::Status operator()() const;
};

}  // namespace cauce
