// The way into the library of every function of the C API: what it may be
// called from, whom it is called on, and what becomes of exceptions.
//
//   return CallOn(client, Reach::kWaits, error, [&](cauce_client& on) {
//     return on.admin->DeleteTopic(topic);
//   });
//
// Any thread.
#pragma once

#include <atomic>
#include <concepts>
#include <initializer_list>
#include <new>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "engine/base/status_macros.h"
#include "engine/capi/error.h"
#include "engine/capi/magic.h"

namespace cauce::capi {

// How far a function goes, from what any callback may call to what none may.
enum class Reach {
  kLooks,  // at values alone
  kSends,  // without waiting for anybody
  kWaits,  // for disks, coordinators, other threads
  kEnds,   // closes, or frees, a handle
};

// While it lives, functions that go further than `most` are refused on this
// thread: it runs a callback of the program's. For one thread.
class CallbackScope {
 public:
  CallbackScope(std::string_view callback, Reach most);
  ~CallbackScope();
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;

 private:
  friend absl::Status MayReach(Reach reach);

  const std::string_view callback_;
  const Reach most_;
  const CallbackScope* const outer_;
};

// Misuse where this thread runs a callback that may not go so far.
absl::Status MayReach(Reach reach);

// Lets one thread at a time in, and that one again, as by a callback.
class Turn {
 public:
  bool Take();
  void Give();

 private:
  std::atomic<const void*> holder_{nullptr};
  int depth_ = 0;  // the holder's
};

// A handle: what a program has a pointer to.
template <Kind kKind>
struct Handle {
  static constexpr Kind kind = kKind;
  Magic magic{kKind};
};

// As in "cauce_client_t".
std::string_view NameOf(Kind kind);

absl::Status NotLive(Kind kind, const void* handle);

template <typename Handle>
absl::Status Live(const Handle* handle) {
  if (handle != nullptr && handle->magic.Is(Handle::kind))
    return absl::OkStatus();
  return NotLive(Handle::kind, handle);
}

struct Named {
  std::string_view name;
  const void* pointer;
};
// Misuse where one of them is null.
absl::Status Given(std::initializer_list<Named> pointers);

template <std::invocable Body>
cauce_reason_t Call(Reach reach, cauce_error_t** error, Body body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    absl::Status status = MayReach(reach);
    if (status.ok()) status = body();
    return Tell(status, error);
  } catch (const std::bad_alloc&) {
    return TellOutOfMemory(error);
  } catch (...) {
    return TellUnknown(error);
  }
}

// `body` gets the handle. Where that has a turn it is taken.
template <typename Handle, typename Body>
cauce_reason_t CallOn(Handle* handle, Reach reach, cauce_error_t** error,
                      Body body) noexcept {
  return Call(reach, error, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(Live(handle));
    if constexpr (requires { handle->turn; }) {
      if (!handle->turn.Take()) {
        return Misuse("another thread is within a call of this handle, which "
                      "is for one at a time");
      }
      struct GivenBack {
        Turn& turn;
        ~GivenBack() { turn.Give(); }
      } given_back{handle->turn};
      return body(*handle);
    } else {
      return body(*handle);
    }
  });
}

// What all that free handles do.
template <typename Handle>
cauce_reason_t Free(Handle* handle) noexcept {
  if (handle == nullptr) return CAUCE_OK;
  return Call(Reach::kEnds, nullptr, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(Live(handle));
    if constexpr (requires { handle->turn; }) {
      if (!handle->turn.Take()) return Misuse("another thread uses the handle");
    }
    if (!handle->magic.Retire(Handle::kind))
      return NotLive(Handle::kind, handle);
    delete handle;
    return absl::OkStatus();
  });
}

}  // namespace cauce::capi
