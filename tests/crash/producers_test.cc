// Producers that try again until they are answered, on a disk whose power goes
// in front of every change in turn: each record is there once, in order, and
// what is committed is what they committed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "engine/base/status_macros.h"
#include "tests/crash/power_loss.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAreArray;

constexpr std::string_view kDirectory = "/data";

// What producers do, one thing after the other.
struct Deed {
  enum Kind { kSend, kSendInTransaction, kCommit, kAbort, kReopen, kUpkeep };
  Kind kind = kSend;
  int64_t producer = 0;
  std::string value;     // of the record that is sent
  int32_t sequence = 0;  // of that record
};

// Two producers whose transactions overlap, in segments of few batches.
std::vector<Deed> Deeds() {
  std::vector<Deed> deeds;
  int32_t sequences[2] = {};
  const auto send = [&](Deed::Kind kind, int64_t producer) {
    Deed deed{kind, producer, std::to_string(deeds.size())};
    deed.value += std::string(60, '.');
    deed.sequence = sequences[producer]++;
    deeds.push_back(deed);
  };
  const auto end = [&](Deed::Kind kind, int64_t producer) {
    deeds.push_back({kind, producer});
  };
  send(Deed::kSend, 0);
  send(Deed::kSendInTransaction, 0);
  send(Deed::kSendInTransaction, 1);
  end(Deed::kAbort, 0);
  send(Deed::kSendInTransaction, 1);
  end(Deed::kUpkeep, 0);
  send(Deed::kSendInTransaction, 0);
  end(Deed::kCommit, 1);
  end(Deed::kReopen, 0);
  send(Deed::kSendInTransaction, 0);
  end(Deed::kAbort, 0);
  send(Deed::kSend, 1);
  return deeds;
}

// What can be read of all that, and what of it is committed.
std::vector<std::string> AllValues(const std::vector<Deed>& deeds) {
  std::vector<std::string> all;
  for (const Deed& deed : deeds) {
    if (!deed.value.empty()) all.push_back(deed.value);
  }
  return all;
}
std::vector<std::string> CommittedValues(const std::vector<Deed>& deeds) {
  std::vector<std::string> all;
  for (size_t i = 0; i < deeds.size(); ++i) {
    bool committed = deeds[i].kind == Deed::kSend;
    for (size_t j = i; deeds[i].kind == Deed::kSendInTransaction; ++j) {
      if (deeds[j].producer != deeds[i].producer) continue;
      if (deeds[j].kind == Deed::kAbort) break;
      committed = deeds[j].kind == Deed::kCommit;
      if (committed) break;
    }
    if (committed) all.push_back(deeds[i].value);
  }
  return all;
}

class ProducersTest : public ::testing::Test {
 protected:
  ProducersTest() : base_(std::make_unique<FaultyDisk>(clock_)) {
    Client client(*base_, clock_);
    EXPECT_THAT(client.Open(), IsOk());
    EXPECT_THAT(client.CreateTopic(), IsOk());
    EXPECT_THAT(client.Close(), IsOk());
    base_->CutNow();
  }

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
          ->CreateTopic("orders",
                        {.configs = {{"internal.segment.bytes", "500"}}})
          .status();
    }

    absl::Status Do(const Deed& deed) {
      if (deed.kind == Deed::kReopen) {
        CAUCE_RETURN_IF_ERROR(Close());
        return Open();
      }
      if (deed.kind == Deed::kUpkeep) return engine_->RunUpkeep();
      CAUCE_ASSIGN_OR_RETURN(Partition partition, Find());
      if (deed.kind == Deed::kCommit || deed.kind == Deed::kAbort) {
        return partition
            .EndTransaction({ProducerId{deed.producer}, 0, 0,
                             deed.kind == Deed::kCommit
                                 ? TransactionOutcome::kCommit
                                 : TransactionOutcome::kAbort})
            .status();
      }
      BatchFields fields;
      fields.producer_id = ProducerId{deed.producer};
      fields.producer_epoch = 0;
      fields.base_sequence = deed.sequence;
      fields.transactional = deed.kind == Deed::kSendInTransaction;
      const OwnedBatch batch =
          Batch({deed.value}, Timestamp::From(clock_.Now()), fields);
      return partition.Append(batch.view()).status();
    }

    std::vector<std::string> Values(Isolation isolation) {
      std::vector<std::string> values;
      auto partition = Find();
      EXPECT_THAT(partition, IsOk());
      if (!partition.ok()) return values;
      Cursor cursor = partition->Read(Offset{0}, {.isolation = isolation});
      RecordView record;
      for (;;) {
        const auto more = cursor.Next(&record);
        EXPECT_THAT(more, IsOk());
        if (!more.ok() || !*more) return values;
        values.emplace_back(*record.value);
      }
    }

   private:
    absl::StatusOr<Partition> Find() {
      return engine_->OpenPartition("orders", PartitionId{0});
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
    while (done < deeds_.size() && client.Do(deeds_[done]).ok()) ++done;
    return done;
  }

  // They go on where they were not answered any more.
  void GoOnFrom(size_t done, FaultyDisk& disk) {
    Client client(disk, clock_);
    ASSERT_THAT(client.Open(), IsOk());
    for (size_t i = done; i < deeds_.size(); ++i) {
      ASSERT_THAT(client.Do(deeds_[i]), IsOk()) << "deed " << i;
    }
    EXPECT_THAT(client.Values(Isolation::kReadUncommitted),
                ElementsAreArray(AllValues(deeds_)));
    EXPECT_THAT(client.Values(Isolation::kReadCommitted),
                ElementsAreArray(CommittedValues(deeds_)));
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
  const std::vector<Deed> deeds_ = Deeds();
  std::unique_ptr<FaultyDisk> base_;
};

TEST_F(ProducersTest, WriteEachRecordOnceWhereNothingUnsyncedIsKept) {
  AlikeButOne choices(AlikeButOne::Answer::kFirst);
  CutAndGoOn(choices);
}

TEST_F(ProducersTest, WriteEachRecordOnceWhereAllIsKept) {
  AlikeButOne choices(AlikeButOne::Answer::kLast);
  CutAndGoOn(choices);
}

TEST_F(ProducersTest, WriteEachRecordOnceWhateverIsKept) {
  for (uint64_t seed = 1; seed <= 20 / kOneIn && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "choices by " << seed);
    RandomChoices choices(seed);
    CutAndGoOn(choices);
  }
}

}  // namespace
}  // namespace cauce::test
