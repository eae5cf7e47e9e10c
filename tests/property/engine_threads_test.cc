// Upkeep, cuts and deletions at once, from threads, until the engine is closed
// or the topic deleted under all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <random>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr int kRounds = 6;
constexpr int kAppendsBeforeTheEnd = 150;

class EngineThreads : public ::testing::Test {
 protected:
  ~EngineThreads() override {
    orders_ = nullptr;
    engine_ = nullptr;
    test::ExpectVerified(*memory_, "/data", test::Left::kWhole);
  }

  void Open() {
    EngineOptions options;
    options.file_system = memory_.get();
    options.events = [this](Severity severity, std::string_view) {
      if (severity == Severity::kError) ++errors_told_;
    };
    auto opened = Engine::Open("/data", options);
    ASSERT_THAT(opened, IsOk());
    engine_ = std::make_unique<Engine>(*std::move(opened));
  }

  void CreateTopic() {
    TopicSpec spec;
    spec.partitions = 1;
    // Many segments, most of which retention takes.
    spec.configs = {{"internal.segment.bytes", "400"},
                    {"retention.bytes", "1500"},
                    {"file.delete.delay.ms", "0"}};
    ASSERT_THAT(engine_->CreateTopic("orders", spec), IsOk());
    auto opened = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(opened, IsOk());
    orders_ = std::make_unique<Partition>(*std::move(opened));
  }

  // Goes on until the log has ended, and then calls `at_end`, where it is
  // given. What `act` fails with must be that, or what a cut or a deletion of
  // somebody else's may lead to.
  void Repeat(const std::function<absl::Status(std::mt19937&)>& act,
              const std::function<void()>& at_end = nullptr) {
    const uint32_t seed = ++thread_seed_;
    threads_.emplace_back([this, act, at_end, seed] {
      const absl::Cleanup ended = [&] {
        if (at_end) at_end();
      };
      std::mt19937 random(seed);
      for (;;) {
        const absl::Status done = act(random);
        const Reason reason = ReasonOf(done);
        if (reason == Reason::kClosed || reason == Reason::kUnknownTopic) {
          return;
        }
        const bool meant = done.ok() || reason == Reason::kTruncated ||
                           reason == Reason::kOffsetOutOfRange;
        EXPECT_TRUE(meant) << done.ToString();
        if (!meant) return;
        std::this_thread::yield();
      }
    });
  }

  Offset AnyOffset(std::mt19937& random) {
    const int64_t start = orders_->log_start().value;
    const int64_t end = std::max(start, orders_->log_end().value);
    return {std::uniform_int_distribution<int64_t>(start, end)(random)};
  }

  // Starts everybody, and returns when much has been appended.
  void Begin(uint32_t seed) {
    thread_seed_ = seed;
    auto many = std::make_shared<std::latch>(2 * kAppendsBeforeTheEnd);
    for (int i = 0; i < 2; ++i) {
      const auto left = std::make_shared<int>(kAppendsBeforeTheEnd);
      const auto append = [this, many, left](std::mt19937& random) {
        const Record record{.key = "k", .value = "some value"};
        AppendOptions options;
        options.ack = random() % 2 == 0 ? Ack::kWritten : Ack::kDurable;
        absl::Status done = orders_->Append({&record, 1}, options).status();
        if (*left > 0) {
          --*left;
          many->count_down();
        }
        return done;
      };
      // One that ends too early has failed the test; nobody is to wait for it.
      Repeat(append, [many, left] { many->count_down(*left); });
    }
    for (int i = 0; i < 2; ++i) {
      Repeat([this](std::mt19937&) {
        if (topic_deleted_) return MakeError(Reason::kUnknownTopic, "deleted");
        return engine_->RunUpkeep(absl::InfiniteDuration());
      });
    }
    Repeat([this](std::mt19937& random) {
      return orders_->DeleteRecordsBefore(AnyOffset(random));
    });
    Repeat([this](std::mt19937& random) {
      const Offset end = orders_->log_end();
      const Offset to{std::max(orders_->log_start().value,
                               end.value - static_cast<int64_t>(random() % 4))};
      return orders_->TruncateTo(to).status();
    });
    Repeat([this](std::mt19937& random) {
      Cursor cursor = orders_->Read(AnyOffset(random));
      RecordView record;
      for (;;) {
        const auto more = cursor.Next(&record);
        if (!more.ok()) return more.status();
        if (!*more) return absl::OkStatus();
        if (record.value != "some value") {
          return absl::DataLossError("another value was read");
        }
      }
    });
    Repeat([this, start = Offset{0}](std::mt19937&) mutable {
      const Offset now = orders_->log_start();
      if (now < start) return absl::InternalError("the start moved back");
      start = now;
      return orders_->WaitFor(Offset{0}, absl::ZeroDuration()).status();
    });
    many->wait();
  }

  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  std::atomic<int> errors_told_ = 0;
  std::atomic<bool> topic_deleted_ = false;
  uint32_t thread_seed_ = 0;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Partition> orders_;
  std::vector<std::thread> threads_;
};

TEST_F(EngineThreads, ClosingUnderAllOfThemKeepsTheBounds) {
  const test::Seed seed;
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(CreateTopic());
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    Begin(seed.value() + static_cast<uint32_t>(100 * round));
    EXPECT_THAT(engine_->Close(), IsOk());
    Join();
    const Offset start = orders_->log_start(), end = orders_->log_end();
    orders_ = nullptr;
    engine_ = nullptr;

    ASSERT_NO_FATAL_FAILURE(Open());
    auto again = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(again, IsOk());
    orders_ = std::make_unique<Partition>(*std::move(again));
    EXPECT_EQ(orders_->log_start(), start);
    EXPECT_EQ(orders_->log_end(), end);
    EXPECT_EQ(orders_->high_watermark(), end);
    Cursor cursor = orders_->Read(start);
    RecordView record;
    Offset next = start;
    for (;; next = next + 1) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      ASSERT_EQ(record.offset, next);
    }
    EXPECT_EQ(next, end);
  }
  EXPECT_EQ(errors_told_, 0);
}

TEST_F(EngineThreads, DeletingTheTopicUnderAllOfThemLeavesNothing) {
  const test::Seed seed;
  ASSERT_NO_FATAL_FAILURE(Open());
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    topic_deleted_ = false;
    ASSERT_NO_FATAL_FAILURE(CreateTopic());
    EXPECT_EQ(orders_->log_start(), Offset{0});
    EXPECT_EQ(orders_->log_end(), Offset{0});
    Begin(seed.value() + static_cast<uint32_t>(100 * round));
    EXPECT_THAT(engine_->DeleteTopic("orders"), IsOk());
    topic_deleted_ = true;
    Join();

    const auto entries = memory_->List("/data");
    ASSERT_THAT(entries, IsOk());
    for (const DirectoryEntry& entry : *entries) {
      EXPECT_FALSE(entry.is_directory) << entry.name;
    }
  }
  EXPECT_THAT(engine_->Close(), IsOk());
  EXPECT_EQ(errors_told_, 0);
}

}  // namespace
}  // namespace cauce
