// The word by which what a C program hands in is told from what was freed, or
// never was what it is taken for.
//
// The best effort: a freed object's memory may be anybody's by then. It stands
// behind what allocators write into the first bytes of what is freed, and is an
// atomic, so that its last value is stored though nobody reads it in time, and
// that of two threads that free at once one finds it gone. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace cauce::capi {

// Unlikely as bytes of anything else.
enum class Kind : uint32_t {
  kFreed = 0xdeadca0c,
  // A callback's, for as long as that takes: not the program's to free.
  kLent = 0xca0ce000,
  kError,
  kClient,
  kPartition,
  kWatch,
  kCursor,
  kProducer,
  kConsumer,
  kPlaces,
  kSettings,
  kCompaction,
  kTopics,
  kMembers,
  kGroups,
  kTransactions,
  kGroupMetadata,
  kStores,
  kStore,
  kStoreDescriptions,
  kValue,
  kRows,
  kSnapshot,
  kBackup,
};

class Magic {
 public:
  explicit Magic(Kind kind) : word_(kind) {}
  Magic(const Magic&) = delete;
  Magic& operator=(const Magic&) = delete;

  bool Is(Kind kind) const {
    return word_.load(std::memory_order_relaxed) == kind;
  }
  // Returns whether it was of that kind until now; it is of none then.
  bool Retire(Kind kind) {
    return word_.compare_exchange_strong(kind, Kind::kFreed,
                                         std::memory_order_acq_rel);
  }

 private:
  [[maybe_unused]] const uint64_t room_[4] = {};
  std::atomic<Kind> word_;
};

}  // namespace cauce::capi
