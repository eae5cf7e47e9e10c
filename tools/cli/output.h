// Standard output in large pieces.
//
// A reader that went away (`| head`) is no error: what follows is dropped, and
// gone() tells the loop that writes to end. For one thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cauce::cli {

class Output {
 public:
  // Borrows the descriptor.
  explicit Output(int fd);
  // Flush first to learn of errors.
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Where text is put together in place: append to it, then call Written().
  std::string& buffer() { return buffer_; }
  void Written() {
    if (buffer_.size() >= kFlushBytes) Flush();
  }

  void Write(std::string_view text) {
    buffer_.append(text);
    Written();
  }

  void Flush();

  // Whoever waits on fd() has learned that nobody reads any more.
  void NoteReaderGone() { gone_ = true; }
  int fd() const { return fd_; }

  // Nobody reads any more, or writing failed: see status().
  bool gone() const { return gone_; }
  // What failed, other than that the reader went away.
  const absl::Status& status() const { return status_; }

 private:
  static constexpr size_t kFlushBytes = 256 << 10;

  const int fd_;
  bool gone_ = false;
  absl::Status status_;
  std::string buffer_;
};

// Hands on what stdio has taken for standard output, and says what was lost of
// it. A reader that went away has what it wanted: that is no failure.
absl::Status FlushStandardOutput();

}  // namespace cauce::cli
