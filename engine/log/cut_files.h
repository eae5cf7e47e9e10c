// What recovery takes out of a log, kept beside it: files named `.cut`.
//
// `<offset>.log.cut` holds the bytes that stood behind a cut at that offset,
// or is a whole later segment; `.cut.1` and so on where there is one already.
// A file of that name is whole: bytes are copied under another name first. The
// same bytes are kept once, however often recovery is stopped between keeping
// and cutting them. Nobody removes one but the owner of the directory, until a
// place has as many as are kept of it: then the last is replaced. For who
// recovers the partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

// How many of them one place in a log may have.
inline constexpr int kCutFilesMax = 1000;

// How the name ends under which bytes are copied.
inline constexpr std::string_view kUnfinishedCutSuffix = ".cut.tmp";

class CutFiles {
 public:
  // `files` is borrowed. `directory` is the partition's.
  CutFiles(FileSystem& files, std::string directory);

  // Keeps what stands in `log` from `position` on, but for zeros at its end,
  // durably, as cut off at `place`, which is a path without the suffix.
  // Returns where; nothing where there are only zeros.
  absl::StatusOr<std::optional<std::string>> KeepBytes(
      const std::string& log, int64_t position, const std::string& place);

  // Renames `log` and returns its new name, which is not durable yet.
  absl::StatusOr<std::string> SetAside(const std::string& log);

 private:
  // The name of the n-th file of a place.
  static std::string NameOf(const std::string& place, int n);
  // One that is free, or the last.
  absl::StatusOr<std::string> NextName(const std::string& place) const;

  FileSystem& files_;
  const std::string directory_;
};

}  // namespace cauce
