// How near does appending batches of 64 KiB, or records one by one, come to a
// bare loop of memcpy, CRC-32C and pwrite over the same bytes, and how far is
// it from what others do?
//
// Back of an envelope, on a growing file: the kernel takes and fills sixteen
// pages, 10 to 20 us; the checksum takes 1 us at 60 GB/s. Encoding 555 records
// of 100 B at 9 ns is 5 us, where the floor's copies take 1 us; encoding 62
// records of 1 KiB is 1.2 us, nearly all of it the same memcpy. The engine's
// own part, an append, has to stay far below a microsecond: one clock, two
// locks, one index entry. Expect 0.85 to 0.9 of the floor at 100 B and 0.95 at
// 1 KiB, and more where pages are dear.
//
// One by one: a write takes 0.3 us and the page's share of 4 KiB besides, 0.1
// us at 180 B; header and checksum 20 ns, the engine's append some 200. Expect
// 2 million records a second of 100 B, and 0.7 of the floor.
#include "bench/append_bench.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "bench/floor.h"
#include "bench/payload.h"
#include "bench/peers/appending_peers.h"
#include "bench/scratch_topic.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
// What surrounds a single record's value in a batch of its own, at most.
constexpr size_t kSingleOverheadBytes = 80;
// Records one by one take some ten times as long as in batches.
constexpr int64_t kSingleShare = 16;

using PayloadPointer = std::shared_ptr<const Payload>;

Side FloorSide(std::string name, const BenchOptions& options,
               const PayloadPointer& payload, FloorAppend work) {
  work.path = options.directory + "/floor";
  return {std::move(name),
          [options, payload, work]() -> absl::StatusOr<double> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(options.directory));
            return RunFloorAppend(work, *payload);
          }};
}

constexpr char kCauceSide[] = "cauce, flush=os";

Side CauceSide(const BenchOptions& options, const PayloadPointer& payload,
               int64_t batches) {
  return {kCauceSide, [options, payload, batches]() -> absl::StatusOr<double> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(options.directory));
            CAUCE_ASSIGN_OR_RETURN(
                ScratchTopic topic,
                ScratchTopic::Create(options.directory + "/append", "os"));
            CAUCE_ASSIGN_OR_RETURN(const double seconds,
                                   topic.Write(*payload, batches));
            CAUCE_RETURN_IF_ERROR(topic.Verify(*payload, batches));
            return seconds;
          }};
}

// The records of 100 B are bounded by encoding, the larger ones by the memory.
Goal GoalOf(size_t record_bytes) {
  Goal goal{.side = kCauceSide, .ratio_min = 0.95};
  if (record_bytes == 100) {
    goal.ratio_min = 0.9;
    goal.items_per_second_min = 35e6;
  }
  return goal;
}

Contest WrittenContest(const BenchOptions& options, size_t record_bytes) {
  const auto payload =
      std::make_shared<const Payload>(record_bytes, kBatchBytes, options.seed);
  const int64_t batches = payload->BatchesFor(options.bytes);
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppend/record_bytes:{}/sync:0", record_bytes),
      *payload, batches);
  contest.notes = "floor: memcpy of each key and value, crc32c, pwrite";
  FloorAppend work{.batches = batches};
  contest.sides.push_back(FloorSide("floor", options, payload, work));
  work.gather = FloorGather::kBatch;
  contest.sides.push_back(
      FloorSide("floor, batch ready made", options, payload, work));
  work.gather = FloorGather::kRecords;
  work.file = FloorFile::kRecycled;
  contest.sides.push_back(
      FloorSide("floor, recycled file", options, payload, work));
  contest.sides.push_back(CauceSide(options, payload, batches));
  std::ranges::move(AppendingPeers({options, payload, batches}),
                    std::back_inserter(contest.sides));
  contest.goals = {GoalOf(record_bytes)};
  return contest;
}

// A batch a record, so that each is written by itself.
Contest SingleContest(const BenchOptions& options, size_t record_bytes) {
  const auto payload = std::make_shared<const Payload>(
      record_bytes, record_bytes + kSingleOverheadBytes, options.seed);
  const int64_t batches = payload->BatchesFor(options.bytes / kSingleShare);
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppendSingle/record_bytes:{}/sync:0",
                  record_bytes),
      *payload, batches);
  contest.notes =
      "floor: memcpy of key and value, crc32c, pwrite of each; the others: a "
      "transaction, where there are any, for each";
  contest.sides = {FloorSide("floor", options, payload, {.batches = batches}),
                   CauceSide(options, payload, batches)};
  std::ranges::move(AppendingPeers({options, payload, batches}),
                    std::back_inserter(contest.sides));
  contest.goals = {{.side = kCauceSide, .ratio_min = 0.9}};
  return contest;
}

}  // namespace

Contest BatchesContest(std::string name, const Payload& payload,
                       int64_t batches) {
  Contest contest;
  contest.name = std::move(name);
  contest.bytes = batches * static_cast<int64_t>(payload.batch().size());
  contest.items = batches * static_cast<int64_t>(payload.records().size());
  return contest;
}

std::vector<Contest> AppendContests(const BenchOptions& options) {
  return {WrittenContest(options, 100), WrittenContest(options, 1024),
          SingleContest(options, 100), SingleContest(options, 1024),
          SingleContest(options, 10 << 10)};
}

}  // namespace cauce::bench
