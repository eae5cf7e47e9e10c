// How logs are closed together, with a sync of all their file system.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/io/file_pool.h"
#include "engine/log/log.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using ::testing::ElementsAre;

class LogClose : public test::LogFixture {
 protected:
  // Has an index entry for every batch.
  void Open() {
    config().index_interval_bytes = 1;
    rig_.disk().files().offer_whole_sync(1);
    auto whole = rig_.disk().files().OpenWholeSync("any");
    ASSERT_THAT(whole, IsOk());
    whole_ = *std::move(whole);
    LogFixture::Open();
  }

  absl::Status CloseTogether() {
    const auto closed = Log::CloseTogether({&rig_.shared_log(), 1}, *whole_,
                                           rig_.ClosedError());
    EXPECT_EQ(closed.size(), 1u);
    return closed.front();
  }

  // Which of `changes` ends so, the first of them behind `from`.
  static size_t Find(const std::vector<std::string>& changes,
                     std::string_view suffix, size_t from = 0) {
    const auto found = std::find_if(
        changes.begin() + static_cast<std::ptrdiff_t>(from), changes.end(),
        [&](const std::string& each) { return each.ends_with(suffix); });
    return static_cast<size_t>(found - changes.begin());
  }

  // The same of the syncs among them.
  static size_t FindSync(const std::vector<std::string>& changes,
                         std::string_view suffix, size_t from) {
    size_t at = Find(changes, suffix, from);
    while (at < changes.size() && !changes[at].starts_with("sync ")) {
      at = Find(changes, suffix, at + 1);
    }
    return at;
  }

  // But for the first `good`.
  void FailWholeSyncs(int good = 0) {
    rig_.disk().files().Fail(FileCall::kSyncWhole, "",
                             MakeError(Reason::kDiskFailed, "planned to fail"),
                             good);
  }

  std::unique_ptr<WholeSync> whole_;
};

INSTANTIATE_TEST_SUITE_P(Disks, LogClose,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogClose, TogetherLeavesWhatOneByItselfDoes) {
  Open();
  Append({"a"}, kWritten);
  Append({"b", "c"}, kWritten);
  EXPECT_TRUE(log().OwesSync());
  ASSERT_THAT(CloseTogether(), IsOk());
  EXPECT_EQ(log().durable_end(), Offset{3});
  EXPECT_EQ(Syncs(), 0);
  // It has ended: there is nothing more to do.
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_FALSE(log().OwesSync());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "c")));
}

// Or a power loss might keep entries of the one without those of the other.
TEST_P(LogClose, TogetherWritesOffsetsOnceTheTimesBelowThemAreDurable) {
  Open();
  Append({"a"}, kWritten);
  Append({"b"}, kWritten);
  const size_t before = rig_.disk().files().changes().size();
  ASSERT_THAT(CloseTogether(), IsOk());
  const auto changes = rig_.disk().files().changes();
  const size_t times = Find(changes, ".timeindex", before);
  const size_t synced = Find(changes, "sync /", before);
  const size_t offsets = Find(changes, ".index", before);
  const size_t synced_again = Find(changes, "sync /", synced + 1);
  EXPECT_LT(times, synced);
  EXPECT_LT(synced, offsets);
  EXPECT_LT(offsets, synced_again);
  EXPECT_LT(synced_again, changes.size());
  ASSERT_THAT(rig_.Close(), IsOk());
}

// What it could not bring to the disk may be another process's.
TEST_P(LogClose, TogetherSyncsEachByItselfWhereTheSyncOfAllFails) {
  Open();
  for (const int good : {0, 1}) {
    SCOPED_TRACE(good);
    FailWholeSyncs(good);
    Append({"a"}, kWritten);
    const Offset end = log().log_end() + 1;
    absl::Status told;
    log().AppendAsync(Batch({"b"}).view(), {},
                      [&](const auto& outcome) { told = outcome.status(); });
    const size_t before = rig_.disk().files().changes().size();
    EXPECT_THAT(CloseTogether(), IsOk());
    EXPECT_THAT(told, IsOk());
    EXPECT_EQ(log().durable_end(), end);
    const auto changes = rig_.disk().files().changes();
    const size_t times = Find(changes, ".timeindex", before);
    const size_t synced = FindSync(changes, good == 0 ? ".timeindex" : "/",
                                   times);
    const size_t offsets = Find(changes, ".index", before);
    const size_t offsets_synced = FindSync(changes, ".index", offsets);
    EXPECT_LT(times, synced);
    EXPECT_LT(synced, offsets);
    EXPECT_LT(offsets, offsets_synced);
    EXPECT_LT(offsets_synced, changes.size() - 1);  // the directory follows
    rig_.disk().files().Mend();
    ASSERT_THAT(rig_.Reopen(), IsOk());
  }
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "a", "b")));
}

TEST_P(LogClose, TogetherIsAFailureWhereItsOwnSyncIsOneToo) {
  Open();
  FailWholeSyncs();
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "planned to fail"));
  absl::Status told;
  log().AppendAsync(Batch({"a"}).view(), {},
                    [&](const auto& outcome) { told = outcome.status(); });
  EXPECT_THAT(CloseTogether(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(told, HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(rig_.disk().files().Count(FileCall::kWrite, ".index"), 0);
  rig_.disk().files().Mend();
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(LogClose, TogetherDoesNothingToOneThatHasEnded) {
  Open();
  Append({"a"});
  ASSERT_THAT(rig_.shared_log()->Close(rig_.ClosedError()), IsOk());
  FailWholeSyncs();
  EXPECT_THAT(CloseTogether(), IsOk());
  rig_.disk().files().Mend();
  ASSERT_THAT(rig_.Close(), IsOk());
}

// Whose files were closed unsynced, to make room for others.
TEST_P(LogClose, TogetherWritesNothingAgainThatTheSyncHasCovered) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  // As many as the pool holds, and one more.
  std::vector<std::unique_ptr<PooledFile>> others;
  for (int i = 0; i < 65; ++i) {
    others.push_back(std::make_unique<PooledFile>(
        *rig_.disk().pool(),
        rig_.disk().directory() + "/other" + std::to_string(i),
        OpenMode::kCreate));
    ASSERT_THAT(others.back()->Acquire(), IsOk());
  }
  const int writes = rig_.disk().files().Count(FileCall::kWrite, ".log");
  ASSERT_THAT(CloseTogether(), IsOk());
  EXPECT_EQ(rig_.disk().files().Count(FileCall::kWrite, ".log"), writes);
  others.clear();
  for (int i = 0; i < 65; ++i) {
    ASSERT_THAT(rig_.disk().files().RemoveFile(rig_.disk().directory() +
                                               "/other" + std::to_string(i)),
                IsOk());
  }
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

}  // namespace
}  // namespace cauce
