// "Did you mean": the known word that is most like a mistyped one.
// Pure: any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cauce::cli {

// How many letters must be put in, left out, changed or swapped with their
// neighbour to get from one word to the other.
size_t EditDistance(std::string_view a, std::string_view b);

// The word of `known` nearest to `typed`; empty where none is near.
std::string Nearest(std::string_view typed, std::span<const std::string> known);

}  // namespace cauce::cli
