// How long after its writing began does a reader in another thread, or in
// another process, have a record of 100 B, if each is written before it is
// visible?
//
// Back of an envelope: encoding, the checksum and the write take 0.5 us, to get
// the news to another processor's cache 0.1, a read out of the page cache 0.4;
// the in-memory tail spares that one. So a reader that looks again and again
// may have it in 0.8 us. One that sleeps has to be woken: some 4 us, on a
// virtual machine that must send for the other processor more. One in another
// process has the files alone: it looks at their sizes, some 1 us a call of the
// system, and sleeps until the system tells it of a write, which the writer
// pays for: 1 us, and to wake it.
#include "bench/tail_bench.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "bench/floor_tail.h"
#include "bench/look_ups.h"
#include "bench/peers/scratch_directory.h"
#include "bench/scratch_topic.h"
#include "bench/tail_across.h"
#include "bench/tail_run.h"
#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kMessageBytes = 100;
constexpr size_t kBatchBytes = kMessageBytes + 80;
// So that a run of 2 GiB takes a second.
constexpr int64_t kBytesASecond = int64_t{2} << 30;
constexpr char kCauce[] = "cauce";

enum class Waits { kSpinning, kBlocking };

struct Tail {
  BenchOptions options;
  TailWork work;
  Waits waits = Waits::kSpinning;
};

// How long a read may sleep until there is something.
absl::Duration WaitOf(const Tail& tail) {
  return tail.waits == Waits::kBlocking ? absl::Seconds(kTailWaitSeconds)
                                        : absl::ZeroDuration();
}

absl::StatusOr<std::unique_ptr<FloorTail>> MakeFloor(const Tail& tail,
                                                     TailNews blocking) {
  return FloorTail::Create(
      tail.options.directory + "/floor", tail.work.message_bytes,
      tail.waits == Waits::kBlocking ? blocking : TailNews::kCounter);
}

absl::StatusOr<Sample> OnTheFloor(const Tail& tail) {
  CAUCE_ASSIGN_OR_RETURN(const auto floor, MakeFloor(tail, TailNews::kFutex));
  return RunTail(
      tail.work, [&](std::string_view each) { return floor->Write(each); },
      [&](VisitMessage visit) { return floor->Read(visit); });
}

// Appends messages one by one.
class Appender {
 public:
  explicit Appender(Partition& partition) : partition_(partition) {}
  absl::Status Append(std::string_view message) {
    if (!builder_.Add({.value = message, .timestamp = Timestamp{0}})) {
      return absl::InternalError("a message does not fit into a batch");
    }
    CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder_.Finish());
    return partition_.Append(batch, {Ack::kWritten}).status();
  }

 private:
  Partition& partition_;
  BatchBuilder builder_{{}, kBatchBytes};
};

// Follows a partition.
class Follower {
 public:
  Follower(const Partition& partition, absl::Duration wait)
      : partition_(partition),
        wait_(wait),
        cursor_(partition.Read(Offset{0})) {}
  absl::Status Read(VisitMessage visit) {
    if (wait_ > absl::ZeroDuration())
      CAUCE_RETURN_IF_ERROR(partition_.WaitFor(next_, wait_).status());
    RecordView record;
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const bool more, cursor_.Next(&record));
      if (!more) return absl::OkStatus();
      visit(*record.value);
      next_ = record.offset + 1;
    }
  }

 private:
  const Partition& partition_;
  const absl::Duration wait_;
  Cursor cursor_;
  Offset next_{0};
};

absl::StatusOr<Sample> InAPartition(const Tail& tail) {
  CAUCE_ASSIGN_OR_RETURN(
      ScratchTopic topic,
      ScratchTopic::Create(tail.options.directory + "/tail", "os"));
  Appender appender(topic.partition());
  Follower follower(topic.partition(), WaitOf(tail));
  return RunTail(
      tail.work, [&](std::string_view each) { return appender.Append(each); },
      [&](VisitMessage visit) { return follower.Read(visit); });
}

constexpr char kTopic[] = "t";

// A client in a directory of its own, with a producer that keeps nothing back.
struct Sender {
  explicit Sender(const std::string& path) : directory(path) {}

  absl::Status Open() {
    CAUCE_ASSIGN_OR_RETURN(client, Client::Open("dir:" + directory.path()));
    CAUCE_RETURN_IF_ERROR(
        client->engine()
            ->CreateTopic(kTopic, {.partitions = 1,
                                   .configs = {{"cauce.flush", "os"}}})
            .status());
    CAUCE_ASSIGN_OR_RETURN(
        producer,
        client->NewProducer(
            {.acks = Acks::kLeader, .linger = absl::ZeroDuration()}));
    return absl::OkStatus();
  }
  absl::Status Send(std::string_view message) const {
    return producer->Send({.topic = kTopic,
                           .partition = PartitionId{0},
                           .value = message,
                           .timestamp = Timestamp{0}});
  }

  const ScratchDirectory directory;
  std::unique_ptr<Client> client;
  std::unique_ptr<Producer> producer;
};

absl::StatusOr<std::unique_ptr<Consumer>> ConsumerOf(Client& client) {
  CAUCE_ASSIGN_OR_RETURN(auto consumer,
                         client.NewConsumer({.reset = ResetTo::kEarliest}));
  CAUCE_RETURN_IF_ERROR(consumer->Assign({{kTopic, PartitionId{0}}}));
  return consumer;
}

absl::Status PollOnce(Consumer& consumer, absl::Duration wait,
                      VisitMessage visit) {
  CAUCE_ASSIGN_OR_RETURN(const auto records, consumer.Poll(wait));
  for (const ConsumerRecord& record : records) visit(*record.value);
  return absl::OkStatus();
}

absl::StatusOr<Sample> ByClients(const Tail& tail) {
  Sender sender(tail.options.directory + "/client");
  CAUCE_RETURN_IF_ERROR(sender.Open());
  CAUCE_ASSIGN_OR_RETURN(const auto consumer, ConsumerOf(*sender.client));
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      RunTail(
          tail.work, [&](std::string_view each) { return sender.Send(each); },
          [&](VisitMessage visit) {
            return PollOnce(*consumer, WaitOf(tail), visit);
          }));
  CAUCE_RETURN_IF_ERROR(consumer->Close());
  CAUCE_RETURN_IF_ERROR(sender.producer->Close());
  CAUCE_RETURN_IF_ERROR(sender.client->Close());
  return sample;
}

absl::StatusOr<Sample> InChronicle(const Tail& tail, const std::string& how) {
  const ScratchDirectory directory(tail.options.directory + "/chronicle");
  return tail.options.java->Run(
      "ChronicleLog", {how, directory.path() + "/queue",
                       std::to_string(kMessageBytes),
                       std::to_string(tail.work.messages),
                       std::to_string(tail.work.per_second)});
}

// ---- The reader in another process

absl::StatusOr<Sample> OnTheFloorAcross(const Tail& tail, TailNews blocking) {
  CAUCE_ASSIGN_OR_RETURN(const auto made, MakeFloor(tail, blocking));
  FloorTail* const floor = made.get();
  return RunTailAcross(
      tail.work,
      {.make_writer = [=]() -> absl::StatusOr<TailAcross::Writer> {
         return [=](std::string_view each) { return floor->Write(each); };
       },
       .make_reader = [=]() -> absl::StatusOr<TailAcross::Reader> {
         return [=](VisitMessage visit) { return floor->Read(visit); };
       }});
}

absl::StatusOr<Sample> InAPartitionAcross(const Tail& tail) {
  const std::string directory = tail.options.directory + "/tail";
  return RunTailAcross(
      tail.work,
      {.make_writer = [=]() -> absl::StatusOr<TailAcross::Writer> {
         CAUCE_ASSIGN_OR_RETURN(ScratchTopic made,
                                ScratchTopic::Create(directory, "os"));
         const auto topic = std::make_shared<ScratchTopic>(std::move(made));
         const auto appender = std::make_shared<Appender>(topic->partition());
         return [=](std::string_view each) {
           (void)topic;  // which the appender has borrowed from
           return appender->Append(each);
         };
       },
       .make_reader = [=]() -> absl::StatusOr<TailAcross::Reader> {
         CAUCE_ASSIGN_OR_RETURN(
             Engine opened,
             Engine::Open(directory, {.access = Access::kReadOnly}));
         const auto engine = std::make_shared<Engine>(std::move(opened));
         CAUCE_ASSIGN_OR_RETURN(
             Partition found,
             engine->OpenPartition(ScratchTopic::kTopic, PartitionId{0}));
         const auto partition = std::make_shared<Partition>(std::move(found));
         const auto follower =
             std::make_shared<Follower>(*partition, WaitOf(tail));
         return [=](VisitMessage visit) {
           (void)engine;
           (void)partition;  // which the follower has borrowed
           return follower->Read(visit);
         };
       }});
}

absl::StatusOr<Sample> ByClientsAcross(const Tail& tail) {
  const std::string directory = tail.options.directory + "/client";
  return RunTailAcross(
      tail.work,
      {.make_writer = [=]() -> absl::StatusOr<TailAcross::Writer> {
         const auto sender = std::make_shared<Sender>(directory);
         CAUCE_RETURN_IF_ERROR(sender->Open());
         return [=](std::string_view each) { return sender->Send(each); };
       },
       .make_reader = [=]() -> absl::StatusOr<TailAcross::Reader> {
         CAUCE_ASSIGN_OR_RETURN(
             auto opened,
             Client::Open("dir:" + directory,
                          {.engine = {.access = Access::kReadOnly}}));
         const std::shared_ptr<Client> client = std::move(opened);
         CAUCE_ASSIGN_OR_RETURN(auto made, ConsumerOf(*client));
         const std::shared_ptr<Consumer> consumer = std::move(made);
         return [=](VisitMessage visit) {
           (void)client;
           return PollOnce(*consumer, WaitOf(tail), visit);
         };
       }});
}

// ---- Contests

constexpr char kChronicle[] = "Chronicle Queue";

// What is wanted of Chronicle Queue's reader at the same rate.
const PeerGoal kNeverBehindChronicle = {.side = kChronicle,
                                        .p99_ratio_max = 1,
                                        .figure_ratios_max = {{kP50, 1}}};

Tail TailOf(const BenchOptions& options, Waits waits, int64_t per_second) {
  Tail tail{.options = options, .waits = waits};
  tail.work.per_second = per_second;
  tail.work.message_bytes = kMessageBytes;
  tail.work.messages = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(per_second) *
                              static_cast<double>(options.bytes) /
                              static_cast<double>(kBytesASecond)));
  return tail;
}

Contest ContestOf(const Tail& tail, const std::string& subject) {
  Contest contest;
  contest.name = fmt::format("{}/per_second:{}/blocking:{}", subject,
                             tail.work.per_second,
                             tail.waits == Waits::kSpinning ? 0 : 1);
  contest.items = tail.work.messages;
  contest.bytes = tail.work.messages * static_cast<int64_t>(kMessageBytes);
  return contest;
}

Contest TailContest(const BenchOptions& options, Waits waits,
                    int64_t per_second) {
  const Tail tail = TailOf(options, waits, per_second);
  const bool spins = waits == Waits::kSpinning;
  Contest contest = ContestOf(tail, "BM_PartitionTail");
  contest.notes =
      "floor: crc32c, pwrite, a counter that the reader watches, pread, "
      "crc32c; flush=os, each record written by itself, timed from when its "
      "writing began; as much time for all, since the rate is set: the p50 "
      "and p99 count. Chronicle Queue has nothing to wait with: its reader "
      "always looks again at once";
  contest.sides = {{"floor", [tail] { return OnTheFloor(tail); }},
                   {kCauce, [tail] { return InAPartition(tail); }},
                   {"cauce, clients", [tail] { return ByClients(tail); }}};
  if (options.java != nullptr) {
    contest.sides.push_back(
        {kChronicle, [tail] { return InChronicle(tail, "tail"); }});
  }
  contest.goals = {{.side = kCauce,
                    .p99_seconds_max = spins ? 3e-6 : 12e-6,
                    .figures_max = {{kP50, spins ? 0.8 : 6.0}},
                    .peers = {kNeverBehindChronicle}}};
  return contest;
}

Contest TailAcrossContest(const BenchOptions& options, Waits waits,
                          int64_t per_second) {
  const Tail tail = TailOf(options, waits, per_second);
  Contest contest = ContestOf(tail, "BM_PartitionTailAcross");
  contest.notes =
      "as BM_PartitionTail, with the reader in another process, which has the "
      "directory open for reading only; floor: the counter is in memory that "
      "both have, and who sleeps does so on a futex there; where it says "
      "inotify nothing but the file is shared";
  contest.sides = {
      {"floor", [tail] { return OnTheFloorAcross(tail, TailNews::kFutex); }}};
  if (waits == Waits::kBlocking) {
    contest.sides.push_back({"floor, inotify", [tail] {
                               return OnTheFloorAcross(tail,
                                                       TailNews::kInotify);
                             }});
  }
  contest.sides.push_back(
      {kCauce, [tail] { return InAPartitionAcross(tail); }});
  contest.sides.push_back(
      {"cauce, clients", [tail] { return ByClientsAcross(tail); }});
  if (options.java != nullptr) {
    contest.sides.push_back(
        {kChronicle, [tail] { return InChronicle(tail, "tail-across"); }});
  }
  contest.goals = {{.side = kCauce, .peers = {kNeverBehindChronicle}}};
  return contest;
}

// How fast is written, and how it is waited.
template <typename Make>
std::vector<Contest> OfEachRate(const BenchOptions& options, Make make) {
  return {make(options, Waits::kSpinning, 100'000),
          make(options, Waits::kSpinning, 1'000'000),
          make(options, Waits::kBlocking, 100'000)};
}

}  // namespace

std::vector<Contest> TailContests(const BenchOptions& options) {
  return OfEachRate(options, TailContest);
}

std::vector<Contest> TailAcrossContests(const BenchOptions& options) {
  return OfEachRate(options, TailAcrossContest);
}

}  // namespace cauce::bench
