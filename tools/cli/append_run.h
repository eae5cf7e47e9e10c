// The appends of `bench append`: several threads, each waiting for its own
// before the next, until so many records are stored or a signal came. Run once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "tools/cli/bench_report.h"
#include "tools/cli/percentiles.h"

namespace cauce::cli {

struct AppendRunOptions {
  int64_t records = 1'000'000;
  size_t record_bytes = 100;  // of a record's value
  size_t batch_bytes = 64 << 10;
  Codec codec = Codec::kNone;
  Ack ack = Ack::kDurable;
  int threads = 1;
};

class AppendRun {
 public:
  // The threads share the partitions of `into`, which is borrowed. So many as
  // `options` wants, or as the system has left: ResourceExhausted for none.
  AppendRun(const AppendRunOptions& options, std::vector<Partition>& into);

  // What was appended so far. Called on the thread that runs, now and then and
  // once at the end.
  using Watch = std::function<void(int64_t records, int64_t bytes)>;

  absl::Status Run(const Watch& watch);

  // How many threads appended.
  int threads() const { return threads_; }
  Figures figures() const;
  const Percentiles& latency() const { return latency_; }

 private:
  absl::Status Work(Partition& partition);
  int64_t Fill(BatchBuilder& builder);
  int64_t BytesOf(int64_t records) const;

  const AppendRunOptions options_;
  std::vector<Partition>& into_;
  const std::string payload_;
  Clock* const clock_ = SystemClock();
  std::atomic<int64_t> left_;
  int threads_ = 0;
  std::atomic<int> running_ = 0;
  std::atomic<int64_t> records_ = 0;
  absl::Duration elapsed_;
  Percentiles latency_;
};

}  // namespace cauce::cli
