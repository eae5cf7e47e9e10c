// The lines of a descriptor, without waiting for more than is asked.
//
// A line ends with '\n', which is not part of it; every other byte is, '\r'
// and '\0' too. What stands behind the last '\n' is a line as well. Memory is
// bounded by the longest line allowed. For one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace cauce::cli {

// The longest line that a verb takes.
inline constexpr size_t kLineBytesMax = size_t{64} << 20;
// What such a line may come to as JSON, where a byte takes up to six.
inline constexpr size_t kJsonLineBytesMax = 6 * kLineBytesMax + (1 << 20);

class LineReader {
 public:
  // Borrows the descriptor.
  explicit LineReader(int fd, size_t line_bytes_max = kLineBytesMax);

  // The next line of what was read so far, valid until Fill. Nothing when
  // more must be read first, or at the end.
  std::optional<std::string_view> Next();

  // Reads once; waits where nothing is there. An interrupted read reads
  // nothing. Call it when Next has nothing. Fails when the line it would go on
  // with is longer than allowed, telling its number.
  absl::Status Fill();

  // Nothing more will come: every line has been returned.
  bool at_end() const { return ended_ && begin_ == end_; }
  // The number of the line that Next() returned last, from one.
  int64_t line_number() const { return line_number_; }
  // How much was read that Next() has not returned: with Next() at nothing, a
  // line without its end.
  size_t unfinished_bytes() const { return end_ - begin_; }

 private:
  const int fd_;
  const size_t line_bytes_max_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  size_t begin_ = 0;    // of what was read and not returned
  size_t scanned_ = 0;  // no '\n' lies in [begin_, scanned_)
  size_t end_ = 0;
  bool ended_ = false;
  int64_t line_number_ = 0;
};

}  // namespace cauce::cli
