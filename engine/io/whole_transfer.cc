#include "engine/io/whole_transfer.h"

#include <algorithm>
#include <cerrno>

namespace cauce {
namespace {

// Repeats a call that is to be asked again.
template <class Call>
ssize_t AskUntilAnswered(Call call) {
  for (int again = 0;;) {
    const ssize_t result = call();
    if (result >= 0) return result;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || ++again >= kAgainMax) return result;
  }
}

}  // namespace

Transfer ReadWhole(ReadCall call, int64_t position, std::span<char> into) {
  Transfer done;
  while (done.bytes < into.size()) {
    const ssize_t got = AskUntilAnswered([&] {
      return call(into.subspan(done.bytes),
                  position + static_cast<int64_t>(done.bytes));
    });
    if (got < 0) done.error = errno;
    if (got <= 0) break;
    done.bytes += static_cast<size_t>(got);
  }
  return done;
}

Transfer WriteWhole(WriteCall call, int64_t position,
                    std::span<const std::string_view> parts) {
  Transfer done;
  size_t skip = 0;  // bytes of the first part that are written already
  for (;;) {
    while (!parts.empty() && skip >= parts.front().size()) {
      skip -= parts.front().size();
      parts = parts.subspan(1);
    }
    if (parts.empty()) return done;
    // A call stopped within a part: its rest goes alone.
    const std::string_view rest = parts.front().substr(skip);
    const auto now = skip > 0 ? std::span(&rest, 1)
                              : parts.first(std::min(parts.size(), kPartsMax));
    const ssize_t written = AskUntilAnswered(
        [&] { return call(now, position + static_cast<int64_t>(done.bytes)); });
    if (written <= 0) {
      done.error = written < 0 ? errno : EIO;
      return done;
    }
    done.bytes += static_cast<size_t>(written);
    skip += static_cast<size_t>(written);
  }
}

}  // namespace cauce
