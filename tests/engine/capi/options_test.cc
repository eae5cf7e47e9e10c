#include "engine/capi/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/capi/error.h"
#include "tests/testing/matchers.h"

namespace cauce::capi {
namespace {

using test::HasReason;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// That each can be set to what it is anyway, where that can be said.
template <typename Of>
void ExpectAllAreSettable(const std::vector<OptionKey>& keys, Of of) {
  EXPECT_FALSE(keys.empty());
  for (const OptionKey& key : keys) {
    if (key.default_text.empty()) continue;
    const std::string field(key.field);
    const cauce_config_t pair = {field.c_str(), key.default_text.c_str()};
    EXPECT_EQ(of(Pairs(&pair, 1)).status(), absl::OkStatus()) << field;
  }
}

TEST(CapiOptions, EveryOneThatIsListedCanBeSet) {
  ExpectAllAreSettable(SettableClientKeys(), ClientOptionsOf);
  ExpectAllAreSettable(SettableProducerKeys(), ProducerOptionsOf);
  ExpectAllAreSettable(SettableConsumerKeys(), ConsumerOptionsOf);
  ExpectAllAreSettable(SettableCursorKeys(), CursorOptionsOf);
  ExpectAllAreSettable(SettableStoresKeys(), StoresOptionsOf);
  ExpectAllAreSettable(SettableStoreKeys(), StoreOptionsOf);
  ExpectAllAreSettable(SettableBackupKeys(), BackupOptionsOf);
  ExpectAllAreSettable(SettableRestoreKeys(), RestoreOptionsOf);
}

TEST(CapiOptions, ThoseWithoutADefaultCanBeSetToo) {
  const cauce_config_t producer[] = {{"idempotence", "true"},
                                     {"compression", "gzip"},
                                     {"compression_level", "3"},
                                     {"transactional.id", "t"}};
  const cauce_config_t consumer[] = {{"group.id", "g"},
                                     {"group.instance.id", "i"}};
  const auto made = ProducerOptionsOf(producer);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->idempotence, true);
  EXPECT_EQ(made->compression_level, 3);
  EXPECT_EQ(made->transactional_id, "t");
  const auto read = ConsumerOptionsOf(consumer);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->group, "g");
  EXPECT_EQ(read->instance, "i");
}

TEST(CapiOptions, ThoseOfStoresAndBackupsAreSetWhereverTheirFieldIs) {
  const cauce_config_t stores_pairs[] = {{"application.id", "shop"},
                                         {"directory", "/fast"},
                                         {"open_files_max", "-1"}};
  const cauce_config_t store_pairs[] = {{"partition", "3"},
                                        {"retention", "1h"}};
  const cauce_config_t backup_pairs[] = {{"group_offsets", "leave-out"},
                                         {"on_damage", "skip"}};
  const cauce_config_t restore_pairs[] = {{"name", "again"}};
  const auto stores = StoresOptionsOf(stores_pairs);
  ASSERT_TRUE(stores.ok()) << stores.status();
  EXPECT_EQ(stores->application, "shop");
  EXPECT_EQ(stores->directory, "/fast");
  EXPECT_EQ(stores->rocksdb.open_files_max, -1);
  const auto store = StoreOptionsOf(store_pairs);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->store.partition, PartitionId{3});
  EXPECT_EQ(store->retention, absl::Hours(1));
  const auto backup = BackupOptionsOf(backup_pairs);
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->group_offsets, GroupOffsets::kLeaveOut);
  EXPECT_EQ(backup->on_damage, OnDamage::kSkip);
  const auto restore = RestoreOptionsOf(restore_pairs);
  ASSERT_TRUE(restore.ok()) << restore.status();
  EXPECT_EQ(restore->name, "again");
}

TEST(CapiOptions, BothNamesOfADurationDo) {
  const cauce_config_t pairs[] = {{"linger", "7ms"},
                                  {"delivery.timeout.ms", "9"}};
  const auto options = ProducerOptionsOf(pairs);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->linger, absl::Milliseconds(7));
  EXPECT_EQ(options->delivery_timeout, absl::Milliseconds(9));
}

TEST(CapiOptions, ThatAreWrongAreAllNamed) {
  const cauce_config_t pairs[] = {{"acks", "most"},
                                  {"linger.sm", "5"},
                                  {"batch.size", "many"}};
  EXPECT_THAT(ProducerOptionsOf(pairs), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(ProducerOptionsOf(pairs),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("\"most\", it takes all, 1 or 0"),
                             HasSubstr("did you mean linger.ms"),
                             HasSubstr("batch.size"))));
}

TEST(CapiOptions, SeamsAndNullsAreNone) {
  const cauce_config_t seam = {"clock", "mine"};
  EXPECT_THAT(ClientOptionsOf(Pairs(&seam, 1)),
              HasReason(Reason::kInvalidOption));
  const cauce_config_t null = {"threads", nullptr};
  EXPECT_EQ(ReasonNumberOf(ClientOptionsOf(Pairs(&null, 1)).status()),
            CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::capi
