#include "engine/log/kept_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A log of four bytes, and of others behind them.
class KeptTail : public ::testing::Test {
 protected:
  TailToKeep Keep() {
    return {.files = &disk_.files(),
            .directory = disk_.directory(),
            .log = disk_ / kLog,
            .place = disk_ / kNext,
            .position = 4,
            .events = [this](Severity, std::string_view line) {
              events_.emplace_back(line);
            }};
  }

  const std::string kLog = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string kNext = SegmentFileName(Offset{7}, kLogSuffix);
  const std::string kCopy = kNext + ".cut";
  test::TestDisk disk_;
  std::vector<std::string> events_;
};

TEST_F(KeptTail, IsCopiedAndStaysWhereItIs) {
  disk_.Write(kLog, "logstail");
  ASSERT_THAT(Keep()(), IsOk());
  EXPECT_EQ(disk_.Read(kCopy), "tail");
  EXPECT_EQ(disk_.Read(kLog), "logstail");
  EXPECT_THAT(events_, ElementsAre(HasSubstr(kCopy)));
}

TEST_F(KeptTail, IsNoneWhereItIsZerosAlone) {
  disk_.Write(kLog, "logs" + std::string(100, '\0'));
  ASSERT_THAT(Keep()(), IsOk());
  EXPECT_FALSE(disk_.files().Info(disk_ / kCopy).ok());
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(KeptTail, IsCutOffOnceThereIsRoomForACopy) {
  disk_.Write(kLog, "logstail");
  const SealedTail tail{
      std::make_shared<Segment>(disk_.Place(Offset{0}), OpenMode::kReadWrite, 4,
                                Offset{7}),
      Keep()};
  disk_.files().Fail(FileCall::kWrite, ".cut.tmp",
                     MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(tail(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(disk_.Read(kLog), "logstail");
  disk_.files().Mend();
  EXPECT_THAT(tail(), IsOk());
  EXPECT_EQ(disk_.Read(kLog), "logs");
  EXPECT_EQ(disk_.Read(kCopy), "tail");
}

TEST_F(KeptTail, HasGoneWhereItsSegmentHas) {
  const SealedTail tail{
      std::make_shared<Segment>(disk_.Place(Offset{0}), OpenMode::kReadWrite, 4,
                                Offset{7}),
      Keep()};
  EXPECT_THAT(tail(), IsOk());
  EXPECT_THAT(events_, IsEmpty());
}

}  // namespace
}  // namespace cauce
