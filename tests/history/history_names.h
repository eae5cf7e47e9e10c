// The topics, groups and numbers that all who take part in a history share.
// Copiers read "in" and write "out"; everybody else uses "in" alone, but for
// writers, which read both, and who uses "brief". What those of a group promise
// is in its name.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/consumer.h"
#include "cauce/errors.h"
#include "cauce/record.h"
#include "cauce/types.h"
#include "tests/history/history.h"

namespace cauce::test {

inline constexpr int32_t kHistoryPartitions = 3;  // at first
inline constexpr int32_t kHistoryPartitionsMax = 5;
inline constexpr std::string_view kIn = "in";
inline constexpr std::string_view kOut = "out";
// Deleted and made again from time to time. In the history each life of it has
// a name of its own: "brief.2".
inline constexpr std::string_view kBrief = "brief";
inline constexpr char kReaders[] = "readers";
inline constexpr char kCopiers[] = "copiers";
// Of consumers that commit by themselves, and of those that commit before they
// work.
inline constexpr char kAutomatic[] = "automatic";
inline constexpr char kCautious[] = "cautious";
// Of "brief" alone.
inline constexpr char kFollowers[] = "followers";
// Of "in".
inline constexpr const char* kGroups[] = {kReaders, kCopiers, kAutomatic,
                                          kCautious};
// Of who waits for a coordinator: twenty looks at the clock.
inline constexpr absl::Duration kPatience = absl::Milliseconds(20);

inline std::vector<TopicPartition> PartitionsOf(
    std::string_view topic, int32_t count = kHistoryPartitions) {
  std::vector<TopicPartition> all;
  for (int32_t i = 0; i < count; ++i)
    all.push_back({std::string(topic), {i}});
  return all;
}

inline std::vector<TopicPartition> AllPartitions(
    int32_t count = kHistoryPartitions) {
  std::vector<TopicPartition> all = PartitionsOf(kIn, count);
  for (TopicPartition& each : PartitionsOf(kOut, count))
    all.push_back(std::move(each));
  return all;
}

inline Promise PromiseOf(std::string_view group) {
  if (group == kAutomatic) return Promise::kAtLeastOnce;
  return group == kCautious ? Promise::kAtMostOnce : Promise::kNone;
}

// Whether a record of which its producer tells this is stored nowhere: it was
// not written before that was closed, or its transaction over.
inline bool IsRefusal(const absl::Status& told) {
  return ReasonOf(told) == Reason::kClosed ||
         ReasonOf(told) == Reason::kTransactionAbortable;
}

inline OffsetsToCommit ToCommit(const OffsetsByPartition& offsets) {
  OffsetsToCommit commit;
  for (const auto& [partition, offset] : offsets) {
    commit[partition] = {
        .offset = offset, .metadata = "", .leader_epoch = {}};
  }
  return commit;
}

inline int64_t ValueOf(const RecordView& record) {
  int64_t value = 0;
  if (record.value.has_value()) {
    std::from_chars(record.value->data(),
                    record.value->data() + record.value->size(), value);
  }
  return value;
}

}  // namespace cauce::test
