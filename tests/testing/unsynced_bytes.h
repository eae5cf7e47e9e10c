// The bytes of one file as a disk has them, and what was written since and may
// or may not reach it.
//
// A disk writes sectors of 512 bytes, each whole or not at all, in any order;
// of a sector that was written several times, any version may be the one. The
// file's size is one more such thing. A sync makes the latest of all durable;
// a sync that fails leaves them to chance, and what did not reach the disk
// never will, though readers still see it. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/choices.h"

namespace cauce::test {

inline constexpr int64_t kSectorBytes = 512;

// What came of everything that was unsynced.
struct Fates {
  int64_t kept = 0;       // versions of sectors that reached the disk,
  int64_t dropped = 0;    // and that did not
  int64_t torn = 0;       // writes of which both are true
  int64_t reordered = 0;  // losses: a later write is there, an earlier one not
  int64_t names_kept = 0;
  int64_t names_dropped = 0;

  Fates& operator+=(const Fates& more);
};

class UnsyncedBytes {
 public:
  // `write` is the number of the call, which only grows.
  void Write(uint64_t write, int64_t position, std::string_view bytes);
  void Truncate(uint64_t write, int64_t size);
  void Sync();
  // The sync failed: see above.
  void FailSync(Choices& choices);
  // The power went: what is left is what reached the disk.
  Fates Lose(Choices& choices);

  // What the disk has: all there is, once the power went.
  const std::string& disk() const { return disk_; }
  int64_t size() const { return sizes_.empty() ? disk_size() : sizes_.back(); }
  // Sectors, and sizes, that a loss asks the choices about.
  int64_t unsynced() const;
  // For a bit that flips while nobody looks.
  void Flip(int64_t position, char mask);

 private:
  struct Version {
    uint64_t write;
    std::string bytes;  // of the whole sector
  };

  int64_t disk_size() const { return static_cast<int64_t>(disk_.size()); }
  std::string OnDisk(int64_t sector) const;
  std::string Latest(int64_t sector) const;
  void Put(uint64_t write, int64_t sector, std::string bytes);
  void Apply(int64_t sector, const std::string& bytes);
  Fates Settle(Choices& choices);

  std::string disk_;
  std::map<int64_t, std::vector<Version>> pending_;  // by sector
  std::vector<int64_t> sizes_;                       // since the last sync
  // What readers see and a failed sync did not bring to the disk.
  std::map<int64_t, std::string> lost_;
};

}  // namespace cauce::test
