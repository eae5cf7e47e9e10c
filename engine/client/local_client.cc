#include "engine/client/local_client.h"

#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/client/local_admin.h"
#include "engine/client/local_consumer.h"
#include "engine/client/local_producer.h"
#include "engine/client/option_findings.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kDirectory = "dir:";

// The directory that a client's name means.
absl::StatusOr<std::string_view> DirectoryOf(std::string_view name) {
  if (name == "memory:" || name == ":memory:") return ":memory:";
  if (name.starts_with(kDirectory)) return name.substr(kDirectory.size());
  return MakeError(Reason::kInvalidOption,
                   fmt::format("'{}' is no log that can be opened: it is "
                               "'dir:PATH' or 'memory:'",
                               name));
}

}  // namespace

absl::Status Validate(const ClientOptions& options) {
  OptionFindings findings("client options");
  findings.ExpectWithin("threads", options.threads, 0, kPoolThreadsMax);
  const absl::Status engine = Validate(options.engine);
  findings.Expect(engine.ok(), [&] { return std::string(MessageOf(engine)); });
  return findings.status();
}

absl::StatusOr<std::unique_ptr<Client>> Client::Open(
    std::string_view name, const ClientOptions& options) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  CAUCE_ASSIGN_OR_RETURN(const std::string_view directory, DirectoryOf(name));
  CAUCE_ASSIGN_OR_RETURN(auto core, OpenClientCore(directory, options));
  return std::make_unique<LocalClient>(std::move(core));
}

LocalClient::LocalClient(std::shared_ptr<ClientCore> core)
    : core_(std::move(core)) {}

absl::StatusOr<std::unique_ptr<Producer>> LocalClient::NewProducer(
    const ProducerOptions& options) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (core_->options.access == Access::kReadOnly) {
    return MakeError(Reason::kReadOnly,
                     "the client was opened for reading only: it has no "
                     "producer");
  }
  std::shared_ptr<TransactionCoordinator> transactions;
  if (!options.transactional_id.empty()) {
    CAUCE_ASSIGN_OR_RETURN(transactions,
                           EngineCore::Of(*core_->engine)->Transactions());
  }
  return std::make_unique<LocalProducer>(core_, options,
                                         std::move(transactions));
}

absl::StatusOr<std::unique_ptr<Consumer>> LocalClient::NewConsumer(
    const ConsumerOptions& options) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_ASSIGN_OR_RETURN(std::unique_ptr<Consumer> consumer,
                         LocalConsumer::Make(core_, options));
  return consumer;
}

absl::StatusOr<std::unique_ptr<Admin>> LocalClient::NewAdmin() {
  return std::make_unique<LocalAdmin>(core_);
}

absl::Status LocalClient::CheckOpen() const {
  return EngineCore::Of(*core_->engine)->CheckNotClosed();
}

}  // namespace cauce
