// How fast is a state store made from its changelog, beside a program that
// replays it into RocksDB by hand, and beside Kafka Streams?
//
// Back of an envelope, for records of 200 B, keys in no order, and a core: the
// changelog is read and decoded at 7 GB/s; sorting 5 million keys costs some
// 0.3 us each, building tables 0.5 us a record, and both may share two cores:
// expect 1.5 to 2.5 million records/s, 300 to 500 MB/s. A WriteBatch pays a
// skip list, 1 us and more once it leaves the caches, and then the same table,
// and merges of the tables besides.
#include "bench/restore_bench.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "bench/dirty_topic.h"
#include "bench/floor.h"
#include "bench/peers/rocksdb_restore.h"
#include "bench/peers/scratch_directory.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/stores.h"
#include "cauce/topic_id.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr char kApplication[] = "bench";
constexpr char kStore[] = "table";
constexpr char kChangelog[] = "bench-table-changelog";
constexpr size_t kValueBytes = 192;

struct Held {
  BenchOptions options;
  std::unique_ptr<DirtyTopic> changelog;
};

absl::Status CheckKeys(const Held& held, int64_t found) {
  if (found == held.changelog->distinct_keys()) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{} keys are there of {}", found,
                                         held.changelog->distinct_keys()));
}

absl::StatusOr<Sample> ByWriteBatches(const Held& held) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  const ScratchDirectory table(held.options.directory + "/table");
  CAUCE_RETURN_IF_ERROR(held.changelog->CopyTo(copy.path()));
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(copy.path()));
  CAUCE_ASSIGN_OR_RETURN(const Partition changelog,
                         engine.OpenPartition(kChangelog, PartitionId{0}));
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  const double begin = MonotonicSeconds();
  Cursor cursor = changelog.Read(Offset{0});
  CAUCE_RETURN_IF_ERROR(RestoreByWriteBatches(cursor, table.path()));
  return Sample(MonotonicSeconds() - begin);
}

absl::StatusOr<Sample> ByStores(const Held& held) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  CAUCE_RETURN_IF_ERROR(held.changelog->CopyTo(copy.path()));
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(copy.path()));
  StoresOptions options;
  options.application = kApplication;
  CAUCE_ASSIGN_OR_RETURN(Stores stores, Stores::Open(engine, options));
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  const double begin = MonotonicSeconds();
  CAUCE_ASSIGN_OR_RETURN(KeyValueStore store, stores.OpenKeyValue(kStore));
  const Sample sample(MonotonicSeconds() - begin);
  int64_t found = 0;
  {
    StoreIterator at = store.All();
    for (; at.Valid(); at.Next()) ++found;
    CAUCE_RETURN_IF_ERROR(at.status());
  }
  CAUCE_RETURN_IF_ERROR(CheckKeys(held, found));
  CAUCE_RETURN_IF_ERROR(store.Close());
  CAUCE_RETURN_IF_ERROR(engine.Close());
  return sample;
}

// The changelog is served from the very files, under its own id.
absl::StatusOr<Sample> ByKafkaStreams(const Held& held) {
  const ScratchDirectory copy(held.options.directory + "/copy");
  const ScratchDirectory served(held.options.directory + "/served");
  const ScratchDirectory tables(held.options.directory + "/tables");
  CAUCE_RETURN_IF_ERROR(held.changelog->CopyTo(copy.path()));
  std::string id;
  {
    CAUCE_ASSIGN_OR_RETURN(
        const Engine engine,
        Engine::Open(copy.path(), {.access = Access::kReadOnly}));
    CAUCE_ASSIGN_OR_RETURN(const TopicDescription topic,
                           engine.DescribeTopic(kChangelog));
    id = TopicIdText(topic.id);
  }
  const std::string folder = held.changelog->folder();
  std::error_code error;
  std::filesystem::rename(copy.path() + folder, served.path() + folder, error);
  if (error) return absl::UnavailableError(error.message());
  CAUCE_RETURN_IF_ERROR(SettleDisk(held.options.directory));
  return held.options.java->Run(
      "StreamsRestore",
      {served.path(), id, TopicIdText(TopicId{.bytes = {1, 2, 3}}),
       tables.path(), fmt::format("{}", held.changelog->records()),
       fmt::format("{}", held.changelog->distinct_keys())});
}

}  // namespace

absl::StatusOr<Contest> RestoreContest(const BenchOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(
      auto changelog, DirtyTopic::Create(options.directory + "/changelog",
                                         {.bytes = options.bytes,
                                          .value_bytes_min = kValueBytes,
                                          .value_bytes_max = kValueBytes,
                                          .seed = options.seed,
                                          .topic = kChangelog}));
  const auto held = std::make_shared<Held>(Held{options, std::move(changelog)});
  Contest contest;
  contest.name = kRestore;
  contest.notes = fmt::format(
      "floor: a cursor, and a WriteBatch for every 1000 records into RocksDB "
      "without a log of its own, flushed; {} keys, each once, in no order",
      held->changelog->distinct_keys());
  contest.bytes = held->changelog->bytes();
  contest.items = held->changelog->records();
  contest.sides = {{"floor", [held] { return ByWriteBatches(*held); }},
                   {"cauce", [held] { return ByStores(*held); }}};
  Goal goal{.side = "cauce", .ratio_min = 3, .bytes_per_second_min = 400e6};
  if (options.java != nullptr) {
    contest.sides.push_back(
        {"Kafka Streams", [held] { return ByKafkaStreams(*held); }});
    goal.peers = {{.side = "Kafka Streams", .seconds_ratio_max = 0.2}};
  }
  contest.goals = {goal};
  return contest;
}

}  // namespace cauce::bench
