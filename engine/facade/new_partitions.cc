#include "engine/facade/new_partitions.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace cauce {
namespace {

// Who opens one more waits for all of them.
constexpr size_t kTogetherMax = 1024;

constexpr size_t kFilesOfEach = 2;

// Each takes a block.
constexpr int64_t kFileBytes = 4096;

}  // namespace

absl::Status NewPartitions::Furnish(const TopicEntry& topic,
                                    PartitionId partition, WholeSync* whole) {
  const bool may_share =
      whole != nullptr && !topic.imported && !topic.id.is_zero();
  // Over the one that is furnished alone too: while its directory is still
  // empty another would take it along.
  MutexLock lock(mutex_);
  if (may_share) {
    if (topic_ != topic.id) {
      topic_ = topic.id;
      opened_ = 0;
      ahead_.clear();
    }
    const bool is_furnished = ahead_.erase(partition) > 0 ||
                              FurnishMany(topic, partition, *whole);
    ++opened_;
    if (is_furnished) return absl::OkStatus();
  }
  return directories_.Furnish(topic, partition);
}

bool NewPartitions::FurnishMany(const TopicEntry& topic, PartitionId partition,
                                WholeSync& whole) {
  if (has_failed_) return false;
  const size_t in_vain_max = opened_ - std::min(opened_, ahead_.size());
  const auto left = static_cast<size_t>(topic.partitions - partition.value);
  const size_t count = std::min({kTogetherMax, 1 + in_vain_max, left});
  const bool is_worth_a_look =
      count * kFilesOfEach >= whole.files_min() && !IsTooMuch(count);
  if (!is_worth_a_look) return false;
  std::vector<PartitionId> all;
  const int32_t end = partition.value + static_cast<int32_t>(count);
  for (PartitionId p = partition; p.value < end; ++p.value) {
    if (!IsNew(topic, p, whole)) break;
    all.push_back(p);
  }
  if (all.empty() || all.size() * kFilesOfEach < whole.files_min()) {
    return false;
  }
  has_failed_ = !directories_.FurnishNew(topic, all, whole).ok();
  if (has_failed_) return false;
  ahead_.insert(all.begin() + 1, all.end());
  return true;
}

bool NewPartitions::IsTooMuch(size_t partitions) const {
  if (space_ == nullptr) return false;
  const auto bytes =
      static_cast<int64_t>(partitions * kFilesOfEach) * kFileBytes;
  return space_->IsShort() || !space_->HasRoomFor(bytes);
}

bool NewPartitions::IsNew(const TopicEntry& topic, PartitionId partition,
                          const WholeSync& whole) const {
  const std::string path = directories_.PathOf({topic.name, partition});
  const auto entries = files_.List(path);
  return entries.ok() && entries->empty() && whole.Covers(path);
}

}  // namespace cauce
