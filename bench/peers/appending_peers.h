// The peers' sides of a contest of appending or of reading in order: embedded
// databases, and where Java is there Kafka's own log and Chronicle Queue. All
// get the same values in the same batches; a database keeps them under numbers.
//
// For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"
#include "bench/payload.h"
#include "bench/peers/record_store.h"

namespace cauce::bench {

struct PeerWork {
  BenchOptions options;
  std::shared_ptr<const Payload> payload;
  int64_t batches = 0;  // a transaction each, where there are any
};

// RocksDB, LevelDB, LMDB, SQLite.
std::vector<StoreKind> StoreKinds();

// Each writes it all to a place of its own, so that it survives a kill, and is
// then read back.
std::vector<Side> AppendingPeers(const PeerWork& work);

// Each reads all of what it wrote at its first run, record by record.
std::vector<Side> ReadingPeers(const PeerWork& work);

// A store that holds `times` the records of the payload, settled; made by the
// first call and gone with the last copy.
class FilledStore {
 public:
  FilledStore(StoreKind kind, const PeerWork& work);
  absl::StatusOr<const RecordStore*> Get();
  const std::string& name() const { return kind_.name; }

 private:
  const StoreKind kind_;
  const PeerWork work_;
  std::unique_ptr<RecordStore> store_;
};

}  // namespace cauce::bench
