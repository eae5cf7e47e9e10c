#include "engine/client/alarm.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "engine/base/event_descriptor.h"
#include "tests/engine/client/readable.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsReadable;

class AlarmTest : public ::testing::Test {
 protected:
  void SetIn(absl::Duration time) {
    const absl::Duration now = clock_.Monotonic();
    alarm_->Set(now, now + time);
  }
  // Whether it rang since the last call, once `time` has passed.
  bool RingsWithin(absl::Duration time) {
    // An executor that is late makes it late as well.
    for (absl::Duration at; at < time; at += absl::Seconds(1)) {
      clock_.Advance(absl::Seconds(1));
      executor_.RunDue();
    }
    const bool rings = IsReadable(signal_->descriptor());
    signal_->Clear();
    return rings;
  }

  test::SimClock clock_;
  test::OnTime executor_{clock_};
  std::shared_ptr<WakeSignal> signal_ =
      std::make_shared<WakeSignal>(EventDescriptor::Make().value());
  std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>(executor_, signal_);
};

TEST_F(AlarmTest, RingsOnceAtItsTime) {
  SetIn(absl::Seconds(3));
  EXPECT_FALSE(RingsWithin(absl::Seconds(2)));
  EXPECT_TRUE(RingsWithin(absl::Seconds(1)));
  EXPECT_FALSE(RingsWithin(absl::Hours(1)));
}

TEST_F(AlarmTest, RingsAtTheLastTimeThatWasSet) {
  SetIn(absl::Seconds(1));
  SetIn(absl::Seconds(9));
  EXPECT_FALSE(RingsWithin(absl::Seconds(8)));
  EXPECT_TRUE(RingsWithin(absl::Seconds(1)));

  SetIn(absl::Seconds(9));
  SetIn(absl::Seconds(1));
  EXPECT_TRUE(RingsWithin(absl::Seconds(1)));
  EXPECT_FALSE(RingsWithin(absl::Seconds(9)));

  SetIn(absl::Seconds(1));
  SetIn(absl::InfiniteDuration());
  EXPECT_FALSE(RingsWithin(absl::Hours(1)));
}

TEST_F(AlarmTest, HasOneTaskHoweverOftenItIsPutOff) {
  for (int i = 0; i < 100; ++i) SetIn(absl::Seconds(3 + i));
  EXPECT_EQ(executor_.scheduled(), 1);
  EXPECT_FALSE(RingsWithin(absl::Seconds(101)));
  EXPECT_TRUE(RingsWithin(absl::Seconds(1)));
  EXPECT_EQ(executor_.scheduled(), 2);
}

TEST_F(AlarmTest, RingsNoMoreOnceItIsGone) {
  SetIn(absl::Seconds(1));
  alarm_.reset();
  EXPECT_FALSE(RingsWithin(absl::Seconds(1)));
}

}  // namespace
}  // namespace cauce
