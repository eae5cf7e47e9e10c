// Reads the value of an option from its text: one overload for each type that
// options have.
//
// Each returns whether `text` is such a value, and leaves `value` alone where
// it is none. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/backup.h"
#include "cauce/codec.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/producer.h"
#include "cauce/read.h"

namespace cauce::capi {

// What a duration without a unit is counted in: as Kafka's names end, in "ms"
// or "minutes". Zero where the text has its unit, as in "5ms".
using Unit = absl::Duration;
Unit UnitOf(std::string_view kafka_name);

bool ReadText(std::string_view text, Unit unit, bool& value);
bool ReadText(std::string_view text, Unit unit, int32_t& value);
bool ReadText(std::string_view text, Unit unit, int64_t& value);
bool ReadText(std::string_view text, Unit unit, size_t& value);
bool ReadText(std::string_view text, Unit unit, absl::Duration& value);
bool ReadText(std::string_view text, Unit unit, std::string& value);
bool ReadText(std::string_view text, Unit unit, Access& value);
bool ReadText(std::string_view text, Unit unit, Ack& value);
bool ReadText(std::string_view text, Unit unit, Codec& value);
bool ReadText(std::string_view text, Unit unit, Acks& value);
bool ReadText(std::string_view text, Unit unit, Keyless& value);
bool ReadText(std::string_view text, Unit unit, ResetTo& value);
bool ReadText(std::string_view text, Unit unit, Isolation& value);
bool ReadText(std::string_view text, Unit unit, ReadUpTo& value);
bool ReadText(std::string_view text, Unit unit, OnDamage& value);
bool ReadText(std::string_view text, Unit unit, GroupOffsets& value);
bool ReadText(std::string_view text, Unit unit, std::vector<Assignment>& value);

template <typename T>
bool ReadText(std::string_view text, Unit unit, std::optional<T>& value) {
  T read{};
  if (!ReadText(text, unit, read)) return false;
  value = std::move(read);
  return true;
}

}  // namespace cauce::capi
