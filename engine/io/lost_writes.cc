#include "engine/io/lost_writes.h"

#include <array>
#include <charconv>
#include <utility>

namespace cauce {
namespace {

// As statfs() tells of them.
constexpr int64_t kExt4 = 0xEF53;
constexpr int64_t kXfs = 0x58465342;  // "XFSB"
constexpr int64_t kBtrfs = 0x9123683E;

constexpr std::pair<int, int> kLinuxMin = {5, 17};

// {0, 0} where it is not written as Linux writes it.
std::pair<int, int> VersionOf(std::string_view release) {
  std::pair<int, int> version;
  const char* const end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') {
    return {0, 0};
  }
  const auto minor = std::from_chars(major.ptr + 1, end, version.second);
  return minor.ec == std::errc() ? version : std::pair{0, 0};
}

}  // namespace

bool TellsOfLostWrites(std::string_view release, int64_t type) {
  const bool is_known = type == kExt4 || type == kXfs || type == kBtrfs;
  return is_known && VersionOf(release) >= kLinuxMin;
}

}  // namespace cauce
