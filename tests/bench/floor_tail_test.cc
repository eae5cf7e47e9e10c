#include "bench/floor_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/tail_run.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FloorTailTest : public ::testing::TestWithParam<TailNews> {};

INSTANTIATE_TEST_SUITE_P(Kinds, FloorTailTest,
                         ::testing::Values(TailNews::kCounter, TailNews::kFutex,
                                           TailNews::kInotify),
                         [](const auto& kind) -> std::string {
                           switch (kind.param) {
                             case TailNews::kCounter:
                               return "Counter";
                             case TailNews::kFutex:
                               return "Futex";
                             case TailNews::kInotify:
                               break;
                           }
                           return "Inotify";
                         });

TEST_P(FloorTailTest, ReadsEachMessageOnceAndLeavesNoFile) {
  const test::TempDir directory;
  {
    const auto tail = FloorTail::Create(directory / "floor", 3, GetParam());
    ASSERT_THAT(tail, test::IsOk());
    const auto read = [&] {
      std::vector<std::string> messages;
      EXPECT_THAT((*tail)->Read([&](std::string_view each) {
        messages.emplace_back(each);
      }),
                  test::IsOk());
      return messages;
    };
    EXPECT_THAT(read(), IsEmpty());
    ASSERT_THAT((*tail)->Write("one"), test::IsOk());
    ASSERT_THAT((*tail)->Write("two"), test::IsOk());
    EXPECT_THAT(read(), ElementsAre("one", "two"));
    ASSERT_THAT((*tail)->Write("six"), test::IsOk());
    EXPECT_THAT(read(), ElementsAre("six"));
    EXPECT_THAT(read(), IsEmpty());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_P(FloorTailTest, KeepsUpWithAWriterInAnotherThread) {
  const test::TempDir directory;
  const auto tail = FloorTail::Create(directory / "floor", 40, GetParam());
  ASSERT_THAT(tail, test::IsOk());
  EXPECT_THAT(
      RunTail(
          {.messages = 1000, .per_second = 1'000'000, .message_bytes = 40},
          [&](std::string_view each) { return (*tail)->Write(each); },
          [&](VisitMessage visit) { return (*tail)->Read(visit); }),
      test::IsOk());
}

}  // namespace
}  // namespace cauce::bench
