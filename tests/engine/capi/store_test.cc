#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

cauce_row_t RowOf(std::string_view key, std::string_view value) {
  cauce_row_t row = CAUCE_ROW_INIT;
  row.key = key.data();
  row.key_size = key.size();
  row.value = value.data();
  row.value_size = value.size();
  return row;
}

class CapiStore : public CapiRig {
 protected:
  CapiStore() {
    EXPECT_EQ(cauce_stores_open(client_, nullptr, 0, nullptr, nullptr, &stores_,
                                err()),
              CAUCE_OK)
        << told_.message();
  }
  ~CapiStore() override {
    EXPECT_EQ(cauce_store_free(store_), CAUCE_OK);
    EXPECT_EQ(cauce_stores_free(stores_), CAUCE_OK);
  }

  void Open(cauce_store_kind_t kind,
            const std::vector<cauce_config_t>& options = {},
            const char* name = "counts") {
    ASSERT_EQ(cauce_store_open(stores_, kind, name, options.data(),
                               options.size(), nullptr, 0, &store_, err()),
              CAUCE_OK)
        << told_.message();
  }

  void Put(const cauce_row_t& row) {
    ASSERT_EQ(cauce_store_put(store_, &row, err()), CAUCE_OK)
        << told_.message();
  }

  // "none" where there is none.
  std::string Get(const cauce_row_t& row) {
    cauce_value_t* value = nullptr;
    EXPECT_EQ(cauce_store_get(store_, &row, &value, err()), CAUCE_OK)
        << told_.message();
    return TakeValue(value);
  }
  static std::string TakeValue(cauce_value_t* value) {
    if (value == nullptr) return "none";
    std::string text(static_cast<const char*>(value->value), value->value_size);
    EXPECT_EQ(cauce_value_free(value), CAUCE_OK);
    return text;
  }

  // As in "k=v".
  std::vector<std::string> Walk(cauce_rows_t* rows) {
    std::vector<std::string> found;
    for (;;) {
      const cauce_row_t* row = nullptr;
      EXPECT_EQ(cauce_rows_next(rows, &row, err()), CAUCE_OK)
          << told_.message();
      if (row == nullptr) break;
      found.push_back(
          std::string(static_cast<const char*>(row->key), row->key_size) + "=" +
          std::string(static_cast<const char*>(row->value), row->value_size));
    }
    EXPECT_EQ(cauce_rows_free(rows), CAUCE_OK);
    return found;
  }
  std::vector<std::string> Scan(const cauce_scan_t& scan) {
    cauce_rows_t* rows = nullptr;
    EXPECT_EQ(cauce_store_scan(store_, &scan, &rows, err()), CAUCE_OK)
        << told_.message();
    return Walk(rows);
  }

  cauce_stores_t* stores_ = nullptr;
  cauce_store_t* store_ = nullptr;
};

TEST_F(CapiStore, HoldsValuesByKey) {
  Open(CAUCE_KEY_VALUE_STORE);
  Put(RowOf("apples", "2"));
  const cauce_row_t rows[] = {RowOf("pears", "1"), RowOf("plums", "3")};
  ASSERT_EQ(cauce_store_write(store_, rows, 2, err()), CAUCE_OK);
  EXPECT_EQ(Get(RowOf("apples", "")), "2");
  EXPECT_EQ(Get(RowOf("melons", "")), "none");

  cauce_value_t* existing = nullptr;
  const cauce_row_t again = RowOf("pears", "9");
  ASSERT_EQ(cauce_store_put_if_absent(store_, &again, &existing, err()),
            CAUCE_OK);
  EXPECT_EQ(TakeValue(existing), "1");
  cauce_row_t gone = RowOf("apples", "");
  gone.value = nullptr;
  Put(gone);
  EXPECT_EQ(Get(RowOf("apples", "")), "none");
  EXPECT_EQ(cauce_store_persist(store_, err()), CAUCE_OK);
}

TEST_F(CapiStore, IsWalkedOverByRangeByPrefixAndBackwards) {
  Open(CAUCE_KEY_VALUE_STORE);
  for (const char* const key : {"a", "pa", "pb", "q"}) Put(RowOf(key, "1"));

  cauce_scan_t scan = CAUCE_SCAN_INIT;
  EXPECT_THAT(Scan(scan), ElementsAre("a=1", "pa=1", "pb=1", "q=1"));
  scan.is_reverse = 1;
  scan.from = "b";
  scan.from_size = 1;
  scan.to = "q";
  scan.to_size = 1;
  EXPECT_THAT(Scan(scan), ElementsAre("pb=1", "pa=1"));
  cauce_scan_t prefix = CAUCE_SCAN_INIT;
  prefix.prefix = "p";
  prefix.prefix_size = 1;
  EXPECT_THAT(Scan(prefix), ElementsAre("pa=1", "pb=1"));
  cauce_scan_t key = CAUCE_SCAN_INIT;
  key.key = "p";
  key.key_size = 1;
  cauce_rows_t* rows = nullptr;
  EXPECT_EQ(cauce_store_scan(store_, &key, &rows, err()), CAUCE_MISUSE);
}

TEST_F(CapiStore, SnapshotsStayAsTheyWere) {
  Open(CAUCE_KEY_VALUE_STORE);
  Put(RowOf("apples", "2"));
  cauce_snapshot_t* snapshot = nullptr;
  ASSERT_EQ(cauce_store_snapshot(store_, &snapshot, err()), CAUCE_OK)
      << told_.message();
  Put(RowOf("apples", "3"));

  cauce_value_t* value = nullptr;
  ASSERT_EQ(cauce_snapshot_get(snapshot, "apples", 6, &value, err()), CAUCE_OK);
  EXPECT_EQ(TakeValue(value), "2");
  const cauce_scan_t scan = CAUCE_SCAN_INIT;
  cauce_rows_t* rows = nullptr;
  ASSERT_EQ(cauce_snapshot_scan(snapshot, &scan, &rows, err()), CAUCE_OK);
  EXPECT_THAT(Walk(rows), ElementsAre("apples=2"));
  EXPECT_EQ(cauce_snapshot_free(snapshot), CAUCE_OK);
  EXPECT_EQ(cauce_store_close(store_, err()), CAUCE_OK) << told_.message();
  const cauce_row_t row = RowOf("apples", "4");
  EXPECT_EQ(cauce_store_put(store_, &row, err()), CAUCE_CLOSED);
}

TEST_F(CapiStore, OfTimesHasThem) {
  Open(CAUCE_TIMESTAMPED_STORE);
  cauce_row_t row = RowOf("apples", "2");
  row.time = 1000;
  Put(row);
  cauce_value_t* value = nullptr;
  ASSERT_EQ(cauce_store_get(store_, &row, &value, err()), CAUCE_OK);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->time, 1000);
  EXPECT_EQ(TakeValue(value), "2");
}

TEST_F(CapiStore, OfWindowsIsReadByKeyAndStart) {
  Open(CAUCE_WINDOW_STORE, {{"retention", "1h"}});
  for (const int64_t start : {1000, 2000, 3000}) {
    const std::string value = std::to_string(start);
    cauce_row_t row = RowOf("apples", value);
    row.start = start;
    Put(row);
  }
  cauce_row_t at = RowOf("apples", "");
  at.start = 2000;
  EXPECT_EQ(Get(at), "2000");
  cauce_scan_t scan = CAUCE_SCAN_INIT;
  scan.key = "apples";
  scan.key_size = 6;
  scan.time_from = 1500;
  EXPECT_THAT(Scan(scan), ElementsAre("apples=2000", "apples=3000"));
  cauce_snapshot_t* snapshot = nullptr;
  EXPECT_EQ(cauce_store_snapshot(store_, &snapshot, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_store_write(store_, &at, 1, err()), CAUCE_MISUSE);
}

TEST_F(CapiStore, OfSessionsIsReadByKeyAndBothEnds) {
  Open(CAUCE_SESSION_STORE, {{"retention", "1h"}});
  cauce_row_t row = RowOf("alice", "3 clicks");
  row.start = 1000;
  row.end = 5000;
  Put(row);
  EXPECT_EQ(Get(row), "3 clicks");
  cauce_scan_t scan = CAUCE_SCAN_INIT;
  scan.key = "alice";
  scan.key_size = 5;
  scan.time_from = 5001;
  EXPECT_THAT(Scan(scan), ElementsAre());
  scan.time_from = 5000;
  EXPECT_THAT(Scan(scan), ElementsAre("alice=3 clicks"));
  row.value = nullptr;
  row.value_size = 0;
  Put(row);
  EXPECT_EQ(Get(row), "none");
}

// A size that went below zero: memory was overwritten, or an exception came.
TEST_F(CapiStore, OfSizesThatNothingHasIsMisuseThatNamesThem) {
  Open(CAUCE_KEY_VALUE_STORE);
  Put(RowOf("apples", "2"));
  cauce_row_t key = RowOf("apples", "2");
  key.key_size = SIZE_MAX;
  cauce_row_t value = RowOf("apples", "2");
  value.value_size = SIZE_MAX;
  cauce_value_t* found = nullptr;
  cauce_rows_t* rows = nullptr;

  EXPECT_EQ(cauce_store_put(store_, &key, err()), CAUCE_MISUSE);
  EXPECT_THAT(told_.message(),
              HasSubstr("a row's key has 18446744073709551615 bytes"));
  EXPECT_EQ(cauce_store_put(store_, &value, err()), CAUCE_MISUSE);
  EXPECT_THAT(told_.message(), HasSubstr("a row's value has"));
  EXPECT_EQ(cauce_store_write(store_, &key, 1, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_store_put_if_absent(store_, &value, &found, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_store_get(store_, &key, &found, err()), CAUCE_MISUSE);
  const auto scan = [&](auto set) {
    cauce_scan_t given = CAUCE_SCAN_INIT;
    set(given);
    EXPECT_EQ(cauce_store_scan(store_, &given, &rows, err()), CAUCE_MISUSE);
    return told_.message();
  };
  EXPECT_THAT(scan([](cauce_scan_t& given) {
                given.prefix = "a";
                given.prefix_size = SIZE_MAX;
              }),
              HasSubstr("a scan's prefix has"));
  EXPECT_THAT(scan([](cauce_scan_t& given) {
                given.from = "a";
                given.from_size = SIZE_MAX;
              }),
              HasSubstr("a scan's from has"));
  EXPECT_THAT(scan([](cauce_scan_t& given) {
                given.to = "a";
                given.to_size = SIZE_MAX;
              }),
              HasSubstr("a scan's to has"));
  cauce_snapshot_t* snapshot = nullptr;
  ASSERT_EQ(cauce_store_snapshot(store_, &snapshot, err()), CAUCE_OK);
  EXPECT_EQ(cauce_snapshot_get(snapshot, "a", SIZE_MAX, &found, err()),
            CAUCE_MISUSE);
  EXPECT_THAT(told_.message(), HasSubstr("a key has"));
  EXPECT_EQ(cauce_snapshot_free(snapshot), CAUCE_OK);

  EXPECT_THAT(Scan(CAUCE_SCAN_INIT), ElementsAre("apples=2"));
}

TEST_F(CapiStore, OfWindowsAndSessionsRefusesSizesThatNothingHas) {
  for (const cauce_store_kind_t kind :
       {CAUCE_WINDOW_STORE, CAUCE_SESSION_STORE}) {
    const std::string name = "counts-" + std::to_string(kind);
    Open(kind, {{"retention", "1h"}}, name.c_str());
    cauce_row_t row = RowOf("apples", "2");
    row.key_size = SIZE_MAX;
    cauce_value_t* found = nullptr;
    cauce_rows_t* rows = nullptr;
    cauce_scan_t scan = CAUCE_SCAN_INIT;
    scan.key = "apples";
    scan.key_size = SIZE_MAX;

    EXPECT_EQ(cauce_store_put(store_, &row, err()), CAUCE_MISUSE);
    EXPECT_EQ(cauce_store_get(store_, &row, &found, err()), CAUCE_MISUSE);
    EXPECT_THAT(told_.message(), HasSubstr("a row's key has"));
    EXPECT_EQ(cauce_store_scan(store_, &scan, &rows, err()), CAUCE_MISUSE);
    EXPECT_THAT(told_.message(), HasSubstr("a scan's key has"));

    ASSERT_EQ(cauce_store_close(store_, err()), CAUCE_OK) << told_.message();
    ASSERT_EQ(cauce_store_free(store_), CAUCE_OK);
    store_ = nullptr;
  }
}

TEST_F(CapiStore, OfWrongValuesIsAnError) {
  Open(CAUCE_KEY_VALUE_STORE);
  cauce_store_t* other = nullptr;
  EXPECT_EQ(cauce_store_open(stores_, 9, "other", nullptr, 0, nullptr, 0,
                             &other, err()),
            CAUCE_MISUSE);
  const cauce_config_t option = {"ack", "soon"};
  EXPECT_EQ(cauce_store_open(stores_, CAUCE_KEY_VALUE_STORE, "other", &option,
                             1, nullptr, 0, &other, err()),
            CAUCE_INVALID_OPTION);
  EXPECT_EQ(cauce_store_open(stores_, CAUCE_KEY_VALUE_STORE, "counts", nullptr,
                             0, nullptr, 0, &other, err()),
            CAUCE_LOCKED);
  const cauce_row_t row = CAUCE_ROW_INIT;
  EXPECT_EQ(cauce_store_put(store_, &row, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_store_put(nullptr, &row, err()), CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::test
