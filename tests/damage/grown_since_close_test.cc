// One wrong bit in the files of a partition that was closed, written to since
// and killed: what the close has noted is not what its files are by now, and
// none of them is another log's for that, nor set aside. Every record but those
// of a batch that is damaged itself is there, before a writer and behind him.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Stop;
using test::Values;
using ::testing::HasSubstr;
using ::testing::Not;

const TopicPartition kOrders{"orders", PartitionId{0}};

// The front of a batch, up to its first record.
constexpr size_t kHeaderBytes = 61;

// A sanitizer makes each opening ten times as dear: then every so many bits are
// flipped.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kOneIn = 13;
#else
constexpr size_t kOneIn = 1;
#endif

struct Growth {
  std::string_view name;
  std::string_view cleanup_policy;
  int index_interval_bytes;
  int segment_bytes;
  int batches_closed;
  int batches_since;
};

bool HasIndexes(const Growth& growth) {
  return growth.index_interval_bytes == 1;
}

struct Batch {
  std::string file;
  size_t position;
  int64_t base;
  int64_t next;
};

struct Grown {
  FileTree files;
  std::vector<Batch> batches;
  Values records;
};

Engine OpenOn(FileSystem& disk, Clock& clock) {
  auto engine = Engine::Open(DamagedDirectory::kDirectory,
                             {.file_system = &disk, .clock = &clock});
  CAUCE_CHECK(engine.ok());
  return *std::move(engine);
}

// Batches of two records, each a second later.
void Append(Engine& engine, Clock& clock, int batches, Values& records) {
  auto partition = engine.OpenPartition(kOrders.topic, kOrders.partition);
  CAUCE_CHECK(partition.ok());
  for (int i = 0; i < batches; ++i) {
    const auto base = static_cast<int64_t>(records.size());
    const std::string values[] = {fmt::format("value {}", base),
                                  fmt::format("value {}", base + 1)};
    const Timestamp time =
        Timestamp::From(clock.Now() - absl::Seconds(1000 - base));
    const Record batch[] = {
        {.key = values[0], .value = values[0], .timestamp = time},
        {.key = values[1], .value = values[1], .timestamp = time}};
    CAUCE_CHECK(partition->Append(batch).ok());
    records[base] = values[0];
    records[base + 1] = values[1];
  }
}

std::vector<Batch> BatchesOf(FileSystem& disk, const FileTree& files) {
  std::vector<Batch> batches;
  for (const auto& [name, bytes] : files) {
    if (!name.ends_with(".log")) continue;
    const absl::Status walked = DumpFile(
        disk, DamagedDirectory::PathOf(name), [&](const DumpedEntry& entry) {
          batches.push_back({.file = name,
                             .position = static_cast<size_t>(entry.position),
                             .base = entry.batch->base_offset().value,
                             .next = entry.batch->next_offset().value});
          return true;
        });
    CAUCE_CHECK(walked.ok());
  }
  return batches;
}

Grown Grow(const Growth& growth) {
  Grown grown;
  test::SimClock clock;
  const auto disk = NewMemoryFileSystem(&clock);
  {
    Engine engine = OpenOn(*disk, clock);
    const TopicSpec spec{
        .configs = {
            {"cleanup.policy", std::string(growth.cleanup_policy)},
            {"index.interval.bytes",
             fmt::format("{}", growth.index_interval_bytes)},
            {"internal.segment.bytes", fmt::format("{}", growth.segment_bytes)},
            {"retention.ms", "-1"}}};
    CAUCE_CHECK(engine.CreateTopic(kOrders.topic, spec).ok());
    Append(engine, clock, growth.batches_closed, grown.records);
    CAUCE_CHECK(engine.Close().ok());
  }
  Engine engine = OpenOn(*disk, clock);
  Append(engine, clock, growth.batches_since, grown.records);
  // Where its process dies: all is durable, and its bounds are saved.
  CAUCE_CHECK(engine.RunUpkeep().ok());
  grown.files = test::Gather(*disk, DamagedDirectory::kDirectory);
  grown.batches = BatchesOf(*disk, grown.files);
  return grown;
}

class GrownSinceItsClose : public ::testing::TestWithParam<Growth> {
 protected:
  // With one bit of `file` flipped, all of `records` is there, and all that
  // was laid is where it was.
  static void ExpectThereWithout(const Grown& grown, const std::string& file,
                                 size_t bit, const Values& records) {
    SCOPED_TRACE(
        fmt::format("bit {} of byte {} of {}", bit % 8, bit / 8, file));
    DamagedDirectory directory(Stop::kKilled, [&](FileTree& tree) {
      tree = grown.files;
      tree[file][bit / 8] ^= static_cast<char>(1 << (bit % 8));
    });
    for (const Access access :
         {Access::kReadOnly, Access::kReadWrite, Access::kReadOnly}) {
      auto engine = directory.Open(access);
      ASSERT_THAT(engine, IsOk());
      const Values seen = test::ReadOver(*engine, kOrders).records;
      for (const auto& [offset, value] : records) {
        const auto at = seen.find(offset);
        ASSERT_TRUE(at != seen.end() && at->second == value)
            << offset << " is not there, of " << seen.size();
      }
      for (const std::string& told : directory.events()) {
        ASSERT_THAT(told, Not(HasSubstr("another log")));
      }
      ASSERT_THAT(engine->Close(), IsOk());
    }
    for (const auto& [name, bytes] : directory.Gather()) {
      ASSERT_THAT(name, Not(HasSubstr(".cut")));
    }
  }
};

TEST_P(GrownSinceItsClose, LosesNothingByAWrongBitOfAnIndex) {
  const Grown grown = Grow(GetParam());
  size_t flipped = 0;
  for (const auto& [name, bytes] : grown.files) {
    if (!name.ends_with("index")) continue;
    for (size_t bit = 0; bit < 8 * bytes.size(); bit += kOneIn, ++flipped) {
      ExpectThereWithout(grown, name, bit, grown.records);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(flipped, 0U);
}

TEST_P(GrownSinceItsClose, LosesOneBatchByAWrongBitOfItsHeader) {
  const Grown grown = Grow(GetParam());
  for (const Batch& batch : grown.batches) {
    Values others = grown.records;
    others.erase(others.lower_bound(batch.base),
                 others.lower_bound(batch.next));
    // Behind a wrong length an index entry leads on, or the next segment.
    Values in_front = others;
    in_front.erase(in_front.lower_bound(batch.base), in_front.end());
    for (size_t bit = 0; bit < 8 * kHeaderBytes; bit += kOneIn) {
      const int byte = static_cast<int>(bit / 8);
      const bool is_length = byte >= layout::kBatchLength &&
                             byte < layout::kLeaderEpoch;
      const bool leads_nowhere = is_length && !HasIndexes(GetParam());
      ExpectThereWithout(grown, batch.file, 8 * batch.position + bit,
                         leads_nowhere ? in_front : others);
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Logs, GrownSinceItsClose,
    ::testing::Values(Growth{"ShortWithin", "delete", 4096, 100'000, 3, 3},
                      Growth{"ShortWithinOfGaps", "compact", 4096, 100'000, 3,
                             3},
                      Growth{"Within", "delete", 1, 100'000, 3, 4},
                      Growth{"WithinOfGaps", "compact", 1, 100'000, 3, 4},
                      Growth{"OneBatchOfGaps", "compact", 1, 100'000, 1, 1},
                      Growth{"Rolled", "delete", 1, 400, 4, 4},
                      Growth{"RolledOfGaps", "compact", 1, 400, 4, 4},
                      Growth{"ShortRolledOfGaps", "compact", 4096, 400, 4, 4}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace cauce
