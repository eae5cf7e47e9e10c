// Every bit of every batch's header, one at a time, and a log of several
// segments against a model of it: a record is read as it was written or not at
// all, offsets only grow, and what is not damaged itself is still found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"

namespace cauce {
namespace {

using test::IsOk;
using test::ReadRecord;

// How the damaged files are looked at.
enum class Way {
  kWhileOpen,          // by the log that wrote them
  kReadOnly,           // by a log that only reads
  kAfterAKill,         // once recovery has gone over them
  kAfterACleanStop,    // where they are believed
  kWithoutIndexFiles,  // the same, and the indexes are gone
  // Nothing was known as durable, in a topic that was never compacted.
  kReadOnlyEarly,
  kAfterAnEarlyKill,
};

std::string NameOf(const ::testing::TestParamInfo<Way>& info) {
  switch (info.param) {
    case Way::kWhileOpen:
      return "WhileOpen";
    case Way::kReadOnly:
      return "ReadOnly";
    case Way::kAfterAKill:
      return "AfterAKill";
    case Way::kAfterACleanStop:
      return "AfterACleanStop";
    case Way::kWithoutIndexFiles:
      return "WithoutIndexFiles";
    case Way::kReadOnlyEarly:
      return "ReadOnlyEarly";
    case Way::kAfterAnEarlyKill:
      return "AfterAnEarlyKill";
  }
  return "";
}

void PrintTo(Way way, std::ostream* out) {
  *out << NameOf(::testing::TestParamInfo<Way>(way, 0));
}

// Where a batch stands.
struct Place {
  std::string file;
  size_t position = 0;
  Offset base;
  size_t end = 0;      // in the file
  Offset segment_end;  // where its segment ends
};

class HeaderDamage : public ::testing::TestWithParam<Way> {
 protected:
  static constexpr int kBatches = 9;

  // Whether the log may end in front of what is damaged.
  static bool IsEarly() {
    return GetParam() == Way::kReadOnlyEarly ||
           GetParam() == Way::kAfterAnEarlyKill;
  }

  // Three batches of two records to a segment, each with an index entry but
  // the first of a segment.
  void Write() {
    rig_.Leaves(test::Left::kDamaged);
    rig_.config().segment_bytes = 300;
    rig_.config().index_interval_bytes = 1;
    rig_.set_may_have_gaps(!IsEarly());
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < kBatches; ++i) {
      const std::string name = std::to_string(i);
      const test::OwnedBatch batch =
          test::Batch({"a" + name, "b" + name}, Timestamp{1000 + i});
      ASSERT_THAT(rig_.log().Append(batch.view(), {}), IsOk());
    }
    const auto all = test::ReadAll(rig_.shared_log(), Offset{0});
    ASSERT_THAT(all, IsOk());
    for (const ReadRecord& record : *all) model_[record.offset] = record;
    ASSERT_EQ(model_.size(), size_t{2 * kBatches});
    FindPlaces();
    if (!IsEarly()) rig_.SaveBounds();
    if (GetParam() == Way::kAfterACleanStop) {
      ASSERT_THAT(rig_.Close(), IsOk());
    } else if (GetParam() != Way::kWhileOpen) {
      rig_.Kill();
    }
    for (const std::string& name : rig_.disk().Names()) {
      if (GetParam() == Way::kWithoutIndexFiles && !name.ends_with(".log")) {
        continue;
      }
      files_[name] = *rig_.disk().Read(name);
    }
    bounds_ = rig_.bounds();
  }

  void FindPlaces() {
    const auto set = rig_.log().segments();
    ASSERT_GT(set->segments().size(), 2u);
    for (const auto& segment : set->segments()) {
      BatchScanner scanner;
      auto batch = segment->Seek(scanner, segment->base());
      while (batch.ok() && *batch) {
        places_.push_back({SegmentFileName(segment->base(), kLogSuffix),
                           static_cast<size_t>(scanner.batch_position()),
                           (*batch)->base_offset(),
                           static_cast<size_t>(scanner.position()),
                           segment->next()});
        batch = scanner.Next();
      }
      ASSERT_THAT(batch, IsOk());
    }
    ASSERT_EQ(places_.size(), size_t{kBatches});
  }

  // The log over the files with one bit of `place` changed.
  std::shared_ptr<Log> Look(const Place& place, size_t byte, int bit) {
    std::string bytes = files_.at(place.file);
    bytes[place.position + byte] =
        static_cast<char>(bytes[place.position + byte] ^ (1 << bit));
    if (GetParam() == Way::kWhileOpen) {
      rig_.disk().Write(place.file, bytes);
      return rig_.shared_log();
    }
    rig_.Kill();
    for (const std::string& name : rig_.disk().Names()) {
      rig_.disk().Remove(name);
    }
    for (const auto& [name, content] : files_) {
      rig_.disk().Write(name, name == place.file ? bytes : content);
    }
    rig_.set_bounds(bounds_);
    rig_.set_clean_stop(GetParam() == Way::kAfterACleanStop);
    if (GetParam() == Way::kReadOnly || GetParam() == Way::kReadOnlyEarly) {
      const auto log = rig_.OpenReadOnly();
      EXPECT_THAT(log, IsOk());
      return log.ok() ? *log : nullptr;
    }
    EXPECT_THAT(rig_.Open(), IsOk());
    return rig_.shared_log();
  }

  // What a reader gets who passes by damage. Sees to it that offsets grow, that
  // he comes to an end, and is told of damage where `from` is not there.
  std::vector<ReadRecord> ReadOver(const std::shared_ptr<Log>& log,
                                   Offset from) {
    int damages = 0;
    const auto all = ReadOver(log, from, damages);
    const bool is_there = !all.empty() && all.front().offset == from.value;
    const bool is_end = from.value >= log->log_end().value;
    EXPECT_TRUE(is_there || is_end || damages > 0) << "from " << from.value;
    return all;
  }

  std::vector<ReadRecord> ReadOver(const std::shared_ptr<Log>& log, Offset from,
                                   int& damages) {
    LogCursor cursor(log, from, {});
    std::vector<ReadRecord> all;
    for (;;) {
      RecordView record;
      const Offset before = cursor.position();
      const auto more = cursor.Next(&record);
      if (!more.ok()) {
        EXPECT_TRUE(IsDamage(more.status())) << more.status();
        if (!IsDamage(more.status()) || ++damages > kBatches) return all;
        const auto next = cursor.SkipDamage();
        EXPECT_THAT(next, IsOk());
        EXPECT_GE(cursor.position(), before);
        if (!next.ok()) return all;
        continue;
      }
      if (!*more) return all;
      EXPECT_GE(record.offset, before);
      all.push_back({record.offset.value,
                     std::string(record.value.value_or("")),
                     record.timestamp.ms});
    }
  }

  // What must be found from `from` on though the batch at `damaged` cannot be
  // read, nor what its length hides.
  std::vector<ReadRecord> Expected(const Place& damaged, bool length,
                                   Offset from) const {
    // Without an index nothing leads on within the segment.
    const bool index =
        GetParam() == Way::kAfterACleanStop || GetParam() == Way::kWhileOpen;
    Offset hidden = damaged.base + 2;
    if (length && !index) hidden = damaged.segment_end;
    if (IsEarly()) hidden = places_.back().segment_end;
    std::vector<ReadRecord> expected;
    for (const auto& [offset, record] : model_) {
      const bool is_hidden =
          offset >= damaged.base.value && offset < hidden.value;
      if (offset >= from.value && !is_hidden) expected.push_back(record);
    }
    return expected;
  }

  void ExpectOnlyWhatWasWritten(const std::vector<ReadRecord>& found) {
    for (const ReadRecord& record : found) {
      ASSERT_TRUE(model_.contains(record.offset)) << record;
      ASSERT_EQ(record, model_.at(record.offset));
    }
  }

  test::LogRig rig_;
  std::map<int64_t, ReadRecord> model_;
  std::vector<Place> places_;
  std::map<std::string, std::string> files_;
  LogBounds bounds_;
};

INSTANTIATE_TEST_SUITE_P(Ways, HeaderDamage,
                         ::testing::Values(Way::kWhileOpen, Way::kReadOnly,
                                           Way::kAfterAKill,
                                           Way::kAfterACleanStop,
                                           Way::kWithoutIndexFiles),
                         NameOf);

TEST_P(HeaderDamage, IsNeverReadAsDataAndHidesNothingElse) {
  Write();
  for (const Place& place : places_) {
    for (size_t byte = 0; byte < kBatchHeaderBytes; ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        SCOPED_TRACE(testing::Message() << "batch at " << place.base.value
                                        << ", byte " << byte << " bit " << bit);
        const bool length =
            byte >= layout::kBatchLength && byte < layout::kLeaderEpoch;
        const auto log = Look(place, byte, bit);
        ASSERT_NE(log, nullptr);
        for (const Offset from :
             {Offset{0}, place.base, place.base + 1, place.base + 2}) {
          const auto found = ReadOver(log, from);
          ExpectOnlyWhatWasWritten(found);
          // Both are sorted, and what was found is all of the model.
          const auto expected = Expected(place, length, from);
          const auto less = [](const ReadRecord& one, const ReadRecord& other) {
            return one.offset < other.offset;
          };
          ASSERT_TRUE(std::includes(found.begin(), found.end(),
                                    expected.begin(), expected.end(), less))
              << ::testing::PrintToString(found);
        }
        if (HasFailure()) return;
      }
    }
    if (GetParam() == Way::kWhileOpen) {
      rig_.disk().Write(place.file, files_.at(place.file));
    }
  }
}

// The base offset stands outside the CRC; all else that a reader believes is
// within it.
TEST_P(HeaderDamage, OfABaseOffsetIsToldByEveryLookUp) {
  Write();
  for (const Place& place : places_) {
    for (size_t byte = 0; byte < layout::kBatchLength; ++byte) {
      SCOPED_TRACE(testing::Message()
                   << "batch at " << place.base.value << ", byte " << byte);
      const auto log = Look(place, byte, 0);
      ASSERT_NE(log, nullptr);
      const auto found =
          log->FindByTime({model_.at(place.base.value).timestamp});
      if (found.ok() && *found) {
        // The batch itself is not to be had: at best the one behind it.
        ASSERT_EQ((*found)->offset, place.base + 2);
      } else if (found.ok()) {
        ASSERT_TRUE(IsEarly() || place.base == places_.back().base);
      } else {
        ASSERT_THAT(found, test::HasReason(Reason::kCorruptBatch));
      }
      if (GetParam() == Way::kWhileOpen) {
        rig_.disk().Write(place.file, files_.at(place.file));
      }
    }
  }
}

}  // namespace
}  // namespace cauce
