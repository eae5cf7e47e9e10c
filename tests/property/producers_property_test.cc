// Random producers and transactions against one partition and against a model
// of it that is a list of batches: who may write, what a retry is answered,
// where the last stable offset is and what is committed are the same, whatever
// is cut, deleted, reopened, killed or damaged in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/seed.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;

constexpr int64_t kProducers = 4;

struct ModelBatch {
  int64_t base = 0;
  int64_t next = 0;
  int64_t producer = -1;
  int16_t epoch = -1;
  int32_t sequence = -1;
  bool transactional = false;
  std::optional<TransactionOutcome> ends;
  std::vector<std::string> values;
};

// What a client knows of itself.
struct Client {
  int16_t epoch = 0;
  int32_t sequence = 0;
  bool in_transaction = false;
};

struct Model {
  std::vector<ModelBatch> batches;
  int64_t start = 0;  // what lies below was deleted
  int64_t end = 0;

  const ModelBatch* EndOf(const ModelBatch& batch) const {
    for (const ModelBatch& each : batches) {
      if (each.base > batch.base && each.producer == batch.producer &&
          each.ends) {
        return &each;
      }
    }
    return nullptr;
  }
  int64_t LastStable(int64_t seen) const {
    for (const ModelBatch& each : batches) {
      if (!each.transactional || each.base >= seen) continue;
      const ModelBatch* const end = EndOf(each);
      if (end == nullptr || end->base >= seen) {
        return std::max(each.base, start);
      }
    }
    return seen;
  }
  std::vector<std::string> Committed(int64_t from, int64_t up_to) const {
    std::vector<std::string> all;
    for (const ModelBatch& each : batches) {
      // Whoever begins within a batch begins where it is asked for.
      if (std::max(each.base, from) >= up_to || each.ends) continue;
      const ModelBatch* const end = each.transactional ? EndOf(each) : nullptr;
      const bool shown =
          !each.transactional ||
          (end != nullptr && end->ends == TransactionOutcome::kCommit);
      for (size_t i = 0; shown && i < each.values.size(); ++i) {
        if (each.base + static_cast<int64_t>(i) >= from) {
          all.push_back(each.values[i]);
        }
      }
    }
    return all;
  }
  // Up to where records may be deleted without anything of producers being
  // forgotten: the last batch of each stays, and its open transaction.
  int64_t DeletableTo() const {
    int64_t to = end;
    for (int64_t producer = 0; producer < kProducers; ++producer) {
      const ModelBatch* last = nullptr;
      for (const ModelBatch& each : batches) {
        if (each.producer != producer || each.ends) continue;
        last = &each;
        const bool is_open = each.transactional && EndOf(each) == nullptr;
        if (is_open) to = std::min(to, each.base);
      }
      if (last != nullptr) to = std::min(to, last->base);
    }
    return to;
  }
  // What the batches that are left say of a producer.
  Client Know(int64_t producer) const {
    Client client;
    bool known = false;
    for (const ModelBatch& each : batches) {
      if (each.producer != producer) continue;
      if (!known || each.epoch != client.epoch) client.sequence = 0;
      known = true;
      client.epoch = each.epoch;
      client.in_transaction = each.transactional && !each.ends;
      if (each.ends) continue;
      client.sequence = static_cast<int32_t>(
          (each.sequence + (each.next - each.base)) & INT32_MAX);
    }
    return client;
  }
};

class ProducersProperty : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Run(int commands) {
    rig_.config().segment_bytes = 200 + Any(3000);
    rig_.config().segment_index_bytes = 200;
    if (OneIn(2)) rig_.config().flush = FlushPolicy::kOs;
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < commands; ++i) {
      SCOPED_TRACE(testing::Message() << "command " << i);
      Step();
      if (HasFailure()) return;
      ASSERT_EQ(log().log_end().value, model_.end);
    }
    Read();
    if (OneIn(2)) {
      ASSERT_THAT(rig_.Close(), IsOk());
    }
    RemoveSpoiled();
    // Lists tell of nothing below the start, which no file here has.
    if (model_.start > 0) rig_.Leaves(test::Left::kDamaged);
  }

 private:
  int64_t Any(int64_t count) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(count));
  }
  bool OneIn(int64_t count) { return Any(count) == 0; }

  void Step() {
    switch (Any(16)) {
      case 0:
        return OneIn(3) ? Truncate() : Read();
      case 1:
        return OneIn(3) ? Reopen() : OneIn(3) ? DeleteRecords() : Read();
      case 2:
      case 3:
        return Retry();
      case 4:
        return BeRefused();
      case 5:
      case 6:
      case 7:
        return EndTransaction();
      case 8:
        return AppendPlain();
      case 9:
        return Follow();
      default:
        return Send();
    }
  }

  OwnedBatch Build(const ModelBatch& batch) {
    std::vector<Record> records;
    for (const std::string& value : batch.values) {
      records.push_back({.value = value, .timestamp = rig_.now()});
    }
    BatchFields fields;
    fields.producer_id = ProducerId{batch.producer};
    fields.producer_epoch = batch.epoch;
    fields.base_sequence = batch.sequence;
    fields.transactional = batch.transactional;
    return test::BatchOf(records, fields);
  }
  ModelBatch Next(int64_t producer) {
    ModelBatch batch;
    batch.base = model_.end;
    batch.next = batch.base + 1 + Any(3);
    for (int64_t i = batch.base; i < batch.next; ++i) {
      batch.values.push_back(std::to_string(values_++));
    }
    if (producer < 0) return batch;
    const Client& client = clients_[static_cast<size_t>(producer)];
    batch.producer = producer;
    batch.epoch = client.epoch;
    batch.sequence = client.sequence;
    batch.transactional = client.in_transaction || OneIn(2);
    return batch;
  }
  void Keep(const ModelBatch& batch) {
    model_.end = batch.next;
    model_.batches.push_back(batch);
    if (batch.producer < 0) return;
    clients_[static_cast<size_t>(batch.producer)] = model_.Know(batch.producer);
  }
  AppendOptions Options() {
    return {.ack = OneIn(3) ? Ack::kWritten : Ack::kDurable};
  }

  void Send() {
    ModelBatch batch = Next(Any(kProducers));
    // One that is new here may begin anywhere, and counts on from 0.
    if (!Knows(batch.producer) && OneIn(2)) {
      batch.sequence = INT32_MAX - static_cast<int32_t>(Any(8));
    }
    const auto sent = log().Append(Build(batch).view(), Options());
    ASSERT_THAT(sent, IsOk());
    ASSERT_EQ(sent->base.value, batch.base);
    ASSERT_EQ(sent->next.value, batch.next);
    Keep(batch);
  }

  void AppendPlain() {
    const ModelBatch batch = Next(-1);
    ASSERT_THAT(log().Append(Build(batch).view(), Options()), IsOk());
    Keep(batch);
  }

  // The k-th last batch of a producer, once more.
  void Retry() {
    const int64_t producer = Any(kProducers);
    const size_t back = static_cast<size_t>(Any(5));
    std::vector<const ModelBatch*> sent;
    for (const ModelBatch& each : model_.batches) {
      if (each.producer != producer) continue;
      if (!sent.empty() && sent.back()->epoch != each.epoch) sent.clear();
      if (!each.ends) sent.push_back(&each);
    }
    const Client& client = clients_[static_cast<size_t>(producer)];
    if (sent.size() <= back || sent.back()->epoch != client.epoch) return;
    const ModelBatch& batch = *sent[sent.size() - 1 - back];
    const auto again = log().Append(Build(batch).view(), Options());
    if (back > 0 && ReasonOf(again.status()) == Reason::kOutOfOrderSequence) {
      // A snapshot tells of the last one alone.
      ASSERT_TRUE(reopened_);
      return;
    }
    ASSERT_THAT(again, IsOk());
    ASSERT_EQ(again->base.value, batch.base);
    ASSERT_EQ(again->next.value, batch.next);
  }

  void BeRefused() {
    const int64_t producer = Any(kProducers);
    if (!Knows(producer)) return;
    ModelBatch batch = Next(producer);
    const bool is_old = batch.epoch > 0 && OneIn(2);
    if (is_old) {
      batch.epoch -= 1;
    } else {
      batch.sequence =
          static_cast<int32_t>((batch.sequence + 1 + Any(100)) & INT32_MAX);
    }
    ASSERT_THAT(log().Append(Build(batch).view(), Options()),
                HasReason(is_old ? Reason::kInvalidProducerEpoch
                                 : Reason::kOutOfOrderSequence));
  }

  void EndTransaction() {
    const int64_t producer = Any(kProducers);
    const Client& client = clients_[static_cast<size_t>(producer)];
    if (!client.in_transaction && !OneIn(8)) return;
    ModelBatch marker;
    marker.base = model_.end;
    marker.next = marker.base + 1;
    marker.producer = producer;
    marker.epoch = static_cast<int16_t>(client.epoch + (OneIn(4) ? 1 : 0));
    marker.transactional = true;
    marker.ends =
        OneIn(2) ? TransactionOutcome::kCommit : TransactionOutcome::kAbort;
    const TransactionEnd end{.producer_id = {producer},
                             .producer_epoch = marker.epoch,
                             .coordinator_epoch = 0,
                             .outcome = *marker.ends,
                             .transaction_version =
                                 static_cast<int16_t>(Any(3))};
    const auto ended = log().EndTransaction(end, Options());
    if (end.transaction_version == 2 && client.in_transaction &&
        marker.epoch == client.epoch) {
      // The marker of the transaction in front, once more.
      ASSERT_THAT(ended, HasReason(Reason::kInvalidProducerEpoch));
      return;
    }
    ASSERT_THAT(ended, IsOk());
    ASSERT_EQ(ended->base.value, marker.base);
    marker.transactional = false;  // of the model: it is no record
    Keep(marker);
  }

  bool Knows(int64_t producer) const {
    return std::ranges::any_of(
        model_.batches,
        [&](const ModelBatch& each) { return each.producer == producer; });
  }

  void DeleteRecords() {
    const int64_t to =
        std::min(model_.DeletableTo(), log().high_watermark().value);
    if (to <= model_.start) return;
    model_.start += 1 + Any(to - model_.start);
    ASSERT_THAT(log().DeleteRecordsBefore(Offset{model_.start}), IsOk());
    cursors_.clear();
  }

  void Truncate() {
    // What would be left of producers may have been deleted.
    if (model_.start > 0) return;
    const int64_t to = std::max<int64_t>(0, model_.end - Any(12));
    while (!model_.batches.empty() && model_.batches.back().next > to) {
      model_.end = model_.batches.back().base;
      model_.batches.pop_back();
    }
    ASSERT_THAT(log().TruncateTo(Offset{to}), IsOkAndHolds(Offset{model_.end}));
    cursors_.clear();
    for (int64_t i = 0; i < kProducers; ++i) {
      clients_[static_cast<size_t>(i)] = model_.Know(i);
    }
    // What is known now is read from snapshots.
    reopened_ = true;
  }

  void Reopen() {
    cursors_.clear();
    reopened_ = true;
    if (OneIn(2)) {
      ASSERT_THAT(rig_.Close(), IsOk());
      SpoilSnapshots();
    } else {
      rig_.Kill();
      SpoilSnapshots();
    }
    ASSERT_THAT(rig_.Open(), IsOk());
  }

  // Any of them may be gone or damaged.
  void SpoilSnapshots() {
    for (const std::string& name : rig_.disk().Names(kSnapshotSuffix)) {
      if (!OneIn(3)) continue;
      std::string bytes = *rig_.disk().Read(name);
      if (bytes.empty() || OneIn(3)) {
        rig_.disk().Remove(name);
        continue;
      }
      const auto at = static_cast<size_t>(Any(std::ssize(bytes)));
      if (OneIn(3)) {
        bytes.resize(at);
      } else {
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << Any(8)));
      }
      rig_.disk().Write(name, bytes);
      spoiled_[name] = bytes;
    }
  }

  // Those that nobody has met stay: all others are verified.
  void RemoveSpoiled() {
    for (const auto& [name, bytes] : spoiled_) {
      const auto there = rig_.disk().Read(name);
      if (there && *there == bytes) rig_.disk().Remove(name);
    }
  }

  void CheckLastStable() {
    const int64_t seen = log().high_watermark().value;
    ASSERT_THAT(log().LastStableOffset(),
                IsOkAndHolds(Offset{model_.LastStable(seen)}));
  }

  void Read() {
    CheckLastStable();
    const int64_t stable = model_.LastStable(log().high_watermark().value);
    const int64_t from = model_.start + Any(model_.end + 1 - model_.start);
    ASSERT_THAT(test::ReadValues(rig_.shared_log(), Offset{from}, kCommitted),
                IsOkAndHolds(model_.Committed(from, stable)));
    const auto reader = rig_.OpenReadOnly();
    ASSERT_THAT(reader, IsOk());
    // It sees what is written.
    const int64_t written = model_.LastStable(model_.end);
    ASSERT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{written}));
    ASSERT_THAT(test::ReadValues(*reader, Offset{from}, kCommitted),
                IsOkAndHolds(model_.Committed(from, written)));
  }

  // A cursor that goes on through what happens.
  void Follow() {
    if (cursors_.empty()) {
      cursors_.push_back(std::make_unique<LogCursor>(
          rig_.shared_log(), Offset{model_.start}, kCommitted));
    }
    LogCursor& cursor = *cursors_.front();
    const int64_t from = cursor.position().value;
    const int64_t stable = model_.LastStable(log().high_watermark().value);
    std::vector<std::string> values;
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      values.emplace_back(*record.value);
    }
    ASSERT_EQ(values, model_.Committed(from, std::max(from, stable)));
  }

  Log& log() { return rig_.log(); }

  static constexpr CursorOptions kCommitted{.isolation =
                                                Isolation::kReadCommitted};
  const test::Seed seed_;
  std::mt19937_64 random_{seed_.value()};
  test::LogRig rig_{GetParam()};
  Model model_;
  std::vector<Client> clients_ = std::vector<Client>(kProducers);
  std::vector<std::unique_ptr<LogCursor>> cursors_;
  int64_t values_ = 0;
  bool reopened_ = false;
  std::map<std::string, std::string> spoiled_;  // snapshots, by name
};

INSTANTIATE_TEST_SUITE_P(Disks, ProducersProperty,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(ProducersProperty, TellsWhatAListOfTheirBatchesTells) {
  Run(GetParam() == DiskKind::kMemory ? 1500 : 400);
}

}  // namespace
}  // namespace cauce
