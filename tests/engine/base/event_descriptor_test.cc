#include "engine/base/event_descriptor.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;

bool IsReadable(const EventDescriptor& event) {
  pollfd wait{.fd = event.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&wait, 1, /*timeout=*/0) == 1;
}

TEST(EventDescriptor, IsReadableFromARaiseToAClear) {
  const auto made = EventDescriptor::Make();
  ASSERT_THAT(made, IsOk());
  EventDescriptor& event = **made;
  EXPECT_FALSE(IsReadable(event));

  event.Raise();
  event.Raise();
  EXPECT_TRUE(IsReadable(event));

  event.Clear();
  EXPECT_FALSE(IsReadable(event));
  event.Clear();
  EXPECT_FALSE(IsReadable(event));
}

}  // namespace
}  // namespace cauce
