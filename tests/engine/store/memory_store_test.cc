#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "cauce/state_store.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

TEST(MemoryStore, IsEmptyWheneverItIsOpened) {
  const auto backend = NewMemoryStateBackend();
  const std::vector<StateChange> changes = {{.key = "a", .value = "1"}};
  {
    const auto store = backend->Open({.directory = "/table"});
    ASSERT_THAT(store, IsOk());
    ASSERT_THAT((*store)->Write({.changes = changes, .mark = "1"}), IsOk());
    ASSERT_THAT((*store)->Persist(), IsOk());
  }

  const auto again = backend->Open({.directory = "/table"});

  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->use().keys, 0);
  EXPECT_EQ((*again)->mark(), "");
  EXPECT_FALSE(backend->persistent());
}

TEST(MemoryStore, MakesNothingDurableAndSoAsksForNothingFirst) {
  bool asked = false;
  const auto store = NewMemoryStateBackend()->Open({.before_durable = [&] {
    asked = true;
    return absl::OkStatus();
  }});
  ASSERT_THAT(store, IsOk());

  EXPECT_THAT((*store)->Persist(), IsOk());

  EXPECT_FALSE(asked);
}

}  // namespace
}  // namespace cauce::test
