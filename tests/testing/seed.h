// The seed of a randomised test: fresh for every run, or the one that the
// environment's CAUCE_SEED names.
//
// It is told twice: on standard output when it is made, so that a crash or a
// sanitizer's stop can be replayed, and beside every check that fails while it
// lives.
// Make it first in the test's body; it belongs to the test's own thread.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace cauce::test {

// Returns the number that `text` is from its first to its last character.
inline std::optional<uint32_t> ParseSeed(std::string_view text) {
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

class Seed {
 public:
  Seed() : Seed(std::getenv("CAUCE_SEED")) {}

  // `chosen` is the environment's word, null where it has none.
  explicit Seed(const char* chosen)
      : value_(chosen == nullptr ? std::random_device()()
                                 : ParseSeed(chosen).value_or(0)),
        trace_(__FILE__, __LINE__, Advice()) {
    std::printf("%s\n", Advice().c_str());
    std::fflush(stdout);
    // Zero in place of a word that is no number would replay something else.
    if (chosen != nullptr && !ParseSeed(chosen).has_value()) {
      ADD_FAILURE() << "CAUCE_SEED is \"" << chosen
                    << "\", but must be a number below 2^32";
    }
  }

  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;

  uint32_t value() const { return value_; }

 private:
  std::string Advice() const {
    return "CAUCE_SEED=" + std::to_string(value_) + " replays this";
  }

  const uint32_t value_;
  const ::testing::ScopedTrace trace_;
};

}  // namespace cauce::test
