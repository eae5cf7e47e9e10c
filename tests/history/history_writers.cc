// Producers, and writers of transactions.
#include <utility>

#include "cauce/errors.h"
#include "tests/history/history_names.h"
#include "tests/history/history_world.h"

namespace cauce::test {
namespace {

// Shorter and longer than a member may be away.
constexpr absl::Duration kTransactionTimeouts[] = {absl::Seconds(15),
                                                   absl::Seconds(90)};
constexpr size_t kZombiesMax = 4;

bool IsFenced(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kProducerFenced ||
         reason == Reason::kInvalidProducerEpoch ||
         reason == Reason::kInvalidProducerIdMapping;
}

}  // namespace

void HistoryWorld::StepProducer() {
  if (producers_.size() < 2 || Chance(5)) {
    auto made = client_->NewProducer(ProducerOptions());
    if (!made.ok()) return;
    if (producers_.size() == 2) producers_.erase(producers_.begin());
    producers_.push_back({++last_producer_, *std::move(made)});
  }
  PlainProducer& each = producers_[random_() % producers_.size()];
  for (int i = Below(4); i >= 0; --i)
    Send(*each.producer, each.number, 0, AnyPartition(), 0);
  if (Chance(50)) each.producer->Flush(kPatience).IgnoreError();
}

// Its producer outlives the topic. None of its records is on its way when that
// is deleted: whose they would be nobody could tell.
void HistoryWorld::StepBrief() {
  Engine& engine = *client_->engine();
  if (!engine.DescribeTopic(kBrief).ok()) {
    const bool is_made = engine.CreateTopic(kBrief).ok();
    counts_.lives += is_made ? 1 : 0;
    return;
  }
  if (Chance(15)) {
    ++counts_.operations;
    history_.emplace_back(TopicDeleted{LifeNow().topic});
    return engine.DeleteTopic(kBrief).IgnoreError();
  }
  if (brief_.producer == nullptr) {
    auto made = client_->NewProducer(ProducerOptions());
    if (!made.ok()) return;
    brief_ = {++last_producer_, *std::move(made)};
  }
  const TopicPartition to{std::string(kBrief), {0}};
  for (int i = Below(3); i >= 0; --i)
    Send(*brief_.producer, brief_.number, 0, to, 0);
  if (!brief_.producer->Flush(kPatience).ok()) brief_.producer.reset();
}

void HistoryWorld::Send(Producer& producer, ProducerNumber by,
                        TransactionNumber of, const TopicPartition& to,
                        int64_t source) {
  const int64_t value = ++last_value_;
  ++counts_.operations;
  history_.emplace_back(
      Sent{by, of, to.topic == kBrief ? LifeNow() : to, value, source});
  const absl::Status taken = producer.Send(
      {.topic = to.topic,
       .partition = to.partition,
       .value = std::to_string(value)},
      [this, value](const absl::StatusOr<Delivery>& sent) {
        if (sent.ok()) {
          history_.emplace_back(Acknowledged{value, sent->offset});
          return;
        }
        if (IsRefusal(sent.status())) Refuse(value);
        counts_.fenced += IsFenced(sent.status()) ? 1 : 0;
      });
  if (!taken.ok()) Refuse(value);
}

void HistoryWorld::Refuse(int64_t value) {
  ++counts_.refused;
  history_.emplace_back(Refused{value});
}

absl::Status HistoryWorld::StartWriter(Writer& writer) {
  ProducerOptions options;
  options.transactional_id = writer.id;
  options.transaction_timeout = kTransactionTimeouts[Below(2)];
  options.block_max = kPatience;
  options.retry_backoff = options.retry_backoff_max = absl::Milliseconds(1);
  ++counts_.operations;
  auto made = client_->NewProducer(options);
  if (!made.ok()) return made.status();
  absl::Status begun = (*made)->InitTransactions();
  if (!begun.ok()) return begun;
  writer.number = ++last_producer_;
  writer.producer = *std::move(made);
  writer.open = 0;
  writer.must_commit = writer.has_failed = false;
  history_.emplace_back(ProducerStarted{writer.number, writer.id});
  return begun;
}

// Another instance takes the id, and this one does not know it.
void HistoryWorld::Replace(Writer& writer) {
  Writer old = std::move(writer);
  writer = Writer();
  writer.id = old.id;
  StartWriter(writer).IgnoreError();
  if (old.producer == nullptr) return;
  old.is_zombie = true;
  if (zombies_.size() == kZombiesMax) zombies_.erase(zombies_.begin());
  zombies_.push_back(std::move(old));
}

void HistoryWorld::StepWriter(Writer& writer) {
  if (writer.producer == nullptr) return StartWriter(writer).IgnoreError();
  if (writer.has_failed) return Abort(writer);
  if (writer.must_commit) return Commit(writer);
  if (writer.open == 0) {
    if (!writer.producer->BeginTransaction().ok()) {
      writer.producer.reset();
      return;
    }
    writer.open = ++last_transaction_;
  }
  const int dice = Below(100);
  if (dice < 55) {
    for (int i = Below(3); i >= 0; --i)
      Send(*writer.producer, writer.number, writer.open, AnyPartition(), 0);
    if (Chance(40)) ReadWithin(writer);
  } else if (dice < 80) {
    Commit(writer);
  } else if (dice < 92) {
    Abort(writer);
  } else if (!writer.is_zombie) {
    Replace(writer);
  }
}

void HistoryWorld::ReadWithin(Writer& writer) {
  if (writer.reader == nullptr) writer.reader = NewReader();
  if (writer.reader == nullptr) return;
  const auto read = Poll(*writer.reader, writer.open);
  counts_.read_within += static_cast<int64_t>(read.size());
}

void HistoryWorld::Commit(Writer& writer) {
  ++counts_.operations;
  history_.emplace_back(CommitAsked{writer.open});
  const absl::Status committed = writer.producer->CommitTransaction();
  if (!committed.ok()) {
    writer.must_commit = ReasonOf(committed) == Reason::kTimedOut;
    return Failed(writer, committed);
  }
  ++counts_.commits;
  history_.emplace_back(
      TransactionEnded{writer.open, TransactionOutcome::kCommit});
  writer.open = 0;
  writer.must_commit = false;
}

void HistoryWorld::Abort(Writer& writer) {
  ++counts_.operations;
  const absl::Status aborted = writer.producer->AbortTransaction();
  if (!aborted.ok()) return Failed(writer, aborted);
  ++counts_.aborts;
  history_.emplace_back(
      TransactionEnded{writer.open, TransactionOutcome::kAbort});
  writer.open = 0;
  writer.has_failed = false;
}

void HistoryWorld::Failed(Writer& writer, const absl::Status& why) {
  counts_.fenced += IsFenced(why) ? 1 : 0;
  switch (ReasonOf(why)) {
    case Reason::kTimedOut:
      return;
    case Reason::kTransactionAbortable:
      writer.has_failed = true;
      return;
    default:
      writer.producer.reset();
  }
}

}  // namespace cauce::test
