// A disk that is full for a while below a table in RocksDB: what failed can be
// done once there is room, or the table says that it is to be opened again, and
// then is what it was after some number of first steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Model = std::map<std::string, std::string>;

constexpr size_t kSteps = 40;

class FullDisk : public ::testing::Test {
 protected:
  // Backend and table, with what they leave, are gone by then.
  void Begin() {
    store_.reset();
    backend_.reset();
    memory_ = NewMemoryFileSystem();
    disk_ = std::make_unique<FailingFileSystem>(*memory_);
    ASSERT_THAT(memory_->CreateDirectories("/t"), IsOk());
    backend_ = Backend({.memory_max = 1 << 20,
                        .load_bytes_max = 1 << 16,
                        .threads = 1,
                        .file_system = disk_.get()});
    store_ = Open(*backend_, "/t/table");
    models_ = {Model()};
    durable_ = 0;
    reopened_ = false;
  }

  // The next step, whose number is its mark.
  absl::Status Try() {
    const size_t step = models_.size();
    const std::string mark = fmt::format("{}", step);
    Model next = models_.back();
    absl::Status done;
    if (step % 10 == 7) {
      done = Load(mark, next);
    } else if (step % 10 == 9) {
      const std::string from = fmt::format("{:02}", step % 17);
      const std::string to = fmt::format("{:02}", step % 17 + 2);
      next.erase(next.lower_bound(from), next.lower_bound(to));
      const std::vector<KeyRange> erased = {{.from = from, .to = to}};
      done = store_->Write({.erased = erased, .mark = mark});
    } else {
      const std::string key = fmt::format("{:02}", step % 13);
      next[key] = mark + std::string(60'000, static_cast<char>('a' + step % 7));
      const std::vector<StateChange> changes = {Put(key, next[key])};
      done = store_->Write({.changes = changes, .mark = mark});
    }
    if (!done.ok()) return done;
    tried_.reset();
    if (step % 10 == 5) return Persist(std::move(next));
    models_.push_back(std::move(next));
    return done;
  }

  absl::Status Persist(Model next) {
    // It is made, whatever comes of that.
    models_.push_back(std::move(next));
    absl::Status persisted = store_->Persist();
    if (persisted.ok()) durable_ = models_.size() - 1;
    return persisted;
  }

  absl::Status Load(const std::string& mark, Model& next) {
    auto loader = store_->Load();
    if (!loader.ok()) return loader.status();
    for (int i = 0; i < 40; ++i) {
      const std::string key = fmt::format("{:02}", i * 7 % 31);
      next[key] = mark + std::string(3000, 'l');
      absl::Status added = (*loader)->Add(Put(key, next[key]));
      if (!added.ok()) return added;
    }
    absl::Status finished = (*loader)->Finish(mark);
    if (finished.ok()) durable_ = models_.size();
    // What fails as it is noted may be there once the table is opened again.
    if (!finished.ok()) tried_ = next;
    return finished;
  }

  // As its owner does who has written all steps to its log.
  void OpenAgain() {
    store_->Close().IgnoreError();
    store_.reset();
    store_ = Open(*backend_, "/t/table");
    reopened_ = true;
    const std::string mark = store_->mark();
    const size_t step = mark.empty() ? 0 : std::stoul(mark);
    ASSERT_GE(step, durable_);
    if (tried_ && step == models_.size()) models_.push_back(*tried_);
    ASSERT_LT(step, models_.size());
    ASSERT_THAT(All(*store_), ElementsAreArray(models_[step]));
    models_.resize(step + 1);
  }

  // Whether the disk was full for any step.
  bool RunWithFullDiskAfter(FileCall call, int good) {
    Begin();
    disk_->Fail(call, "",
                MakeError(Reason::kDiskFull, "/t: no room: make some"), good);
    bool was_full = false;
    for (int tries = 0; models_.size() <= kSteps && tries < 200; ++tries) {
      const absl::Status done = Try();
      if (done.ok()) continue;
      was_full = true;
      // Nothing of it is there, and all else can be read.
      EXPECT_THAT(All(*store_), ElementsAreArray(models_.back()));
      EXPECT_THAT(done, HasReason(Reason::kDiskFull));
      disk_->Mend();
      const absl::Status again = Try();
      if (!again.ok()) {
        EXPECT_THAT(again, HasReason(Reason::kDiskFull));
        EXPECT_THAT(MessageOf(again), HasSubstr("opened again"));
        OpenAgain();
      }
      if (HasFailure()) return was_full;
    }
    EXPECT_GT(models_.size(), kSteps);
    disk_->Mend();
    const absl::Status closed = store_->Close();
    if (!closed.ok()) was_full = true;
    // What fails last is tried by the close, and told.
    if (closed.ok()) {
      store_.reset();
      store_ = Open(*backend_, "/t/table");
      EXPECT_EQ(store_->mark(), fmt::format("{}", kSteps));
      EXPECT_THAT(All(*store_), ElementsAreArray(models_[kSteps]));
    } else {
      EXPECT_THAT(closed, HasReason(Reason::kDiskFull));
      OpenAgain();
    }
    return was_full;
  }

  void RunWithFullDiskAfterEach(FileCall call) {
    int runs = 0;
    int opened_again = 0;
    // A run of fewer calls may be followed by one of more: when files are
    // merged is up to threads.
    for (int good = 0, whole = 0; whole < 3 && !HasFailure(); ++good) {
      SCOPED_TRACE(fmt::format("full after {} calls", good));
      if (!RunWithFullDiskAfter(call, good)) ++whole;
      ++runs;
      if (reopened_) ++opened_again;
    }
    RecordProperty("runs", runs);
    RecordProperty("opened_again", opened_again);
    EXPECT_GT(runs, 10);
  }

  std::unique_ptr<FileSystem> memory_;
  std::unique_ptr<FailingFileSystem> disk_;
  std::shared_ptr<StateBackend> backend_;
  std::unique_ptr<StateStore> store_;
  std::vector<Model> models_;   // after each step
  std::optional<Model> tried_;  // after a load that failed
  size_t durable_ = 0;          // the last step that is for sure
  bool reopened_ = false;
};

TEST_F(FullDisk, IsGotOverAfterAnyWrite) {
  RunWithFullDiskAfterEach(FileCall::kWrite);
}

TEST_F(FullDisk, IsGotOverAfterAnySync) {
  RunWithFullDiskAfterEach(FileCall::kSync);
}

TEST_F(FullDisk, IsGotOverAfterAnySyncOfNames) {
  RunWithFullDiskAfterEach(FileCall::kSyncDirectory);
}

TEST_F(FullDisk, IsGotOverAfterAnyRename) {
  RunWithFullDiskAfterEach(FileCall::kRename);
}

// As where files cannot be removed either, for want of room.
TEST_F(FullDisk, IsToldWhateverElseFailsBehindIt) {
  for (const Reason later : {Reason::kDiskFull, Reason::kDiskFailed}) {
    Begin();
    ASSERT_THAT(Try(), IsOk());
    disk_->Fail(FileCall::kWrite, ".sst",
                MakeError(Reason::kDiskFull, "/t/1.sst: no room"));
    disk_->Fail(FileCall::kRemove, ".sst", MakeError(later, "/t/1.sst: stays"));

    EXPECT_THAT(store_->Persist(), HasReason(Reason::kDiskFull));
    EXPECT_THAT(store_->Persist(), HasReason(Reason::kDiskFull));
    EXPECT_THAT(store_->Close(), HasReason(Reason::kDiskFull));
    disk_->Mend();
  }
}

class FullDiskAtTheManifest : public FullDisk {
 protected:
  FullDiskAtTheManifest() {
    Begin();
    EXPECT_THAT(Try(), IsOk());
  }

  void FillTheDisk() {
    const auto entries = memory_->List("/t/table").value();
    for (const DirectoryEntry& entry : entries) {
      if (!entry.name.starts_with("MANIFEST-")) continue;
      disk_->Fail(FileCall::kWrite, entry.name,
                  MakeError(Reason::kDiskFull, "/t: no room"));
    }
  }
};

TEST_F(FullDiskAtTheManifest, IsGotOverByOpeningAgainAndNobodyWaitsForIt) {
  FillTheDisk();
  const absl::Status done = store_->Persist();
  EXPECT_THAT(done, HasReason(Reason::kDiskFull));
  EXPECT_THAT(MessageOf(done), HasSubstr("make room"));
  EXPECT_THAT(MessageOf(done), HasSubstr("opened again"));

  disk_->Mend();
  EXPECT_THAT(Try(), HasReason(Reason::kDiskFull));
  OpenAgain();
  EXPECT_THAT(Try(), IsOk());
  EXPECT_THAT(store_->Close(), IsOk());
}

TEST_F(FullDiskAtTheManifest, LeavesALoadToBeTriedAgain) {
  auto loader = store_->Load();
  ASSERT_THAT(loader, IsOk());
  ASSERT_THAT((*loader)->Add(Put("a", "1")), IsOk());
  FillTheDisk();
  EXPECT_THAT((*loader)->Finish("2"), HasReason(Reason::kDiskFull));

  disk_->Mend();
  ASSERT_THAT((*loader)->Add(Put("a", "2")), IsOk());
  EXPECT_THAT((*loader)->Finish("2"), IsOk());
  loader->reset();
  EXPECT_THAT(store_->Close(), IsOk());
  store_.reset();
  store_ = Open(*backend_, "/t/table");
  EXPECT_EQ(store_->mark(), "2");
  EXPECT_EQ(Read(*store_, "a"), "2");
}

}  // namespace
}  // namespace cauce::test
