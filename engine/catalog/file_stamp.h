// Whether small files are those that were read before, seen without reading
// them again.
//
// A file that is replaced, or written in its place, gets another stamp: that of
// a file that was renamed into its place is another even where its time and its
// length are the same. Reads only; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/file_system.h"

namespace cauce {

// Which file has a name, when it was written last, and how long it is.
struct FileStamp {
  absl::Time modified = absl::InfinitePast();  // where there is no file
  int64_t bytes = -1;
  uint64_t id = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
using FileStamps = std::optional<std::vector<FileStamp>>;

// The stamps of the files `names` in `directory`. Who looks at them before he
// reads the files need not read them again while they are the same. Nothing
// where that cannot be told: `now`, the time of day, is so close to the last
// write that the next might get the same time.
FileStamps LookAtStamps(FileSystem& files, std::string_view directory,
                        std::initializer_list<std::string_view> names,
                        absl::Time now);

}  // namespace cauce
