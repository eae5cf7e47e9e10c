#include "engine/capi/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "engine/capi/error.h"

namespace cauce::capi {
namespace {

using ::testing::HasSubstr;

template <typename T>
bool IsMisuse(const absl::StatusOr<T>& result) {
  return ReasonNumberOf(result.status()) == CAUCE_MISUSE;
}
bool IsMisuse(const absl::Status& status) {
  return ReasonNumberOf(status) == CAUCE_MISUSE;
}

// A record of a header that is newer than this library.
struct NewerRecord {
  cauce_record_t known = CAUCE_RECORD_INIT;
  int64_t more = 0;
};

TEST(CapiValues, AStructOfANewerProgramIsTakenWhereItsNewestFieldsAreZero) {
  NewerRecord given;
  given.known.struct_size = sizeof(given);
  given.known.offset = 7;
  cauce_record_t taken;
  EXPECT_EQ(TakeStruct("cauce_record_t", &given, taken), absl::OkStatus());
  EXPECT_EQ(taken.offset, 7);

  given.more = 1;
  EXPECT_TRUE(IsMisuse(TakeStruct("cauce_record_t", &given, taken)));
}

TEST(CapiValues, AStructThatIsTooShortOrTooLongIsMisuse) {
  cauce_record_t given = CAUCE_RECORD_INIT;
  cauce_record_t taken;
  for (const size_t size : {size_t{0}, sizeof(given) - 1, kStructSizeMax + 1,
                            SIZE_MAX}) {
    given.struct_size = size;
    EXPECT_TRUE(IsMisuse(TakeStruct("cauce_record_t", &given, taken))) << size;
  }
}

TEST(CapiValues, AnArrayIsWalkedByTheSizeOfItsFirst) {
  NewerRecord given[2];
  for (NewerRecord& each : given) each.known.struct_size = sizeof(each);
  given[1].known.offset = 9;

  const auto taken = TakeArray("cauce_record_t", &given[0].known, 2);
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(taken->size(), 2u);
  EXPECT_EQ((*taken)[1].offset, 9);

  given[1].known.struct_size = sizeof(cauce_record_t);
  EXPECT_TRUE(IsMisuse(TakeArray("cauce_record_t", &given[0].known, 2)));
}

// What a longer one would hold lies behind the array.
TEST(CapiValues, OfAnArrayNothingBehindTheSizeOfItsFirstIsRead) {
  const auto given = std::make_unique<cauce_record_t[]>(2);
  given[0] = given[1] = CAUCE_RECORD_INIT;
  given[1].struct_size = kStructSizeMax;
  EXPECT_TRUE(IsMisuse(TakeArray("cauce_record_t", given.get(), 2)));
}

TEST(CapiValues, NoArrayHasNoEntries) {
  const cauce_place_t* const none = nullptr;
  EXPECT_TRUE(TakeArray("cauce_place_t", none, 0).ok());
  EXPECT_TRUE(IsMisuse(TakeArray("cauce_place_t", none, 1)));
  EXPECT_TRUE(IsMisuse(TakePairs(nullptr, 3)));
}

TEST(CapiValues, BytesMayBeNullButThenHaveNoSize) {
  EXPECT_EQ(TakeBytes("key", nullptr, 0).value(), std::nullopt);
  EXPECT_EQ(TakeBytes("key", "ab", 0).value(), "");
  EXPECT_EQ(TakeBytes("key", "ab", 2).value(), "ab");
  EXPECT_TRUE(IsMisuse(TakeBytes("key", nullptr, 2)));
}

TEST(CapiValues, BytesHaveNoMoreThanARecordCanTell) {
  EXPECT_EQ(TakeBytes("a key", "ab", kBytesMax)->value().size(), kBytesMax);
  for (const size_t size : {kBytesMax + 1, size_t{1} << 40}) {
    const absl::Status large = TakeBytes("a key", "ab", size).status();
    EXPECT_EQ(ReasonNumberOf(large), CAUCE_BATCH_TOO_LARGE) << size;
    EXPECT_THAT(large.message(),
                HasSubstr("a key has " + std::to_string(size)));
  }
  for (const size_t size : {SIZE_MAX, SIZE_MAX - 40, SIZE_MAX / 2 + 1}) {
    const auto below_zero = TakeBytes("a key", "ab", size);
    EXPECT_TRUE(IsMisuse(below_zero)) << size;
    EXPECT_THAT(below_zero.status().message(),
                HasSubstr("a key has " + std::to_string(size)));
  }
}

TEST(CapiValues, ArraysHaveNoMoreThanABound) {
  const cauce_place_t place = CAUCE_PLACE_INIT;
  EXPECT_TRUE(IsMisuse(TakeArray("cauce_place_t", &place, SIZE_MAX)));
  const cauce_config_t pair = {"a", "b"};
  EXPECT_TRUE(IsMisuse(TakePairs(&pair, kEntriesMax + 1)));
  EXPECT_EQ(CheckArray("topics", &pair, kEntriesMax), absl::OkStatus());
}

TEST(CapiValues, EnumeratorsOutOfRangeAreMisuse) {
  EXPECT_EQ(TakeEnum("ack", 1, Ack::kDurable).value(), Ack::kDurable);
  EXPECT_TRUE(IsMisuse(TakeEnum("ack", 2, Ack::kDurable)));
  EXPECT_TRUE(IsMisuse(TakeEnum("ack", -1, Ack::kDurable)));
}

TEST(CapiValues, TimesAreMillisecondsOrForEver) {
  EXPECT_EQ(TakeTimeout(CAUCE_FOREVER).value(), absl::InfiniteDuration());
  EXPECT_EQ(TakeTimeout(5).value(), absl::Milliseconds(5));
  EXPECT_TRUE(IsMisuse(TakeTimeout(-2)));
}

TEST(CapiValues, RecordsKeepTheirHeaders) {
  const cauce_header_t headers[] = {{"trace", 5, "abc", 3},
                                    {"none", 4, nullptr, 0}};
  cauce_record_t given = CAUCE_RECORD_INIT;
  given.headers = headers;
  given.header_count = 2;
  TakenRecords taken;

  ASSERT_EQ(taken.Add(given), absl::OkStatus());

  const Record& record = taken.records().front();
  EXPECT_EQ(record.key, std::nullopt);
  ASSERT_EQ(record.headers.size(), 2u);
  EXPECT_EQ(record.headers[0].key, "trace");
  EXPECT_EQ(record.headers[0].value, "abc");
  EXPECT_EQ(record.headers[1].value, std::nullopt);
}

TEST(CapiValues, AHeaderWithoutAKeyIsMisuse) {
  const cauce_header_t header = {nullptr, 0, "abc", 3};
  cauce_record_t given = CAUCE_RECORD_INIT;
  given.headers = &header;
  given.header_count = 1;
  EXPECT_TRUE(IsMisuse(TakenRecords().Add(given)));
  given.headers = nullptr;
  EXPECT_TRUE(IsMisuse(TakenRecords().Add(given)));
}

TEST(CapiValues, OfARecordEachSizeIsBounded) {
  const auto answer = [](auto set) {
    cauce_header_t header = {"trace", 5, "abc", 3};
    cauce_record_t given = CAUCE_RECORD_INIT;
    given.key = given.value = "a";
    given.key_size = given.value_size = 1;
    given.headers = &header;
    given.header_count = 1;
    set(given, header);
    return std::string(TakenRecords().Add(given).message());
  };
  using Given = cauce_record_t;
  using Named = cauce_header_t;
  EXPECT_EQ(answer([](Given&, Named&) {}), "");
  EXPECT_THAT(answer([](Given& record, Named&) { record.key_size = SIZE_MAX; }),
              HasSubstr("a record's key has 18446744073709551615 bytes"));
  EXPECT_THAT(answer([](Given& record, Named&) { record.value_size = -20; }),
              HasSubstr("a record's value has 18446744073709551596 bytes"));
  EXPECT_THAT(answer([](Given&, Named& header) { header.key_size = SIZE_MAX; }),
              HasSubstr("a header's key has"));
  EXPECT_THAT(answer([](Given&, Named& header) { header.value_size = -1; }),
              HasSubstr("a header's value has"));
  EXPECT_THAT(answer([](Given& record, Named&) { record.header_count = -1; }),
              HasSubstr("a record's headers has 18446744073709551615 entries"));
}

TEST(CapiValues, OffsetsNameEachPartitionOnce) {
  cauce_place_t places[2] = {CAUCE_PLACE_INIT, CAUCE_PLACE_INIT};
  places[0].topic = places[1].topic = "orders";
  places[0].offset = 4;
  places[0].metadata = "half";
  EXPECT_TRUE(IsMisuse(TakeOffsets(places, 2)));

  const auto taken = TakeOffsets(places, 1);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->at({"orders", PartitionId{0}}).metadata, "half");
  places[0].topic = nullptr;
  EXPECT_TRUE(IsMisuse(TakeOffsets(places, 1)));
  EXPECT_TRUE(IsMisuse(TakePartitions(places, 1)));
}

}  // namespace
}  // namespace cauce::capi
