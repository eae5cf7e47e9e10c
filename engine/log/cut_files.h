// What was taken out of a log, or out of its way, kept beside it: files named
// `.cut`.
//
// `<place>.cut` holds the bytes that stood at a place, as where recovery cuts a
// log, or is a whole file that stood there; `.cut.1` and so on where there is
// one already. A file of that name is whole: bytes are copied under another
// name first. The same bytes are kept once, however often who takes them out is
// stopped between keeping and taking. Neither an engine nor Kafka reads one.
// Nobody removes one but the owner of the directory, until recovery has as many
// of a place as are kept of it: then it replaces the last. For who has the
// partition, or the data directory, to himself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

// How many of them one place may have.
inline constexpr int kCutFilesMax = 1000;

// How the name ends under which bytes are copied.
inline constexpr std::string_view kUnfinishedCutSuffix = ".cut.tmp";

// The name of the n-th file of a place.
std::string CutFileName(std::string_view place, int n);

// Bytes of a file: [from, end).
struct FilePart {
  const File& file;
  int64_t from = 0;
  int64_t end = 0;

  int64_t bytes() const { return end - from; }
};

// Whether the file at `path` begins with `part`; false for what is no file.
absl::StatusOr<bool> HoldsPart(FileSystem& files, const std::string& path,
                               const FilePart& part);

// Writes `part` into `target` from `position` on.
absl::Status CopyPart(const FilePart& part, File& target, int64_t position);

class CutFiles {
 public:
  // `files` is borrowed. `directory` is where the files are.
  CutFiles(FileSystem& files, std::string directory);

  // Keeps what stands in `log` from `position` on, durably, but for zeros at
  // its end that are no batch's, as cut off at `place`, which is a path without
  // the suffix. Returns where; nothing where there are only zeros.
  absl::StatusOr<std::optional<std::string>> KeepBytes(
      const std::string& log, int64_t position, const std::string& place);

  // Makes the file at `path`, which CutNames gave, hold `part`, durably, unless
  // it is there already.
  absl::Status KeepPart(const FilePart& part, const std::string& path);

  // Renames `log` and returns its new name, which is not durable yet.
  absl::StatusOr<std::string> SetAside(const std::string& log);

 private:
  // Makes the file at `path` hold `part`, by way of another name, durably.
  absl::Status Keep(const FilePart& part, const std::string& path);
  // One that is free, or the last.
  absl::StatusOr<std::string> NextName(const std::string& place) const;

  FileSystem& files_;
  const std::string directory_;
};

}  // namespace cauce
