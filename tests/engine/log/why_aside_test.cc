#include "engine/log/why_aside.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WhyAside, NamesTheOneThatHasItsOffsetsOrItsPlace) {
  const AsideLog copy{.fate = LogFate::kCopy, .other = "/d/0.log"};
  EXPECT_THAT(WhyAside(copy, {}), HasSubstr("/d/0.log has the offsets"));
  const AsideLog foreign{.fate = LogFate::kForeign, .other = "/d/0.log"};
  const SegmentSurvey batches{
      .runs = {{.end = 80, .base = Offset{70}, .next = Offset{71}}}};
  EXPECT_THAT(WhyAside(foreign, batches),
              AllOf(HasSubstr("begin at offset 70"), HasSubstr("/d/0.log")));
  const AsideLog inside{.fate = LogFate::kInside,
                        .other = "/d/0.log",
                        .other_end = Offset{9}};
  EXPECT_THAT(WhyAside(inside, {}), HasSubstr("/d/0.log holds the records up "
                                              "to offset 9"));
  const AsideLog in_the_way{.fate = LogFate::kInTheWay, .other = "/d/5.log"};
  EXPECT_THAT(WhyAside(in_the_way, {}), HasSubstr("/d/5.log belongs"));
}

TEST(WhyAside, SaysOfNoBatchThatThereIsNone) {
  const SegmentSurvey refused{
      .runs = {{.end = 80, .base = Offset{70}, .next = Offset{71}}}};
  for (const LogFate fate : {LogFate::kNoBatch, LogFate::kAboveEnd}) {
    const AsideLog log{.fate = fate, .durable = Offset{7}};
    EXPECT_THAT(WhyAside(log, {}), HasSubstr("no whole batch"));
    EXPECT_THAT(WhyAside(log, {.damaged = {{.why = "wrong CRC"}}}),
                HasSubstr("wrong CRC"));
    EXPECT_THAT(WhyAside(log, refused), AllOf(HasSubstr("says offset 70"),
                                              Not(HasSubstr("whole batch"))));
  }
  const AsideLog above{.fate = LogFate::kAboveEnd, .durable = Offset{7}};
  EXPECT_THAT(WhyAside(above, refused), HasSubstr("closed at offset 7"));
}

}  // namespace
}  // namespace cauce
