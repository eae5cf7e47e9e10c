// What does an idle engine cost the process that it lives in?
//
// Back of an envelope: two threads with some 50 KiB of stack and 10 of the
// allocator each, a segment's indexes, the cursor's read buffer of a batch, one
// batch's memory of the producer: 200 KiB, where the goal allows 1 MiB. Code is
// 1 or 2 MiB more, of files that the system may drop. Nobody looks at anything
// again and again: only upkeep wakes a thread, each 15 s at the most often.
#include "bench/idle_bench.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include "absl/time/time.h"
#include "bench/doomed_child.h"
#include "bench/floor.h"
#include "bench/peers/scratch_directory.h"
#include "bench/process_use.h"
#include "cauce/client.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kCauce[] = "cauce";
constexpr char kWrittenKiB[] = "private KiB, written";
constexpr char kCodeKiB[] = "private KiB, of files";
constexpr char kWakeUps[] = "wake-ups in 1 s";
constexpr absl::Duration kIdle = absl::Seconds(1);

// How often a thread of this process has gone to sleep by itself. Unavailable
// where /proc cannot be read.
absl::StatusOr<int64_t> Sleeps() {
  constexpr char kTasks[] = "/proc/self/task";
  int64_t sleeps = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator task(kTasks, error), none;
       !error && task != none; task.increment(error)) {
    std::ifstream words(task->path() / "status");
    for (std::string word; words >> word;) {
      int64_t count = 0;
      if (word == "voluntary_ctxt_switches:" && words >> count) sleeps += count;
    }
  }
  if (!error && sleeps > 0) return sleeps;
  return absl::UnavailableError(
      fmt::format("{}: does not say how often threads slept: {}", kTasks,
                  error.message()));
}

// Tells what has come since `before`, and waits while nobody does anything.
absl::StatusOr<Sample> TellIdle(const ProcessUse& before, double seconds) {
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse now, ProcessUse::Now());
  CAUCE_ASSIGN_OR_RETURN(const int64_t slept, Sleeps());
  Mutex mutex;
  CondVar nothing_comes;
  {
    MutexLock lock(mutex);
    nothing_comes.WaitFor(mutex, kIdle);
  }
  CAUCE_ASSIGN_OR_RETURN(const int64_t slept_since, Sleeps());
  Sample sample(seconds);
  const int64_t written = now.written_bytes - before.written_bytes;
  const int64_t more = now.private_bytes - before.private_bytes;
  const int64_t more_open = now.descriptors - before.descriptors;
  sample.figures = {
      {kWrittenKiB, static_cast<double>(written) / 1024},
      {kCodeKiB, static_cast<double>(more - written) / 1024},
      {"descriptors", static_cast<double>(more_open)},
      // But for this one's own.
      {kWakeUps, static_cast<double>(slept_since - slept - 1)}};
  return sample;
}

// What it costs to ask.
absl::StatusOr<Sample> WithNothing() {
  CAUCE_RETURN_IF_ERROR(ProcessUse::Now().status());
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse now, ProcessUse::Now());
  Sample sample(MonotonicSeconds() - begin);
  sample.figures = {
      {kWrittenKiB,
       static_cast<double>(now.written_bytes - before.written_bytes) / 1024}};
  return sample;
}

absl::StatusOr<Sample> WithClients(const std::string& directory) {
  CAUCE_RETURN_IF_ERROR(ProcessUse::Now().status());
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(const auto client, Client::Open("dir:" + directory));
  CAUCE_RETURN_IF_ERROR(client->engine()->CreateTopic("t").status());
  CAUCE_ASSIGN_OR_RETURN(const auto producer, client->NewProducer());
  CAUCE_ASSIGN_OR_RETURN(const auto consumer,
                         client->NewConsumer({.reset = ResetTo::kEarliest}));
  CAUCE_RETURN_IF_ERROR(consumer->Assign({{"t", PartitionId{0}}}));
  CAUCE_RETURN_IF_ERROR(
      producer->SendAndWait({.topic = "t", .value = "v"}).status());
  CAUCE_ASSIGN_OR_RETURN(const auto records,
                         consumer->Poll(absl::InfiniteDuration()));
  if (records.size() != 1) return absl::DataLossError("the record is missing");
  return TellIdle(before, MonotonicSeconds() - begin);
}

}  // namespace

Contest IdleContest(const BenchOptions& options) {
  Contest contest;
  contest.name = "BM_ClientIdle";
  contest.notes =
      "a process with a client of 2 threads, a topic, a producer and a "
      "consumer through which one record went, less what it had before; floor: "
      "what it costs to ask. Seconds are those of opening, sending and polling "
      "it";
  contest.items = 1;
  contest.bytes = 1;
  contest.sides = {
      {"floor", [] { return RunInDoomedChild(WithNothing); }},
      {kCauce, [directory = options.directory + "/idle"] {
         const ScratchDirectory scratch(directory);
         return RunInDoomedChild(
             [&] { return WithClients(scratch.path() + "/data"); });
       }}};
  contest.goals = {{.side = kCauce,
                    .figures_max = {{kWrittenKiB, 1024}, {kWakeUps, 0}}}};
  return contest;
}

}  // namespace cauce::bench
