#include "tools/cli/note.h"

#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/plain_text.h"

namespace cauce::cli {
namespace {

// Back to the line's beginning, and all of it away.
constexpr std::string_view kWipe = "\r\x1b[K";

// There is one terminal, and any thread may have to tell something.
std::atomic<bool> progress_drawn = false;

// One write, so that lines of different threads do not mix. Where it fails
// there is nobody left to tell.
void Write(const std::string& text) {
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

int InterruptedExit() { return 128 + Interrupts::Signal(); }

void Note(std::string_view text) {
  // What it names may have any bytes: a group, say.
  Write(fmt::format("{}cauce: {}\n",
                    progress_drawn.exchange(false) ? kWipe : "",
                    PlainLines(text)));
}

void DrawProgress(std::string_view text) {
  Write(fmt::format("{}{}", kWipe, text));
  progress_drawn = true;
}

void WipeProgress() {
  if (progress_drawn.exchange(false)) Write(std::string(kWipe));
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
