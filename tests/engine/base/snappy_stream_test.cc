#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/base/codec_streams.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::HasReason;
using test::IsOk;

constexpr std::string_view kHeader =
    "\x82SNAPPY\0\x00\x00\x00\x01\x00\x00\x00\x01"sv;
// Length 3, then a literal of three bytes.
constexpr std::string_view kRawAbc =
    "\x03\x08"
    "abc"sv;
constexpr std::string_view kBlockAbc =
    "\x00\x00\x00\x05\x03\x08"
    "abc"sv;

constexpr size_t kBound = 100'000;

absl::Status Read(std::string_view stream, std::string* text) {
  GrowingOutput output(text, kBound, 16);
  const absl::Status status = DecompressSnappy(stream, output);
  if (status.ok() && !output.overflowed()) output.Commit();
  return status;
}

std::string operator+(std::string_view a, std::string_view b) {
  return std::string(a).append(b);
}

TEST(SnappyStream, IsFramedAsSnappyJavaDoesIt) {
  std::string stream;
  ASSERT_THAT(CompressSnappy("abc", &stream), IsOk());
  EXPECT_EQ(stream, kHeader + kBlockAbc);
}

TEST(SnappyStream, HasBlocksOf32KiB) {
  std::string stream;
  ASSERT_THAT(CompressSnappy(std::string(65 * 1024, 'x'), &stream), IsOk());
  int blocks = 0;
  for (size_t at = kHeader.size(); at < stream.size(); ++blocks) {
    ASSERT_EQ(stream.substr(at, 2), "\0\0"sv);
    at += 4 + static_cast<uint8_t>(stream[at + 2]) * 256 +
          static_cast<uint8_t>(stream[at + 3]);
  }
  EXPECT_EQ(blocks, 3);
}

TEST(SnappyStream, OfNothingIsTheHeaderAlone) {
  std::string stream;
  ASSERT_THAT(CompressSnappy("", &stream), IsOk());
  EXPECT_EQ(stream, kHeader);
}

TEST(SnappyStream, MayBeRaw) {
  std::string text;
  ASSERT_THAT(Read(kRawAbc, &text), IsOk());
  EXPECT_EQ(text, "abc");
  text.clear();
  ASSERT_THAT(Read("\x00"sv, &text), IsOk());
  EXPECT_EQ(text, "");
}

TEST(SnappyStream, MayRepeatItsHeader) {
  std::string text;
  ASSERT_THAT(Read(kHeader + kBlockAbc + kHeader + kBlockAbc, &text), IsOk());
  EXPECT_EQ(text, "abcabc");
}

TEST(SnappyStream, MayHaveBeenWrittenByALaterCompatibleVersion) {
  std::string text;
  std::string stream = kHeader + kBlockAbc;
  stream[11] = 2;
  ASSERT_THAT(Read(stream, &text), IsOk());
  EXPECT_EQ(text, "abc");
  stream[11] = 0;
  EXPECT_THAT(Read(stream, &text), HasReason(Reason::kCorruptBatch));
}

TEST(SnappyStream, ThatClaimsMoreThanItsBytesCanHoldIsRefused) {
  // 2^32 - 1 bytes, 100 000 bytes and 111 bytes, from five bytes or so.
  for (const std::string_view block :
       {"\xff\xff\xff\xff\x0f"sv, "\xa0\x8d\x06\x00x"sv, "\x6f\x00xyz"sv}) {
    std::string text;
    EXPECT_THAT(Read(block, &text), HasReason(Reason::kCorruptBatch));
    EXPECT_LT(text.capacity(), 1000u);
    const std::string framed = kHeader + "\x00\x00\x00\x05"sv + block;
    EXPECT_THAT(Read(framed, &text), HasReason(Reason::kCorruptBatch));
  }
}

TEST(SnappyStream, OfTheDensestKindIsBelieved) {
  // A literal byte, then copies of 64 bytes from one byte back, three each.
  std::string block = "\xc1\x3e\x00x"sv + ""sv;  // 1 + 125 * 64 = 8001 bytes
  for (int i = 0; i < 125; ++i) block += "\xfe\x01\x00"sv;
  std::string text;
  ASSERT_THAT(Read(block, &text), IsOk());
  EXPECT_EQ(text, std::string(8001, 'x'));
}

TEST(SnappyStream, WithANegativeLengthIsRefused) {
  std::string text;
  EXPECT_THAT(Read(kHeader + "\xff\xff\xff\xff\x00"sv, &text),
              HasReason(Reason::kCorruptBatch));
}

TEST(SnappyStream, BeyondTheBoundOverflowsWithoutRoomForIt) {
  std::string block;
  ASSERT_THAT(CompressSnappy(std::string(2 * kBound, 'x'), &block), IsOk());
  std::string text;
  {
    GrowingOutput output(&text, kBound, 16);
    ASSERT_THAT(DecompressSnappy(block, output), IsOk());
    EXPECT_TRUE(output.overflowed());
  }
  EXPECT_LE(text.capacity(), 2 * kBound + 2);
}

}  // namespace
}  // namespace cauce
