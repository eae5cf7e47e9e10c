#include "engine/log/aborted_index.h"

#include <algorithm>
#include <cstdint>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Where the fields of an entry stand.
constexpr size_t kVersion = 0;
constexpr size_t kProducerId = 2;
constexpr size_t kFirst = 10;
constexpr size_t kLast = 18;
constexpr size_t kLastStable = 26;

constexpr int16_t kVersionValue = 0;

absl::Status Corrupt(size_t position, std::string_view what) {
  return MakeError(Reason::kCorruptFile,
                   fmt::format("at position {}: {}", position, what));
}

AbortedTransaction DecodeEntry(const char* from) {
  return {.producer_id = {LoadBig<int64_t>(from + kProducerId)},
          .first = {LoadBig<int64_t>(from + kFirst)},
          .last = {LoadBig<int64_t>(from + kLast)},
          .last_stable = {LoadBig<int64_t>(from + kLastStable)}};
}

void EncodeEntry(const AbortedTransaction& aborted, char* to) {
  StoreBig<int16_t>(to + kVersion, kVersionValue);
  StoreBig<int64_t>(to + kProducerId, aborted.producer_id.value);
  StoreBig<int64_t>(to + kFirst, aborted.first.value);
  StoreBig<int64_t>(to + kLast, aborted.last.value);
  StoreBig<int64_t>(to + kLastStable, aborted.last_stable.value);
}

// Whether the marker stands behind the records, and what was stable does not
// lie behind the marker.
bool IsPlausible(const AbortedTransaction& aborted) {
  return aborted.producer_id >= ProducerId{0} && aborted.first >= Offset{0} &&
         aborted.first < aborted.last && aborted.last_stable >= Offset{0} &&
         aborted.last_stable.value - 1 <= aborted.last.value;
}

}  // namespace

void AbortedIndex::Add(const AbortedTransaction& aborted) {
  CAUCE_CHECK(IsPlausible(aborted));
  CAUCE_CHECK(entries_.empty() || entries_.back().last < aborted.last);
  entries_.push_back(aborted);
}

void AbortedIndex::CutAt(Offset end) {
  while (!entries_.empty() && entries_.back().last >= end) entries_.pop_back();
}

bool AbortedIndex::Search(Offset from, Offset up_to,
                          std::vector<AbortedTransaction>& found) const {
  auto at =
      std::ranges::lower_bound(entries_, from, {}, &AbortedTransaction::last);
  for (; at != entries_.end(); ++at) {
    if (at->first < up_to) found.push_back(*at);
    if (at->last_stable >= up_to) return true;
  }
  return false;
}

std::string AbortedIndex::Encode() const {
  std::string bytes(this->bytes(), '\0');
  char* to = bytes.data();
  for (const AbortedTransaction& each : entries_) {
    EncodeEntry(each, to);
    to += kEntryBytes;
  }
  return bytes;
}

absl::StatusOr<AbortedIndex> AbortedIndex::Decode(Offset base,
                                                  std::string_view bytes) {
  AbortedIndex index;
  CAUCE_RETURN_IF_ERROR(index.Take(base, bytes));
  return index;
}

AbortedIndex AbortedIndex::DecodeFront(Offset base, std::string_view bytes) {
  AbortedIndex index;
  // What does not fit is what this leaves out.
  index.Take(base, bytes).IgnoreError();
  return index;
}

absl::Status AbortedIndex::Take(Offset base, std::string_view bytes) {
  entries_.reserve(bytes.size() / kEntryBytes);
  for (size_t at = 0; at < bytes.size(); at += kEntryBytes) {
    if (bytes.size() - at < kEntryBytes) {
      return Corrupt(at, "ends in the middle of an entry");
    }
    const char* const from = bytes.data() + at;
    if (const auto version = LoadBig<int16_t>(from + kVersion);
        version != kVersionValue) {
      return MakeError(
          version > kVersionValue ? Reason::kUnsupportedFormat
                                  : Reason::kCorruptFile,
          fmt::format("at position {}: the entry has version {}, {} is known",
                      at, version, kVersionValue));
    }
    const AbortedTransaction entry = DecodeEntry(from);
    const Offset before = at == 0 ? base + -1 : entries_.back().last;
    if (!IsPlausible(entry) || entry.last <= before) {
      return Corrupt(
          at,
          fmt::format("the entry of producer {}, offsets {} to {}, stable "
                      "up to {}, cannot stand behind offset {}",
                      entry.producer_id.value, entry.first.value,
                      entry.last.value, entry.last_stable.value, before.value));
    }
    entries_.push_back(entry);
  }
  return absl::OkStatus();
}

}  // namespace cauce
