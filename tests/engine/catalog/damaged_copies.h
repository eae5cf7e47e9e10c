// Every way to damage a small file once: all that is left when it is cut off,
// and every bit of it turned.
//
// A decoder of outside bytes is put to all of them. Pure: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cauce::test {

// The beginnings of `bytes`, from none of it to all but the last byte.
inline std::vector<std::string> Truncations(std::string_view bytes) {
  std::vector<std::string> copies;
  for (size_t size = 0; size < bytes.size(); ++size) {
    copies.emplace_back(bytes.substr(0, size));
  }
  return copies;
}

inline std::vector<std::string> BitFlips(std::string_view bytes) {
  std::vector<std::string> copies;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string copy(bytes);
    copy[bit / 8] = static_cast<char>(copy[bit / 8] ^ (1 << bit % 8));
    copies.push_back(std::move(copy));
  }
  return copies;
}

}  // namespace cauce::test
