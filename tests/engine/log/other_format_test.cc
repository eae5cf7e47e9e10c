#include "engine/log/other_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/batch_scanner.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/old_message.h"

namespace cauce {
namespace {

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
  for (const char magic : {'\0', '\1'}) {
    std::string message = test::OldMessage(Offset{0}, magic);
    EXPECT_TRUE(IsOther(message));
    message.back() ^= 1;
    EXPECT_FALSE(IsOther(message));
  }
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
