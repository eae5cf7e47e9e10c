#include "tests/crash/acknowledged.h"

#include <set>

#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

std::string NameOf(const PartitionKey& partition) {
  return fmt::format("{}-{}", partition.first, partition.second);
}

}  // namespace

absl::Status Acknowledged::Add(const PartitionKey& partition, int64_t offset,
                               const std::string& value) {
  const auto [at, is_new] = values_[partition].try_emplace(offset, value);
  if (is_new || at->second == value) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{}: offset {} was acknowledged with {}, and now with {}",
                  NameOf(partition), offset, at->second, value));
}

absl::Status Acknowledged::Check(const FoundRecords& found) {
  for (const auto& [partition, acknowledged] : values_) {
    const auto at = found.find(partition);
    CAUCE_RETURN_IF_ERROR(
        CheckPartition(partition, at == found.end() ? std::vector<FoundRecord>()
                                                    : at->second));
  }
  for (const auto& [partition, records] : found) {
    CAUCE_RETURN_IF_ERROR(CheckPartition(partition, records));
    ends_[partition] = static_cast<int64_t>(records.size());
    for (const FoundRecord& record : records) {
      CAUCE_RETURN_IF_ERROR(Add(partition, record.offset, record.value));
    }
  }
  return absl::OkStatus();
}

absl::Status Acknowledged::CheckPartition(
    const PartitionKey& partition, const std::vector<FoundRecord>& records) {
  std::set<std::string> seen;
  for (size_t i = 0; i < records.size(); ++i) {
    if (records[i].offset != static_cast<int64_t>(i)) {
      return absl::DataLossError(fmt::format("{}: offset {} comes where {} is",
                                             NameOf(partition),
                                             records[i].offset, i));
    }
    if (!seen.insert(records[i].value).second) {
      return absl::DataLossError(fmt::format(
          "{}: {} is there twice", NameOf(partition), records[i].value));
    }
  }
  const auto count = static_cast<int64_t>(records.size());
  for (const auto& [offset, value] : values_[partition]) {
    if (offset >= count) {
      return absl::DataLossError(
          fmt::format("{}: offset {} was acknowledged, the log ends at {}",
                      NameOf(partition), offset, count));
    }
    const std::string& there = records[static_cast<size_t>(offset)].value;
    if (there != value) {
      return absl::DataLossError(
          fmt::format("{}: offset {} holds {}, {} was acknowledged",
                      NameOf(partition), offset, there, value));
    }
  }
  return absl::OkStatus();
}

int64_t Acknowledged::EndOf(const PartitionKey& partition) const {
  const auto found = ends_.find(partition);
  return found == ends_.end() ? 0 : found->second;
}

}  // namespace cauce::test
