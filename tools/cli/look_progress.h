// How far looking through a directory has come, on standard error: a line that
// is rewritten on a terminal, or lines where they are wanted anyway. For one
// thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/inspect.h"

namespace cauce::cli {

class LookProgress {
 public:
  enum class Shown { kOnTerminal, kAlways };

  // `clock` is borrowed.
  LookProgress(std::string_view verb, Shown shown,
               Clock* clock = SystemClock());
  ~LookProgress() { Finish(); }
  LookProgress(const LookProgress&) = delete;
  LookProgress& operator=(const LookProgress&) = delete;

  // Shows it now and then. After a signal it says how far the work came and
  // ends the process: whoever only looks leaves nothing behind.
  void Update(const VerifyProgress& progress);

  // After a signal it says so with `how_far`, and ends the process, too: for
  // who writes, between two changes.
  void EndIfInterrupted(std::string_view how_far);

  // Wipes the line, or writes the last one.
  void Finish();

 private:
  std::string Text(const VerifyProgress& progress) const;

  const std::string verb_;
  Clock* const clock_;
  const bool on_terminal_;
  const bool shown_;
  absl::Duration next_;
  std::optional<VerifyProgress> last_;
};

}  // namespace cauce::cli
