#include "engine/log/key_map.h"

#include <algorithm>
#include <bit>

#include "engine/base/check.h"

namespace cauce {
namespace {

// Nine tenths, as Kafka's log.cleaner.io.buffer.load.factor.
constexpr int64_t kLoadTenths = 9;

// Of the memory a quarter at most goes into the two bits of each offset: with
// four offsets a byte, so many offsets as there are bytes in all.
int64_t OffsetsMax(int64_t bytes_max) {
  return std::min<int64_t>(bytes_max, int64_t{UINT32_MAX} - 1);
}

int64_t WordsFor(int64_t bits) { return (bits + 63) / 64; }

}  // namespace

KeyMap::KeyMap(Offset base, Offset end, int64_t bytes_max)
    : base_(base), memory_(0) {
  CAUCE_CHECK(bytes_max >= kBytesMin);
  CAUCE_CHECK(end >= base);
  const int64_t offsets = std::min(end - base, OffsetsMax(bytes_max));
  limit_ = base + offsets;
  const int64_t words = WordsFor(offsets);
  dead_.resize(static_cast<size_t>(words));
  tombstones_.resize(static_cast<size_t>(words));
  const int64_t left = bytes_max - 2 * 8 * words;
  // One slot stays free, so that every look-up ends.
  const int64_t wanted = offsets * 10 / kLoadTenths + 2;
  const int64_t slots = std::min<int64_t>(
      {left / static_cast<int64_t>(sizeof(Entry)), wanted, UINT32_MAX});
  slots_ = static_cast<uint64_t>(slots);
  keys_max_ = static_cast<size_t>(
      std::min<int64_t>(slots - 1, slots * kLoadTenths / 10 + 1));
  memory_ = TableMemory(slots_ * sizeof(Entry));
  entries_ = static_cast<Entry*>(memory_.data());
}

int64_t KeyMap::bytes() const {
  return static_cast<int64_t>(slots_ * sizeof(Entry) + 2 * 8 * dead_.size());
}

size_t KeyMap::Probe(const KeyHash& key) const {
  size_t slot = SlotOf(key);
  while (entries_[slot].offset_plus_one != 0 && !Matches(entries_[slot], key)) {
    slot = slot + 1 == slots_ ? 0 : slot + 1;
  }
  return slot;
}

bool KeyMap::Put(const KeyHash& key, Offset offset) {
  Entry& entry = entries_[Probe(key)];
  const auto at = static_cast<uint32_t>(offset - base_);
  if (entry.offset_plus_one != 0) {
    MarkDead(base_ + (int64_t{entry.offset_plus_one} - 1));
  } else {
    if (size_ == keys_max_) return false;
    ++size_;
    entry.hash[0] = static_cast<uint32_t>(key.low);
    entry.hash[1] = static_cast<uint32_t>(key.high);
    entry.hash[2] = static_cast<uint32_t>(key.high >> 32);
  }
  entry.offset_plus_one = at + 1;
  return true;
}

std::optional<Offset> KeyMap::Find(const KeyHash& key) const {
  const Entry& entry = entries_[Probe(key)];
  if (entry.offset_plus_one == 0) return std::nullopt;
  return base_ + (int64_t{entry.offset_plus_one} - 1);
}

template <class Visit>
void KeyMap::VisitWords(Offset from, Offset end, Visit visit) const {
  auto at = static_cast<uint64_t>(from - base_);
  const auto last = static_cast<uint64_t>(end - base_);
  while (at < last) {
    // The bits of this word that lie within.
    const uint64_t bits = std::min<uint64_t>(64 - at % 64, last - at);
    const uint64_t mask =
        (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1) << (at % 64);
    if (visit(at / 64, mask)) return;
    at += bits;
  }
}

int64_t KeyMap::CountDead(Offset from, Offset end) const {
  int64_t count = 0;
  VisitWords(from, end, [&](uint64_t word, uint64_t mask) {
    count += std::popcount(dead_[word] & mask);
    return false;
  });
  return count;
}

bool KeyMap::AnyMarked(Offset from, Offset end) const {
  bool any = false;
  VisitWords(from, end, [&](uint64_t word, uint64_t mask) {
    any = ((dead_[word] | tombstones_[word]) & mask) != 0;
    return any;
  });
  return any;
}

}  // namespace cauce
