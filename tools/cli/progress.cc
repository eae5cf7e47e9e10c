#include "tools/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "tools/cli/note.h"

namespace cauce::cli {
namespace {

constexpr int kBarColumns = 20;
constexpr absl::Duration kInterval = absl::Milliseconds(200);

}  // namespace

std::string ProgressBar(double share) {
  const int full = static_cast<int>(share * kBarColumns);
  return fmt::format("[{}{}] {:3.0f} %  ", std::string(full, '='),
                     std::string(kBarColumns - full, ' '), share * 100);
}

std::string BytesText(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KB", "MB", "GB",
                                                      "TB"};
  size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 99.95 ? 0 : 1,
                     kUnits[unit]);
}

Progress::Progress(std::string_view verb, int64_t bytes_total, Prints prints,
                   Clock* clock)
    : verb_(verb),
      bytes_total_(bytes_total),
      clock_(clock),
      begun_(clock->Monotonic()),
      shown_(isatty(STDERR_FILENO) != 0 &&
             (prints == Prints::kAtTheEnd || isatty(STDOUT_FILENO) == 0)),
      next_(begun_ + kInterval) {}

void Progress::Finish() {
  if (shown_) WipeProgress();
}

void Progress::Show(int64_t records, int64_t bytes,
                    std::optional<double> share) {
  const absl::Duration now = clock_->Monotonic();
  if (now < next_) return;
  next_ = now + kInterval;
  const double seconds = absl::ToDoubleSeconds(now - begun_);
  std::string bar;
  if (!share && bytes_total_ > 0) {
    share = static_cast<double>(bytes) / static_cast<double>(bytes_total_);
  }
  if (share) bar = ProgressBar(std::clamp(*share, 0.0, 1.0));
  DrawProgress(fmt::format("{}{} {} records, {}, {}/s", bar, verb_, records,
                           BytesText(static_cast<double>(bytes)),
                           BytesText(static_cast<double>(bytes) / seconds)));
}

}  // namespace cauce::cli
