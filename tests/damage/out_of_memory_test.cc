// Memory that cannot be had, at every allocation of a program's run: the
// process stops at once rather than go on with half of its state, and what it
// acknowledged is there when the directory is opened again.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace {

// How many allocations succeed before one that does not.
std::atomic<int64_t> allocations_left = INT64_MAX;

void* Allocate(size_t bytes, size_t alignment) {
  if (allocations_left.fetch_sub(1) <= 0) return nullptr;
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(bytes);
  return std::aligned_alloc(alignment,
                            (bytes + alignment - 1) / alignment * alignment);
}

}  // namespace

void* operator new(size_t bytes) {
  void* const made = Allocate(bytes, 1);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  void* const made = Allocate(bytes, static_cast<size_t>(alignment));
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, 1);
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, size_t) noexcept { std::free(made); }
void operator delete(void* made, std::align_val_t) noexcept { std::free(made); }
void operator delete(void* made, size_t, std::align_val_t) noexcept {
  std::free(made);
}
void operator delete(void* made, const std::nothrow_t&) noexcept {
  std::free(made);
}

namespace cauce {
namespace {

using test::IsOk;

const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int kRecords = 12;

// Opens, creates, appends over several segments, reads, deletes and closes.
// Tells each acknowledged record through `acknowledged`, a byte for each.
int RunProgram(const std::string& directory, int acknowledged) {
  auto engine = Engine::Open(directory);
  if (!engine.ok()) return 1;
  if (!engine->DescribeTopic("orders").ok() &&
      !engine
           ->CreateTopic("orders",
                         {.configs = {{"internal.segment.bytes", "300"},
                                      {"index.interval.bytes", "1"}}})
           .ok()) {
    return 2;
  }
  for (int i = 0; i < kRecords; ++i) {
    if (!test::AppendOne(*engine, kOrders, std::to_string(i)).ok()) return 3;
    if (write(acknowledged, "x", 1) != 1) return 4;
  }
  if (test::ReadOver(*engine, kOrders).records.size() != kRecords) return 5;
  if (!engine->CreateTopic("other").ok()) return 6;
  if (!engine->DeleteTopic("other").ok()) return 7;
  if (!engine->RunUpkeep().ok()) return 8;
  return engine->Close().ok() ? 0 : 9;
}

struct Ran {
  int status = 0;  // as waitpid has it
  int acknowledged = 0;
};

// In a child, whose allocation of that number fails.
Ran RunUntilAllocation(int64_t number, const std::string& directory) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
  EXPECT_GE(silence, 0);
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    const rlimit no_core = {};
    setrlimit(RLIMIT_CORE, &no_core);
    // What it says at its end is meant. No file may get the number.
    if (dup2(silence, STDERR_FILENO) < 0) _exit(10);
    allocations_left = number;
    const int ended = RunProgram(directory, ends[1]);
    _exit(ended);
  }
  close(ends[1]);
  close(silence);
  Ran ran;
  char byte;
  while (read(ends[0], &byte, 1) == 1) ++ran.acknowledged;
  close(ends[0]);
  EXPECT_EQ(waitpid(child, &ran.status, 0), child);
  return ran;
}

TEST(OutOfMemory, EndsTheProcessAndCostsNothingAcknowledged) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int64_t kStep = 307;
#else
  constexpr int64_t kStep = 29;
#endif
  // Others of them each time, from the beginning to the end of the program.
  const test::Seed seed;
  for (int64_t number = seed.value() % kStep;; number += kStep) {
    SCOPED_TRACE(testing::Message() << "allocation " << number);
    const test::TempDir disk;
    const std::string directory = disk / "data";
    const Ran ran = RunUntilAllocation(number, directory);
    const bool to_its_end = WIFEXITED(ran.status);
    if (to_its_end) {
      EXPECT_EQ(WEXITSTATUS(ran.status), 0);
      EXPECT_EQ(ran.acknowledged, kRecords);
    } else {
      EXPECT_EQ(WTERMSIG(ran.status), SIGABRT);
    }

    test::ExpectVerified(*PosixFileSystem(), directory, test::Left::kKilled);
    auto engine = Engine::Open(directory);
    ASSERT_THAT(engine, IsOk());
    if (ran.acknowledged > 0) {
      const auto sight = test::ReadOver(*engine, kOrders);
      EXPECT_THAT(sight.ended, IsOk());
      EXPECT_GE(sight.records.size(), static_cast<size_t>(ran.acknowledged));
      for (const auto& [offset, value] : sight.records) {
        EXPECT_EQ(value, std::to_string(offset));
      }
    }
    ASSERT_THAT(engine->Close(), IsOk());
    test::ExpectVerified(*PosixFileSystem(), directory, test::Left::kWhole);
    if (to_its_end || HasFailure()) return;
  }
}

// What a caller asks for is no reason to stop: it is bounded by what there is.
TEST(OutOfMemory, IsNotWhatALargeNumberOfACallerLeadsTo) {
  const test::TempDir disk;
  auto engine = Engine::Open(disk / "data");
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), IsOk());
  // Enough for zeros to be written ahead of them, which a reader looks over.
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_THAT(test::AppendOne(*engine, kOrders, std::string(20'000, 'v')),
                IsOk());
  }
  for (const Access access : {Access::kReadWrite, Access::kReadOnly}) {
    auto viewer = Engine::Open(disk / "data", {.access = Access::kReadOnly});
    ASSERT_THAT(viewer, IsOk());
    const Engine& reader = access == Access::kReadOnly ? *viewer : *engine;
    auto orders = reader.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    Cursor cursor = orders->Read(
        Offset{0},
        {.read_bytes = SIZE_MAX / 2, .decompressed_bytes_max = SIZE_MAX / 2});
    RecordView record;
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
    }
    EXPECT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));
  }
}

}  // namespace
}  // namespace cauce
