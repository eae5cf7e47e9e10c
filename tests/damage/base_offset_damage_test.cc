// One wrong byte in the base offset of a segment's first batch, which no CRC
// covers and by which its file might be called: after a repair no record stands
// at an offset that it did not have, and only those of that batch are gone.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/repair.h"
#include "engine/base/check.h"
#include "fmt/format.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::Image;
using test::IsOk;
using test::kKnownDirectory;
using test::KnownBatch;
using test::KnownDirectory;
using test::KnownRecords;
using test::Stop;

constexpr int kOffsetBytes = 8;

// A sanitizer makes each repair ten times as dear: then of the changes of the
// lowest byte every so many is made.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kOneIn = 7;
#else
constexpr int kOneIn = 1;
#endif

// One partition in segments of three batches and of one.
KnownDirectory MakeDirectory(Stop stop) {
  test::SimClock clock;
  const auto files = NewMemoryFileSystem(&clock);
  auto engine = Engine::Open(kKnownDirectory,
                             {.file_system = files.get(), .clock = &clock});
  CAUCE_CHECK(engine.ok());
  const TopicSpec spec{.configs = {{"internal.segment.bytes", "1500"}}};
  CAUCE_CHECK(engine->CreateTopic("orders", spec).ok());
  auto partition = engine->OpenPartition("orders", PartitionId{0});
  CAUCE_CHECK(partition.ok());
  int values = 0;
  const auto append = [&](size_t bytes) {
    std::string first = fmt::format("value {} ", ++values);
    const std::string second = fmt::format("value {}", ++values);
    first.resize(bytes, 'v');
    const std::vector<Record> batch = {{.value = first}, {.value = second}};
    CAUCE_CHECK(partition->Append(batch).ok());
  };
  for (const int batches : {3, 1, 3, 1, 1}) {
    for (int i = 0; i < batches; ++i) append(batches == 1 ? 1500 : 350);
    // A recovery point in the middle.
    if (values == 8) CAUCE_CHECK(engine->RunUpkeep().ok());
  }
  append(20);
  if (stop == Stop::kClean) CAUCE_CHECK(engine->Close().ok());
  KnownDirectory known;
  known.image = test::ImageOf(*files);
  known.batches = test::BatchesOf(*files, known.image);
  const auto copy = NewMemoryFileSystem(&clock);
  test::Put(known.image, *copy);
  known.records = test::ReadKnown(*copy);
  return known;
}

// Bytes by which each of the eight is changed: the lowest in every way, but for
// kOneIn, since these offsets are near.
std::vector<uint8_t> ChangesOf(int byte) {
  if (byte < kOffsetBytes - 1) return {0x01, 0x02, 0x40, 0x80, 0xff};
  std::vector<uint8_t> changes;
  for (int change = 1; change <= UINT8_MAX; change += kOneIn) {
    changes.push_back(static_cast<uint8_t>(change));
  }
  return changes;
}

class BaseOffsetDamage : public ::testing::TestWithParam<Stop> {
 protected:
  static KnownRecords Without(const KnownRecords& records,
                              const KnownBatch& batch) {
    KnownRecords left = records;
    for (int64_t offset = batch.base; offset < batch.next; ++offset) {
      left.erase({batch.partition, offset});
    }
    return left;
  }

  static KnownRecords ReadRepaired(const Image& image) {
    const auto files = NewMemoryFileSystem();
    test::Put(image, *files);
    EXPECT_THAT(RepairDirectory(*files, kKnownDirectory, {}), IsOk());
    return test::ReadKnown(*files);
  }
};

TEST_P(BaseOffsetDamage, OfAFirstBatchMovesNoRecordAndTakesNoOther) {
  const KnownDirectory known = MakeDirectory(GetParam());
  std::map<std::string, int> batches;
  for (const KnownBatch& batch : known.batches) ++batches[batch.file];
  ASSERT_EQ(batches.size(), 6U);

  for (const KnownBatch& batch : known.batches) {
    if (batch.position != 0) continue;
    const KnownRecords expected = Without(known.records, batch);
    for (int byte = 0; byte < kOffsetBytes; ++byte) {
      for (const uint8_t change : ChangesOf(byte)) {
        SCOPED_TRACE(fmt::format("byte {} of {} changed by {}", byte,
                                 batch.file, change));
        Image image = known.image;
        image[batch.file][static_cast<size_t>(byte)] ^=
            static_cast<char>(change);
        ASSERT_TRUE(ReadRepaired(image) == expected);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, BaseOffsetDamage,
                         ::testing::Values(Stop::kClean, Stop::kKilled),
                         [](const auto& info) {
                           return info.param == Stop::kClean ? "Closed"
                                                             : "Killed";
                         });

}  // namespace
}  // namespace cauce
