// A line on standard error that tells how far long work has come, rewritten
// now and then; nothing unless standard error is a terminal, nor where the work
// fills a terminal itself. For one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::cli {

// "1.5 MB", in powers of ten, as disks and networks are sold.
std::string BytesText(double bytes);

// "[====      ]  40 %  ".
std::string ProgressBar(double share);

class Progress {
 public:
  // When the work writes to standard output.
  enum class Prints { kAtTheEnd, kMeanwhile };

  // `bytes_total` is where the work ends; 0 where nobody knows. `clock` is
  // borrowed.
  Progress(std::string_view verb, int64_t bytes_total,
           Prints prints = Prints::kAtTheEnd, Clock* clock = SystemClock());
  ~Progress() { Finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `share`, from 0 to 1, of who knows it by something else than bytes.
  void Update(int64_t records, int64_t bytes,
              std::optional<double> share = std::nullopt) {
    if (shown_) Show(records, bytes, share);
  }

  // Wipes the line; Update draws it again.
  void Finish();

  // Since it was made.
  absl::Duration elapsed() const { return clock_->Monotonic() - begun_; }

 private:
  void Show(int64_t records, int64_t bytes, std::optional<double> share);

  const std::string verb_;
  const int64_t bytes_total_;
  Clock* const clock_;
  const absl::Duration begun_;
  const bool shown_;
  absl::Duration next_;
};

}  // namespace cauce::cli
