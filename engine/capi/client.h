// An open client, as a C program holds it, with what administers its log.
// Thread-safe, but for its free.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "cauce/admin.h"
#include "cauce/cauce.h"
#include "cauce/client.h"
#include "engine/capi/call.h"

struct cauce_client : cauce::capi::Handle<cauce::capi::Kind::kClient> {
  std::unique_ptr<cauce::Client> client;
  std::unique_ptr<cauce::Admin> admin;
};

namespace cauce::capi {

// The engine behind it; Unimplemented where the log is not in this process.
absl::StatusOr<Engine*> EngineOf(cauce_client& client);

}  // namespace cauce::capi
