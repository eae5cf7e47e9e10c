// Whether an engine reads of a directory what a broker's consumer has read of
// it. For one thread.
#pragma once

#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/read.h"

namespace cauce::test {

// Kafka's word for it.
inline std::string IsolationName(Isolation isolation) {
  return isolation == Isolation::kReadCommitted ? "read_committed"
                                                : "read_uncommitted";
}

// Takes the lines that ReadTopics.java has printed and expects of `engine` the
// same answer to each: where logs start and end, every record, which record is
// the first at an offset, which is found for a time. In front of a log's start
// there is nothing, and where Kafka misses a time that is there it is found.
// The consumer read with `isolation`. Returns the topics that were compared.
std::vector<std::string> ExpectSameReading(
    const Engine& engine, const std::string& printed,
    Isolation isolation = Isolation::kReadUncommitted);

}  // namespace cauce::test
