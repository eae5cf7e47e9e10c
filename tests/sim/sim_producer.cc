#include "tests/sim/sim_producer.h"

#include <utility>

#include "cauce/errors.h"

namespace cauce::test {
namespace {

// Longer than a request of version 1 is on its way: what is late of that may
// harm, which is why there is version 2.
constexpr absl::Duration kAnswerMax = absl::Seconds(3);
constexpr absl::Duration kBackoff = absl::Milliseconds(150);

}  // namespace

SimProducer::SimProducer(const SimProducerOptions& options)
    : options_(options) {}

void SimProducer::Follow(Plan plan, absl::Time now) {
  plan_ = std::move(plan);
  done_ = 0;
  step_ = plan_.asks_for_epoch ? Step::kInit : Step::kAdd;
  next_ = now;
}

absl::Time SimProducer::next() const {
  return step_ == Step::kStopped || step_ == Step::kIdle
             ? absl::InfiniteFuture()
             : next_;
}

SimRequest SimProducer::Ask(absl::Time now) {
  SimRequest request;
  request.number = ++number_;
  request.instance = options_.instance;
  request.version = options_.version;
  request.timeout = options_.timeout;
  request.goes_on = producer_.has_value();
  request.producer = producer_.value_or(ProducerInstance{});
  request.transaction = plan_.transaction;
  request.outcome = plan_.outcome;
  if (step_ == Step::kAdd || step_ == Step::kProduce) {
    request.partition = plan_.partitions[done_];
    request.sequence = sequences_[request.partition];
  }
  request.kind = step_ == Step::kInit      ? SimRequest::Kind::kInit
                 : step_ == Step::kAdd     ? SimRequest::Kind::kAdd
                 : step_ == Step::kProduce ? SimRequest::Kind::kProduce
                                           : SimRequest::Kind::kEnd;
  next_ = now + kAnswerMax;
  return request;
}

void SimProducer::Hear(uint64_t number, const absl::Status& status,
                       const ProducerInstance& producer, absl::Time now) {
  if (number != number_ || !is_running()) return;
  if (!status.ok()) return Fail(status, now);
  if (step_ == Step::kInit || step_ == Step::kEnd) Become(producer);
  Go(now);
}

void SimProducer::Go(absl::Time now) {
  next_ = now;
  switch (step_) {
    case Step::kInit:
      step_ = plan_.asks_for_epoch ? Step::kAdd : Step::kIdle;
      break;
    case Step::kAdd:
      step_ = Step::kProduce;
      break;
    case Step::kProduce:
      ++sequences_[plan_.partitions[done_]];
      step_ = ++done_ < plan_.partitions.size() ? Step::kAdd : Step::kEnd;
      break;
    case Step::kEnd:
      committed_ += plan_.outcome == TransactionOutcome::kCommit;
      step_ = Step::kIdle;
      break;
    case Step::kIdle:
    case Step::kStopped:
      break;
  }
}

void SimProducer::Fail(const absl::Status& status, absl::Time now) {
  next_ = now + kBackoff;
  const bool is_two = options_.version >= kEpochPerTransaction;
  switch (ReasonOf(status)) {
    case Reason::kConcurrentTransactions:
    case Reason::kCoordinatorNotAvailable:
    case Reason::kNotCoordinator:
      return;
    case Reason::kTransactionAbortable:
    case Reason::kInvalidProducerEpoch:
    case Reason::kInvalidTxnState:
      // It has timed out; the answer to an abort tells what to go on with.
      if (is_two && plan_.outcome == TransactionOutcome::kCommit) {
        plan_.outcome = TransactionOutcome::kAbort;
        step_ = Step::kEnd;
        return;
      }
      [[fallthrough]];
    default:
      Stop();
  }
}

void SimProducer::Become(const ProducerInstance& producer) {
  if (producer_ != producer) sequences_.clear();
  producer_ = producer;
}

}  // namespace cauce::test
