// Many threads on one log at once: what each of them sees must hold whatever
// the others do. Runs under the thread sanitizer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::IsOk;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What threads find wrong. Thread-safe.
class Complaints {
 public:
  void Add(std::string what) {
    MutexLock lock(mutex_);
    if (all_.size() < 10) all_.push_back(std::move(what));
  }
  void AddUnlessOk(const absl::Status& status) {
    if (!status.ok()) Add(status.ToString());
  }
  std::vector<std::string> all() {
    MutexLock lock(mutex_);
    return all_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> all_ ABSL_GUARDED_BY(mutex_);
};

// Whether syncs run in the background, besides those of who waits.
enum class Background { kNone, kThreads };

struct Kind {
  DiskKind disk;
  Background background;
};

std::string KindName(const ::testing::TestParamInfo<Kind>& info) {
  return std::string(info.param.disk == DiskKind::kMemory ? "Memory"
                                                          : "Posix") +
         (info.param.background == Background::kNone ? "Alone" : "Background");
}

class LogThreads : public ::testing::TestWithParam<Kind> {
 protected:
  LogThreads() {
    if (GetParam().background == Background::kThreads) {
      executor_ = NewThreadPool(2);
      rig_.set_executor(executor_.get());
    }
    rig_.config().segment_bytes = 2000;
    rig_.config().index_interval_bytes = 200;
    rig_.config().file_delete_delay = absl::ZeroDuration();
    rig_.config().retention_age = std::nullopt;
  }
  ~LogThreads() override { Stop(); }

  // The log goes first, then the threads that may hold it still, or a test's
  // variables.
  void Stop() {
    rig_.Kill();
    executor_ = nullptr;
  }

  Log& log() { return rig_.log(); }

  // In [0, count).
  static int64_t Any(std::mt19937& random, int64_t count) {
    return static_cast<int64_t>(random() % static_cast<uint32_t>(count));
  }

  const test::Seed seed_;
  std::unique_ptr<Executor> executor_;
  test::LogRig rig_{GetParam().disk};
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, LogThreads,
    ::testing::Values(Kind{DiskKind::kMemory, Background::kNone},
                      Kind{DiskKind::kMemory, Background::kThreads},
                      Kind{DiskKind::kPosix, Background::kThreads}),
    KindName);

// Every record is read by everybody, once and in the order of its producer.
TEST_P(LogThreads, EveryReaderSeesEveryRecordOnceAndInOrder) {
  constexpr int kAppenders = 3;
  constexpr int kReaders = 3;
  constexpr int kEach = 300;
  ASSERT_THAT(rig_.Open(), IsOk());
  Complaints wrong;
  std::latch acknowledged(kAppenders * kEach);

  std::vector<std::thread> threads;
  for (int appender = 0; appender < kAppenders; ++appender) {
    threads.emplace_back([&, appender] {
      std::mt19937 random(seed_.value() + static_cast<uint32_t>(appender));
      for (int i = 0; i < kEach; ++i) {
        const std::string value =
            std::to_string(appender) + ":" + std::to_string(i);
        const test::OwnedBatch batch = Batch({value});
        switch (Any(random, 3)) {
          case 0: {
            const auto result = log().Append(batch.view(), {});
            wrong.AddUnlessOk(result.status());
            if (result.ok() && log().durable_end() < result->next) {
              wrong.Add("acknowledged before it was durable");
            }
            acknowledged.count_down();
            break;
          }
          case 1:
            wrong.AddUnlessOk(
                log().Append(batch.view(), {.ack = Ack::kWritten}).status());
            acknowledged.count_down();
            break;
          default:
            log().AppendAsync(
                batch.view(), {},
                [&](const absl::StatusOr<AppendResult>& result) {
                  wrong.AddUnlessOk(result.status());
                  if (result.ok() && log().durable_end() < result->next) {
                    wrong.Add("called back before it was durable");
                  }
                  acknowledged.count_down();
                });
        }
      }
    });
  }
  for (int reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&] {
      LogCursor cursor(rig_.shared_log(), Offset{0}, {});
      std::vector<int> next(kAppenders, 0);
      for (int64_t read = 0; read < kAppenders * kEach;) {
        const auto waited =
            log().WaitFor(Offset{read}, absl::InfiniteDuration());
        if (!waited.ok()) return wrong.AddUnlessOk(waited.status());
        RecordView record;
        for (;;) {
          const auto more = cursor.Next(&record);
          if (!more.ok()) return wrong.AddUnlessOk(more.status());
          if (!*more) break;
          const int appender = record.value->front() - '0';
          const std::string expected =
              std::to_string(appender) + ":" +
              std::to_string(next[static_cast<size_t>(appender)]++);
          if (record.offset.value != read++ || *record.value != expected) {
            return wrong.Add(fmt::format("{} at {} in place of {} at {}",
                                         *record.value, record.offset.value,
                                         expected, read - 1));
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(log().Flush(), IsOk());

  // The last may still be under way on another thread.
  acknowledged.wait();
  EXPECT_THAT(wrong.all(), IsEmpty());
  EXPECT_EQ(log().high_watermark(), Offset{kAppenders * kEach});
  Stop();
}

// Appends, reads, look-ups, cuts, deletions, retention, upkeep and changes of
// the config at once. A record's value begins with its offset, which only its
// appender could have known: it is appended under one lock with the cut.
TEST_P(LogThreads, NobodyReadsWhatIsNotThereUnderEverythingAtOnce) {
  constexpr int kRounds = 400;
  ASSERT_THAT(rig_.Open(), IsOk());
  Complaints wrong;
  std::atomic<bool> done = false;
  Mutex turns;  // offsets are told in advance while this is held
  const auto expect_in_range = [&wrong](const absl::Status& status) {
    // Another thread may have moved either end meanwhile.
    if (ReasonOf(status) != Reason::kOffsetOutOfRange)
      wrong.AddUnlessOk(status);
  };
  const auto append = [&](std::mt19937& random) {
    MutexLock lock(turns);
    const std::string value = std::to_string(log().log_end().value) + ":" +
                              std::string(Any(random, 300), 'v');
    const test::OwnedBatch batch =
        Batch({value}, {rig_.now().ms - Any(random, 100)});
    const AppendOptions written{.ack = Ack::kWritten};
    wrong.AddUnlessOk(log().Append(batch.view(), written).status());
  };

  std::vector<std::thread> changers;
  for (uint32_t changer = 0; changer < 3; ++changer) {
    changers.emplace_back([&, changer] {
      std::mt19937 random(seed_.value() + changer);
      for (int i = 0; i < kRounds; ++i) {
        const int64_t start = log().log_start().value;
        const int64_t end = log().high_watermark().value;
        switch (Any(random, 20)) {
          case 0: {
            MutexLock lock(turns);
            const Offset to{std::max(start, end - Any(random, 20))};
            expect_in_range(log().TruncateTo(to).status());
            break;
          }
          case 1: {
            const Offset before{start + Any(random, 30)};
            expect_in_range(log().DeleteRecordsBefore(before));
            break;
          }
          case 2:
            wrong.AddUnlessOk(log().ApplyRetention());
            break;
          case 3: {
            TopicConfig config = rig_.config();
            config.segment_bytes = 500 + Any(random, 5000);
            if (Any(random, 2) == 0) config.retention_bytes = 10'000;
            log().SetConfig(config, false);
            break;
          }
          case 4:
            log().DropIdle();
            rig_.disk().pool()->CloseIdle();
            break;
          case 5:
            wrong.AddUnlessOk(log().Flush());
            break;
          default:
            append(random);
        }
      }
    });
  }

  std::vector<std::thread> readers;
  for (uint32_t reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937 random(seed_.value() + 100 + reader);
      CursorOptions options{.read_bytes = 4096};
      if (reader == 0) options.up_to = ReadUpTo::kLogEnd;
      LogCursor cursor(rig_.shared_log(), Offset{0}, options);
      while (!done) {
        RecordView record;
        const Offset position = cursor.position();
        const auto more = cursor.Next(&record);
        if (!more.ok()) {
          expect_in_range(more.status());
          cursor.Seek(log().log_start());
        } else if (*more) {
          const std::string wanted = std::to_string(record.offset.value) + ":";
          if (!record.value->starts_with(wanted)) {
            wrong.Add(fmt::format("{} at {}", record.value->substr(0, 9),
                                  record.offset.value));
          }
          if (record.offset < position) {
            wrong.Add(fmt::format("offset {} at position {}",
                                  record.offset.value, position.value));
          }
        } else if (Any(random, 10) == 0) {
          cursor.Seek(log().log_start());
        }
        if (Any(random, 50) == 0) {
          const Timestamp time{rig_.now().ms - Any(random, 200)};
          wrong.AddUnlessOk(log().FindByTime(time).status());
        }
      }
    });
  }
  for (std::thread& thread : changers) thread.join();
  done = true;
  for (std::thread& thread : readers) thread.join();

  ASSERT_THAT(wrong.all(), IsEmpty());
  ASSERT_THAT(log().Flush(), IsOk());
  const Offset start = log().log_start(), end = log().log_end();
  const auto before = test::ReadAll(rig_.shared_log(), start);
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(*before, SizeIs(end - start));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(test::ReadAll(rig_.shared_log(), start), before);
  EXPECT_THAT(rig_.events(), IsEmpty());
  Stop();
}

TEST_P(LogThreads, ClosingAnswersEverybodyWhoAppendsAndWaits) {
  constexpr int kThreads = 4;
  ASSERT_THAT(rig_.Open(), IsOk());
  const std::shared_ptr<Log> log = rig_.shared_log();
  Complaints wrong;
  std::atomic<int> started = 0;
  std::atomic<int> answers = 0;
  std::atomic<int64_t> acknowledged = 0;
  const auto note = [&](const absl::StatusOr<AppendResult>& result) {
    if (result.ok()) {
      int64_t most = acknowledged.load();
      while (most < result->next.value &&
             !acknowledged.compare_exchange_weak(most, result->next.value)) {
      }
    } else if (ReasonOf(result.status()) != Reason::kClosed) {
      wrong.AddUnlessOk(result.status());
    }
    ++answers;
  };
  std::atomic<int> asked = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      ++started;
      while (log->CheckOpen().ok()) {
        const test::OwnedBatch batch = Batch({"value"});
        ++asked;
        if (t % 2 == 0) {
          note(log->Append(batch.view(), {}));
        } else {
          log->AppendAsync(batch.view(), {}, note);
        }
      }
    });
    threads.emplace_back([&] {
      const auto waited =
          log->WaitFor(Offset{INT64_MAX - 1}, absl::InfiniteDuration());
      if (ReasonOf(waited.status()) != Reason::kClosed) {
        wrong.Add(waited.status().ToString());
      }
    });
  }
  while (started < kThreads || log->log_end() < Offset{100}) {
    std::this_thread::yield();
  }
  EXPECT_THAT(rig_.Close(), IsOk());
  for (std::thread& thread : threads) thread.join();

  // The last answers may still be under way on another thread.
  while (answers < asked) std::this_thread::yield();
  EXPECT_THAT(wrong.all(), IsEmpty());
  EXPECT_EQ(answers, asked);
  // What was acknowledged is there.
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_GE(rig_.log().log_end().value, acknowledged.load());
  Stop();
}

}  // namespace
}  // namespace cauce
