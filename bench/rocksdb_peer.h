// RocksDB as a durable log: records put one by one, each in its write-ahead log
// and synced before the call returns.
//
// For one thread, but for Put().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/payload.h"

namespace cauce::bench {

class RocksDbPeer {
 public:
  // In a directory of its own, which goes with it. What is put stays in memory
  // and the write-ahead log: nothing is compacted meanwhile.
  static absl::StatusOr<RocksDbPeer> Create(const std::string& directory);
  RocksDbPeer(RocksDbPeer&&) noexcept;
  RocksDbPeer& operator=(RocksDbPeer&&) = delete;
  ~RocksDbPeer();

  // A record of `payload` under a key of its own: a number of
  // Payload::kKeyBytes. Threads that put at the same time share syncs, as is
  // RocksDB's way. Thread-safe.
  absl::Status Put(const Payload& payload);

  // Whether `records` of the payload's size are there.
  absl::Status Verify(const Payload& payload, int64_t records) const;

 private:
  struct Database;
  explicit RocksDbPeer(std::unique_ptr<Database> database);

  std::unique_ptr<Database> database_;  // null once moved from
};

}  // namespace cauce::bench
