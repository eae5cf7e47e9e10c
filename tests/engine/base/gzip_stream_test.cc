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

absl::Status Read(std::string_view stream, std::string* text) {
  GrowingOutput output(text, 1000, 16);
  const absl::Status status = DecompressGzip(stream, output);
  if (status.ok()) output.Commit();
  return status;
}

std::string Gzip(std::string_view input) {
  std::string stream;
  EXPECT_THAT(CompressGzip(input, 6, &stream), IsOk());
  return stream;
}

// "abc" as Java's GZIPOutputStream writes it: no name, no time, system 255.
constexpr std::string_view kFromJava =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    "\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00"sv;

TEST(GzipStream, IsThatOfRfc1952) {
  EXPECT_TRUE(Gzip("abc").starts_with("\x1f\x8b\x08\x00"sv));
  std::string text;
  ASSERT_THAT(Read(kFromJava, &text), IsOk());
  EXPECT_EQ(text, "abc");
}

TEST(GzipStream, MayHaveSeveralMembers) {
  std::string text;
  ASSERT_THAT(Read(Gzip("ab") + Gzip("") + Gzip("c"), &text), IsOk());
  EXPECT_EQ(text, "abc");
}

TEST(GzipStream, WithAWrongChecksumIsRefused) {
  std::string stream(kFromJava);
  stream[stream.size() - 8] ^= 1;
  std::string text;
  EXPECT_THAT(Read(stream, &text), HasReason(Reason::kCorruptBatch));
}

TEST(GzipStream, IsNotZlibsNorRawDeflate) {
  std::string text;
  EXPECT_THAT(Read("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27"sv, &text),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(Read("\x4b\x4c\x4a\x06\x00"sv, &text),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
