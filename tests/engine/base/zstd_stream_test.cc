#include <gtest/gtest.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/codec_streams.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::HasReason;
using test::IsOk;

constexpr size_t kBound = 1'000'000;

absl::Status Read(std::string_view stream, std::string* text) {
  GrowingOutput output(text, kBound, 16);
  const absl::Status status = DecompressZstd(stream, output);
  if (status.ok() && !output.overflowed()) output.Commit();
  return status;
}

// One frame that does not say how much it holds, as streaming writers such as
// Kafka's client make it, with a window of 2^window_log bytes.
std::string Streamed(std::string_view input, int window_log) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(
      ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  std::string stream(ZSTD_compressBound(input.size()) + 100, '\0');
  ZSTD_outBuffer out{stream.data(), stream.size(), 0};
  ZSTD_inBuffer first{input.data(), input.size() / 2, 0};
  ZSTD_compressStream2(context.get(), &out, &first, ZSTD_e_flush);
  ZSTD_inBuffer rest{input.data(), input.size(), input.size() / 2};
  EXPECT_EQ(ZSTD_compressStream2(context.get(), &out, &rest, ZSTD_e_end), 0u);
  stream.resize(out.pos);
  EXPECT_EQ(ZSTD_getFrameContentSize(stream.data(), stream.size()),
            ZSTD_CONTENTSIZE_UNKNOWN);
  return stream;
}

TEST(ZstdStream, SaysHowMuchItHolds) {
  std::string stream;
  ASSERT_THAT(CompressZstd("abc", 3, &stream), IsOk());
  EXPECT_EQ(ZSTD_getFrameContentSize(stream.data(), stream.size()), 3u);
}

TEST(ZstdStream, MayKeepSilentOnHowMuchItHolds) {
  for (const size_t size : {size_t{10}, size_t{5000}, kBound}) {
    const std::string input(size, 'x');
    std::string text;
    ASSERT_THAT(Read(Streamed(input, 20), &text), IsOk());
    EXPECT_TRUE(text == input);
  }
}

TEST(ZstdStream, MayClaimTheWindowOfTheHighestLevel) {
  const std::string input(3000, 'x');
  std::string text;
  ASSERT_THAT(Read(Streamed(input, 27), &text), IsOk());
  EXPECT_TRUE(text == input);
}

TEST(ZstdStream, MayHaveSeveralFrames) {
  const std::string large(100'000, 'x');
  std::string stream;
  for (const std::string_view part : {"ab"sv, ""sv, std::string_view(large)}) {
    ASSERT_THAT(CompressZstd(part, 3, &stream), IsOk());
  }
  stream += Streamed(large, 20);
  std::string text;
  ASSERT_THAT(Read(stream, &text), IsOk());
  EXPECT_TRUE(text == "ab" + large + large);
}

TEST(ZstdStream, ThatClaimsMoreThanItHoldsIsRefusedWithoutRoomForIt) {
  // A frame of one segment that claims 2^62 bytes, and one raw block "abc".
  const std::string_view stream =
      "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x00\x00\x40\x19\x00\x00"
      "abc"sv;
  std::string text;
  EXPECT_THAT(Read(stream, &text), HasReason(Reason::kCorruptBatch));
  EXPECT_LT(text.capacity(), 64 * 64u);
}

TEST(ZstdStream, ThatSkipsMoreThanThereIsIsRefused) {
  std::string text;
  EXPECT_THAT(Read("\x50\x2a\x4d\x18\xff\xff\xff\xff"
                   "abc"sv,
                   &text),
              HasReason(Reason::kCorruptBatch));
}

TEST(ZstdStream, ThatNeedsADictionaryIsRefused) {
  // Dictionary 7, window 1 KiB, one raw block "abc".
  std::string text;
  EXPECT_THAT(Read("\x28\xb5\x2f\xfd\x01\x00\x07\x19\x00\x00"
                   "abc"sv,
                   &text),
              HasReason(Reason::kCorruptBatch));
}

TEST(ZstdStream, BeyondTheBoundOverflows) {
  for (const std::string& stream :
       {Streamed(std::string(kBound + 1, 'x'), 20),
        Streamed(std::string(50 * kBound, 'x'), 20)}) {
    std::string text;
    {
      GrowingOutput output(&text, kBound, 16);
      ASSERT_THAT(DecompressZstd(stream, output), IsOk());
      EXPECT_TRUE(output.overflowed());
    }
    EXPECT_LE(text.capacity(), 2 * kBound + 2);
  }
}

TEST(ZstdStream, IsReadAgainAfterOneThatFailed) {
  std::string stream;
  ASSERT_THAT(CompressZstd(std::string(5000, 'x'), 3, &stream), IsOk());
  std::string damaged = stream;
  damaged[0] ^= 1;
  std::string text;
  EXPECT_THAT(Read(damaged, &text), HasReason(Reason::kCorruptBatch));
  ASSERT_THAT(Read(stream, &text), IsOk());
  EXPECT_TRUE(text == std::string(5000, 'x'));
}

}  // namespace
}  // namespace cauce
