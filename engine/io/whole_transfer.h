// Reads and writes of a file that go on until all of it is done.
//
// One system call may be interrupted, may do a part, or may want to be asked
// again; none of these is an error, and none is taken for the whole. The call
// itself is an argument, as pread and pwritev are: it returns how many bytes it
// moved, or -1 with errno set. Any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace cauce {

struct Transfer {
  size_t bytes = 0;  // moved, from the beginning
  int error = 0;     // an errno; 0 where nothing failed
};

// So often in a row a call may say EAGAIN before that is an error. EINTR may
// come as often as signals do.
inline constexpr int kAgainMax = 1000;

using ReadCall =
    absl::FunctionRef<ssize_t(std::span<char> into, int64_t position)>;
// At most so many parts at once, and of the first some byte.
inline constexpr size_t kPartsMax = 1024;
using WriteCall = absl::FunctionRef<ssize_t(
    std::span<const std::string_view> from, int64_t position)>;

// Fills `into` from `position` on: fewer bytes only where the file ends, which
// is where a call returns 0, or on an error.
Transfer ReadWhole(ReadCall call, int64_t position, std::span<char> into);

// Writes `parts` back to back from `position` on, all of them or with an error.
// A call that writes nothing of something is an EIO: another might go on so
// for ever.
Transfer WriteWhole(WriteCall call, int64_t position,
                    std::span<const std::string_view> parts);

}  // namespace cauce
