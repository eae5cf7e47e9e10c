#include "tests/crash/spoiled_rounds.h"

#include "fmt/format.h"

namespace cauce::test {

std::string StopName(const ::testing::TestParamInfo<Stop>& info) {
  return info.param == Stop::kClean ? "Closed" : "Killed";
}

void ForEachSpoiled(
    Stop stop, uint32_t rounds,
    const std::function<void(const KnownDirectory&, const Spoiler&)>& check) {
  const KnownDirectory known = MakeKnownDirectory(stop, 7);
  for (uint32_t round = 0; round < rounds && !::testing::Test::HasFailure();
       ++round) {
    Spoiler spoiler(known, round);
    spoiler.Spoil();
    SCOPED_TRACE(fmt::format("round {}: {}", round, spoiler.story()));
    check(known, spoiler);
  }
}

void ExpectReadsWhole(const KnownDirectory& known,
                      const std::vector<KnownBatch>& whole, FaultyDisk& disk) {
  const KnownRecords read = ReadKnown(disk);
  for (const KnownBatch& batch : whole) {
    for (int64_t offset = batch.base; offset < batch.next; ++offset) {
      const auto record = known.records.find({batch.partition, offset});
      if (record == known.records.end()) continue;  // it was deleted
      EXPECT_TRUE(read.contains(record->first))
          << batch.partition << " has lost offset " << offset;
    }
  }
}

}  // namespace cauce::test
