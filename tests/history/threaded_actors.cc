#include "tests/history/threaded_actors.h"

#include <thread>
#include <utility>

#include "cauce/errors.h"
#include "tests/history/history_end.h"
#include "tests/history/history_names.h"

namespace cauce::test {
namespace {

bool IsFenced(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kProducerFenced ||
         reason == Reason::kInvalidProducerEpoch ||
         reason == Reason::kInvalidProducerIdMapping;
}

}  // namespace

TopicPartition Actor::AnyPartition() {
  return {std::string(kIn), {Below(kHistoryPartitions)}};
}

void Actor::Send(Producer& producer, ProducerNumber by, TransactionNumber of,
                 const TopicPartition& to, int64_t source) {
  const int64_t value = around_.history->NewNumber();
  ++counts().operations;
  Note(Sent{by, of, to, value, source});
  const absl::Status taken = producer.Send(
      {.topic = to.topic,
       .partition = to.partition,
       .value = std::to_string(value)},
      [history = around_.history, counts = around_.counts,
       value](const absl::StatusOr<Delivery>& sent) {
        if (sent.ok()) return history->Add(Acknowledged{value, sent->offset});
        if (!IsRefusal(sent.status())) return;
        ++counts->refused;
        history->Add(Refused{value});
      });
  if (taken.ok()) return;
  ++counts().refused;
  Note(Refused{value});
}

void ThreadedProducer::Step() {
  if (producer_ == nullptr || Chance(3)) {
    ProducerOptions options;
    options.block_max = patience();
    options.linger = absl::Milliseconds(Below(3));
    auto made = around_.client->NewProducer(options);
    if (!made.ok()) return;
    producer_ = *std::move(made);
    number_ = around_.history->NewNumber();
  }
  for (int i = Below(4); i >= 0; --i)
    Send(*producer_, number_, 0, AnyPartition(), 0);
  if (Chance(40)) producer_->Flush(patience()).IgnoreError();
}

void ThreadedWriter::Start() {
  ProducerOptions options;
  options.transactional_id = id_;
  options.block_max = patience();
  options.retry_backoff = options.retry_backoff_max = absl::Milliseconds(1);
  auto made = around_.client->NewProducer(options);
  if (!made.ok()) return;
  ++counts().operations;
  MutexLock lock(*around_.starting);
  if (!(*made)->InitTransactions().ok()) return;
  producer_ = *std::move(made);
  number_ = around_.history->NewNumber();
  open_ = 0;
  must_abort_ = must_commit_ = false;
  Note(ProducerStarted{number_, id_});
}

bool ThreadedWriter::Begin(TransactionNumber number) {
  if (!producer_->BeginTransaction().ok()) {
    producer_.reset();
    return false;
  }
  open_ = number;
  return true;
}

void ThreadedWriter::Step() {
  if (producer_ == nullptr) return Start();
  if (must_abort_) return Abort();
  if (must_commit_) {
    Commit();
    return;
  }
  if (open_ == 0 && !Begin(around_.history->NewNumber())) return;
  const int dice = Below(100);
  if (dice < 55) {
    for (int i = Below(3); i >= 0; --i) SendPart(AnyPartition(), 0);
    if (Chance(40)) ReadWithin();
  } else if (dice < 85) {
    Commit();
  } else if (dice < 95) {
    Abort();
  } else {
    producer_.reset();  // in the midst of it
  }
}

void ThreadedWriter::ReadWithin() {
  if (reader_ == nullptr) {
    ConsumerOptions options;
    options.reset = ResetTo::kLatest;
    options.isolation = Isolation::kReadCommitted;
    options.call_timeout = patience();
    auto made = around_.client->NewConsumer(options);
    if (!made.ok() || !(*made)->Assign(AllPartitions()).ok()) return;
    reader_ = *std::move(made);
    reader_number_ = around_.history->NewNumber();
  }
  ++counts().operations;
  const auto polled = reader_->Poll(absl::ZeroDuration());
  if (!polled.ok()) return;
  for (const ConsumerRecord& each : *polled) {
    ++counts().read_within;
    Note(Delivered{reader_number_, Isolation::kReadCommitted, open_,
                   *each.partition, each.offset, ValueOf(each)});
  }
}

void ThreadedWriter::SendPart(const TopicPartition& to, int64_t source) {
  Send(*producer_, number_, open_, to, source);
}

absl::Status ThreadedWriter::AddOffsets(const OffsetsByPartition& offsets,
                                        const ConsumerGroupMetadata& as) {
  ++counts().operations;
  const size_t asked_at = around_.history->place();
  absl::Status added =
      producer_->SendOffsetsToTransaction(ToCommit(offsets), as);
  if (added.ok()) {
    Note(OffsetsAdded{open_, as.generation, as.group, offsets, as.member_id,
                      asked_at});
    return added;
  }
  ++counts().commits_refused;
  Failed(added);
  must_abort_ = producer_ != nullptr;
  return added;
}

bool ThreadedWriter::Commit() {
  ++counts().operations;
  Note(CommitAsked{open_});
  std::thread closes;
  if (!around_.is_calm && Chance(10)) {
    ++counts().closed_in_commit;
    closes = std::thread([producer = producer_.get()] {
      producer->Close(absl::ZeroDuration()).IgnoreError();
    });
  }
  const absl::Status committed = producer_->CommitTransaction();
  if (committed.ok()) {
    ++counts().commits;
    Note(
        TransactionEnded{std::exchange(open_, 0), TransactionOutcome::kCommit});
    must_commit_ = false;
  } else {
    must_commit_ = ReasonOf(committed) == Reason::kTimedOut;
  }
  if (closes.joinable()) {
    closes.join();
    producer_.reset();
  } else if (!committed.ok()) {
    Failed(committed);
  }
  return committed.ok();
}

void ThreadedWriter::Abort() {
  ++counts().operations;
  const absl::Status aborted = producer_->AbortTransaction();
  if (!aborted.ok()) return Failed(aborted);
  ++counts().aborts;
  Note(TransactionEnded{std::exchange(open_, 0), TransactionOutcome::kAbort});
  must_abort_ = false;
}

void ThreadedWriter::Failed(const absl::Status& why) {
  counts().fenced += IsFenced(why) ? 1 : 0;
  switch (ReasonOf(why)) {
    case Reason::kTimedOut:
      return;
    case Reason::kTransactionAbortable:
      must_abort_ = true;
      return;
    default:
      producer_.reset();
  }
}

ThreadedCopier::ThreadedCopier(const Surroundings& around, uint32_t seed,
                               std::string id)
    : Actor(around, seed),
      member_(around, seed + 1, kCopiers),
      writer_(around, seed + 2, std::move(id)) {}

bool ThreadedCopier::is_idle() const {
  return writer_.is_started() && writer_.open() == 0 && member_.is_made() &&
         member_.has_all();
}

void ThreadedCopier::Step() {
  if (!member_.is_made()) member_.Make();
  if (!member_.is_made()) return;
  if (!writer_.is_started()) {
    has_added_ = false;
    writer_.Start();
    // What was sent is decided by now, and may have to be read again.
    if (!writer_.is_started() || !member_.SeekToCommitted()) member_.Kill();
    return;
  }
  if (writer_.open() != 0) return Finish();
  if (!around_.is_calm && Chance(3)) return member_.Kill();
  const TransactionNumber next = around_.history->NewNumber();
  const std::vector<Delivered> read = member_.Poll(next);
  if (read.empty()) return;
  as_ = member_.metadata();
  if (!writer_.Begin(next)) return;
  for (const Delivered& each : read)
    writer_.SendPart({std::string(kOut), each.from.partition}, each.value);
}

void ThreadedCopier::Finish() {
  bool is_committed = false;
  const bool may_abort = !around_.is_calm && !writer_.must_commit();
  if (writer_.must_abort() || (may_abort && Chance(10))) {
    writer_.Abort();
  } else if (!has_added_) {
    has_added_ = writer_.AddOffsets(member_.read(), as_).ok();
  } else {
    is_committed = writer_.Commit();
  }
  if (writer_.is_started() && writer_.open() != 0) return;
  has_added_ = false;
  counts().copies += is_committed ? 1 : 0;
  if (is_committed) {
    member_.ForgetRead();
  } else if (!member_.SeekToCommitted()) {
    member_.Kill();
  }
}

absl::Status ThreadedLooker::LookAtAll() {
  absl::Status first;
  for (const char* group : kGroups) {
    ++counts().operations;
    const size_t asked_at = around_.history->place();
    auto seen = LookAtGroup(*around_.client, group, patience());
    first.Update(seen.status());
    if (!seen.ok()) continue;
    seen->asked_at = asked_at;
    Note(*std::move(seen));
  }
  return first;
}

}  // namespace cauce::test
