#include "bench/doomed_child.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>

#include "bench/sample_text.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// A child has nobody to tell that its pipe is broken: it dies all the same.
void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

int WaitForEnd(pid_t child) {
  int how = 0;
  while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
  }
  return how;
}

}  // namespace

absl::StatusOr<DoomedChild> DoomedChild::Start(const Work& work) {
  int ends[2];
  if (pipe(ends) != 0) return absl::UnavailableError("pipe failed");
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return absl::UnavailableError("fork failed");
  }
  if (child == 0) {
    // It may wait for what nobody says once this process is gone.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    const absl::StatusOr<Sample> sample = work();
    WriteAll(ends[1], TextOf(sample));
    kill(getpid(), SIGKILL);
  }
  close(ends[1]);
  return DoomedChild(child, ends[0]);
}

DoomedChild::DoomedChild(DoomedChild&& other) noexcept
    : child_(std::exchange(other.child_, 0)),
      told_(std::exchange(other.told_, -1)) {}

DoomedChild::~DoomedChild() {
  if (child_ == 0) return;
  kill(child_, SIGKILL);
  close(told_);
  WaitForEnd(child_);
}

absl::StatusOr<Sample> DoomedChild::Finish() {
  const std::string text = ReadAll(told_);
  close(told_);
  const int how = WaitForEnd(std::exchange(child_, 0));
  if (text.empty()) {
    return absl::InternalError(
        fmt::format("a child ended by itself, status {}", how));
  }
  return SampleFromText(text);
}

absl::StatusOr<Sample> RunInDoomedChild(const DoomedChild::Work& work) {
  CAUCE_ASSIGN_OR_RETURN(DoomedChild child, DoomedChild::Start(work));
  return child.Finish();
}

}  // namespace cauce::bench
