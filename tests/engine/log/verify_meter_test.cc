#include "engine/log/verify_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;

TEST(VerifyMeter, CountsTheLogsThatAreThere) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data/a-0"), IsOk());
  for (const std::string name : {"00000000000000000000.log", "notes.log",
                                 "00000000000000000000.index"}) {
    const auto file = files->Open("/data/a-0/" + name, OpenMode::kCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(0, "ten bytes."), IsOk());
  }
  std::vector<VerifyProgress> told;
  const VerifyMeter::Told take = [&](const VerifyProgress& progress) {
    told.push_back(progress);
  };
  VerifySummary summary;
  VerifyMeter meter(take, summary);

  meter.Measure(*files, std::vector<std::string>{"/data/a-0", "/data/gone-0"});
  summary.segments = 1;
  meter.Pass(10);
  meter.PassPartition();

  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].files_total, 1);
  EXPECT_EQ(told[1].file_bytes_total, 10);
  EXPECT_EQ(told[1].files, 1);
  EXPECT_EQ(told[1].file_bytes, 10);
}

// Whoever looks at all of it before he checks any counts no batch meanwhile.
TEST(VerifyMeter, TellsNowAndThenWhateverWasCounted) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data/a-0"), IsOk());
  const auto file = files->Open("/data/a-0/00000000000000000000.log",
                                OpenMode::kCreate);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(0, std::string(500, 'b')), IsOk());
  std::vector<VerifyProgress> told;
  const VerifyMeter::Told take = [&](const VerifyProgress& progress) {
    told.push_back(progress);
  };
  VerifySummary summary;
  summary.batches = 37;
  VerifyMeter meter(take, summary, 2);

  meter.Measure(*files, std::vector<std::string>{"/data/a-0"});
  for (int i = 0; i < 1000; ++i) meter.Pass(1);
  meter.PassPartition();

  EXPECT_GT(told.size(), 10u);
  EXPECT_EQ(told.back().file_bytes_total, 1000);
  EXPECT_EQ(told.back().file_bytes, 1000);
}

}  // namespace
}  // namespace cauce
