#include "engine/catalog/open_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cauce/topic_name.h"
#include "engine/catalog/decimal.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr size_t kFileNameBytesMax = 255;
constexpr size_t kHexDigits = 32;
constexpr std::string_view kDeleteSuffix = "-delete";

std::string Hex(const TopicId& id) {
  std::string hex;
  for (const uint8_t byte : id.bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Each once, smallest first.
using Partitions = std::vector<PartitionId>;

// The partitions of each topic whose directories are there. Of a topic with
// many they come one after the other.
std::map<std::string, Partitions> FindPartitions(
    std::span<const DirectoryEntry> entries) {
  std::map<std::string, Partitions> found;
  auto topic = found.end();
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    const std::string_view all = entry.name;
    const size_t dash = all.rfind('-');
    if (dash == std::string_view::npos) continue;
    if (topic != found.end() && topic->first == all.substr(0, dash)) {
      const auto number = ParseDecimal<int32_t>(all.substr(dash + 1));
      if (number) topic->second.push_back(PartitionId{*number});
      continue;
    }
    auto name = ParseTopicPartition(all);
    if (!name || name->topic == kClusterMetadata) continue;
    topic = found.try_emplace(std::move(name->topic)).first;
    topic->second.push_back(name->partition);
  }
  for (auto& [name, partitions] : found) std::ranges::sort(partitions);
  return found;
}

class Planner {
 public:
  Planner(std::span<const DirectoryEntry> entries, const WasHere& was_here)
      : was_here_(was_here), found_(FindPartitions(entries)) {
    for (const DirectoryEntry& entry : entries) {
      if (entry.is_directory && IsDeletedDirectoryName(entry.name)) {
        plan_.remove.push_back(entry.name);
        deleted_.insert(entry.name);
      }
    }
  }

  void Known(const TopicEntry& topic) {
    const auto node = found_.extract(topic.name);
    const Partitions there = node.empty() ? Partitions() : node.mapped();
    // On a full disk the names of its directories are all that could say so.
    if (topic.state == TopicState::kLive && !HasDeletedDirectory(topic)) {
      if (topic.imported) return Imported(topic, there);
      return Live(topic, there);
    }
    for (const PartitionId partition : there) {
      plan_.remove.push_back(TopicPartition{topic.name, partition}.ToString());
    }
    plan_.forget.push_back(topic.name);
  }

  OpenPlan Rest() {
    for (const auto& [name, there] : found_) Unknown(name, there);
    return std::move(plan_);
  }

 private:
  // How many partitions the directories speak of. Numbers that no topic can
  // have do not count.
  static int32_t CountOf(const Partitions& there) {
    const auto behind =
        std::ranges::lower_bound(there, PartitionId{kTopicPartitionsMax});
    return behind == there.begin() ? 0 : std::prev(behind)->value + 1;
  }

  void Live(const TopicEntry& topic, const Partitions& there) {
    auto at = there.begin();
    for (int32_t i = 0; i < topic.partitions; ++i) {
      const bool is_there = at != there.end() && *at == PartitionId{i};
      if (is_there) ++at;
      (is_there ? plan_.open : plan_.missing)
          .push_back({topic.name, PartitionId{i}});
    }
    LeaveAlone(topic.name, there, topic.partitions);
  }

  bool HasDeletedDirectory(const TopicEntry& topic) const {
    if (deleted_.empty() || topic.id.is_zero()) return false;
    for (int32_t p = 0; p < topic.partitions; ++p) {
      const TopicPartition partition{topic.name, PartitionId{p}};
      if (deleted_.contains(DeletedDirectoryName(partition, topic.id))) {
        return true;
      }
    }
    return false;
  }

  // What is there is all that there is of it.
  void Open(const std::string& name, const Partitions& there, int32_t count) {
    for (const PartitionId partition : there) {
      if (partition < PartitionId{count}) {
        plan_.open.push_back({name, partition});
      }
    }
    LeaveAlone(name, there, count);
  }

  void LeaveAlone(const std::string& name, const Partitions& there,
                  int32_t count) {
    for (auto at = std::ranges::lower_bound(there, PartitionId{count});
         at != there.end(); ++at) {
      plan_.left_alone.push_back(TopicPartition{name, *at}.ToString());
    }
  }

  void Imported(const TopicEntry& topic, const Partitions& there) {
    const int32_t count = CountOf(there);
    if (count > topic.partitions) plan_.grown.push_back({topic.name, count});
    Open(topic.name, there, std::max(count, topic.partitions));
    for (int32_t p = 0; was_here_ && p < topic.partitions; ++p) {
      TopicPartition name{topic.name, PartitionId{p}};
      const bool is_missing =
          !std::ranges::binary_search(there, name.partition) &&
          was_here_(name) && !WasDeleted(name);
      if (is_missing) plan_.missing.push_back(std::move(name));
    }
  }

  // By whoever has renamed its directory.
  bool WasDeleted(const TopicPartition& name) const {
    const std::string front = name.ToString() + '.';
    const auto at = deleted_.lower_bound(front);
    return at != deleted_.end() && at->starts_with(front);
  }

  void Unknown(const std::string& name, const Partitions& there) {
    const int32_t count = CountOf(there);
    if (count > 0) plan_.imported.push_back({name, count});
    Open(name, there, count);
  }

  const WasHere& was_here_;
  std::map<std::string, Partitions> found_;
  std::set<std::string> deleted_;  // directories on their way out
  OpenPlan plan_;
};

}  // namespace

std::string DeletedDirectoryName(const TopicPartition& partition,
                                 const TopicId& topic_id) {
  const std::string end = fmt::format("-{}.{}{}", partition.partition.value,
                                      Hex(topic_id), kDeleteSuffix);
  return partition.topic.substr(0, kFileNameBytesMax - end.size()) + end;
}

bool IsDeletedDirectoryName(std::string_view directory) {
  if (!directory.ends_with(kDeleteSuffix)) return false;
  directory.remove_suffix(kDeleteSuffix.size());
  const size_t dot = directory.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view hex = directory.substr(dot + 1);
  return hex.size() == kHexDigits && std::ranges::all_of(hex, IsHexDigit) &&
         ParseTopicPartition(directory.substr(0, dot)).has_value();
}

bool IsDeletedDirectoryOf(std::string_view directory, const TopicId& topic_id) {
  return IsDeletedDirectoryName(directory) &&
         directory.ends_with(
             fmt::format(".{}{}", Hex(topic_id), kDeleteSuffix));
}

OpenPlan PlanOpen(const TopicCatalog& catalog,
                  std::span<const DirectoryEntry> entries,
                  const WasHere& was_here) {
  Planner planner(entries, was_here);
  for (const auto& [name, topic] : catalog.topics()) planner.Known(topic);
  return planner.Rest();
}

}  // namespace cauce
