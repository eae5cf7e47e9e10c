#include "tools/cli/line_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fmt/format.h"

namespace cauce::cli {
namespace {

constexpr size_t kReadBytes = 256 << 10;

}  // namespace

LineReader::LineReader(int fd, size_t line_bytes_max)
    : fd_(fd),
      line_bytes_max_(line_bytes_max),
      // Room for the longest line and its end: a longer one cannot be returned.
      buffer_(std::make_unique_for_overwrite<char[]>(
          std::min(kReadBytes, line_bytes_max + 1))),
      capacity_(std::min(kReadBytes, line_bytes_max + 1)) {}

std::optional<std::string_view> LineReader::Next() {
  const char* const from = buffer_.get() + scanned_;
  const void* const newline = std::memchr(from, '\n', end_ - scanned_);
  if (newline == nullptr) {
    scanned_ = end_;
    if (!ended_ || begin_ == end_) return std::nullopt;
  }
  const size_t line_end =
      newline == nullptr
          ? end_
          : static_cast<size_t>(static_cast<const char*>(newline) -
                                buffer_.get());
  const std::string_view line(buffer_.get() + begin_, line_end - begin_);
  begin_ = scanned_ = std::min(line_end + 1, end_);
  ++line_number_;
  return line;
}

absl::Status LineReader::Fill() {
  if (end_ - begin_ > line_bytes_max_) {
    return absl::InvalidArgumentError(fmt::format(
        "line {} is longer than {} bytes", line_number_ + 1, line_bytes_max_));
  }
  if (end_ - begin_ == capacity_) {
    const size_t doubled = capacity_ * 2;
    const size_t wanted =
        doubled < line_bytes_max_ ? doubled : line_bytes_max_ + 1;
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(grown.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(grown);
    capacity_ = wanted;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  }
  scanned_ -= begin_;
  end_ -= std::exchange(begin_, 0);
  const ssize_t got = read(fd_, buffer_.get() + end_, capacity_ - end_);
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("standard input: {}", std::strerror(errno)));
  }
  ended_ = got == 0;
  end_ += static_cast<size_t>(got);
  return absl::OkStatus();
}

}  // namespace cauce::cli
