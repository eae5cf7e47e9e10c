// Memory that a decompressor cannot have: it says nothing of the directory
// whose records were to be looked at, and is told as what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

extern "C" void* __libc_calloc(size_t count, size_t bytes) noexcept;
extern "C" void* __libc_malloc(size_t bytes) noexcept;

namespace {

enum class Lacking { kNothing, kState, kBlock };
std::atomic<Lacking> lacking = Lacking::kNothing;
std::atomic<int> refused = 0;

// A block of Kafka's frames, and its checksum.
constexpr size_t kBlockBytes = 64 * 1024 + 4;

bool Refuse() {
  ++refused;
  return true;
}

}  // namespace

// lz4 takes its state from here, C++ nothing.
extern "C" void* calloc(size_t count, size_t bytes) noexcept {
  const bool none = lacking == Lacking::kState && Refuse();
  return none ? nullptr : __libc_calloc(count, bytes);
}

// And from here the room for a block, in the middle of the stream.
extern "C" void* malloc(size_t bytes) noexcept {
  const bool none =
      lacking == Lacking::kBlock && bytes == kBlockBytes && Refuse();
  return none ? nullptr : __libc_malloc(bytes);
}

namespace cauce {
namespace {

using test::IsOk;
using test::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DecoderMemory, ThatCannotBeHadIsNoDamageOfTheDirectory) {
  test::SimClock clock;
  const auto files = NewMemoryFileSystem(&clock);
  auto engine =
      Engine::Open("/data", {.file_system = files.get(), .clock = &clock});
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(
      engine->CreateTopic("orders", {.configs = {{"compression.type", "lz4"}}}),
      IsOk());
  ASSERT_THAT(test::AppendOne(*engine, {"orders", PartitionId{0}},
                              std::string(1000, 'v')),
              IsOk());
  ASSERT_THAT(engine->Close(), IsOk());
  std::vector<Finding> found;
  const auto verify = [&] {
    return VerifyDirectory(*files, "/data", {}, [&](const Finding& finding) {
      found.push_back(finding);
    });
  };

  for (const Lacking what : {Lacking::kState, Lacking::kBlock}) {
    refused = 0;
    lacking = what;
    const auto without = verify();
    lacking = Lacking::kNothing;
    EXPECT_EQ(refused, 1);
    EXPECT_THAT(without, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_THAT(std::string(without.status().message()), HasSubstr("memory"));
    EXPECT_THAT(found, IsEmpty());
  }

  const auto with = verify();
  ASSERT_THAT(with, IsOk());
  EXPECT_EQ(with->records, 1);
  EXPECT_THAT(found, IsEmpty());

  // That a batch holds more than is allowed is another matter.
  const auto bounded = VerifyDirectory(
      *files, "/data", {.decompressed_bytes_max = 100},
      [&](const Finding& finding) { found.push_back(finding); });
  ASSERT_THAT(bounded, IsOk());
  EXPECT_EQ(bounded->damages, 1);
}

}  // namespace
}  // namespace cauce
