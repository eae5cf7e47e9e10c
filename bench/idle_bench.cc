// What does an idle engine cost the process that it lives in?
//
// Back of an envelope: two threads with some 50 KiB of stack and 10 of the
// allocator each, a segment's indexes, the cursor's read buffer of a batch, one
// batch's memory of the producer: 200 KiB, where the goal allows 1 MiB. Code is
// 1 or 2 MiB more, of files that the system may drop. Nobody looks at anything
// again and again: only upkeep wakes a thread, each 15 s at the most often.
// Nor does a member of a group that waits in a Poll: each third of its session,
// 100 s, it shows that it lives.
#include "bench/idle_bench.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "absl/time/time.h"
#include "bench/doomed_child.h"
#include "bench/floor.h"
#include "bench/peers/scratch_directory.h"
#include "bench/process_use.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kCauce[] = "cauce";
constexpr char kMember[] = "cauce, a member of a group in Poll";
// By the system's own names: what was written to, and code and constants of
// files, which it drops and reads again as it likes.
constexpr char kWrittenKiB[] = "Private_Dirty, KiB";
constexpr char kCodeKiB[] = "Private_Clean, KiB";
constexpr char kWakeUps[] = "wake-ups while idle";
constexpr char kTopic[] = "t";

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

void WaitForNothing(absl::Duration time) {
  Mutex mutex;
  CondVar nothing_comes;
  MutexLock lock(mutex);
  nothing_comes.WaitFor(mutex, time);
}

// Tells what has come since `before`, and waits while nobody does anything.
absl::StatusOr<Sample> TellIdle(const ProcessUse& before, double seconds,
                                absl::Duration idle) {
  // What was begun is done by then, and who is to wait does.
  constexpr absl::Duration kSettled = absl::Milliseconds(100);
  WaitForNothing(std::min(idle, kSettled));
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse now, ProcessUse::Now());
  CAUCE_ASSIGN_OR_RETURN(const int64_t slept, Sleeps());
  WaitForNothing(idle);
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

// Through whose producer and consumer one record went.
struct Used {
  std::unique_ptr<Client> client;
  std::unique_ptr<Producer> producer;
  std::unique_ptr<Consumer> consumer;
};

// A consumer without a group is assigned what there is.
absl::StatusOr<Used> OpenAndUse(const std::string& directory,
                                const ConsumerOptions& options) {
  Used used;
  CAUCE_ASSIGN_OR_RETURN(used.client, Client::Open("dir:" + directory));
  CAUCE_RETURN_IF_ERROR(used.client->engine()->CreateTopic(kTopic).status());
  CAUCE_ASSIGN_OR_RETURN(used.producer, used.client->NewProducer());
  CAUCE_ASSIGN_OR_RETURN(used.consumer, used.client->NewConsumer(options));
  CAUCE_RETURN_IF_ERROR(
      options.group.empty() ? used.consumer->Assign({{kTopic, PartitionId{0}}})
                            : used.consumer->Subscribe({kTopic}));
  CAUCE_RETURN_IF_ERROR(
      used.producer->SendAndWait({.topic = kTopic, .value = "v"}).status());
  CAUCE_ASSIGN_OR_RETURN(const auto records,
                         used.consumer->Poll(absl::InfiniteDuration()));
  if (records.size() != 1) return absl::DataLossError("the record is missing");
  return used;
}

absl::StatusOr<Sample> WithClients(const std::string& directory,
                                   absl::Duration idle) {
  CAUCE_RETURN_IF_ERROR(ProcessUse::Now().status());
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(const Used used,
                         OpenAndUse(directory, {.reset = ResetTo::kEarliest}));
  return TellIdle(before, MonotonicSeconds() - begin, idle);
}

absl::StatusOr<Sample> WithMember(const std::string& directory,
                                  absl::Duration idle) {
  CAUCE_RETURN_IF_ERROR(ProcessUse::Now().status());
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(
      const Used used,
      OpenAndUse(directory, {.group = "g", .reset = ResetTo::kEarliest}));
  Consumer& member = *used.consumer;
  // So that nothing is left to be committed by itself.
  CAUCE_RETURN_IF_ERROR(member.Commit());
  absl::Status polled;
  std::thread poller(
      [&] { polled = member.Poll(absl::InfiniteDuration()).status(); });
  const auto sample = TellIdle(before, MonotonicSeconds() - begin, idle);
  member.Wakeup();
  poller.join();
  if (ReasonOf(polled) != Reason::kWokenUp) {
    return absl::InternalError("the member did not wait: " + polled.ToString());
  }
  return sample;
}

}  // namespace

Contest IdleContest(const BenchOptions& options, absl::Duration idle) {
  Contest contest;
  contest.name = "BM_ClientIdle";
  contest.notes = fmt::format(
      "a process with a client of 2 threads, a topic, a producer and a "
      "consumer through which one record went, less what it had before, and "
      "{} s in which nobody does anything; floor: what it costs to ask. "
      "Seconds are those of opening, sending and polling it. The goal counts "
      "Private_Dirty: what was written to. Private_Clean is the program's code",
      absl::ToDoubleSeconds(idle));
  contest.items = 1;
  contest.bytes = 1;
  const auto in_child = [directory = options.directory + "/idle",
                         idle](auto work) {
    return [=] {
      const ScratchDirectory scratch(directory);
      return RunInDoomedChild(
          [&] { return work(scratch.path() + "/data", idle); });
    };
  };
  contest.sides = {{"floor", [] { return RunInDoomedChild(WithNothing); }},
                   {kCauce, in_child(WithClients)},
                   {kMember, in_child(WithMember)}};
  contest.goals = {
      {.side = kCauce, .figures_max = {{kWrittenKiB, 1024}, {kWakeUps, 0}}},
      {.side = kMember, .figures_max = {{kWakeUps, 0}}}};
  return contest;
}

}  // namespace cauce::bench
