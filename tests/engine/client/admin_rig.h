// An admin of a client without threads, and what it answers in few words. For
// one thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/record_batch.h"
#include "tests/engine/client/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline TopicPartition Orders(int32_t partition) {
  return {"orders", PartitionId{partition}};
}

class AdminRig : public GroupConsumers {
 protected:
  AdminRig() { admin_ = AdminOf(*client_); }

  static std::unique_ptr<Admin> AdminOf(Client& client) {
    auto admin = client.NewAdmin();
    EXPECT_THAT(admin, IsOk());
    return *std::move(admin);
  }
  // Of another client, which only reads the same files.
  std::unique_ptr<Client> Reader() {
    ClientOptions options;
    options.threads = 0;
    options.engine.access = Access::kReadOnly;
    options.engine.clock = &clock_;
    options.engine.file_system = &files_;
    auto client = Client::Open("dir:/data", options);
    EXPECT_THAT(client, IsOk());
    return *std::move(client);
  }

  absl::StatusOr<ListedOffset> List(const TopicPartition& name,
                                    const OffsetSpec& wanted) {
    return admin_->ListOffsets({{name, wanted}}).at(name);
  }
  int64_t OffsetOf(int32_t partition, OffsetSpec::Kind kind, int64_t ms = -1) {
    const auto listed = List(Orders(partition), {kind, Timestamp{ms}});
    EXPECT_THAT(listed, IsOk());
    return listed.ok() ? listed->offset.value : -2;
  }
  absl::StatusOr<Offset> DeleteRecords(const TopicPartition& name,
                                       int64_t before) {
    return admin_->DeleteRecords({{name, Offset{before}}}).at(name);
  }

  // The status of one partition, or of the whole call.
  absl::Status Alter(const std::string& group, const TopicPartition& name,
                     OffsetAndMetadata to) {
    const auto altered = admin_->AlterGroupOffsets(group, {{name, to}});
    return altered.ok() ? altered->at(name) : altered.status();
  }
  absl::Status Forget(const std::string& group, const TopicPartition& name) {
    const auto deleted = admin_->DeleteGroupOffsets(group, {name});
    return deleted.ok() ? deleted->at(name) : deleted.status();
  }
  GroupProgress ProgressIn(int32_t partition, Admin& admin) {
    const auto all = admin.ListGroupOffsets("g");
    EXPECT_THAT(all, IsOk());
    if (!all.ok() || !all->contains(Orders(partition))) return {};
    return all->at(Orders(partition));
  }

  // A batch of the open transaction of `producer`, which no id has.
  absl::Status AppendHanging(const TopicPartition& name, ProducerId producer,
                             int16_t epoch = 0) {
    BatchFields fields;
    fields.transactional = true;
    fields.producer_id = producer;
    fields.producer_epoch = epoch;
    fields.base_sequence = 0;
    BatchBuilder builder(fields);
    EXPECT_TRUE(builder.Add({.value = "v"}));
    return engine()
        .OpenPartition(name.topic, name.partition)
        .value()
        .Append(*builder.Finish())
        .status();
  }
  // A transaction of one record in partition 0 that is open, and written.
  std::unique_ptr<Producer> Open(const std::string& id) {
    auto producer = client_->NewProducer({.transactional_id = id});
    EXPECT_THAT(producer, IsOk());
    EXPECT_THAT((*producer)->InitTransactions(), IsOk());
    EXPECT_THAT((*producer)->BeginTransaction(), IsOk());
    EXPECT_THAT((*producer)->Send({.topic = "orders",
                                   .partition = PartitionId{0},
                                   .value = "v"}),
                IsOk());
    EXPECT_THAT((*producer)->Flush(), IsOk());
    return *std::move(producer);
  }

  std::unique_ptr<Admin> admin_;
};

}  // namespace cauce::test
