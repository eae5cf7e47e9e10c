#include "tests/testing/unsynced_bytes.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace cauce::test {

Fates& Fates::operator+=(const Fates& more) {
  kept += more.kept;
  dropped += more.dropped;
  torn += more.torn;
  reordered += more.reordered;
  names_kept += more.names_kept;
  names_dropped += more.names_dropped;
  return *this;
}

void UnsyncedBytes::Write(uint64_t write, int64_t position,
                          std::string_view bytes) {
  const int64_t end = position + static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const int64_t sector = position / kSectorBytes;
    const auto skip = static_cast<size_t>(position % kSectorBytes);
    const size_t count =
        std::min(bytes.size(), static_cast<size_t>(kSectorBytes) - skip);
    std::string changed = Latest(sector);
    changed.replace(skip, count, bytes.substr(0, count));
    Put(write, sector, std::move(changed));
    bytes.remove_prefix(count);
    position += static_cast<int64_t>(count);
  }
  if (end > size()) sizes_.push_back(end);
}

void UnsyncedBytes::Truncate(uint64_t write, int64_t size) {
  const int64_t before = this->size();
  if (size == before) return;
  // What is cut off reads as zeros when the file grows again.
  for (int64_t at = size; at < before;) {
    const int64_t sector = at / kSectorBytes;
    std::string cut = Latest(sector);
    const auto skip = static_cast<size_t>(at % kSectorBytes);
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(skip), cut.end(), '\0');
    Put(write, sector, std::move(cut));
    at = (sector + 1) * kSectorBytes;
  }
  sizes_.push_back(size);
}

void UnsyncedBytes::Sync() {
  const int64_t end = size();
  for (const auto& [sector, versions] : pending_) {
    Apply(sector, versions.back().bytes);
  }
  disk_.resize(static_cast<size_t>(end));
  pending_.clear();
  sizes_.clear();
}

void UnsyncedBytes::FailSync(Choices& choices) {
  const int64_t end = size();
  std::map<int64_t, std::string> latest = lost_;
  for (const auto& [sector, versions] : pending_) {
    latest[sector] = versions.back().bytes;
  }
  Settle(choices);
  // The size readers see is that of memory, as is what they read.
  if (end != disk_size()) sizes_.push_back(end);
  lost_.clear();
  for (auto& [sector, bytes] : latest) {
    if (bytes != OnDisk(sector)) lost_[sector] = std::move(bytes);
  }
}

Fates UnsyncedBytes::Lose(Choices& choices) {
  lost_.clear();
  return Settle(choices);
}

Fates UnsyncedBytes::Settle(Choices& choices) {
  Fates fates;
  std::vector<int64_t> sizes = {disk_size()};
  for (const int64_t size : sizes_) {
    if (size != sizes.back()) sizes.push_back(size);
  }
  std::set<uint64_t> kept_writes;
  std::set<uint64_t> dropped_writes;
  for (const auto& [sector, versions] : pending_) {
    const size_t kept = choices.Pick(versions.size() + 1);
    if (kept > 0) Apply(sector, versions[kept - 1].bytes);
    for (size_t i = 0; i < versions.size(); ++i) {
      (i < kept ? kept_writes : dropped_writes).insert(versions[i].write);
    }
    fates.kept += static_cast<int64_t>(kept);
    fates.dropped += static_cast<int64_t>(versions.size() - kept);
  }
  // Zeros from a size that reached the disk before its bytes did, or bytes
  // that no size counts: a file ends where its size says.
  disk_.resize(static_cast<size_t>(sizes[choices.Pick(sizes.size())]));
  for (const uint64_t write : kept_writes) {
    if (dropped_writes.contains(write)) ++fates.torn;
  }
  if (!kept_writes.empty() && !dropped_writes.empty() &&
      *dropped_writes.begin() < *kept_writes.rbegin()) {
    ++fates.reordered;
  }
  pending_.clear();
  sizes_.clear();
  return fates;
}

std::string UnsyncedBytes::OnDisk(int64_t sector) const {
  const int64_t at = sector * kSectorBytes;
  std::string bytes;
  if (at < disk_size()) {
    bytes = disk_.substr(static_cast<size_t>(at), kSectorBytes);
  }
  bytes.resize(kSectorBytes, '\0');
  return bytes;
}

std::string UnsyncedBytes::Latest(int64_t sector) const {
  if (const auto found = pending_.find(sector); found != pending_.end()) {
    return found->second.back().bytes;
  }
  const auto lost = lost_.find(sector);
  return lost != lost_.end() ? lost->second : OnDisk(sector);
}

void UnsyncedBytes::Put(uint64_t write, int64_t sector, std::string bytes) {
  lost_.erase(sector);
  const auto found = pending_.find(sector);
  if (found == pending_.end()) {
    if (bytes != OnDisk(sector)) {
      pending_[sector].push_back({write, std::move(bytes)});
    }
  } else if (bytes != found->second.back().bytes) {
    found->second.push_back({write, std::move(bytes)});
  }
}

void UnsyncedBytes::Apply(int64_t sector, const std::string& bytes) {
  const auto at = static_cast<size_t>(sector * kSectorBytes);
  if (disk_.size() < at + bytes.size()) disk_.resize(at + bytes.size(), '\0');
  disk_.replace(at, bytes.size(), bytes);
}

int64_t UnsyncedBytes::unsynced() const {
  return static_cast<int64_t>(pending_.size()) + (sizes_.empty() ? 0 : 1);
}

void UnsyncedBytes::Flip(int64_t position, char mask) {
  CAUCE_CHECK(position < disk_size());
  disk_[static_cast<size_t>(position)] ^= mask;
}

}  // namespace cauce::test
