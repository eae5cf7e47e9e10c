#include "engine/store/rocksdb_share.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "engine/store/rocksdb_store.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

constexpr int64_t kMib = 1 << 20;

class RocksDbShared : public ::testing::Test {
 protected:
  std::shared_ptr<StateBackend> NewBackend() {
    return NewRocksDbStateBackend(options_, share_).value();
  }

  const TempDir scratch_;
  const RocksDbOptions options_ = {.memory_max = kMib, .threads = 2};
  const std::shared_ptr<RocksDbShare> share_ =
      std::make_shared<RocksDbShare>(options_);
};

TEST_F(RocksDbShared, BoundsTheMemoryOfAllBackendsTogether) {
  constexpr int kBackends = 4;
  std::vector<std::unique_ptr<StateStore>> stores;
  for (int i = 0; i < kBackends; ++i)
    stores.push_back(Open(*NewBackend(), scratch_ / fmt::format("t{}", i)));
  const std::string value(1000, 'x');

  // Less for each than it would write to files if it were alone.
  for (int i = 0; i < 200 * kBackends; ++i) {
    const std::string key = fmt::format("{}", i);
    const std::vector<StateChange> changes = {Put(key, value)};
    StateStore& store = *stores[static_cast<size_t>(i % kBackends)];
    ASSERT_THAT(store.Write({.changes = changes, .mark = key}), IsOk());
    int64_t bytes = 0;
    for (const auto& one : stores) bytes += one->use().memory_bytes;
    ASSERT_LE(bytes, kMib);
  }
}

TEST_F(RocksDbShared, StartsItsThreadsOnce) {
  const int before = Threads();
  const auto one = Open(*NewBackend(), scratch_ / "one");
  const int with_one = Threads();

  const auto other = Open(*NewBackend(), scratch_ / "other");

  EXPECT_GT(with_one, before);
  EXPECT_EQ(Threads(), with_one);
  EXPECT_THAT(one->Close(), IsOk());
  EXPECT_THAT(other->Close(), IsOk());
  EXPECT_EQ(Threads(), before);
}

TEST_F(RocksDbShared, StartsAsManyAsAnyHasAskedFor) {
  const int before = Threads();
  share_->Admit({.memory_max = kMib, .threads = 5});
  share_->Admit({.memory_max = kMib, .threads = 1});

  const auto one = Open(*NewBackend(), scratch_ / "one");

  EXPECT_GE(Threads(), before + 5);
}

TEST_F(RocksDbShared, LetsATableBeOpenInOneOfThem) {
  const auto one = Open(*NewBackend(), scratch_ / "one");

  EXPECT_THAT(NewBackend()->Open({.directory = scratch_ / "one"}),
              HasReason(Reason::kLocked));
  EXPECT_THAT(NewBackend()->Remove(scratch_ / "one"),
              HasReason(Reason::kLocked));
}

}  // namespace
}  // namespace cauce::test
