// Which topics a consumer wants that names them by a pattern: a POSIX extended
// regular expression that matches the whole name. Internal topics are never
// among them. For one thread at a time.
#pragma once

#include <regex.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cauce {

class TopicPattern {
 public:
  // Of a longer one nothing is tried.
  static constexpr size_t kBytesMax = 1024;

  // Reason::kInvalidOption.
  static absl::StatusOr<TopicPattern> Parse(std::string_view pattern);

  bool Matches(const std::string& topic) const;

 private:
  struct Free {
    void operator()(regex_t* compiled) const;
  };
  std::unique_ptr<regex_t, Free> compiled_;
};

}  // namespace cauce
