#include <gtest/gtest.h>
#include <lz4frame.h>

#include <random>
#include <string>
#include <string_view>

#include "engine/base/codec_streams.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::HasReason;
using test::IsOk;

absl::Status Read(std::string_view stream, std::string* text) {
  GrowingOutput output(text, 10'000'000, 16);
  const absl::Status status = DecompressLz4(stream, output);
  if (status.ok()) output.Commit();
  return status;
}

std::string Noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Frame(std::string_view input, const LZ4F_preferences_t& how) {
  std::string stream(LZ4F_compressFrameBound(input.size(), &how), '\0');
  const size_t bytes = LZ4F_compressFrame(stream.data(), stream.size(),
                                          input.data(), input.size(), &how);
  EXPECT_FALSE(LZ4F_isError(bytes));
  stream.resize(bytes);
  return stream;
}

TEST(Lz4Stream, IsTheFrameThatKafkasClientWrites) {
  std::string stream;
  ASSERT_THAT(CompressLz4("abc", 9, &stream), IsOk());
  // Header, three bytes stored as they are, end mark.
  EXPECT_EQ(stream,
            "\x04\x22\x4d\x18\x60\x40\x82\x03\x00\x00\x80"
            "abc\x00\x00\x00\x00"sv);
}

TEST(Lz4Stream, OfNothingIsHeaderAndEndMark) {
  std::string stream;
  ASSERT_THAT(CompressLz4("", 9, &stream), IsOk());
  EXPECT_EQ(stream, "\x04\x22\x4d\x18\x60\x40\x82\x00\x00\x00\x00"sv);
  std::string text;
  EXPECT_THAT(Read(stream, &text), IsOk());
  EXPECT_EQ(text, "");
}

TEST(Lz4Stream, StoresWhatDoesNotShrink) {
  const test::Seed seed;
  const std::string noise = Noise(150'000, seed.value());
  for (const int level : {1, 9, 17}) {
    std::string stream;
    ASSERT_THAT(CompressLz4(noise, level, &stream), IsOk());
    // Three blocks of 64 KiB at most, each with its length.
    EXPECT_EQ(stream.size(), 7 + 3 * 4 + noise.size() + 4) << level;
    std::string text;
    ASSERT_THAT(Read(stream, &text), IsOk());
    EXPECT_TRUE(text == noise);
  }
}

TEST(Lz4Stream, MayBeAnyKindOfFrame) {
  const test::Seed seed;
  const std::string half = Noise(200'000, seed.value());
  const std::string input = half + half + std::string(1'000'000, 'x');
  for (const auto size : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max4MB}) {
    for (const auto mode : {LZ4F_blockLinked, LZ4F_blockIndependent}) {
      LZ4F_preferences_t how = LZ4F_INIT_PREFERENCES;
      how.frameInfo.blockSizeID = size;
      how.frameInfo.blockMode = mode;
      how.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
      how.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
      how.frameInfo.contentSize = input.size();
      std::string text;
      ASSERT_THAT(Read(Frame(input, how), &text), IsOk());
      EXPECT_TRUE(text == input);
    }
  }
}

TEST(Lz4Stream, MayHaveSeveralFrames) {
  std::string stream;
  for (const std::string_view part : {"ab"sv, ""sv, "c"sv}) {
    ASSERT_THAT(CompressLz4(part, 9, &stream), IsOk());
  }
  std::string text;
  ASSERT_THAT(Read(stream, &text), IsOk());
  EXPECT_EQ(text, "abc");
}

TEST(Lz4Stream, WithAWrongContentChecksumIsRefused) {
  LZ4F_preferences_t how = LZ4F_INIT_PREFERENCES;
  how.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::string stream = Frame("abcabcabcabc", how);
  stream.back() ^= 1;
  std::string text;
  EXPECT_THAT(Read(stream, &text), HasReason(Reason::kCorruptBatch));
}

TEST(Lz4Stream, WithAWrongHeaderChecksumIsRefused) {
  std::string stream;
  ASSERT_THAT(CompressLz4("abc", 9, &stream), IsOk());
  stream[6] ^= 1;
  std::string text;
  EXPECT_THAT(Read(stream, &text), HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
