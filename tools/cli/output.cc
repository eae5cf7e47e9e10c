#include "tools/cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fmt/format.h"
#include "tools/cli/interrupts.h"

namespace cauce::cli {

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

void Output::LookForReader() {
  // An end that is gone is told unasked.
  pollfd out = {fd_, 0, 0};
  if (poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0) {
    gone_ = true;
  }
}

}  // namespace cauce::cli
