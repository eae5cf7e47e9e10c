// The state stores of a log, as a C program holds them. Thread-safe, but for
// its free.
#pragma once

#include <utility>

#include "cauce/cauce.h"
#include "cauce/stores.h"
#include "engine/capi/call.h"

struct cauce_stores : cauce::capi::Handle<cauce::capi::Kind::kStores> {
  explicit cauce_stores(cauce::Stores opened) : stores(std::move(opened)) {}
  cauce::Stores stores;
};
