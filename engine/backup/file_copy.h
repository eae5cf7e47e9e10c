// Copies files, and sums them up, telling how far that has come. For one thread
// at a time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/backup.h"
#include "cauce/file_system.h"

namespace cauce {

// Counts bytes, and tells of them; what the sink answers ends the work.
class CopyMeter {
 public:
  explicit CopyMeter(const BackupProgressSink& sink) : sink_(sink) {}

  void Expect(int64_t bytes) { far_.bytes_total += bytes; }
  absl::Status Pass(int64_t bytes) {
    far_.bytes += bytes;
    return ended_.ok() && sink_ ? End(sink_(far_)) : ended_;
  }
  // Notes what ends the work if it is an error, and returns it: an answer of
  // the sink, or of the target. Who looks at the error of a copy must take
  // neither for one of the source.
  absl::Status End(absl::Status status) {
    ended_.Update(status);
    return status;
  }
  const absl::Status& ended() const { return ended_; }

 private:
  const BackupProgressSink& sink_;
  BackupProgress far_;
  absl::Status ended_;
};

struct FilePlace {
  FileSystem& files;
  std::string path;
};

// Makes `target` hold the first `bytes` of `source`, durably but for its name;
// returns the CRC-32C of what was copied. Unavailable where the source is
// shorter by now; errors of the target end the meter's work.
absl::StatusOr<uint32_t> CopyFile(const FilePlace& source,
                                  const FilePlace& target, int64_t bytes,
                                  CopyMeter& meter);

// The CRC-32C of the first `bytes` of a file. Unavailable as above.
absl::StatusOr<uint32_t> SumFile(const FilePlace& source, int64_t bytes,
                                 CopyMeter& meter);

}  // namespace cauce
