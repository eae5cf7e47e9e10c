// Backups by the C API: taken beside the client that writes, read, restored
// under another name, ended by their callback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

using ::testing::HasSubstr;

// The client writes to a directory, which backups are taken from.
class CapiBackup : public CapiRig {
 protected:
  CapiBackup() {
    EXPECT_EQ(cauce_client_free(client_), CAUCE_OK);
    const cauce_config_t options[] = {{"threads", "0"},
                                      {"offsets_topic_partitions", "1"},
                                      {"transaction_topic_partitions", "1"}};
    EXPECT_EQ(cauce_client_open(("dir:" + data_).c_str(), options, 3, nullptr,
                                nullptr, &client_, err()),
              CAUCE_OK)
        << told_.message();
    MakeTopic("orders", 2);
    cauce_partition_t* const partition = OpenPartition("orders");
    Append(partition, {"2 apples", "1 pear"});
    EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
  }

  cauce_reason_t Backup(cauce_progress_callback_t on_progress = nullptr,
                        void* user = nullptr) {
    return cauce_topic_backup(data_.c_str(), "orders", backup_.c_str(), nullptr,
                              0, on_progress, user, nullptr, err());
  }

  const TempDir scratch_;
  const std::string data_ = scratch_ / "data";
  const std::string backup_ = scratch_ / "backup";
};

TEST_F(CapiBackup, IsTakenReadAndRestoredUnderAnotherName) {
  cauce_backup_t* taken = nullptr;
  ASSERT_EQ(cauce_topic_backup(data_.c_str(), "orders", backup_.c_str(),
                               nullptr, 0, nullptr, nullptr, &taken, err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_STREQ(taken->topic, "orders");
  EXPECT_GT(taken->taken, 0);
  EXPECT_GT(taken->files, 0);
  EXPECT_GT(taken->bytes, 0);
  ASSERT_EQ(taken->partition_count, 2u);
  EXPECT_EQ(taken->partitions[0]->log_start, 0);
  EXPECT_EQ(taken->partitions[0]->log_end, 2);
  EXPECT_EQ(taken->partitions[0]->reason, CAUCE_OK);
  EXPECT_EQ(taken->partitions[1]->log_end, 0);
  EXPECT_EQ(taken->transaction_count, 0u);
  EXPECT_EQ(cauce_backup_free(taken), CAUCE_OK);

  cauce_backup_t* read = nullptr;
  ASSERT_EQ(cauce_backup_verify(backup_.c_str(), nullptr, nullptr, &read,
                                err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_EQ(read->partitions[0]->log_end, 2);
  EXPECT_EQ(cauce_backup_free(read), CAUCE_OK);

  EXPECT_EQ(cauce_topic_restore(client_, backup_.c_str(), nullptr, 0, nullptr,
                                nullptr, nullptr, err()),
            CAUCE_TOPIC_EXISTS);
  const cauce_config_t name = {"name", "orders-again"};
  cauce_backup_t* restored = nullptr;
  ASSERT_EQ(cauce_topic_restore(client_, backup_.c_str(), &name, 1, nullptr,
                                nullptr, &restored, err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_STREQ(restored->topic, "orders-again");
  EXPECT_EQ(cauce_backup_free(restored), CAUCE_OK);
  cauce_partition_t* const partition = OpenPartition("orders-again");
  cauce_cursor_t* cursor = nullptr;
  ASSERT_EQ(cauce_cursor_open(partition, 0, nullptr, 0, &cursor, err()),
            CAUCE_OK);
  for (const char* const value : {"2 apples", "1 pear"}) {
    const cauce_record_t* record = nullptr;
    ASSERT_EQ(cauce_cursor_next(cursor, &record, err()), CAUCE_OK);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(ValueOf(*record), value);
  }
  EXPECT_EQ(cauce_cursor_free(cursor), CAUCE_OK);
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
}

TEST_F(CapiBackup, ComesBackWithTheTransactionThatWasOpen) {
  const cauce_config_t id = {"transactional.id", "bills"};
  cauce_producer_t* const producer = OpenProducer({id});
  ASSERT_EQ(cauce_producer_init_transactions(producer, err()), CAUCE_OK);
  ASSERT_EQ(cauce_producer_begin(producer, err()), CAUCE_OK);
  Send(producer, "orders", {"3 plums"});
  ASSERT_EQ(Backup(), CAUCE_OK) << told_.message();
  const cauce_config_t name = {"name", "orders-again"};
  cauce_backup_t* restored = nullptr;
  ASSERT_EQ(cauce_topic_restore(client_, backup_.c_str(), &name, 1, nullptr,
                                nullptr, &restored, err()),
            CAUCE_OK)
      << told_.message();

  ASSERT_EQ(restored->transaction_count, 1u);
  EXPECT_STREQ(restored->transactions[0]->partitions[0]->topic,
               "orders-again");
  EXPECT_EQ(restored->transactions[0]->partitions[0]->log_start, 2);
  EXPECT_EQ(cauce_transaction_abort_hanging(
                client_, restored->transactions[0], err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_EQ(cauce_backup_free(restored), CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiBackup, TellsOfDamageThatItCopied) {
  // Within the first of two batches, which are durable.
  std::fstream log(data_ + "/orders-0/00000000000000000000.log",
                   std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(65);
  log.put('X');
  log.close();
  EXPECT_EQ(Backup(), CAUCE_CORRUPT_BATCH);

  const cauce_config_t skip = {"on_damage", "skip"};
  cauce_backup_t* taken = nullptr;
  ASSERT_EQ(cauce_topic_backup(data_.c_str(), "orders", backup_.c_str(), &skip,
                               1, nullptr, nullptr, &taken, err()),
            CAUCE_OK)
      << told_.message();

  EXPECT_EQ(taken->partitions[0]->reason, CAUCE_CORRUPT_BATCH);
  EXPECT_THAT(taken->partitions[0]->message, HasSubstr("orders-0"));
  EXPECT_EQ(taken->partitions[1]->reason, CAUCE_OK);
  EXPECT_EQ(cauce_backup_free(taken), CAUCE_OK);
}

TEST_F(CapiBackup, EndsWhereItsCallbackSaysSo) {
  const auto end = [](void* user, int64_t bytes, int64_t bytes_total) {
    EXPECT_LE(bytes, bytes_total);
    ++*static_cast<int*>(user);
    return int32_t{1};
  };
  int calls = 0;
  EXPECT_EQ(Backup(end, &calls), CAUCE_OTHER);
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(told_.message(), HasSubstr("callback"));
  EXPECT_EQ(cauce_backup_verify(backup_.c_str(), nullptr, nullptr, nullptr,
                                err()),
            CAUCE_OTHER);

  // What is left of it the next one replaces.
  ASSERT_EQ(Backup(), CAUCE_OK) << told_.message();
  calls = 0;
  EXPECT_EQ(cauce_backup_verify(backup_.c_str(), end, &calls, nullptr, err()),
            CAUCE_OTHER);
  const cauce_config_t name = {"name", "orders-again"};
  EXPECT_EQ(cauce_topic_restore(client_, backup_.c_str(), &name, 1, end,
                                &calls, nullptr, err()),
            CAUCE_OTHER);
  EXPECT_EQ(calls, 2);
  cauce_topics_t* topics = nullptr;
  ASSERT_EQ(cauce_topics_list(client_, &topics, err()), CAUCE_OK);
  EXPECT_EQ(topics->count, 1u) << "none of it is seen";
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);
}

TEST_F(CapiBackup, LetsItsCallbackCallNothing) {
  struct Seen {
    cauce_client_t* client;
    cauce_reason_t inside = CAUCE_OK;
  } seen{.client = client_};
  const auto look = [](void* user, int64_t, int64_t) {
    auto* const to = static_cast<Seen*>(user);
    to->inside = cauce_topic_delete(to->client, "orders", nullptr);
    return int32_t{0};
  };

  ASSERT_EQ(Backup(look, &seen), CAUCE_OK) << told_.message();

  EXPECT_EQ(seen.inside, CAUCE_MISUSE);
}

TEST_F(CapiBackup, OfWhatIsNotThereOrWasChangedIsRefused) {
  EXPECT_EQ(cauce_topic_backup(data_.c_str(), "nothing", backup_.c_str(),
                               nullptr, 0, nullptr, nullptr, nullptr, err()),
            CAUCE_UNKNOWN_TOPIC);
  const cauce_config_t wrong = {"on_damage", "ignore"};
  EXPECT_EQ(cauce_topic_backup(data_.c_str(), "orders", backup_.c_str(), &wrong,
                               1, nullptr, nullptr, nullptr, err()),
            CAUCE_INVALID_OPTION);
  EXPECT_THAT(told_.message(), HasSubstr("stop or skip"));
  cauce_backup_t* none = nullptr;
  EXPECT_EQ(cauce_topic_backup(nullptr, "orders", backup_.c_str(), nullptr, 0,
                               nullptr, nullptr, &none, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_backup_verify(nullptr, nullptr, nullptr, &none, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_topic_restore(client_, nullptr, nullptr, 0, nullptr, nullptr,
                                &none, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(cauce_backup_free(nullptr), CAUCE_OK);

  ASSERT_EQ(Backup(), CAUCE_OK) << told_.message();
  EXPECT_EQ(Backup(), CAUCE_OTHER) << "there is a whole one";
  std::ofstream(backup_ + "/orders-0/00000000000000000000.log",
                std::ios::app)
      << 'x';
  EXPECT_EQ(cauce_backup_verify(backup_.c_str(), nullptr, nullptr, nullptr,
                                err()),
            CAUCE_CORRUPT_FILE);
}

}  // namespace
}  // namespace cauce::test
