#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "tests/engine/store/every_backend.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using std::string_literals::operator""s;


using Table = EveryBackend;

TEST_P(Table, IsEmptyAtFirst) {
  const auto store = Open();

  EXPECT_EQ(Read(*store, "a"), std::nullopt);
  EXPECT_THAT(All(*store), IsEmpty());
  EXPECT_EQ(store->mark(), "");
  EXPECT_EQ(store->use().keys, 0);
}

TEST_P(Table, HoldsWhatWasWrittenWithItsMark) {
  const auto store = Open();

  Write(*store, {Put("a", "1"), Put("b", "2")}, "mark");

  EXPECT_THAT(Read(*store, "a"), Optional("1"s));
  EXPECT_THAT(Read(*store, "b"), Optional("2"s));
  EXPECT_EQ(store->mark(), "mark");
}

TEST_P(Table, TakesTheLastChangeOfAKey) {
  const auto store = Open();

  Write(*store, {Put("a", "1"), Put("a", "2"), Put("b", "1"), Drop("b")}, "1");
  Write(*store, {Drop("c"), Put("c", "3")}, "2");

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "2"), Pair("c", "3")));
}

TEST_P(Table, ErasesFirstAndChangesThen) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "1"), Put("c", "1"), Put("d", "1")});

  const std::vector<KeyRange> erased = {{.from = "b", .to = "d"}};
  const std::vector<StateChange> changes = {Put("c", "2")};
  ASSERT_THAT(store->Write({erased, changes, "mark"}), IsOk());

  EXPECT_THAT(All(*store),
              ElementsAre(Pair("a", "1"), Pair("c", "2"), Pair("d", "1")));
}

TEST_P(Table, ErasesRangesWithoutAnEnd) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "1"), Put("\xff\xff\xff", "1")});

  const std::vector<KeyRange> erased = {{.from = "b"}};
  ASSERT_THAT(store->Write({.erased = erased}), IsOk());

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1")));
}

TEST_P(Table, ErasesNothingInARangeThatEndsBeforeItBegins) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "1")});

  const std::vector<KeyRange> erased = {{.from = "b", .to = "a"},
                                        {.from = "a", .to = "a"}};
  ASSERT_THAT(store->Write({.erased = erased, .mark = "kept"}), IsOk());

  EXPECT_THAT(All(*store), SizeIs(2));
  EXPECT_EQ(store->mark(), "kept");
}

TEST_P(Table, ChangesItsMarkAlone) {
  const auto store = Open();
  Write(*store, {Put("a", "1")}, "1");

  Write(*store, {}, "\0\xff"s);

  EXPECT_EQ(store->mark(), "\0\xff"s);
  Write(*store, {}, "");
  EXPECT_EQ(store->mark(), "");
  EXPECT_THAT(All(*store), SizeIs(1));
}

TEST_P(Table, OrdersKeysByTheirUnsignedBytes) {
  const auto store = Open();

  Write(*store, {Put("\xff", "6"), Put("\x80", "5"), Put("\x7f", "4"),
                 Put("\0"s, "2"), Put("", "1"), Put("\0\0"s, "3"),
                 Put("\xff\xff", "7")});

  EXPECT_THAT(All(*store),
              ElementsAre(Pair("", "1"), Pair("\0"s, "2"), Pair("\0\0"s, "3"),
                          Pair("\x7f", "4"), Pair("\x80", "5"),
                          Pair("\xff", "6"), Pair("\xff\xff", "7")));
}

TEST_P(Table, TellsAnEmptyValueFromNone) {
  const auto store = Open();

  Write(*store, {Put("a", ""), Put("", "")});

  EXPECT_THAT(Read(*store, "a"), Optional(""s));
  EXPECT_THAT(Read(*store, ""), Optional(""s));
  EXPECT_EQ(Read(*store, "b"), std::nullopt);
}

TEST_P(Table, HoldsLargeKeysAndValues) {
  const auto store = Open();
  const std::string key(70'000, 'k');
  const std::string value(3 << 20, 'v');

  Write(*store, {Put(key, value), Put("a", value)});

  EXPECT_THAT(Read(*store, key), Optional(Eq(value)));
  EXPECT_THAT(Read(*store, "a"), Optional(Eq(value)));
}

TEST_P(Table, LeavesTheCallersValueAloneWhereThereIsNone) {
  const auto store = Open();
  std::string value = "before";

  EXPECT_THAT(store->Get("a", value), IsOkAndHolds(false));

  EXPECT_EQ(value, "before");
}

TEST_P(Table, IteratesOverARangeInBothOrders) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "2"), Put("c", "3"), Put("d", "4")});

  const KeyRange middle = {.from = "b", .to = "d"};
  EXPECT_THAT(All(*store, middle), ElementsAre(Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(All(*store, middle, KeyOrder::kReverse),
              ElementsAre(Pair("c", "3"), Pair("b", "2")));

  const KeyRange between = {.from = "aa", .to = "cc"};
  EXPECT_THAT(All(*store, between), SizeIs(2));
  EXPECT_THAT(All(*store, between, KeyOrder::kReverse), SizeIs(2));

  EXPECT_THAT(All(*store, {.from = "c"}),
              ElementsAre(Pair("c", "3"), Pair("d", "4")));
  EXPECT_THAT(All(*store, {.from = "c"}, KeyOrder::kReverse),
              ElementsAre(Pair("d", "4"), Pair("c", "3")));
  EXPECT_THAT(All(*store, {.from = "", .to = "b"}, KeyOrder::kReverse),
              ElementsAre(Pair("a", "1")));
}

TEST_P(Table, IteratesOverNothingInARangeWithoutKeys) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("d", "4")});

  for (const KeyOrder order : {KeyOrder::kForward, KeyOrder::kReverse}) {
    EXPECT_THAT(All(*store, {.from = "b", .to = "c"}, order), IsEmpty());
    EXPECT_THAT(All(*store, {.from = "d", .to = "a"}, order), IsEmpty());
    EXPECT_THAT(All(*store, {.from = "a", .to = "a"}, order), IsEmpty());
    EXPECT_THAT(All(*store, {.from = "e"}, order), IsEmpty());
    EXPECT_THAT(All(*store, {.from = "", .to = ""}, order), IsEmpty());
  }
}

TEST_P(Table, IteratesOverAPrefix) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("a\xff", "2"), Put("a\xff\xff", "3"),
                 Put("b", "4"), Put("\xff", "5"), Put("\xff\x01", "6")});

  const auto of = [&](const std::string& prefix) {
    const auto end = PrefixEnd(prefix);
    return All(*store, {.from = prefix, .to = end});
  };

  EXPECT_THAT(of("a"), SizeIs(3));
  EXPECT_THAT(of("a\xff"), SizeIs(2));
  EXPECT_THAT(of("\xff"), SizeIs(2));
  EXPECT_THAT(of(""), SizeIs(6));
}

TEST_P(Table, ShowsAnIteratorWhatWasThereWhenItWasMade) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "2"), Put("c", "3")});
  auto at = store->Iterate({});
  auto back = store->Iterate({}, KeyOrder::kReverse);

  const std::vector<KeyRange> erased = {{.from = "b"}};
  const std::vector<StateChange> changes = {Put("a", "9"), Put("aa", "9")};
  ASSERT_THAT(store->Write({.erased = erased, .changes = changes}), IsOk());

  EXPECT_THAT(Collect(std::move(at)),
              ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(Collect(std::move(back)),
              ElementsAre(Pair("c", "3"), Pair("b", "2"), Pair("a", "1")));
  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "9"), Pair("aa", "9")));
}

TEST_P(Table, ShowsASnapshotForAsLongAsItLives) {
  const auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "1")});
  const auto first = store->Snapshot();
  Write(*store, {Put("a", "2"), Drop("b")});
  const auto second = store->Snapshot();
  const std::vector<KeyRange> erased = {{}};
  ASSERT_THAT(store->Write({.erased = erased}), IsOk());

  EXPECT_THAT(All(*first), ElementsAre(Pair("a", "1"), Pair("b", "1")));
  EXPECT_THAT(All(*first, {}, KeyOrder::kReverse),
              ElementsAre(Pair("b", "1"), Pair("a", "1")));
  EXPECT_THAT(Read(*first, "b"), Optional("1"s));
  EXPECT_THAT(All(*second), ElementsAre(Pair("a", "2")));
  EXPECT_EQ(Read(*second, "b"), std::nullopt);
  EXPECT_THAT(All(*store), IsEmpty());
}

TEST_P(Table, AnswersWhatIsCalledAfterItsClose) {
  const auto store = Open();
  Write(*store, {Put("a", "1")});
  auto loader = store->Load();
  ASSERT_THAT(loader, IsOk());

  EXPECT_THAT(store->Close(), IsOk());
  EXPECT_THAT(store->Close(), IsOk());

  std::string value;
  EXPECT_THAT(store->Get("a", value), HasReason(Reason::kClosed));
  EXPECT_THAT(store->Write({}), HasReason(Reason::kClosed));
  EXPECT_THAT(store->Persist(), HasReason(Reason::kClosed));
  EXPECT_THAT(store->Load(), HasReason(Reason::kClosed));
  EXPECT_THAT((*loader)->Finish(""), HasReason(Reason::kClosed));
  const auto at = store->Iterate({});
  EXPECT_FALSE(at->Valid());
  EXPECT_THAT(at->status(), HasReason(Reason::kClosed));
  const auto snapshot = store->Snapshot();
  EXPECT_THAT(snapshot->Get("a", value), HasReason(Reason::kClosed));
  EXPECT_EQ(store->mark(), "");
  EXPECT_EQ(store->use().keys, 0);
}

TEST_P(Table, TellsRoughlyWhatItTakes) {
  const auto store = Open();

  Write(*store, {Put("a", std::string(5000, 'x')), Put("b", "")});

  EXPECT_EQ(store->use().keys, 2);
  EXPECT_GE(store->use().memory_bytes + store->use().disk_bytes, 5000);
}

TEST_P(Table, OutlivesWhoHoldsItsBackend) {
  auto store = Open();
  Write(*store, {Put("a", "1")});
  const auto other = Open("other");

  store.reset();

  Write(*other, {Put("b", "1")});
  EXPECT_THAT(All(*other), SizeIs(1));
}

TEST_P(Table, IsNotThereForReadingAlone) {
  EXPECT_THAT(backend_->Open({.directory = Path("none"), .read_only = true}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(Table, IsRemovedWhetherThereOrNot) {
  { Write(*Open(), {Put("a", "1")}); }

  EXPECT_THAT(backend_->Remove(Path()), IsOk());
  EXPECT_THAT(backend_->Remove(Path()), IsOk());

  EXPECT_THAT(All(*Open()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Backends, Table,
                         ::testing::ValuesIn(kEveryBackend), BackendName);

}  // namespace
}  // namespace cauce::test
