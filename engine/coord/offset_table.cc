#include "engine/coord/offset_table.h"

#include <limits>
#include <utility>

namespace cauce {
namespace {

OffsetCommitKey FirstKeyOf(const std::string& group) {
  return {group, "", PartitionId{std::numeric_limits<int32_t>::min()}};
}

// The keys of `group` in a map by key.
template <typename Map>
std::vector<OffsetCommitKey> KeysIn(const Map& map, const std::string& group) {
  std::vector<OffsetCommitKey> keys;
  for (auto at = map.lower_bound(FirstKeyOf(group));
       at != map.end() && at->first.group == group; ++at) {
    keys.push_back(at->first);
  }
  return keys;
}

}  // namespace

void OffsetTable::Commit(const OffsetCommitKey& key,
                         const OffsetCommitValue& value, Offset record) {
  Settle(key, {value, record});
}

void OffsetTable::CommitPending(const OffsetCommitKey& key,
                                const OffsetCommitValue& value, Offset record,
                                ProducerId producer) {
  pending_[producer][key] = {value, record};
  writers_[key].insert(producer);
}

void OffsetTable::Remove(const OffsetCommitKey& key) {
  committed_.erase(key);
  const auto writers = writers_.find(key);
  if (writers == writers_.end()) return;
  for (const ProducerId producer : writers->second) {
    Offsets& pending = pending_[producer];
    pending.erase(key);
    if (pending.empty()) pending_.erase(producer);
  }
  writers_.erase(writers);
}

void OffsetTable::EndWithCommit(ProducerId producer) {
  for (const auto& [key, commit] : TakePending(producer)) Settle(key, commit);
}

void OffsetTable::EndWithAbort(ProducerId producer) { TakePending(producer); }

const CommittedOffset* OffsetTable::Find(const OffsetCommitKey& key) const {
  const auto found = committed_.find(key);
  return found == committed_.end() ? nullptr : &found->second;
}

bool OffsetTable::IsPending(const OffsetCommitKey& key) const {
  return writers_.contains(key);
}

bool OffsetTable::HasPending(const std::string& group) const {
  const auto first = writers_.lower_bound(FirstKeyOf(group));
  return first != writers_.end() && first->first.group == group;
}

std::vector<OffsetCommitKey> OffsetTable::KeysOf(
    const std::string& group) const {
  return KeysIn(committed_, group);
}

std::vector<OffsetCommitKey> OffsetTable::AllKeysOf(
    const std::string& group) const {
  std::vector<OffsetCommitKey> keys = KeysIn(committed_, group);
  for (OffsetCommitKey& key : KeysIn(writers_, group)) {
    if (!committed_.contains(key)) keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> OffsetTable::Groups() const {
  std::vector<std::string> groups;
  for (const auto& [key, commit] : committed_) {
    if (groups.empty() || groups.back() != key.group)
      groups.push_back(key.group);
  }
  return groups;
}

void OffsetTable::Settle(const OffsetCommitKey& key,
                         const CommittedOffset& commit) {
  const auto [at, is_new] = committed_.try_emplace(key, commit);
  if (!is_new && at->second.record < commit.record) at->second = commit;
}

OffsetTable::Offsets OffsetTable::TakePending(ProducerId producer) {
  const auto found = pending_.find(producer);
  if (found == pending_.end()) return {};
  Offsets taken = std::move(found->second);
  pending_.erase(found);
  for (const auto& [key, commit] : taken) {
    const auto writers = writers_.find(key);
    writers->second.erase(producer);
    if (writers->second.empty()) writers_.erase(writers);
  }
  return taken;
}

}  // namespace cauce
