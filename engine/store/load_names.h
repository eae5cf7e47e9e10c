// What a loader's files are called until the table takes them: who opens the
// table removes those that it finds. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "fmt/format.h"

namespace cauce {

inline constexpr std::string_view kLoadPrefix = "cauce.load.";

inline std::string LoadPath(std::string_view directory, int number) {
  return fmt::format("{}/{}{}", directory, kLoadPrefix, number);
}

inline bool IsLoadName(std::string_view name) {
  return name.starts_with(kLoadPrefix);
}

}  // namespace cauce
