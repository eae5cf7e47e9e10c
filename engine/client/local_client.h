// The client of a log in this process; it only passes on. Thread-safe, as
// Client says.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/client.h"
#include "engine/client/client_core.h"

namespace cauce {

class LocalClient final : public Client {
 public:
  explicit LocalClient(std::shared_ptr<ClientCore> core);

  using Client::NewProducer;
  absl::StatusOr<std::unique_ptr<Producer>> NewProducer(
      const ProducerOptions& options) override;
  using Client::NewConsumer;
  absl::StatusOr<std::unique_ptr<Consumer>> NewConsumer(
      const ConsumerOptions& options) override;
  absl::StatusOr<std::unique_ptr<Admin>> NewAdmin() override;
  Engine* engine() override { return &*core_->engine; }
  absl::Status Close() override { return core_->engine->Close(); }

 private:
  // Its engine may have been closed without it.
  absl::Status CheckOpen() const;

  const std::shared_ptr<ClientCore> core_;
};

}  // namespace cauce
