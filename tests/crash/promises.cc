#include "tests/crash/promises.h"

#include <algorithm>
#include <utility>

#include "cauce/cursor.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::test {
namespace {

absl::Status Broken(std::string message) {
  return absl::DataLossError(std::move(message));
}

// As little as may be: the logs are small.
constexpr CursorOptions kSmallReads = {.read_bytes = 4 << 10};

// Where the next record has to be: at `found`, unless one stands in front of it
// that may not be missing. What is missing now is so from now on.
int64_t PassMissing(PartitionPromise& promise, int64_t next, int64_t found) {
  for (; next < found; ++next) {
    const auto at = promise.written.find(next);
    if (at == promise.written.end() || !at->second.may_be_missing) break;
    at->second.may_be.clear();
  }
  return next;
}

absl::Status CheckRecords(const Partition& partition,
                          PartitionPromise& promise) {
  Cursor cursor = partition.Read(partition.log_start(), kSmallReads);
  RecordView record;
  int64_t next = partition.log_start().value;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more) break;
    const int64_t offset = record.offset.value;
    next = PassMissing(promise, next, offset);
    const auto expected = promise.written.find(offset);
    if (offset != next || expected == promise.written.end()) {
      return Broken(fmt::format("{}: offset {} was read where {} comes next",
                                partition.name().ToString(), offset, next));
    }
    std::vector<std::string>& may_be = expected->second.may_be;
    if (std::ranges::find(may_be, record.value) == may_be.end()) {
      return Broken(fmt::format(
          "{}: offset {} holds {}, {} was written", partition.name().ToString(),
          offset, record.value->substr(0, 20),
          may_be.empty() ? "nothing" : may_be.back().substr(0, 20)));
    }
    may_be = {std::string(*record.value)};
    expected->second.may_be_missing = false;
    ++next;
  }
  next = PassMissing(promise, next, partition.log_end().value);
  if (next == partition.log_end().value) return absl::OkStatus();
  return Broken(fmt::format("{}: reading ends at offset {}, the log at {}",
                            partition.name().ToString(), next,
                            partition.log_end().value));
}

// Whether who reads what is committed is shown the record at `offset`.
bool IsShown(const PartitionPromise& promise, int64_t offset, int64_t log_end) {
  for (const PromisedTransaction& each : promise.transactions) {
    if (!each.offsets.contains(offset)) continue;
    return each.is_committed && !each.IsOpen(log_end);
  }
  return true;
}

// After CheckRecords: that who reads what is committed is shown that, up to the
// first transaction that is open.
absl::Status CheckCommitted(const Partition& partition,
                            const PartitionPromise& promise) {
  const int64_t end = partition.log_end().value;
  int64_t stable = end;
  for (const PromisedTransaction& each : promise.transactions) {
    const int64_t first = *each.offsets.begin();
    if (first < end && each.IsOpen(end)) stable = std::min(stable, first);
  }
  CAUCE_ASSIGN_OR_RETURN(const Offset found, partition.LastStableOffset());
  if (found.value != stable) {
    return Broken(fmt::format("{}: is stable up to offset {}, not up to {}",
                              partition.name().ToString(), found.value,
                              stable));
  }
  std::vector<int64_t> expected;
  for (const auto& [offset, value] : promise.written) {
    const bool is_there = offset >= partition.log_start().value &&
                          offset < stable && !value.may_be.empty();
    if (is_there && IsShown(promise, offset, end)) expected.push_back(offset);
  }
  CursorOptions committed = kSmallReads;
  committed.isolation = Isolation::kReadCommitted;
  Cursor cursor = partition.Read(partition.log_start(), committed);
  RecordView record;
  std::vector<int64_t> shown;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more) break;
    shown.push_back(record.offset.value);
  }
  if (shown == expected) return absl::OkStatus();
  return Broken(fmt::format("{}: of what is committed offsets {} are shown, "
                            "not {}",
                            partition.name().ToString(), fmt::join(shown, " "),
                            fmt::join(expected, " ")));
}

// The offset and time of every record.
absl::StatusOr<std::vector<FoundOffset>> ReadTimes(const Partition& partition) {
  std::vector<FoundOffset> times;
  Cursor cursor = partition.Read(partition.log_start(), kSmallReads);
  RecordView record;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more) return times;
    times.push_back({record.offset, record.timestamp});
  }
}

// Every few records: segments hold more than that.
constexpr size_t kLookupStride = 3;

absl::Status CheckLookupsIn(const Partition& partition) {
  CAUCE_ASSIGN_OR_RETURN(const auto times, ReadTimes(partition));
  for (size_t i = 0; i < times.size(); i += kLookupStride) {
    Cursor cursor = partition.Read(times[i].offset, kSmallReads);
    RecordView record;
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more || record.offset != times[i].offset) {
      return Broken(fmt::format("{}: a look for offset {} does not find it",
                                partition.name().ToString(),
                                times[i].offset.value));
    }
    const auto first = std::ranges::find_if(times, [&](const FoundOffset& at) {
      return at.timestamp >= times[i].timestamp;
    });
    CAUCE_ASSIGN_OR_RETURN(const auto found,
                           partition.FindByTime(times[i].timestamp));
    if (!found || *found != *first) {
      return Broken(
          fmt::format("{}: a look for time {} finds offset {}, not {}",
                      partition.name().ToString(), times[i].timestamp.ms,
                      found ? found->offset.value : -1, first->offset.value));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPartition(const Engine& engine, const std::string& topic,
                            int32_t number, PartitionPromise& promise) {
  CAUCE_ASSIGN_OR_RETURN(const Partition partition,
                         engine.OpenPartition(topic, PartitionId{number}));
  const int64_t start = partition.log_start().value;
  const int64_t end = partition.log_end().value;
  if (start < promise.start_min || start > promise.start_max) {
    return Broken(fmt::format("{}: begins at offset {}, not in {} to {}",
                              partition.name().ToString(), start,
                              promise.start_min, promise.start_max));
  }
  if (!promise.ends.contains(end)) {
    return Broken(fmt::format("{}: ends at offset {}, not at any of {}",
                              partition.name().ToString(), end,
                              fmt::join(promise.ends, ", ")));
  }
  if (partition.durable_end().value != end) {
    return Broken(fmt::format(
        "{}: what recovery returns is durable up to {}, "
        "not up to {}",
        partition.name().ToString(), partition.durable_end().value, end));
  }
  CAUCE_RETURN_IF_ERROR(CheckRecords(partition, promise));
  if (!promise.transactions.empty()) {
    CAUCE_RETURN_IF_ERROR(CheckCommitted(partition, promise));
  }
  promise.start_min = promise.start_max = start;
  promise.ends = {end};
  promise.acknowledged = end;
  return absl::OkStatus();
}

absl::Status CheckTopic(const Engine& engine, const std::string& name,
                        const TopicDescription* found, TopicPromise& promise) {
  if (found == nullptr) {
    if (promise.may_be_gone) return absl::OkStatus();
    return Broken(fmt::format("{}: the topic is gone", name));
  }
  const auto most = static_cast<int32_t>(promise.partitions.size());
  if (found->partitions < promise.partitions_min || found->partitions > most) {
    return Broken(fmt::format("{}: has {} partitions, not {} to {}", name,
                              found->partitions, promise.partitions_min, most));
  }
  if (!promise.configs.contains(found->configs)) {
    return Broken(fmt::format("{}: has configs that it was never given", name));
  }
  promise.partitions_min = found->partitions;
  promise.partitions.resize(static_cast<size_t>(found->partitions));
  promise.configs = {found->configs};
  for (int32_t p = 0; p < found->partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(CheckPartition(
        engine, name, p, promise.partitions[static_cast<size_t>(p)]));
  }
  promise.may_be_gone = false;
  return absl::OkStatus();
}

}  // namespace

int64_t PartitionPromise::Try(int64_t offset,
                              const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    WrittenValue& at = written[offset++];
    at.may_be.push_back(value);
    at.newest_holds = false;
  }
  ends.insert(offset);
  return offset;
}

void PartitionPromise::Acknowledge(int64_t offset, int64_t end) {
  for (; offset < end; ++offset) written[offset].newest_holds = true;
  acknowledged = end;
}

void PartitionPromise::JoinTransaction(int64_t offset) {
  if (!HasOpenTransaction()) transactions.emplace_back();
  transactions.back().offsets.insert(offset);
}

bool PartitionPromise::HasOpenTransaction() const {
  return !transactions.empty() && !transactions.back().marker;
}

void PartitionPromise::TryMarker(int64_t offset, bool is_committed) {
  Try(offset, {"marker"});
  written[offset].may_be_missing = true;
  transactions.back().marker = offset;
  transactions.back().is_committed = is_committed;
}

void PartitionPromise::LetCompact() {
  // From the newest on: what is in front of one that counts goes.
  std::set<std::string> newer;
  for (auto at = written.rbegin(); at != written.rend(); ++at) {
    auto& [offset, value] = *at;
    if (value.key.empty()) continue;
    const auto own =
        std::ranges::find_if(transactions, [&](const auto& each) {
          return each.offsets.contains(offset);
        });
    const bool is_open = own != transactions.end() && !own->marker;
    if (is_open) continue;
    const bool counts = own == transactions.end() || own->is_committed;
    value.may_be_missing |= !counts || newer.contains(value.key);
    if (counts) newer.insert(value.key);
  }
}

void PartitionPromise::KeepUpTo(int64_t offset) {
  ends.erase(ends.begin(), ends.lower_bound(offset));
  for (auto& [at, value] : written) {
    if (at >= offset) break;
    const bool is_known = value.newest_holds && !value.may_be.empty();
    if (is_known) value.may_be = {std::move(value.may_be.back())};
  }
}

TopicPromise& Promises::topic(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second;
  return topics_.emplace(name, TopicPromise{}).first->second;
}

void Promises::Forget(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) topics_.erase(found);
}

void Promises::LosePower() {
  for (auto& [name, topic] : topics_) {
    for (PartitionPromise& each : topic.partitions) {
      each.acknowledged = std::min(each.acknowledged, *each.ends.begin());
    }
  }
}

void Promises::KeepAcknowledged() {
  for (auto& [name, topic] : topics_) {
    for (PartitionPromise& each : topic.partitions) {
      each.KeepUpTo(each.acknowledged);
    }
  }
}

absl::Status Promises::CheckLookups(Engine& engine) const {
  for (const auto& [name, topic] : topics_) {
    for (int32_t p = 0; p < topic.partitions_min; ++p) {
      CAUCE_ASSIGN_OR_RETURN(const Partition partition,
                             engine.OpenPartition(name, PartitionId{p}));
      CAUCE_RETURN_IF_ERROR(CheckLookupsIn(partition));
    }
  }
  return absl::OkStatus();
}

std::map<std::string, int64_t> Promises::LogStarts() const {
  std::map<std::string, int64_t> starts;
  for (const auto& [name, topic] : topics_) {
    for (size_t p = 0; p < topic.partitions.size(); ++p) {
      starts[fmt::format("{}-{}", name, p)] = topic.partitions[p].start_min;
    }
  }
  return starts;
}

bool Promises::MayBeginUnsavedAt(std::string_view file) const {
  if (!starts_may_be_unsaved_) return false;
  return std::ranges::any_of(LogStarts(), [&](const auto& log) {
    const Offset start{log.second};
    return file.ends_with(
        fmt::format("/{}/{}", log.first, SegmentFileName(start, kLogSuffix)));
  });
}

absl::Status Promises::Check(Engine& engine) {
  CAUCE_ASSIGN_OR_RETURN(const auto found, engine.ListTopics());
  for (const TopicDescription& topic : found) {
    if (!topics_.contains(topic.name)) {
      return Broken(fmt::format("{}: nobody made this topic", topic.name));
    }
  }
  for (auto at = topics_.begin(); at != topics_.end();) {
    const auto topic =
        std::ranges::find(found, at->first, &TopicDescription::name);
    const TopicDescription* here = topic == found.end() ? nullptr : &*topic;
    CAUCE_RETURN_IF_ERROR(CheckTopic(engine, at->first, here, at->second));
    at = here == nullptr ? topics_.erase(at) : std::next(at);
  }
  return absl::OkStatus();
}

}  // namespace cauce::test
