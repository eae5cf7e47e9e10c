// A broker's directory that is taken in after a kill, the power cut at every
// change of that: a log is never more than what stands in front of its first
// torn segment, since a gap behind it would pass for one of the cleaner's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::FaultyDisk;
using test::IsOk;
using test::RandomChoices;
using ::testing::ElementsAre;

// What stands behind the last whole batch of the first segment.
enum class Tail { kTorn, kZeros };

std::string BatchAt(int64_t base) {
  return test::Batch({fmt::format("{}", base), fmt::format("{}", base + 1)})
      .At(Offset{base}, LeaderEpoch{0})
      .bytes();
}

class BrokerRecoveryCut : public ::testing::TestWithParam<Tail> {
 protected:
  // Three segments of two batches, the first with a tail; all of it durable.
  static void Lay(FaultyDisk& disk) {
    ASSERT_THAT(disk.CreateDirectories("/d/orders-0"), IsOk());
    for (const int64_t base : {0, 20, 30}) {
      std::string bytes = BatchAt(base) + BatchAt(base + 2);
      if (base == 0) {
        bytes += GetParam() == Tail::kZeros ? std::string(40, '\0')
                                            : BatchAt(4).substr(0, 40);
      }
      const auto log = disk.Open(fmt::format("/d/orders-0/{:020}.log", base),
                                 OpenMode::kCreate);
      ASSERT_THAT(log, IsOk());
      ASSERT_THAT((*log)->Write(0, bytes), IsOk());
      ASSERT_THAT((*log)->Sync(), IsOk());
    }
    for (const char* const directory : {"/d/orders-0", "/d", "/"}) {
      ASSERT_THAT(disk.SyncDirectory(directory), IsOk());
    }
  }

  absl::StatusOr<Engine> Open(FileSystem& disk) {
    return Engine::Open("/d", {.file_system = &disk, .clock = &clock_});
  }
  // Sets `is_acknowledged` once a record is durable behind what was found.
  absl::Status AppendOne(FileSystem& disk, bool& is_acknowledged) {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(disk));
    CAUCE_ASSIGN_OR_RETURN(Partition orders,
                           engine.OpenPartition("orders", PartitionId{0}));
    const Record record{.value = "behind"};
    CAUCE_RETURN_IF_ERROR(
        orders.Append({&record, 1}, {.ack = Ack::kDurable}).status());
    is_acknowledged = true;
    return engine.Close();
  }

  // Opens it twice: a second recovery finds no more than the first.
  void Check(FileSystem& disk, bool is_acknowledged) {
    ++schedules_;
    std::vector<std::string> first;
    for (int opening = 0; opening < 2; ++opening) {
      SCOPED_TRACE(opening);
      auto engine = Open(disk);
      ASSERT_THAT(engine, IsOk());
      const auto orders = engine->OpenPartition("orders", PartitionId{0});
      ASSERT_THAT(orders, IsOk());
      std::vector<std::string> found;
      Cursor cursor = orders->Read(Offset{0});
      RecordView record;
      for (;;) {
        const auto more = cursor.Next(&record);
        ASSERT_THAT(more, IsOk());
        if (!*more) break;
        ASSERT_EQ(record.offset.value, static_cast<int64_t>(found.size()));
        found.emplace_back(*record.value);
      }
      if (found.size() == 4 && !is_acknowledged) found.emplace_back("behind");
      EXPECT_THAT(found, ElementsAre("0", "1", "2", "3", "behind"));
      ASSERT_THAT(engine->Close(), IsOk());
    }
  }

  // Each disk that may be left where the power is gone from `disk`.
  void CheckFates(const FaultyDisk& disk, uint64_t seed,
                  bool is_acknowledged) {
    const auto check = [&](test::Choices& fate) {
      const auto left = disk.Copy();
      left->Restart(fate);
      Check(*left, is_acknowledged);
    };
    for (const auto answer :
         {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
      AlikeButOne alike(answer);
      check(alike);
      for (size_t other = 0; other < alike.asked(); ++other) {
        AlikeButOne but_one(answer, other);
        check(but_one);
      }
    }
    RandomChoices some(seed);
    check(some);
  }

  test::SimClock clock_;
  int schedules_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Tails, BrokerRecoveryCut,
                         ::testing::Values(Tail::kTorn, Tail::kZeros),
                         [](const auto& info) {
                           return std::string(
                               info.param == Tail::kTorn ? "Torn" : "Zeros");
                         });

TEST_P(BrokerRecoveryCut, LeavesNoSegmentBehindTheOneThatIsCut) {
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(cut);
    FaultyDisk disk(clock_);
    Lay(disk);
    disk.CutBefore(disk.changes() + cut);
    bool is_acknowledged = false;
    const absl::Status ran = AppendOne(disk, is_acknowledged);
    was_cut = disk.is_cut();
    ASSERT_EQ(ran.ok(), !was_cut) << ran;
    disk.CutNow();
    CheckFates(disk, static_cast<uint64_t>(cut), is_acknowledged);
    if (HasFailure()) return;
  }
  std::printf("%d schedules\n", schedules_);
  EXPECT_GT(schedules_, 100);
}

}  // namespace
}  // namespace cauce
