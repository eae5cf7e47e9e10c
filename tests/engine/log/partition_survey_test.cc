#include "engine/log/partition_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/known_log.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A partition that was closed in order: segments of two batches with one
// record each.
class Surveyed : public ::testing::Test {
 protected:
  Surveyed() { CAUCE_CHECK(files_->CreateDirectories("/d/a-0").ok()); }

  static std::string Two(int64_t base) {
    return test::Batch({"one"}).At(Offset{base}).bytes() +
           test::Batch({"two"}).At(Offset{base + 1}).bytes();
  }

  void Put(int64_t named, std::string_view bytes,
           std::string_view suffix = kLogSuffix) {
    const auto file =
        files_->Open("/d/a-0/" + SegmentFileName(Offset{named}, suffix),
                     OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  PartitionSurvey Look(int64_t durable, bool may_have_gaps = true) {
    return Look({.directory = "/d/a-0",
                 .clean_stop = true,
                 .may_have_gaps = may_have_gaps,
                 .bounds = {.durable = Offset{durable}}});
  }

  PartitionSurvey Look(const PartitionToCheck& partition) {
    VerifySummary summary;
    const auto survey = SurveyPartition(*files_, partition, summary, nullptr);
    EXPECT_THAT(survey, IsOk());
    return survey.value_or(PartitionSurvey());
  }

  static std::vector<int64_t> BasesOf(const PartitionSurvey& survey) {
    std::vector<int64_t> bases;
    for (const auto& segment : survey.segments) {
      bases.push_back(segment.base.value);
    }
    return bases;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(Surveyed, MissesTheIndexesOfAWholeSegmentAlone) {
  Put(0, Two(0));
  Put(2, Two(2));
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    Put(2, "", suffix);
  }
  const PartitionSurvey survey = Look(4);
  EXPECT_THAT(survey.strays, IsEmpty());
  ASSERT_THAT(BasesOf(survey), ElementsAre(0, 2));
  EXPECT_TRUE(survey.segments[0].needs_indexes);
  EXPECT_FALSE(survey.segments[1].needs_indexes);
}

TEST_F(Surveyed, NamesASegmentByItsFirstBatch) {
  Put(0, Two(0));
  Put(7, Two(2));
  Put(4, Two(4));
  const PartitionSurvey survey = Look(6);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2, 4));
  EXPECT_EQ(survey.segments[1].named, Offset{7});
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{2}));
}

// What the file is called by is no border of the others.
TEST_F(Surveyed, KeepsABatchBehindDamageThatAMisnamedFileIsCalledWithin) {
  const std::string front = Two(2);
  const std::string last = test::Batch({"a", "b", "c"}).At(Offset{6}).bytes();
  Put(2, front + std::string(200, '\0') + last + "rubbish");
  Put(8, Two(0));
  Put(9, Two(9));
  const PartitionSurvey survey = Look(11, /*may_have_gaps=*/false);
  ASSERT_THAT(BasesOf(survey), ElementsAre(0, 2, 9));
  EXPECT_EQ(survey.segments[1].next, Offset{9});
  EXPECT_EQ(survey.segments[1].whole_bytes,
            static_cast<int64_t>(front.size() + last.size()));
}

TEST_F(Surveyed, SetsACopyAsideAndNotWhatItIsOf) {
  Put(0, Two(0));
  Put(1, Two(0));
  Put(2, Two(2));
  const PartitionSurvey survey = Look(4);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].path, "/d/a-0/00000000000000000001.log");
  EXPECT_THAT(survey.segments[0].unreadable, IsEmpty());
}

// Either could be renamed only over the other.
TEST_F(Surveyed, WritesOverNoneOfTwoThatWereExchanged) {
  Put(0, Two(0));
  Put(2, Two(6));
  Put(6, Two(2));
  Put(8, Two(8));
  const PartitionSurvey survey = Look(10);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2, 6, 8));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].path, "/d/a-0/00000000000000000006.log");
  EXPECT_EQ(survey.strays[0].kept_as,
            "/d/a-0/00000000000000000002.log.waiting");
  EXPECT_EQ(survey.strays[0].base, std::nullopt);
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{6}, Offset{2}));
  EXPECT_EQ(survey.segments[1].FileName(), "00000000000000000002.log.waiting");
}

// A repair that is cut short leaves one of them beside.
TEST_F(Surveyed, FindsASegmentThatWaitsForItsName) {
  Put(0, Two(0));
  Put(2, Two(4));
  Put(2, Two(2), kWaitingLogSuffix);
  Put(6, Two(6));
  const PartitionSurvey survey = Look(8);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(survey.strays, IsEmpty());
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{4}, Offset{2}));
  EXPECT_TRUE(survey.segments[1].is_waiting);
  EXPECT_EQ(survey.segments[2].FileName(), "00000000000000000002.log");
}

// Whoever put it there: nothing is renamed over anything.
TEST_F(Surveyed, SetsAsideWhatWaitsForNothing) {
  Put(0, Two(0));
  Put(0, Two(0), kWaitingLogSuffix);
  Put(4, "rubbish", kWaitingLogSuffix);
  const PartitionSurvey survey = Look(2);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0));
  EXPECT_THAT(survey.renamed, IsEmpty());
  ASSERT_THAT(survey.strays, SizeIs(2));
  EXPECT_EQ(survey.strays[0].kept_as,
            "/d/a-0/00000000000000000000.log.waiting.cut");
  EXPECT_EQ(survey.strays[1].kept_as,
            "/d/a-0/00000000000000000004.log.waiting.cut");
}

TEST_F(Surveyed, KeepsAllOfThreeThatChangedNamesInACircle) {
  Put(0, Two(0));
  Put(2, Two(4));
  Put(4, Two(6));
  Put(6, Two(2));
  const PartitionSurvey survey = Look(8);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2, 4, 6));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].kept_as,
            "/d/a-0/00000000000000000002.log.waiting");
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{6}, Offset{4}, Offset{2}));
}

// No name of a segment is free for either.
TEST_F(Surveyed, KeepsBothOfTwoThatHoldOneRecordEach) {
  Put(0, test::Batch({"a"}).At(Offset{1}).bytes());
  Put(1, test::Batch({"a"}).At(Offset{0}).bytes());
  const PartitionSurvey survey = Look(2);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 1));
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{1}, Offset{0}));
}

// Its offset is wrong, and what stands there is right.
TEST_F(Surveyed, LeavesASegmentThatOneBatchOfTheOneBeforeItSeemsToHold) {
  const std::string large =
      test::Batch({"a", std::string(500, 'b')}).At(Offset{4}).bytes();
  Put(0, Two(0));
  Put(2, large);  // from offset 2 on
  Put(4, Two(4));
  Put(6, Two(6));
  const PartitionSurvey survey = Look(8);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 4, 6));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].path, "/d/a-0/00000000000000000002.log");
}

// Nor does one that begins later make room for it.
TEST_F(Surveyed, LetsNoSegmentBeginLaterForOneBatchOfTheOneBeforeIt) {
  Put(0, Two(0));
  Put(2, test::Batch({"a"}).At(Offset{4}).bytes());
  Put(4, Two(6));
  Put(8, Two(8));
  const PartitionSurvey survey = Look(10);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 4, 8));
}

// Its name is wrong, by where it begins and by what stands there.
TEST_F(Surveyed, LetsASegmentBeginBehindOneBatchThatStandsBehindDamage) {
  std::string damaged = test::Batch({"a"}).At(Offset{2}).bytes();
  damaged[layout::kCrc] ^= 1;
  const std::string large = test::Batch({"b", "c", "d"}).At(Offset{3}).bytes();
  // The damage ends there, or another one follows.
  for (const int64_t first : {6, 7}) {
    Put(0, Two(0) + damaged + large);
    Put(2, Two(first));
    Put(9, Two(9));
    const PartitionSurvey survey = Look(11);
    EXPECT_THAT(BasesOf(survey), ElementsAre(0, first, 9));
    EXPECT_EQ(survey.segments[0].next, Offset{6});
  }
}

// Offsets that are missing in front of it are no reason against that.
TEST_F(Surveyed, LetsASegmentBeginBehindOneBatchThatEndsWhereItBegins) {
  Put(0, Two(0) + test::Batch({"b", "c", "d"}).At(Offset{3}).bytes());
  Put(2, Two(6));
  Put(9, Two(9));
  EXPECT_THAT(BasesOf(Look(11)), ElementsAre(0, 6, 9));
}

TEST_F(Surveyed, SetsAsideWhatBeginsInTheMiddleOfTheSegmentBeforeIt) {
  const std::string large =
      test::Batch({"a", std::string(500, 'b')}).At(Offset{2}).bytes();
  Put(0, Two(0) + large);
  Put(3, test::Batch({"c"}).At(Offset{3}).bytes());
  Put(4, Two(4));
  EXPECT_THAT(BasesOf(Look(6)), ElementsAre(0, 4));
}

TEST_F(Surveyed, SetsAsideWhatBeginsInDamageOfTheSegmentBeforeIt) {
  std::string damaged = Two(2);
  damaged[layout::kCrc] ^= 1;
  Put(0, Two(0) + damaged + Two(4) + Two(6));
  Put(3, test::Batch({"c"}).At(Offset{3}).bytes());
  Put(8, Two(8));
  EXPECT_THAT(BasesOf(Look(10)), ElementsAre(0, 8));
}

// Without one of them the other is still in the way.
TEST_F(Surveyed, TakesNoBatchForTheFilesThatLieInIt) {
  const std::string large =
      test::Batch({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
          .At(Offset{0})
          .bytes();
  Put(0, large);
  Put(3, "");
  Put(5, std::string(100, '\0'));
  Put(10, "");
  const PartitionSurvey survey = Look(10);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 10));
  EXPECT_THAT(survey.segments[0].unreadable, IsEmpty());
  EXPECT_EQ(survey.segments[0].next, Offset{10});
  ASSERT_THAT(survey.strays, SizeIs(2));
  EXPECT_EQ(survey.strays[0].path, "/d/a-0/00000000000000000003.log");
  EXPECT_EQ(survey.strays[1].path, "/d/a-0/00000000000000000005.log");
  EXPECT_THAT(survey.strays[0].why,
              HasSubstr("holds the records up to offset 10"));
}

// It is damaged near its front, and has the offset itself that it is called by.
TEST_F(Surveyed, KeepsEveryBatchOfAFileThatIsCalledLikeALaterOneOfIt) {
  std::string front;
  std::string rest;
  for (int64_t base = 0; base < 200; base += 2) {
    (base < 2 ? front : rest) += Two(base);
  }
  std::string damaged = Two(0);
  damaged[layout::kBatchLength + 3] ^= 1;
  std::string again = Two(50);
  again[layout::kBatchLength + 3] ^= 1;
  rest.replace(front.size() * 24, again.size(), again);
  Put(100, damaged + rest);
  const PartitionSurvey survey = Look(200);
  ASSERT_THAT(BasesOf(survey), ElementsAre(1));
  EXPECT_THAT(survey.segments[0].unreadable, SizeIs(2));
  EXPECT_EQ(survey.segments[0].next, Offset{200});
}

// A log that holds logs: so long as the outer batch is whole nobody looks into
// it.
class LogInALog : public Surveyed {
 protected:
  // Batches of one record each.
  static std::string Ones(int64_t base, int64_t next) {
    std::string bytes;
    for (; base < next; ++base) {
      bytes += test::Batch({"value"}).At(Offset{base}).bytes();
    }
    return bytes;
  }

  // What stays of the first segment.
  std::string Staying(const PartitionSurvey& survey,
                      const std::string& bytes) const {
    if (survey.segments.empty()) return "";
    std::string rest;
    size_t at = 0;
    for (const UnreadableBytes& part : survey.segments[0].unreadable) {
      const auto position = static_cast<size_t>(part.position);
      rest += bytes.substr(at, position - at);
      at = static_cast<size_t>(part.end);
    }
    return rest + bytes.substr(at);
  }
};

TEST_F(LogInALog, CostsNoBatchBehindTheDamagedOneThatHeldIt) {
  const std::string front = Ones(0, 3);
  const std::string rest = Ones(5, 8);
  Put(8, Ones(8, 10));
  for (const int64_t inner : {0, 5, 6, 9, 70, 1 << 20}) {
    for (const int64_t batches : {2, 5, 20}) {
      const std::string value = Ones(inner, inner + batches);
      const std::string outer =
          test::Batch({value, "next"}).At(Offset{3}).bytes();
      for (int at = layout::kBatchLength; at < layout::kRecords; ++at) {
        for (const char bit : {0x01, 0x10, 0x40}) {
          SCOPED_TRACE(fmt::format("{} batches from {} on, bit {} of byte {}",
                                   batches, inner, int{bit}, at));
          std::string damaged = outer;
          damaged[static_cast<size_t>(at)] ^= bit;
          // Of an epoch nothing tells that it is another.
          const bool is_whole = RecordBatch::Parse(damaged).ok();
          Put(0, front + damaged + rest);
          for (const bool gaps : {true, false}) {
            const PartitionSurvey survey = Look(10, gaps);
            ASSERT_FALSE(survey.is_untouchable);
            const std::string expected =
                front + (is_whole ? damaged : "") + rest;
            ASSERT_TRUE(Staying(survey, front + damaged + rest) == expected)
                << (gaps ? "with gaps" : "without gaps");
          }
        }
      }
    }
  }
}

TEST_F(Surveyed, SetsAsideWhatHoldsNoBatch) {
  Put(0, Two(0));
  Put(2, "rubbish");
  Put(4, Two(4));
  const PartitionSurvey survey = Look(6);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 4));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].kept_as, "/d/a-0/00000000000000000002.log.cut");
  EXPECT_EQ(survey.strays[0].base, Offset{2});
}

TEST_F(Surveyed, SetsAsideWhatLiesAboveTheEndAndHoldsNoBatch) {
  Put(0, Two(0));
  Put(9, "");
  Put(12, "rubbish");
  const PartitionSurvey survey = Look(2);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0));
  EXPECT_THAT(survey.strays, SizeIs(2));
}

TEST_F(Surveyed, TouchesNothingBesideAnotherFormat) {
  std::string newer = test::Batch({"a"}).bytes();
  newer[layout::kMagic] = 3;
  newer[layout::kCrc] ^= 1;
  Put(0, "rubbish");
  Put(2, newer + newer + newer + newer);
  const PartitionSurvey survey = Look(0);
  EXPECT_TRUE(survey.is_untouchable);
  EXPECT_THAT(survey.strays, IsEmpty());
  EXPECT_THAT(survey.segments, IsEmpty());
  ASSERT_THAT(survey.left, SizeIs(1));
  EXPECT_THAT(survey.left[0].what, HasSubstr("format 3"));
}

TEST_F(Surveyed, TouchesNothingWhereACompactedLogIsTakingItsPlace) {
  Put(2, Two(2));
  Put(0, Two(0), kSwapLogSuffix);
  const PartitionSurvey survey = Look(4);
  EXPECT_TRUE(survey.is_untouchable);
  EXPECT_THAT(survey.segments, IsEmpty());
  ASSERT_THAT(survey.left, SizeIs(1));
  EXPECT_THAT(survey.left.front().what, HasSubstr("compacted log"));
}

// A broker's cleaner was stopped as it split a segment, and who opens the
// directory changes nothing about it.
TEST_F(Surveyed, PassesOverACompactedLogThatWasNotComplete) {
  Put(0, Two(0));
  Put(0, "not whole", kCleanedLogSuffix);
  Put(1, test::Batch({"two"}).At(Offset{1}).bytes(), kSwapLogSuffix);
  Put(2, Two(2) + "rubbish");
  const PartitionSurvey survey = Look(4);
  EXPECT_FALSE(survey.is_untouchable);
  EXPECT_THAT(survey.strays, IsEmpty());
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2));
  EXPECT_THAT(survey.segments[1].unreadable, SizeIs(1));
}

TEST_F(Surveyed, LeavesABatchThatItsWriterSpoiled) {
  const auto batch = test::Batch({"a"}).With([](std::string& bytes) {
    bytes[layout::kRecords] = 0x7f;  // the length of the first record
  });
  Put(0, batch.At(Offset{0}).bytes());
  const PartitionSurvey survey = Look(1);
  ASSERT_THAT(survey.left, SizeIs(1));
  EXPECT_THAT(survey.left[0].what, HasSubstr("cannot be decoded"));
  ASSERT_THAT(survey.segments, SizeIs(1));
  EXPECT_THAT(survey.segments[0].unreadable, IsEmpty());
}

// It says the offsets of those behind it, which are damaged: with them out of
// the way it would be believed.
TEST_F(Surveyed, KeepsDamageForDamageWhereWhatIsBehindItGoes) {
  std::string damaged = test::Batch({"d"}).At(Offset{4}).bytes();
  damaged[layout::kCrc] ^= 1;
  Put(0, Two(0));
  Put(2, test::Batch({"a", "b"}).At(Offset{4}).bytes());
  Put(4, damaged);
  Put(6, Two(6));
  const PartitionSurvey survey = Look(8);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 6));
  EXPECT_THAT(survey.strays, SizeIs(2));
}

// The same where only the first batch of the one behind it is damaged.
TEST_F(Surveyed, KeepsDamageForDamageWhereWhatIsBehindItBeginsLater) {
  std::string damaged = test::Batch({"d"}).At(Offset{4}).bytes();
  damaged[layout::kCrc] ^= 1;
  Put(0, Two(0));
  Put(2, test::Batch({"a"}).At(Offset{2}).bytes() +
             test::Batch({"b"}).At(Offset{4}).bytes());
  Put(4, damaged + Two(5));
  Put(7, Two(7));
  const PartitionSurvey survey = Look(9);
  ASSERT_THAT(BasesOf(survey), ElementsAre(0, 2, 4, 7));
  EXPECT_EQ(survey.segments[1].next, Offset{3});
  EXPECT_THAT(survey.segments[1].unreadable, SizeIs(1));
  EXPECT_THAT(survey.segments[2].unreadable, SizeIs(1));
}

// What is expected there is not damage for a name alone.
TEST_F(Surveyed, ReadsOnAcrossTheNameOfWhatIsDamaged) {
  std::string damaged = Two(3);
  damaged[layout::kCrc] ^= 1;
  damaged[damaged.size() / 2 + layout::kCrc] ^= 1;
  Put(0, Two(0) + test::Batch({"a", "b"}).At(Offset{2}).bytes());
  Put(3, damaged);
  Put(4, Two(4));
  const PartitionSurvey survey = Look(6);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 4));
  EXPECT_EQ(survey.segments[0].next, Offset{4});
  EXPECT_THAT(survey.segments[0].unreadable, IsEmpty());
}

TEST_F(Surveyed, PutsASegmentInThePlaceOfAnEmptyFile) {
  Put(0, "");
  Put(1, Two(0));
  Put(2, Two(2));
  const PartitionSurvey survey = Look(4);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2));
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{0}));
  ASSERT_THAT(survey.strays, SizeIs(1));
  EXPECT_EQ(survey.strays[0].path, "/d/a-0/00000000000000000000.log");
  EXPECT_EQ(survey.strays[0].base, std::nullopt);
}

// One of two that were exchanged was cut to nothing since.
TEST_F(Surveyed, NamesOneOfTwoThatWereExchangedWhereTheOtherIsEmpty) {
  Put(0, "");
  Put(2, Two(2));
  Put(4, Two(0));
  Put(6, Two(6));
  const PartitionSurvey survey = Look(8);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2, 6));
  EXPECT_EQ(survey.segments[0].named, Offset{4});
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{0}));
}

// As damage at its front, a cut, and another file renamed leave it: the name of
// that one would lie in front of the batch.
TEST_F(Surveyed, KeepsABatchThatAFileKnownByAnotherNameIsCalledInFrontOf) {
  const std::string batch = test::Batch({"a", "b"}).At(Offset{5}).bytes();
  Put(2, std::string(150, 'x') + batch + "cut");
  Put(4, Two(8));
  const auto bytes = static_cast<int64_t>(Two(8).size());
  for (const bool may_have_gaps : {true, false}) {
    const PartitionToCheck killed{.directory = "/d/a-0",
                                  .may_have_gaps = may_have_gaps,
                                  .bounds = {.durable = Offset{10}}};
    EXPECT_THAT(BasesOf(Look(killed)), ElementsAre(4));

    PartitionToCheck closed = killed;
    closed.clean_stop = true;
    closed.known = KnownLog{
        .segments = {{Offset{2}, 900}, {Offset{8}, bytes}}, .end = Offset{10}};
    Put(8, "", kTimeIndexSuffix);
    for (const PartitionToCheck& partition : {killed, closed}) {
      EXPECT_THAT(BasesOf(Look(partition)), ElementsAre(2, 8));
    }
    ASSERT_THAT(files_->RemoveFile("/d/a-0/00000000000000000008.timeindex"),
                IsOk());
    const PartitionSurvey survey = Look(closed);
    ASSERT_THAT(BasesOf(survey), ElementsAre(2, 8));
    EXPECT_EQ(survey.segments[0].first, Offset{5});
    EXPECT_EQ(survey.segments[0].next, Offset{7});
  }
}

// It stands in the place of one that is gone, which nobody would miss.
TEST_F(Surveyed, GivesASegmentTheNameBackThatTheCloseKnowsItBy) {
  Put(0, Two(0));
  Put(2, Two(6));
  const auto bytes = static_cast<int64_t>(Two(6).size());
  PartitionToCheck closed{.directory = "/d/a-0",
                          .clean_stop = true,
                          .bounds = {.durable = Offset{8}}};
  EXPECT_THAT(BasesOf(Look(closed)), ElementsAre(0, 2));
  // Compaction had left out what it began with.
  closed.known = KnownLog{
      .segments = {{Offset{0}, bytes}, {Offset{2}, 900}, {Offset{5}, bytes}},
      .end = Offset{8}};
  const PartitionSurvey survey = Look(closed);
  ASSERT_THAT(BasesOf(survey), ElementsAre(0, 5));
  EXPECT_THAT(survey.renamed, ElementsAre(Offset{5}));
  EXPECT_THAT(survey.segments[1].why_renamed, HasSubstr("the last close"));
}

// A batch that does not stay leads no walk astray behind it.
TEST_F(Surveyed, TellsNothingOfWhatStaysBehindABatchThatDoesNot) {
  Put(0, test::Batch({"astray"}).At(Offset{700}).bytes() +
             test::Batch({"more"}).At(Offset{701}).bytes() + Two(0) + Two(2));
  const PartitionSurvey survey = Look(4);
  EXPECT_THAT(survey.left, IsEmpty());
  ASSERT_THAT(BasesOf(survey), ElementsAre(0));
  EXPECT_THAT(survey.segments[0].unreadable, SizeIs(1));
  EXPECT_TRUE(survey.segments[0].needs_indexes);
}

}  // namespace
}  // namespace cauce
