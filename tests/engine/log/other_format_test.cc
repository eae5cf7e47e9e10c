#include "engine/log/other_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/batch_scanner.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

// A message of format 1, as brokers before 0.11 stored it.
std::string OldMessage() {
  std::string bytes(12 + 4 + 1 + 1 + 8 + 4 + 4 + 5, '\0');
  StoreBig<int32_t>(bytes.data() + 8, static_cast<int32_t>(bytes.size() - 12));
  bytes[16] = 1;
  bytes.replace(bytes.size() - 5, 5, "value");
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + 16,
                         static_cast<uInt>(bytes.size() - 16));
  StoreBig<uint32_t>(bytes.data() + 12, static_cast<uint32_t>(crc));
  return bytes;
}

bool IsOther(const std::string& bytes) {
  const auto files = NewMemoryFileSystem();
  auto opened = files->Open("/log", OpenMode::kCreate);
  CAUCE_CHECK(opened.ok());
  const std::shared_ptr<File> file = *std::move(opened);
  CAUCE_CHECK(file->Write(0, bytes).ok());
  BatchScanner scanner;
  scanner.Start(file, "/log", 0, static_cast<int64_t>(bytes.size()));
  const auto batch = scanner.Next();
  CAUCE_CHECK(!batch.ok());
  const auto other = IsOfOtherFormat(
      *file, 0, static_cast<int64_t>(bytes.size()), batch.status());
  EXPECT_TRUE(other.ok());
  return other.value_or(false);
}

TEST(OtherFormat, KnowsAnOldMessageByItsCrc) {
  std::string message = OldMessage();
  EXPECT_TRUE(IsOther(message));
  message.back() ^= 1;
  EXPECT_FALSE(IsOther(message));
}

TEST(OtherFormat, TakesADamagedFormatForDamage) {
  for (const char magic : {0, 1, 3, 6, -1}) {
    std::string bytes = test::Batch({"a"}).bytes() + test::Batch({"b"}).bytes();
    bytes[layout::kMagic] = magic;
    EXPECT_FALSE(IsOther(bytes)) << static_cast<int>(magic);
  }
}

TEST(OtherFormat, KnowsANewerFormatByMoreOfIt) {
  std::string one = test::Batch({"a"}).bytes();
  one[layout::kMagic] = 3;
  one[layout::kCrc] ^= 1;
  EXPECT_TRUE(IsOther(one + one + one + one));
  EXPECT_FALSE(IsOther(one + one));
}

TEST(OtherFormat, KnowsACodecThatANewerWriterUsed) {
  const auto batch = test::Batch({"a"}).With(
      [](std::string& bytes) { bytes[layout::kAttributes + 1] = 7; });
  EXPECT_TRUE(IsOther(batch.bytes()));
}

}  // namespace
}  // namespace cauce
