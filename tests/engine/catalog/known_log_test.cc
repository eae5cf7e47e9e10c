#include "engine/catalog/known_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/catalog/manifest.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

KnownLog Orders() {
  return {.directory = {.id = 7, .changed_ns = 1'700'000'000'123'456'789},
          .log_changed_ns = 1'700'000'000'023'456'789,
          .segments = {{Offset{0}, 1933}, {Offset{16}, 1933}, {Offset{48}, 0}},
          .end = Offset{48},
          .snapshot = Offset{32},
          .epochs = {{LeaderEpoch{0}, Offset{0}}, {LeaderEpoch{3}, Offset{20}}},
          .missing = {{Offset{32}, Offset{40}}, {Offset{40}, Offset{48}}}};
}

TEST(KnownLogBytes, AreReadAsTheyWereWritten) {
  KnownLog plain;
  plain.segments = {{Offset{INT64_MAX - 1}, 61}};
  plain.end = Offset{INT64_MAX};
  KnownLog timed = Orders();
  timed.times = {Timestamp{17}, Timestamp{1'700'000'000'000},
                 Timestamp{1'700'000'000'001}, Offset{47}};
  for (const KnownLog& log : {Orders(), plain, timed}) {
    EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(log));
  }
}

TEST(KnownLogBytes, AreFoundInAManifestUnlessTheyAreDamaged) {
  const std::string part = *EncodeKnownLog(Orders());
  const std::string damaged = part.substr(0, part.size() - 1);
  const TopicPartition orders{"orders", PartitionId{0}};
  const TopicPartition other{"orders", PartitionId{1}};
  const TopicPartition bare{"orders", PartitionId{2}};
  const auto bytes = FormatManifest(
      {{orders, {.part = part}}, {other, {.part = damaged}}, {bare, {}}},
      BoundsSums());
  const auto manifest = Manifest::Parse("/d/cauce.segments", *bytes);
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(FindKnown(*manifest, orders), Orders());
  EXPECT_EQ(FindKnown(*manifest, other), std::nullopt);
  EXPECT_EQ(FindKnown(*manifest, bare), std::nullopt);
  EXPECT_EQ(FindKnown(*manifest, {"none", PartitionId{0}}), std::nullopt);
}

// One opening reads a file, and it must be bounded.
TEST(KnownLogBytes, AreLeftOutFromTheLastOnWhereTheyAreTooManyAndGapsLast) {
  KnownLog whole = Orders();
  whole.missing.clear();
  const std::string gaps = *EncodeKnownLog(Orders());
  const std::string none = *EncodeKnownLog(whole);
  const TopicPartition names[] = {{"a", PartitionId{0}},
                                  {"a", PartitionId{1}},
                                  {"b", PartitionId{0}},
                                  {"b", PartitionId{1}}};
  const ManifestRows all = {{names[0], {.part = none}},
                            {names[1], {.part = gaps}},
                            {names[2], {.part = none, .log_start = Offset{3}}},
                            {names[3], {.part = gaps}}};
  const int64_t bytes = ManifestBytes(all);
  EXPECT_EQ(FormatManifest(all, {})->size(), static_cast<size_t>(bytes));

  ManifestRows rows = all;
  EXPECT_EQ(LeaveOutParts(rows, bytes), 0U);
  EXPECT_EQ(rows, all);
  ManifestRows expected = all;
  size_t left_out = 0;
  for (const int first : {2, 0, 3, 1}) {
    rows = all;
    const int64_t room = ManifestBytes(expected) - 1;
    expected[names[first]].part = {};
    EXPECT_EQ(LeaveOutParts(rows, room), ++left_out);
    EXPECT_EQ(rows, expected);
  }
  EXPECT_EQ(LeaveOutParts(rows, 0), 0U);
  EXPECT_EQ(rows, expected);
}

TEST(KnownLogBytes, AreThese) {
  const KnownLog log{.directory = {.id = 7, .changed_ns = 258},
                     .log_changed_ns = 259,
                     .segments = {{Offset{0}, 1933}, {Offset{48}, 61}},
                     .end = Offset{49},
                     .snapshot = Offset{32},
                     .epochs = {{LeaderEpoch{3}, Offset{20}}},
                     .missing = {{Offset{32}, Offset{48}}},
                     .times = {.oldest = {1},
                               .largest = {2},
                               .largest_at = Offset{48}}};
  const std::string_view golden(
      "\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x01\x02"
      "\x00\x00\x00\x00\x00\x00\x01\x03\x00\x00\x00\x00\x00\x00\x00\x31"
      "\x00\x00\x00\x00\x00\x00\x00\x20\x00\x01\x00\x01"
      "\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff"
      "\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x30"
      "\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x14"
      "\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00\x00\x30"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x8d"
      "\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00\x00\x00\x00\x00\x3d",
      136);
  EXPECT_EQ(EncodeKnownLog(log), golden);
  EXPECT_THAT(DecodeKnownLog(golden), IsOkAndHolds(log));
}

// Nothing else tells of a file that is gone.
TEST(KnownLogBytes, TellOfAsManyGapsAsALogMayHave) {
  KnownLog log = Orders();
  for (int64_t i = 2; i < 65535; ++i) {
    log.missing.push_back({Offset{50 + i}, Offset{51 + i}});
  }
  EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(log));
  // Of more that meet the first one's name tells.
  log.missing.push_back({Offset{80'000}, Offset{80'001}});
  KnownLog joined = log;
  joined.missing = {{Offset{32}, Offset{48}},
                    {Offset{52}, Offset{65585}},
                    {Offset{80'000}, Offset{80'001}}};
  EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(joined));
  log.missing.clear();
  for (int64_t i = 0; i < 65536; ++i) {
    log.missing.push_back({Offset{2 * i}, Offset{2 * i + 1}});
  }
  joined.missing.assign(log.missing.begin() + 1, log.missing.end());
  EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(joined));
}

// They are read from their own file then.
TEST(KnownLogBytes, LeaveOutTooManyEpochsAndSoDoNotPassForUnchanged) {
  KnownLog log = Orders();
  log.epochs.clear();
  for (int32_t i = 0; i < 64; ++i) {
    log.epochs.push_back({LeaderEpoch{i}, Offset{i}});
  }
  EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(log));
  log.epochs.push_back({LeaderEpoch{64}, Offset{64}});
  KnownLog without = log;
  without.epochs.clear();
  without.directory.changed_ns = 0;
  EXPECT_THAT(DecodeKnownLog(*EncodeKnownLog(log)), IsOkAndHolds(without));
}

TEST(KnownLogBytes, AreNotMadeOfALogThatCannotBe) {
  EXPECT_EQ(EncodeKnownLog(KnownLog()), std::nullopt);
  KnownLog log = Orders();
  log.missing.push_back(log.missing.front());
  EXPECT_EQ(EncodeKnownLog(log), std::nullopt);
}

TEST(KnownLogBytes, ThatAreCutOffAreRefused) {
  const std::string bytes = *EncodeKnownLog(Orders());
  int refused = 0;
  for (const std::string& cut : test::Truncations(bytes)) {
    const auto read = DecodeKnownLog(cut);
    if (read.ok()) continue;  // a segment less; the file's length tells of that
    EXPECT_THAT(read, HasReason(Reason::kCorruptFile));
    ++refused;
  }
  EXPECT_GE(refused, static_cast<int>(bytes.size()) - 2);
}

TEST(KnownLogBytes, OfALogThatCannotBeAreRefused) {
  const std::string good = *EncodeKnownLog(Orders());
  const auto with = [&](size_t at, char value) {
    std::string bytes = good;
    bytes[at] = value;
    return bytes;
  };
  constexpr char kNegative = '\x80';
  const size_t segments = good.size() - 3 * 16;
  for (const std::string& bad :
       {with(24, kNegative),            // an end in front of the last segment
        with(32, kNegative),            // a snapshot below 0
        with(41, 3), with(43, 1),       // other epochs and gaps than there are
        with(44, kNegative),            // a time below -1
        with(76, kNegative),            // an epoch below 0
        with(76 + 24 + 7, 33 + 8),      // a gap that ends before it begins
        with(segments + 16 + 7, 0),     // a segment at the base of another
        with(segments + 8, kNegative),  // a size below 0
        std::string()}) {
    EXPECT_THAT(DecodeKnownLog(bad), HasReason(Reason::kCorruptFile));
  }
}

TEST(KnownLogBytes, OfTimesThatCannotBeAreRefused) {
  const auto with = [](KnownTimes times) {
    KnownLog log = Orders();
    log.times = times;
    return EncodeKnownLog(log);
  };
  const Timestamp good{1};
  EXPECT_NE(with({good, good, good, Offset{47}}), std::nullopt);
  const Timestamp bad{-2};
  for (const KnownTimes& times : {KnownTimes{bad, good, good, Offset{47}},
                                  KnownTimes{good, bad, good, Offset{47}},
                                  KnownTimes{good, good, bad, Offset{47}},
                                  KnownTimes{good, good, good, Offset{48}},
                                  KnownTimes{good, good, good, Offset{-2}}}) {
    EXPECT_EQ(with(times), std::nullopt);
  }
}

TEST(MissingSegments, AreThoseBetweenOthersThatAreThere) {
  const KnownLog log = Orders();  // 0, 16, gaps at 32 and 40, 48
  const auto missing = [&](const std::vector<Offset>& bases) {
    std::vector<KnownSegment> there;
    for (const Offset base : bases) there.push_back({base, 1 << 20});
    return FindMissing(log, there);
  };
  const MissingPart first_gap{{Offset{32}, Offset{40}}};
  const MissingPart second_gap{{Offset{40}, Offset{48}}};
  EXPECT_THAT(missing({Offset{0}, Offset{16}, Offset{48}}),
              ElementsAre(first_gap, second_gap));
  EXPECT_THAT(missing({Offset{0}, Offset{48}}),
              ElementsAre(MissingPart{{Offset{16}, Offset{32}}}, first_gap,
                          second_gap));
  // One of them is back.
  EXPECT_THAT(missing({Offset{0}, Offset{16}, Offset{32}, Offset{48}}),
              ElementsAre(second_gap));
  // Nobody knows of what begins in between; it ends what is missing.
  EXPECT_THAT(missing({Offset{0}, Offset{20}, Offset{48}}),
              ElementsAre(MissingPart{{Offset{16}, Offset{20}}}, first_gap,
                          second_gap));
  // In front of the first and behind the last the bounds tell.
  EXPECT_THAT(missing({Offset{16}}), IsEmpty());
  EXPECT_THAT(missing({}), IsEmpty());
}

TEST(MissingSegments, AreMissedInPartWhereTheirFilesAreShorterThanTheyWere) {
  const KnownLog log{
      .segments = {{Offset{0}, 100}, {Offset{10}, 100}, {Offset{20}, 100}},
      .end = Offset{30}};
  EXPECT_THAT(FindMissing(log, log.segments), IsEmpty());
  const std::vector<KnownSegment> emptied = {
      {Offset{0}, 100}, {Offset{10}, 0}, {Offset{20}, 100}};
  const MissingPart part{{Offset{10}, Offset{20}}, true, 100};
  EXPECT_THAT(FindMissing(log, emptied), ElementsAre(part));
  // The last one's end the bounds tell.
  EXPECT_THAT(FindMissing(log, std::vector<KnownSegment>{{Offset{0}, 100},
                                                         {Offset{10}, 100},
                                                         {Offset{20}, 50}}),
              IsEmpty());

  // So it is known from then on, until it is back, or is gone altogether.
  KnownLog later = log;
  later.segments = emptied;
  later.missing = {part.range};
  EXPECT_THAT(FindMissing(later, emptied),
              ElementsAre(MissingPart{part.range, true, 0}));
  later.segments[1].bytes = 50;
  // Shorter once more: told once.
  EXPECT_THAT(FindMissing(later, emptied),
              ElementsAre(MissingPart{part.range, true, 50}));
  later.segments[1].bytes = 0;
  EXPECT_THAT(FindMissing(later, log.segments), IsEmpty());
  EXPECT_THAT(FindMissing(later, std::vector<KnownSegment>{{Offset{0}, 100},
                                                           {Offset{20}, 100}}),
              ElementsAre(MissingPart{part.range}));
}

// Another file is in its place: an older copy, say.
TEST(MissingSegments, AreMissedInPartWhereTheirFilesHaveGrownSinceTheClose) {
  NotedLog noted{.log = {.segments = {{Offset{0}, 100}, {Offset{10}, 100}},
                         .end = Offset{20}},
                 .was_last_stop = true};
  const std::vector<KnownSegment> grown = {{Offset{0}, 107}, {Offset{10}, 150}};
  EXPECT_THAT(FindGrown(noted, noted.log.segments), IsEmpty());
  EXPECT_THAT(FindGrown(noted, grown),
              ElementsAre(MissingPart{{Offset{0}, Offset{10}}, true, -7}));
  // One that was short may have been put right.
  noted.log.missing = {{Offset{0}, Offset{10}}};
  EXPECT_THAT(FindGrown(noted, grown), IsEmpty());
  // After a kill it may have been compacted.
  noted.log.missing = {};
  noted.was_last_stop = false;
  EXPECT_THAT(FindGrown(noted, grown), IsEmpty());
}

TEST(MissingSegments, AreMissedInPartWhereTheLastIsShorterThanItWas) {
  NotedLog noted{.log = {.segments = {{Offset{0}, 100}, {Offset{10}, 100}},
                         .end = Offset{20}},
                 .was_last_stop = true};
  const auto missing = [&](const std::vector<KnownSegment>& there) {
    return FindShortEnd(noted, there);
  };
  const MissingPart part{{Offset{10}, Offset{20}}, true, 1};
  const std::vector<KnownSegment> cut = {{Offset{0}, 100}, {Offset{10}, 99}};
  EXPECT_EQ(missing(cut), part);
  EXPECT_EQ(missing({{Offset{10}, 0}}),
            (MissingPart{part.range, true, 100}));
  EXPECT_EQ(missing(noted.log.segments), std::nullopt);
  EXPECT_EQ(missing({{Offset{0}, 99}}), std::nullopt);
  // Others follow it.
  EXPECT_EQ(missing({{Offset{10}, 99}, {Offset{20}, 0}}), std::nullopt);
  EXPECT_EQ(missing({}), std::nullopt);
  // Somebody may have cut it, who takes back what was known of its times.
  noted.was_last_stop = false;
  EXPECT_EQ(missing(cut), std::nullopt);
  noted.log.times.largest_at = Offset{19};
  EXPECT_EQ(missing(cut), part);
}

// A file that ends behind a name has taken its place; one that ends where the
// next begins was written anew.
TEST(WithoutRewritten, LeavesWhatNoFileReachesThatIsThere) {
  const KnownLog log{.segments = {{Offset{0}, 9},
                                  {Offset{10}, 9},
                                  {Offset{20}, 9},
                                  {Offset{30}, 9},
                                  {Offset{40}, 9}},
                     .end = Offset{50}};
  const std::vector<KnownSegment> there = {
      {Offset{0}, 5}, {Offset{20}, 5}, {Offset{40}, 9}};
  const auto left = [&](int64_t first_end, int64_t second_end,
                        const KnownLog& known) {
    return WithoutRewritten(FindMissing(known, there), known, there,
                            [&](Offset base) -> absl::StatusOr<Offset> {
                              return Offset{base == Offset{0} ? first_end
                                                              : second_end};
                            });
  };
  EXPECT_THAT(left(20, 40, log), IsOkAndHolds(IsEmpty()));
  const MissingPart first{{Offset{0}, Offset{10}}, true, 4};
  const MissingPart behind_first{{Offset{10}, Offset{20}}};
  EXPECT_THAT(left(10, 40, log),
              IsOkAndHolds(ElementsAre(first, behind_first)));
  // One that was short when that was noted may be of any size.
  KnownLog noted = log;
  noted.missing = {{Offset{0}, Offset{20}}};
  noted.segments.erase(noted.segments.begin() + 1);
  EXPECT_THAT(left(20, 40, noted),
              IsOkAndHolds(ElementsAre(MissingPart{
                  {Offset{0}, Offset{20}}, true, 4})));
}

// A cut that was made there has ended what is known.
TEST(WithoutRewritten, MissesNothingOfAFileThatEndsWhereWhatIsKnownDoes) {
  KnownLog log{.segments = {{Offset{0}, 9}, {Offset{10}, 9}},
               .end = Offset{15}};
  const std::vector<KnownSegment> there = {
      {Offset{0}, 5}, {Offset{10}, 5}, {Offset{18}, 9}};
  const auto left = [&](int64_t end) {
    return WithoutRewritten(FindMissing(log, there), log, there,
                            [&](Offset base) -> absl::StatusOr<Offset> {
                              return Offset{base == Offset{0} ? 10 : end};
                            });
  };
  EXPECT_THAT(left(15), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(left(14), IsOkAndHolds(ElementsAre(
                            MissingPart{{Offset{10}, Offset{15}}, true, 4})));
}

TEST(WithoutRewritten, AsksForTheEndOfAFileOnce) {
  KnownLog log{.segments = {{Offset{0}, 9}}, .end = Offset{1000}};
  for (int64_t base = 1; base < 900; ++base) {
    log.segments.push_back({Offset{base}, 9});
  }
  const std::vector<KnownSegment> there = {{Offset{0}, 9}, {Offset{900}, 9}};
  int asked = 0;
  EXPECT_THAT(WithoutRewritten(FindMissing(log, there), log, there,
                               [&](Offset) -> absl::StatusOr<Offset> {
                                 ++asked;
                                 return Offset{900};
                               }),
              IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(asked, 1);
}

TEST(DirectoryStamp, IsThatOfADirectoryThatWasChangedLongEnoughAgo) {
  const absl::Time fine =
      absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(123'456'789);
  const FileInfo info{.modified = fine, .is_directory = true, .id = 7};
  EXPECT_EQ(StampOf(info, fine + absl::Milliseconds(20)),
            (DirectoryStamp{7, 1'700'000'000'123'456'789}));
  const DirectoryStamp untold{.id = 7};
  EXPECT_EQ(StampOf(info, fine + absl::Milliseconds(19)), untold);
  EXPECT_EQ(StampOf(info, fine - absl::Hours(1)), untold);
  EXPECT_FALSE(IsUnchanged(untold, info));
  const FileInfo first_day{
      .modified = absl::UnixEpoch(), .is_directory = true, .id = 7};
  EXPECT_FALSE(IsUnchanged(untold, first_day));
}

TEST(DirectoryStamp, DoubtsTimesInWholeSecondsForLonger) {
  const absl::Time coarse = absl::FromUnixSeconds(1'700'000'000);
  const FileInfo info{.modified = coarse, .is_directory = true, .id = 7};
  EXPECT_EQ(StampOf(info, coarse + absl::Milliseconds(1999)),
            DirectoryStamp{.id = 7});
  EXPECT_EQ(StampOf(info, coarse + absl::Seconds(2)).id, 7u);
}

TEST(DirectoryStamp, IsThatOfNoOtherDirectoryAndOfNoOtherTime) {
  const absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  const FileInfo info{.modified = time, .is_directory = true, .id = 7};
  const DirectoryStamp stamp = StampOf(info, time + absl::Hours(1));
  EXPECT_TRUE(IsUnchanged(stamp, info));
  FileInfo other = info;
  other.id = 8;
  EXPECT_FALSE(IsUnchanged(stamp, other));
  other = info;
  other.modified -= absl::Nanoseconds(1);
  EXPECT_FALSE(IsUnchanged(stamp, other));
  other = info;
  other.is_directory = false;
  EXPECT_FALSE(IsUnchanged(stamp, other));
  // Where nothing tells nothing is the same.
  FileInfo nameless = info;
  nameless.id = 0;
  EXPECT_FALSE(IsUnchanged(StampOf(nameless, time + absl::Hours(1)), nameless));
}

TEST(LastLog, IsUnchangedWhereItsSizeAndItsTimeAre) {
  const absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  const FileInfo info{.bytes = 61, .modified = time, .id = 7};
  EXPECT_EQ(ChangeTimeOf(info, time), 0);
  KnownLog log;
  log.segments = {{Offset{0}, 900}, {Offset{9}, 61}};
  EXPECT_FALSE(LogIsUnchanged(log, info));
  log.log_changed_ns = ChangeTimeOf(info, time + absl::Hours(1));
  EXPECT_TRUE(LogIsUnchanged(log, info));
  FileInfo other = info;
  other.bytes = 62;
  EXPECT_FALSE(LogIsUnchanged(log, other));
  other = info;
  other.modified += absl::Nanoseconds(1);
  EXPECT_FALSE(LogIsUnchanged(log, other));
  other = info;
  other.is_directory = true;
  EXPECT_FALSE(LogIsUnchanged(log, other));
}

}  // namespace
}  // namespace cauce
