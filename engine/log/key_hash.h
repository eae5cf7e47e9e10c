// What a record's key is told by while a log is compacted: 128 bits of a keyed
// hash, so that keys of any length take the same room.
//
// SipHash-1-3 with 128 bits of output. Source: Aumasson and Bernstein,
// "SipHash: a fast short-input PRF", and the reference code's variant with the
// longer output. The secret is drawn anew for each map of keys: nobody who
// chooses keys can make two of them look alike, which would cost a record.
// Plain values and pure functions: any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cauce {

struct KeyHash {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const KeyHash&, const KeyHash&) = default;
};

struct KeySecret {
  uint64_t low = 0;
  uint64_t high = 0;
};

class KeyHasher {
 public:
  explicit KeyHasher(KeySecret secret) : secret_(secret) {}

  KeyHash operator()(std::string_view key) const {
    State s{secret_.low ^ 0x736f6d6570736575u,
            // The last byte's bits mark the longer output.
            secret_.high ^ 0x646f72616e646f6du ^ 0xeeu,
            secret_.low ^ 0x6c7967656e657261u,
            secret_.high ^ 0x7465646279746573u};
    const char* at = key.data();
    size_t left = key.size();
    for (; left >= 8; at += 8, left -= 8) {
      uint64_t word;
      std::memcpy(&word, at, sizeof word);
      s.Take(word);
    }
    uint64_t last = static_cast<uint64_t>(key.size()) << 56;
    for (size_t i = 0; i < left; ++i) {
      last |= static_cast<uint64_t>(static_cast<uint8_t>(at[i])) << (8 * i);
    }
    s.Take(last);
    KeyHash hash;
    s.c ^= 0xee;
    hash.low = s.Finish();
    s.b ^= 0xdd;
    hash.high = s.Finish();
    return hash;
  }

 private:
  struct State {
    uint64_t a, b, c, d;

    void Round() {
      a += b;
      c += d;
      b = std::rotl(b, 13) ^ a;
      d = std::rotl(d, 16) ^ c;
      a = std::rotl(a, 32);
      c += b;
      a += d;
      b = std::rotl(b, 17) ^ c;
      d = std::rotl(d, 21) ^ a;
      c = std::rotl(c, 32);
    }
    void Take(uint64_t word) {
      d ^= word;
      Round();
      a ^= word;
    }
    uint64_t Finish() {
      for (int i = 0; i < 3; ++i) Round();
      return a ^ b ^ c ^ d;
    }
  };

  KeySecret secret_;
};

}  // namespace cauce
