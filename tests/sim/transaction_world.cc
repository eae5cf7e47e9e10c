#include "tests/sim/transaction_world.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

constexpr char kId[] = "x";
constexpr int kPartitions = 3;
constexpr absl::Duration kTimeoutMax = absl::Seconds(20);
// Behind the longest time-out: markers that are lost ten times in a row, and
// what is doubled and late.
constexpr absl::Duration kEndMax = absl::Seconds(30);
constexpr absl::Duration kLateMax = absl::Seconds(8);

// What a record says of the id; kDead where it is forgotten.
TransactionStatus StatusOf(const std::optional<StateRecord>& record) {
  if (!record.has_value() || !record->value.has_value())
    return TransactionStatus::kDead;
  const auto value = DecodeTransactionLogValue(*record->value);
  return value.ok() ? value->status : TransactionStatus::kDead;
}

}  // namespace

TransactionWorld::TransactionWorld(uint32_t seed, TransactionCounts& counts)
    : schedule_(seed), counts_(counts), partitions_(kPartitions) {
  version_ = schedule_.Chance(70) ? 2 : 1;
  // Longer than a record takes to be stored: else who hears late that its
  // transaction has ended finds its id forgotten.
  if (schedule_.Chance(20))
    options_.transactions.id_expiration = absl::Seconds(8);
  if (schedule_.Chance(50)) {
    // Near the end of its epochs.
    TransactionLogValue value;
    value.producer_id = {7};
    value.producer_epoch =
        static_cast<int16_t>(kProducerEpochMax - 1 - schedule_.Below(4));
    value.transaction_timeout = kTimeoutMax;
    value.last_update_timestamp = Timestamp::From(schedule_.now());
    durable_ = {.key = EncodeTransactionLogKey({.transactional_id = kId}),
                .value = EncodeTransactionLogValue(value)};
  }
  StartCoordinator();
  StartProducer();
}

std::string TransactionWorld::Live(int steps) {
  for (int i = 0; i < steps && wrong_.empty(); ++i) {
    Fault();
    PassTime(schedule_.Chance(85) ? schedule_.UpTo(absl::Milliseconds(800))
                                  : schedule_.UpTo(absl::Seconds(6)));
  }
  is_calm_ = true;
  if (has_failed_) Kill();
  for (SimProducer& producer : producers_) producer.Stop();
  PassTime(kTimeoutMax + kEndMax);
  if (!AllIsEnded()) Wrong("a transaction has not ended within its time-out");
  CheckTold();
  StartProducer();
  for (int i = 0; i < 60 && producers_.back().committed() == 0; ++i)
    PassTime(absl::Seconds(1));
  if (producers_.back().committed() == 0)
    Wrong("a new producer cannot commit in a minute of calm");
  return wrong_;
}

void TransactionWorld::Fault() {
  const bool must_read = has_failed_;
  if (schedule_.Chance(must_read ? 30 : 6)) {
    Kill();
  } else if (!must_read && schedule_.Chance(4)) {
    HandOver();
  }
  const bool none = std::ranges::none_of(
      producers_, [](const auto& each) { return each.is_running(); });
  if (none || schedule_.Chance(8)) StartProducer();
  if (schedule_.Chance(5))
    producers_[schedule_.Below(producers_.size())].Stop();
}

void TransactionWorld::StartProducer() {
  SimProducerOptions options;
  options.instance = static_cast<int>(producers_.size());
  options.version = version_;
  options.timeout =
      is_calm_ ? kTimeoutMax : absl::Seconds(2 + schedule_.Below(18));
  producers_.emplace_back(options);
}

void TransactionWorld::Kill() {
  ++counts_.kills;
  ++incarnation_;
  coordinator_.reset();
  // Of what was on its way some may have arrived, in its order.
  if (storing_.has_value()) uncertain_.push_back(*storing_);
  for (; !uncertain_.empty() && schedule_.Chance(50); uncertain_.pop_front())
    MakeDurable(uncertain_.front());
  uncertain_.clear();
  storing_.reset();
  has_failed_ = false;
  StartCoordinator();
}

void TransactionWorld::StartCoordinator() {
  coordinator_ = std::make_shared<TransactionCoordinator>(
      options_, TransactionCoordinator::Surroundings{.log = this,
                                                     .markers = this,
                                                     .clock = &schedule_,
                                                     .random = &schedule_,
                                                     .executor = &schedule_});
  is_loaded_ = false;
  Load();
}

void TransactionWorld::HandOver() {
  if (!is_loaded_) return;
  ++counts_.handovers;
  is_loaded_ = false;
  coordinator_->Unload({0}, MakeError(Reason::kNotCoordinator, "handed over"));
  Load();
}

void TransactionWorld::Load() {
  const absl::Status loaded = coordinator_->Load({0}, ++epoch_);
  is_loaded_ = loaded.ok();
  if (is_loaded_) return;
  if (ReasonOf(loaded) != Reason::kCoordinatorNotAvailable)
    Wrong(fmt::format("cannot be read again: {}", MessageOf(loaded)));
  schedule_.In(absl::Milliseconds(50), [this, of = incarnation_] {
    if (of == incarnation_) Load();
  });
}

void TransactionWorld::PassTime(absl::Duration time) {
  const absl::Time end = schedule_.now() + time;
  while (wrong_.empty() && RunNext(end)) {
  }
  schedule_.MoveTo(end);
}

bool TransactionWorld::RunNext(absl::Time end) {
  for (SimProducer& producer : producers_) {
    if (!producer.needs_plan()) continue;
    SimProducer::Plan plan;
    plan.transaction = ++last_transaction_;
    for (int i = 0; i < kPartitions; ++i) {
      if (schedule_.Chance(50)) plan.partitions.push_back(i);
    }
    if (plan.partitions.empty()) plan.partitions.push_back(0);
    plan.outcome = is_calm_ || schedule_.Chance(70)
                       ? TransactionOutcome::kCommit
                       : TransactionOutcome::kAbort;
    plan.asks_for_epoch = schedule_.Chance(10);
    producer.Follow(plan,
                    schedule_.now() + schedule_.UpTo(absl::Milliseconds(200)));
  }
  absl::Time next = absl::InfiniteFuture();
  SimProducer* asking = nullptr;
  for (SimProducer& producer : producers_) {
    if (producer.next() >= next) continue;
    next = producer.next();
    asking = &producer;
  }
  const bool is_event = schedule_.next() <= next;
  if (is_event) next = schedule_.next();
  if (next > end || next == absl::InfiniteFuture()) return false;
  ++counts_.events;
  if (is_event) {
    schedule_.RunNext();
  } else {
    schedule_.MoveTo(next);
    Send(*asking);
  }
  return true;
}

bool TransactionWorld::AllIsEnded() const {
  return std::ranges::none_of(
             partitions_, [](const auto& each) { return each.has_open(); }) &&
         IsIdle();
}

bool TransactionWorld::IsIdle() const {
  const auto described = coordinator_->Describe(kId);
  if (!described.ok() || !described->has_value()) return true;
  TransactionMetadata metadata;
  metadata.status = (*described)->status;
  return metadata.is_idle();
}

void TransactionWorld::Send(SimProducer& producer) {
  const SimRequest request = producer.Ask(schedule_.now());
  if (is_calm_ || !schedule_.Chance(6)) {
    schedule_.In(schedule_.UpTo(absl::Milliseconds(300)),
                 [=, this] { Deliver(request); });
  }
  // Version 1 cannot tell what is late from what is new.
  if (!is_calm_ && version_ == 2 && schedule_.Chance(8)) {
    schedule_.In(schedule_.UpTo(kLateMax), [=, this] { Deliver(request); });
  }
}

void TransactionWorld::Deliver(const SimRequest& request) {
  if (request.kind == SimRequest::Kind::kProduce) return DeliverBatch(request);
  if (request.kind == SimRequest::Kind::kInit) {
    InitProducerRequest init;
    init.timeout = request.timeout;
    if (request.goes_on) init.current = request.producer;
    return coordinator_->InitProducer(kId, init, AnswerTo(request));
  }
  // Before what this one opens is told from what goes on.
  coordinator_->RunDue();
  if (IsIdle()) asked_ = request.transaction;
  if (request.kind == SimRequest::Kind::kAdd) {
    AddPartitionsRequest add;
    add.producer = request.producer;
    add.partitions = {{"t", {request.partition}}};
    add.version = request.version;
    coordinator_->AddPartitions(kId, add, AnswerTo(request));
  } else {
    EndTransactionRequest end;
    end.producer = request.producer;
    end.outcome = request.outcome;
    end.version = request.version;
    coordinator_->EndTransaction(kId, end, AnswerTo(request));
  }
  asked_.reset();
}

void TransactionWorld::DeliverBatch(const SimRequest& request) {
  const absl::Status may = coordinator_->CheckProduce(
      kId, request.producer, {"t", {request.partition}});
  if (!may.ok()) return Reply(request, may, {});
  const int64_t markers = partitions_[request.partition].markers();
  schedule_.In(schedule_.UpTo(absl::Milliseconds(500)),
               [=, this] { AppendBatch(request, markers); });
}

void TransactionWorld::AppendBatch(const SimRequest& request,
                                   int64_t markers) {
  SimPartition& partition = partitions_[request.partition];
  // Version 2 needs no such guard: its epochs are enough.
  if (version_ < 2 && partition.markers() != markers) {
    return Reply(request,
                 MakeError(Reason::kConcurrentTransactions, "a marker came"),
                 {});
  }
  const auto appended =
      partition.Append({.producer = request.producer,
                        .sequence = request.sequence,
                        .transaction = request.transaction});
  if (appended == SimPartition::Appended::kRefused) {
    ++counts_.late_batches;
    return Reply(request,
                 MakeError(Reason::kInvalidProducerEpoch, "an older epoch"),
                 {});
  }
  if (appended == SimPartition::Appended::kNow) {
    if (request.instance != owner_)
      Wrong(fmt::format("instance {} adds a batch after instance {} has taken "
                        "its place",
                        request.instance, owner_));
    if (ended_[request.transaction].contains(request.partition))
      Wrong(fmt::format("a batch of transaction {} is added behind its end",
                        request.transaction));
    written_[request.transaction].insert(request.partition);
  }
  Reply(request, absl::OkStatus(), {});
}

void TransactionWorld::Reply(const SimRequest& request,
                             const absl::Status& status,
                             const ProducerInstance& producer) {
  if (!is_calm_ && schedule_.Chance(6)) return;
  schedule_.In(schedule_.UpTo(absl::Milliseconds(300)), [=, this] {
    producers_[request.instance].Hear(request.number, status, producer,
                                      schedule_.now());
  });
}

TransactionCoordinator::Answer TransactionWorld::AnswerTo(
    const SimRequest& request) {
  return [this, request, answered = false](
             const absl::StatusOr<ProducerInstance>& answer) mutable {
    if (std::exchange(answered, true)) Wrong("somebody is answered twice");
    Answer(request, answer);
  };
}

void TransactionWorld::Answer(const SimRequest& request,
                              const absl::StatusOr<ProducerInstance>& answer) {
  counts_.fenced += ReasonOf(answer.status()) == Reason::kProducerFenced;
  if (!answer.ok()) return Reply(request, answer.status(), {});
  if (answer->epoch == kProducerEpochMax)
    Wrong("a producer is told the last epoch");
  if (request.kind == SimRequest::Kind::kInit) {
    owner_ = request.instance;
    counts_.new_ids += request.goes_on && answer->epoch == 0;
  }
  if (request.kind == SimRequest::Kind::kEnd) {
    counts_.new_ids += answer->id != request.producer.id;
    Tell(request.transaction, request.outcome);
  }
  Reply(request, absl::OkStatus(), *answer);
}

void TransactionWorld::Append(PartitionId, StateBatch batch,
                              StateLog::Done done) {
  if (storing_.has_value()) return Wrong("two records at once");
  if (batch.records.size() != 1) return Wrong("not one record");
  const TransactionStatus before = StatusOf(durable_);
  const TransactionStatus next = StatusOf(batch.records[0]);
  counts_.time_outs += !asked_ && before == TransactionStatus::kOngoing &&
                       next == TransactionStatus::kPrepareAbort;
  storing_ = {.record = std::move(batch.records[0]),
              .transaction = asked_.value_or(durable_transaction_),
              .done = std::move(done)};
  schedule_.In(schedule_.UpTo(schedule_.Chance(95) ? absl::Milliseconds(300)
                                                   : absl::Seconds(4)),
               [this, of = incarnation_] { ResolveAppend(of); });
}

absl::Status TransactionWorld::Replay(PartitionId, const Visit& visit) {
  if (!durable_.has_value()) return absl::OkStatus();
  return visit({.offset = Offset{0},
                .what = StateEntry::Record{.record = *durable_,
                                           .transaction = {}}});
}

void TransactionWorld::ResolveAppend(int incarnation) {
  if (incarnation != incarnation_ || !storing_.has_value()) return;
  const Storing storing = *std::exchange(storing_, std::nullopt);
  if (!is_calm_ && !has_failed_ && schedule_.Chance(3)) has_failed_ = true;
  if (has_failed_ || (!is_calm_ && schedule_.Chance(5))) {
    ++counts_.failed_appends;
    if (has_failed_) uncertain_.push_back(storing);
    const Reason why = has_failed_ ? Reason::kDiskFailed : Reason::kDiskFull;
    return storing.done(MakeError(why, "failed"));
  }
  MakeDurable(storing);
  storing.done(Offset{0});
}

void TransactionWorld::MakeDurable(const Storing& storing) {
  durable_transaction_ = storing.transaction;
  durable_ = storing.record;
}

void TransactionWorld::Write(const MarkersToWrite& markers,
                             MarkerWriter::Done done) {
  for (const TopicPartition& to : markers.partitions)
    SendMarker(markers, to, done);
}

void TransactionWorld::SendMarker(const MarkersToWrite& markers,
                                  const TopicPartition& to,
                                  const MarkerWriter::Done& done) {
  const int64_t transaction = durable_transaction_;
  const auto tell = [=](MarkerResult result) { done({{to, result}}); };
  if (!is_calm_ && schedule_.Chance(15)) {
    return schedule_.In(schedule_.UpTo(absl::Seconds(1)),
                        [=] { tell(MarkerResult::kRetry); });
  }
  schedule_.In(
      schedule_.UpTo(schedule_.Chance(90) ? absl::Milliseconds(500)
                                          : absl::Seconds(5)),
      [=, this, of = incarnation_] {
        // Version 1, in which transactions share an epoch, cannot tell a marker
        // that outlives its coordinator from one of the next transaction, where
        // the end of the first was stored and nobody was told.
        if (version_ < 2 && of != incarnation_) return;
        WriteMarker(markers, to, transaction);
        // Nobody hears of it, so it is written again.
        const bool is_lost =
            !is_calm_ && version_ == 2 && schedule_.Chance(10);
        schedule_.In(schedule_.UpTo(absl::Milliseconds(300)), [=] {
          tell(is_lost ? MarkerResult::kRetry : MarkerResult::kWritten);
        });
      });
  if (!is_calm_ && version_ == 2 && schedule_.Chance(10)) {
    schedule_.In(schedule_.UpTo(kLateMax),
                 [=, this] { WriteMarker(markers, to, transaction); });
  }
}

void TransactionWorld::WriteMarker(const MarkersToWrite& markers,
                                   const TopicPartition& to,
                                   int64_t transaction) {
  const int partition = to.partition.value;
  const auto ended = partitions_[partition].Write(markers.end);
  for (const int64_t each : ended) {
    if (each != transaction)
      Wrong(fmt::format("a marker of transaction {} ends {}", transaction,
                        each));
    CheckEnd(each, partition, markers.end.outcome);
  }
}

void TransactionWorld::CheckEnd(int64_t transaction, int partition,
                                TransactionOutcome outcome) {
  auto& by_partition = ended_[transaction];
  by_partition[partition] = outcome;
  for (const auto& [other, its] : by_partition) {
    if (its != outcome)
      Wrong(fmt::format("transaction {} has two outcomes", transaction));
  }
  const auto told = told_.find(transaction);
  if (told != told_.end() && told->second != outcome)
    Wrong(fmt::format("transaction {} was told to end otherwise", transaction));
}

void TransactionWorld::Tell(int64_t transaction, TransactionOutcome outcome) {
  const bool commits = outcome == TransactionOutcome::kCommit;
  ++(commits ? counts_.commits : counts_.aborts);
  const auto [told, is_new] = told_.emplace(transaction, outcome);
  if (!is_new && told->second != outcome)
    Wrong(fmt::format("transaction {} is told two outcomes", transaction));
  for (const auto& [partition, its] : ended_[transaction]) {
    if (its != outcome)
      Wrong(fmt::format("transaction {} has ended otherwise", transaction));
  }
}

void TransactionWorld::CheckTold() {
  for (const auto& [transaction, outcome] : told_) {
    for (const int partition : written_[transaction]) {
      if (!ended_[transaction].contains(partition))
        Wrong(fmt::format("transaction {} has not ended in partition {}",
                          transaction, partition));
    }
  }
}

void TransactionWorld::Wrong(std::string what) {
  if (wrong_.empty()) wrong_ = std::move(what);
}

}  // namespace cauce::test
