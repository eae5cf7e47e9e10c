// What is wrong with options, field by field: each finding names the field, its
// value and what it may be. For one thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"

namespace cauce {

class OptionFindings {
 public:
  // `whose` begins the message: "producer options".
  explicit OptionFindings(std::string_view whose) : whose_(whose) {}

  // Whatever sign the value's type has.
  void ExpectWithin(std::string_view field, std::integral auto value,
                    int64_t least, int64_t most) {
    Expect(std::cmp_greater_equal(value, least) &&
               std::cmp_less_equal(value, most),
           [&] {
             return fmt::format("{} is {}, it must be {} to {}", field, value,
                                least, most);
           });
  }
  // One of the enumerators that are counted from 0 to `last`, which a cast may
  // have left.
  template <typename Enum>
  void ExpectUpTo(std::string_view field, Enum value, Enum last) {
    const auto number = static_cast<int64_t>(value);
    const auto most = static_cast<int64_t>(last);
    Expect(number >= 0 && number <= most, [&] {
      return fmt::format("{} is {}, it must be one of its enumerators, 0 to {}",
                         field, number, most);
    });
  }
  void ExpectNotNegative(std::string_view field, absl::Duration value);
  void ExpectAboveZero(std::string_view field, absl::Duration value);
  void ExpectBytesUpTo(std::string_view field, std::string_view text,
                       size_t bytes_max);
  // `finding` says what is wrong where it does not hold.
  void Expect(bool holds, std::invocable auto finding) {
    if (!holds) bad_.push_back(finding());
  }

  // Reason::kInvalidOption with all that was found.
  absl::Status status() const;

 private:
  const std::string whose_;
  std::vector<std::string> bad_;
};

}  // namespace cauce
