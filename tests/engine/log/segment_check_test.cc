#include "engine/log/segment_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/segment_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kLog = "00000000000000000010.log";
constexpr std::string_view kIndex = "00000000000000000010.index";
constexpr std::string_view kTimes = "00000000000000000010.timeindex";

// A segment that begins at offset 10: four batches of two records, an index
// entry for each but the first.
class SegmentCheckSuite : public ::testing::Test {
 protected:
  SegmentCheckSuite() {
    SegmentIndex index(Offset{10}, 1);
    for (int i = 0; i < 4; ++i) {
      const test::OwnedBatch batch =
          test::Batch({"a", "b"}, Timestamp{1000 + i}).At(Offset{10 + 2 * i});
      const auto position = static_cast<int64_t>(log_.size());
      positions_.push_back(position);
      index.Add(BatchFacts::Of(batch.view(), position));
      log_ += batch.bytes();
    }
    index.Seal();
    offsets_ = index.EncodeOffsets();
    times_ = index.EncodeTimes();
  }

  // Writes the files as they are now, and checks them.
  absl::StatusOr<Offset> Check() {
    disk_.Write(kLog, log_);
    disk_.Write(kIndex, offsets_);
    disk_.Write(kTimes, times_);
    return CheckFiles();
  }

  absl::StatusOr<Offset> CheckFiles() {
    findings_.clear();
    summary_ = {};
    segment_.directory = disk_.directory();
    segment_.base = Offset{10};
    const SegmentCheck::Found found = [this](const Finding& finding) {
      findings_.push_back(finding);
    };
    return SegmentCheck(disk_.files(), segment_, summary_, found, nullptr)
        .Run();
  }

  // As a writer at work does it: in place.
  void WriteInto(std::string_view name, int64_t position,
                 std::string_view bytes) {
    const auto file =
        disk_.real_files().Open(disk_ / name, OpenMode::kReadWrite);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(position, bytes).ok());
  }

  // Runs `act` before the read of `file` that `reads` others came before.
  void BeforeRead(std::string_view file, int reads, std::function<void()> act) {
    disk_.files().Mend();
    disk_.files().set_during(test::FileCall::kRead, file,
                             [reads, act = std::move(act)]() mutable {
                               if (reads-- == 0) act();
                             });
  }

  auto Is(Gravity gravity, std::string_view file, int64_t position) {
    return AllOf(
        Field("gravity", &Finding::gravity, gravity),
        Field("file", &Finding::file, disk_ / file),
        Field("position", &Finding::position, std::optional(position)));
  }

  test::TestDisk disk_;
  SegmentToCheck segment_;
  std::string log_, offsets_, times_;
  std::vector<int64_t> positions_;
  std::vector<Finding> findings_;
  VerifySummary summary_;
};

// The log went on behind that batch, and was killed.
TEST_F(SegmentCheckSuite, LooksBehindDamageThatEndsWhereTheLogWasDurable) {
  segment_.durable = Offset{14};
  log_[static_cast<size_t>(positions_[1]) + 70] ^= 1;
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_EQ(summary_.batches, 3);
  EXPECT_EQ(summary_.damages, 1);
}

TEST_F(SegmentCheckSuite, FindsNothingWrongWithAWholeSegment) {
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
  EXPECT_EQ(summary_.segments, 1);
  EXPECT_EQ(summary_.batches, 4);
  EXPECT_EQ(summary_.records, 8);
  EXPECT_EQ(summary_.bytes, static_cast<int64_t>(log_.size()));
}

TEST_F(SegmentCheckSuite, FindsEveryFlippedBitOfABatch) {
  const std::string whole = log_;
  const auto begin = static_cast<size_t>(positions_[1]);
  const auto end = static_cast<size_t>(positions_[2]);
  for (size_t at = begin; at < end; ++at) {
    // An epoch can be any: it is outside the CRC.
    if (at >= begin + 12 && at < begin + 16) continue;
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE(testing::Message() << "byte " << at << " bit " << bit);
      log_ = whole;
      log_[at] = static_cast<char>(log_[at] ^ (1 << bit));
      ASSERT_THAT(Check(), test::IsOk());
      ASSERT_THAT(findings_,
                  ElementsAre(Is(Gravity::kDamage, kLog, positions_[1])));
      ASSERT_EQ(summary_.batches, 3);
    }
  }
}

TEST_F(SegmentCheckSuite, GoesOnThroughTheIndexWhenTheLengthIsWrong) {
  log_[static_cast<size_t>(positions_[1]) + 9] = 0x7f;
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[1])));
  EXPECT_EQ(summary_.batches, 3);
}

TEST_F(SegmentCheckSuite, StopsWhereNothingLeadsPastTheDamage) {
  log_[static_cast<size_t>(positions_[1]) + 9] = 0x7f;
  disk_.Write(kLog, log_);
  EXPECT_THAT(CheckFiles(), IsOkAndHolds(Offset{12}));
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[1])));
  EXPECT_EQ(findings_[0].offset, Offset{12});
}

TEST_F(SegmentCheckSuite, TakesATornEndAfterAKillForANote) {
  segment_.torn_from = Offset{14};
  // The first seven bytes of a low offset are zeros, which end any log.
  for (size_t cut = static_cast<size_t>(positions_[3]) + 8; cut < log_.size();
       ++cut) {
    const std::string whole = log_;
    log_.resize(cut);
    offsets_.clear();
    times_.clear();
    EXPECT_THAT(Check(), IsOkAndHolds(Offset{16}));
    EXPECT_THAT(findings_,
                ElementsAre(Is(Gravity::kNote, kLog, positions_[3])));
    log_ = whole;
  }
}

TEST_F(SegmentCheckSuite, TakesATornEndForDamageAfterACleanStop) {
  log_.resize(log_.size() - 1);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{16}));
  EXPECT_THAT(findings_[0], Is(Gravity::kDamage, kLog, positions_[3]));
}

// It was opened after the check had begun, and its writer was killed.
TEST_F(SegmentCheckSuite, TakesATornEndForANoteWhereAWriterHasComeMeanwhile) {
  segment_.durable = Offset{14};
  log_.pop_back();
  for (const bool opened : {false, true}) {
    int asked = 0;
    segment_.opened_since = [&] {
      ++asked;
      return opened;
    };
    EXPECT_THAT(Check(), test::IsOk());
    const Gravity gravity = opened ? Gravity::kNote : Gravity::kDamage;
    EXPECT_THAT(findings_, ElementsAre(Is(gravity, kLog, positions_[3])));
    EXPECT_EQ(asked, 1);
  }
}

TEST_F(SegmentCheckSuite, TakesABadIndexForANoteWhereAWriterHasComeMeanwhile) {
  segment_.durable = Offset{14};
  offsets_.pop_back();
  segment_.opened_since = [] { return true; };
  EXPECT_THAT(Check(), test::IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, kIndex, 16)));
}

TEST_F(SegmentCheckSuite, TakesABadBatchBeforeWholeOnesForDamageAnyway) {
  segment_.torn_from = Offset{10};
  log_[static_cast<size_t>(positions_[2]) + 70] ^= 1;
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[2])));
  EXPECT_THAT(findings_[0].advice, HasSubstr("cauce log repair"));
}

TEST_F(SegmentCheckSuite, TakesZerosForWhatWasWrittenAhead) {
  log_ += std::string(100'000, '\0');
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(SegmentCheckSuite, TakesZerosForDamageWhereAnotherSegmentFollows) {
  const auto end = static_cast<int64_t>(log_.size());
  log_ += std::string(100'000, '\0');
  segment_.next_base = Offset{18};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, end)));

  // Recovery trims them.
  segment_.torn_from = Offset{14};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(SegmentCheckSuite, TellsOnceOfZerosThatIndexesKnowRecordsOf) {
  const auto position = static_cast<size_t>(positions_[2]);
  const size_t bytes = log_.size();
  log_.resize(position);
  log_.resize(bytes);
  segment_.next_base = Offset{18};
  for (const int64_t durable : {0, 18}) {
    segment_.durable = Offset{durable};
    EXPECT_THAT(Check(), IsOkAndHolds(Offset{14}));
    EXPECT_THAT(findings_,
                ElementsAre(Is(Gravity::kDamage, kLog, positions_[2])));
    EXPECT_THAT(findings_[0].what, HasSubstr("zeros"));
    EXPECT_THAT(findings_[0].advice, HasSubstr("restore the file"));
    EXPECT_EQ(summary_.damages, 1);
  }
}

TEST_F(SegmentCheckSuite, NeverSaysToDeleteAnIndexThatKnowsWhatIsMissing) {
  log_.resize(static_cast<size_t>(positions_[2]));
  segment_.durable = Offset{18};
  for (const bool killed : {false, true}) {
    if (killed) segment_.torn_from = Offset{18};
    EXPECT_THAT(Check(), IsOkAndHolds(Offset{14}));
    EXPECT_THAT(findings_,
                ElementsAre(Is(Gravity::kDamage, kLog, positions_[2])));
    EXPECT_THAT(findings_[0].what, HasSubstr("go on at offset 15"));
    EXPECT_THAT(findings_[0].advice, HasSubstr("restore the file"));
  }
  // Nothing of it was durable: the index is of a log that was cut.
  segment_.durable = segment_.torn_from.emplace(14);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{14}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, kIndex, 8),
                                     Is(Gravity::kNote, kTimes, 12)));
}

TEST_F(SegmentCheckSuite, LooksAgainWhereAWriterWroteBetweenTwoReads) {
  segment_.torn_from = Offset{14};
  const auto end = static_cast<int64_t>(log_.size());
  const std::string more = test::Batch({"a", "b"}).At(Offset{18}).bytes() +
                           test::Batch({"a", "b"}).At(Offset{20}).bytes();
  log_ += std::string(100'000, '\0');
  for (const size_t written :
       {size_t{0}, more.size() / 4, more.size() * 3 / 4}) {
    for (int reads = 1; reads < 4; ++reads) {
      SCOPED_TRACE(testing::Message()
                   << written << " bytes, then " << reads << " reads");
      log_.replace(static_cast<size_t>(end), written, more, 0, written);
      disk_.files().Mend();
      disk_.Write(kLog, log_);
      bool done = false;
      BeforeRead(kLog, reads, [&] {
        WriteInto(kLog, end, more);
        done = true;
      });
      const auto found = CheckFiles();
      ASSERT_THAT(findings_, IsEmpty());
      EXPECT_THAT(found, test::IsOk());
      ASSERT_TRUE(done || reads > 1);
      EXPECT_EQ(*found, Offset{done ? 22 : 18});
    }
  }
}

// Its first megabytes are there while the rest is still being written.
TEST_F(SegmentCheckSuite, LooksAgainAtTheWholeOfALargeBatch) {
  segment_.torn_from = Offset{14};
  const auto end = static_cast<int64_t>(log_.size());
  const std::string large = test::BatchOfBytes(5 << 20).At(Offset{18}).bytes();
  log_ += large.substr(0, 4 << 20);
  log_.resize(static_cast<size_t>(end) + large.size() + 100'000);
  for (int reads = 1; reads < 10; ++reads) {
    SCOPED_TRACE(reads);
    disk_.files().Mend();
    disk_.Write(kLog, log_);
    disk_.Write(kIndex, offsets_);
    disk_.Write(kTimes, times_);
    BeforeRead(kLog, reads, [&] { WriteInto(kLog, end, large); });
    EXPECT_THAT(CheckFiles(), IsOkAndHolds(Offset{19}));
    ASSERT_THAT(findings_, IsEmpty());
  }
}

TEST_F(SegmentCheckSuite, ReadsOnWhereTheIndexesOfALiveSegmentGoOn) {
  segment_.torn_from = Offset{14};
  const std::string last = log_.substr(static_cast<size_t>(positions_[3]));
  log_.resize(static_cast<size_t>(positions_[3]));
  BeforeRead(kIndex, 0, [&] { WriteInto(kLog, positions_[3], last); });
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

// Only the name of the next segment speaks against them.
TEST_F(SegmentCheckSuite, CallsNoWholeBatchesATornEnd) {
  segment_.torn_from = segment_.next_base = Offset{14};
  EXPECT_THAT(Check(), test::IsOk());
  ASSERT_FALSE(findings_.empty());
  EXPECT_THAT(findings_.front(), Is(Gravity::kDamage, kLog, positions_[2]));
  EXPECT_EQ(findings_.front().advice, kRepairFirst);

  log_.resize(static_cast<size_t>(positions_[3]) - 1);
  EXPECT_THAT(Check(), test::IsOk());
  ASSERT_FALSE(findings_.empty());
  EXPECT_THAT(findings_.front(), Is(Gravity::kNote, kLog, positions_[2]));
}

// Each read may fail, and this one would say nothing.
TEST_F(SegmentCheckSuite, ReadsDamageOnceMoreOnlyWhereItMayBeATornEnd) {
  log_.resize(log_.size() - 1);
  segment_.next_base = Offset{18};
  const auto reads = [this] {
    int count = 0;
    disk_.files().Mend();
    disk_.files().set_during(test::FileCall::kRead, kLog, [&] { ++count; });
    EXPECT_THAT(Check(), test::IsOk());
    EXPECT_THAT(findings_, ::testing::Contains(Field(
                               "position", &Finding::position, positions_[3])));
    disk_.files().Mend();
    return count;
  };

  const int of_damage = reads();
  segment_.torn_from = Offset{14};
  const int of_torn_end = reads();
  segment_.is_whole_behind = true;
  EXPECT_EQ(reads(), of_damage);
  EXPECT_GT(of_torn_end, of_damage);
}

TEST_F(SegmentCheckSuite, FindsBytesBehindTheZeros) {
  const auto end = static_cast<int64_t>(log_.size());
  log_ += std::string(100'000, '\0') + "x";
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, end)));
}

TEST_F(SegmentCheckSuite, FindsABatchOutOfItsOrder) {
  StoreBig<int64_t>(log_.data() + positions_[2], 11);
  EXPECT_THAT(Check(), test::IsOk());
  EXPECT_THAT(findings_[0], Is(Gravity::kDamage, kLog, positions_[2]));
  EXPECT_THAT(findings_[0].what, HasSubstr("offset 14 or later is expected"));
}

// It is gone to the last byte, and its offsets are the only sign.
TEST_F(SegmentCheckSuite, MissesABatchWhereThereAreNoGaps) {
  offsets_.clear();
  times_.clear();
  const auto second = static_cast<size_t>(positions_[1]);
  log_.erase(second, static_cast<size_t>(positions_[2]) - second);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());

  segment_.may_have_gaps = false;
  segment_.durable = Offset{18};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  ASSERT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[1])));
  EXPECT_EQ(findings_[0].offset, Offset{12});
  EXPECT_EQ(summary_.batches, 3);
}

TEST_F(SegmentCheckSuite, MissesTheFirstBatchesWhereThereAreNoGaps) {
  offsets_.clear();
  times_.clear();
  log_.erase(0, static_cast<size_t>(positions_[2]));
  segment_.may_have_gaps = false;
  segment_.durable = Offset{18};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, 0)));
  EXPECT_EQ(findings_[0].offset, Offset{10});

  segment_.log_start = Offset{13};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, 0)));
  // What was deleted is not missed.
  segment_.log_start = Offset{14};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

// Its offset may be wrong: nothing behind it agrees, and it ends in front of
// where its segment does.
TEST_F(SegmentCheckSuite, CallsALoneBatchDamagedThatBeginsAboveTheName) {
  offsets_.clear();
  times_.clear();
  log_ = test::Batch({"a", "b"}).At(Offset{11}).bytes();
  segment_.may_have_gaps = false;
  segment_.durable = Offset{18};
  segment_.next_base = Offset{18};
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{10}));
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, 0)));
  EXPECT_EQ(summary_.batches, 0);

  // It ends where the next one begins: those in front of it are missing.
  log_ = test::Batch({"a", "b"}).At(Offset{16}).bytes();
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, 0)));
  EXPECT_EQ(findings_[0].offset, Offset{10});
  EXPECT_EQ(summary_.batches, 1);
}

// What is damaged in front of it was told.
TEST_F(SegmentCheckSuite, MissesNothingTwiceBehindDamage) {
  segment_.may_have_gaps = false;
  segment_.durable = Offset{18};
  log_[static_cast<size_t>(positions_[2]) - 1] ^= 1;
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[1])));
}

TEST_F(SegmentCheckSuite, FindsABatchThatBelongsToTheNextSegment) {
  segment_.next_base = Offset{17};
  EXPECT_THAT(Check(), test::IsOk());
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, kLog, positions_[3])));
}

TEST_F(SegmentCheckSuite, FindsRecordsThatCannotBeDecoded) {
  const test::OwnedBatch batch =
      test::Batch({"a", "b"}).With([](std::string& bytes) {
        bytes[kBatchHeaderBytes] = 0x7f;
      });
  disk_.Write(kLog, batch.At(Offset{10}).bytes());
  EXPECT_THAT(CheckFiles(), IsOkAndHolds(Offset{12}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kLog, 0)));
  EXPECT_THAT(findings_[0].what, HasSubstr("cannot be decoded"));
}

TEST_F(SegmentCheckSuite, FindsAnIndexEntryThatLeadsAstray) {
  // The position in the second entry.
  offsets_[8 + 7] = static_cast<char>(offsets_[8 + 7] + 1);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 8)));
  EXPECT_THAT(findings_[0].advice, HasSubstr("delete the index file"));
}

TEST_F(SegmentCheckSuite, FindsAnIndexEntryWithAnotherOffset) {
  offsets_[3] = static_cast<char>(offsets_[3] - 1);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 0)));
}

TEST_F(SegmentCheckSuite, FindsIndexEntriesThatDoNotGrow) {
  offsets_ += offsets_.substr(0, 8);
  times_ += times_.substr(0, 12);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 24),
                                     Is(Gravity::kDamage, kTimes, 36)));
}

TEST_F(SegmentCheckSuite, FindsHalfAnIndexEntry) {
  offsets_.resize(offsets_.size() - 3);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 16)));
}

TEST_F(SegmentCheckSuite, FindsATimeThatItsBatchDoesNotHave) {
  times_[7] = static_cast<char>(times_[7] - 1);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kTimes, 0)));
}

// Without them a look-up would pass by, and retention delete, what is younger.
TEST_F(SegmentCheckSuite, MissesATimeThatTheOtherIndexHasABatchOf) {
  const std::string whole = times_;
  for (const size_t left : {size_t{0}, size_t{12}, size_t{24}}) {
    SCOPED_TRACE(left);
    times_ = whole.substr(0, left);
    ASSERT_THAT(Check(), IsOkAndHolds(Offset{18}));
    EXPECT_THAT(findings_,
                ElementsAre(Is(Gravity::kDamage, kTimes,
                               static_cast<int64_t>(left))));
    segment_.torn_from = Offset{0};
    ASSERT_THAT(Check(), IsOkAndHolds(Offset{18}));
    EXPECT_THAT(findings_,
                ElementsAre(Is(Gravity::kNote, kTimes,
                               static_cast<int64_t>(left))));
    segment_.torn_from.reset();
  }
  // Zeros, as Kafka preallocates them, are no entries either.
  times_ = whole.substr(0, 12) + std::string(24, '\0');
  ASSERT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kTimes, 12)));
  // One that is not there is made anew.
  disk_.Remove(kTimes);
  ASSERT_THAT(CheckFiles(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

// The times are written first.
TEST_F(SegmentCheckSuite, MissesNoTimeThatAWriterAddedSinceItLooked) {
  const std::string whole = times_;
  times_ = times_.substr(0, 12);
  // In front of each read behind the first, which are three where it ends.
  for (const int reads : {1, 2, 3}) {
    BeforeRead(kTimes, reads, [&] { WriteInto(kTimes, 0, whole); });
    ASSERT_THAT(Check(), IsOkAndHolds(Offset{18}));
    EXPECT_THAT(findings_, IsEmpty()) << reads;
  }
}

TEST_F(SegmentCheckSuite, TakesThePreallocatedTailOfAnIndexForItsEnd) {
  offsets_ += std::string(100'000, '\0');
  times_ += std::string(120'000, '\0');
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(SegmentCheckSuite, FindsZerosInTheMiddleOfAnIndex) {
  offsets_.replace(0, 8, 8, '\0');
  times_.replace(12, 12, 12, '\0');
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 0),
                                     Is(Gravity::kDamage, kTimes, 12)));
}

TEST_F(SegmentCheckSuite, FindsAnIndexEntryForTheFirstBatch) {
  // Which has none: whoever loads the index does not believe it.
  const std::string first{0, 0, 0, 1, 0, 0, 0, 0};
  offsets_.insert(0, first);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, kIndex, 0)));
}

TEST_F(SegmentCheckSuite, TakesABadIndexThatRecoveryRebuildsForANote) {
  segment_.torn_from = Offset{12};
  offsets_[3] = static_cast<char>(offsets_[3] - 1);
  EXPECT_THAT(Check(), IsOkAndHolds(Offset{18}));
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, kIndex, 0)));
}

TEST_F(SegmentCheckSuite, TellsOfAnIndexThatCannotBeOpenedAndGoesOn) {
  disk_.Write(kLog, log_);
  disk_.Write(kIndex, offsets_);
  ASSERT_THAT(disk_.real_files().CreateDirectories(disk_ / kTimes),
              test::IsOk());
  EXPECT_THAT(CheckFiles(), IsOkAndHolds(Offset{18}));
  ASSERT_THAT(findings_,
              ElementsAre(Field("file", &Finding::file, disk_ / kTimes)));
  EXPECT_EQ(findings_[0].gravity, Gravity::kDamage);
  EXPECT_EQ(summary_.batches, 4);
}

TEST_F(SegmentCheckSuite, SaysThatASegmentIsGone) {
  EXPECT_THAT(CheckFiles(), test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(findings_, IsEmpty());
}

// No CRC covers its offset: it may be what was acknowledged last.
TEST_F(SegmentCheckSuite, TellsOfAWholeBatchOfWrongOffsetsThatRecoveryCuts) {
  disk_.Write("00000000000000000010.log",
              test::Batch({"a", "b"}).At(Offset{3}).bytes());
  segment_.torn_from = Offset{10};
  ASSERT_THAT(CheckFiles(), IsOk());
  ASSERT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, "00000000000000000010.log", 0)));
  EXPECT_EQ(findings_[0].advice, kRepairFirst);
  EXPECT_THAT(findings_[0].what, Not(HasSubstr("no whole batch")));
}

}  // namespace
}  // namespace cauce
