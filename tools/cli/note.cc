#include "tools/cli/note.h"

#include <unistd.h>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/interrupts.h"

namespace cauce::cli {

int InterruptedExit() { return 128 + Interrupts::Signal(); }

void Note(std::string_view text) {
  const std::string line = fmt::format("cauce: {}\n", text);
  // One write, so that lines of different threads do not mix. Where it fails
  // there is nobody left to tell.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

int Fail(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  if (reason == Reason::kNone) {
    Note(MessageOf(status));
  } else {
    Note(fmt::format("{} ({})", MessageOf(status), ReasonName(reason)));
  }
  return kFailed;
}

int UsageError(std::string_view text) {
  Note(text);
  return kUsage;
}

int UsageError(const absl::Status& status) {
  return UsageError(MessageOf(status));
}

std::string Counted(int64_t count, std::string_view noun) {
  return Counted(count, noun, fmt::format("{}s", noun));
}

std::string Counted(int64_t count, std::string_view noun,
                    std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? noun : plural);
}

}  // namespace cauce::cli
