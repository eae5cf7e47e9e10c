#include "engine/base/event_descriptor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/base/check.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<std::unique_ptr<EventDescriptor>> EventDescriptor::Make() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) {
    return absl::ResourceExhaustedError(
        fmt::format("no descriptor to wait on is to be had: {}; let the "
                    "process have more (ulimit -n), or close some",
                    std::strerror(errno)));
  }
  return std::unique_ptr<EventDescriptor>(new EventDescriptor(descriptor));
}

EventDescriptor::~EventDescriptor() { close(descriptor_); }

void EventDescriptor::Raise() {
  const uint64_t one = 1;
  // It only fails where it stands at the largest number, and is readable.
  const ssize_t written = write(descriptor_, &one, sizeof one);
  CAUCE_CHECK(written == sizeof one || errno == EAGAIN);
}

void EventDescriptor::Clear() {
  uint64_t raised = 0;
  // Nothing to read where it was not raised.
  const ssize_t got = read(descriptor_, &raised, sizeof raised);
  CAUCE_CHECK(got == sizeof raised || errno == EAGAIN);
}

}  // namespace cauce
