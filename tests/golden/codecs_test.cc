// Our codecs against the streams that Kafka's own client wrote. The batches
// around them are others' concern: here a header is 61 bytes to be skipped.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cauce/codec.h"
#include "engine/base/bytes.h"
#include "engine/base/compression.h"
#include "engine/base/crc32c.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr size_t kHeaderBytes = 61;

std::string ReadGolden(const std::string& file) {
  std::ifstream in("tests/golden/" + file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

// The records of a file of one batch, as they are stored.
std::string Stream(const std::string& name) {
  return ReadGolden("batches/" + name + ".bin").substr(kHeaderBytes);
}

class GoldenCodec : public ::testing::TestWithParam<Codec> {
 protected:
  std::string Name(std::string_view kind) const {
    return std::string(kind) + "_" + std::string(CodecName(GetParam()));
  }
};

INSTANTIATE_TEST_SUITE_P(AllCodecs, GoldenCodec,
                         ::testing::Values(Codec::kGzip, Codec::kSnappy,
                                           Codec::kLz4, Codec::kZstd),
                         [](const auto& info) {
                           std::string name(CodecName(info.param));
                           name[0] = static_cast<char>(name[0] - 'a' + 'A');
                           return name;
                         });

TEST_P(GoldenCodec, IsReadAsKafkaWroteIt) {
  for (const std::string_view kind :
       {"codec", "large", "append_time", "transactional", "compacted",
        "delete_horizon", "delete_horizon_again"}) {
    const std::string plain = Stream(std::string(kind) + "_none");
    std::string output;
    ASSERT_THAT(
        Decompress(GetParam(), Stream(Name(kind)), plain.size(), &output),
        IsOk())
        << kind;
    EXPECT_TRUE(output == plain) << kind;
  }
}

TEST(GoldenLevels, AreReadAsKafkaWroteThem) {
  const std::string plain = Stream("codec_none");
  for (const auto& [name, codec] :
       {std::pair{"level_gzip_9", Codec::kGzip},
        std::pair{"level_lz4_1", Codec::kLz4},
        std::pair{"level_lz4_17", Codec::kLz4},
        std::pair{"level_zstd_22", Codec::kZstd},
        std::pair{"level_zstd_minus_5", Codec::kZstd}}) {
    std::string output;
    ASSERT_THAT(Decompress(codec, Stream(name), plain.size(), &output), IsOk())
        << name;
    EXPECT_TRUE(output == plain) << name;
  }
}

// Where the library beneath is the same, so is every byte.
TEST(GoldenLz4, IsWrittenAsKafkaWritesIt) {
  for (const std::string_view kind : {"codec", "large"}) {
    std::string output;
    ASSERT_THAT(Compress(Codec::kLz4, std::nullopt,
                         Stream(std::string(kind) + "_none"), &output),
                IsOk());
    EXPECT_TRUE(output == Stream(std::string(kind) + "_lz4")) << kind;
  }
  for (const int level : {1, 17}) {
    std::string output;
    ASSERT_THAT(Compress(Codec::kLz4, level, Stream("codec_none"), &output),
                IsOk());
    EXPECT_TRUE(output == Stream("level_lz4_" + std::to_string(level)))
        << level;
  }
}

TEST(GoldenSnappy, IsWrittenAsKafkaWritesIt) {
  for (const std::string_view kind : {"codec", "large"}) {
    std::string output;
    ASSERT_THAT(Compress(Codec::kSnappy, std::nullopt,
                         Stream(std::string(kind) + "_none"), &output),
                IsOk());
    EXPECT_TRUE(output == Stream(std::string(kind) + "_snappy")) << kind;
  }
}

TEST(GoldenCrc32c, IsKafkas) {
  const auto manifest = nlohmann::json::parse(ReadGolden("batches.json"));
  int checked = 0;
  for (const auto& file : manifest.at("files")) {
    const std::string bytes = ReadGolden(file.at("file"));
    ASSERT_EQ(bytes.size(), file.at("bytes"));
    for (const auto& batch : file.at("batches")) {
      if (batch.at("magic") != 2) continue;
      const std::string_view view = std::string_view(bytes).substr(
          batch.at("position"), batch.at("size"));
      constexpr size_t kCrcAt = 17;
      EXPECT_EQ(Crc32c(view.substr(kCrcAt + 4)), batch.at("crc"));
      EXPECT_EQ(LoadBig<uint32_t>(view.data() + kCrcAt), batch.at("crc"));
      ++checked;
    }
  }
  EXPECT_GT(checked, 90);
}

}  // namespace
}  // namespace cauce
