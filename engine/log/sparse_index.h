// Where to begin looking in a segment: some of its offsets with their file
// positions, and some of its timestamps with their offsets.
//
// Entries are only ever added at the end, by the partition's one writer, and
// never change, so readers look without a lock: an entry is complete before
// the count that covers it is published. An index is derived from its log and
// believed only after the batch it leads to was checked.
//
// Source of the formats: Kafka's OffsetIndex and TimeIndex. An offset entry
// names the LAST offset of a batch and the position where that batch begins. A
// time entry says: up to the offset `offset`, the last of some batch, no
// record has a larger timestamp than `timestamp`, and that batch has it.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/types.h"

namespace cauce {

struct OffsetEntry {
  static constexpr size_t kBytes = 8;

  Offset offset;         // the last of its batch
  int64_t position = 0;  // where its batch begins in the .log file

  int64_t key() const { return offset.value; }
  // Whether it may stand in the index of the segment that begins at `base`: the
  // first batch, at position 0, has no entry.
  bool MayBelongTo(Offset base) const { return offset >= base && position > 0; }
  // Whether `next` may stand behind this entry.
  bool MayPrecede(const OffsetEntry& next) const {
    return offset < next.offset && position < next.position;
  }
  void Encode(Offset base, char* to) const;
  static OffsetEntry Decode(Offset base, const char* from);
};

struct TimeEntry {
  static constexpr size_t kBytes = 12;

  Timestamp timestamp;
  Offset offset;

  int64_t key() const { return timestamp.ms; }
  bool MayBelongTo(Offset base) const {
    return offset >= base && timestamp.has_value();
  }
  bool MayPrecede(const TimeEntry& next) const {
    return timestamp < next.timestamp && offset < next.offset;
  }
  void Encode(Offset base, char* to) const;
  static TimeEntry Decode(Offset base, const char* from);
};

// Entries in the order in which they were added.
template <class Entry>
class SparseIndex {
 public:
  SparseIndex() = default;
  SparseIndex(const SparseIndex&) = delete;
  SparseIndex& operator=(const SparseIndex&) = delete;

  // For the one writer. `entry` must follow the last one: see MayPrecede.
  void Append(const Entry& entry);
  // The same, before anybody else sees the index. There must be an entry.
  void RemoveLast();

  size_t size() const { return size_.load(std::memory_order_acquire); }
  bool empty() const { return size() == 0; }

  // `at` must be below size().
  const Entry& operator[](size_t at) const {
    if (at < kFirstBlock) return first_[at];
    const size_t block = BlockOf(at);
    return (*further_)[block - 1][at - FirstOf(block)];
  }

  // The last entry whose key is at most `key`.
  std::optional<Entry> FindAtOrBelow(int64_t key) const;
  // How many entries have keys at most `key`: those in front of the rest.
  size_t CountAtOrBelow(int64_t key) const;
  std::optional<Entry> last() const {
    const size_t count = size();
    if (count == 0) return std::nullopt;
    return (*this)[count - 1];
  }

  // The bytes of the index file: of the entries [from, to), of which there
  // must be so many, or of all.
  std::string Encode(Offset base) const { return Encode(base, 0, size()); }
  std::string Encode(Offset base, size_t from, size_t to) const;

  // Adds the entries of an index file for the segment that begins at `base`.
  // A tail of zeros, as Kafka preallocates, ends it. Reason::kCorruptFile where
  // entries do not strictly grow or bytes are left over; those before stay.
  absl::Status DecodeFrom(Offset base, std::string_view bytes);

 private:
  // Block b holds kFirstBlock << b entries, so that a small index is small, a
  // large one takes few blocks, and no entry ever moves.
  static constexpr size_t kFirstBlock = 16;
  static constexpr size_t kBlocks = 28;
  using Block = std::unique_ptr<Entry[]>;
  using FurtherBlocks = std::array<Block, kBlocks - 1>;

  static size_t BlockOf(size_t at) {
    return std::bit_width(at / kFirstBlock + 1) - 1;
  }
  static size_t FirstOf(size_t block) {
    return ((size_t{1} << block) - 1) * kFirstBlock;
  }
  // Where the entry `at` goes, which is made where it is not there yet.
  Entry& MakeRoomAt(size_t at);

  // Both are made when they are needed: ten thousand segments of a few batches
  // have no entry.
  Block first_;
  std::unique_ptr<FurtherBlocks> further_;
  std::atomic<size_t> size_ = 0;
};

using OffsetIndex = SparseIndex<OffsetEntry>;
using TimeIndex = SparseIndex<TimeEntry>;

extern template class SparseIndex<OffsetEntry>;
extern template class SparseIndex<TimeEntry>;

}  // namespace cauce
