// How long after its writing began does a reader in another thread have a
// record of 100 B, if each is written before it is visible?
//
// Back of an envelope: encoding, the checksum and the write take 0.5 us, to get
// the news to another processor's cache 0.1, a read out of the page cache 0.4;
// the in-memory tail spares that one. So a reader that looks again and again
// may have it in 0.8 us. One that sleeps has to be woken: some 4 us, on a
// virtual machine that must send for the other processor more.
#include "bench/tail_bench.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "bench/floor.h"
#include "bench/look_ups.h"
#include "bench/peers/scratch_directory.h"
#include "bench/scratch_topic.h"
#include "bench/tail_run.h"
#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/record_batch.h"
#include "engine/base/crc32c.h"
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

absl::Status Failed(const std::string& path) {
  return absl::ErrnoToStatus(errno, path);
}

// A checksum and a write for each message, then its number as news to the
// reader, who reads it and checks it.
class FloorTail {
 public:
  static absl::StatusOr<std::unique_ptr<FloorTail>> Create(std::string path,
                                                           Waits waits) {
    const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (fd < 0) return Failed(path);
    return std::unique_ptr<FloorTail>(
        new FloorTail(std::move(path), waits, fd));
  }
  ~FloorTail() {
    close(fd_);
    unlink(path_.c_str());
  }

  absl::Status Write(std::string_view message) {
    std::memcpy(written_.data() + sizeof(uint32_t), message.data(),
                kMessageBytes);
    const uint32_t crc = Crc32c(message);
    std::memcpy(written_.data(), &crc, sizeof crc);
    const int64_t count = count_.load(std::memory_order_relaxed);
    if (pwrite(fd_, written_.data(), kSlotBytes,
               count * std::ssize(written_)) != std::ssize(written_)) {
      // The reader waits without a limit.
      count_ = kFailed;
      count_.notify_one();
      return Failed(path_);
    }
    count_.store(count + 1);
    if (waits_ == Waits::kBlocking) count_.notify_one();
    return absl::OkStatus();
  }

  absl::Status Read(VisitMessage visit) {
    if (waits_ == Waits::kBlocking) count_.wait(seen_);
    const int64_t count = count_.load();
    if (count == kFailed) return absl::AbortedError("the writer failed");
    for (; seen_ < count; ++seen_) {
      if (pread(fd_, read_.data(), kSlotBytes, seen_ * std::ssize(read_)) !=
          std::ssize(read_)) {
        return Failed(path_);
      }
      uint32_t crc = 0;
      std::memcpy(&crc, read_.data(), sizeof crc);
      const auto message = std::string_view(read_).substr(sizeof crc);
      if (Crc32c(message) != crc) return absl::DataLossError(path_);
      visit(message);
    }
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kSlotBytes = kMessageBytes + sizeof(uint32_t);
  static constexpr int64_t kFailed = -1;

  FloorTail(std::string path, Waits waits, int fd)
      : path_(std::move(path)), waits_(waits), fd_(fd) {}

  const std::string path_;
  const Waits waits_;
  const int fd_;
  std::string written_ = std::string(kSlotBytes, '\0');
  std::string read_ = std::string(kSlotBytes, '\0');
  int64_t seen_ = 0;
  std::atomic<int64_t> count_ = 0;
};

absl::StatusOr<Sample> OnTheFloor(const Tail& tail) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto floor,
      FloorTail::Create(tail.options.directory + "/floor", tail.waits));
  return RunTail(
      tail.work, [&](std::string_view each) { return floor->Write(each); },
      [&](VisitMessage visit) { return floor->Read(visit); });
}

absl::Status ReadOn(Cursor& cursor, Offset* next, VisitMessage visit) {
  RecordView record;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more) return absl::OkStatus();
    visit(*record.value);
    *next = record.offset + 1;
  }
}

absl::StatusOr<Sample> InAPartition(const Tail& tail) {
  CAUCE_ASSIGN_OR_RETURN(
      ScratchTopic topic,
      ScratchTopic::Create(tail.options.directory + "/tail", "os"));
  Partition& partition = topic.partition();
  BatchBuilder builder({}, kBatchBytes);
  Cursor cursor = partition.Read(Offset{0});
  Offset next{0};
  return RunTail(
      tail.work,
      [&](std::string_view each) -> absl::Status {
        if (!builder.Add({.value = each, .timestamp = Timestamp{0}})) {
          return absl::InternalError("a message does not fit into a batch");
        }
        CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, builder.Finish());
        return partition.Append(batch, {Ack::kWritten}).status();
      },
      [&](VisitMessage visit) -> absl::Status {
        if (tail.waits == Waits::kBlocking) {
          CAUCE_RETURN_IF_ERROR(
              partition.WaitFor(next, absl::Seconds(kTailWaitSeconds))
                  .status());
        }
        return ReadOn(cursor, &next, visit);
      });
}

absl::StatusOr<Sample> ByClients(const Tail& tail) {
  const ScratchDirectory directory(tail.options.directory + "/client");
  CAUCE_ASSIGN_OR_RETURN(const auto client,
                         Client::Open("dir:" + directory.path()));
  CAUCE_RETURN_IF_ERROR(
      client->engine()
          ->CreateTopic("t", {.partitions = 1,
                              .configs = {{"cauce.flush", "os"}}})
          .status());
  CAUCE_ASSIGN_OR_RETURN(
      const auto producer,
      client->NewProducer(
          {.acks = Acks::kLeader, .linger = absl::ZeroDuration()}));
  CAUCE_ASSIGN_OR_RETURN(const auto consumer,
                         client->NewConsumer({.reset = ResetTo::kEarliest}));
  CAUCE_RETURN_IF_ERROR(consumer->Assign({{"t", PartitionId{0}}}));
  const absl::Duration wait = tail.waits == Waits::kBlocking
                                  ? absl::Seconds(kTailWaitSeconds)
                                  : absl::ZeroDuration();
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      RunTail(
          tail.work,
          [&](std::string_view each) {
            return producer->Send({.topic = "t",
                                   .partition = PartitionId{0},
                                   .value = each,
                                   .timestamp = Timestamp{0}});
          },
          [&](VisitMessage visit) -> absl::Status {
            CAUCE_ASSIGN_OR_RETURN(const auto records, consumer->Poll(wait));
            for (const ConsumerRecord& record : records) visit(*record.value);
            return absl::OkStatus();
          }));
  CAUCE_RETURN_IF_ERROR(consumer->Close());
  CAUCE_RETURN_IF_ERROR(producer->Close());
  CAUCE_RETURN_IF_ERROR(client->Close());
  return sample;
}

absl::StatusOr<Sample> InChronicle(const Tail& tail) {
  const ScratchDirectory directory(tail.options.directory + "/chronicle");
  return tail.options.java->Run(
      "ChronicleLog",
      {"tail", directory.path() + "/queue", std::to_string(kMessageBytes),
       std::to_string(tail.work.messages),
       std::to_string(tail.work.per_second)});
}

Contest TailContest(const BenchOptions& options, Waits waits,
                    int64_t per_second) {
  Tail tail{.options = options, .waits = waits};
  tail.work.per_second = per_second;
  tail.work.message_bytes = kMessageBytes;
  tail.work.messages = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(per_second) *
                              static_cast<double>(options.bytes) /
                              static_cast<double>(kBytesASecond)));
  const bool spins = waits == Waits::kSpinning;
  Contest contest;
  contest.name = fmt::format("BM_PartitionTail/per_second:{}/blocking:{}",
                             per_second, spins ? 0 : 1);
  contest.notes =
      "floor: crc32c, pwrite, a counter that the reader watches, pread, "
      "crc32c; flush=os, each record written by itself, timed from when its "
      "writing began; as much time for all, since the rate is set: the p50 "
      "and p99 count. Chronicle Queue has nothing to wait with: its reader "
      "always looks again at once";
  contest.items = tail.work.messages;
  contest.bytes = tail.work.messages * static_cast<int64_t>(kMessageBytes);
  contest.sides = {{"floor", [tail] { return OnTheFloor(tail); }},
                   {kCauce, [tail] { return InAPartition(tail); }},
                   {"cauce, clients", [tail] { return ByClients(tail); }}};
  if (options.java != nullptr) {
    contest.sides.push_back(
        {"Chronicle Queue", [tail] { return InChronicle(tail); }});
  }
  contest.goals = {{.side = kCauce,
                    .p99_seconds_max = spins ? 3e-6 : 12e-6,
                    .figures_max = {{kP50, spins ? 0.8 : 6.0}}}};
  return contest;
}

}  // namespace

std::vector<Contest> TailContests(const BenchOptions& options) {
  return {TailContest(options, Waits::kSpinning, 100'000),
          TailContest(options, Waits::kSpinning, 1'000'000),
          TailContest(options, Waits::kBlocking, 100'000)};
}

}  // namespace cauce::bench
