#include "engine/coord/offset_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;

OffsetCommitKey Key(int32_t partition, const std::string& group = "g") {
  return {group, "t", PartitionId{partition}};
}

OffsetCommitValue Value(int64_t offset) {
  OffsetCommitValue value;
  value.offset = Offset{offset};
  return value;
}

// -1 where nothing is committed.
int64_t Committed(const OffsetTable& table, const OffsetCommitKey& key) {
  const CommittedOffset* found = table.Find(key);
  return found == nullptr ? -1 : found->value.offset.value;
}

constexpr ProducerId kAda{1};
constexpr ProducerId kBob{2};

TEST(OffsetTable, TheLastCommitHoldsThoughItGoesBack) {
  OffsetTable table;
  table.Commit(Key(0), Value(10), Offset{0});
  table.Commit(Key(0), Value(5), Offset{1});
  EXPECT_EQ(Committed(table, Key(0)), 5);
  EXPECT_EQ(Committed(table, Key(1)), -1);
}

TEST(OffsetTable, KeepsAllThatACommitSays) {
  OffsetCommitValue value = Value(7);
  value.leader_epoch = LeaderEpoch{3};
  value.metadata = "words";
  value.commit_timestamp = Timestamp{1000};
  value.topic_id.bytes[0] = 9;
  OffsetTable table;
  table.Commit(Key(0), value, Offset{4});
  EXPECT_EQ(*table.Find(Key(0)), (CommittedOffset{value, Offset{4}}));
}

TEST(OffsetTable, APendingCommitTakesEffectAtItsEnd) {
  OffsetTable table;
  table.CommitPending(Key(0), Value(5), Offset{0}, kAda);
  EXPECT_EQ(Committed(table, Key(0)), -1);
  EXPECT_TRUE(table.IsPending(Key(0)));
  EXPECT_TRUE(table.HasPending("g"));
  table.EndWithCommit(kAda);
  EXPECT_EQ(Committed(table, Key(0)), 5);
  EXPECT_FALSE(table.IsPending(Key(0)));
  EXPECT_FALSE(table.HasPending("g"));
}

TEST(OffsetTable, AnAbortedCommitNeverTakesEffect) {
  OffsetTable table;
  table.Commit(Key(0), Value(1), Offset{0});
  table.CommitPending(Key(0), Value(5), Offset{1}, kAda);
  table.EndWithAbort(kAda);
  table.EndWithCommit(kAda);
  EXPECT_EQ(Committed(table, Key(0)), 1);
}

TEST(OffsetTable, ATransactionThatEndsLateDoesNotHideALaterCommit) {
  OffsetTable table;
  table.CommitPending(Key(0), Value(5), Offset{0}, kAda);
  table.CommitPending(Key(0), Value(6), Offset{1}, kBob);
  table.Commit(Key(1), Value(7), Offset{2});
  table.CommitPending(Key(1), Value(8), Offset{3}, kAda);
  table.EndWithCommit(kBob);
  EXPECT_TRUE(table.IsPending(Key(0)));
  table.EndWithCommit(kAda);
  EXPECT_EQ(Committed(table, Key(0)), 6);
  EXPECT_EQ(Committed(table, Key(1)), 8);
}

TEST(OffsetTable, ATombstoneTakesWhatIsPendingToo) {
  OffsetTable table;
  table.Commit(Key(0), Value(1), Offset{0});
  table.CommitPending(Key(0), Value(5), Offset{1}, kAda);
  table.CommitPending(Key(1), Value(6), Offset{2}, kAda);
  table.Remove(Key(0));
  table.EndWithCommit(kAda);
  EXPECT_EQ(Committed(table, Key(0)), -1);
  EXPECT_EQ(Committed(table, Key(1)), 6);
}

TEST(OffsetTable, ListsAGroupAndNoOther) {
  OffsetTable table;
  table.Commit(Key(1, "f"), Value(1), Offset{0});
  table.Commit(Key(2, "g"), Value(1), Offset{1});
  table.Commit(Key(0, "g"), Value(1), Offset{2});
  table.CommitPending(Key(3, "g"), Value(1), Offset{3}, kAda);
  table.Commit(Key(0, "ga"), Value(1), Offset{4});
  EXPECT_THAT(table.KeysOf("g"), ElementsAre(Key(0), Key(2)));
  EXPECT_THAT(table.AllKeysOf("g"), ElementsAre(Key(0), Key(2), Key(3)));
  EXPECT_THAT(table.Groups(), ElementsAre("f", "g", "ga"));
  EXPECT_THAT(table.KeysOf(""), ElementsAre());
}

// The log itself: of each key the furthest record that counts.
class Model {
 public:
  void Append(const OffsetCommitKey& key, std::optional<int64_t> offset,
              std::optional<ProducerId> producer) {
    records_.push_back({key, offset, producer, !producer.has_value()});
  }
  void End(ProducerId producer, bool committed) {
    for (Record& record : records_) {
      if (record.producer != producer || record.ended) continue;
      record.ended = true;
      record.counts = committed;
    }
  }
  int64_t Committed(const OffsetCommitKey& key) const {
    for (auto at = records_.rbegin(); at != records_.rend(); ++at) {
      if (at->key == key && (at->counts || !at->offset.has_value()))
        return at->offset.value_or(-1);
    }
    return -1;
  }
  bool IsPending(const OffsetCommitKey& key) const {
    for (auto at = records_.rbegin(); at != records_.rend(); ++at) {
      if (at->key != key) continue;
      if (!at->offset.has_value()) return false;
      if (at->producer.has_value() && !at->ended) return true;
    }
    return false;
  }
  int64_t next() const { return static_cast<int64_t>(records_.size()); }

 private:
  struct Record {
    OffsetCommitKey key;
    std::optional<int64_t> offset;
    std::optional<ProducerId> producer;
    bool counts;
    bool ended = false;
  };
  std::vector<Record> records_;
};

TEST(OffsetTable, TellsWhatTheLogTellsWhateverEndsWhen) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int run = 0; run < 300 && !::testing::Test::HasFailure(); ++run) {
    SCOPED_TRACE(run);
    OffsetTable table;
    Model model;
    for (int step = 0; step < 100; ++step) {
      const OffsetCommitKey key =
          Key(static_cast<int32_t>(random() % 3), random() % 2 ? "g" : "h");
      const ProducerId producer{static_cast<int64_t>(random() % 3)};
      const auto offset = static_cast<int64_t>(random() % 100);
      const Offset record{model.next()};
      switch (random() % 7) {
        case 0:
          model.Append(key, std::nullopt, std::nullopt);
          table.Remove(key);
          break;
        case 1:
          model.End(producer, true);
          table.EndWithCommit(producer);
          break;
        case 2:
          model.End(producer, false);
          table.EndWithAbort(producer);
          break;
        case 3:
        case 4:
          model.Append(key, offset, std::nullopt);
          table.Commit(key, Value(offset), record);
          break;
        default:
          model.Append(key, offset, producer);
          table.CommitPending(key, Value(offset), record, producer);
      }
      for (const std::string group : {"g", "h"}) {
        for (int32_t partition = 0; partition < 3; ++partition) {
          const OffsetCommitKey at = Key(partition, group);
          EXPECT_EQ(Committed(table, at), model.Committed(at));
          EXPECT_EQ(table.IsPending(at), model.IsPending(at));
        }
      }
    }
  }
}

}  // namespace
}  // namespace cauce
