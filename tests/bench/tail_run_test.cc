#include "bench/tail_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <mutex>
#include <string>
#include <utility>

#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Gt;
using ::testing::Optional;

// What the two threads share.
class Channel {
 public:
  absl::Status Write(std::string_view message) {
    const std::lock_guard lock(mutex_);
    messages_.emplace_back(message);
    return absl::OkStatus();
  }
  absl::Status Read(VisitMessage visit) {
    std::deque<std::string> there;
    {
      const std::lock_guard lock(mutex_);
      there = std::exchange(messages_, {});
    }
    for (const std::string& each : there) visit(each);
    return absl::OkStatus();
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> messages_;
};

constexpr TailWork kWork{
    .messages = 100, .per_second = 1'000'000, .message_bytes = 40};

TEST(TailRun, TimesEachMessage) {
  Channel channel;
  size_t bytes = 0;
  const auto sample = RunTail(
      kWork,
      [&](std::string_view message) {
        bytes += message.size();
        return channel.Write(message);
      },
      [&](VisitMessage visit) { return channel.Read(visit); });
  ASSERT_THAT(sample, test::IsOk());
  EXPECT_EQ(bytes, 100u * 40u);
  EXPECT_GT(sample->seconds, 0);
  EXPECT_THAT(sample->p99_seconds, Optional(Gt(0)));
  EXPECT_THAT(sample->figures, ElementsAre(Field(&Figure::value, Gt(0))));
}

TEST(TailRun, TellsOfAMessageThatIsLostOrComesTwice) {
  for (const int copies : {0, 2}) {
    Channel channel;
    int written = 0;
    const auto sample = RunTail(
        kWork,
        [&](std::string_view message) {
          const int times = ++written == 50 ? copies : 1;
          for (int i = 0; i < times; ++i) channel.Write(message).IgnoreError();
          return absl::OkStatus();
        },
        [&](VisitMessage visit) { return channel.Read(visit); });
    EXPECT_THAT(sample, test::StatusIs(absl::StatusCode::kDataLoss)) << copies;
  }
}

TEST(TailRun, EndsWithTheErrorOfEither) {
  const auto unread = RunTail(
      kWork, [](std::string_view) { return absl::OkStatus(); },
      [](VisitMessage) { return absl::UnknownError("read"); });
  EXPECT_THAT(unread, test::StatusIs(absl::StatusCode::kUnknown));

  const auto unwritten = RunTail(
      kWork, [](std::string_view) { return absl::UnknownError("written"); },
      [](VisitMessage) { return absl::OkStatus(); });
  EXPECT_THAT(unwritten, test::StatusIs(absl::StatusCode::kUnknown));
}

}  // namespace
}  // namespace cauce::bench
