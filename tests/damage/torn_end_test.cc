// The end of a log as a killed writer leaves it: cut behind its last whole
// batch, and what is cut never comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::BatchPlace;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;
using test::Values;
using test::WithoutZeros;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr std::string_view kDirectory = "/data";
const TopicPartition kDamaged{"orders", PartitionId{0}};

const std::vector<BatchPlace>& Places(Stop stop) {
  return Remains::Of(stop).batches("orders-0");
}

// As a killed writer's end may be, and nothing that was promised: the end of
// the log is in front of it, and what stood there is kept aside.
class TornEnd : public ::testing::Test {
 protected:
  // The killed directory as if nothing of orders-0 had been known as durable
  // behind `durable`, with `bytes` behind the last batch but `batches`.
  std::unique_ptr<FileSystem> Lay(size_t batches, std::string_view bytes) {
    FileTree tree = Remains::Of(Stop::kKilled).files();
    const BatchPlace& last = Places(Stop::kKilled)[8 - batches];
    std::string& log = tree[last.file];
    log.resize(last.end);
    log += bytes;
    SetKnown(tree, 12);
    auto files = NewMemoryFileSystem();
    test::Lay(tree, *files, kDirectory);
    return files;
  }

  // What was known as durable of orders-0 is what lies below `end`.
  static void SetKnown(FileTree& tree, int64_t end) {
    std::string& points = tree["recovery-point-offset-checkpoint"];
    const std::string known = "orders 0 18\n";
    points.replace(points.find(known), known.size(),
                   fmt::format("orders 0 {}\n", end));
  }

  absl::StatusOr<Engine> Open(FileSystem& files) {
    return Engine::Open(kDirectory, {.file_system = &files, .clock = &clock_});
  }

  test::SimClock clock_;
};

TEST_F(TornEnd, IsCutAtEveryByteOfTheLastBatchesAndKeptAside) {
  const auto& places = Places(Stop::kKilled);
  const std::string whole =
      Remains::Of(Stop::kKilled).files().at(places[8].file);
  for (size_t end = places[7].position; end <= places[8].end; ++end) {
    SCOPED_TRACE(testing::Message() << "the file ends at " << end);
    const bool first_is_whole = end >= places[7].end;
    const auto& last = first_is_whole ? places[7] : places[6];
    const bool both_are = end == places[8].end;
    const Offset next = both_are ? places[8].next : last.next;
    const auto files =
        Lay(2, whole.substr(places[7].position, end - places[7].position));
    for (const Finding& finding : test::VerifyAll(*files, kDirectory)) {
      EXPECT_EQ(finding.gravity, Gravity::kNote) << finding.what;
    }
    auto engine = Open(*files);
    ASSERT_THAT(engine, IsOk());
    Values expected = Remains::Of(Stop::kKilled).records().at("orders-0");
    expected.erase(expected.lower_bound(next.value), expected.end());
    const Sight sight = test::ReadOver(*engine, kDamaged);
    EXPECT_EQ(sight.records, expected);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(test::AppendOne(*engine, kDamaged, "new"),
                test::IsOkAndHolds(next));
    ASSERT_THAT(engine->Close(), IsOk());
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
    std::string torn;
    if (!both_are) torn = whole.substr(last.end, end - last.end);
    const FileTree after = test::Gather(*files, kDirectory);
    const auto kept =
        after.find(fmt::format("orders-0/{:020}.log.cut", next.value));
    EXPECT_EQ(kept != after.end(), !WithoutZeros(torn).empty());
    if (kept != after.end()) {
      EXPECT_EQ(kept->second, WithoutZeros(torn));
    }
  }
}

// A valid batch of an older end, which the next append does not overwrite
// whole, must never join the log again.
TEST_F(TornEnd, StaleBatchesBehindItNeverComeBack) {
  const auto& places = Places(Stop::kKilled);
  const std::string whole =
      Remains::Of(Stop::kKilled).files().at(places[8].file);
  const std::string last =
      whole.substr(places[8].position, places[8].end - places[8].position);
  // Half of batch 7, zeros up to its end, and then batch 8, which is whole and
  // would follow it.
  const size_t size = places[7].end - places[7].position;
  std::string torn = whole.substr(places[7].position, size / 2);
  torn.resize(size, '\0');
  auto files = Lay(2, torn + last);
  for (int again = 0; again < 2; ++again) {
    FileTree left;
    {
      auto engine = Open(*files);
      ASSERT_THAT(engine, IsOk());
      // A batch as long as the torn one, so that the stale one would follow.
      const auto added = test::AppendOne(*engine, kDamaged, "new");
      ASSERT_THAT(added, IsOk());
      EXPECT_EQ(*added, Offset{14 + again});
      // As a kill leaves it: a close would cut what stands behind the log.
      left = test::Gather(*files, kDirectory);
    }
    files = NewMemoryFileSystem();
    test::Lay(left, *files, kDirectory);
    for (const auto& [offset, value] :
         test::ReadOver(*Open(*files), kDamaged).records) {
      EXPECT_TRUE(offset < 14 || value == "new") << value;
    }
  }
}

// Where nothing was known as durable when the process died, a damaged batch is
// a torn end. Its offset stands outside of its CRC: it must not pass for a gap
// that compaction left, in a topic that was never compacted.
TEST_F(TornEnd, IsInFrontOfABatchWhoseOffsetWentAstray) {
  const Values written = Remains::Of(Stop::kKilled).records().at("orders-0");
  for (const size_t batch : {0, 5, 7, 8}) {
    const BatchPlace& place = Places(Stop::kKilled)[batch];
    for (int bit = 0; bit < 64; ++bit) {
      SCOPED_TRACE(testing::Message() << "batch " << batch << ", bit " << bit);
      FileTree tree = Remains::Of(Stop::kKilled).files();
      SetKnown(tree, 0);
      char& byte = tree[place.file][place.position + layout::kBaseOffset +
                                    static_cast<size_t>(bit / 8)];
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      const auto files = NewMemoryFileSystem();
      test::Lay(tree, *files, kDirectory);
      EXPECT_THAT(
          test::VerifyAll(*files, kDirectory),
          Contains(Field(&Finding::file,
                         fmt::format("{}/{}", kDirectory, place.file))));

      const Values expected(written.begin(),
                            written.lower_bound(place.base.value));
      auto engine = Open(*files);
      ASSERT_THAT(engine, IsOk());
      EXPECT_EQ(test::ReadOver(*engine, kDamaged).records, expected);
      EXPECT_THAT(test::AppendOne(*engine, kDamaged, "new"),
                  test::IsOkAndHolds(place.base));
      ASSERT_THAT(engine->Close(), IsOk());
      // But for indexes of segments that were behind it.
      for (const Finding& finding : test::VerifyAll(*files, kDirectory)) {
        EXPECT_EQ(finding.gravity, Gravity::kNote) << finding.what;
      }
    }
  }
}

}  // namespace
}  // namespace cauce
