#include "bench/tail_across.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "bench/floor_tail.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr TailWork kWork{
    .messages = 100, .per_second = 1'000'000, .message_bytes = 40};

class TailAcrossTest : public ::testing::Test {
 protected:
  TailAcrossTest()
      : floor_(FloorTail::Create(directory_ / "floor", kWork.message_bytes,
                                 TailNews::kFutex)
                   .value()) {
    sides_.make_writer = [this]() -> absl::StatusOr<TailAcross::Writer> {
      return [this](std::string_view each) { return floor_->Write(each); };
    };
    sides_.make_reader = [this]() -> absl::StatusOr<TailAcross::Reader> {
      return [this](VisitMessage visit) { return floor_->Read(visit); };
    };
  }

  const test::TempDir directory_;
  const std::unique_ptr<FloorTail> floor_;
  TailAcross sides_;
};

TEST_F(TailAcrossTest, TimesEachMessage) {
  const auto sample = RunTailAcross(kWork, sides_);
  ASSERT_THAT(sample, test::IsOk());
  EXPECT_GT(sample->seconds, 0);
  // Of one clock: it is not the moment itself.
  EXPECT_LT(sample->seconds, 3600);
  EXPECT_THAT(sample->p99_seconds, Optional(Gt(0)));
  EXPECT_THAT(sample->figures, ElementsAre(Field(&Figure::value, Gt(0))));
}

TEST_F(TailAcrossTest, SaysWhatKeptEitherFromBeginning) {
  TailAcross sides = sides_;
  sides.make_reader = []() -> absl::StatusOr<TailAcross::Reader> {
    return absl::UnknownError("nothing to read");
  };
  const auto unread = RunTailAcross(kWork, sides);
  EXPECT_THAT(std::string(unread.status().message()),
              HasSubstr("nothing to read"));

  sides = sides_;
  sides.make_writer = []() -> absl::StatusOr<TailAcross::Writer> {
    return absl::UnknownError("nowhere to write");
  };
  EXPECT_THAT(RunTailAcross(kWork, sides),
              test::StatusIs(absl::StatusCode::kUnknown));
}

TEST_F(TailAcrossTest, EndsWithTheErrorOfEither) {
  TailAcross sides = sides_;
  sides.make_reader = []() -> absl::StatusOr<TailAcross::Reader> {
    return [](VisitMessage) { return absl::UnknownError("unreadable"); };
  };
  const auto unread = RunTailAcross(kWork, sides);
  EXPECT_THAT(std::string(unread.status().message()), HasSubstr("unreadable"));

  // The reader would wait for ever.
  sides = sides_;
  sides.make_writer = []() -> absl::StatusOr<TailAcross::Writer> {
    return [](std::string_view) { return absl::UnknownError("unwritable"); };
  };
  EXPECT_THAT(RunTailAcross(kWork, sides),
              test::StatusIs(absl::StatusCode::kUnknown));
}

}  // namespace
}  // namespace cauce::bench
