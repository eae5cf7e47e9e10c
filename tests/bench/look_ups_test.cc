#include "bench/look_ups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

TEST(LookUps, AreAllMadeInTheirOrderAndTimed) {
  std::vector<LookUp> look_ups;
  for (int64_t i = 0; i < 1000; ++i) look_ups.push_back({i * 7, i});
  int64_t next = 0;
  const auto sample = RunLookUps(look_ups, [&](const LookUp& look_up) {
    EXPECT_EQ(look_up.wanted, next * 7);
    EXPECT_EQ(look_up.found, next++);
    return absl::OkStatus();
  });
  ASSERT_THAT(sample, test::IsOk());
  EXPECT_EQ(next, 1000);
  ASSERT_EQ(sample->figures.size(), 1);
  EXPECT_EQ(sample->figures[0].name, kP50);
  EXPECT_LE(sample->figures[0].value / 1e6, *sample->p99_seconds);
  EXPECT_LE(*sample->p99_seconds, sample->seconds);
}

TEST(LookUps, EndWithTheFirstError) {
  int made = 0;
  const std::vector<LookUp> look_ups(10);
  EXPECT_THAT(RunLookUps(look_ups,
                         [&](const LookUp&) {
                           return ++made == 3 ? absl::DataLossError("gone")
                                              : absl::OkStatus();
                         }),
              test::StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(made, 3);
}

TEST(LookUps, AreWrittenAsPairsOfBigEndianNumbers) {
  const test::TempDir directory;
  const std::string path = directory / "look-ups";
  ASSERT_THAT(WriteLookUps(path, std::vector<LookUp>{{0x0102, 3}, {-1, 4}}),
              test::IsOk());
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(bytes, std::string("\0\0\0\0\0\0\1\2\0\0\0\0\0\0\0\3"
                               "\xff\xff\xff\xff\xff\xff\xff\xff"
                               "\0\0\0\0\0\0\0\4",
                               32));
  EXPECT_THAT(WriteLookUps(directory / "no/such", {}),
              test::StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace cauce::bench
