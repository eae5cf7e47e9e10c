// Up to where each key of a log was written again: the last offset of every
// key in a range of offsets, in memory that is bounded from the start.
//
// Open addressing in entries of 16 bytes: 96 bits of the key's hash and the
// offset, relative to where the range begins. The other 32 bits of the hash
// choose the slot; two of n keys that are taken for one need the same 96 bits
// and slots near each other: for 2^27 keys that is n^2 / 2 / 2^96 / 2^20, once
// in 2^63 maps. Filled to nine tenths. Beside them two bits for each offset of
// the range, taken from the same memory: whether its record is dead, because a
// later one of the range has its key, and whether it is a tombstone. So nobody
// has to look up again what was looked up once. A look-up misses the cache:
// prefetch some 32 keys ahead, which large pages alone make quick. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cauce/types.h"
#include "engine/base/table_memory.h"
#include "engine/log/key_hash.h"

namespace cauce {

class KeyMap {
 public:
  // The least memory that a map takes: for ten keys.
  static constexpr int64_t kBytesMin = 256;

  // For records of [base, end), or as many of them as fit into `bytes_max`, at
  // least kBytesMin. Takes what that many keys need, and no more.
  KeyMap(Offset base, Offset end, int64_t bytes_max);
  KeyMap(const KeyMap&) = delete;
  KeyMap& operator=(const KeyMap&) = delete;

  // The offsets that have bits here are [base, limit).
  Offset base() const { return base_; }
  Offset limit() const { return limit_; }
  size_t size() const { return size_; }
  size_t keys_max() const { return keys_max_; }
  int64_t bytes() const;

  void Prefetch(const KeyHash& key) const {
    __builtin_prefetch(&entries_[SlotOf(key)], 1);
  }

  // The key was written at `offset`, below limit() and above every offset that
  // was put before. Returns false, having changed nothing, where there is no
  // room for another key.
  bool Put(const KeyHash& key, Offset offset);

  // The last offset that was put for `key`; nothing for one that never was.
  std::optional<Offset> Find(const KeyHash& key) const;

  // A record of the range that is to go whatever comes: it has no key.
  void MarkDead(Offset offset) { Mark(dead_, offset); }
  void MarkTombstone(Offset offset) { Mark(tombstones_, offset); }
  bool IsDead(Offset offset) const { return IsMarked(dead_, offset); }
  // How many of [from, end), within the range, are dead.
  int64_t CountDead(Offset from, Offset end) const;
  // Whether any of [from, end), within the range, is dead or a tombstone.
  bool AnyMarked(Offset from, Offset end) const;

 private:
  struct Entry {
    uint32_t hash[3];
    uint32_t offset_plus_one;  // relative to base_; 0 where there is no entry
  };
  static_assert(sizeof(Entry) == 16);
  using Bits = std::vector<uint64_t>;

  size_t SlotOf(const KeyHash& key) const {
    return static_cast<size_t>(((key.low >> 32) * slots_) >> 32);
  }
  static bool Matches(const Entry& entry, const KeyHash& key) {
    return entry.hash[0] == static_cast<uint32_t>(key.low) &&
           entry.hash[1] == static_cast<uint32_t>(key.high) &&
           entry.hash[2] == static_cast<uint32_t>(key.high >> 32);
  }
  // Where `key` is, or would be put.
  size_t Probe(const KeyHash& key) const;
  void Mark(Bits& bits, Offset offset) const {
    const auto at = static_cast<uint64_t>(offset - base_);
    bits[at / 64] |= uint64_t{1} << (at % 64);
  }
  bool IsMarked(const Bits& bits, Offset offset) const {
    const auto at = static_cast<uint64_t>(offset - base_);
    return (bits[at / 64] >> (at % 64) & 1) != 0;
  }

  // Calls visit(word, mask) for the words that hold the bits of [from, end),
  // until it returns true.
  template <class Visit>
  void VisitWords(Offset from, Offset end, Visit visit) const;

  Offset base_;
  Offset limit_;
  uint64_t slots_ = 0;
  size_t keys_max_ = 0;
  size_t size_ = 0;
  TableMemory memory_;
  Entry* entries_ = nullptr;  // in it
  Bits dead_;
  Bits tombstones_;
};

}  // namespace cauce
