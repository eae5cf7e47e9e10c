// The topics, groups and numbers that all who take part in a history share.
// Copiers read "in" and write "out"; everybody else uses "in" alone.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::test {

inline constexpr int32_t kHistoryPartitions = 3;
inline constexpr std::string_view kIn = "in";
inline constexpr std::string_view kOut = "out";
inline constexpr char kReaders[] = "readers";
inline constexpr char kCopiers[] = "copiers";
// Of who waits for a coordinator: twenty looks at the clock.
inline constexpr absl::Duration kPatience = absl::Milliseconds(20);

inline std::vector<TopicPartition> PartitionsOf(std::string_view topic) {
  std::vector<TopicPartition> all;
  for (int32_t i = 0; i < kHistoryPartitions; ++i)
    all.push_back({std::string(topic), {i}});
  return all;
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
