// The way to producers, consumers and what administers the log, wherever that
// is.
//
//   auto client = cauce::Client::Open("dir:data").value();
//
// A program holds the interfaces of this header, producer.h, consumer.h and
// admin.h; where the log lives is in the name that is opened alone.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/admin.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/producer.h"

namespace cauce {

struct ClientOptions {
  // The engine's; its executor, where there is one, is what runs in the
  // background, and `threads` means nothing then.
  EngineOptions engine;
  // How many threads the client starts for what runs in the background:
  // batches that have waited long enough, syncs, upkeep. 0 to kPoolThreadsMax;
  // with 0 it starts none, and all is done in its callers' calls, but for what
  // Engine::RunUpkeep does. Transactions whose time is up, which hold back
  // those who read what is committed, are aborted by it and by a consumer's
  // Poll. Committed offsets that are too old (EngineOptions::offsets_retention)
  // are forgotten by it and by a Poll of a group's consumer, as by what runs in
  // the background: of every group of the directory, whether anybody asks for
  // it or not.
  int threads = 2;
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const ClientOptions& options);

// Thread-safe. What it has handed out keeps what it needs: they may be
// destroyed in any order. Not by a callback of theirs.
class Client {
 public:
  // Opens "dir:PATH", a directory, or "memory:" (":memory:" too), one that
  // lives as long as the client and what it hands out. Errors of Engine::Open;
  // Reason::kInvalidOption for any other name; ResourceExhausted, without a
  // reason, where there are to be threads and the system has none.
  static absl::StatusOr<std::unique_ptr<Client>> Open(
      std::string_view name, const ClientOptions& options = {});

  virtual ~Client() = default;

  // Reason::kInvalidOption, kReadOnly, kClosed; with a transactional id also
  // errors of making the topic `__transaction_state`.
  virtual absl::StatusOr<std::unique_ptr<Producer>> NewProducer(
      const ProducerOptions& options) = 0;
  absl::StatusOr<std::unique_ptr<Producer>> NewProducer() {
    return NewProducer(ProducerOptions());
  }

  // Reason::kInvalidOption, kClosed; ResourceExhausted where there is to be a
  // descriptor to wait on and the process may have no more.
  virtual absl::StatusOr<std::unique_ptr<Consumer>> NewConsumer(
      const ConsumerOptions& options) = 0;
  absl::StatusOr<std::unique_ptr<Consumer>> NewConsumer() {
    return NewConsumer(ConsumerOptions());
  }

  // None that a log in this process gives.
  virtual absl::StatusOr<std::unique_ptr<Admin>> NewAdmin() = 0;

  // The engine behind it, where the log is in this process; else null.
  // Borrowed, and closed with the client.
  virtual Engine* engine() = 0;

  // Closes the log: what was handed out answers kClosed from then on, a Send to
  // its callback. Close the producers first, or what they hold back is lost, as
  // they are told.
  virtual absl::Status Close() = 0;
};

}  // namespace cauce
