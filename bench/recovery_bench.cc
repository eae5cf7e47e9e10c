// How long after a kill -9 is the first record durable again?
//
// Back of an envelope: with current recovery points at most 64 MiB of a log are
// read, checked, written once more (a failed sync may have left pages that only
// memory has) and synced: 64 MiB at 10 GB/s in, at 2.5 GB/s out and a sync are
// 50 ms, however long the log is. 2000 partitions are 2000 files to open, scan
// and sync: 20 us each where the disk is quick, 40 ms on two processors and as
// much for the names. Without recovery points everything is read at the speed
// of the floor, and written at that of a copy.
#include "bench/recovery_bench.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bench/floor.h"
#include "bench/killed_topic.h"
#include "bench/payload.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
constexpr size_t kFloorReadBytes = 1 << 20;
// What each writer after the first has written when it is killed, at most.
constexpr int64_t kTailBytes = 300 << 20;

struct Killed {
  Payload payload;
  std::unique_ptr<KilledTopic> topic;
};

}  // namespace

std::vector<RecoveryWork> RecoveryWorks() {
  return {{.partitions = 1, .times_bytes = 10},
          {.partitions = 2000},
          {.partitions = 1, .full_scan = true}};
}

std::string RecoveryContestName(const RecoveryWork& work) {
  return fmt::format("BM_EngineRecover/partitions:{}/full_scan:{}",
                     work.partitions, work.full_scan ? 1 : 0);
}

absl::StatusOr<Contest> RecoveryContest(const BenchOptions& options,
                                        const RecoveryWork& work) {
  const auto killed = std::make_shared<Killed>(
      Killed{Payload(100, kBatchBytes, options.seed), nullptr});
  const int64_t bytes = options.bytes * work.times_bytes;
  CAUCE_ASSIGN_OR_RETURN(
      killed->topic,
      KilledTopic::Create(options.directory + "/killed", killed->payload,
                          work.partitions, killed->payload.BatchesFor(bytes)));
  const int64_t tail =
      killed->payload.BatchesFor(std::min(kTailBytes, options.bytes / 7));
  const auto recover = [=](int threads) {
    return [=]() -> absl::StatusOr<double> {
      CAUCE_RETURN_IF_ERROR(SettleDisk(options.directory));
      if (work.full_scan) {
        CAUCE_RETURN_IF_ERROR(killed->topic->ForgetRecoveryPoints());
      }
      // Where all is scanned it stays as long as it was.
      return killed->topic->Recover(threads, work.full_scan ? 0 : tail);
    };
  };

  Contest contest;
  contest.name = RecoveryContestName(work);
  contest.notes =
      "floor: pread and crc32c of all there is; the others: from before the "
      "opening until one more record is durable. GB as there were at first";
  contest.bytes = killed->topic->bytes();
  contest.items = bytes / static_cast<int64_t>(killed->payload.batch().size()) *
                  static_cast<int64_t>(killed->payload.records().size());
  contest.sides = {{"floor",
                    [killed] {
                      return RunFloorRead(killed->topic->LogPaths(),
                                          kFloorReadBytes);
                    }},
                   {"cauce", recover(0)},
                   {"cauce, executor of 2 threads", recover(2)}};
  Goal goal{.side = "cauce"};
  if (work.full_scan) {
    goal.bytes_per_second_min = 10e9;
  } else {
    goal.seconds_max = 0.1;
  }
  contest.goals = {goal};
  return contest;
}

}  // namespace cauce::bench
