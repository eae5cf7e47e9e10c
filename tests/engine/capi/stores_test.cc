#include "engine/capi/stores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

using CapiStores = CapiRig;

TEST_F(CapiStores, AreListedAndMadeAnewFromTheirChangelogs) {
  const TempDir scratch;
  const std::string name = "dir:" + (scratch / "data");
  const cauce_config_t threads = {"threads", "0"};
  cauce_client_t* client = nullptr;
  ASSERT_EQ(cauce_client_open(name.c_str(), &threads, 1, nullptr, nullptr,
                              &client, err()),
            CAUCE_OK);
  struct Seen {
    cauce_client_t* client;
    int64_t records = 0;
    cauce_reason_t inside = CAUCE_OK;
  } seen{.client = client};
  const auto on_restore = [](void* user, const cauce_restore_t* progress) {
    auto* const to = static_cast<Seen*>(user);
    EXPECT_STREQ(progress->store, "counts");
    to->records = progress->records;
    to->inside = cauce_topic_delete(to->client, "nothing", nullptr);
  };
  const cauce_config_t option = {"application", "shop"};
  cauce_stores_t* stores = nullptr;
  ASSERT_EQ(cauce_stores_open(client, &option, 1, on_restore, &seen, &stores,
                              err()),
            CAUCE_OK)
      << told_.message();
  cauce_store_t* store = nullptr;
  ASSERT_EQ(cauce_store_open(stores, CAUCE_KEY_VALUE_STORE, "counts", nullptr,
                             0, nullptr, 0, &store, err()),
            CAUCE_OK)
      << told_.message();
  cauce_row_t row = CAUCE_ROW_INIT;
  row.key = "apples";
  row.key_size = 6;
  row.value = "2";
  row.value_size = 1;
  ASSERT_EQ(cauce_store_put(store, &row, err()), CAUCE_OK) << told_.message();
  ASSERT_EQ(cauce_store_close(store, err()), CAUCE_OK) << told_.message();
  EXPECT_EQ(cauce_store_free(store), CAUCE_OK);

  ASSERT_EQ(cauce_stores_restore(stores, "counts", 0, err()), CAUCE_OK)
      << told_.message();
  EXPECT_EQ(seen.records, 1);
  EXPECT_EQ(seen.inside, CAUCE_MISUSE);
  cauce_store_descriptions_t* list = nullptr;
  ASSERT_EQ(cauce_stores_list(stores, &list, err()), CAUCE_OK);
  ASSERT_EQ(list->count, 1u);
  EXPECT_STREQ(list->items[0]->name, "counts");
  EXPECT_STREQ(list->items[0]->topic, "shop-counts-changelog");
  EXPECT_EQ(list->items[0]->kind, CAUCE_KEY_VALUE_STORE);
  EXPECT_EQ(list->items[0]->end, 1);
  EXPECT_EQ(cauce_store_descriptions_free(list), CAUCE_OK);
  EXPECT_EQ(cauce_stores_restore(stores, "others", 0, err()),
            CAUCE_UNKNOWN_TOPIC);
  EXPECT_EQ(cauce_stores_free(stores), CAUCE_OK);
  EXPECT_EQ(cauce_client_free(client), CAUCE_OK);
}

TEST_F(CapiStores, TakeOptionsByName) {
  cauce_stores_t* stores = nullptr;
  const cauce_config_t option = {"aplication", "shop"};
  EXPECT_EQ(cauce_stores_open(client_, &option, 1, nullptr, nullptr, &stores,
                              err()),
            CAUCE_INVALID_OPTION);
  EXPECT_EQ(cauce_stores_open(client_, nullptr, 0, nullptr, nullptr, nullptr,
                              err()),
            CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::test
