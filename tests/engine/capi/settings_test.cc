#include "engine/capi/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using CapiSettings = CapiRig;

const cauce_setting_t* Find(const cauce_settings_t& settings,
                            const std::string& name) {
  for (size_t i = 0; i < settings.count; ++i) {
    if (settings.items[i]->name == name) return settings.items[i];
  }
  return nullptr;
}

TEST_F(CapiSettings, TellEveryOptionOfEachKind) {
  const struct {
    cauce_options_t kind;
    const char* name;
  } kinds[] = {{CAUCE_CLIENT_OPTIONS, "threads"},
               {CAUCE_CLIENT_OPTIONS, "open_files_max"},
               {CAUCE_PRODUCER_OPTIONS, "linger"},
               {CAUCE_CONSUMER_OPTIONS, "group"},
               {CAUCE_CURSOR_OPTIONS, "up_to"},
               {CAUCE_STORES_OPTIONS, "application"},
               {CAUCE_STORES_OPTIONS, "memory_max"},
               {CAUCE_STORE_OPTIONS, "ack"},
               {CAUCE_STORE_OPTIONS, "retention"},
               {CAUCE_BACKUP_OPTIONS, "on_damage"},
               {CAUCE_RESTORE_OPTIONS, "name"}};
  for (const auto& [kind, name] : kinds) {
    cauce_settings_t* settings = nullptr;
    ASSERT_EQ(cauce_options_describe(kind, &settings, err()), CAUCE_OK);
    EXPECT_NE(Find(*settings, name), nullptr) << name;
    EXPECT_EQ(cauce_settings_free(settings), CAUCE_OK);
  }
  cauce_settings_t* settings = nullptr;
  EXPECT_EQ(cauce_options_describe(17, &settings, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_options_describe(0, nullptr, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_settings_free(nullptr), CAUCE_OK);
}

TEST_F(CapiSettings, TellATopicsConfigsSetOrNot) {
  const cauce_config_t config = {"retention.ms", "1000"};
  ASSERT_EQ(cauce_topic_create(client_, "orders", 1, &config, 1, err()),
            CAUCE_OK);

  cauce_settings_t* settings = nullptr;
  ASSERT_EQ(cauce_topic_configs(client_, "orders", &settings, err()), CAUCE_OK);

  const cauce_setting_t* const set = Find(*settings, "retention.ms");
  ASSERT_NE(set, nullptr);
  EXPECT_STREQ(set->value, "1000");
  EXPECT_EQ(set->is_default, 0);
  EXPECT_STREQ(set->type, "long");
  const cauce_setting_t* const other = Find(*settings, "cleanup.policy");
  ASSERT_NE(other, nullptr);
  EXPECT_STREQ(other->value, "delete");
  EXPECT_EQ(other->is_default, 1);
  EXPECT_EQ(cauce_settings_free(settings), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
