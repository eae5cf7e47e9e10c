// Random commands against a log that is compacted, and against a model of it
// that is a list of what was appended: whatever is compacted, in one go or in
// part, with a map that holds everything or hardly anything, cut, reopened or
// killed in between, what may not go is there as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/compaction.h"
#include "engine/log/key_map.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;

struct Entry {
  std::string key;
  std::optional<std::string> value;
  int64_t timestamp = 0;
  // A pass has found a later record of its key, or that its time is over.
  bool may_be_gone = false;

  friend bool operator==(const Entry& a, const Entry& b) {
    return a.key == b.key && a.value == b.value && a.timestamp == b.timestamp;
  }
};

class CompactionProperty : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Run(int commands) {
    ChooseConfig();
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < commands; ++i) {
      SCOPED_TRACE(testing::Message() << "command " << i);
      Step();
      if (HasFatalFailure()) return;
      if (i % 10 == 0) CheckAll();
      if (HasFailure()) return;
    }
    CheckAll();
    pass_.reset();
  }

 private:
  // In [0, count).
  int64_t Any(int64_t count) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(count));
  }
  bool OneIn(int64_t count) { return Any(count) == 0; }

  void Step() {
    switch (Any(24)) {
      case 0:
        return Truncate();
      case 1:
        return DeleteBefore();
      case 2:
        ASSERT_THAT(log().ApplyRetention(), IsOk());
        return;
      case 3:
        return Reopen();
      case 4:
        ChooseConfig();
        log().SetConfig(rig_.config(), false);
        return;
      case 5:
        return rig_.clock().Advance(absl::Seconds(Any(3000)));
      case 6:
        rig_.SaveBounds();
        return;
      case 7:
        return CompactWhole();
      case 8:
      case 9:
        return BeginPass();
      case 10:
      case 11:
      case 12:
      case 13:
        return GoOn(Any(4000));
      case 14:
        return FollowACursor();
      default:
        return Append();
    }
  }

  void ChooseConfig() {
    TopicConfig& config = rig_.config();
    config = {};
    config.cleanup = {.remove = false, .compact = true};
    config.segment_bytes = 300 + Any(3000);
    config.index_interval_bytes = Any(1000);
    config.min_cleanable_dirty_ratio = OneIn(2) ? 0 : 0.5;
    config.delete_retention = absl::Seconds(Any(3000));
    config.file_delete_delay = absl::Seconds(Any(100));
    config.retention_age = std::nullopt;
    if (OneIn(3)) config.min_compaction_lag = absl::Seconds(Any(2000));
    if (OneIn(3)) config.flush = FlushPolicy::kOs;
    if (OneIn(4)) config.compression = static_cast<Codec>(Any(5));
  }

  void Append() {
    const int64_t now = rig_.now().ms;
    std::vector<Entry> entries;
    for (int64_t i = 0, count = 1 + Any(kBatchRecordsMax); i < count; ++i) {
      Entry entry{.key = fmt::format("k{}", Any(OneIn(3) ? 500 : 12)),
                  .timestamp = OneIn(3) ? now : now - Any(1000)};
      if (!OneIn(6)) {
        entry.value = std::string(static_cast<size_t>(Any(80)),
                                  static_cast<char>('a' + Any(26)));
      }
      entries.push_back(std::move(entry));
    }
    std::vector<Record> records;
    for (const Entry& entry : entries) {
      Record record{.key = entry.key, .timestamp = {entry.timestamp}};
      if (entry.value) record.value = *entry.value;
      records.push_back(record);
    }
    BatchFields fields;
    fields.codec = static_cast<Codec>(Any(5));
    const auto result = log().Append(test::BatchOf(records, fields).view(), {});
    ASSERT_THAT(result, IsOk());
    for (size_t i = 0; i < entries.size(); ++i) {
      ever_.emplace(result->base.value + static_cast<int64_t>(i), entries[i]);
      model_[result->base.value + static_cast<int64_t>(i)] =
          std::move(entries[i]);
    }
  }

  // What a pass that begins now may take out.
  void NoteWhatMayGo() {
    std::set<std::string> later;
    for (auto at = model_.rbegin(); at != model_.rend(); ++at) {
      Entry& entry = at->second;
      entry.may_be_gone |= !later.insert(entry.key).second;
      // When a tombstone may go is for the tests of single passes.
      entry.may_be_gone |= !entry.value.has_value();
    }
  }

  void BeginPass() {
    if (pass_ != nullptr) return GoOn(1 << 20);
    // The smallest map, or one for everything.
    const CompactionOrder order{
        .now = rig_.clock().Now(),
        .on_demand = OneIn(2),
        .memory_bytes_max = OneIn(2) ? KeyMap::kBytesMin : 1 << 20};
    if (OneIn(4)) {
      ASSERT_THAT(log().RollToCompact(), IsOk());
    }
    ASSERT_THAT(log().Flush(), IsOk());
    auto pass = log().BeginCompaction(order);
    ASSERT_THAT(pass, IsOk());
    pass_ = *std::move(pass);
    if (pass_ != nullptr) NoteWhatMayGo();
  }

  void GoOn(int64_t bytes) {
    if (pass_ == nullptr) return;
    const auto over = pass_->Work(bytes);
    ASSERT_THAT(over, IsOk());
    if (!*over) return;
    ASSERT_THAT(pass_->damage(), IsOk());
    ASSERT_THAT(log().EndCompaction(*pass_), IsOk());
    pass_.reset();
  }

  void CompactWhole() {
    for (int i = 0; pass_ != nullptr && i < 1000; ++i) GoOn(1 << 20);
    BeginPass();
    for (int i = 0; pass_ != nullptr && i < 1000; ++i) GoOn(1 << 20);
    ASSERT_EQ(pass_, nullptr);
  }

  void Truncate() {
    const int64_t start = log().log_start().value;
    const int64_t most = OneIn(5) ? log().log_end().value - start : 12;
    const int64_t to = std::max(start, log().log_end().value - Any(most + 1));
    const int64_t before = log().log_end().value;
    const auto end = log().TruncateTo(Offset{to});
    ASSERT_THAT(end, IsOk());
    ASSERT_LE(end->value, to);
    model_.erase(model_.lower_bound(end->value), model_.end());
    if (end->value < before) KeepWhatIsThere();
  }

  // A pass takes out nothing more once the log was cut: what it goes by may be
  // what was cut off.
  void KeepWhatIsThere() {
    std::map<int64_t, Entry> there;
    LogCursor cursor(rig_.shared_log(), log().log_start(),
                     {.up_to = ReadUpTo::kLogEnd});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      there[record.offset.value] = EntryOf(record);
    }
    for (const auto& [offset, entry] : model_) {
      if (!there.contains(offset)) {
        ASSERT_TRUE(entry.may_be_gone) << offset;
      }
    }
    model_ = std::move(there);
  }

  void DeleteBefore() {
    const int64_t start = log().log_start().value;
    const int64_t to = std::min(log().high_watermark().value, start + Any(20));
    if (to < start) return;
    ASSERT_THAT(log().DeleteRecordsBefore(Offset{to}), IsOk());
    model_.erase(model_.begin(), model_.lower_bound(to));
  }

  void Reopen() {
    cursor_.reset();
    pass_.reset();
    const int64_t end = log().log_end().value;
    if (OneIn(2)) {
      ASSERT_THAT(rig_.Reopen(), IsOk());
    } else {
      ASSERT_THAT(rig_.KillAndReopen(), IsOk());
    }
    ASSERT_EQ(log().log_end().value, end);
  }

  // One that goes on through whatever happened since.
  void FollowACursor() {
    if (cursor_ == nullptr || OneIn(20)) {
      const int64_t start = log().log_start().value;
      cursor_ = std::make_unique<LogCursor>(
          rig_.shared_log(),
          Offset{start + Any(log().log_end().value - start + 1)},
          CursorOptions{.up_to = ReadUpTo::kLogEnd, .read_bytes = 4096});
    }
    for (int i = 0; i < 8; ++i) {
      const int64_t position = cursor_->position().value;
      RecordView record;
      const auto more = cursor_->Next(&record);
      if (ReasonOf(more.status()) == Reason::kOffsetOutOfRange) {
        return cursor_.reset();
      }
      ASSERT_THAT(more, IsOk());
      if (!*more) return;
      ASSERT_GE(record.offset.value, position);
      // Nothing that must be there was passed by.
      for (auto at = model_.lower_bound(position);
           at != model_.end() && at->first < record.offset.value; ++at) {
        ASSERT_TRUE(at->second.may_be_gone) << at->first;
      }
      const auto expected = model_.find(record.offset.value);
      if (expected != model_.end()) {
        ASSERT_EQ(EntryOf(record), expected->second) << record.offset.value;
        continue;
      }
      const auto [from, to] = ever_.equal_range(record.offset.value);
      ASSERT_TRUE(std::any_of(from, to, [&](const auto& each) {
        return each.second == EntryOf(record);
      })) << record.offset.value;
    }
  }

  static Entry EntryOf(const RecordView& record) {
    Entry entry{.key = std::string(record.key.value_or("(none)")),
                .timestamp = record.timestamp.ms};
    if (record.value) entry.value = std::string(*record.value);
    return entry;
  }

  void CheckAll() {
    LogCursor cursor(rig_.shared_log(), log().log_start(),
                     {.up_to = ReadUpTo::kLogEnd});
    auto next = model_.begin();
    const auto pass_by = [&](int64_t to) {
      for (; next != model_.end() && next->first < to; ++next) {
        ASSERT_TRUE(next->second.may_be_gone) << next->first;
      }
    };
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      pass_by(record.offset.value);
      if (HasFatalFailure()) return;
      ASSERT_NE(next, model_.end());
      ASSERT_EQ(next->first, record.offset.value);
      ASSERT_EQ(EntryOf(record), next->second);
      ++next;
    }
    pass_by(INT64_MAX);
  }

  Log& log() { return rig_.log(); }

  static constexpr int kBatchRecordsMax = 6;

  const test::Seed seed_;
  std::mt19937_64 random_{seed_.value()};
  test::LogRig rig_{GetParam()};
  std::map<int64_t, Entry> model_;      // by offset
  std::multimap<int64_t, Entry> ever_;  // also what was cut off
  std::unique_ptr<Compaction> pass_;
  std::unique_ptr<LogCursor> cursor_;
};

INSTANTIATE_TEST_SUITE_P(Disks, CompactionProperty,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CompactionProperty, KeepsWhatMayNotGoAsItWas) {
  Run(GetParam() == DiskKind::kMemory ? 6000 : 500);
}

}  // namespace
}  // namespace cauce
