// How many records a second go through producer and consumer, beside the same
// batches appended to the log and read from it by a cursor?
//
// Back of an envelope, a record of 100 B: encoding and checksum 15 ns, the
// write 25 to 40, most of it for new pages; a lock and its release 15, the look
// at the clock where the record has no time 25, finding its topic, partition
// and batch 10. So Send takes 55 to 105 ns, where the log takes 40 to 55; what
// Poll does beside the cursor, 5 of 15 ns, is to lay out the record. In two
// threads the slower one, who sends, sets the pace: 10 M/s.
#include "bench/end_to_end_bench.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "bench/floor.h"
#include "bench/payload.h"
#include "bench/peers/scratch_directory.h"
#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kRecordBytes = 100;
constexpr size_t kBatchBytes = 64 << 10;
constexpr double kRatioMin = 0.7;
constexpr double kRecordsPerSecondMin = 10e6;
// How long a reader waits before it asks whether the writer has failed.
constexpr absl::Duration kWait = absl::Milliseconds(50);

constexpr char kTopic[] = "t";
constexpr char kClients[] = "cauce, clients";

enum class Where { kMemory, kDisk };
// Whether records have times of their own, as those of the log do, or get them
// in Send.
enum class Times { kOwn, kOfSend };

struct Work {
  BenchOptions options;
  std::shared_ptr<const Payload> payload;
  int64_t batches = 0;
  Where where = Where::kMemory;

  int64_t records() const { return batches * std::ssize(payload->records()); }
};

// A topic of one partition that a client holds, for one run.
class ClientTopic {
 public:
  static absl::StatusOr<std::unique_ptr<ClientTopic>> Create(const Work& work) {
    std::unique_ptr<ClientTopic> topic(new ClientTopic(work));
    std::string name = "memory:";
    if (work.where == Where::kDisk) {
      topic->directory_.emplace(work.options.directory + "/clients");
      name = "dir:" + topic->directory_->path();
    }
    CAUCE_ASSIGN_OR_RETURN(topic->client_, Client::Open(name));
    CAUCE_RETURN_IF_ERROR(
        topic->client_->engine()
            ->CreateTopic(kTopic, {.partitions = 1,
                                   .configs = {{"cauce.flush", "os"}}})
            .status());
    CAUCE_ASSIGN_OR_RETURN(
        topic->partition_,
        topic->client_->engine()->OpenPartition(kTopic, PartitionId{0}));
    return topic;
  }

  absl::Status AppendAll() {
    BatchBuilder builder({}, kBatchBytes);
    for (int64_t i = 0; i < work_.batches; ++i) {
      for (const Record& record : work_.payload->records()) {
        if (!builder.Add(record)) {
          return absl::InternalError("a record does not fit its batch");
        }
      }
      CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
      CAUCE_RETURN_IF_ERROR(partition_->Append(batch).status());
    }
    return absl::OkStatus();
  }

  absl::Status SendAll(Times times) {
    CAUCE_ASSIGN_OR_RETURN(
        const auto producer,
        client_->NewProducer({.batch_bytes = kBatchBytes}));
    for (int64_t i = 0; i < work_.batches; ++i) {
      for (const Record& record : work_.payload->records()) {
        CAUCE_RETURN_IF_ERROR(producer->Send(
            {.topic = kTopic,
             .partition = PartitionId{0},
             .key = record.key,
             .value = record.value,
             .timestamp =
                 times == Times::kOwn ? record.timestamp : kNoTimestamp}));
      }
    }
    return producer->Close();
  }

  // Until all was read, or the writer gives up.
  absl::Status ReadAll(const std::atomic<bool>& gives_up) {
    Cursor cursor = partition_->Read(Offset{0});
    RecordView record;
    int64_t seen = 0;
    size_t bytes = 0;
    while (seen < work_.records() && !gives_up) {
      CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
      if (more) {
        ++seen;
        bytes += record.key->size() + record.value->size();
        continue;
      }
      CAUCE_RETURN_IF_ERROR(
          partition_->WaitFor(Offset{seen}, kWait).status());
    }
    return CheckRead(seen, bytes);
  }

  absl::Status PollAll(const std::atomic<bool>& gives_up) {
    CAUCE_ASSIGN_OR_RETURN(
        const auto consumer,
        client_->NewConsumer({.reset = ResetTo::kEarliest}));
    CAUCE_RETURN_IF_ERROR(consumer->Assign({{kTopic, PartitionId{0}}}));
    int64_t seen = 0;
    size_t bytes = 0;
    while (seen < work_.records() && !gives_up) {
      CAUCE_ASSIGN_OR_RETURN(const auto records, consumer->Poll(kWait));
      seen += std::ssize(records);
      for (const ConsumerRecord& record : records) {
        bytes += record.key->size() + record.value->size();
      }
    }
    return CheckRead(seen, bytes);
  }

 private:
  explicit ClientTopic(Work work) : work_(std::move(work)) {}

  absl::Status CheckRead(int64_t seen, size_t bytes) const {
    const auto wanted = static_cast<size_t>(work_.records()) *
                        (Payload::kKeyBytes + kRecordBytes);
    if (seen == work_.records() && bytes == wanted) return absl::OkStatus();
    return absl::DataLossError(
        fmt::format("{} records of {} bytes were read of {} of {} bytes", seen,
                    bytes, work_.records(), wanted));
  }

  const Work work_;
  std::optional<ScratchDirectory> directory_;
  std::unique_ptr<Client> client_;
  std::optional<Partition> partition_;
};

using Call = absl::Status (*)(ClientTopic&, const std::atomic<bool>& gives_up);

absl::Status Append(ClientTopic& topic, const std::atomic<bool>&) {
  return topic.AppendAll();
}
absl::Status Send(ClientTopic& topic, const std::atomic<bool>&) {
  return topic.SendAll(Times::kOwn);
}
absl::Status SendWithoutTimes(ClientTopic& topic, const std::atomic<bool>&) {
  return topic.SendAll(Times::kOfSend);
}
absl::Status Read(ClientTopic& topic, const std::atomic<bool>& gives_up) {
  return topic.ReadAll(gives_up);
}
absl::Status Poll(ClientTopic& topic, const std::atomic<bool>& gives_up) {
  return topic.PollAll(gives_up);
}

// One thread writes; what it wrote is read behind that, uncounted.
absl::StatusOr<Sample> TimeWriting(const Work& work, Call write) {
  CAUCE_ASSIGN_OR_RETURN(const auto topic, ClientTopic::Create(work));
  const std::atomic<bool> gives_up = false;
  const double begin = MonotonicSeconds();
  CAUCE_RETURN_IF_ERROR(write(*topic, gives_up));
  const Sample sample(MonotonicSeconds() - begin);
  CAUCE_RETURN_IF_ERROR(topic->ReadAll(gives_up));
  return sample;
}

// One thread reads what was written before.
absl::StatusOr<Sample> TimeReading(const Work& work, Call read) {
  CAUCE_ASSIGN_OR_RETURN(const auto topic, ClientTopic::Create(work));
  CAUCE_RETURN_IF_ERROR(topic->AppendAll());
  const std::atomic<bool> gives_up = false;
  const double begin = MonotonicSeconds();
  CAUCE_RETURN_IF_ERROR(read(*topic, gives_up));
  return MonotonicSeconds() - begin;
}

// One writes while another reads, until all was read.
absl::StatusOr<Sample> TimeBoth(const Work& work, Call write, Call read) {
  CAUCE_ASSIGN_OR_RETURN(const auto topic, ClientTopic::Create(work));
  std::atomic<bool> gives_up = false;
  absl::Status was_read;
  const double begin = MonotonicSeconds();
  std::thread reader([&] { was_read = read(*topic, gives_up); });
  const absl::Status written = write(*topic, gives_up);
  if (!written.ok()) gives_up = true;
  reader.join();
  const double seconds = MonotonicSeconds() - begin;
  CAUCE_RETURN_IF_ERROR(written);
  CAUCE_RETURN_IF_ERROR(was_read);
  return seconds;
}

Contest ContestOf(const Work& work, std::string_view subject,
                  std::string_view notes) {
  Contest contest;
  contest.name = fmt::format("BM_{}/record_bytes:{}/disk:{}", subject,
                             kRecordBytes, work.where == Where::kDisk ? 1 : 0);
  contest.notes = notes;
  contest.items = work.records();
  contest.bytes = work.batches * std::ssize(work.payload->batch());
  return contest;
}

Contest SendContest(const Work& work) {
  Contest contest = ContestOf(
      work, "ProducerSend",
      "floor: the same batches encoded and appended to the partition");
  contest.sides = {
      {"floor", [work] { return TimeWriting(work, Append); }},
      {kClients, [work] { return TimeWriting(work, Send); }},
      {"cauce, clients, without times",
       [work] { return TimeWriting(work, SendWithoutTimes); }}};
  contest.goals = {{.side = kClients, .ratio_min = kRatioMin}};
  return contest;
}

Contest PollContest(const Work& work) {
  Contest contest = ContestOf(work, "ConsumerPoll",
                              "floor: the records by a cursor of the log");
  contest.sides = {{"floor", [work] { return TimeReading(work, Read); }},
                   {kClients, [work] { return TimeReading(work, Poll); }}};
  contest.goals = {{.side = kClients, .ratio_min = kRatioMin}};
  return contest;
}

Contest EndToEndContest(const Work& work) {
  Contest contest = ContestOf(
      work, "ClientEndToEnd",
      "one thread writes, another reads, until all was read; floor: the same "
      "batches appended to the partition and read by a cursor");
  contest.sides = {
      {"floor", [work] { return TimeBoth(work, Append, Read); }},
      {kClients, [work] { return TimeBoth(work, Send, Poll); }},
      {"cauce, clients, without times",
       [work] { return TimeBoth(work, SendWithoutTimes, Poll); }}};
  contest.goals = {{.side = kClients,
                    .ratio_min = kRatioMin,
                    .items_per_second_min = kRecordsPerSecondMin}};
  return contest;
}

}  // namespace

std::vector<Contest> EndToEndContests(const BenchOptions& options) {
  Work work{.options = options};
  work.payload =
      std::make_shared<const Payload>(kRecordBytes, kBatchBytes, options.seed);
  work.batches = work.payload->BatchesFor(options.bytes);
  std::vector<Contest> contests;
  for (const Where where : {Where::kMemory, Where::kDisk}) {
    work.where = where;
    contests.push_back(SendContest(work));
    contests.push_back(PollContest(work));
    contests.push_back(EndToEndContest(work));
  }
  return contests;
}

}  // namespace cauce::bench
