// How fast does a pass go over a topic, beside a bare loop that reads, hashes
// and writes what is left; and how long do appends to it take meanwhile?
//
// Back of an envelope, for records of 150 B and a core: all is read, checked
// and decoded twice, at 7 GB/s each time once it lies in the page cache, 40 ns
// a record in all; a hash takes 10 and its slot in the table, which misses the
// cache, 10 to 20. Of 4 GB with 1 million keys little is left to write: expect
// 2 to 3 GB/s of what is read first. With 20 million keys half is written, at 2
// to 3 GB/s for itself: 1 to 2 GB/s. Records of 2 KiB cost copying alone. Then
// the disk has to take what is left before it counts: so the time of the
// processor stands beside the clock's.
#include "bench/compaction_bench.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/functional/function_ref.h"
#include "bench/compaction_floor.h"
#include "bench/dirty_topic.h"
#include "bench/floor.h"
#include "bench/peers/scratch_directory.h"
#include "bench/statistics.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kCpu[] = "CPU, s";
constexpr int64_t kFourGb = 4'000'000'000;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Held {
  BenchOptions options;
  CompactionWork work;
  std::unique_ptr<DirtyTopic> topic;
};

struct Opened {
  Engine engine;
  Partition partition;
};

absl::StatusOr<Opened> Open(const Held& held, const std::string& directory) {
  EngineOptions options;
  options.compaction_memory_max = held.work.memory_bytes;
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory, options));
  CAUCE_ASSIGN_OR_RETURN(
      Partition partition,
      engine.OpenPartition(held.topic->topic(), PartitionId{0}));
  return Opened{std::move(engine), std::move(partition)};
}

absl::Status CheckLeft(const DirtyTopic& topic, int64_t removed) {
  const int64_t left = topic.records() - removed;
  if (left == topic.distinct_keys()) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{} records are left of {} keys", left,
                                         topic.distinct_keys()));
}

FloorCompaction BareLoop(const Held& held) {
  return {.logs = held.topic->LogPaths(),
          .records = held.topic->records(),
          .keys = held.topic->distinct_keys(),
          .output = held.options.directory + "/floor"};
}

absl::StatusOr<Sample> Floor(const Held& held) {
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  const double cpu = CpuSeconds();
  CAUCE_ASSIGN_OR_RETURN(Sample sample, RunFloorCompaction(BareLoop(held)));
  sample.figures = {{kCpu, CpuSeconds() - cpu}};
  return sample;
}

absl::StatusOr<Sample> Compact(const Held& held) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  CAUCE_RETURN_IF_ERROR(held.topic->CopyTo(copy.path()));
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  CAUCE_ASSIGN_OR_RETURN(Opened opened, Open(held, copy.path()));
  const double cpu = CpuSeconds();
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(const CompactionTotals totals,
                         opened.partition.Compact());
  Sample sample(MonotonicSeconds() - begin);
  sample.figures = {{kCpu, CpuSeconds() - cpu}};
  CAUCE_RETURN_IF_ERROR(CheckLeft(*held.topic, totals.records_removed));
  CAUCE_RETURN_IF_ERROR(opened.engine.Close());
  return sample;
}

// Kafka's cleaner, on the same files; it warms up on the first of them.
absl::StatusOr<Sample> CompactByKafka(const Held& held) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  const ScratchDirectory warm(held.options.directory + "/warm");
  CAUCE_RETURN_IF_ERROR(held.topic->CopyTo(copy.path()));
  CAUCE_RETURN_IF_ERROR(held.topic->CopyBeginningTo(warm.path()));
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  const std::string folder = held.topic->folder();
  return held.options.java->Run(
      "KafkaCleaner",
      {copy.path() + folder, warm.path() + folder,
       fmt::format("{}", held.work.memory_bytes),
       fmt::format("{}", held.topic->segment_bytes()),
       fmt::format("{}", held.topic->distinct_keys())});
}

// ---- Appends meanwhile

constexpr double kAppendsPerSecond = 20'000;
constexpr char kTimesAlone[] = "p99, times that of nobody compacting";

// Appends single records at a fixed rate, as long as `goes_on` says of how many
// there are, and returns the p99 of how long each took from when it was due.
absl::StatusOr<double> AppendAtRate(
    Partition& partition, absl::FunctionRef<bool(int64_t count)> goes_on) {
  const std::string value(100, 'v');
  std::vector<double> took;
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i == 0 || goes_on(i); ++i) {
    const double due = begin + static_cast<double>(i) / kAppendsPerSecond;
    while (MonotonicSeconds() < due) {
    }
    const Record record{
        .key = "foreground", .value = value, .timestamp = {1'680'000'000'000}};
    CAUCE_RETURN_IF_ERROR(
        partition.Append({&record, 1}, {Ack::kWritten}).status());
    took.push_back(MonotonicSeconds() - due);
  }
  return Quantile(took, 0.99);
}

enum class Beside { kNobody, kBareLoop, kPass };

// While another thread does `work`.
absl::StatusOr<double> AppendBeside(
    Partition& partition, absl::FunctionRef<absl::Status()> work) {
  std::atomic<bool> is_over = false;
  absl::Status worked;
  std::thread thread([&] {
    worked = work();
    is_over = true;
  });
  const auto p99 =
      AppendAtRate(partition, [&](int64_t) { return !is_over.load(); });
  thread.join();
  CAUCE_RETURN_IF_ERROR(worked);
  return p99;
}

absl::StatusOr<double> AppendBeside(const Held& held, Partition& partition,
                                    Beside beside) {
  if (beside == Beside::kPass) {
    return AppendBeside(partition,
                        [&] { return partition.Compact().status(); });
  }
  return AppendBeside(partition, [&] {
    return RunFloorCompaction(BareLoop(held)).status();
  });
}

absl::StatusOr<Sample> AppendTo(const Held& held, Beside beside) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  CAUCE_RETURN_IF_ERROR(held.topic->CopyTo(copy.path()));
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  CAUCE_ASSIGN_OR_RETURN(Opened opened, Open(held, copy.path()));
  // As long as a pass over the topic takes, give or take.
  const auto appends = static_cast<int64_t>(
      static_cast<double>(held.topic->bytes()) / 1.5e9 * kAppendsPerSecond);
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(
      const double alone,
      AppendAtRate(opened.partition,
                   [&](int64_t count) { return count < appends; }));
  double p99 = alone;
  if (beside != Beside::kNobody) {
    CAUCE_ASSIGN_OR_RETURN(p99, AppendBeside(held, opened.partition, beside));
  }
  Sample sample(MonotonicSeconds() - begin, p99);
  sample.figures = {{kTimesAlone, p99 / alone}};
  CAUCE_RETURN_IF_ERROR(opened.engine.Close());
  return sample;
}

absl::StatusOr<std::shared_ptr<Held>> Hold(const BenchOptions& options,
                                           const CompactionWork& work) {
  const auto keys = static_cast<int64_t>(
      static_cast<double>(work.keys_of_4_gb) *
      static_cast<double>(options.bytes) / static_cast<double>(kFourGb));
  CAUCE_ASSIGN_OR_RETURN(
      auto topic, DirtyTopic::Create(options.directory + "/dirty",
                                     {.bytes = options.bytes,
                                      .value_bytes_min = work.value_bytes_min,
                                      .value_bytes_max = work.value_bytes_max,
                                      .keys = std::max<int64_t>(keys, 1),
                                      .seed = options.seed}));
  return std::make_shared<Held>(Held{options, work, std::move(topic)});
}

}  // namespace

std::vector<CompactionWork> CompactionWorks() {
  // 15 B of a record are around key and value.
  return {{85, 185, 1'000'000, 128 << 20, 2.5e9},
          {85, 185, 20'000'000, 512 << 20, 1.8e9},
          {2048, 2048, 1'200'000, 128 << 20, 4e9}};
}

std::string CompactionContestName(const CompactionWork& work) {
  return fmt::format("BM_PartitionCompact/value_bytes:{}-{}/keys:{}",
                     work.value_bytes_min, work.value_bytes_max,
                     work.keys_of_4_gb);
}

absl::StatusOr<Contest> CompactionContest(const BenchOptions& options,
                                          const CompactionWork& work) {
  CAUCE_ASSIGN_OR_RETURN(const auto held, Hold(options, work));
  const DirtyTopic& topic = *held->topic;
  Contest contest;
  contest.name = CompactionContestName(work);
  contest.notes = fmt::format(
      "floor: pread, crc32c, hash and table, then pread, crc32c and write of "
      "what is left, fdatasync; {:.0f} % of {} records are dead, {} MiB of "
      "memory for keys",
      100.0 - 100.0 * static_cast<double>(topic.distinct_keys()) /
                  static_cast<double>(topic.records()),
      topic.records(), work.memory_bytes >> 20);
  contest.bytes = topic.bytes();
  contest.items = topic.records();
  contest.sides = {{"floor", [held] { return Floor(*held); }},
                   {"cauce", [held] { return Compact(*held); }}};
  if (options.java != nullptr) {
    contest.sides.push_back(
        {"Kafka, Cleaner", [held] { return CompactByKafka(*held); }});
  }
  const double cpu_max =
      static_cast<double>(topic.bytes()) / work.bytes_per_cpu_second_min;
  contest.goals = {{.side = "cauce", .figures_max = {{kCpu, cpu_max}}}};
  return contest;
}

absl::StatusOr<Contest> AppendWhileCompactingContest(
    const BenchOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(const auto held,
                         Hold(options, CompactionWorks().front()));
  Contest contest;
  contest.name = kAppendWhileCompacting;
  contest.notes = fmt::format(
      "single records, {:.0f} a second, each timed from when it was due; "
      "floor: nobody compacts; the others: at first nobody, then a bare loop "
      "that compacts another's files, or a pass over the same partition",
      kAppendsPerSecond);
  contest.bytes = held->topic->bytes();
  contest.items = held->topic->records();
  const auto side = [held](Beside beside) {
    return [held, beside] { return AppendTo(*held, beside); };
  };
  contest.sides = {{"floor", side(Beside::kNobody)},
                   {"cauce, beside a bare loop", side(Beside::kBareLoop)},
                   {"cauce", side(Beside::kPass)}};
  contest.goals = {{.side = "cauce", .figures_max = {{kTimesAlone, 2}}}};
  return contest;
}

}  // namespace cauce::bench
