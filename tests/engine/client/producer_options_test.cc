#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cauce/errors.h"
#include "cauce/producer.h"
#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ProducerOptions, AreRightAsTheyAre) {
  EXPECT_THAT(Validate(ProducerOptions()), IsOk());
}

TEST(ProducerOptions, TellEveryBadField) {
  const absl::Status bad = Validate(ProducerOptions{
      .acks = Acks::kLeader,
      .idempotence = true,
      .batch_bytes = 0,
      .linger = -absl::Seconds(1),
      .buffer_bytes_max = -1,
      .record_bytes_max = 0,
  });
  EXPECT_THAT(bad, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(bad.message()),
              AllOf(HasSubstr("idempotence"), HasSubstr("batch_bytes is 0"),
                    HasSubstr("linger is -1s"),
                    HasSubstr("buffer_bytes_max is -1"),
                    HasSubstr("record_bytes_max is 0")));
}

TEST(ProducerOptions, LetNoCompressedBatchGrowBeyondWhatAReaderTakes) {
  constexpr size_t kMost = kDecompressedBytesMax;
  const auto with = [](Codec codec, size_t bytes) {
    return Validate(
        ProducerOptions{.compression = codec,
                        .batch_bytes = bytes,
                        .buffer_bytes_max = int64_t{1} << 30,
                        .record_bytes_max = static_cast<int64_t>(bytes)});
  };
  EXPECT_THAT(with(Codec::kGzip, kMost), IsOk());
  EXPECT_THAT(with(Codec::kNone, kMost + 1), IsOk());
  EXPECT_THAT(with(Codec::kGzip, kMost + 1),
              HasReason(Reason::kInvalidOption));
}

TEST(ProducerOptions, TellOfACodecOrALevelThatThereIsNot) {
  const ProducerOptions level{.compression = Codec::kZstd,
                              .compression_level = 99};
  EXPECT_THAT(Validate(level), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Validate(ProducerOptions{.compression = static_cast<Codec>(9)}),
              HasReason(Reason::kInvalidOption));
}

TEST(ProducerOptions, TellOfABadCodecOnceAndOfALevelByItsName) {
  EXPECT_EQ(MessageOf(Validate(
                ProducerOptions{.compression = static_cast<Codec>(9)})),
            "producer options: compression is 9, it must be one of its "
            "enumerators, 0 to 4");
  EXPECT_THAT(
      std::string(MessageOf(Validate(ProducerOptions{
          .compression = Codec::kZstd, .compression_level = 99}))),
      AllOf(HasSubstr("compression_level"), HasSubstr("99")));
}

TEST(ProducerOptions, TellOfEnumeratorsThatThereAreNot) {
  const absl::Status bad = Validate(ProducerOptions{
      .acks = static_cast<Acks>(3), .keyless = static_cast<Keyless>(-1)});
  EXPECT_THAT(bad, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(bad.message()),
              AllOf(HasSubstr("acks is 3"), HasSubstr("keyless is -1")));
}

TEST(ProducerOptions, TellOfABatchThatNoNumberOfBytesCanHold) {
  const absl::Status bad =
      Validate(ProducerOptions{.batch_bytes = SIZE_MAX});
  EXPECT_THAT(std::string(bad.message()),
              HasSubstr("batch_bytes is 18446744073709551615, it must be 1 to "
                        "1073741824"));
}

TEST(ProducerOptions, WithFewerAcksHaveNoIdempotenceUnlessItIsAskedFor) {
  EXPECT_THAT(Validate(ProducerOptions{.acks = Acks::kLeader}), IsOk());
}

}  // namespace
}  // namespace cauce
