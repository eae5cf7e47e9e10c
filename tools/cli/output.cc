#include "tools/cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "fmt/format.h"
#include "tools/cli/interrupts.h"

namespace cauce::cli {

namespace {

// Whether standard output is a pipe that nobody reads.
bool ReaderIsGone() {
  pollfd output = {.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

Output::Output(int fd) : fd_(fd) { buffer_.reserve(kFlushBytes + 4096); }

Output::~Output() { Flush(); }

void Output::Flush() {
  std::string_view left = buffer_;
  while (!left.empty() && !gone_) {
    const ssize_t written = write(fd_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      gone_ = true;
    } else if (errno == EAGAIN) {
      // Somebody who shares it has made it non-blocking. A signal ends this.
      pollfd full = {fd_, POLLOUT, 0};
      poll(&full, 1, -1);
      gone_ = Interrupts::Signal() != 0;
    } else if (errno != EINTR) {
      gone_ = true;
      status_ = absl::UnavailableError(
          fmt::format("standard output: {}", std::strerror(errno)));
    } else if (Interrupts::Signal() != 0) {
      gone_ = true;  // nobody takes it and the user has had enough
    }
  }
  buffer_.clear();
}

absl::Status FlushStandardOutput() {
  // What failed before the last flush has left its mark, and no reason.
  errno = 0;
  const bool is_lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!is_lost || errno == EPIPE || ReaderIsGone()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format(
      "standard output: {}",
      errno != 0 ? std::strerror(errno) : "not all could be written"));
}

}  // namespace cauce::cli
