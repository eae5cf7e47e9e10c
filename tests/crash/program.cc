#include "tests/crash/program.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/crash/table_writer.h"

namespace cauce::test {
namespace {

// The topic that nearly everything happens to, one that is not synced, and one
// that is made and deleted.
constexpr std::string_view kMain = "orders";
constexpr std::string_view kOs = "ticks";
constexpr std::string_view kOther = "extra";
// And the one that is compacted.
constexpr std::string_view kTable = "prices";
constexpr size_t kSmallBytes = 90;
constexpr size_t kLargeBytes = 3000;

std::map<std::string, std::string> ConfigsOf(std::string_view topic) {
  if (topic == kTable) {
    return TableWriter::Configs(Program::kIndexIntervalBytes);
  }
  std::map<std::string, std::string> configs = {
      // Segments of a few batches, and an index entry for each.
      {"index.interval.bytes", fmt::format("{}", Program::kIndexIntervalBytes)},
      {"internal.segment.bytes", "1000"},
      {"file.delete.delay.ms", "1000"},
      {"retention.bytes", "1500"}};
  if (topic == kOs) configs["cauce.flush"] = "os";
  return configs;
}

}  // namespace

std::string_view StepName(Step step) {
  switch (step) {
    case Step::kAppend:
      return "Append";
    case Step::kAppendWritten:
      return "AppendWritten";
    case Step::kAppendLarge:
      return "AppendLarge";
    case Step::kAppendOs:
      return "AppendOs";
    case Step::kFlush:
      return "Flush";
    case Step::kTruncate:
      return "Truncate";
    case Step::kDeleteRecords:
      return "DeleteRecords";
    case Step::kUpkeep:
      return "Upkeep";
    case Step::kCreateTopic:
      return "CreateTopic";
    case Step::kDeleteTopic:
      return "DeleteTopic";
    case Step::kAlterTopic:
      return "AlterTopic";
    case Step::kGrowTopic:
      return "GrowTopic";
    case Step::kReopen:
      return "Reopen";
    case Step::kSend:
      return "Send";
    case Step::kSendInTransaction:
      return "SendInTransaction";
    case Step::kCommit:
      return "Commit";
    case Step::kAbort:
      return "Abort";
    case Step::kCompact:
      return "Compact";
  }
  return "?";
}

Program::Program(FaultyDisk& disk, SimClock& clock, Promises& promises)
    : disk_(disk),
      clock_(clock),
      promises_(promises),
      random_(static_cast<uint64_t>(disk.changes())) {}
Program::~Program() = default;

absl::Status Program::Open() {
  told_.clear();
  EngineOptions options;
  options.file_system = &disk_;
  options.clock = &clock_;
  options.random = &random_;
  options.events = [this](Severity severity, std::string_view line) {
    if (severity == Severity::kInfo) return;
    ++warnings_;
    if (!engine_) told_.emplace_back(line);
  };
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(kDirectory, options));
  engine_.emplace(std::move(engine));
  return absl::OkStatus();
}

absl::Status Program::Close() {
  const std::vector<PartitionPromise*> whole = Recovered();
  const absl::Status closed = engine_->Close();
  engine_.reset();
  CAUCE_RETURN_IF_ERROR(closed);
  for (PartitionPromise* each : whole) each->KeepUpTo(each->acknowledged);
  return absl::OkStatus();
}

std::vector<PartitionPromise*> Program::Recovered() {
  std::vector<PartitionPromise*> recovered;
  for (const auto& [name, topic] : promises_.topics()) {
    int32_t number = 0;
    for (PartitionPromise& each : promises_.topic(name).partitions) {
      const TopicPartition partition{name, PartitionId{number++}};
      if (!IsUnrecovered(partition)) recovered.push_back(&each);
    }
  }
  return recovered;
}

bool Program::IsUnrecovered(const TopicPartition& partition) {
  // Told as "t-1: why", where t-10 is another one.
  const std::string begin = partition.ToString() + ":";
  const bool was_told = std::ranges::any_of(
      told_, [&](const auto& line) { return line.starts_with(begin); });
  if (!was_told) return false;
  // Asking tries again.
  const auto opened =
      engine_->OpenPartition(partition.topic, partition.partition);
  const auto reason = ReasonOf(opened.status());
  return reason == Reason::kDiskFailed || reason == Reason::kDiskFull;
}

absl::Status Program::SetUp(Topics topics) {
  CAUCE_RETURN_IF_ERROR(Open());
  CAUCE_RETURN_IF_ERROR(topics == Topics::kPlain ? SetUpPlain() : SetUpTable());
  return Close();
}

absl::Status Program::SetUpPlain() {
  CAUCE_RETURN_IF_ERROR(CreateTopic(kMain));
  CAUCE_RETURN_IF_ERROR(CreateTopic(kOs));
  for (int i = 0; i < 7; ++i) {
    CAUCE_RETURN_IF_ERROR(Append(kMain, 2, kSmallBytes, Ack::kWritten));
    CAUCE_RETURN_IF_ERROR(Append(kOs, 2, kSmallBytes, Ack::kWritten));
  }
  return absl::OkStatus();
}

// Sealed segments of which a pass takes something, with transactions of either
// end.
absl::Status Program::SetUpTable() {
  CAUCE_RETURN_IF_ERROR(CreateTopic(kTable));
  using enum Step;
  for (const Step step : {kSend, kSendInTransaction, kSend, kCommit, kSend,
                          kSendInTransaction, kAbort, kSend, kSend}) {
    CAUCE_RETURN_IF_ERROR(RunOnTable(step));
  }
  return absl::OkStatus();
}

absl::Status Program::RunOnTable(Step step) {
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine_->OpenPartition(kTable, PartitionId{0}));
  TableWriter writer(partition, clock_,
                     promises_.topic(kTable).partitions[0]);
  switch (step) {
    case Step::kSend:
      return writer.Send();
    case Step::kSendInTransaction:
      return writer.SendInTransaction();
    case Step::kCommit:
      return writer.End(TransactionOutcome::kCommit);
    case Step::kAbort:
      return writer.End(TransactionOutcome::kAbort);
    default:
      return writer.Compact();
  }
}

absl::Status Program::Run(Step step) {
  if (!engine_) CAUCE_RETURN_IF_ERROR(Open());
  switch (step) {
    case Step::kAppend:
      return Append(kMain, 2, kSmallBytes, Ack::kDurable);
    case Step::kAppendWritten:
      return Append(kMain, 2, kSmallBytes, Ack::kWritten);
    case Step::kAppendLarge:
      return Append(kMain, 1, kLargeBytes, Ack::kWritten);
    case Step::kAppendOs:
      return Append(kOs, 2, kSmallBytes, Ack::kDurable);
    case Step::kFlush:
      return Flush();
    case Step::kTruncate:
      return Truncate();
    case Step::kDeleteRecords:
      return DeleteRecords();
    case Step::kUpkeep:
      return Upkeep();
    case Step::kCreateTopic:
      return CreateTopic(kOther);
    case Step::kDeleteTopic:
      return DeleteTopic(kMain);
    case Step::kAlterTopic:
      return AlterTopic();
    case Step::kGrowTopic:
      return GrowTopic();
    case Step::kReopen:
      CAUCE_RETURN_IF_ERROR(Close());
      return Open();
    case Step::kSend:
    case Step::kSendInTransaction:
    case Step::kCommit:
    case Step::kAbort:
    case Step::kCompact:
      return RunOnTable(step);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Partition>> Program::Find(std::string_view topic) {
  if (!promises_.topics().contains(topic)) return std::nullopt;
  auto opened = engine_->OpenPartition(topic, PartitionId{0});
  const bool is_gone = promises_.topic(topic).may_be_gone &&
                       ReasonOf(opened.status()) == Reason::kUnknownTopic;
  if (is_gone) return std::nullopt;
  return opened;
}

absl::Status Program::Append(std::string_view topic, int records, size_t bytes,
                             Ack ack) {
  // Deleted by a step before, perhaps: then it is made again.
  CAUCE_RETURN_IF_ERROR(CreateTopic(topic));
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine_->OpenPartition(topic, PartitionId{0}));
  PartitionPromise& promise = promises_.topic(topic).partitions[0];
  std::vector<std::string> values;
  std::vector<Record> batch;
  for (int i = 0; i < records; ++i) {
    values.push_back(fmt::format("{}-{}", topic, ++values_));
    values.back().resize(bytes, static_cast<char>('a' + values_ % 26));
  }
  for (const std::string& value : values) {
    batch.push_back({.key = "k", .value = value});
  }
  // So that a record is found by its time.
  clock_.Advance(absl::Milliseconds(1));
  const int64_t offset = partition.log_end().value;
  const int64_t end = promise.Try(offset, values);
  CAUCE_RETURN_IF_ERROR(partition.Append(batch, {ack}).status());
  promise.Acknowledge(offset, end);
  // A deletion that failed before takes nothing of it.
  promises_.topic(topic).may_be_gone = false;
  // With cauce.flush=os nothing is said of power.
  promise.KeepUpTo(partition.durable_end().value);
  if (ack == Ack::kDurable && topic != kOs) promise.KeepUpTo(end);
  return absl::OkStatus();
}

absl::Status Program::Flush() {
  for (const std::string_view topic : {kMain, kOs}) {
    CAUCE_ASSIGN_OR_RETURN(auto opened, Find(topic));
    if (!opened) continue;
    CAUCE_RETURN_IF_ERROR(opened->Flush());
    PartitionPromise& promise = promises_.topic(topic).partitions[0];
    promise.KeepUpTo(promise.acknowledged);
  }
  return absl::OkStatus();
}

absl::Status Program::Truncate() {
  CAUCE_ASSIGN_OR_RETURN(auto opened, Find(kMain));
  if (!opened) return absl::OkStatus();
  Partition& partition = *opened;
  PartitionPromise& promise = promises_.topic(kMain).partitions[0];
  const int64_t to =
      std::max(partition.log_start().value, partition.log_end().value - 5);
  std::set<int64_t> possible = promise.ends;
  // In the batch of two that ends there or one before: whole batches go.
  promise.ends.insert(to);
  for (int64_t end = to; end < partition.log_end().value; ++end) {
    promise.ends.insert(end);
  }
  promise.ends.insert(std::max<int64_t>(to - 1, partition.log_start().value));
  promise.acknowledged = std::min(promise.acknowledged, *promise.ends.begin());
  CAUCE_ASSIGN_OR_RETURN(const Offset end, partition.TruncateTo(Offset{to}));
  // What was not durable before it is not by it either.
  possible.erase(possible.lower_bound(end.value), possible.end());
  possible.insert(end.value);
  promise.ends = std::move(possible);
  promise.KeepUpTo(partition.durable_end().value);
  promise.acknowledged = end.value;
  promise.written.erase(promise.written.lower_bound(end.value),
                        promise.written.end());
  return absl::OkStatus();
}

absl::Status Program::DeleteRecords() {
  CAUCE_ASSIGN_OR_RETURN(auto opened, Find(kMain));
  if (!opened) return absl::OkStatus();
  Partition& partition = *opened;
  PartitionPromise& promise = promises_.topic(kMain).partitions[0];
  const int64_t to = std::min(partition.log_start().value + 5,
                              partition.high_watermark().value);
  promise.start_max = std::max(promise.start_max, to);
  CAUCE_RETURN_IF_ERROR(partition.DeleteRecordsBefore(Offset{to}));
  promise.start_min = promise.start_max = to;
  return absl::OkStatus();
}

absl::Status Program::Upkeep() {
  clock_.Advance(absl::Seconds(10));
  for (const auto& [name, topic] : promises_.topics()) {
    for (PartitionPromise& each : promises_.topic(name).partitions) {
      each.start_max = each.end_max();
      each.LetCompact();
    }
  }
  CAUCE_RETURN_IF_ERROR(engine_->RunUpkeep());
  CAUCE_ASSIGN_OR_RETURN(const auto found, engine_->ListTopics());
  for (const TopicDescription& topic : found) {
    for (int32_t p = 0; p < topic.partitions; ++p) {
      CAUCE_ASSIGN_OR_RETURN(
          const Partition partition,
          engine_->OpenPartition(topic.name, PartitionId{p}));
      PartitionPromise& promise =
          promises_.topic(topic.name).partitions[static_cast<size_t>(p)];
      promise.start_min = promise.start_max = partition.log_start().value;
      promise.KeepUpTo(partition.durable_end().value);
    }
  }
  return absl::OkStatus();
}

absl::Status Program::CreateTopic(std::string_view name) {
  const bool was_there = promises_.topics().contains(name);
  if (was_there && !promises_.topic(name).may_be_gone) return absl::OkStatus();
  TopicPromise made;
  made.may_be_gone = true;
  made.partitions_min = 1;
  made.partitions.resize(1);
  made.configs = {ConfigsOf(name)};
  TopicPromise& promise = promises_.topic(name);
  const TopicPromise before = promise;
  if (was_there) {
    promise.partitions[0].ends.insert(0);
    promise.partitions[0].acknowledged = 0;
    promise.partitions[0].start_min = 0;
    promise.configs.insert(ConfigsOf(name));
  } else {
    promise = made;
  }
  const absl::Status created =
      engine_->CreateTopic(name, {.configs = ConfigsOf(name)}).status();
  // A deletion that failed may have left it as it was.
  if (was_there && ReasonOf(created) == Reason::kTopicExists) {
    promise = before;
    return absl::OkStatus();
  }
  CAUCE_RETURN_IF_ERROR(created);
  made.may_be_gone = false;
  promise = made;
  return absl::OkStatus();
}

absl::Status Program::DeleteTopic(std::string_view name) {
  if (!promises_.topics().contains(name)) return absl::OkStatus();
  promises_.topic(name).may_be_gone = true;
  CAUCE_RETURN_IF_ERROR(engine_->DeleteTopic(name));
  promises_.Forget(name);
  return absl::OkStatus();
}

absl::Status Program::AlterTopic() {
  if (!promises_.topics().contains(kOs)) return absl::OkStatus();
  TopicPromise& promise = promises_.topic(kOs);
  auto changed = *promise.configs.begin();
  changed["retention.ms"] = fmt::format("{}", 100'000'000 + ++values_);
  promise.configs.insert(changed);
  CAUCE_RETURN_IF_ERROR(
      engine_->AlterTopic(kOs, {{"retention.ms", changed["retention.ms"]}}));
  promise.configs = {changed};
  return absl::OkStatus();
}

absl::Status Program::GrowTopic() {
  if (!promises_.topics().contains(kOs)) return absl::OkStatus();
  TopicPromise& promise = promises_.topic(kOs);
  const auto more = static_cast<int32_t>(promise.partitions.size()) + 1;
  promise.partitions.resize(static_cast<size_t>(more));
  CAUCE_RETURN_IF_ERROR(engine_->CreatePartitions(kOs, more));
  promise.partitions_min = more;
  return absl::OkStatus();
}

}  // namespace cauce::test
