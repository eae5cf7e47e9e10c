// How fast are verified batches and verified records read from the page cache,
// beside a bare loop of pread and CRC-32C over the same files?
//
// Back of an envelope, at 100 B: the copy out of the page cache runs at 10 to
// 30 GB/s, by the size of the pieces it lies in there, 4 to 12 ns a record of
// 118 B; the checksum at 60 GB/s takes 2 ns; decoding takes 6 and handing out
// 2. Expect 12 GB/s of batches, and 50 to 75 million records a second of 100 B;
// at 1 KiB the copy is nearly all, 9 to 16 million.
#include "bench/read_bench.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "bench/floor.h"
#include "bench/payload.h"
#include "bench/peers/appending_peers.h"
#include "bench/scratch_topic.h"
#include "cauce/cursor.h"
#include "engine/base/crc32c_variant.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
constexpr size_t kFloorReadBytes = 1 << 20;

struct Written {
  std::shared_ptr<const Payload> payload;
  int64_t batches;
  ScratchTopic topic;
};

absl::Status CheckCount(std::string_view what, int64_t read, int64_t wanted) {
  if (read == wanted) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} {} were read of {}", read, what, wanted));
}

absl::StatusOr<double> ReadBatches(Written& written) {
  const double begin = MonotonicSeconds();
  Cursor cursor = written.topic.partition().Read(Offset{0});
  RecordBatch batch;
  int64_t read = 0;
  for (;; ++read) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.NextBatch(&batch));
    if (!more) break;
  }
  const double seconds = MonotonicSeconds() - begin;
  CAUCE_RETURN_IF_ERROR(CheckCount("batches", read, written.batches));
  return seconds;
}

absl::StatusOr<double> ReadRecords(Written& written) {
  const double begin = MonotonicSeconds();
  Cursor cursor = written.topic.partition().Read(Offset{0});
  RecordView record;
  int64_t read = 0;
  size_t bytes = 0;
  for (;; ++read) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more) break;
    bytes += record.key->size() + record.value->size();
  }
  const double seconds = MonotonicSeconds() - begin;
  const auto records = static_cast<int64_t>(written.payload->records().size());
  CAUCE_RETURN_IF_ERROR(CheckCount("records", read, written.batches * records));
  CAUCE_RETURN_IF_ERROR(
      CheckCount("bytes", static_cast<int64_t>(bytes),
                 read * static_cast<int64_t>(Payload::kKeyBytes +
                                             written.payload->value_bytes())));
  return seconds;
}

// Where the checksum is the fastest there is, more is asked of what it bounds.
std::vector<Goal> GoalsOf(const ReadWork& work) {
  const bool folds = Crc32cVariants().back().name == "Folding";
  const double large_records = folds ? 16e6 : 12e6;
  return {{.side = "cauce, batches",
           .bytes_per_second_min = folds ? 17e9 : 12e9},
          {.side = "cauce, records",
           .items_per_second_min =
               work.record_bytes == 100 ? 75e6 : large_records}};
}

}  // namespace

std::vector<ReadWork> ReadWorks() {
  return {{100, "group"}, {1024, "group"}, {100, "os"}};
}

std::string ReadContestName(const ReadWork& work) {
  return fmt::format("BM_CursorRead/record_bytes:{}/flush:{}",
                     work.record_bytes, work.flush);
}

absl::StatusOr<Contest> ReadContest(const BenchOptions& options,
                                    const ReadWork& work) {
  const auto payload = std::make_shared<const Payload>(
      work.record_bytes, kBatchBytes, options.seed);
  const int64_t batches = payload->BatchesFor(options.bytes);
  CAUCE_ASSIGN_OR_RETURN(
      ScratchTopic topic,
      ScratchTopic::Create(options.directory + "/read", work.flush));
  CAUCE_RETURN_IF_ERROR(topic.Write(*payload, batches).status());
  CAUCE_RETURN_IF_ERROR(topic.partition().Flush());
  CAUCE_RETURN_IF_ERROR(SettleDisk(options.directory));
  const auto written =
      std::make_shared<Written>(Written{payload, batches, std::move(topic)});

  Contest contest;
  contest.name = ReadContestName(work);
  contest.notes = "floor: pread of 1 MiB and crc32c of it, from the page cache";
  contest.bytes = batches * static_cast<int64_t>(payload->batch().size());
  contest.items = batches * static_cast<int64_t>(payload->records().size());
  contest.sides = {
      {"floor",
       [written] {
         return RunFloorRead(written->topic.LogPaths(), kFloorReadBytes);
       }},
      {"cauce, batches", [written] { return ReadBatches(*written); }},
      {"cauce, records", [written] { return ReadRecords(*written); }}};
  // Only once for each size: how the topic was written is nothing to them.
  if (work.flush == "group") {
    std::ranges::move(ReadingPeers({options, payload, batches}),
                      std::back_inserter(contest.sides));
  }
  contest.goals = GoalsOf(work);
  return contest;
}

}  // namespace cauce::bench
