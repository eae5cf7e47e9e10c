// Directories that are spoiled by chance, one after the other, for tests of
// what a repair makes of them: and what each of them must still be able to say.
//
// The same rounds spoil in the same way. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/spoiler.h"

namespace cauce::test {

// What the test of such a parameter is called by: "Closed" or "Killed".
std::string StopName(const ::testing::TestParamInfo<Stop>& info);

// Hands a known directory that ended with `stop` to `check`, spoiled in another
// way in each round. Ends with the first that fails, of which it tells the
// round and the story.
void ForEachSpoiled(
    Stop stop, uint32_t rounds,
    const std::function<void(const KnownDirectory&, const Spoiler&)>& check);

// Expects that `disk` still gives every record of the batches that nothing has
// touched, `whole`, but for those that were deleted.
void ExpectReadsWhole(const KnownDirectory& known,
                      const std::vector<KnownBatch>& whole, FaultyDisk& disk);

}  // namespace cauce::test
