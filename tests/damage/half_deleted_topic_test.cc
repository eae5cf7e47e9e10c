// A topic whose deletion failed halfway: whoever opens the directory next,
// after a close or a death, finds all of it or nothing, and what he is shown is
// on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/io/file_error.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/damage/sight.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::DiskCall;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using test::Sight;

constexpr std::string_view kDirectory = "/data";
const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int64_t kRecords = 8;
constexpr int64_t kStart = 3;

// What the changes that fail, one after the other, return.
using Errors = std::vector<int>;

// How the engine ends afterwards.
enum class End { kClosed, kDied };

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 1;
};

class HalfDeletedTopic : public ::testing::Test {
 protected:
  // A topic whose records are durable and begin at kStart.
  HalfDeletedTopic() : base_(std::make_unique<FaultyDisk>(clock_)) {
    EXPECT_THAT(Write(), IsOk());
    base_->CutNow();
  }

  absl::StatusOr<Engine> Open(FaultyDisk& disk) {
    return Engine::Open(
        kDirectory,
        {.file_system = &disk, .clock = &clock_, .random = &random_});
  }

  absl::Status Write() {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(*base_));
    CAUCE_RETURN_IF_ERROR(
        engine
            .CreateTopic("orders",
                         {.configs = {{"internal.segment.bytes", "300"}}})
            .status());
    for (int64_t i = 0; i < kRecords; ++i) {
      CAUCE_RETURN_IF_ERROR(
          test::AppendOne(engine, kOrders, fmt::format("old {}", i)).status());
    }
    CAUCE_ASSIGN_OR_RETURN(Partition orders,
                           engine.OpenPartition("orders", PartitionId{0}));
    CAUCE_RETURN_IF_ERROR(orders.DeleteRecordsBefore(Offset{kStart}));
    return engine.Close();
  }

  // Appends one record, unsynced, and deletes the topic, in which the change of
  // this number and those behind it fail; goes on for a while and ends. Returns
  // whether there was such a change.
  bool FailToDelete(FaultyDisk& disk, int64_t number, const Errors& errors,
                    End end) {
    auto engine = Open(disk);
    EXPECT_THAT(engine, IsOk());
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    const Record late{.key = "k", .value = "late"};
    EXPECT_THAT(orders->Append({&late, 1}, {.ack = Ack::kWritten}), IsOk());
    const int64_t first = disk.changes() + number;
    bool failed = false;
    disk.set_plan([&](DiskCall call, std::string_view path, int64_t change) {
      const int64_t at = change - first;
      const bool fails = IsChange(call) && at >= 0 &&
                         at < static_cast<int64_t>(errors.size());
      if (!fails) return absl::OkStatus();
      failed = true;
      return DataError(path, "planned to fail",
                       errors[static_cast<size_t>(at)]);
    });
    // What is no error is no part of this: that the topic is gone.
    engine->DeleteTopic("orders").IgnoreError();
    disk.set_plan(nullptr);
    if (end == End::kClosed) {
      // Says so itself where it could not.
      engine->Close().IgnoreError();
    } else {
      EXPECT_THAT(engine->RunUpkeep(), IsOk());
      disk.CutNow();
      engine = absl::UnknownError("the engine is gone");
      disk.RestartProcess();
    }
    return failed;
  }

  // What somebody is shown of the topic; nothing where there is none.
  std::optional<Sight> Look(FaultyDisk& disk) {
    auto engine = Open(disk);
    EXPECT_THAT(engine, IsOk());
    if (!engine.ok()) return std::nullopt;
    const auto topic = engine->DescribeTopic("orders");
    std::optional<Sight> seen;
    if (topic.ok()) {
      seen = test::ReadOver(*engine, kOrders);
    } else {
      EXPECT_THAT(topic, HasReason(Reason::kUnknownTopic));
    }
    disk.CutNow();  // the engine writes nothing at its end
    return seen;
  }

  // The second time with what was on the disk alone. Whether it was there.
  bool LookTwice(FaultyDisk& disk) {
    const std::optional<Sight> seen = Look(disk);
    AlikeButOne nothing_kept(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing_kept);
    const std::optional<Sight> left = Look(disk);

    EXPECT_EQ(seen.has_value(), left.has_value());
    if (!seen || !left) return false;
    EXPECT_EQ(seen->records, left->records)
        << "what was shown went with the power";
    EXPECT_GE(seen->records.size(), size_t{kRecords - kStart});
    EXPECT_EQ(seen->records.begin()->first, kStart)
        << "deleted records are back";
    return true;
  }

  test::SimClock clock_;
  CountingRandom random_;
  std::unique_ptr<FaultyDisk> base_;
};

TEST_F(HalfDeletedTopic, IsWholeOrGoneForWhoeverOpensTheDirectoryNext) {
  const std::vector<Errors> all = {
      Errors(1, EIO), Errors(2, EIO), Errors(4, EIO),         Errors(12, EIO),
      {ENOSPC},       {ENOSPC, EIO},  {ENOSPC, EIO, EIO, EIO}};
  int whole = 0;
  for (const Errors& errors : all) {
    for (const End end : {End::kClosed, End::kDied}) {
      bool failed = true;
      for (int64_t number = 0; failed && !HasFailure(); ++number) {
        SCOPED_TRACE(fmt::format("from change {} on errors {}, then {}", number,
                                 fmt::join(errors, ", "),
                                 end == End::kClosed ? "closed" : "died"));
        const auto disk = base_->Copy();
        AlikeButOne nothing_is_unsynced(AlikeButOne::Answer::kLast);
        disk->Restart(nothing_is_unsynced);
        failed = FailToDelete(*disk, number, errors, end);
        whole += LookTwice(*disk) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(whole, 0);
}

}  // namespace
}  // namespace cauce
