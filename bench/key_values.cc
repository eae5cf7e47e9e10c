#include "bench/key_values.h"

#include <random>

namespace cauce::bench {
namespace {

// More places to begin at than a test of few pairs would confuse.
constexpr size_t kPlaces = 1 << 20;

}  // namespace

KeyValues::KeyValues(size_t value_bytes, uint32_t seed)
    : value_bytes_(value_bytes), random_bytes_(kPlaces + value_bytes, '\0') {
  std::mt19937 random(seed);
  for (char& byte : random_bytes_) byte = static_cast<char>(random());
}

// The finalizer of MurmurHash3, which can be undone: no two numbers meet.
KeyOf KeyValues::Key(int64_t number) {
  auto bits = static_cast<uint64_t>(number);
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccdULL;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53ULL;
  bits ^= bits >> 33;
  return KeyOf(bits);
}

std::string_view KeyValues::Value(int64_t number) const {
  const size_t at = static_cast<uint64_t>(number) * 257 % kPlaces;
  return std::string_view(random_bytes_).substr(at, value_bytes_);
}

int64_t KeyValues::bytes_each() const {
  return static_cast<int64_t>(Payload::kKeyBytes + value_bytes_);
}

}  // namespace cauce::bench
