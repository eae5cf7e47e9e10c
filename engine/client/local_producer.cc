#include "engine/client/local_producer.h"

#include <utility>

#include "engine/facade/engine_core.h"

namespace cauce {

LocalProducer::LocalProducer(
    std::shared_ptr<ClientCore> client, const ProducerOptions& options,
    std::shared_ptr<TransactionCoordinator> transactions)
    : client_(std::move(client)),
      core_(std::make_shared<ProducerCore>(
          options, ProducerCore::Surroundings{
                       .engine = &*client_->engine,
                       .clock = client_->options.clock,
                       .random = client_->options.random,
                       .executor = client_->options.executor,
                       .transactions = std::move(transactions),
                       .groups = options.transactional_id.empty()
                                     ? nullptr
                                     : EngineCore::Of(*client_->engine)
                                           ->Groups()})) {}

LocalProducer::~LocalProducer() {
  // Who wants to know has closed it.
  core_->Close(absl::ZeroDuration()).IgnoreError();
  core_->Detach();
}

absl::Status LocalProducer::Send(const ProducerRecord& record,
                                 DeliveryCallback done) {
  if (!done) return core_->Send(record, nullptr);
  AwaitedRecord awaited;
  awaited.done = std::move(done);
  return core_->Send(record, &awaited);
}

std::future<absl::StatusOr<Delivery>> LocalProducer::SendWithFuture(
    const ProducerRecord& record) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Delivery>>>();
  auto future = promise->get_future();
  AwaitedRecord awaited;
  awaited.is_ours = true;
  awaited.done = [promise](const absl::StatusOr<Delivery>& delivery) {
    promise->set_value(delivery);
  };
  const absl::Status sent = core_->Send(record, &awaited);
  if (!sent.ok()) promise->set_value(sent);
  return future;
}

absl::StatusOr<Delivery> LocalProducer::SendAndWait(
    const ProducerRecord& record) {
  return core_->SendAndWait(record);
}

absl::Status LocalProducer::Flush(absl::Duration timeout) {
  return core_->Flush(timeout);
}

absl::Status LocalProducer::Close(absl::Duration timeout) {
  return core_->Close(timeout);
}

absl::Status LocalProducer::InitTransactions() {
  return core_->InitTransactions();
}

absl::Status LocalProducer::BeginTransaction() {
  return core_->BeginTransaction();
}

absl::Status LocalProducer::SendOffsetsToTransaction(
    const OffsetsToCommit& offsets, const ConsumerGroupMetadata& member) {
  return core_->SendOffsets(offsets, member);
}

absl::Status LocalProducer::CommitTransaction() {
  return core_->EndTransaction(TransactionOutcome::kCommit);
}

absl::Status LocalProducer::AbortTransaction() {
  return core_->EndTransaction(TransactionOutcome::kAbort);
}

absl::StatusOr<int32_t> LocalProducer::PartitionsOf(std::string_view topic) {
  return core_->PartitionsOf(topic);
}

}  // namespace cauce
