#include "engine/base/wire_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "engine/base/wire.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto kInt32 = [](auto& c, auto& number) { c.Int32(number); };

template <class Write>
std::string Written(WireForm form, const Write& write) {
  std::string bytes;
  WireWriter writer(bytes, form);
  write(writer);
  return bytes;
}

template <class Write>
std::string Plain(const Write& write) {
  return Written(WireForm::kPlain, write);
}

template <class Write>
std::string Flexible(const Write& write) {
  return Written(WireForm::kFlexible, write);
}

TEST(WireWriter, WritesNumbersInNetworkOrder) {
  using W = WireWriter;
  EXPECT_EQ(Plain([](W& w) { w.Bool(true); }), "\x01"sv);
  EXPECT_EQ(Plain([](W& w) { w.Bool(false); }), "\0"sv);
  EXPECT_EQ(Plain([](W& w) { w.Int8(-2); }), "\xfe"sv);
  EXPECT_EQ(Plain([](W& w) { w.Int16(0x0102); }), "\x01\x02"sv);
  EXPECT_EQ(Plain([](W& w) { w.Int32(-2); }), "\xff\xff\xff\xfe"sv);
  EXPECT_EQ(Plain([](W& w) { w.Int64(0x0102030405060708); }),
            "\x01\x02\x03\x04\x05\x06\x07\x08"sv);
  EXPECT_EQ(Plain([](W& w) { w.Uint16(0xfffe); }), "\xff\xfe"sv);
  EXPECT_EQ(Plain([](W& w) { w.Uint32(0xfffffffe); }), "\xff\xff\xff\xfe"sv);
  EXPECT_EQ(Plain([](W& w) { w.Float64(1.5); }), "\x3f\xf8\0\0\0\0\0\0"sv);
}

TEST(WireWriter, WritesUuidsAndWholeMilliseconds) {
  const std::array<uint8_t, 16> uuid = {1, 2, 3};
  using W = WireWriter;

  EXPECT_EQ(Plain([&](W& w) { w.Uuid(uuid); }),
            "\x01\x02\x03\0\0\0\0\0\0\0\0\0\0\0\0\0"sv);
  EXPECT_EQ(Plain([](W& w) { w.Milliseconds(absl::Seconds(30)); }),
            "\0\0\x75\x30"sv);
  EXPECT_EQ(Plain([](W& w) { w.Milliseconds(absl::InfiniteDuration()); }),
            "\x7f\xff\xff\xff"sv);
  EXPECT_EQ(Plain([](W& w) { w.Milliseconds(absl::Milliseconds(-1)); }),
            "\xff\xff\xff\xff"sv);
}

TEST(WireWriter, WritesStringsAndBytesBehindTheirLength) {
  const auto string = [](WireWriter& w) { w.String("hi"); };
  const auto bytes = [](WireWriter& w) { w.Bytes("hi"); };

  EXPECT_EQ(Plain(string), "\0\x02hi"sv);
  EXPECT_EQ(Plain(bytes), "\0\0\0\x02hi"sv);
  EXPECT_EQ(Flexible(string), "\x03hi"sv);
  EXPECT_EQ(Flexible(bytes), "\x03hi"sv);
}

TEST(WireWriter, WritesNullsAsALengthBelowNone) {
  using W = WireWriter;
  const std::optional<std::string> text;
  const std::optional<std::string_view> view;
  const std::optional<std::vector<int32_t>> list;

  EXPECT_EQ(Plain([&](W& w) { w.NullableString(text); }), "\xff\xff"sv);
  EXPECT_EQ(Plain([&](W& w) { w.NullableBytes(view); }), "\xff\xff\xff\xff"sv);
  EXPECT_EQ(Plain([&](W& w) { w.NullableArray(list, kInt32); }),
            "\xff\xff\xff\xff"sv);
  EXPECT_EQ(Flexible([&](W& w) { w.NullableString(text); }), "\0"sv);
  EXPECT_EQ(Flexible([&](W& w) { w.NullableBytes(view); }), "\0"sv);
  EXPECT_EQ(Flexible([&](W& w) { w.NullableArray(list, kInt32); }), "\0"sv);
}

TEST(WireWriter, WritesArraysBehindTheirCount) {
  const std::vector<int32_t> numbers = {7, 8};
  const auto write = [&](WireWriter& w) { w.Array(numbers, kInt32); };

  EXPECT_EQ(Plain(write), "\0\0\0\x02\0\0\0\x07\0\0\0\x08"sv);
  EXPECT_EQ(Flexible(write), "\x03\0\0\0\x07\0\0\0\x08"sv);
}

TEST(WireWriter, LeavesOutTaggedFieldsThatSayNothingNew) {
  const auto write = [](WireWriter& w, int32_t number, std::string word) {
    w.Tags([&](auto& tags) {
      tags.Field(0, number, -1, kInt32);
      tags.Field(300, word, "", [](auto& c, auto& each) { c.String(each); });
    });
  };

  EXPECT_EQ(Flexible([&](WireWriter& w) { write(w, -1, ""); }), "\0"sv);
  EXPECT_EQ(Flexible([&](WireWriter& w) { write(w, 7, "hi"); }),
            "\x02\x00\x04\0\0\0\x07\xac\x02\x03\x03hi"sv);
  EXPECT_EQ(Plain([&](WireWriter& w) { write(w, 7, "hi"); }), ""sv);
  EXPECT_EQ(Flexible([](WireWriter& w) { w.Tags(); }), "\0"sv);
}

TEST(WireWriterDeathTest, StopsAtAStringThatKafkaRefuses) {
  const std::string largest(32767, 'x');
  const std::string larger(32768, 'x');

  EXPECT_EQ(Plain([&](WireWriter& w) { w.String(largest); }),
            "\x7f\xff" + largest);
  EXPECT_DEATH(Plain([&](WireWriter& w) { w.String(larger); }), "");
  EXPECT_DEATH(Flexible([&](WireWriter& w) { w.String(larger); }), "");
}

TEST(WireWriterDeathTest, StopsAtTagsOutOfOrder) {
  const int32_t number = 7;
  const auto write = [&](WireWriter& w) {
    w.Tags([&](auto& tags) {
      tags.Field(1, number, -1, kInt32);
      tags.Field(1, number, -1, kInt32);
    });
  };

  EXPECT_DEATH(Flexible(write), "");
}

}  // namespace
}  // namespace cauce
