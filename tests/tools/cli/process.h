// A child process with pipes: starts a program, feeds it, reads what it says,
// signals it and learns how much memory it takes and how it ended.
//
// No waiting by the clock: reads return when the child has written or gone.
// Whoever forgets to wait for a child kills it. For one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cauce::test {

class Process {
 public:
  // `arguments` begin with the program's path.
  explicit Process(const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Writes all of it to the child's standard input, reading nothing: for less
  // than a pipe holds. False when the child no longer reads.
  bool Write(std::string_view text);
  void CloseInput();

  // Nobody reads its standard output any more.
  void CloseOutput();

  // The next line of its standard output, without the newline; nothing at its
  // end.
  std::optional<std::string> ReadLine();

  // Whether ReadLine would find some output without waiting for it.
  bool HasOutput() const;

  void Signal(int signal);

  // The most memory it has had resident so far, while it runs.
  int64_t ResidentKibMax() const;

  // Standard output and standard error up to their ends.
  struct Result {
    int exit = -1;  // 128 + the signal where one ended it
    std::string out;
    std::string err;
  };

  // Feeds `input` to the child while reading both of its outputs, then waits
  // for its end.
  Result Finish(std::string_view input = "");

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string out_text_;  // read so far
  size_t returned_ = 0;   // how much of it
};

// Starts it, feeds it and waits.
Process::Result Run(const std::vector<std::string>& arguments,
                    std::string_view input = "");

}  // namespace cauce::test
