// What a C program hands in, checked and made ours: bytes, structs that know
// their size, arrays of them, enumerators, times.
//
// What cannot be right is Misuse with the name of what it was given as. Nothing
// is read beyond what the caller says is there. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cauce.h"
#include "cauce/consumer.h"
#include "cauce/producer.h"
#include "cauce/record.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"

namespace cauce::capi {

// A bound for what a struct may grow to.
inline constexpr size_t kStructSizeMax = 4096;

// What the format can tell of the bytes of one key or value, and a bound for
// what an array may have.
inline constexpr size_t kBytesMax = INT32_MAX;
inline constexpr size_t kEntriesMax = INT32_MAX;

// Misuse unless `given`, of which its first field says that it has
// `struct_size` bytes, can be a struct that has `known` bytes here: of the same
// size, or longer and zero behind these. `known` is also the least: no struct
// has grown since the first release.
absl::Status CheckStruct(std::string_view name, const void* given,
                         size_t struct_size, size_t known);

template <typename Struct>
absl::Status TakeStruct(std::string_view name, const void* given,
                        Struct& taken) {
  size_t size = 0;
  std::memcpy(&size, given, sizeof(size));
  CAUCE_RETURN_IF_ERROR(CheckStruct(name, given, size, sizeof(Struct)));
  std::memcpy(&taken, given, sizeof(Struct));
  return absl::OkStatus();
}

// All of an array, each as far as it is known here.
template <typename Struct>
absl::StatusOr<std::vector<Struct>> TakeArray(std::string_view name,
                                              const Struct* given,
                                              size_t count);

// The pairs of `count`, which need no array where there are none.
absl::StatusOr<std::span<const cauce_config_t>> TakePairs(
    const cauce_config_t* pairs, size_t count);

// By this come all bytes that are given by pointer and size: nothing where they
// are null. Misuse for a size that nothing can have; Reason::kBatchTooLarge
// above kBytesMax.
absl::StatusOr<std::optional<std::string_view>> TakeBytes(std::string_view name,
                                                          const void* bytes,
                                                          size_t size);

// One of the enumerators that are counted from 0 to `last`.
template <typename Enum>
absl::StatusOr<Enum> TakeEnum(std::string_view name, int32_t value, Enum last);

// CAUCE_FOREVER is infinite, and no other number below zero is a time.
absl::StatusOr<absl::Duration> TakeTimeout(int64_t milliseconds);

// Records as the engine takes them. Views what they were made of.
class TakenRecords {
 public:
  absl::Status Add(const cauce_record_t& given);
  std::span<const Record> records() const { return records_; }

 private:
  std::vector<Record> records_;
  std::deque<std::vector<Header>> headers_;
};

// Misuse for a topic that is null.
absl::StatusOr<TopicPartition> TakePartition(const char* topic,
                                             int32_t partition);
absl::StatusOr<TopicPartition> TakePartition(const cauce_place_t& place);
absl::StatusOr<std::vector<TopicPartition>> TakePartitions(
    const cauce_place_t* places, size_t count);
// Misuse where a partition is named twice.
absl::StatusOr<OffsetsToCommit> TakeOffsets(const cauce_place_t* places,
                                            size_t count);

absl::Status EnumOutOfRange(std::string_view name, int32_t value, int32_t last);
absl::Status CheckArray(std::string_view name, const void* given, size_t count);
absl::Status SizesDiffer(std::string_view name, size_t index, size_t size,
                         size_t first);

template <typename Struct>
absl::StatusOr<std::vector<Struct>> TakeArray(std::string_view name,
                                              const Struct* given,
                                              size_t count) {
  CAUCE_RETURN_IF_ERROR(CheckArray(name, given, count));
  std::vector<Struct> taken;
  const char* at = reinterpret_cast<const char*>(given);
  size_t step = 0;
  for (size_t i = 0; i < count; ++i, at += step) {
    size_t size = 0;
    std::memcpy(&size, at, sizeof(size));
    if (i == 0) step = size;
    // First: behind the first one's size nothing is known to be there.
    if (size != step) return SizesDiffer(name, i, size, step);
    CAUCE_RETURN_IF_ERROR(TakeStruct(name, at, taken.emplace_back()));
  }
  return taken;
}

template <typename Enum>
absl::StatusOr<Enum> TakeEnum(std::string_view name, int32_t value, Enum last) {
  if (value >= 0 && value <= static_cast<int32_t>(last))
    return static_cast<Enum>(value);
  return EnumOutOfRange(name, value, static_cast<int32_t>(last));
}

}  // namespace cauce::capi
