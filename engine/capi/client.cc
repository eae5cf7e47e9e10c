#include "engine/capi/client.h"

#include <string>
#include <string_view>
#include <utility>

#include "cauce/engine.h"
#include "engine/base/status_macros.h"
#include "engine/capi/options.h"
#include "engine/capi/owned.h"
#include "engine/capi/values.h"

#define CAUCE_TEXT_INNER(number) #number
#define CAUCE_TEXT(number) CAUCE_TEXT_INNER(number)

namespace cauce::capi {
namespace {

EventSink SinkOf(cauce_event_callback_t on_event, void* user) {
  if (on_event == nullptr) return nullptr;
  return [on_event, user](Severity severity, std::string_view line) {
    const CallbackScope scope("a callback of events", Reach::kLooks);
    on_event(user, static_cast<cauce_severity_t>(severity),
             std::string(line).c_str());
  };
}
static_assert(static_cast<int>(Severity::kInfo) == CAUCE_INFO &&
              static_cast<int>(Severity::kWarning) == CAUCE_WARNING &&
              static_cast<int>(Severity::kError) == CAUCE_ERROR);

absl::Status Open(const char* name, const cauce_config_t* pairs, size_t count,
                  EventSink events, cauce_client_t** client) {
  CAUCE_ASSIGN_OR_RETURN(const Pairs taken, TakePairs(pairs, count));
  CAUCE_ASSIGN_OR_RETURN(ClientOptions options, ClientOptionsOf(taken));
  options.engine.events = std::move(events);
  auto opened = std::make_unique<cauce_client>();
  CAUCE_ASSIGN_OR_RETURN(opened->client, Client::Open(name, options));
  CAUCE_ASSIGN_OR_RETURN(opened->admin, opened->client->NewAdmin());
  *client = opened.release();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Engine*> EngineOf(cauce_client& client) {
  Engine* const engine = client.client->engine();
  if (engine != nullptr) return engine;
  return absl::UnimplementedError(
      "the log is not in this process, where partitions are opened and upkeep "
      "is done: use producers and consumers");
}

}  // namespace cauce::capi

using cauce::capi::Call;
using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Kind;
using cauce::capi::Reach;

const char* cauce_version(void) {
  return CAUCE_TEXT(CAUCE_VERSION_MAJOR) "." CAUCE_TEXT(
      CAUCE_VERSION_MINOR) "." CAUCE_TEXT(CAUCE_VERSION_PATCH);
}

int32_t cauce_version_number(void) { return CAUCE_VERSION; }

cauce_reason_t cauce_client_open(const char* name,
                                 const cauce_config_t* options,
                                 size_t option_count,
                                 cauce_event_callback_t on_event, void* user,
                                 cauce_client_t** client,
                                 cauce_error_t** error) {
  return Call(Reach::kWaits, error, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(Given({{"the name", name}, {"client", client}}));
    *client = nullptr;
    return cauce::capi::Open(name, options, option_count,
                             cauce::capi::SinkOf(on_event, user), client);
  });
}

cauce_reason_t cauce_client_close(cauce_client_t* client,
                                  cauce_error_t** error) {
  return CallOn(client, Reach::kEnds, error,
                [](cauce_client& on) { return on.client->Close(); });
}

cauce_reason_t cauce_client_free(cauce_client_t* client) {
  return cauce::capi::Free(client);
}

cauce_reason_t cauce_client_upkeep(cauce_client_t* client, int64_t time_max_ms,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const absl::Duration time_max,
                               cauce::capi::TakeTimeout(time_max_ms));
        CAUCE_ASSIGN_OR_RETURN(cauce::Engine* const engine, EngineOf(on));
        return engine->RunUpkeep(time_max);
      });
}

cauce_reason_t cauce_client_compaction(cauce_client_t* client,
                                       cauce_compaction_t** compaction,
                                       cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"compaction", compaction}}));
        *compaction = nullptr;
        CAUCE_ASSIGN_OR_RETURN(cauce::Engine* const engine, EngineOf(on));
        const cauce::CompactionStatus status = engine->compaction();
        auto told = std::make_unique<cauce::capi::Owned<cauce_compaction_t>>(
            Kind::kCompaction);
        told->passes = status.totals.passes;
        told->bytes_read = status.totals.bytes_read;
        told->bytes_written = status.totals.bytes_written;
        told->records_read = status.totals.records_read;
        told->records_removed = status.totals.records_removed;
        told->bytes_removed = status.totals.bytes_removed;
        if (status.running)
          told->running = told->arena.Text(status.running->ToString());
        told->progress = status.progress;
        told->waiting = status.waiting;
        told->failures = status.failures;
        told->last_failure = told->arena.Text(status.last_failure);
        *compaction = told.release();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_compaction_free(cauce_compaction_t* compaction) {
  return cauce::capi::FreeOwned(compaction, Kind::kCompaction);
}
