// The bare loops: what the same work costs without an engine around it, in
// memcpy, CRC-32C and system calls alone.
//
// Each does what the engine's side of a contest does to the same bytes: gather
// the records into a batch, give it its checksum, write it; or read and verify.
// The checksum is the engine's own function, so that a floor is not lower for
// want of instructions. Errors are errno as a Status. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/payload.h"

namespace cauce::bench {

// What is there before the first batch is written.
enum class FloorFile {
  kGrowing,   // nothing: each write makes the file longer
  kRecycled,  // old batches, in the page cache and on the disk
  kZeroed,    // zeros, in the page cache and on the disk
};

enum class FloorGather {
  kRecords,  // key by key and value by value, as an encoder must
  kBatch,    // the whole batch at once, as if it came ready made
};

struct FloorAppend {
  std::string path;
  int64_t batches = 0;
  FloorFile file = FloorFile::kGrowing;
  FloorGather gather = FloorGather::kRecords;
};

// The bare loop's file, and one turn of the loop at a time. It removes the file
// when it goes. For one thread; Sync() may run in another.
class FloorWriter {
 public:
  // Makes the file and what is in it. `payload` is borrowed.
  static absl::StatusOr<std::unique_ptr<FloorWriter>> Create(
      const FloorAppend& work, const Payload& payload);
  ~FloorWriter();

  // Gathers a batch, gives it its checksum and writes it behind the last one.
  absl::Status Append();
  absl::Status Sync();

 private:
  FloorWriter(FloorAppend work, const Payload& payload, int fd);

  const FloorAppend work_;
  const Payload& payload_;
  const int fd_;
  std::string batch_;
  int64_t at_ = 0;
};

// Writes `payload` again and again into a file of its own, and removes it.
// Returns the seconds that the loop took.
absl::StatusOr<double> RunFloorAppend(const FloorAppend& work,
                                      const Payload& payload);

// Reads the files one after the other, `read_bytes` at a time, with the
// checksum of what was read. Returns the seconds.
absl::StatusOr<double> RunFloorRead(const std::vector<std::string>& paths,
                                    size_t read_bytes);

// Writes out what the file system of `directory` holds back, so that the work
// of the one measured before is not charged to the next.
absl::Status SettleDisk(const std::string& directory);

// Seconds since some moment.
double MonotonicSeconds();

}  // namespace cauce::bench
