#include "tools/cli/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace cauce::cli {
namespace {

// A handler has no other way to reach its program.
std::atomic<int> signal_seen = 0;
std::atomic<int> wake_fd = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // without SA_RESTART: waits end
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

void HandleBoth(void (*handler)(int)) {
  Handle(SIGINT, handler);
  Handle(SIGTERM, handler);
}

// By the first alarm whoever sends one signal twice at once has done so.
void OnAlarm(int) {
  HandleBoth(SIG_DFL);
  alarm(1);
}

void OnSignal(int signal) {
  const int saved_errno = errno;
  signal_seen = signal;
  HandleBoth(SIG_IGN);
  alarm(1);
  if (const int fd = wake_fd; fd >= 0) {
    const uint64_t one = 1;
    // Full means that it is ringing already.
    if (write(fd, &one, sizeof one) < 0) errno = 0;
  }
  errno = saved_errno;
}

}  // namespace

void Interrupts::Install() {
  Handle(SIGALRM, OnAlarm);
  HandleBoth(OnSignal);
  Handle(SIGPIPE, SIG_IGN);
  Handle(SIGXFSZ, SIG_IGN);
}

int Interrupts::Signal() { return signal_seen; }

void Interrupts::WakeThrough(int fd) { wake_fd = fd; }

}  // namespace cauce::cli
