// Random commands against one partition and against a model of it that is a
// vector of batches: whatever is appended, cut, deleted, reopened or killed in
// between, both tell the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::ReadRecord;

// A partition, as simple as can be. Batches are never empty.
struct Model {
  using Batch = std::vector<ReadRecord>;

  std::vector<Batch> batches;  // those below `start` too: a cursor may be there
  int64_t start = 0;
  int64_t end = 0;

  static int64_t BaseOf(const Batch& batch) { return batch.front().offset; }
  static int64_t NextOf(const Batch& batch) { return batch.back().offset + 1; }

  std::vector<ReadRecord> From(int64_t offset, int64_t up_to) const {
    std::vector<ReadRecord> all;
    for (const Batch& batch : batches) {
      for (const ReadRecord& record : batch) {
        if (record.offset >= offset && record.offset < up_to) {
          all.push_back(record);
        }
      }
    }
    return all;
  }
  std::optional<FoundOffset> FindByTime(int64_t time) const {
    for (const ReadRecord& record : From(start, end)) {
      if (record.timestamp >= time) {
        return FoundOffset{{record.offset}, {record.timestamp}};
      }
    }
    return std::nullopt;
  }
  void Truncate(int64_t offset) {
    while (!batches.empty() && NextOf(batches.back()) > offset) {
      end = std::max(start, BaseOf(batches.back()));
      batches.pop_back();
    }
  }
  // The batch that a cursor at `position` gets next.
  const Batch* Next(int64_t position) const {
    for (const Batch& batch : batches) {
      if (NextOf(batch) > position) return &batch;
    }
    return nullptr;
  }
};

class LogProperty : public ::testing::TestWithParam<DiskKind> {
 protected:
  // Whether the bytes between two entries of an index are chosen again, too.
  enum class Interval { kStays, kChanges };

  void Run(int commands, Interval interval) {
    interval_ = interval;
    rig_.config().index_interval_bytes = Any(1000);
    ChooseConfig();
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < commands; ++i) {
      SCOPED_TRACE(testing::Message() << "command " << i);
      Step();
      if (HasFatalFailure()) return;
      CheckBounds();
      if (i % 40 == 0) CheckAll();
      if (HasFailure()) return;
    }
    CheckAll();
    CheckEvents();
  }

 private:
  // In [0, count).
  int64_t Any(int64_t count) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(count));
  }
  bool OneIn(int64_t count) { return Any(count) == 0; }

  void Step() {
    switch (Any(20)) {
      case 0:
        return Truncate();
      case 1:
        return DeleteBefore();
      case 2:
        return Retain();
      case 3:
        return Reopen();
      case 4:
        return SetConfig();
      case 5:
        return FindByTime();
      case 6:
        return ReadFromAnywhere();
      case 7:
        return rig_.clock().Advance(absl::Seconds(Any(600)));
      case 8:
        rig_.SaveBounds();
        return;
      case 9:
      case 10:
      case 11:
        return FollowACursor();
      default:
        return Append();
    }
  }

  void Append() {
    const int64_t now = rig_.now().ms;
    Model::Batch batch;
    for (int64_t i = 0, count = 1 + Any(6); i < count; ++i) {
      const int64_t bytes = OneIn(50) ? Any(100'000) : Any(300);
      const int64_t time = OneIn(3) ? now : now - Any(100'000);
      std::string value(static_cast<size_t>(bytes),
                        static_cast<char>('a' + Any(26)));
      batch.push_back({model_.end + i, std::move(value), time});
    }
    std::vector<Record> records;
    for (const ReadRecord& record : batch) {
      records.push_back(
          {.key = "k", .value = record.value, .timestamp = {record.timestamp}});
    }
    AppendOptions options;
    if (OneIn(2)) options.ack = Ack::kWritten;
    BatchFields fields;
    fields.codec = static_cast<Codec>(Any(5));
    const auto result =
        OneIn(2) ? log().Append(records, options)
                 : log().Append(test::BatchOf(records, fields).view(), options);

    ASSERT_THAT(result, IsOk());
    ASSERT_EQ(result->base.value, model_.end);
    ASSERT_EQ(result->append_time.has_value(),
              rig_.config().timestamp_type == TimestampType::kLogAppendTime);
    for (ReadRecord& record : batch) {
      if (result->append_time) record.timestamp = result->append_time->ms;
    }
    model_.end += static_cast<int64_t>(batch.size());
    model_.batches.push_back(std::move(batch));
    const bool durable = options.ack == Ack::kDurable &&
                         rig_.config().flush == FlushPolicy::kGroup;
    if (durable) {
      ASSERT_EQ(log().durable_end().value, model_.end);
    }
  }

  void Truncate() {
    // Mostly little, so that the log grows.
    const int64_t most = OneIn(5) ? model_.end - model_.start : 12;
    const int64_t to = std::max(model_.start, model_.end - Any(most + 1));
    model_.Truncate(to);
    ASSERT_THAT(log().TruncateTo(Offset{to}), IsOkAndHolds(Offset{model_.end}));
  }

  void DeleteBefore() {
    const int64_t high = log().high_watermark().value;
    const int64_t most = OneIn(5) ? high - model_.start : 12;
    if (most < 0) return;
    const int64_t to = std::min(high, model_.start + Any(most + 1));
    ASSERT_THAT(log().DeleteRecordsBefore(Offset{to}), IsOk());
    model_.start = std::max(model_.start, to);
  }

  void Retain() {
    const auto& config = rig_.config();
    ASSERT_THAT(log().ApplyRetention(), IsOk());
    const int64_t start = log().log_start().value;
    ASSERT_GE(start, model_.start);
    ASSERT_LE(start, log().high_watermark().value);
    if (!config.retention_bytes && !config.retention_age) {
      ASSERT_EQ(start, model_.start);
    }
    // Only records that are too old go by age alone.
    if (!config.retention_bytes) {
      for (const ReadRecord& gone : model_.From(model_.start, start)) {
        ASSERT_GT(rig_.now().ToTime() - Timestamp{gone.timestamp}.ToTime(),
                  *config.retention_age);
      }
    }
    model_.start = start;
  }

  void Reopen() {
    cursors_.clear();  // they keep the log alive
    if (OneIn(2)) {
      ASSERT_THAT(rig_.Reopen(), IsOk());
    } else {
      ASSERT_THAT(rig_.KillAndReopen(), IsOk());
    }
    ASSERT_EQ(log().high_watermark().value, model_.end);
    CheckEvents();
    // A batch that began below the start may have been cut, so that there is
    // none below it any more to read.
    std::erase_if(model_.batches, [this](const Model::Batch& batch) {
      return Model::NextOf(batch) <= model_.start;
    });
  }

  void SetConfig() {
    ChooseConfig();
    log().SetConfig(rig_.config(), false);
  }

  void ChooseConfig() {
    TopicConfig& config = rig_.config();
    const int64_t interval = config.index_interval_bytes;
    config = {};
    config.segment_bytes = 200 + Any(5000);
    config.index_interval_bytes =
        interval_ == Interval::kChanges ? Any(1000) : interval;
    if (OneIn(4)) config.segment_index_bytes = 36 + Any(100);
    if (OneIn(4)) config.segment_age_max = absl::Seconds(1 + Any(1000));
    if (OneIn(4)) config.segment_jitter = absl::Seconds(Any(100));
    if (OneIn(3)) config.flush = FlushPolicy::kOs;
    if (OneIn(3)) config.compression = static_cast<Codec>(Any(5));
    if (OneIn(5)) config.timestamp_type = TimestampType::kLogAppendTime;
    config.file_delete_delay = absl::Seconds(Any(100));
    config.retention_age = std::nullopt;
    if (OneIn(3)) config.retention_age = absl::Seconds(1 + Any(10'000));
    if (OneIn(3)) config.retention_bytes = Any(20'000);
  }

  void FindByTime() {
    ASSERT_THAT(log().Flush(), IsOk());
    const int64_t time = rig_.now().ms - Any(1'000'000);
    ASSERT_THAT(log().FindByTime({time}),
                IsOkAndHolds(model_.FindByTime(time)));
  }

  void ReadFromAnywhere() {
    const int64_t from = model_.start - 2 + Any(model_.end - model_.start + 5);
    const CursorOptions options{.up_to = ReadUpTo::kLogEnd,
                                .read_bytes = OneIn(2) ? 4096u : 100'000u};
    const auto read = test::ReadAll(rig_.shared_log(), Offset{from}, options);
    if (from < model_.start || from > model_.end) {
      ASSERT_THAT(read, HasReason(Reason::kOffsetOutOfRange));
    } else {
      ASSERT_THAT(read, IsOkAndHolds(model_.From(from, model_.end)));
    }
  }

  // Lets one of several cursors go on through whatever happened since.
  void FollowACursor() {
    if (cursors_.size() < 4) {
      const int64_t at = model_.start + Any(model_.end - model_.start + 1);
      cursors_.push_back(std::make_unique<LogCursor>(
          rig_.shared_log(), Offset{at},
          CursorOptions{.up_to = ReadUpTo::kLogEnd, .read_bytes = 4096}));
    }
    LogCursor& cursor = *cursors_[static_cast<size_t>(
        Any(static_cast<int64_t>(cursors_.size())))];
    for (int i = 0; i < 5; ++i) {
      const int64_t position = cursor.position().value;
      RecordBatch batch;
      const auto more = cursor.NextBatch(&batch);
      if (position < model_.start || position > model_.end) {
        // It may still be inside of a segment that was deleted.
        if (ReasonOf(more.status()) == Reason::kOffsetOutOfRange) {
          cursor.Seek(Offset{model_.start});
          return;
        }
        ASSERT_LT(position, model_.start);
      }
      ASSERT_THAT(more, IsOk());
      const Model::Batch* expected = model_.Next(position);
      ASSERT_EQ(*more, expected != nullptr) << "at " << position;
      if (!*more) return;
      ASSERT_EQ(batch.base_offset().value, Model::BaseOf(*expected));
      ASSERT_EQ(RecordsOf(batch), *expected);
      ASSERT_EQ(cursor.position().value, Model::NextOf(*expected));
    }
  }

  static std::vector<ReadRecord> RecordsOf(const RecordBatch& batch) {
    std::vector<ReadRecord> all;
    RecordReader reader;
    EXPECT_THAT(reader.Open(batch), IsOk());
    RecordView record;
    while (reader.Next(&record)) {
      all.push_back({record.offset.value, std::string(*record.value),
                     record.timestamp.ms});
    }
    EXPECT_THAT(reader.status(), IsOk());
    return all;
  }

  void CheckBounds() {
    ASSERT_EQ(log().log_start().value, model_.start);
    ASSERT_EQ(log().log_end().value, model_.end);
    ASSERT_LE(log().durable_end().value, model_.end);
    ASSERT_LE(log().high_watermark().value, model_.end);
    ASSERT_GE(log().high_watermark(), log().durable_end());
  }

  void CheckAll() {
    const int64_t high = log().high_watermark().value;
    ASSERT_THAT(test::ReadAll(rig_.shared_log(), Offset{model_.start}),
                IsOkAndHolds(model_.From(model_.start, high)));
    ASSERT_THAT(test::ReadAll(rig_.shared_log(), Offset{model_.start},
                              {.up_to = ReadUpTo::kLogEnd}),
                IsOkAndHolds(model_.From(model_.start, model_.end)));
  }

  // An undamaged log is silent. But where the interval is smaller than it was,
  // an index without an entry looks like one that was cut to nothing.
  void CheckEvents() {
    if (interval_ == Interval::kStays) {
      ASSERT_THAT(rig_.events(), IsEmpty());
    } else {
      ASSERT_THAT(rig_.events(),
                  Each(HasSubstr("they have no entry, and index.interval.bytes "
                                 "asks for one behind every")));
    }
  }

  Log& log() { return rig_.log(); }

  const test::Seed seed_;
  std::mt19937_64 random_{seed_.value()};
  test::LogRig rig_{GetParam()};
  Interval interval_ = Interval::kStays;
  Model model_;
  std::deque<std::unique_ptr<LogCursor>> cursors_;
};

INSTANTIATE_TEST_SUITE_P(Disks, LogProperty,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogProperty, TellsWhatAVectorOfItsBatchesTellsAndNothingElse) {
  Run(GetParam() == DiskKind::kMemory ? 6'000 : 1000, Interval::kStays);
}

TEST_P(LogProperty, TellsTheSameWhereItsIndexesGetOtherIntervals) {
  Run(GetParam() == DiskKind::kMemory ? 6'000 : 1000, Interval::kChanges);
}

}  // namespace
}  // namespace cauce
