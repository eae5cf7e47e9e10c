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

namespace {

std::atomic<bool> has_no_memory = false;

}  // namespace

// lz4 takes its state from here, C++ nothing.
extern "C" void* calloc(size_t count, size_t bytes) noexcept {
  return has_no_memory ? nullptr : __libc_calloc(count, bytes);
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

  has_no_memory = true;
  const auto without = verify();
  has_no_memory = false;
  EXPECT_THAT(without, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("memory"));
  EXPECT_THAT(found, IsEmpty());

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
