#include "tools/cli/look_progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "fmt/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

constexpr absl::Duration kTerminalInterval = absl::Milliseconds(200);
constexpr absl::Duration kLineInterval = absl::Seconds(5);

void WriteLine(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace

LookProgress::LookProgress(std::string_view verb, Shown shown, Clock* clock)
    : verb_(verb),
      clock_(clock),
      on_terminal_(isatty(STDERR_FILENO) != 0),
      shown_(on_terminal_ || shown == Shown::kAlways),
      next_(clock->Monotonic() + kTerminalInterval) {}

void LookProgress::Update(const VerifyProgress& progress) {
  if (Interrupts::Signal() != 0) EndIfInterrupted(Text(progress));
  if (!shown_) return;
  last_ = progress;
  const absl::Duration now = clock_->Monotonic();
  if (now < next_) return;
  next_ = now + (on_terminal_ ? kTerminalInterval : kLineInterval);
  const double share = progress.file_bytes_total == 0
                           ? 1
                           : static_cast<double>(progress.file_bytes) /
                                 static_cast<double>(progress.file_bytes_total);
  if (on_terminal_) {
    DrawProgress(ProgressBar(std::min(1.0, share)) + Text(progress));
  } else {
    WriteLine(Text(progress));
  }
}

void LookProgress::EndIfInterrupted(std::string_view how_far) {
  if (Interrupts::Signal() == 0) return;
  Finish();
  Note(fmt::format("interrupted: {}", how_far));
  std::_Exit(InterruptedExit());
}

void LookProgress::Finish() {
  if (!last_) return;
  if (on_terminal_) {
    WipeProgress();
  } else {
    WriteLine(Text(*last_));
  }
  last_.reset();
}

std::string LookProgress::Text(const VerifyProgress& progress) const {
  return fmt::format("{} {} of {} files, {} of {}", verb_, progress.files,
                     progress.files_total,
                     BytesText(static_cast<double>(progress.file_bytes)),
                     BytesText(static_cast<double>(progress.file_bytes_total)));
}

}  // namespace cauce::cli
