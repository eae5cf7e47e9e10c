#include "engine/base/wire_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/wire.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

constexpr auto kInt32 = [](auto& c, auto& number) { c.Int32(number); };

// One value of `bytes`, all of which it must take.
template <class T>
T Read(std::string_view bytes, WireForm form, void (*read)(WireReader&, T&)) {
  const std::string exact(bytes);  // so that a sanitizer sees the end
  WireReader reader(exact, form);
  T value{};
  read(reader, value);
  reader.ExpectEnd();
  EXPECT_THAT(reader.Finish(Reason::kCorruptBatch), IsOk());
  return value;
}

template <class T>
T ReadPlain(std::string_view bytes, void (*read)(WireReader&, T&)) {
  return Read<T>(bytes, WireForm::kPlain, read);
}

template <class T>
T ReadFlexible(std::string_view bytes, void (*read)(WireReader&, T&)) {
  return Read<T>(bytes, WireForm::kFlexible, read);
}

// Why `bytes` are refused.
template <class Read>
std::string Refusal(std::string_view bytes, WireForm form, const Read& read) {
  const std::string exact(bytes);
  WireReader reader(exact, form);
  read(reader);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
  const absl::Status refusal = reader.Finish(Reason::kCorruptBatch);
  EXPECT_THAT(refusal, HasReason(Reason::kCorruptBatch));
  return std::string(MessageOf(refusal));
}

TEST(WireReader, ReadsNumbersInNetworkOrder) {
  using R = WireReader;
  EXPECT_EQ(ReadPlain<int8_t>("\xfe", [](R& r, auto& v) { r.Int8(v); }), -2);
  EXPECT_EQ(ReadPlain<int16_t>("\x01\x02", [](R& r, auto& v) { r.Int16(v); }),
            0x0102);
  EXPECT_EQ(ReadPlain<int32_t>("\xff\xff\xff\xfe",
                               [](R& r, auto& v) { r.Int32(v); }),
            -2);
  EXPECT_EQ(ReadPlain<int64_t>("\x01\x02\x03\x04\x05\x06\x07\x08",
                               [](R& r, auto& v) { r.Int64(v); }),
            0x0102030405060708);
  EXPECT_EQ(ReadPlain<uint16_t>("\xff\xfe",
                                [](R& r, auto& v) { r.Uint16(v); }),
            0xfffe);
  EXPECT_EQ(ReadPlain<uint32_t>("\xff\xff\xff\xfe",
                                [](R& r, auto& v) { r.Uint32(v); }),
            0xfffffffe);
  EXPECT_EQ(ReadPlain<double>("\x3f\xf8\0\0\0\0\0\0"sv,
                              [](R& r, auto& v) { r.Float64(v); }),
            1.5);
}

TEST(WireReader, TakesAnyNumberButZeroForTrue) {
  const auto read = [](WireReader& reader, bool& value) { reader.Bool(value); };

  EXPECT_FALSE(ReadPlain<bool>("\0"sv, read));
  EXPECT_TRUE(ReadPlain<bool>("\x01", read));
  EXPECT_TRUE(ReadPlain<bool>("\xff", read));
}

TEST(WireReader, ReadsUuidsAndMilliseconds) {
  const auto uuid = ReadPlain<std::array<uint8_t, 16>>(
      "0123456789abcdef", [](WireReader& r, auto& v) { r.Uuid(v); });
  const auto time = ReadPlain<absl::Duration>(
      "\0\0\x75\x30"sv, [](WireReader& r, auto& v) { r.Milliseconds(v); });

  EXPECT_EQ(uuid[0], '0');
  EXPECT_EQ(uuid[15], 'f');
  EXPECT_EQ(time, absl::Seconds(30));
}

TEST(WireReader, ReadsStringsAsCopiesAndAsViews) {
  const std::string bytes("\0\x02hi\0\0"sv);
  WireReader reader(bytes, WireForm::kPlain);
  std::string_view view;
  std::string copy = "before";

  reader.String(view);
  reader.String(copy);

  EXPECT_THAT(reader.Finish(Reason::kCorruptBatch), IsOk());
  EXPECT_EQ(view, "hi");
  EXPECT_EQ(view.data(), bytes.data() + 2);
  EXPECT_EQ(copy, "");
}

TEST(WireReader, ReadsCompactStrings) {
  const auto string = [](WireReader& r, std::string& v) { r.String(v); };

  EXPECT_EQ(ReadFlexible<std::string>("\x01", string), "");
  EXPECT_EQ(ReadFlexible<std::string>("\x03hi", string), "hi");
  EXPECT_EQ(ReadFlexible<std::string>("\x81\x01" + std::string(128, 'x'),
                                      string),
            std::string(128, 'x'));
}

TEST(WireReader, ReadsNullsWhereTheyCanBe) {
  using Text = std::optional<std::string>;
  using List = std::optional<std::vector<int32_t>>;
  const auto string = [](WireReader& r, Text& v) {
    v = "before";
    r.NullableString(v);
  };
  const auto bytes = [](WireReader& r, Text& v) {
    v = "before";
    r.NullableBytes(v);
  };
  const auto array = [](WireReader& r, List& v) {
    v.emplace();
    r.NullableArray(v, kInt32);
  };

  EXPECT_EQ(ReadPlain<Text>("\xff\xff", string), std::nullopt);
  EXPECT_EQ(ReadPlain<Text>("\xff\xff\xff\xff", bytes), std::nullopt);
  EXPECT_EQ(ReadPlain<List>("\xff\xff\xff\xff", array), std::nullopt);
  EXPECT_EQ(ReadFlexible<Text>("\0"sv, string), std::nullopt);
  EXPECT_EQ(ReadFlexible<Text>("\0"sv, bytes), std::nullopt);
  EXPECT_EQ(ReadFlexible<List>("\0"sv, array), std::nullopt);
  EXPECT_THAT(ReadPlain<Text>("\0\x01x"sv, string), Optional("x"sv));
  EXPECT_THAT(ReadFlexible<Text>("\x02x", bytes), Optional("x"sv));
  EXPECT_THAT(ReadFlexible<List>("\x01", array), Optional(IsEmpty()));
}

TEST(WireReader, ReadsBytesOfAnyLength) {
  const auto read = [](WireReader& r, std::string& v) { r.Bytes(v); };
  const std::string large(70000, 'x');  // more than an int16 says

  EXPECT_EQ(ReadPlain<std::string>(std::string("\0\x01\x11\x70"sv) + large,
                                   read),
            large);
  EXPECT_EQ(ReadFlexible<std::string>("\xf1\xa2\x04" + large, read), large);
}

TEST(WireReader, ReadsArrays) {
  using List = std::vector<int32_t>;
  const auto read = [](WireReader& r, List& v) {
    v = {9};
    r.Array(v, kInt32);
  };

  EXPECT_THAT(ReadPlain<List>("\0\0\0\x02\0\0\0\x07\0\0\0\x08"sv, read),
              ElementsAre(7, 8));
  EXPECT_THAT(ReadFlexible<List>("\x02\0\0\0\x07"sv, read), ElementsAre(7));
  EXPECT_THAT(ReadFlexible<List>("\x01", read), IsEmpty());
}

TEST(WireReader, ReadsThousandsOfElementsAsTheyCome) {
  using List = std::vector<std::string>;
  const auto read = [](WireReader& r, List& v) { r.Array(v, EachString{}); };

  EXPECT_THAT(ReadFlexible<List>("\xb9\x17" + std::string(3000, '\x01'), read),
              SizeIs(3000));
}

struct Tagged {
  int32_t number = -1;
  std::string word;
};

void ReadTagged(WireReader& reader, Tagged& value) {
  reader.Tags([&](auto& tags) {
    tags.Field(0, value.number, -1, kInt32);
    tags.Field(5, value.word, "", [](auto& c, auto& word) { c.String(word); });
  });
}

TEST(WireReader, ReadsTaggedFieldsInAnyOrder) {
  const auto none = ReadFlexible<Tagged>("\0"sv, ReadTagged);
  const auto both = ReadFlexible<Tagged>(
      "\x02\x05\x03\x03hi\x00\x04\0\0\0\x07"sv, ReadTagged);

  EXPECT_EQ(none.number, -1);
  EXPECT_EQ(none.word, "");
  EXPECT_EQ(both.number, 7);
  EXPECT_EQ(both.word, "hi");
}

TEST(WireReader, PassesOverTagsThatItDoesNotKnow) {
  const auto value = ReadFlexible<Tagged>(
      "\x03\x04\x03xyz\x05\x03\x03hi\xff\xff\xff\xff\x0f\x00"sv, ReadTagged);

  EXPECT_EQ(value.number, -1);
  EXPECT_EQ(value.word, "hi");
}

TEST(WireReader, TakesNoBytesForTagsInThePlainForm) {
  EXPECT_EQ(ReadPlain<Tagged>("", ReadTagged).number, -1);
}

TEST(WireReader, RefusesATaggedFieldThatIsNotAsLongAsItSays) {
  const auto read = [](WireReader& reader) {
    Tagged value;
    ReadTagged(reader, value);
  };

  Refusal("\x01\x00\x03\0\0\0\x07"sv, WireForm::kFlexible, read);
  Refusal("\x01\x00\x05\0\0\0\x07\0"sv, WireForm::kFlexible, read);
  Refusal("\x01\x00\x05\0\0\0\x07"sv, WireForm::kFlexible, read);
  Refusal("\x01\x04\x7fxyz"sv, WireForm::kFlexible, read);
  Refusal("\x05\x04\x00\x04\x00"sv, WireForm::kFlexible, read);
}

TEST(WireReader, RefusesStringsThatCannotBeThere) {
  const auto read = [](WireReader& reader) {
    std::string value;
    reader.String(value);
    EXPECT_EQ(value, "");
  };
  const std::string long_text(32768, 'x');

  EXPECT_THAT(Refusal("\0\x03hi"sv, WireForm::kPlain, read),
              HasSubstr("position 0: a string of 3 bytes, where up to 2"));
  Refusal("\xff\xff", WireForm::kPlain, read);
  Refusal("\xff\xfe", WireForm::kPlain, read);
  Refusal("\0", WireForm::kPlain, read);
  Refusal("", WireForm::kPlain, read);
  Refusal("\0"sv, WireForm::kFlexible, read);
  Refusal("\x04hi", WireForm::kFlexible, read);
  Refusal("\xff\xff\xff\xff\x0f", WireForm::kFlexible, read);
  Refusal("\xff\xff\xff\xff\x1f", WireForm::kFlexible, read);
  Refusal("\x80", WireForm::kFlexible, read);
  Refusal("\x81\x80\x02" + long_text, WireForm::kFlexible, read);
}

TEST(WireReader, RefusesNullsOfAnOddLength) {
  const auto read = [](WireReader& reader) {
    std::optional<std::string> value = "before";
    reader.NullableString(value);
    EXPECT_THAT(value, Optional("before"sv));
  };

  Refusal("\xff\xfe", WireForm::kPlain, read);
}

TEST(WireReader, RefusesAnArrayForWhichThereIsNoRoom) {
  const auto read = [](WireReader& reader) {
    std::vector<int32_t> values;
    reader.Array(values, kInt32);
    EXPECT_EQ(values.capacity(), 0u);
  };

  EXPECT_THAT(
      Refusal("\0\0\0\x02\0\0\0\x07\0\0\0"sv, WireForm::kPlain, read),
      HasSubstr("2 elements of at least 4 bytes, and 7 bytes are left"));
  Refusal("\x7f\xff\xff\xff", WireForm::kPlain, read);
  Refusal("\xff\xff\xff\xff", WireForm::kPlain, read);
  Refusal("\xff\xff\xff\xff\x0f", WireForm::kFlexible, read);
}

TEST(WireReader, KeepsItsFirstFailureAndReadsNoFurther) {
  const std::string bytes("\x01\0\x09hi\0\0"sv);
  WireReader reader(bytes, WireForm::kPlain);
  int8_t number = 0;
  std::string text = "before";
  int16_t after = 7;

  reader.Int8(number);
  reader.String(text);
  reader.Int16(after);
  reader.ExpectEnd();

  EXPECT_EQ(number, 1);
  EXPECT_EQ(text, "before");
  EXPECT_EQ(after, 7);
  EXPECT_THAT(std::string(MessageOf(reader.Finish(Reason::kCorruptBatch))),
              HasSubstr("at position 1: a string of 9 bytes"));
}

TEST(WireReader, LeavesWhatFollowsToWhoAsks) {
  WireReader reader("\x01\x02\x03"sv, WireForm::kPlain);
  int8_t number = 0;

  reader.Int8(number);
  const absl::Status before = reader.Finish(Reason::kCorruptBatch);
  const size_t left = reader.left();
  reader.ExpectEnd();

  EXPECT_THAT(before, IsOk());
  EXPECT_EQ(left, 2u);
  EXPECT_THAT(std::string(MessageOf(reader.Finish(Reason::kCorruptBatch))),
              HasSubstr("at position 1: ends here, but 2 more bytes follow"));
}

}  // namespace
}  // namespace cauce
