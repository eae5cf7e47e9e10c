#include "engine/log/group_commit.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

TEST(GroupCommit, HasNothingToSyncAtFirst) {
  GroupCommit commit(Offset{7});
  EXPECT_FALSE(commit.Begin());
  EXPECT_EQ(commit.durable(), Offset{7});
  EXPECT_EQ(commit.written(), Offset{7});
}

TEST(GroupCommit, ALoneWriterStartsASyncAtOnce) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{1});
  EXPECT_EQ(commit.durable(), Offset{0});
  EXPECT_TRUE(commit.Begin());
  EXPECT_TRUE(commit.in_flight());

  commit.Synced();
  EXPECT_EQ(commit.durable(), Offset{1});
  EXPECT_FALSE(commit.in_flight());
  EXPECT_FALSE(commit.Begin());
}

TEST(GroupCommit, WritersThatArriveDuringASyncShareTheNextOne) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{1});
  ASSERT_TRUE(commit.Begin());
  commit.Written(Offset{2});
  commit.Written(Offset{3});
  EXPECT_FALSE(commit.Begin());

  commit.Synced();
  EXPECT_EQ(commit.durable(), Offset{1});
  ASSERT_TRUE(commit.Begin());
  commit.Synced();
  EXPECT_EQ(commit.durable(), Offset{3});
}

TEST(GroupCommit, NothingBecomesDurableAfterAFailedSync) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{1});
  ASSERT_TRUE(commit.Begin());
  commit.Written(Offset{2});

  commit.SyncFailed();
  EXPECT_EQ(commit.durable(), Offset{0});
  commit.Written(Offset{3});
  EXPECT_FALSE(commit.Begin());
}

TEST(GroupCommit, ASyncThatWasNotBegunIsFollowedByAnother) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{1});
  ASSERT_TRUE(commit.Begin());
  commit.Written(Offset{2});

  EXPECT_EQ(commit.NotBegun(), Offset{1});
  EXPECT_EQ(commit.durable(), Offset{0});
  ASSERT_TRUE(commit.Begin());
  commit.Synced();
  EXPECT_EQ(commit.durable(), Offset{2});
}

TEST(GroupCommit, ACutTakesBackWhatWasWrittenAndDurable) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{10});
  ASSERT_TRUE(commit.Begin());
  commit.Synced();
  commit.Written(Offset{20});

  commit.Truncated(Offset{15});
  EXPECT_EQ(commit.written(), Offset{15});
  EXPECT_EQ(commit.durable(), Offset{10});
  commit.Truncated(Offset{5});
  EXPECT_EQ(commit.written(), Offset{5});
  EXPECT_EQ(commit.durable(), Offset{5});
  EXPECT_FALSE(commit.Begin());
}

TEST(GroupCommit, ACutAboveTheEndChangesNothing) {
  GroupCommit commit(Offset{0});
  commit.Written(Offset{10});
  commit.Truncated(Offset{12});
  EXPECT_EQ(commit.written(), Offset{10});
  EXPECT_TRUE(commit.Begin());
}

// The invariant, against a model that remembers when each sync began.
TEST(GroupCommit, NothingIsDurableByASyncThatBeganBeforeItsWrite) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  GroupCommit commit(Offset{0});
  Offset written{0}, promised{0}, durable{0};  // promised: when the sync began
  bool syncing = false;
  for (int step = 0; step < 20'000; ++step) {
    const auto what = random() % 8;
    if (syncing && what < 3) {
      commit.Synced();
      syncing = false;
      durable = promised;
    } else if (!syncing && what == 3) {
      const Offset end{static_cast<int64_t>(random() % (written.value + 1))};
      commit.Truncated(end);
      written = std::min(written, end);
      durable = std::min(durable, end);
    } else {
      written = written + 1 + static_cast<int64_t>(random() % 10);
      commit.Written(written);
    }
    ASSERT_EQ(commit.durable(), durable) << "step " << step;
    ASSERT_EQ(commit.written(), written) << "step " << step;
    const bool due = !syncing && durable < written;
    if (random() % 2 == 0) {
      ASSERT_EQ(commit.Begin(), due) << "step " << step;
      if (due) promised = written;
      syncing = syncing || due;
    }
  }
}

}  // namespace
}  // namespace cauce
