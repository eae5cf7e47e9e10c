// A fuzz target: a property that must hold of any bytes.
//
// A target is one source file, NAME_target.cc, that defines the two functions
// below; fuzz_target.cc makes of them what fuzzers call. A property that does
// not hold stops the process (CAUCE_CHECK), and so do the sanitizers: the
// bytes at hand are then a find. Whatever a target remembers between two calls
// must not change what the next one says. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"

// What libFuzzer and our own driver call. Returns zero.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace cauce::fuzz {

// Checks the property of `input`. No allocation since it was called may have
// been larger than what it asks of ExpectSmallAllocations.
void CheckInput(std::string_view input);

// Inputs to begin with: Kafka's own bytes and small ones made by hand. Runs
// where the tree's root is the working directory.
std::vector<std::string> Seeds();

// Stops the process, telling `status`, unless it has one of these reasons.
void ExpectReason(const absl::Status& status,
                  std::initializer_list<Reason> reasons);

// Stops the process if a single allocation since this input's beginning was
// larger than `bytes_max`: a length was believed.
void ExpectSmallAllocations(size_t bytes_max);

}  // namespace cauce::fuzz
