#include "engine/log/sparse_index.h"

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "fmt/format.h"

namespace cauce {
namespace {

int32_t Relative(Offset offset, Offset base) {
  const int64_t relative = offset - base;
  CAUCE_CHECK(relative >= 0);
  CAUCE_CHECK(relative <= INT32_MAX);
  return static_cast<int32_t>(relative);
}

// An offset that belongs to no segment where there is none so high.
Offset Absolute(int32_t relative, Offset base) {
  return relative > INT64_MAX - base.value ? Offset{} : base + relative;
}

}  // namespace

void OffsetEntry::Encode(Offset base, char* to) const {
  CAUCE_CHECK(position <= INT32_MAX);
  StoreBig<int32_t>(to, Relative(offset, base));
  StoreBig<int32_t>(to + 4, static_cast<int32_t>(position));
}

OffsetEntry OffsetEntry::Decode(Offset base, const char* from) {
  return {Absolute(LoadBig<int32_t>(from), base), LoadBig<int32_t>(from + 4)};
}

void TimeEntry::Encode(Offset base, char* to) const {
  StoreBig<int64_t>(to, timestamp.ms);
  StoreBig<int32_t>(to + 8, Relative(offset, base));
}

TimeEntry TimeEntry::Decode(Offset base, const char* from) {
  return {{LoadBig<int64_t>(from)}, Absolute(LoadBig<int32_t>(from + 8), base)};
}

template <class Entry>
void SparseIndex<Entry>::Append(const Entry& entry) {
  const size_t at = size_.load(std::memory_order_relaxed);
  if (at > 0) CAUCE_CHECK((*this)[at - 1].MayPrecede(entry));
  MakeRoomAt(at) = entry;
  size_.store(at + 1, std::memory_order_release);
}

template <class Entry>
Entry& SparseIndex<Entry>::MakeRoomAt(size_t at) {
  const size_t block = BlockOf(at);
  CAUCE_CHECK(block < kBlocks);
  if (block > 0 && further_ == nullptr) {
    further_ = std::make_unique<FurtherBlocks>();
  }
  Block& entries = block == 0 ? first_ : (*further_)[block - 1];
  if (entries == nullptr) {
    entries = std::make_unique<Entry[]>(kFirstBlock << block);
  }
  return entries[at - FirstOf(block)];
}

template <class Entry>
void SparseIndex<Entry>::RemoveLast() {
  const size_t count = size_.load(std::memory_order_relaxed);
  CAUCE_CHECK(count > 0);
  size_.store(count - 1, std::memory_order_release);
}

template <class Entry>
size_t SparseIndex<Entry>::CountAtOrBelow(int64_t key) const {
  size_t count = size();
  size_t low = 0;
  while (count > 0) {
    const size_t half = count / 2;
    if ((*this)[low + half].key() <= key) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

template <class Entry>
std::optional<Entry> SparseIndex<Entry>::FindAtOrBelow(int64_t key) const {
  const size_t found = CountAtOrBelow(key);
  if (found == 0) return std::nullopt;
  return (*this)[found - 1];
}

template <class Entry>
std::string SparseIndex<Entry>::Encode(Offset base, size_t from,
                                       size_t to) const {
  CAUCE_CHECK(from <= to);
  CAUCE_CHECK(to <= size());
  std::string bytes((to - from) * Entry::kBytes, '\0');
  for (size_t i = from; i < to; ++i) {
    (*this)[i].Encode(base, bytes.data() + (i - from) * Entry::kBytes);
  }
  return bytes;
}

template <class Entry>
absl::Status SparseIndex<Entry>::DecodeFrom(Offset base,
                                            std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += Entry::kBytes) {
    if (bytes.size() - at < Entry::kBytes) {
      return MakeError(
          Reason::kCorruptFile,
          fmt::format("{} bytes are left over at position {}; entries have {}",
                      bytes.size() - at, at, Entry::kBytes));
    }
    const Entry entry = Entry::Decode(base, bytes.data() + at);
    const bool fits =
        entry.MayBelongTo(base) && (empty() || last()->MayPrecede(entry));
    if (!fits) {
      if (IsZeros(bytes.substr(at))) break;
      return MakeError(
          Reason::kCorruptFile,
          fmt::format("entry {} at position {} does not follow the one before",
                      at / Entry::kBytes, at));
    }
    Append(entry);
  }
  return absl::OkStatus();
}

template class SparseIndex<OffsetEntry>;
template class SparseIndex<TimeEntry>;

}  // namespace cauce
