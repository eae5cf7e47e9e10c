#include "engine/base/wire.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/wire_least.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/wire_message.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::kWireVersions;
using test::WireInner;
using test::WireMessage;
using test::WireMood;
using test::WireVersion;

class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  WireMessage Make(const WireVersion& version) {
    WireMessage made = {.flag = Coin(),
                       .int8 = Number<int8_t>(),
                       .mood = Coin() ? WireMood::kWild : WireMood::kCalm,
                       .int16 = Number<int16_t>(),
                       .int32 = Number<int32_t>(),
                       .int64 = Number<int64_t>(),
                       .uint16 = Number<uint16_t>(),
                       .uint32 = Number<uint32_t>(),
                       .float64 = static_cast<double>(Number<int32_t>()) / 7,
                       .uuid = {},
                       .timeout = absl::Milliseconds(Number<int32_t>()),
                       .string = Text()};
    for (uint8_t& byte : made.uuid) byte = Number<uint8_t>();
    if (Coin()) made.nullable_string = Text();
    made.bytes = Text();
    if (Coin()) made.nullable_bytes = Text();
    for (size_t i = Size(); i > 0; --i) made.words.push_back(Text());
    if (Coin()) made.inners = Inners(version);
    if (version.form == WireForm::kFlexible && Coin()) {
      made.tagged_word = Text();
      made.tagged_inners = Inners(version);
    }
    return made;
  }

 private:
  bool Coin() { return random_() % 2 == 0; }
  size_t Size() { return random_() % (Coin() ? 3 : 300); }

  template <class T>
  T Number() {
    return static_cast<T>(random_() >> (Coin() ? 0 : random_() % 64));
  }

  std::string Text() { return std::string(Size(), Number<char>()); }

  std::vector<WireInner> Inners(const WireVersion& version) {
    std::vector<WireInner> inners(Size());
    for (WireInner& each : inners) {
      each.word = std::string(random_() % 4, 'w');
      each.numbers.resize(random_() % 4, Number<int16_t>());
      if (version.number >= 2 && Coin()) each.tagged = Number<int64_t>();
    }
    return inners;
  }

  std::mt19937_64 random_;
};

TEST(Wire, ReadsWhateverItWrote) {
  const test::Seed seed;
  Maker maker(seed.value());
  for (int i = 0; i < 300; ++i) {
    for (const WireVersion& version : kWireVersions) {
      const WireMessage written = maker.Make(version);
      const std::string bytes = Encode(written, version);

      WireMessage read;
      ASSERT_THAT(Decode(bytes, version, &read), IsOk());

      ASSERT_TRUE(read == written) << "version " << version.number;
      ASSERT_EQ(Encode(read, version), bytes);
    }
  }
}

TEST(Wire, RefusesEveryFrontOfAMessage) {
  const test::Seed seed;
  Maker maker(seed.value());
  for (const WireVersion& version : kWireVersions) {
    const std::string bytes = Encode(maker.Make(version), version);
    // A front that is whole would be a message with another end.
    const size_t step = bytes.size() / 500 + 1;
    for (size_t size = 0; size < bytes.size(); size += step) {
      WireMessage read;
      ASSERT_THAT(Decode(bytes.substr(0, size), version, &read),
                  HasReason(Reason::kCorruptBatch))
          << "version " << version.number << ", " << size << " bytes";
    }
    WireMessage read;
    ASSERT_THAT(Decode(bytes + "x", version, &read),
                HasReason(Reason::kCorruptBatch));
  }
}

TEST(Wire, TakesAtLeastWhatABlankMessageTakes) {
  for (const WireVersion& version : kWireVersions) {
    const size_t least = WireLeast::Of<WireMessage>(
        version.form, EachPart{version.number});
    EXPECT_EQ(least, Encode(WireMessage{}, version).size());
  }
}

}  // namespace
}  // namespace cauce
