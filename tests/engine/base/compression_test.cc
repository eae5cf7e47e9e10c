#include "engine/base/compression.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

constexpr size_t kMiB = 1024 * 1024;

std::string Noise(size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Shrinks to about a quarter, like records do.
std::string Text(size_t size, std::mt19937& random) {
  static constexpr std::string_view kWords[] = {
      "{\"order\":", "\"customer\":", "true,", "null}", "\"amount\":12.50,"};
  std::string text;
  while (text.size() < size) {
    text += kWords[random() % std::size(kWords)];
    text += std::to_string(random() % 1000);
  }
  text.resize(size);
  return text;
}

std::string Compressed(Codec codec, std::string_view input,
                       std::optional<int> level = std::nullopt) {
  std::string output;
  const absl::Status status = Compress(codec, level, input, &output);
  EXPECT_THAT(status, IsOk());
  return output;
}

class Compression : public ::testing::TestWithParam<Codec> {};

INSTANTIATE_TEST_SUITE_P(AllCodecs, Compression,
                         ::testing::Values(Codec::kNone, Codec::kGzip,
                                           Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& info) {
                           std::string name(CodecName(info.param));
                           name[0] = static_cast<char>(name[0] - 'a' + 'A');
                           return name;
                         });

TEST_P(Compression, OfAnySizeComesBack) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{2}, size_t{100}, 32 * 1024 - size_t{1},
        size_t{32 * 1024}, 32 * 1024 + size_t{1}, size_t{64 * 1024},
        64 * 1024 + size_t{1}, 200'000 + random() % 1000, kMiB}) {
    for (const std::string& input :
         {Text(size, random), Noise(size, random), std::string(size, '\0')}) {
      const std::string stream = Compressed(GetParam(), input);
      std::string output = "before:";
      ASSERT_THAT(Decompress(GetParam(), stream, input.size(), &output), IsOk())
          << size << " bytes";
      ASSERT_TRUE(output == "before:" + input) << size << " bytes";
    }
  }
}

TEST_P(Compression, AppendsToTheOutput) {
  std::string output = "before:";
  ASSERT_THAT(Compress(GetParam(), std::nullopt, "abc", &output), IsOk());
  EXPECT_EQ(output, "before:" + Compressed(GetParam(), "abc"));
}

TEST_P(Compression, MakesRecordsSmaller) {
  if (GetParam() == Codec::kNone) GTEST_SKIP() << "none keeps what it gets";
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string input = Text(100'000, random);
  EXPECT_LT(Compressed(GetParam(), input).size(), input.size() / 2);
}

TEST_P(Compression, HoldsTheBoundToTheByte) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (const size_t size : {1, 17, 5000, 33'000, 70'000, 300'000}) {
    for (const std::string& input : {Text(size, random), Noise(size, random)}) {
      const std::string stream = Compressed(GetParam(), input);
      std::string output;
      for (const size_t bound : {size, size + 1, 100 * size}) {
        output.clear();
        ASSERT_THAT(Decompress(GetParam(), stream, bound, &output), IsOk());
        ASSERT_TRUE(output == input);
      }
      for (const size_t bound : {size - 1, size / 2, size_t{0}}) {
        output = "before";
        ASSERT_THAT(Decompress(GetParam(), stream, bound, &output),
                    HasReason(Reason::kBatchTooLarge))
            << size << " bytes into " << bound;
        ASSERT_EQ(output, "before");
      }
    }
  }
}

TEST_P(Compression, RefusesABombWithinTheBound) {
  constexpr size_t kBound = kMiB;
  std::string bomb = Compressed(GetParam(), std::string(10 * kMiB, '\0'));
  // Streams in a row are one stream: 1 GiB, and not made slowly.
  std::string chain;
  if (GetParam() != Codec::kNone) {
    for (int i = 0; i < 103; ++i) chain += bomb;
  }
  for (const std::string& stream : {bomb, chain}) {
    if (stream.empty()) continue;
    std::string output;
    EXPECT_THAT(Decompress(GetParam(), stream, kBound, &output),
                HasReason(Reason::kBatchTooLarge));
    EXPECT_LE(output.capacity(), 2 * kBound + 2);
  }
}

TEST_P(Compression, RefusesAStreamThatIsCutOffAnywhere) {
  if (GetParam() == Codec::kNone) GTEST_SKIP() << "any bytes are a stream";
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string input = Text(600, random) + Noise(40, random);
  const std::string stream = Compressed(GetParam(), input);
  for (size_t cut = 0; cut < stream.size(); ++cut) {
    std::string output = "before";
    const absl::Status status = Decompress(
        GetParam(), std::string_view(stream).substr(0, cut), kMiB, &output);
    // The snappy framing has no end mark: between two blocks, as behind the
    // header, a cut cannot be seen.
    if (GetParam() == Codec::kSnappy && cut == 16) {
      EXPECT_THAT(status, IsOk());
      continue;
    }
    ASSERT_THAT(status, HasReason(Reason::kCorruptBatch)) << "cut at " << cut;
    ASSERT_EQ(output, "before");
  }
}

TEST_P(Compression, RefusesWhatFollowsTheEnd) {
  if (GetParam() == Codec::kNone) GTEST_SKIP() << "none has no end";
  const std::string stream = Compressed(GetParam(), "some records");
  for (const std::string& garbage :
       {std::string("x"), std::string("\xff\xff"), std::string(100, 'x')}) {
    std::string output = "before";
    EXPECT_THAT(Decompress(GetParam(), stream + garbage, kMiB, &output),
                HasReason(Reason::kCorruptBatch))
        << garbage.size() << " bytes of it";
    EXPECT_EQ(output, "before");
  }
}

TEST_P(Compression, SurvivesAnyDamage) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  constexpr size_t kBound = 50'000;
  const std::string input = Text(20'000, random) + Noise(1000, random);
  const std::string whole = Compressed(GetParam(), input);
  for (int round = 0; round < 3000; ++round) {
    std::string stream = whole;
    for (size_t flips = 1 + random() % 4; flips > 0; --flips) {
      // Half of them in the headers, where the lengths are.
      const size_t reach = random() % 2 == 0 ? 32 : stream.size();
      const size_t at = random() % std::min(reach, stream.size());
      stream[at] ^= static_cast<char>(1 << (random() % 8));
    }
    if (random() % 4 == 0) stream.resize(random() % stream.size());
    std::string output = "before";
    if (Decompress(GetParam(), stream, kBound, &output).ok()) {
      ASSERT_LE(output.size(), 6 + kBound);
    } else {
      ASSERT_EQ(output, "before");
    }
    ASSERT_LE(output.capacity(), 2 * kBound + 64);
  }
}

TEST_P(Compression, SurvivesNoise) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 3000; ++round) {
    // A true beginning leads further in than noise alone.
    std::string stream = Compressed(GetParam(), "abc");
    stream.resize(random() % stream.size());
    stream += Noise(random() % 100, random);
    std::string output;
    if (!Decompress(GetParam(), stream, 1000, &output).ok()) {
      ASSERT_EQ(output, "");
    }
    ASSERT_LE(output.size(), 1000u);
  }
}

TEST_P(Compression, WorksInManyThreadsAtOnce) {
  const test::Seed seed;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([codec = GetParam(), t, &seed] {
      std::mt19937 random(seed.value() + t);
      for (int round = 0; round < 20; ++round) {
        const std::string input = Text(random() % 50'000, random);
        std::string output;
        EXPECT_THAT(
            Decompress(codec, Compressed(codec, input), input.size(), &output),
            IsOk());
        EXPECT_TRUE(output == input);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct LevelCase {
  Codec codec;
  std::vector<int> good;
  std::vector<int> bad;
};

TEST(CompressionLevels, AreKafkas) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string input = Text(100'000, random);
  for (const LevelCase& levels :
       {LevelCase{Codec::kGzip, {-1, 1, 9}, {-2, 0, 10}},
        LevelCase{Codec::kLz4, {1, 2, 3, 9, 17}, {-1, 0, 18}},
        LevelCase{Codec::kZstd, {-131072, -1, 0, 3, 19, 22}, {-131073, 23}}}) {
    for (const int level : levels.good) {
      std::string output;
      ASSERT_THAT(
          Decompress(levels.codec, Compressed(levels.codec, input, level),
                     input.size(), &output),
          IsOk())
          << CodecName(levels.codec) << " level " << level;
      ASSERT_TRUE(output == input);
    }
    for (const int level : levels.bad) {
      std::string output = "before";
      EXPECT_THAT(Compress(levels.codec, level, input, &output),
                  HasReason(Reason::kInvalidOption))
          << CodecName(levels.codec) << " level " << level;
      EXPECT_EQ(output, "before");
    }
  }
}

TEST(CompressionLevels, TradeTimeForSize) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::string input = Text(300'000, random);
  const auto size = [&input](Codec codec, int level) {
    return Compressed(codec, input, level).size();
  };
  EXPECT_LT(size(Codec::kGzip, 9), size(Codec::kGzip, 1));
  EXPECT_LT(size(Codec::kLz4, 12), size(Codec::kLz4, 9));  // 9 is the fast one
  EXPECT_LT(size(Codec::kZstd, 19), size(Codec::kZstd, 1));
}

TEST(CompressionLevels, OfCodecsWithoutLevelsAreOfNoAccount) {
  EXPECT_EQ(Compressed(Codec::kNone, "abc", 99), "abc");
  EXPECT_EQ(Compressed(Codec::kSnappy, "abc", 99),
            Compressed(Codec::kSnappy, "abc"));
}

TEST(UnknownCodec, IsRefused) {
  for (int number = 5; number <= 7; ++number) {
    const auto codec = static_cast<Codec>(number);
    std::string output = "before";
    EXPECT_THAT(Compress(codec, std::nullopt, "abc", &output),
                HasReason(Reason::kUnsupportedCodec));
    EXPECT_THAT(Decompress(codec, "abc", 100, &output),
                HasReason(Reason::kUnsupportedCodec));
    EXPECT_EQ(output, "before");
  }
}

}  // namespace
}  // namespace cauce
