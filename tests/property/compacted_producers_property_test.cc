// Random producers and transactions in a log that is compacted, against a model
// of it that is a list of batches: whatever passes there are, in one go or in
// part, and whatever is reopened, killed or lost of the files beside the log in
// between, the last committed record of each key is read, nothing that was not
// committed is, and a retry is known for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/compaction.h"
#include "engine/log/key_map.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;

constexpr int64_t kClients = 4;
// LogEnvironment's.
constexpr absl::Duration kExpiration = absl::Hours(24);

struct KeyValue {
  std::string key;
  std::optional<std::string> value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};
using Table = std::map<std::string, std::string>;

struct ModelBatch {
  int64_t base = 0;
  int64_t producer = -1;
  bool transactional = false;
  std::optional<TransactionOutcome> ends;
  std::vector<KeyValue> records;
};

struct Model {
  std::vector<ModelBatch> batches;

  // Tells visit(batch, end) of each, newest first, and what has ended its
  // producer's transaction behind it.
  template <class Visit>
  void VisitWithEnds(Visit visit) const {
    std::map<int64_t, TransactionOutcome> ends;
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
      const auto end = ends.find(batch->producer);
      visit(*batch,
            end == ends.end() ? std::nullopt : std::optional(end->second));
      if (batch->ends) ends[batch->producer] = *batch->ends;
    }
  }
  int64_t LastStable(int64_t end) const {
    VisitWithEnds([&](const ModelBatch& batch, const auto& ended) {
      if (batch.transactional && !ended) end = batch.base;
    });
    return end;
  }
  // By offset.
  std::map<int64_t, KeyValue> Committed(int64_t up_to) const {
    std::map<int64_t, KeyValue> all;
    VisitWithEnds([&](const ModelBatch& batch, const auto& ended) {
      const bool is_committed =
          !batch.transactional || ended == TransactionOutcome::kCommit;
      if (batch.base >= up_to || !is_committed) return;
      for (size_t i = 0; i < batch.records.size(); ++i) {
        all[batch.base + static_cast<int64_t>(i)] = batch.records[i];
      }
    });
    return all;
  }
};

void Put(Table& table, const KeyValue& record) {
  if (record.value) {
    table[record.key] = *record.value;
  } else {
    table.erase(record.key);
  }
}

// What a client knows of itself.
struct Client {
  int64_t id = 0;
  int32_t sequence = 0;
  bool in_transaction = false;
  std::optional<OwnedBatch> last;
  int64_t last_base = 0;
  absl::Time last_time;
};

class CompactedProducersProperty : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Run(int commands) {
    for (Client& client : clients_) Renew(client);
    ChooseConfig();
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < commands; ++i) {
      SCOPED_TRACE(testing::Message() << "command " << i);
      Step();
      if (i % 10 == 0) CheckAll();
      if (HasFailure()) return;
    }
    CheckAll();
    pass_.reset();
  }

 private:
  int64_t Any(int64_t count) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(count));
  }
  bool OneIn(int64_t count) { return Any(count) == 0; }
  Client& AnyClient() { return clients_[static_cast<size_t>(Any(kClients))]; }

  void Step() {
    switch (Any(20)) {
      case 0:
        ChooseConfig();
        log().SetConfig(rig_.config(), false);
        return;
      case 1:
        return rig_.clock().Advance(OneIn(10) ? kExpiration
                                              : absl::Seconds(Any(3000)));
      case 2:
        ASSERT_THAT(log().ApplyRetention(), IsOk());
        return;
      case 3:
        return OneIn(4) ? Reopen() : rig_.SaveBounds();
      case 4:
        return CompactWhole();
      case 5:
      case 6:
        return BeginPass();
      case 7:
      case 8:
      case 9:
        return GoOn(Any(4000));
      case 10:
      case 11:
        return Retry(AnyClient());
      case 12:
      case 13:
      case 14:
        return EndTransaction(AnyClient());
      default:
        return Send(AnyClient());
    }
  }

  void ChooseConfig() {
    TopicConfig& config = rig_.config();
    config = {};
    config.cleanup = {.remove = false, .compact = true};
    config.segment_bytes = 300 + Any(3000);
    config.segment_index_bytes = 400;
    config.min_cleanable_dirty_ratio = 0;
    config.delete_retention = absl::Seconds(Any(3000));
    config.file_delete_delay = absl::Seconds(Any(100));
    if (OneIn(2)) config.flush = FlushPolicy::kOs;
  }

  // Of a client that was idle for so long nothing is known any more, perhaps.
  bool IsKnown(const Client& client) {
    return rig_.clock().Now() - client.last_time < kExpiration;
  }
  void Renew(Client& client) { client = {.id = ids_++}; }

  void Send(Client& client) {
    if (client.last && !client.in_transaction && !IsKnown(client)) {
      Renew(client);
    }
    ModelBatch sent{.producer = client.id,
                    .transactional = client.in_transaction || OneIn(2)};
    for (int64_t i = 0, count = 1 + Any(3); i < count; ++i) {
      sent.records.push_back({.key = fmt::format("k{}", Any(12))});
      if (!OneIn(6)) sent.records.back().value = fmt::format("v{}", values_++);
    }
    BatchFields fields;
    fields.producer_id = ProducerId{client.id};
    fields.producer_epoch = 0;
    fields.base_sequence = client.sequence;
    fields.transactional = sent.transactional;
    fields.codec = OneIn(4) ? Codec::kLz4 : Codec::kNone;
    std::vector<Record> records;
    for (const KeyValue& each : sent.records) {
      Record record{.key = each.key, .timestamp = rig_.now()};
      if (each.value) record.value = *each.value;
      records.push_back(record);
    }
    OwnedBatch batch = test::BatchOf(records, fields);
    const auto result = log().Append(batch.view(), {});
    ASSERT_THAT(result, IsOk());
    client.sequence += static_cast<int32_t>(records.size());
    client.in_transaction = sent.transactional;
    client.last = std::move(batch);
    client.last_base = sent.base = result->base.value;
    client.last_time = rig_.clock().Now();
    model_.batches.push_back(std::move(sent));
  }

  // Whatever has become of its records.
  void Retry(Client& client) {
    if (!client.last || !(IsKnown(client) || client.in_transaction)) return;
    const auto result = log().Append(client.last->view(), {});
    ASSERT_THAT(result, IsOk());
    ASSERT_EQ(result->base.value, client.last_base);
  }

  void EndTransaction(Client& client) {
    if (!client.in_transaction) return;
    const auto outcome =
        OneIn(2) ? TransactionOutcome::kAbort : TransactionOutcome::kCommit;
    const auto result =
        log().EndTransaction({ProducerId{client.id}, 0, 0, outcome}, {});
    ASSERT_THAT(result, IsOk());
    client.in_transaction = false;
    client.last_time = rig_.clock().Now();
    model_.batches.push_back(
        {.base = result->base.value, .producer = client.id, .ends = outcome});
  }

  void BeginPass() {
    if (pass_ != nullptr) return GoOn(1 << 20);
    if (OneIn(4)) {
      ASSERT_THAT(log().RollToCompact(), IsOk());
    }
    ASSERT_THAT(log().Flush(), IsOk());
    auto pass = log().BeginCompaction(
        {.now = rig_.clock().Now(),
         .on_demand = OneIn(2),
         .memory_bytes_max = OneIn(2) ? KeyMap::kBytesMin : 1 << 20});
    ASSERT_THAT(pass, IsOk());
    pass_ = *std::move(pass);
  }
  void GoOn(int64_t bytes) {
    if (pass_ == nullptr) return;
    const auto over = pass_->Work(bytes);
    ASSERT_THAT(over, IsOk());
    if (!*over) return;
    ASSERT_THAT(pass_->damage(), IsOk());
    ASSERT_THAT(log().EndCompaction(*pass_), IsOk());
    pass_.reset();
  }
  void CompactWhole() {
    BeginPass();
    while (pass_ != nullptr && !HasFailure()) GoOn(1 << 20);
  }

  void Reopen() {
    pass_.reset();
    if (OneIn(2)) {
      ASSERT_THAT(rig_.Close(), IsOk());
    } else {
      rig_.Kill();
    }
    // They may all be lost.
    if (OneIn(3)) Remove(".snapshot");
    ASSERT_THAT(rig_.Open(), IsOk());
  }
  void Remove(std::string_view suffix) {
    for (const std::string& name : rig_.disk().Names(suffix)) {
      rig_.disk().Remove(name);
    }
  }

  void CheckAll() {
    const int64_t stable = model_.LastStable(log().log_end().value);
    ASSERT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{stable}));
    const auto committed = model_.Committed(stable);
    Table expected;
    for (const auto& [offset, record] : committed) Put(expected, record);
    Table found;
    LogCursor cursor(rig_.shared_log(), log().log_start(),
                     {.isolation = Isolation::kReadCommitted});
    RecordView view;
    for (;;) {
      const auto more = cursor.Next(&view);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      KeyValue record{.key = std::string(*view.key)};
      if (view.value) record.value = std::string(*view.value);
      const auto at = committed.find(view.offset.value);
      ASSERT_NE(at, committed.end()) << view.offset.value;
      ASSERT_EQ(at->second, record);
      Put(found, record);
    }
    ASSERT_EQ(found, expected);
  }

  Log& log() { return rig_.log(); }

  const test::Seed seed_;
  std::mt19937_64 random_{seed_.value()};
  test::LogRig rig_{GetParam()};
  Model model_;
  Client clients_[kClients];
  int64_t ids_ = 0;
  int64_t values_ = 0;
  std::unique_ptr<Compaction> pass_;
};

INSTANTIATE_TEST_SUITE_P(Disks, CompactedProducersProperty,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CompactedProducersProperty, ShowWhatTheyCommittedAndNothingElse) {
  Run(GetParam() == DiskKind::kMemory ? 2000 : 300);
}

}  // namespace
}  // namespace cauce
