#include "tools/cli/doorbell.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "tools/cli/interrupts.h"

namespace cauce::cli {
namespace {

int Milliseconds(absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return -1;
  const int64_t ms =
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(ms, 0, INT_MAX));
}

}  // namespace

Doorbell::Doorbell() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) {
    std::perror("cauce: eventfd");
    std::exit(1);
  }
  Interrupts::WakeThrough(event_);
}

Doorbell::~Doorbell() {
  Interrupts::WakeThrough(-1);
  close(event_);
}

void Doorbell::Ring() {
  const uint64_t one = 1;
  // A write fails only when the count is full: it is ringing already.
  [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
}

Doorbell::Woken Doorbell::Wait(const Awaited& awaited) {
  // poll passes by a descriptor of -1, and tells unasked of an end that is
  // gone: of a pipe's or a socket's reader, of a terminal that was hung up.
  pollfd all[] = {
      {event_, POLLIN, 0}, {awaited.input, POLLIN, 0}, {awaited.output, 0, 0}};
  Woken woken;
  // Interrupted: whoever waits looks at why, and comes back.
  if (poll(all, 3, Milliseconds(awaited.timeout)) <= 0) return woken;
  woken.rung = all[0].revents != 0;
  woken.readable = all[1].revents != 0;
  woken.reader_gone = all[2].revents != 0;
  if (woken.rung) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
  }
  return woken;
}

}  // namespace cauce::cli
