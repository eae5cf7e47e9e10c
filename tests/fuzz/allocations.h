// How large the largest allocation was, whoever made it: for checks that no
// length in hostile bytes is believed.
//
// Takes the place of the C library's malloc, or listens to the sanitizer's, for
// the whole of a program that links it. Counts all threads.
#pragma once

#include <cstddef>

namespace cauce::fuzz {

// Since ForgetLargestAllocation was last called.
size_t LargestAllocation();
void ForgetLargestAllocation();

}  // namespace cauce::fuzz
