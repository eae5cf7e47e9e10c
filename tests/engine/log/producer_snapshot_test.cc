#include "engine/log/producer_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

// Made by the rules of Kafka's ProducerSnapshot, version 1.
constexpr char kGolden[] =
    "00012c9e0dd9000000010000000000000007000300000009000000000000006800000009"
    "0000018bcfe5680000000005ffffffffffffffff";

ProducerState GoldenProducer() {
  return ProducerState(
      ProducerId{7},
      {.epoch = 3,
       .coordinator_epoch = 5,
       .last_timestamp = {1'700'000'000'000},
       .last_batch = KnownBatch{
           .last_sequence = 9, .last_offset_delta = 9, .last = {104}}});
}

// `bytes` with a CRC that is right.
std::string Signed(std::string bytes) {
  StoreBig<uint32_t>(bytes.data() + 2,
                     Crc32c(std::string_view(bytes).substr(6)));
  return bytes;
}

TEST(ProducerSnapshot, IsWrittenAsKafkaWritesIt) {
  const ProducerState producers[] = {GoldenProducer()};
  EXPECT_EQ(absl::BytesToHexString(EncodeProducers(producers)), kGolden);
}

TEST(ProducerSnapshot, ReadsWhatKafkaWrote) {
  const auto read =
      DecodeProducers(Offset{105}, absl::HexStringToBytes(kGolden));

  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(*read, SizeIs(1));
  const ProducerState& producer = read->front();
  EXPECT_EQ(producer.id(), ProducerId{7});
  EXPECT_EQ(producer.epoch(), 3);
  EXPECT_EQ(producer.coordinator_epoch(), 5);
  EXPECT_EQ(producer.last_timestamp(), Timestamp{1'700'000'000'000});
  EXPECT_EQ(producer.transaction(), std::nullopt);
  EXPECT_THAT(producer.last_batch(),
              Optional(KnownBatch{.last_sequence = 9,
                                  .last_offset_delta = 9,
                                  .last = {104},
                                  .timestamp = {1'700'000'000'000}}));
}

TEST(ProducerSnapshot, KeepsAnOpenTransactionAndOneWithoutBatches) {
  const ProducerState producers[] = {
      ProducerState(ProducerId{0}, {.epoch = 1, .coordinator_epoch = 2}),
      ProducerState(ProducerId{1},
                    {.epoch = 0,
                     .last_timestamp = {5},
                     .transaction = Offset{40},
                     .last_batch = KnownBatch{.last_sequence = 1,
                                              .last_offset_delta = 1,
                                              .last = {41},
                                              .timestamp = {5}}})};
  const auto read = DecodeProducers(Offset{42}, EncodeProducers(producers));

  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(*read, SizeIs(2));
  EXPECT_THAT((*read)[0].last_batch(), Eq(std::nullopt));
  EXPECT_EQ((*read)[0].coordinator_epoch(), 2);
  EXPECT_THAT((*read)[1].transaction(), Optional(Offset{40}));
  EXPECT_EQ(EncodeProducers(*read), EncodeProducers(producers));
}

TEST(ProducerSnapshot, OfNoProducersHasTenBytes) {
  const std::string bytes = EncodeProducers({});
  EXPECT_THAT(bytes, SizeIs(kSnapshotHeaderBytes));
  const auto read = DecodeProducers(Offset{0}, bytes);
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, IsEmpty());
}

TEST(ProducerSnapshot, FindsEveryFlippedBit) {
  const std::string good = absl::HexStringToBytes(kGolden);
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeProducers(Offset{105}, bytes).ok()) << bit;
  }
}

TEST(ProducerSnapshot, FindsEveryCut) {
  const std::string good = absl::HexStringToBytes(kGolden);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(DecodeProducers(Offset{105}, good.substr(0, size)),
                HasReason(Reason::kCorruptFile))
        << size;
  }
  EXPECT_THAT(DecodeProducers(Offset{105}, good + '\0'),
              HasReason(Reason::kCorruptFile));
}

TEST(ProducerSnapshot, RefusesWhatCannotBeThoughItsCrcHolds) {
  const std::string good = absl::HexStringToBytes(kGolden);
  const auto with = [&](size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return Signed(std::move(bytes));
  };
  const std::string twice = [&] {
    std::string bytes = good + good.substr(kSnapshotHeaderBytes);
    bytes[9] = 2;
    return Signed(std::move(bytes));
  }();
  const std::string spoiled[] = {
      with(6, '\x7f'),   // as many producers as no file has
      with(9, '\2'),     // more than there are
      with(10, '\x80'),  // a negative producer
      with(18, '\x80'),  // a negative epoch
      with(20, '\x80'),  // a negative sequence
      with(31, '\x69'),  // a batch that ends where the snapshot does
      with(32, '\x80'),  // a batch that ends before it begins
      with(35, '\x69'),  // a batch that begins before offset 0
      with(48, '\0'),    // a transaction from a far offset on
      twice,
  };
  for (const std::string& bytes : spoiled) {
    EXPECT_THAT(DecodeProducers(Offset{105}, bytes),
                HasReason(Reason::kCorruptFile))
        << absl::BytesToHexString(bytes);
  }
}

TEST(ProducerSnapshot, TellsANewerVersion) {
  std::string bytes = absl::HexStringToBytes(kGolden);
  bytes[1] = 2;
  EXPECT_THAT(DecodeProducers(Offset{105}, Signed(bytes)),
              HasReason(Reason::kUnsupportedFormat));
}

}  // namespace
}  // namespace cauce
