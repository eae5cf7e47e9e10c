// What Apache Kafka's DumpLogSegments says of a partition that was closed, and
// whether that is what follows from what was appended. For one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/interop/dump.h"
#include "tests/interop/kafka.h"
#include "tests/interop/written_topic.h"

namespace cauce::test {

// The three ways in which the tool looks at a partition.
struct Verdict {
  Dump dumped;    // everything, with every record
  Dump verified;  // indexes against logs
  Dump checked;   // indexes as a broker does when it starts

  std::vector<std::string> Complaints() const;
  // In the indexes whose names end so.
  size_t EntriesIn(std::string_view end) const;
};

// Asks of the files in `folder`.
Verdict Judge(const Kafka& kafka, const std::string& folder);

// The logs hold these records and nothing else, every index was walked to its
// end, and the tool complains of nothing but of each gap within a log, which it
// takes for a mistake whether or not compaction has left it.
void ExpectSound(const Verdict& verdict,
                 std::span<const WrittenRecord> written);

// What the files say of producers and of aborted transactions follows from what
// was appended to `topic`, and where it has producers there is a snapshot at
// its end.
void ExpectProducers(const Verdict& verdict, const WrittenTopic& topic);

}  // namespace cauce::test
