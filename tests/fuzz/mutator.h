// Changes inputs at random, for machines that have no coverage-guided fuzzer:
// bits, bytes, integers that lie on edges, pieces left out, doubled, moved and
// taken from other inputs.
//
// What it makes depends on the seed and the number of the run alone, so any run
// can be had again without those before it. Borrows the corpus. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cauce::fuzz {

class Mutator {
 public:
  // `corpus` holds at least one input. No result is longer than `bytes_max`.
  Mutator(std::span<const std::string> corpus, size_t bytes_max, uint64_t seed)
      : corpus_(corpus), bytes_max_(bytes_max), seed_(seed) {}

  // An input of the corpus after one to eight changes.
  std::string Make(uint64_t run) const;

 private:
  const std::span<const std::string> corpus_;
  const size_t bytes_max_;
  const uint64_t seed_;
};

}  // namespace cauce::fuzz
