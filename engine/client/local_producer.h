// The producer of a log in this process; it only passes on to its core, and
// keeps what that uses. Thread-safe, as Producer says.
#pragma once

#include <future>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/producer.h"
#include "engine/client/client_core.h"
#include "engine/client/producer_core.h"
#include "engine/coord/transaction_coordinator.h"

namespace cauce {

class LocalProducer final : public Producer {
 public:
  // The options were validated. `transactions` where they name a transactional
  // id.
  LocalProducer(std::shared_ptr<ClientCore> client,
                const ProducerOptions& options,
                std::shared_ptr<TransactionCoordinator> transactions);
  ~LocalProducer() override;

  using Producer::Send;
  absl::Status Send(const ProducerRecord& record,
                    DeliveryCallback done) override;
  std::future<absl::StatusOr<Delivery>> SendWithFuture(
      const ProducerRecord& record) override;
  absl::StatusOr<Delivery> SendAndWait(const ProducerRecord& record) override;
  absl::Status Flush(absl::Duration timeout) override;
  absl::Status Close(absl::Duration timeout) override;
  absl::Status InitTransactions() override;
  absl::Status BeginTransaction() override;
  absl::Status SendOffsetsToTransaction(
      const OffsetsToCommit& offsets,
      const ConsumerGroupMetadata& member) override;
  absl::Status CommitTransaction() override;
  absl::Status AbortTransaction() override;
  absl::StatusOr<int32_t> PartitionsOf(std::string_view topic) override;

 private:
  const std::shared_ptr<ClientCore> client_;
  const std::shared_ptr<ProducerCore> core_;
};

}  // namespace cauce
