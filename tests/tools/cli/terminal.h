// A child process at a terminal of its own, as a user runs it: all three of its
// descriptors are the terminal, what is typed reaches it a line at a time, and
// Ctrl-C interrupts it. What is typed is not echoed.
//
// No waiting by the clock. Whoever forgets to wait for a child kills it. For
// one thread at a time.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace cauce::test {

inline constexpr char kCtrlC[] = "\x03";
inline constexpr char kCtrlD[] = "\x04";  // at a line's beginning: the end

class Terminal {
 public:
  // `arguments` begin with the program's path.
  explicit Terminal(const std::vector<std::string>& arguments);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void Type(std::string_view keys);

  // Whether it has printed `text` so far; waits for nothing.
  bool HasPrinted(std::string_view text);
  // Waits for it, or for the child's end; returns whether it came.
  bool AwaitText(std::string_view text);

  // Waits for the child's end. 128 + the signal where one ended it.
  int Finish();

  // All that it has printed, up to the last look.
  const std::string& printed() const { return printed_; }

 private:
  // Takes up what there is; false at the child's end.
  bool ReadSome();

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string printed_;
};

}  // namespace cauce::test
