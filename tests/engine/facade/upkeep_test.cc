// Retention is not forgotten, whatever happens while upkeep looks at a log.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/engine.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;

// Runs something whenever a segment is asked for its age. Of records without
// a time that is the file's, which nobody remembers. So it is when a log is let
// go, with the engine's lock held.
class AskedForAges final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    if (when_asked_ && path.ends_with(".log")) when_asked_();
    return FailingFileSystem::Info(path);
  }
  void set_when_asked(std::function<void()> when_asked) {
    when_asked_ = std::move(when_asked);
  }

 private:
  std::function<void()> when_asked_;
};

class Upkeep : public ::testing::Test {
 protected:
  void Open(TopicConfigOverrides configs) {
    auto engine =
        Engine::Open("/data", {.file_system = &files_, .clock = &clock_});
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
    ASSERT_THAT(engine_->CreateTopic("orders", {.configs = std::move(configs)}),
                IsOk());
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    handle_ = *std::move(orders);
    Append();
    // What is old is so by the file's time.
    const auto file = memory_->Info("/data/orders-0/00000000000000000000.log");
    ASSERT_THAT(file, IsOk());
    clock_.Advance(file->modified - clock_.Now());
  }
  // A ready batch, because the engine gives records of its own a time.
  void Append() {
    const test::OwnedBatch batch = test::BatchOf({{.key = "k", .value = "v"}});
    ASSERT_THAT(handle_->Append(batch.view()), IsOk());
  }
  Offset LogStart() {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    return orders.ok() ? orders->log_start() : Offset{};
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  AskedForAges files_{*memory_};
  test::SimClock clock_;
  std::optional<Engine> engine_;
  std::optional<Partition> handle_;
};

TEST_F(Upkeep, DoesNotTrustWhatItSawBeforeTheConfigsChanged) {
  Open({{"retention.ms", "-1"}});
  handle_.reset();
  int days = 100;
  // The log is asked once for what to delete and once for when to come again.
  files_.set_when_asked([&] {
    if (days == 98) return;
    const auto ms = absl::ToInt64Milliseconds(absl::Hours(24 * --days));
    EXPECT_THAT(
        engine_->AlterTopic("orders", {{"retention.ms", std::to_string(ms)}}),
        IsOk());
  });
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "8640000000"}}),
              IsOk());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  files_.set_when_asked(nullptr);
  ASSERT_LT(days, 100);

  clock_.Advance(absl::Hours(24 * days + 1));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_EQ(LogStart(), Offset{1});
}

TEST_F(Upkeep, DoesNotTrustWhatItSawBeforeAnOlderHandleAppended) {
  Open({{"retention.bytes", "1"}, {"internal.segment.bytes", "1"}});
  int asked = 0;
  files_.set_when_asked([&] {
    if (++asked != 2) return;
    for (int i = 0; i < 5; ++i) Append();
    handle_.reset();
  });
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  files_.set_when_asked(nullptr);
  handle_.reset();

  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_EQ(LogStart(), Offset{5});
}

TEST_F(Upkeep, DoesNotTrustWhatItSawBeforeANewHandleAppended) {
  Open({{"retention.bytes", "1"}, {"internal.segment.bytes", "1"}});
  handle_.reset();
  int asked = 0;
  files_.set_when_asked([&] {
    if (++asked != 2) return;
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    handle_ = *std::move(orders);
    for (int i = 0; i < 5; ++i) Append();
    handle_.reset();
  });
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  files_.set_when_asked(nullptr);
  ASSERT_GE(asked, 2);

  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_EQ(LogStart(), Offset{5});
}

}  // namespace
}  // namespace cauce
