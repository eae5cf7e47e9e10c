#include "tools/cli/topic_writer.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/partitioner.h"
#include "fmt/format.h"

namespace cauce::cli {
namespace {

int64_t BytesOf(const Record& record) {
  size_t bytes = record.key.value_or("").size();
  bytes += record.value.value_or("").size();
  for (const Header& header : record.headers) {
    bytes += header.key.size() + header.value.value_or("").size();
  }
  return static_cast<int64_t>(bytes);
}

// Those of a topic were checked when they were given.
TopicConfig ConfigOf(const TopicDescription& topic) {
  return ParseTopicConfig(topic.configs).value_or(TopicConfig());
}

// How long a record may at most be on its way to the log, whose clock goes on
// meanwhile: the longest linger and some more.
constexpr absl::Duration kOnItsWayMax = absl::Minutes(2);

// Whether the log may refuse a batch because this record is in it. May say yes
// to a time that is still taken; decided is it by the log alone.
bool MayBeRefused(const Record& record, const TopicConfig& topic,
                  absl::Time now) {
  if (topic.cleanup.compact && !record.key) return true;
  if (topic.timestamp_type != TimestampType::kCreateTime ||
      !record.timestamp.has_value()) {
    return false;
  }
  if (record.timestamp > Timestamp::From(now + topic.timestamp_after_max)) {
    return true;
  }
  if (!topic.timestamp_before_max) return false;
  const absl::Duration before = *topic.timestamp_before_max;
  // Where the bound is that short, most records would go alone.
  const absl::Duration margin = std::min(kOnItsWayMax, before / 2);
  return record.timestamp < Timestamp::From(now - before + margin);
}

}  // namespace

TopicWriter::TopicWriter(const Engine& engine, const TopicDescription& topic,
                         const TopicWriterOptions& options, Doorbell& doorbell,
                         AckCallback on_ack)
    : engine_(engine),
      topic_(topic.name),
      options_(options),
      doorbell_(doorbell),
      on_ack_(std::move(on_ack)),
      config_(ConfigOf(topic)),
      topic_batch_bytes_max_(static_cast<size_t>(config_.max_message_bytes)),
      lanes_(static_cast<size_t>(topic.partitions)),
      flights_(std::make_shared<Flights>()),
      stored_(lanes_.size()) {}

TopicWriter::~TopicWriter() {
  while (in_flight_count_ > 0) ReapOldest();
}

absl::StatusOr<TopicWriter::Lane*> TopicWriter::LaneOf(
    const Record& record, std::optional<PartitionId> partition) {
  if (!partition && record.key) {
    partition =
        PartitionForKey(*record.key, static_cast<int32_t>(lanes_.size()));
  }
  const size_t index =
      partition ? static_cast<size_t>(partition->value) : keyless_lane_;
  std::unique_ptr<Lane>& lane = lanes_[index];
  if (lane == nullptr) {
    auto opened =
        engine_.OpenPartition(topic_, PartitionId{static_cast<int32_t>(index)});
    if (!opened.ok()) return opened.status();
    // What is lost in front of a log ends where that begins.
    follows_another_ |= opened->lost().front.next > opened->log_start();
    const size_t bytes = std::min(options_.batch_bytes, topic_batch_bytes_max_);
    lane = std::make_unique<Lane>(Lane{
        *std::move(opened), BatchBuilder({.codec = options_.codec}, bytes)});
  }
  return lane.get();
}

absl::Status TopicWriter::Add(const Record& record,
                              std::optional<PartitionId> partition,
                              int64_t line, absl::Time read_at) {
  if (!failed_.ok()) return failed_;
  if (partition && (partition->value < 0 ||
                    static_cast<size_t>(partition->value) >= lanes_.size())) {
    return MakeError(
        Reason::kUnknownPartition,
        fmt::format("line {}: there is no partition {}: they are 0 to {}; "
                    "--repartition lets the key choose",
                    line, partition->value, lanes_.size() - 1));
  }
  // It must not take others of its batch with it.
  const bool alone = MayBeRefused(record, config_, read_at);
  if (alone) {
    if (absl::Status status = Send(); !status.ok()) return status;
  }
  const auto at_line = [line](const absl::Status& failure) {
    return Annotate(failure, fmt::format("line {}", line));
  };
  auto to = LaneOf(record, partition);
  if (!to.ok()) return at_line(to.status());
  Lane* lane = *to;
  if (!lane->builder.Add(record)) {
    if (absl::Status status = SendLane(*lane); !status.ok()) return status;
    // Without a key or a wish the record may now go elsewhere.
    to = LaneOf(record, partition);
    if (!to.ok()) return at_line(to.status());
    lane = *to;
    if (!lane->builder.Add(record)) {
      // The other lane's batch was as full as this one, or no batch can hold
      // the record.
      if (absl::Status status = SendLane(*lane); !status.ok()) return status;
      if (!lane->builder.Add(record)) {
        return MakeError(
            Reason::kBatchTooLarge,
            fmt::format("line {}: a record of {} bytes is more than a batch "
                        "can hold",
                        line, BytesOf(record)));
      }
    }
  }
  if (lane->builder.record_count() == 1) lane->lines.first = line;
  lane->lines.last = line;
  lane->bytes += BytesOf(record);
  ++unsent_;
  const bool oversized = lane->builder.bytes() > topic_batch_bytes_max_;
  return alone || oversized ? SendDoubtful(*lane) : absl::OkStatus();
}

// The topic may refuse its one record: what stands before it goes first, and
// nothing goes behind it before that is known.
absl::Status TopicWriter::SendDoubtful(Lane& doubtful) {
  for (const auto& lane : lanes_) {
    if (lane == nullptr || lane.get() == &doubtful) continue;
    if (absl::Status status = SendLane(*lane); !status.ok()) return status;
  }
  if (absl::Status status = SendLane(doubtful); !status.ok()) return status;
  while (in_flight_count_ > 0) ReapOldest();
  return failed_;
}

absl::Status TopicWriter::NameLines(const absl::Status& status,
                                    const Lines& lines) {
  return Annotate(status,
                  lines.first == lines.last
                      ? fmt::format("line {}", lines.first)
                      : fmt::format("lines {} to {}", lines.first, lines.last));
}

absl::Status TopicWriter::Send() {
  for (const auto& lane : lanes_) {
    if (lane == nullptr) continue;
    if (absl::Status status = SendLane(*lane); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TopicWriter::SendLane(Lane& lane) {
  if (lane.builder.empty()) return absl::OkStatus();
  if (absl::Status status = WaitForRoom(); !status.ok()) return status;
  unsent_ -= lane.builder.record_count();
  const auto batch = lane.builder.Finish();
  if (!batch.ok()) {
    // Its records are dropped: nothing may follow here either.
    failed_ = NameLines(batch.status(), lane.lines);
    return failed_;
  }
  if (&lane == lanes_[keyless_lane_].get()) {
    keyless_lane_ = (keyless_lane_ + 1) % lanes_.size();
  }

  const size_t index = (oldest_ + in_flight_count_) % kInFlightMax;
  InFlight& slot = flights_->ring[index];
  ++in_flight_count_;
  slot.done.store(false, std::memory_order_relaxed);
  slot.partition = lane.partition.name().partition;
  slot.bytes = std::exchange(lane.bytes, 0);
  slot.lines = lane.lines;
  lane.partition.AppendAsync(*batch, {.ack = options_.ack},
                             [flights = flights_, index, &doorbell = doorbell_](
                                 absl::StatusOr<AppendResult> result) {
                               InFlight& slot = flights->ring[index];
                               const bool failed = !result.ok();
                               slot.result = std::move(result);
                               slot.done.store(true, std::memory_order_release);
                               if (failed) flights->failed = true;
                               slot.done.notify_one();
                               doorbell.Ring();
                             });
  return absl::OkStatus();
}

absl::Status TopicWriter::WaitForRoom() {
  if (absl::Status status = Reap(); !status.ok()) return status;
  if (flights_->failed) return Failure();
  while (in_flight_count_ == kInFlightMax) ReapOldest();
  return failed_;
}

// The first append on its way that has failed, whatever is before it.
absl::Status TopicWriter::Failure() {
  for (size_t i = 0; failed_.ok() && i < in_flight_count_; ++i) {
    const InFlight& slot = flights_->ring[(oldest_ + i) % kInFlightMax];
    if (!slot.done.load(std::memory_order_acquire)) continue;
    failed_ = NameLines(slot.result.status(), slot.lines);
  }
  return failed_;
}

absl::Status TopicWriter::Reap() {
  while (in_flight_count_ > 0 &&
         flights_->ring[oldest_].done.load(std::memory_order_acquire)) {
    ReapOldest();
  }
  return failed_;
}

void TopicWriter::ReapOldest() {
  InFlight& slot = flights_->ring[oldest_];
  slot.done.wait(false, std::memory_order_acquire);
  oldest_ = (oldest_ + 1) % kInFlightMax;
  --in_flight_count_;
  if (!slot.result.ok()) {
    if (failed_.ok()) failed_ = NameLines(slot.result.status(), slot.lines);
    return;
  }
  const AppendResult& result = *slot.result;
  Stored& stored = stored_[static_cast<size_t>(slot.partition.value)];
  if (stored.records == 0) stored.base = result.base;
  stored.next = result.next;
  stored.records += result.next - result.base;
  stored.bytes += slot.bytes;
  records_stored_ += result.next - result.base;
  bytes_stored_ += slot.bytes;
  if (on_ack_) on_ack_(slot.partition, result);
}

absl::Status TopicWriter::Finish() {
  // What cannot be sent does not keep us from waiting for what was.
  absl::Status status = failed_.ok() ? Send() : failed_;
  while (in_flight_count_ > 0) ReapOldest();
  return status.ok() ? failed_ : status;
}

}  // namespace cauce::cli
