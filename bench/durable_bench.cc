// How many records a second become durable, and how long does each wait: for
// one writer that waits for every record or batch, one that keeps 4096 records
// in flight, and 64 that wait at the same time, in one partition or in 64?
//
// Back of an envelope: a write of one page and an fdatasync onto zeros that are
// there take some 25 us, so one writer gets 40 thousand a second whatever is
// around the two calls. 64 writers share a sync: 64 writes of 2 us each and a
// sync are 150 us, 400 thousand a second at best. In flight, the sync runs
// beside the writes and 8 batches of 64 KiB are 8 times 16 us: 30 million
// records a second where a sync costs no more than that. 64 partitions sync 64
// files: nothing is shared but what the disk's own queue shares.
#include "bench/durable_bench.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "bench/append_bench.h"
#include "bench/floor.h"
#include "bench/payload.h"
#include "bench/peers/appending_peers.h"
#include "bench/peers/leveldb_store.h"
#include "bench/peers/rocksdb_store.h"
#include "bench/scratch_topic.h"
#include "bench/writers.h"
#include "cauce/env.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kRecordBytes = 100;
constexpr size_t kBatchBytes = 64 << 10;
// One record of kRecordBytes, its key and what surrounds them.
constexpr size_t kSingleBatchBytes = 180;
constexpr int64_t kInFlight = 4096;  // records
constexpr int kManyWriters = 64;

// A sync takes as long as 64 KiB of copies and more: a run of so many syncs
// says as much as one of 2 GB.
int64_t SyncsOf(const BenchOptions& options) {
  return std::max<int64_t>(options.bytes >> 16, kManyWriters);
}

using PayloadPointer = std::shared_ptr<const Payload>;

PayloadPointer MakePayload(const BenchOptions& options, size_t batch_bytes) {
  return std::make_shared<const Payload>(kRecordBytes, batch_bytes,
                                         options.seed);
}

// ---- Writers that wait

// What a contest of waiting writers is about.
struct Waiting {
  BenchOptions options;
  PayloadPointer payload;
  int writers = 1;
  int64_t batches = 0;  // by all of them
};

Side FloorSide(const Waiting& work) {
  return {"floor", [work]() -> absl::StatusOr<Sample> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
            CAUCE_ASSIGN_OR_RETURN(
                const auto file,
                FloorWriter::Create({.path = work.options.directory + "/floor",
                                     .batches = work.batches,
                                     .file = FloorFile::kZeroed},
                                    *work.payload));
            // One thread does the work of all: nobody has to be woken.
            return RunWriters(1, work.batches / work.writers, [&](int) {
              for (int i = 0; i < work.writers; ++i) {
                CAUCE_RETURN_IF_ERROR(file->Append());
              }
              return file->Sync();
            });
          }};
}

// As many files as writers.
Side FloorOfFilesSide(const Waiting& work) {
  return {"floor", [work]() -> absl::StatusOr<Sample> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
            std::vector<std::unique_ptr<FloorWriter>> files;
            for (int i = 0; i < work.writers; ++i) {
              CAUCE_ASSIGN_OR_RETURN(
                  files.emplace_back(),
                  FloorWriter::Create(
                      {.path = fmt::format("{}/floor-{}",
                                           work.options.directory, i),
                       .batches = work.batches / work.writers + 1,
                       .file = FloorFile::kZeroed},
                      *work.payload));
            }
            return RunWriters(work.writers, work.batches, [&](int writer) {
              FloorWriter& file = *files[static_cast<size_t>(writer)];
              CAUCE_RETURN_IF_ERROR(file.Append());
              return file.Sync();
            });
          }};
}

Side StoreSide(const Waiting& work, const StoreKind& kind) {
  return {
      kind.name + ", synced", [=]() -> absl::StatusOr<Sample> {
        CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
        CAUCE_ASSIGN_OR_RETURN(const auto store,
                               kind.create(work.options.directory + "/store",
                                           Survives::kPowerLoss));
        CAUCE_ASSIGN_OR_RETURN(const Sample sample,
                               RunWriters(work.writers, work.batches, [&](int) {
                                 return store->Append(work.payload->records());
                               }));
        CAUCE_RETURN_IF_ERROR(VerifyStore(*store, *work.payload, work.batches));
        return sample;
      }};
}

Side CauceSide(const Waiting& work, int partitions) {
  return {"cauce, flush=group", [=]() -> absl::StatusOr<Sample> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
            CAUCE_ASSIGN_OR_RETURN(
                ScratchTopic topic,
                ScratchTopic::Create(work.options.directory + "/durable",
                                     "group", partitions));
            const std::vector<Record>& records = work.payload->records();
            CAUCE_ASSIGN_OR_RETURN(
                const Sample sample,
                RunWriters(work.writers, work.batches, [&](int writer) {
                  return topic
                      .partition(static_cast<size_t>(writer % partitions))
                      .Append(records, {Ack::kDurable})
                      .status();
                }));
            CAUCE_RETURN_IF_ERROR(topic.Verify(*work.payload, work.batches));
            return sample;
          }};
}

Contest OneWriter(const BenchOptions& options, size_t batch_bytes) {
  const Waiting work{options, MakePayload(options, batch_bytes), 1,
                     SyncsOf(options)};
  const size_t records = work.payload->records().size();
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppendDurable/writers:1/batch_records:{}",
                  records),
      *work.payload, work.batches);
  contest.notes =
      "floor: memcpy, crc32c, pwrite onto zeros that are there, fdatasync";
  contest.sides = {FloorSide(work)};
  // Of many bytes, with the one that syncs fastest of single records: all of
  // them would take most of an hour.
  const std::vector<StoreKind> stores =
      records == 1 ? StoreKinds() : std::vector{RocksDbStore()};
  for (const StoreKind& kind : stores) {
    contest.sides.push_back(StoreSide(work, kind));
  }
  contest.sides.push_back(CauceSide(work, 1));
  contest.goals = {{.side = "cauce, flush=group", .ratio_min = 0.95}};
  return contest;
}

Contest ManyWriters(const BenchOptions& options) {
  const Waiting work{options, MakePayload(options, kSingleBatchBytes),
                     kManyWriters, SyncsOf(options) * 8};
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppendDurable/writers:{}/batch_records:1",
                  kManyWriters),
      *work.payload, work.batches);
  contest.notes = fmt::format(
      "floor: one thread, {} writes to a sync; the others: {} threads, each "
      "waits for its record",
      kManyWriters, kManyWriters);
  // The two that many threads may append to.
  contest.sides = {FloorSide(work), StoreSide(work, RocksDbStore()),
                   StoreSide(work, LevelDbStore()), CauceSide(work, 1)};
  contest.goals = {{.side = "cauce, flush=group",
                    .items_per_second_min = 250e3,
                    .p99_seconds_max = 0.6e-3}};
  return contest;
}

Contest ManyPartitions(const BenchOptions& options) {
  const Waiting work{options, MakePayload(options, kSingleBatchBytes),
                     kManyWriters, SyncsOf(options) * 2};
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppendDurable/writers:{}/partitions:{}",
                  kManyWriters, kManyWriters),
      *work.payload, work.batches);
  contest.notes = fmt::format(
      "floor: {} threads, each with a file of its own, pwrite and fdatasync; "
      "RocksDB has one log for all",
      kManyWriters);
  contest.sides = {FloorOfFilesSide(work), StoreSide(work, RocksDbStore()),
                   CauceSide(work, kManyWriters)};
  contest.goals = {{.side = "cauce, flush=group",
                    .items_per_second_min = 250e3,
                    .p99_seconds_max = 0.6e-3}};
  return contest;
}

// ---- One writer with much in flight

struct Flying {
  BenchOptions options;
  PayloadPointer payload;
  int64_t batches = 0;

  int64_t in_flight() const {
    return kInFlight / static_cast<int64_t>(payload->records().size()) + 1;
  }
};

// In place of a count.
constexpr int64_t kGaveUp = -1;

// One thread writes and another syncs, without a pause.
absl::StatusOr<Sample> FlyBeside(const Flying& work,
                                 absl::FunctionRef<absl::Status()> append,
                                 absl::FunctionRef<absl::Status()> sync) {
  InFlight flight(work.in_flight());
  std::atomic<int64_t> written = 0;
  const double begin = MonotonicSeconds();
  std::jthread syncer([&] {
    for (int64_t synced = 0; synced < work.batches;) {
      written.wait(synced);
      const int64_t covered = written;
      if (covered == kGaveUp) return;
      flight.Done(covered - synced, sync());
      synced = covered;
    }
  });
  for (int64_t i = 0; i < work.batches; ++i) {
    flight.Begin();
    const absl::Status appended = append();
    written = appended.ok() ? written + 1 : kGaveUp;
    written.notify_one();
    CAUCE_RETURN_IF_ERROR(appended);
  }
  CAUCE_ASSIGN_OR_RETURN(const double p99, flight.Finish());
  return Sample(MonotonicSeconds() - begin, p99);
}

absl::StatusOr<Sample> FlyOnTheFloor(const Flying& work) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto file,
      FloorWriter::Create({.path = work.options.directory + "/floor",
                           .batches = work.batches,
                           .file = FloorFile::kZeroed},
                          *work.payload));
  return FlyBeside(
      work, [&] { return file->Append(); }, [&] { return file->Sync(); });
}

// It calls nobody back, and has a sync of its own.
absl::StatusOr<Sample> FlyWithRocksDb(const Flying& work) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto store,
      RocksDbStore().create(work.options.directory + "/store",
                            Survives::kKill));
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      FlyBeside(
          work, [&] { return store->Append(work.payload->records()); },
          [&] { return store->Sync(); }));
  CAUCE_RETURN_IF_ERROR(VerifyStore(*store, *work.payload, work.batches));
  return sample;
}

absl::StatusOr<Sample> FlyWithCauce(const Flying& work) {
  const std::unique_ptr<Executor> executor = NewThreadPool(1);
  CAUCE_ASSIGN_OR_RETURN(
      ScratchTopic topic,
      ScratchTopic::Create(work.options.directory + "/durable", "group", 1,
                           executor.get()));
  InFlight flight(work.in_flight());
  BatchBuilder builder({}, work.payload->batch().size());
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i < work.batches; ++i) {
    for (const Record& record : work.payload->records()) {
      if (!builder.Add(record)) {
        return absl::InternalError("a record does not fit its batch any more");
      }
    }
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
    flight.Begin();
    topic.partition().AppendAsync(
        batch, {Ack::kDurable},
        [&flight](const absl::StatusOr<AppendResult>& result) {
          flight.Done(1, result.status());
        });
  }
  CAUCE_ASSIGN_OR_RETURN(const double p99, flight.Finish());
  const double seconds = MonotonicSeconds() - begin;
  CAUCE_RETURN_IF_ERROR(topic.Verify(*work.payload, work.batches));
  return Sample(seconds, p99);
}

Contest ManyInFlight(const BenchOptions& options) {
  const PayloadPointer payload = MakePayload(options, kBatchBytes);
  const Flying work{options, payload, payload->BatchesFor(options.bytes)};
  Contest contest = BatchesContest(
      fmt::format("BM_PartitionAppendDurable/in_flight:{}/batch_records:{}",
                  kInFlight, payload->records().size()),
      *payload, work.batches);
  contest.notes =
      "floor: one thread writes onto zeros that are there, another syncs, as "
      "with RocksDB, which calls nobody back";
  const auto settled = [work](auto run) {
    return [work, run]() -> absl::StatusOr<Sample> {
      CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
      return run(work);
    };
  };
  contest.sides = {{"floor", settled(FlyOnTheFloor)},
                   {"RocksDB, SyncWAL beside", settled(FlyWithRocksDb)},
                   {"cauce, flush=group", settled(FlyWithCauce)}};
  contest.goals = {{.side = "cauce, flush=group",
                    .items_per_second_min = 15e6,
                    .p99_seconds_max = 0.5e-3}};
  return contest;
}

}  // namespace

std::vector<Contest> DurableContests(const BenchOptions& options) {
  return {OneWriter(options, kSingleBatchBytes),
          OneWriter(options, kBatchBytes), ManyInFlight(options),
          ManyWriters(options), ManyPartitions(options)};
}

}  // namespace cauce::bench
