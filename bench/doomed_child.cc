#include "bench/doomed_child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

#include "bench/sample_text.h"
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

}  // namespace

absl::StatusOr<Sample> RunInDoomedChild(
    const std::function<absl::StatusOr<Sample>()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return absl::UnavailableError("pipe failed");
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return absl::UnavailableError("fork failed");
  }
  if (child == 0) {
    close(ends[0]);
    const absl::StatusOr<Sample> sample = work();
    WriteAll(ends[1], TextOf(sample));
    kill(getpid(), SIGKILL);
  }
  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  int how = 0;
  while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
  }
  if (text.empty()) {
    return absl::InternalError(
        fmt::format("a child ended by itself, status {}", how));
  }
  return SampleFromText(text);
}

}  // namespace cauce::bench
