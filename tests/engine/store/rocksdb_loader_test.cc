#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/every_backend.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Loader : public EveryBackend {
 protected:
  static std::unique_ptr<StateLoader> Load(StateStore& store) {
    auto loader = store.Load();
    EXPECT_THAT(loader, IsOk());
    CAUCE_CHECK(loader.ok());
    return *std::move(loader);
  }
};

TEST_P(Loader, ShowsWhatWasAddedOnceItIsFinished) {
  const auto store = Open();
  const auto loader = Load(*store);

  EXPECT_THAT(loader->Add(Put("b", "2")), IsOk());
  EXPECT_THAT(loader->Add(Put("a", "1")), IsOk());
  EXPECT_THAT(All(*store), IsEmpty());
  EXPECT_THAT(loader->Finish("mark"), IsOk());

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_EQ(store->mark(), "mark");
}

TEST_P(Loader, TakesLaterChangesBeforeEarlierOnes) {
  const auto store = Open();
  Write(*store, {Put("a", "old"), Put("b", "old"), Put("c", "old")}, "old");
  const auto loader = Load(*store);

  EXPECT_THAT(loader->Add(Put("a", "1")), IsOk());
  EXPECT_THAT(loader->Add(Put("d", "1")), IsOk());
  EXPECT_THAT(loader->Add(Put("a", "2")), IsOk());
  EXPECT_THAT(loader->Add(Drop("b")), IsOk());
  EXPECT_THAT(loader->Add(Drop("d")), IsOk());
  EXPECT_THAT(loader->Finish("new"), IsOk());

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "2"), Pair("c", "old")));
}

TEST_P(Loader, MayBeFinishedAgainAndAgain) {
  const auto store = Open();
  const auto loader = Load(*store);

  EXPECT_THAT(loader->Finish("0"), IsOk());
  EXPECT_THAT(loader->Add(Put("a", "1")), IsOk());
  EXPECT_THAT(loader->Add(Put("b", "1")), IsOk());
  EXPECT_THAT(loader->Finish("1"), IsOk());
  EXPECT_THAT(All(*store), SizeIs(2));
  EXPECT_THAT(loader->Add(Put("a", "2")), IsOk());
  EXPECT_THAT(loader->Add(Drop("b")), IsOk());
  EXPECT_EQ(store->mark(), "1");
  EXPECT_THAT(loader->Finish("2"), IsOk());
  EXPECT_THAT(loader->Finish("3"), IsOk());

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "2")));
  EXPECT_EQ(store->mark(), "3");
}

TEST_P(Loader, ForgetsWhatWasNotFinished) {
  const auto store = Open();
  Write(*store, {Put("a", "1")}, "1");
  {
    const auto loader = Load(*store);
    EXPECT_THAT(loader->Add(Put("a", "2")), IsOk());
  }

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1")));
  const auto again = Load(*store);
  EXPECT_THAT(again->Finish("2"), IsOk());
  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1")));
}

TEST_P(Loader, IsAloneWithItsTable) {
  const auto store = Open();
  auto loader = Load(*store);

  EXPECT_THAT(store->Write({}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(store->Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition));

  loader.reset();
  Write(*store, {Put("a", "1")});
  EXPECT_THAT(All(*store), SizeIs(1));
}

TEST_P(Loader, LeavesSnapshotsAsTheyWere) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "1")});
  const auto snapshot = store->Snapshot();
  const auto loader = Load(*store);

  EXPECT_THAT(loader->Add(Put("a", "2")), IsOk());
  EXPECT_THAT(loader->Add(Drop("b")), IsOk());
  EXPECT_THAT(loader->Finish(""), IsOk());

  EXPECT_THAT(All(*snapshot), ElementsAre(Pair("a", "1"), Pair("b", "1")));
  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "2")));
}

TEST_P(Loader, OrdersKeysAsTheTableDoes) {
  const auto store = Open();
  const auto loader = Load(*store);
  const std::string zero(1, '\0');

  // Some are alike in their first eight bytes, some end within them.
  for (const std::string& key :
       {std::string("\xff"), std::string("12345678b"), std::string("12345678"),
        std::string("12345678a"), std::string("1"), std::string(),
        "1" + zero, "12345678" + zero, zero, std::string("\x80")}) {
    EXPECT_THAT(loader->Add(Put(key, "")), IsOk());
  }
  EXPECT_THAT(loader->Finish(""), IsOk());

  EXPECT_THAT(All(*store),
              ElementsAre(Pair("", ""), Pair(zero, ""), Pair("1", ""),
                          Pair("1" + zero, ""), Pair("12345678", ""),
                          Pair("12345678" + zero, ""), Pair("12345678a", ""),
                          Pair("12345678b", ""), Pair("\x80", ""),
                          Pair("\xff", "")));
}

TEST_P(Loader, TakesMoreThanItHoldsInMemory) {
  constexpr int kKeys = 3000;
  const auto store = Open();
  const auto loader = Load(*store);

  // Every key twice, in an order of its own each time, and some dropped.
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = fmt::format("{:05}", i * 7 % kKeys);
    ASSERT_THAT(loader->Add(Put(key, std::string(1000, 'x'))), IsOk());
  }
  for (int i = 0; i < kKeys; ++i) {
    const int number = i * 11 % kKeys;
    const std::string key = fmt::format("{:05}", number);
    const std::string value = fmt::format("value {}", number);
    ASSERT_THAT(loader->Add(number % 3 == 0 ? Drop(key) : Put(key, value)),
                IsOk());
  }
  ASSERT_THAT(loader->Finish("done"), IsOk());

  Pairs expected;
  for (int number = 0; number < kKeys; ++number) {
    if (number % 3 == 0) continue;
    expected.emplace_back(fmt::format("{:05}", number),
                          fmt::format("value {}", number));
  }
  EXPECT_EQ(All(*store), expected);
}

INSTANTIATE_TEST_SUITE_P(Backends, Loader,
                         ::testing::ValuesIn(kEveryBackend), BackendName);

}  // namespace
}  // namespace cauce::test
