// Makes records of all shapes: keys and values that are null, empty, large and
// beyond ASCII, headers likewise, and times that go back and forth.
//
// No text holds a newline or, in a header's key, a comma: Kafka's tools print
// both as they are. For one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

using Records = std::vector<OwnedRecord>;

class RecordMaker {
 public:
  // Records of about that time.
  explicit RecordMaker(uint32_t seed, absl::Time about = SimClock::kStart)
      : random_(seed), about_(absl::ToUnixMillis(about)) {}

  int Below(int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random_);
  }

  OwnedRecord Make() {
    OwnedRecord record;
    record.key = MaybeText(20);
    record.value = MaybeText(Below(50) == 0 ? 5000 : 100);
    for (int left = Below(4); left > 0; --left) {
      record.headers.emplace_back(Text(6), MaybeText(10));
    }
    record.timestamp = about_ - 1'000'000 + Below(2'000'000);
    return record;
  }

  Records MakeSome(int count_max) {
    Records records(1 + Below(count_max));
    std::ranges::generate(records, [this] { return Make(); });
    return records;
  }

 private:
  std::string Text(int letters_max) {
    constexpr std::string_view kLetters[] = {"a", "B", "7", " ",
                                             ":", "ñ", "€", "|"};
    std::string text;
    for (int left = Below(letters_max + 1); left > 0; --left) {
      text += kLetters[Below(std::size(kLetters))];
    }
    return text;
  }

  std::optional<std::string> MaybeText(int letters_max) {
    if (Below(6) == 0) return std::nullopt;
    return Text(letters_max);
  }

  std::mt19937 random_;
  const int64_t about_;
};

}  // namespace cauce::test
