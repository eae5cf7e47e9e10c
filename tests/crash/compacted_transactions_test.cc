// Producers whose topic is compacted meanwhile, on a disk whose power goes in
// front of every change in turn: they go on where they were not answered, and
// of each key the last record that was committed is read, and no other
// transaction's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/crash/power_loss.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce::test {
namespace {

constexpr std::string_view kDirectory = "/data";

// What happens, one thing after the other.
struct Deed {
  enum Kind { kSend, kSendInTransaction, kCommit, kAbort, kCompact, kReopen };
  Kind kind = kSend;
  int64_t producer = 0;
  std::string key;       // of the record that is sent
  std::string value;     // likewise
  int32_t sequence = 0;  // likewise
  absl::Duration after;  // so much time has gone by
};

using Table = std::map<std::string, std::string>;

class DeedList {
 public:
  DeedList& Send(int64_t producer, std::string key) {
    return Add({Deed::kSend, producer, std::move(key)});
  }
  DeedList& SendInTransaction(int64_t producer, std::string key) {
    return Add({Deed::kSendInTransaction, producer, std::move(key)});
  }
  DeedList& Commit(int64_t producer) { return Add({Deed::kCommit, producer}); }
  DeedList& Abort(int64_t producer) { return Add({Deed::kAbort, producer}); }
  DeedList& CompactAfter(absl::Duration time) {
    Deed deed{Deed::kCompact};
    deed.after = time;
    return Add(std::move(deed));
  }
  DeedList& Reopen() { return Add({Deed::kReopen}); }

  const std::vector<Deed>& all() const { return deeds_; }

  Table Committed() const {
    Table table;
    for (size_t i = 0; i < deeds_.size(); ++i) {
      if (IsCommitted(i)) table[deeds_[i].key] = deeds_[i].value;
    }
    return table;
  }

 private:
  DeedList& Add(Deed deed) {
    if (!deed.key.empty()) {
      deed.value = fmt::format("{}{}", deeds_.size(), std::string(40, '.'));
      deed.sequence = sequences_[deed.producer]++;
    }
    deeds_.push_back(std::move(deed));
    return *this;
  }
  bool IsCommitted(size_t at) const {
    if (deeds_[at].kind != Deed::kSendInTransaction) {
      return deeds_[at].kind == Deed::kSend;
    }
    for (size_t i = at; i < deeds_.size(); ++i) {
      if (deeds_[i].producer != deeds_[at].producer) continue;
      if (deeds_[i].kind == Deed::kAbort) return false;
      if (deeds_[i].kind == Deed::kCommit) return true;
    }
    return false;
  }

  std::vector<Deed> deeds_;
  std::map<int64_t, int32_t> sequences_;
};

// Transactions that are over before a pass, and that go on across one; markers
// that stay, get their horizon and go; producers that are active and that are
// forgotten.
DeedList Deeds() {
  DeedList deeds;
  deeds.SendInTransaction(0, "a").SendInTransaction(1, "b").Send(2, "c");
  deeds.Abort(0).Commit(1).SendInTransaction(0, "a").Commit(0);
  deeds.SendInTransaction(1, "b").CompactAfter(absl::ZeroDuration());
  deeds.Abort(1).Send(2, "c").SendInTransaction(0, "c").Reopen().Abort(0);
  deeds.CompactAfter(absl::Hours(2)).Send(2, "d");
  deeds.CompactAfter(absl::Hours(26)).Send(3, "d");
  deeds.CompactAfter(absl::Hours(2)).SendInTransaction(0, "a").Commit(0);
  return deeds;
}

class CompactedTransactions : public ::testing::Test {
 protected:
  CompactedTransactions() : base_(std::make_unique<FaultyDisk>(clock_)) {
    Client client(*base_, clock_);
    EXPECT_THAT(client.Open(), IsOk());
    EXPECT_THAT(client.CreateTopic(), IsOk());
    EXPECT_THAT(client.Close(), IsOk());
    base_->CutNow();
  }
  void TearDown() override { std::printf("schedules %d\n", schedules_); }

  // The engine and those who write to it.
  class Client {
   public:
    Client(FaultyDisk& disk, SimClock& clock) : disk_(disk), clock_(clock) {}

    absl::Status Open() {
      EngineOptions options;
      options.file_system = &disk_;
      options.clock = &clock_;
      CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(kDirectory, options));
      engine_.emplace(std::move(engine));
      return absl::OkStatus();
    }
    absl::Status Close() { return engine_->Close(); }
    absl::Status CreateTopic() {
      return engine_
          ->CreateTopic("prices",
                        {.configs = {{"cleanup.policy", "compact"},
                                     {"delete.retention.ms", "3600000"},
                                     {"file.delete.delay.ms", "0"},
                                     {"internal.segment.bytes", "400"}}})
          .status();
    }
    absl::StatusOr<Partition> Find() {
      return engine_->OpenPartition("prices", PartitionId{0});
    }

    absl::Status Compact() {
      CAUCE_ASSIGN_OR_RETURN(const Partition partition, Find());
      CAUCE_RETURN_IF_ERROR(partition.Compact().status());
      return engine_->RunUpkeep();
    }

    absl::Status Do(const Deed& deed) {
      switch (deed.kind) {
        case Deed::kReopen:
          CAUCE_RETURN_IF_ERROR(Close());
          return Open();
        case Deed::kCompact:
          clock_.Advance(deed.after);
          return Compact();
        case Deed::kCommit:
          return End(deed.producer, TransactionOutcome::kCommit);
        case Deed::kAbort:
          return End(deed.producer, TransactionOutcome::kAbort);
        case Deed::kSend:
        case Deed::kSendInTransaction:
          return Send(deed);
      }
      return absl::OkStatus();
    }

    // The last record of each key.
    absl::StatusOr<Table> Committed() {
      CAUCE_ASSIGN_OR_RETURN(Partition partition, Find());
      Cursor cursor = partition.Read(partition.log_start(),
                                     {.isolation = Isolation::kReadCommitted});
      Table table;
      RecordView record;
      for (;;) {
        CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
        if (!more) return table;
        table[std::string(*record.key)] = *record.value;
      }
    }

   private:
    absl::Status Send(const Deed& deed) {
      CAUCE_ASSIGN_OR_RETURN(Partition partition, Find());
      BatchFields fields;
      fields.producer_id = ProducerId{deed.producer};
      fields.producer_epoch = 0;
      fields.base_sequence = deed.sequence;
      fields.transactional = deed.kind == Deed::kSendInTransaction;
      const OwnedBatch batch =
          BatchOf({{.key = deed.key,
                    .value = deed.value,
                    .timestamp = Timestamp::From(clock_.Now())}},
                  fields);
      return partition.Append(batch.view()).status();
    }
    absl::Status End(int64_t producer, TransactionOutcome outcome) {
      CAUCE_ASSIGN_OR_RETURN(Partition partition, Find());
      return partition.EndTransaction({ProducerId{producer}, 0, 0, outcome})
          .status();
    }

    FaultyDisk& disk_;
    SimClock& clock_;
    std::optional<Engine> engine_;
  };

  // Returns how many deeds were answered before the power went.
  size_t RunUntil(FaultyDisk& disk, int64_t cut) {
    disk.CutBefore(disk.changes() + cut);
    Client client(disk, clock_);
    if (!client.Open().ok()) return 0;
    size_t done = 0;
    while (done < deeds_.all().size() && client.Do(deeds_.all()[done]).ok()) {
      ++done;
    }
    return done;
  }

  // They go on where they were not answered any more.
  void GoOnFrom(size_t done, FaultyDisk& disk) {
    ++schedules_;
    Client client(disk, clock_);
    ASSERT_THAT(client.Open(), IsOk());
    for (size_t i = done; i < deeds_.all().size(); ++i) {
      ASSERT_THAT(client.Do(deeds_.all()[i]), IsOk()) << "deed " << i;
    }
    const Table expected = deeds_.Committed();
    EXPECT_THAT(client.Committed(), IsOkAndHolds(expected));
    // No transaction is open, so that all of it can be compacted.
    const auto partition = client.Find();
    ASSERT_THAT(partition, IsOk());
    EXPECT_THAT(partition->LastStableOffset(),
                IsOkAndHolds(partition->log_end()));
    ASSERT_THAT(client.Compact(), IsOk());
    EXPECT_THAT(client.Committed(), IsOkAndHolds(expected));
    ASSERT_THAT(client.Close(), IsOk());
    ExpectVerified(disk, kDirectory, Left::kWhole);
  }

  void CutAndGoOn(Choices& choices) {
    for (int64_t cut = 0; !HasFailure(); cut += kOneIn) {
      SCOPED_TRACE(testing::Message() << "cut in front of change " << cut);
      auto disk = base_->Copy();
      AllChoices nothing_is_unsynced;
      disk->Restart(nothing_is_unsynced);
      const size_t done = RunUntil(*disk, cut);
      if (!disk->is_cut()) return;
      disk->Restart(choices);
      GoOnFrom(done, *disk);
    }
  }

  SimClock clock_;
  const DeedList deeds_ = Deeds();
  std::unique_ptr<FaultyDisk> base_;
  int schedules_ = 0;
};

TEST_F(CompactedTransactions, AreWholeWhereNothingUnsyncedIsKept) {
  AlikeButOne choices(AlikeButOne::Answer::kFirst);
  CutAndGoOn(choices);
}

TEST_F(CompactedTransactions, AreWholeWhereAllIsKept) {
  AlikeButOne choices(AlikeButOne::Answer::kLast);
  CutAndGoOn(choices);
}

TEST_F(CompactedTransactions, AreWholeWhateverIsKept) {
  for (uint64_t seed = 1; seed <= 3 && !HasFailure(); seed += kOneIn) {
    SCOPED_TRACE(testing::Message() << "choices by " << seed);
    RandomChoices choices(seed);
    CutAndGoOn(choices);
  }
}

}  // namespace
}  // namespace cauce::test
