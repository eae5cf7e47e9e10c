// What a look-up by time answers in a log that was damaged, against a model of
// which records can be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class TimeLookUp : public test::LogFixture {
 protected:
  // The records that are lost, and whether that is seen: of what a close has
  // noted these logs are told nothing.
  struct Damage {
    std::set<int64_t> lost;
    bool is_known = true;
    bool is_known_beside = true;  // a writer that goes on behind it
  };

  // Some segments of a few records each, a second apart, that were closed.
  void Make() {
    UseSmallSegments();
    config().index_interval_bytes = 100;
    Open();
    while (Logs().size() < 4 || log().segments()->active()->bytes() < 200) {
      times_.push_back(rig_.now());
      Append({"value"});
      rig_.clock().Advance(absl::Seconds(1));
    }
    for (const auto& segment : log().segments()->segments()) {
      bases_.push_back(segment->base());
    }
    bases_.push_back(log().log_end());
    ASSERT_THAT(rig_.Close(), IsOk());
    rig_.Leaves(test::Left::kDamaged);
    for (const std::string& name : rig_.disk().Names()) {
      files_[name] = *rig_.disk().Read(name);
    }
    bounds_ = rig_.bounds();
  }

  // As it was made.
  void PutBack() {
    for (const std::string& name : rig_.disk().Names()) {
      rig_.disk().Remove(name);
    }
    for (const auto& [name, bytes] : files_) rig_.disk().Write(name, bytes);
    rig_.set_bounds(bounds_);
    rig_.set_clean_stop(true);
  }

  std::string LogOf(size_t segment) const {
    return SegmentFileName(bases_[segment], kLogSuffix);
  }
  int64_t RecordsOf(size_t segment) const {
    return bases_[segment + 1] - bases_[segment];
  }
  // All batches are of one size.
  size_t BatchBytes(size_t segment) const {
    return files_.at(LogOf(segment)).size() /
           static_cast<size_t>(RecordsOf(segment));
  }

  void CheckLookUps(Log& log, const Damage& damage) {
    const auto is_lost = [&](int64_t at) { return damage.lost.contains(at); };
    const int64_t end = std::ssize(times_);
    for (int64_t i = 0; i <= end; ++i) {
      SCOPED_TRACE(i);
      const Timestamp time =
          i < end ? times_[static_cast<size_t>(i)] : rig_.now();
      int64_t first = i;
      while (first < end && is_lost(first)) ++first;
      std::optional<FoundOffset> found;
      if (first < end) {
        found = FoundOffset{{first}, times_[static_cast<size_t>(first)]};
      }
      EXPECT_THAT(log.FindByTime(time, OnDamage::kSkip), IsOkAndHolds(found));
      if (is_lost(first - 1) && damage.is_known) {
        EXPECT_THAT(log.FindByTime(time), HasReason(Reason::kCorruptBatch));
      } else {
        EXPECT_THAT(log.FindByTime(time), IsOkAndHolds(found));
      }
    }
  }

  // Who only reads, before anybody has opened it for writing; who writes; and
  // who reads beside it.
  void CheckAllWho(const Damage& damage) {
    const auto alone = rig_.OpenReadOnly();
    ASSERT_THAT(alone, IsOk());
    {
      SCOPED_TRACE("who reads alone");
      CheckLookUps(**alone, damage);
    }
    Open();
    {
      SCOPED_TRACE("who writes");
      CheckLookUps(log(), damage);
    }
    const auto beside = rig_.OpenReadOnly();
    ASSERT_THAT(beside, IsOk());
    {
      SCOPED_TRACE("who reads beside");
      CheckLookUps(**beside, {damage.lost, damage.is_known_beside});
    }
    rig_.Kill();
  }

  std::vector<Timestamp> times_;
  std::vector<Offset> bases_;  // of the segments, and the end
  std::map<std::string, std::string> files_;
  LogBounds bounds_;
};

INSTANTIATE_TEST_SUITE_P(Disks, TimeLookUp,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(TimeLookUp, PassesNothingInSilenceThatACutHasTaken) {
  for (const bool may_have_gaps : {false, true}) {
    rig_.set_may_have_gaps(may_have_gaps);
    if (files_.empty()) Make();
    for (const size_t segment : {size_t{1}, bases_.size() - 2}) {
      const std::string whole = files_[LogOf(segment)];
      const size_t one = BatchBytes(segment);
      // Of a file with nothing in it see missing_of_compacted_test.
      for (size_t cut = may_have_gaps ? 1 : 0; cut < whole.size(); ++cut) {
        // A real disk takes its time: where batches end.
        const bool is_end = (cut + 2) % one < 4;
        if (GetParam() == DiskKind::kPosix && !is_end) continue;
        SCOPED_TRACE(testing::Message()
                     << "gaps " << may_have_gaps << ", segment " << segment
                     << " cut to " << cut);
        PutBack();
        rig_.disk().Write(LogOf(segment), whole.substr(0, cut));
        Damage damage;
        for (Offset at = bases_[segment] + static_cast<int64_t>(cut / one);
             at < bases_[segment + 1]; at = at + 1) {
          damage.lost.insert(at.value);
        }
        // Where compaction may have been that is a gap like others. At the
        // end it is known up to where the log was durable, and to a writer.
        damage.is_known_beside = !may_have_gaps || cut % one != 0;
        damage.is_known = damage.is_known_beside || segment != size_t{1};
        CheckAllWho(damage);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(TimeLookUp, IsFailedByDamageRightInFrontOfWhatItFindsAndByNoOther) {
  for (const bool may_have_gaps : {false, true}) {
    rig_.set_may_have_gaps(may_have_gaps);
    if (files_.empty()) Make();
    for (size_t segment = 0; segment + 1 < bases_.size(); ++segment) {
      const size_t one = BatchBytes(segment);
      for (int64_t i = 0; i < RecordsOf(segment); ++i) {
        SCOPED_TRACE(testing::Message()
                     << "gaps " << may_have_gaps << ", record " << i
                     << " of segment " << segment);
        PutBack();
        std::string bytes = files_[LogOf(segment)];
        bytes[static_cast<size_t>(i + 1) * one - 1] ^= 1;
        rig_.disk().Write(LogOf(segment), bytes);
        CheckAllWho({.lost = {bases_[segment].value + i}});
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(TimeLookUp, AsksForNothingInFrontOfTheLogsStart) {
  Open();
  constexpr int64_t kRecords = 10;
  for (int64_t time = 0; time < kRecords; ++time) {
    const Record record{.value = "value", .timestamp = {time}};
    ASSERT_THAT(log().Append(test::BatchOf({record}).view(), {}), IsOk());
  }
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  std::string bytes = *rig_.disk().Read(Logs().front());
  // The base offset of the second batch, which then fits nowhere.
  bytes[bytes.size() / kRecords + 6] ^= 1;
  rig_.disk().Write(Logs().front(), bytes);
  rig_.set_bounds({.recovery_point = Offset{kRecords}, .log_start = Offset{3}});
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  for (int64_t time = 3; time < kRecords; ++time) {
    EXPECT_THAT((*reader)->FindByTime(Timestamp{time}),
                IsOkAndHolds(FoundOffset{{time}, {time}}));
  }
  EXPECT_THAT((*reader)->FindByTime(Timestamp{kRecords}),
              IsOkAndHolds(std::nullopt));
}

// Several producers' records come milliseconds out of their order, and a batch
// has several. What is damaged may hold the first of a time though a record
// behind it, of an earlier one, can be read.
TEST_P(TimeLookUp, PassesNothingInSilenceWhereTimesAreOutOfOrder) {
  const std::vector<std::vector<int64_t>> batches = {
      {10, 12}, {20, 15}, {100, 109}, {90, 120}, {80, 70}, {130, 131},
      {60, 61}, {160, 150}};
  constexpr size_t kDamaged = 2;
  for (const int64_t interval : {1, 200, 4096}) {
    for (const bool is_apart : {false, true}) {
      SCOPED_TRACE(testing::Message() << "an index entry each " << interval
                                      << " bytes, segments " << is_apart);
      for (const std::string& name : rig_.disk().Names()) {
        rig_.disk().Remove(name);
      }
      rig_.set_bounds({});
      rig_.set_clean_stop(true);
      config().index_interval_bytes = interval;
      config().segment_bytes = is_apart ? 5 * 90 : 1 << 20;
      Open();
      for (const std::vector<int64_t>& times : batches) {
        std::vector<Record> records;
        for (const int64_t time : times) {
          records.push_back({.value = "value", .timestamp = {time}});
        }
        ASSERT_THAT(log().Append(test::BatchOf(records).view(), {}), IsOk());
      }
      ASSERT_THAT(rig_.Close(), IsOk());
      rig_.Leaves(test::Left::kDamaged);
      ASSERT_EQ(Logs().size(), is_apart ? 2 : 1);
      std::string bytes = *rig_.disk().Read(Logs().front());
      // All batches are of one size.
      const size_t one = bytes.size() / (is_apart ? 5 : batches.size());
      bytes[(kDamaged + 1) * one - 1] ^= 1;
      rig_.disk().Write(Logs().front(), bytes);
      const auto reader = rig_.OpenReadOnly();
      ASSERT_THAT(reader, IsOk());
      for (int64_t time = 0; time <= 161; ++time) {
        SCOPED_TRACE(time);
        std::optional<FoundOffset> found;
        for (size_t i = 0; i < 2 * batches.size() && !found; ++i) {
          const int64_t at = batches[i / 2][i % 2];
          const bool can_be_read = i / 2 != kDamaged;
          if (can_be_read && at >= time) {
            found = FoundOffset{{static_cast<int64_t>(i)}, {at}};
          }
        }
        EXPECT_THAT((*reader)->FindByTime(Timestamp{time}, OnDamage::kSkip),
                    IsOkAndHolds(found));
        // In front of it, and what it hides has the time, or stands right in
        // front of what is found.
        const bool is_behind =
            !found || found->offset.value >= int64_t{2 * kDamaged};
        if (is_behind && time <= 109) {
          EXPECT_THAT((*reader)->FindByTime(Timestamp{time}),
                      HasReason(Reason::kCorruptBatch));
        } else {
          EXPECT_THAT((*reader)->FindByTime(Timestamp{time}),
                      IsOkAndHolds(found));
        }
      }
    }
  }
}

// Several clocks: the largest time of a segment is not its last one, and what
// follows is older than what is left of the index.
TEST_P(TimeLookUp, FindsWhatAnIndexHidesThatWasCut) {
  const std::vector<int64_t> times = {10, 20, 1000, 15, 15, 30, 2000, 25, 25};
  constexpr size_t kSealed = 5;  // batches of the first segment
  config().index_interval_bytes = 1;
  Open();
  for (size_t i = 0; i < times.size(); ++i) {
    const Record record{.value = "value", .timestamp = {times[i]}};
    config().segment_bytes = i == kSealed ? 1 : 1 << 20;
    log().SetConfig(config(), false);
    ASSERT_THAT(log().Append(test::BatchOf({record}).view(), {}), IsOk());
  }
  ASSERT_THAT(rig_.Close(), IsOk());
  ASSERT_EQ(Logs().size(), 2u);
  rig_.Leaves(test::Left::kDamaged);
  for (const std::string& name : rig_.disk().Names()) {
    files_[name] = *rig_.disk().Read(name);
  }
  bounds_ = rig_.bounds();
  const auto check = [&](Log& looked) {
    for (int64_t time = 0; time <= 2001; ++time) {
      std::optional<FoundOffset> found;
      for (size_t i = 0; i < times.size() && !found; ++i) {
        if (times[i] < time) continue;
        found = FoundOffset{{static_cast<int64_t>(i)}, {times[i]}};
      }
      ASSERT_THAT(looked.FindByTime({time}), IsOkAndHolds(found)) << time;
    }
  };
  for (const int64_t base : {int64_t{0}, int64_t{kSealed}}) {
    const std::string name = SegmentFileName(Offset{base}, kTimeIndexSuffix);
    for (size_t left = 0; left <= files_.at(name).size(); left += 12) {
      SCOPED_TRACE(testing::Message() << name << " of " << left << " bytes");
      PutBack();
      rig_.disk().Write(name, files_.at(name).substr(0, left));
      const auto alone = rig_.OpenReadOnly();
      ASSERT_THAT(alone, IsOk());
      check(**alone);
      Open();
      check(log());
      ASSERT_THAT(rig_.Close(), IsOk());
    }
  }
}

}  // namespace
}  // namespace cauce
