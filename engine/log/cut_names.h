// The names of `.cut` files that a repair will make, given before anything is
// done: each is free, and given once, or already holds what is to be kept.
//
// Nothing is written. For who has the directory to himself.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/log/cut_files.h"

namespace cauce {

class CutNames {
 public:
  // Lists what is there. `files` is borrowed.
  static absl::StatusOr<CutNames> In(FileSystem& files,
                                     std::string_view directory);

  // The path that keeps the whole of the file `name`. FailedPrecondition where
  // the place has kCutFilesMax of them: a repair writes over none.
  absl::StatusOr<std::string> PathFor(std::string_view name);

  // The path that keeps `part` of a file, which stands at the place `name`:
  // free, or of a file that begins with these bytes, as an earlier attempt
  // left it.
  absl::StatusOr<std::string> PathFor(std::string_view name,
                                      const FilePart& part);

 private:
  CutNames(FileSystem& files, std::string_view directory)
      : files_(&files), directory_(directory) {}

  FileSystem* files_;
  std::string directory_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace cauce
