#include "bench/peers/appending_peers.h"

#include <fstream>
#include <string>
#include <utility>

#include "bench/floor.h"
#include "bench/peers/leveldb_store.h"
#include "bench/peers/lmdb_store.h"
#include "bench/peers/rocksdb_store.h"
#include "bench/peers/scratch_directory.h"
#include "bench/peers/sqlite_store.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

std::string Number(int64_t value) { return fmt::format("{}", value); }

int64_t RecordsOf(const PeerWork& work) {
  return work.batches * static_cast<int64_t>(work.payload->records().size());
}

absl::Status Fill(RecordStore& store, const PeerWork& work) {
  for (int64_t i = 0; i < work.batches; ++i) {
    CAUCE_RETURN_IF_ERROR(store.Append(work.payload->records()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Sample> AppendTo(const StoreKind& kind, const PeerWork& work) {
  CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
  CAUCE_ASSIGN_OR_RETURN(
      const auto store,
      kind.create(work.options.directory + "/store", Survives::kKill));
  const double begin = MonotonicSeconds();
  CAUCE_RETURN_IF_ERROR(Fill(*store, work));
  const double seconds = MonotonicSeconds() - begin;
  CAUCE_RETURN_IF_ERROR(VerifyStore(*store, *work.payload, work.batches));
  return seconds;
}

// ---- Java

// Kafka's log takes batches from a file.
absl::Status WriteBatch(const PeerWork& work, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << work.payload->batch();
  file.close();
  if (!file.fail()) return absl::OkStatus();
  return absl::UnavailableError(path + ": cannot be written");
}

absl::StatusOr<Sample> AppendToKafka(const PeerWork& work,
                                     const std::string& directory) {
  const std::string batch = directory + "/batch";
  CAUCE_RETURN_IF_ERROR(WriteBatch(work, batch));
  return work.options.java->Run("KafkaLog", {"append", directory + "/bench-0",
                                             batch, Number(work.batches)});
}

absl::StatusOr<Sample> AppendToChronicle(const PeerWork& work,
                                         const std::string& directory) {
  return work.options.java->Run(
      "ChronicleLog", {"append", directory + "/queue",
                       Number(static_cast<int64_t>(
                           Payload::kKeyBytes + work.payload->value_bytes())),
                       Number(RecordsOf(work))});
}

// ---- What is read stays from run to run.

// What a Java program wrote, at the first call.
class FilledFolder {
 public:
  using Write = absl::StatusOr<Sample> (*)(const PeerWork&, const std::string&);
  FilledFolder(const PeerWork& work, std::string path, Write write)
      : work_(work), path_(std::move(path)), write_(write) {}

  absl::StatusOr<std::string> Get() {
    if (folder_ == nullptr) {
      auto folder = std::make_unique<ScratchDirectory>(path_);
      CAUCE_RETURN_IF_ERROR(write_(work_, path_).status());
      folder_ = std::move(folder);
    }
    return path_;
  }

 private:
  const PeerWork work_;
  const std::string path_;
  const Write write_;
  std::unique_ptr<ScratchDirectory> folder_;
};

absl::StatusOr<Sample> Scan(FilledStore& filled, const PeerWork& work) {
  CAUCE_ASSIGN_OR_RETURN(const RecordStore* store, filled.Get());
  int64_t found = 0;
  size_t bytes = 0;
  const double begin = MonotonicSeconds();
  CAUCE_RETURN_IF_ERROR(store->Scan([&](std::string_view value) {
    ++found;
    bytes += value.size();
  }));
  const double seconds = MonotonicSeconds() - begin;
  const auto wanted = static_cast<size_t>(RecordsOf(work));
  if (static_cast<size_t>(found) == wanted &&
      bytes == wanted * work.payload->value_bytes()) {
    return seconds;
  }
  return absl::DataLossError(
      fmt::format("{}: {} records of {} B in all were read of {}",
                  filled.name(), found, bytes, wanted));
}

}  // namespace

std::vector<StoreKind> StoreKinds() {
  return {RocksDbStore(), LevelDbStore(), LmdbStore(), SqliteStore()};
}

FilledStore::FilledStore(StoreKind kind, const PeerWork& work)
    : kind_(std::move(kind)), work_(work) {}

absl::StatusOr<const RecordStore*> FilledStore::Get() {
  if (store_ == nullptr) {
    CAUCE_ASSIGN_OR_RETURN(
        auto store,
        kind_.create(
            fmt::format("{}/filled {}", work_.options.directory, kind_.name),
            Survives::kKill));
    CAUCE_RETURN_IF_ERROR(Fill(*store, work_));
    CAUCE_RETURN_IF_ERROR(store->Settle());
    CAUCE_RETURN_IF_ERROR(SettleDisk(work_.options.directory));
    store_ = std::move(store);
  }
  return store_.get();
}

std::vector<Side> AppendingPeers(const PeerWork& work) {
  std::vector<Side> sides;
  for (const StoreKind& kind : StoreKinds()) {
    sides.push_back({kind.name, [=] { return AppendTo(kind, work); }});
  }
  if (work.options.java == nullptr) return sides;
  const auto in_scratch = [work](FilledFolder::Write write) {
    return [=]() -> absl::StatusOr<Sample> {
      CAUCE_RETURN_IF_ERROR(SettleDisk(work.options.directory));
      const ScratchDirectory folder(work.options.directory + "/java");
      return write(work, folder.path());
    };
  };
  sides.push_back({"Kafka, UnifiedLog", in_scratch(AppendToKafka)});
  sides.push_back({"Chronicle Queue", in_scratch(AppendToChronicle)});
  return sides;
}

std::vector<Side> ReadingPeers(const PeerWork& work) {
  std::vector<Side> sides;
  for (const StoreKind& kind : StoreKinds()) {
    const auto filled = std::make_shared<FilledStore>(kind, work);
    sides.push_back({kind.name, [=] { return Scan(*filled, work); }});
  }
  if (work.options.java == nullptr) return sides;
  const auto kafka = std::make_shared<FilledFolder>(
      work, work.options.directory + "/kafka", AppendToKafka);
  const auto read_kafka = [=](std::string what, int64_t wanted) {
    return [=]() -> absl::StatusOr<Sample> {
      CAUCE_ASSIGN_OR_RETURN(const std::string folder, kafka->Get());
      return work.options.java->Run(
          "KafkaLog", {what, folder + "/bench-0", Number(wanted)});
    };
  };
  sides.push_back(
      {"Kafka, UnifiedLog, batches", read_kafka("batches", work.batches)});
  sides.push_back(
      {"Kafka, UnifiedLog, records", read_kafka("records", RecordsOf(work))});
  const auto queue = std::make_shared<FilledFolder>(
      work, work.options.directory + "/chronicle", AppendToChronicle);
  sides.push_back(
      {"Chronicle Queue", [=]() -> absl::StatusOr<Sample> {
         CAUCE_ASSIGN_OR_RETURN(const std::string folder, queue->Get());
         return work.options.java->Run(
             "ChronicleLog",
             {"records", folder + "/queue",
              Number(static_cast<int64_t>(Payload::kKeyBytes +
                                          work.payload->value_bytes())),
              Number(RecordsOf(work))});
       }});
  return sides;
}

}  // namespace cauce::bench
