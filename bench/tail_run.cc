#include "bench/tail_run.h"

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "bench/floor.h"
#include "bench/look_ups.h"
#include "bench/statistics.h"
#include "engine/base/check.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// What stands at the head of a message.
struct Head {
  double begun = 0;
  int64_t number = 0;
};
static_assert(sizeof(Head) == kTailMessageBytesMin);

absl::Status ReadAll(const TailWork& work, ReadMessages read,
                     const std::atomic<bool>& gives_up,
                     std::vector<double>& took) {
  bool in_turn = true;
  while (std::ssize(took) < work.messages && in_turn && !gives_up) {
    const absl::Status done = read([&](std::string_view message) {
      const double now = MonotonicSeconds();
      Head head;
      in_turn &= message.size() == work.message_bytes;
      if (!in_turn) return;
      std::memcpy(&head, message.data(), sizeof head);
      in_turn = head.number == std::ssize(took);
      took.push_back(now - head.begun);
    });
    if (!done.ok()) return done;
  }
  if (in_turn) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("message {} of {} is not the next one", std::ssize(took) - 1,
                  work.messages));
}

}  // namespace

absl::StatusOr<Sample> RunTail(const TailWork& work, WriteMessage write,
                               ReadMessages read) {
  CAUCE_CHECK(work.message_bytes >= kTailMessageBytesMin && work.messages > 0);
  std::vector<double> took;
  took.reserve(static_cast<size_t>(work.messages));
  std::atomic<bool> has_begun = false;
  std::atomic<bool> gives_up = false;
  std::atomic<bool> reader_ended = false;
  absl::Status reading;
  double end = 0;
  std::thread reader([&] {
    has_begun = true;
    reading = ReadAll(work, read, gives_up, took);
    end = MonotonicSeconds();
    reader_ended = true;
  });
  while (!has_begun) continue;
  std::string message(work.message_bytes, 'm');
  absl::Status written;
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i < work.messages && written.ok(); ++i) {
    const double due = begin + static_cast<double>(i) /
                                   static_cast<double>(work.per_second);
    Head head{.begun = MonotonicSeconds(), .number = i};
    while (head.begun < due) head.begun = MonotonicSeconds();
    if (reader_ended) break;
    std::memcpy(message.data(), &head, sizeof head);
    written = write(message);
  }
  if (!written.ok()) gives_up = true;
  reader.join();
  if (!written.ok()) return written;
  if (!reading.ok()) return reading;
  Sample sample(end - begin, Quantile(took, 0.99));
  sample.figures = {{kP50, Median(took) * 1e6}};
  return sample;
}

}  // namespace cauce::bench
