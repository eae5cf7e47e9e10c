// How long does a directory of 10 000 partitions take to open, after a clean
// stop and after a kill; how long do 10 000 appends take, one to each, and how
// long does it take to close what they have touched, or to recover it; and what
// does an idle partition cost in memory and descriptors?
//
// Back of an envelope: one file that tells 160 B of each partition is 1.6 MB,
// read and checked in less than a millisecond, and 1 or 2 more to lay out in
// memory. Listing a directory is three system calls and six names, some 16 us:
// 160 ms for all. An append to a file that is not open is open, pwrite and
// close, 3 to 4 us with a page to be had: 40 ms. Durable it is with a page for
// each, anywhere on a disk, and two more of its indexes where it is closed: 50
// us a page where one sync is for many, a second or two. A log that is open and
// idle needs its name, its bounds and four base offsets: some 400 B.
#include "bench/partitions_bench.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "bench/directory_floor.h"
#include "bench/doomed_child.h"
#include "bench/floor.h"
#include "bench/many_partitions.h"
#include "bench/payload.h"
#include "bench/process_use.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kRecordBytes = 100;
// So that one more record goes into the same page.
constexpr size_t kSegmentBytes = 2048;
constexpr int32_t kSegmentsOfEach = 4;
constexpr size_t kAppendedBytes = 180;  // a batch of one record
constexpr size_t kManifestBytesOfEach = 160;

constexpr char kPrivateBytes[] = "private bytes a partition";
constexpr char kDescriptors[] = "descriptors";

constexpr char kCauce[] = "cauce";
constexpr char kFirstAppend[] = "cauce, first append to each";

// What the contests share, made when it is first needed.
class Scene {
 public:
  Scene(const BenchOptions& options, int32_t partitions)
      : options_(options),
        partitions_(partitions),
        stored_(kRecordBytes, kSegmentBytes, options.seed),
        appended_(kRecordBytes, kAppendedBytes, options.seed + 1) {}

  // The directory as it is after `stop`.
  absl::StatusOr<const ManyPartitions*> Set(LastStop stop) {
    if (many_ == nullptr) {
      CAUCE_ASSIGN_OR_RETURN(
          many_, ManyPartitions::Create(options_.directory + "/many", stored_,
                                        partitions_, kSegmentsOfEach));
    }
    CAUCE_RETURN_IF_ERROR(many_->Restore(stop));
    return many_.get();
  }

  // The same as whoever had it last has left it.
  const ManyPartitions& Left() const { return *many_; }

  int32_t partitions() const { return partitions_; }
  const BenchOptions& options() const { return options_; }
  const Payload& appended() const { return appended_; }
  int64_t stored_bytes() const {
    return partitions_ * kSegmentsOfEach *
           static_cast<int64_t>(stored_.batch().size());
  }

 private:
  const BenchOptions options_;
  const int32_t partitions_;
  const Payload stored_;
  const Payload appended_;
  std::unique_ptr<ManyPartitions> many_;
};

using ScenePointer = std::shared_ptr<Scene>;

// ---- The floors

absl::StatusOr<Sample> ReadManifest(Scene& scene) {
  const std::string path = scene.options().directory + "/manifest";
  std::ofstream file(path, std::ios::binary);
  file << std::string(
      kManifestBytesOfEach * static_cast<size_t>(scene.partitions()), 'm');
  file.close();
  if (file.fail()) {
    return absl::UnavailableError(path + ": cannot be written");
  }
  const auto read = RunFloorReadWhole(path);
  std::remove(path.c_str());
  return read;
}

absl::StatusOr<Sample> ListAll(Scene& scene) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many,
                         scene.Set(LastStop::kKilled));
  std::vector<std::string> paths;
  for (int32_t p = 0; p < many->partitions(); ++p) {
    paths.push_back(many->PathOf(p));
  }
  return RunFloorList(paths);
}

std::vector<std::string> ActiveLogs(const ManyPartitions& many) {
  std::vector<std::string> paths;
  for (int32_t p = 0; p < many.partitions(); ++p) {
    paths.push_back(many.ActiveLogOf(p));
  }
  return paths;
}

absl::StatusOr<Sample> WriteToEach(Scene& scene) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many,
                         scene.Set(LastStop::kClean));
  return RunFloorWriteToEach(ActiveLogs(*many), scene.appended().batch(),
                             many->active_log_bytes());
}

enum class Syncs { kAll, kEach };

absl::StatusOr<Sample> SyncWritten(Scene& scene, Syncs syncs) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many,
                         scene.Set(LastStop::kClean));
  const std::vector<std::string> paths = ActiveLogs(*many);
  CAUCE_RETURN_IF_ERROR(RunFloorWriteToEach(paths, scene.appended().batch(),
                                            many->active_log_bytes())
                            .status());
  return syncs == Syncs::kAll ? RunFloorSyncAll(paths.front())
                              : RunFloorSyncEach(paths);
}

// ---- The engine

// An engine of a child, which is never closed, with handles of all partitions.
struct Opened {
  std::unique_ptr<Executor> executor;
  Engine engine;
  std::vector<Partition> partitions;
};

absl::StatusOr<std::unique_ptr<Opened>> OpenEngine(const ManyPartitions& many,
                                                   int threads) {
  std::unique_ptr<Executor> executor;
  if (threads > 0) executor = NewThreadPool(threads);
  EngineOptions options;
  options.executor = executor.get();
  CAUCE_ASSIGN_OR_RETURN(Engine engine,
                         Engine::Open(many.directory(), options));
  return std::make_unique<Opened>(std::move(executor), std::move(engine));
}

absl::Status OpenEach(const ManyPartitions& many, Opened& opened) {
  opened.partitions.reserve(static_cast<size_t>(many.partitions()));
  for (int32_t p = 0; p < many.partitions(); ++p) {
    CAUCE_ASSIGN_OR_RETURN(
        Partition partition,
        opened.engine.OpenPartition(ManyPartitions::kTopic, PartitionId{p}));
    opened.partitions.push_back(std::move(partition));
  }
  return absl::OkStatus();
}

// How much more than `before` this process has, for each partition.
absl::Status TellUse(const ManyPartitions& many, const ProcessUse& before,
                     Sample& sample) {
  CAUCE_ASSIGN_OR_RETURN(const ProcessUse now, ProcessUse::Now());
  const int64_t more = now.private_bytes - before.private_bytes;
  sample.figures = {{kPrivateBytes, static_cast<double>(more) /
                                        static_cast<double>(many.partitions())},
                    {kDescriptors, static_cast<double>(now.descriptors)}};
  return absl::OkStatus();
}

absl::Status CheckEnds(const ManyPartitions& many, const Opened& opened,
                       int64_t appended) {
  for (const Partition& partition : opened.partitions) {
    const Offset end = partition.log_end();
    if (end != Offset{many.records() + appended}) {
      return absl::DataLossError(fmt::format(
          "{}: ends at {}, {} records were appended to {}",
          partition.name().ToString(), end.value, appended, many.records()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRecords(const ManyPartitions& many, const Payload& wanted,
                          const Opened& opened) {
  for (const Partition& partition : opened.partitions) {
    Cursor cursor = partition.Read(Offset{many.records()});
    RecordView record;
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more || record.value != wanted.records().front().value) {
      return absl::DataLossError(
          fmt::format("{}: the record at {} is not what was appended",
                      partition.name().ToString(), many.records()));
    }
  }
  return absl::OkStatus();
}

enum class OpenWhat { kEngine, kEachPartition };

absl::StatusOr<Sample> OpenCauce(Scene& scene, LastStop stop, OpenWhat what,
                                 int threads) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many, scene.Set(stop));
  return RunInDoomedChild([&]() -> absl::StatusOr<Sample> {
    CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
    const double begin = MonotonicSeconds();
    CAUCE_ASSIGN_OR_RETURN(auto opened, OpenEngine(*many, threads));
    Opened& left = *opened.release();
    if (what == OpenWhat::kEachPartition) {
      CAUCE_RETURN_IF_ERROR(OpenEach(*many, left));
    }
    Sample sample(MonotonicSeconds() - begin);
    CAUCE_RETURN_IF_ERROR(TellUse(*many, before, sample));
    if (left.partitions.empty()) CAUCE_RETURN_IF_ERROR(OpenEach(*many, left));
    CAUCE_RETURN_IF_ERROR(CheckEnds(*many, left, 0));
    return sample;
  });
}

enum class AppendWhich { kFirst, kSecond };

absl::Status AppendToEach(const Payload& payload, Opened& opened) {
  for (Partition& partition : opened.partitions) {
    CAUCE_RETURN_IF_ERROR(
        partition.Append(payload.records(), {Ack::kWritten}).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Sample> AppendWithCauce(Scene& scene, AppendWhich which) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many,
                         scene.Set(LastStop::kClean));
  return RunInDoomedChild([&]() -> absl::StatusOr<Sample> {
    CAUCE_ASSIGN_OR_RETURN(const ProcessUse before, ProcessUse::Now());
    CAUCE_ASSIGN_OR_RETURN(auto opened, OpenEngine(*many, 0));
    Opened& left = *opened.release();
    double begin = MonotonicSeconds();
    CAUCE_RETURN_IF_ERROR(OpenEach(*many, left));
    CAUCE_RETURN_IF_ERROR(AppendToEach(scene.appended(), left));
    if (which == AppendWhich::kSecond) {
      begin = MonotonicSeconds();
      CAUCE_RETURN_IF_ERROR(AppendToEach(scene.appended(), left));
    }
    Sample sample(MonotonicSeconds() - begin);
    CAUCE_RETURN_IF_ERROR(TellUse(*many, before, sample));
    CAUCE_RETURN_IF_ERROR(
        CheckEnds(*many, left, which == AppendWhich::kFirst ? 1 : 2));
    CAUCE_RETURN_IF_ERROR(CheckRecords(*many, scene.appended(), left));
    return sample;
  });
}

absl::StatusOr<Sample> CloseCauce(Scene& scene) {
  CAUCE_ASSIGN_OR_RETURN(const ManyPartitions* many,
                         scene.Set(LastStop::kClean));
  return RunInDoomedChild([&]() -> absl::StatusOr<Sample> {
    CAUCE_ASSIGN_OR_RETURN(auto opened, OpenEngine(*many, 0));
    Opened& left = *opened.release();
    CAUCE_RETURN_IF_ERROR(OpenEach(*many, left));
    CAUCE_RETURN_IF_ERROR(AppendToEach(scene.appended(), left));
    const double begin = MonotonicSeconds();
    CAUCE_RETURN_IF_ERROR(left.engine.Close());
    return Sample(MonotonicSeconds() - begin);
  });
}

// After a kill that left a record in each that nobody knows to be durable.
absl::StatusOr<Sample> RecoverTouched(Scene& scene, int threads) {
  CAUCE_RETURN_IF_ERROR(
      AppendWithCauce(scene, AppendWhich::kFirst).status());
  const ManyPartitions& many = scene.Left();
  return RunInDoomedChild([&]() -> absl::StatusOr<Sample> {
    const double begin = MonotonicSeconds();
    CAUCE_ASSIGN_OR_RETURN(auto opened, OpenEngine(many, threads));
    Sample sample(MonotonicSeconds() - begin);
    Opened& left = *opened.release();
    CAUCE_RETURN_IF_ERROR(OpenEach(many, left));
    CAUCE_RETURN_IF_ERROR(CheckEnds(many, left, 1));
    return sample;
  });
}

// ---- The contests

Contest ContestOf(const Scene& scene, std::string name, int64_t bytes) {
  Contest contest;
  contest.name = fmt::format("{}/partitions:{}", name, scene.partitions());
  contest.bytes = bytes;
  contest.items = scene.partitions();
  return contest;
}

Contest CleanOpen(const ScenePointer& scene) {
  Contest contest =
      ContestOf(*scene, "BM_EngineOpen/clean:1", scene->stored_bytes());
  contest.notes = fmt::format(
      "floor: pread and crc32c of one file of {} B a partition; GB of the "
      "logs, "
      "a record is a partition",
      kManifestBytesOfEach);
  contest.sides = {{"floor", [=] { return ReadManifest(*scene); }},
                   {kCauce,
                    [=] {
                      return OpenCauce(*scene, LastStop::kClean,
                                       OpenWhat::kEngine, 0);
                    }},
                   {"cauce, and every partition", [=] {
                      return OpenCauce(*scene, LastStop::kClean,
                                       OpenWhat::kEachPartition, 0);
                    }}};
  contest.goals = {{.side = kCauce, .seconds_max = 10e-3}};
  return contest;
}

Contest KilledOpen(const ScenePointer& scene) {
  Contest contest =
      ContestOf(*scene, "BM_EngineOpen/clean:0", scene->stored_bytes());
  contest.notes =
      "floor: readdir of every partition's directory; the others: after a kill "
      "that left nothing above the recovery points; GB of the logs, a record "
      "is a partition";
  contest.sides = {
      {"floor", [=] { return ListAll(*scene); }},
      {kCauce,
       [=] {
         return OpenCauce(*scene, LastStop::kKilled, OpenWhat::kEngine, 0);
       }},
      {"cauce, executor of 2 threads", [=] {
         return OpenCauce(*scene, LastStop::kKilled, OpenWhat::kEngine, 2);
       }}};
  contest.goals = {{.side = kCauce, .seconds_max = 0.5}};
  return contest;
}

Contest AppendToEachContest(const ScenePointer& scene) {
  Contest contest =
      ContestOf(*scene, "BM_PartitionAppendToEach",
                scene->partitions() *
                    static_cast<int64_t>(scene->appended().batch().size()));
  contest.notes = fmt::format(
      "floor: open, pwrite and close of every partition's newest file; the "
      "others: flush=os, a record of {} B, in an engine just opened after a "
      "clean stop, opening each partition included, or once more",
      kRecordBytes);
  contest.sides = {
      {"floor", [=] { return WriteToEach(*scene); }},
      {kFirstAppend,
       [=] { return AppendWithCauce(*scene, AppendWhich::kFirst); }},
      {"cauce, second append to each",
       [=] { return AppendWithCauce(*scene, AppendWhich::kSecond); }}};
  contest.goals = {
      {.side = kFirstAppend,
       .seconds_max = 60e-3,
       .figures_max = {{kPrivateBytes, 1024}, {kDescriptors, 4000}}}};
  return contest;
}

Contest TouchedOpen(const ScenePointer& scene) {
  Contest contest = ContestOf(*scene, "BM_EngineOpen/clean:0/touched:1",
                              scene->stored_bytes());
  contest.notes =
      "floor: readdir of every partition's directory; the others: after a kill "
      "that left one record in each that is not known to be durable";
  contest.sides = {{"floor", [=] { return ListAll(*scene); }},
                   {kCauce, [=] { return RecoverTouched(*scene, 0); }},
                   {"cauce, executor of 2 threads",
                    [=] { return RecoverTouched(*scene, 2); }}};
  return contest;
}

Contest Close(const ScenePointer& scene) {
  Contest contest = ContestOf(
      *scene, "BM_EngineClose",
      scene->partitions() *
          static_cast<int64_t>(scene->appended().batch().size()));
  contest.notes =
      "one record was appended to each, flush=os; floor: syncfs, or fdatasync "
      "of each newest file; cauce: with its indexes and the mark of a clean "
      "stop";
  contest.sides = {
      {"floor", [=] { return SyncWritten(*scene, Syncs::kAll); }},
      {"floor, one by one", [=] { return SyncWritten(*scene, Syncs::kEach); }},
      {kCauce, [=] { return CloseCauce(*scene); }}};
  return contest;
}

}  // namespace

std::vector<Contest> PartitionsContests(const BenchOptions& options,
                                        int32_t partitions) {
  const auto scene = std::make_shared<Scene>(options, partitions);
  return {CleanOpen(scene), KilledOpen(scene), TouchedOpen(scene),
          AppendToEachContest(scene), Close(scene)};
}

}  // namespace cauce::bench
