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
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// What stands at the head of a message.
struct Head {
  double begun = 0;
  int64_t number = 0;
};
static_assert(sizeof(Head) == kTailMessageBytesMin);

}  // namespace

absl::StatusOr<Sample> ReadTail(const TailWork& work, ReadMessages read,
                                const std::atomic<bool>& is_over) {
  std::vector<double> took;
  took.reserve(static_cast<size_t>(work.messages));
  bool in_turn = true;
  while (std::ssize(took) < work.messages && in_turn && !is_over) {
    CAUCE_RETURN_IF_ERROR(read([&](std::string_view message) {
      const double now = MonotonicSeconds();
      Head head;
      in_turn &= message.size() == work.message_bytes;
      if (!in_turn) return;
      std::memcpy(&head, message.data(), sizeof head);
      in_turn = head.number == std::ssize(took);
      took.push_back(now - head.begun);
    }));
  }
  const double end = MonotonicSeconds();
  if (!in_turn) {
    return absl::DataLossError(
        fmt::format("message {} of {} is not the next one",
                    std::ssize(took) - 1, work.messages));
  }
  if (took.empty()) return absl::CancelledError("nothing was read");
  Sample sample(end, Quantile(took, 0.99));
  sample.figures = {{kP50, Median(took) * 1e6}};
  return sample;
}

absl::StatusOr<double> WriteTail(const TailWork& work, WriteMessage write,
                                 const std::atomic<bool>& is_over) {
  std::string message(work.message_bytes, 'm');
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i < work.messages && !is_over; ++i) {
    const double due = begin + static_cast<double>(i) /
                                   static_cast<double>(work.per_second);
    Head head{.begun = MonotonicSeconds(), .number = i};
    while (head.begun < due) head.begun = MonotonicSeconds();
    std::memcpy(message.data(), &head, sizeof head);
    CAUCE_RETURN_IF_ERROR(write(message));
  }
  return begin;
}

absl::StatusOr<Sample> RunTail(const TailWork& work, WriteMessage write,
                               ReadMessages read) {
  CAUCE_CHECK(work.message_bytes >= kTailMessageBytesMin && work.messages > 0);
  std::atomic<bool> has_begun = false;
  std::atomic<bool> writer_failed = false;
  std::atomic<bool> reader_ended = false;
  absl::StatusOr<Sample> reading = Sample(0);
  std::thread reader([&] {
    has_begun = true;
    reading = ReadTail(work, read, writer_failed);
    reader_ended = true;
  });
  while (!has_begun) continue;
  const auto begin = WriteTail(work, write, reader_ended);
  if (!begin.ok()) writer_failed = true;
  reader.join();
  CAUCE_RETURN_IF_ERROR(begin.status());
  CAUCE_RETURN_IF_ERROR(reading.status());
  reading->seconds -= *begin;
  return reading;
}

}  // namespace cauce::bench
