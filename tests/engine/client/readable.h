// Whether a descriptor is readable now, as a program that waits on it finds
// out. Any thread.
#pragma once

#include <poll.h>

namespace cauce::test {

inline bool IsReadable(int descriptor) {
  pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&wait, 1, /*timeout=*/0) == 1;
}

}  // namespace cauce::test
