// What an engine costs the process around it while nobody uses it, with a
// producer and a consumer, or a member of a group that waits for records:
// memory of its own, descriptors, threads, wake-ups.
//
// Its sides run in forked children: for a process without other threads.
#pragma once

#include "absl/time/time.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

// `idle` is how long nobody does anything: longer than the 3 s between two
// heartbeats of a Kafka client.
Contest IdleContest(const BenchOptions& options,
                    absl::Duration idle = absl::Seconds(4));

}  // namespace cauce::bench
