#include "engine/log/batch_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::BatchOfBytes;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A file that is a string, and remembers the largest read it was asked for.
class StringFile final : public File {
 public:
  explicit StringFile(std::string bytes) : bytes_(std::move(bytes)) {}

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    if (failing_) return MakeError(Reason::kDiskFailed, "no");
    ++reads_;
    largest_read_ = std::max(largest_read_, into.size());
    const auto at = static_cast<size_t>(position);
    if (at >= bytes_.size()) return size_t{0};
    const size_t count = std::min(into.size(), bytes_.size() - at);
    std::memcpy(into.data(), bytes_.data() + at, count);
    return count;
  }
  absl::Status Write(int64_t, std::span<const std::string_view>) override {
    return absl::UnimplementedError("a file to read");
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Truncate(int64_t) override {
    return absl::UnimplementedError("a file to read");
  }
  absl::StatusOr<int64_t> Size() const override {
    return static_cast<int64_t>(bytes_.size());
  }
  int64_t NextData(int64_t position) const override {
    const bool is_in_hole = position >= hole_ && position < hole_end_;
    return is_in_hole ? hole_end_ : position;
  }

  // Of zeros.
  void set_hole(int64_t position, int64_t end) {
    hole_ = position;
    hole_end_ = end;
  }
  std::string& bytes() { return bytes_; }
  void set_failing(bool failing) { failing_ = failing; }
  size_t largest_read() const { return largest_read_; }
  int reads() const { return reads_; }

 private:
  std::string bytes_;
  int64_t hole_ = 0;
  int64_t hole_end_ = 0;
  bool failing_ = false;
  mutable size_t largest_read_ = 0;
  mutable int reads_ = 0;
};

std::shared_ptr<StringFile> FileOf(std::string bytes) {
  return std::make_shared<StringFile>(std::move(bytes));
}

// `count` batches of one record, at the offsets from 0 on.
std::string Batches(int count, size_t value_bytes = 100) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += BatchOfBytes(value_bytes).At(Offset{i}).bytes();
  }
  return bytes;
}

BatchScanner ScannerOf(const std::shared_ptr<StringFile>& file,
                       size_t read_bytes = 4096) {
  BatchScanner scanner(read_bytes);
  scanner.Start(file, "a.log", 0, static_cast<int64_t>(file->bytes().size()));
  return scanner;
}

// The base offsets up to the end or the first damage.
std::vector<int64_t> Walk(BatchScanner& scanner) {
  std::vector<int64_t> bases;
  for (;;) {
    const auto batch = scanner.Next();
    if (!batch.ok() || !*batch) return bases;
    bases.push_back((*batch)->base_offset().value);
  }
}

TEST(BatchScanner, FindsEveryBatchInFewReads) {
  const auto file = FileOf(Batches(1000));
  BatchScanner scanner = ScannerOf(file, 64 << 10);

  EXPECT_THAT(Walk(scanner), SizeIs(1000));
  EXPECT_EQ(scanner.position(), scanner.end());
  const auto whole = static_cast<int>(file->bytes().size() / (64 << 10));
  EXPECT_LE(file->reads(), whole + 2);
}

TEST(BatchScanner, FindsBatchesLargerThanItsReads) {
  const auto file = FileOf(Batches(3, 100'000));
  BatchScanner scanner = ScannerOf(file, 4096);

  EXPECT_THAT(Walk(scanner), ElementsAre(0, 1, 2));
}

TEST(BatchScanner, LoadsWhatItIsAskedForAndNoMore) {
  const auto file = FileOf(Batches(20));
  const auto size = static_cast<int64_t>(file->bytes().size()) / 20;
  BatchScanner scanner = ScannerOf(file);

  const auto loaded = scanner.Load(2 * size);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(*loaded, SizeIs(2 * size));
  EXPECT_THAT(scanner.Next(), IsOk());
  EXPECT_THAT(scanner.Next(), IsOk());
  EXPECT_EQ(file->reads(), 1);
  EXPECT_EQ(file->largest_read(), 2 * size);

  // Who reads on reads as much at a time as ever, and never behind the end.
  EXPECT_THAT(Walk(scanner), SizeIs(18));
  EXPECT_EQ(file->reads(), 2);
  EXPECT_THAT(scanner.Load(INT64_MAX), IsOkAndHolds(IsEmpty()));
}

TEST(BatchScanner, SaysWhereABatchBeginsAndTheNext) {
  const auto file = FileOf(Batches(2));
  const auto half = static_cast<int64_t>(file->bytes().size() / 2);
  BatchScanner scanner = ScannerOf(file);

  ASSERT_THAT(scanner.Next(), IsOk());
  EXPECT_EQ(scanner.batch_position(), 0);
  EXPECT_EQ(scanner.position(), half);
  ASSERT_THAT(scanner.Next(), IsOk());
  EXPECT_EQ(scanner.batch_position(), half);
  EXPECT_EQ(scanner.position(), 2 * half);
}

TEST(BatchScanner, NeverLooksBehindItsEnd) {
  const auto file = FileOf(Batches(4));
  const auto half = static_cast<int64_t>(file->bytes().size() / 2);
  BatchScanner scanner;
  scanner.Start(file, "a.log", 0, half);
  EXPECT_THAT(Walk(scanner), ElementsAre(0, 1));

  scanner.ExtendTo(2 * half);
  EXPECT_THAT(Walk(scanner), ElementsAre(2, 3));
}

TEST(BatchScanner, GoesOnInAFileThatGrew) {
  const auto file = FileOf("");
  BatchScanner scanner = ScannerOf(file);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(Walk(scanner), IsEmpty());
    file->bytes() += BatchOfBytes(100).At(Offset{i}).bytes();
    scanner.ExtendTo(static_cast<int64_t>(file->bytes().size()));
    ASSERT_THAT(Walk(scanner), ElementsAre(i));
  }
}

TEST(BatchScanner, TakesZerosForTheEndOfTheLog) {
  const std::string batches = Batches(2);
  for (const size_t zeros : {1, 60, 61, 5000, 100'000}) {
    const auto file = FileOf(batches + std::string(zeros, '\0'));
    BatchScanner scanner = ScannerOf(file);
    EXPECT_THAT(Walk(scanner), ElementsAre(0, 1));
    const auto again = scanner.Next();
    ASSERT_THAT(again, IsOk()) << zeros;
    EXPECT_FALSE(again->has_value());
    EXPECT_EQ(scanner.position(), static_cast<int64_t>(batches.size()));
  }
}

TEST(BatchScanner, TellsATornBatchFromTheEndWhereverItIsTorn) {
  const std::string whole = Batches(2);
  const size_t one = whole.size() / 2;
  // A version that was not written yet reads as version 0.
  const auto is_damage = AnyOf(HasReason(Reason::kCorruptBatch),
                               HasReason(Reason::kUnsupportedFormat));
  for (size_t bytes = one + 1; bytes < whole.size(); ++bytes) {
    for (const size_t zeros : {0, 500}) {
      // The first bytes of a base offset are zeros anyway, and so is the
      // count of headers at the end.
      if (zeros > 0 && bytes + 1 == whole.size()) continue;
      if (bytes <= one + layout::kBatchLength - 1) continue;
      const auto file =
          FileOf(whole.substr(0, bytes) + std::string(zeros, '\0'));
      BatchScanner scanner = ScannerOf(file);
      ASSERT_THAT(scanner.Next(), IsOk());
      ASSERT_THAT(scanner.Next(), is_damage)
          << bytes << " bytes and " << zeros << " zeros";
      ASSERT_EQ(scanner.position(), static_cast<int64_t>(one));
    }
  }
}

TEST(BatchScanner, NamesFileAndPositionOfDamageAndStaysThere) {
  const std::string good = Batches(3);
  const auto third = static_cast<int64_t>(good.size() / 3);
  const auto file = FileOf(good);
  file->bytes()[static_cast<size_t>(third) + 80] ^= 1;
  BatchScanner scanner = ScannerOf(file);
  ASSERT_THAT(scanner.Next(), IsOk());

  for (int again = 0; again < 2; ++again) {
    const auto damaged = scanner.Next();
    ASSERT_THAT(damaged, HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(std::string(damaged.status().message()),
                HasSubstr("a.log at position " + std::to_string(third)));
  }
  EXPECT_EQ(scanner.position(), third);

  // It is read anew when it is tried again from outside.
  file->bytes() = good;
  scanner.Start(file, "a.log", third, scanner.end());
  EXPECT_THAT(Walk(scanner), ElementsAre(1, 2));
}

TEST(BatchScanner, RefusesImpossibleLengthsWithoutAllocatingForThem) {
  for (const int32_t length : {INT32_MIN, -1, 0, 48, INT32_MAX}) {
    const auto file = FileOf(Batches(2) + std::string(1000, 'x'));
    StoreBig<int32_t>(file->bytes().data() + layout::kBatchLength, length);
    BatchScanner scanner = ScannerOf(file);

    EXPECT_THAT(scanner.Next(), HasReason(Reason::kCorruptBatch)) << length;
    EXPECT_LE(file->largest_read(), 4096u) << length;
  }
}

TEST(BatchScanner, ChecksALargeBatchPieceByPieceBeforeItGetsABuffer) {
  // 20 MiB that the file really has, and a CRC that is wrong.
  const auto file = FileOf(BatchOfBytes(20 << 20).bytes());
  file->bytes().back() ^= 1;
  BatchScanner scanner = ScannerOf(file, 64 << 10);

  EXPECT_THAT(scanner.Next(), HasReason(Reason::kCorruptBatch));
  EXPECT_LE(file->largest_read(), size_t{64} << 10);
}

TEST(BatchScanner, ReadsALargeBatchThatIsRight) {
  const std::string large = BatchOfBytes(20 << 20).bytes();
  const auto file = FileOf(large + BatchOfBytes(5).At(Offset{1}).bytes());
  BatchScanner scanner = ScannerOf(file, 64 << 10);

  const auto batch = scanner.Next();
  ASSERT_THAT(batch, IsOk());
  ASSERT_TRUE(batch->has_value());
  EXPECT_EQ((*batch)->bytes().size(), large.size());
  EXPECT_EQ((*batch)->bytes(), large);
  EXPECT_THAT(Walk(scanner), ElementsAre(1));
}

TEST(BatchScanner, TellsAFailedReadFromDamage) {
  const auto file = FileOf(Batches(2));
  BatchScanner scanner = ScannerOf(file);
  file->set_failing(true);
  EXPECT_THAT(scanner.Next(), HasReason(Reason::kDiskFailed));

  file->set_failing(false);
  EXPECT_THAT(Walk(scanner), ElementsAre(0, 1));
}

TEST(BatchScanner, GoesBackToTheLastBatch) {
  const auto file = FileOf(Batches(200));
  BatchScanner scanner = ScannerOf(file);
  for (int64_t i = 0; i < 200; ++i) {
    for (int again = 0; again < 2; ++again) {
      const auto batch = scanner.Next();
      ASSERT_THAT(batch, IsOk());
      ASSERT_EQ((*batch)->base_offset(), Offset{i});
      if (again == 0) scanner.StepBack();
    }
  }
}

TEST(BatchScanner, ServesAnotherPlaceOfTheSameFileFromItsBuffer) {
  const auto file = FileOf(Batches(20));
  const auto one = static_cast<int64_t>(file->bytes().size() / 20);
  BatchScanner scanner = ScannerOf(file, 64 << 10);
  ASSERT_THAT(scanner.Next(), IsOk());
  const int reads = file->reads();

  scanner.Restart(file, "a.log", 7 * one, scanner.end());
  EXPECT_THAT(scanner.Next(), IsOk());
  EXPECT_EQ(scanner.batch_position(), 7 * one);
  EXPECT_EQ(file->reads(), reads);
}

TEST(BatchScanner, NeverServesOneFileFromTheBytesOfAnother) {
  const auto first = FileOf(Batches(5));
  const auto second = FileOf(BatchOfBytes(100).At(Offset{77}).bytes());
  BatchScanner scanner = ScannerOf(first);
  ASSERT_THAT(Walk(scanner), SizeIs(5));

  scanner.Restart(second, "b.log", 0,
                  static_cast<int64_t>(second->bytes().size()));
  EXPECT_THAT(Walk(scanner), ElementsAre(77));
}

TEST(BatchScanner, TakesBytesBehindZerosForDamage) {
  const std::string batches = Batches(2);
  for (const size_t zeros : {61, 5000, 100'000}) {
    const auto file = FileOf(batches + std::string(zeros, '\0') + "x");
    BatchScanner scanner = ScannerOf(file);
    EXPECT_THAT(Walk(scanner), ElementsAre(0, 1));
    const auto damage = scanner.Next();
    ASSERT_THAT(damage, HasReason(Reason::kCorruptBatch)) << zeros;
    EXPECT_EQ(scanner.position(), static_cast<int64_t>(batches.size()));
  }
}

TEST(BatchScanner, ReadsNothingOfAHole) {
  const std::string batches = Batches(2);
  const std::string zeros(1 << 20, '\0');
  for (const bool is_damaged : {false, true}) {
    const auto file = FileOf(batches + zeros + (is_damaged ? "x" : ""));
    const auto hole = static_cast<int64_t>(batches.size()) + 100;
    file->set_hole(hole, hole + (1 << 20) - 100);
    BatchScanner scanner = ScannerOf(file);
    EXPECT_THAT(Walk(scanner), ElementsAre(0, 1));
    EXPECT_EQ(scanner.Next().ok(), !is_damaged);
    EXPECT_LE(file->reads(), 5);
  }
}

// ---- Offsets

// Batches of one record at each of `bases`, walked over with what is expected.
BatchScanner ScannerOver(const std::vector<int64_t>& bases,
                         const BatchOffsets& offsets) {
  std::string bytes;
  for (const int64_t base : bases) {
    bytes += BatchOfBytes(10).At(Offset{base}).bytes();
  }
  const auto file = FileOf(bytes);
  BatchScanner scanner;
  scanner.Start(file, "a.log", 0, static_cast<int64_t>(bytes.size()), offsets);
  return scanner;
}

TEST(BatchScanner, TakesABatchThatDoesNotContinueTheOneBeforeForDamage) {
  struct Case {
    std::vector<int64_t> bases;
    std::vector<int64_t> good;
    std::string_view says;
  };
  const std::vector<Case> cases = {
      {{10, 11, 12}, {10, 11, 12}, ""},
      {{9, 11, 12}, {}, "offset 10 or later is expected"},
      {{10, 9, 12}, {10}, "offset 11 or later is expected"},
      {{10, 10, 12}, {10}, "offset 11 or later is expected"},
      {{14, 11, 12}, {}, "the batch behind it begins at 11"},
      {{10, 15, 12}, {10}, "the batch behind it begins at 12"},
      {{10, 11, 20}, {10, 11}, "offsets below 20 are expected"},
      // Gaps, as compaction leaves them.
      {{12, 15, 19}, {12, 15, 19}, ""},
      {{10, 15, 9}, {10, 15}, "offset 16 or later is expected"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(::testing::PrintToString(each.bases));
    BatchScanner scanner =
        ScannerOver(each.bases, {.next = Offset{10}, .up_to = Offset{20}});
    EXPECT_EQ(Walk(scanner), each.good);
    const auto end = scanner.Next();
    if (each.says.empty()) {
      EXPECT_THAT(end, IsOk());
    } else {
      EXPECT_THAT(end, HasReason(Reason::kCorruptBatch));
      EXPECT_THAT(std::string(end.status().message()), HasSubstr(each.says));
    }
  }
}

TEST(BatchScanner, LetsNothingReachAcrossWhereTheLogEndedOnce) {
  const auto walk = [](std::vector<int64_t> bases) {
    BatchScanner scanner =
        ScannerOver(bases, {.next = Offset{10}, .boundary = Offset{12}});
    return Walk(scanner);
  };
  EXPECT_THAT(walk({10, 11, 12}), ElementsAre(10, 11, 12));
  EXPECT_THAT(walk({10, 11, 90}), ElementsAre(10, 11, 90));
  EXPECT_THAT(walk({10, 90}), ElementsAre(10));
}

TEST(BatchScanner, BelievesALoneBatchBehindAGapByItsEndWhereNoneShouldBe) {
  const auto walk = [](std::vector<int64_t> bases, BatchOffsets offsets) {
    offsets.next = Offset{10};
    offsets.doubts_gaps = true;
    BatchScanner scanner = ScannerOver(bases, offsets);
    return Walk(scanner);
  };
  EXPECT_THAT(walk({10, 12}, {.up_to = Offset{20}}), ElementsAre(10));
  EXPECT_THAT(walk({10, 19}, {.up_to = Offset{20}}), ElementsAre(10, 19));
  EXPECT_THAT(walk({10, 12}, {.boundary = Offset{13}}), ElementsAre(10, 12));
  // The one behind it agrees.
  EXPECT_THAT(walk({10, 12, 13}, {.up_to = Offset{14}}),
              ElementsAre(10, 12, 13));
}

TEST(BatchScanner, TakesTheFirstBatchAsItIsWhereNobodyKnowsWhatToExpect) {
  BatchScanner scanner = ScannerOver({7, 8, 8}, {.up_to = Offset{20}});
  EXPECT_THAT(Walk(scanner), ElementsAre(7, 8));
}

TEST(BatchScanner, ExpectsTheSameOffsetAgainOnceItWentBack) {
  BatchScanner scanner = ScannerOver({10, 11, 12}, {.next = Offset{10}});
  ASSERT_THAT(scanner.Next(), IsOk());
  ASSERT_THAT(scanner.Next(), IsOk());
  scanner.StepBack();
  EXPECT_EQ(scanner.offsets()->next, Offset{11});
  EXPECT_THAT(Walk(scanner), ElementsAre(11, 12));
}

TEST(BatchScanner, ExpectsWhatItTookAsItStoodOnceItWentBack) {
  BatchScanner scanner = ScannerOver({10, 11}, {});
  ASSERT_THAT(scanner.Next(), IsOk());
  scanner.StepBack();
  EXPECT_EQ(scanner.offsets()->next, Offset{10});
}

}  // namespace
}  // namespace cauce
