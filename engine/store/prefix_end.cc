#include <string>

#include "cauce/state_store.h"

namespace cauce {

std::optional<std::string> PrefixEnd(std::string_view prefix) {
  const size_t last = prefix.find_last_not_of('\xff');
  if (last == std::string_view::npos) return std::nullopt;
  std::string end(prefix.substr(0, last + 1));
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace cauce
