// What comes out of the C API as a struct with pointers: the struct, and behind
// it, where C does not see it, all that it points to. One free frees all.
//
// For one thread until it is handed out; it does not change then.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "engine/capi/call.h"
#include "engine/capi/error.h"
#include "engine/capi/magic.h"

namespace cauce::capi {

// Keeps values at their places until it goes.
class Arena {
 public:
  // A copy that ends with a NUL.
  const char* Text(std::string_view text) {
    return texts_.emplace_back(text).c_str();
  }
  template <typename T>
  T* Keep(T value) {
    auto kept = std::make_shared<T>(std::move(value));
    T* const at = kept.get();
    kept_.push_back(std::move(kept));
    return at;
  }
  // Null where it is empty.
  template <typename T>
  const T* Array(std::vector<T> values) {
    return values.empty() ? nullptr : Keep(std::move(values))->data();
  }

 private:
  std::deque<std::string> texts_;
  std::deque<std::shared_ptr<void>> kept_;
};

// Of Kind::kLent where a callback gets it, which cannot free it.
template <typename Face>
struct Owned final : Face {
  explicit Owned(Kind kind) : Face{}, magic(kind) {}
  Magic magic;
  Arena arena;
};

// A list of pointers, as `count` and `items` of Face.
template <typename Face>
class OwnedList {
 public:
  using Item = std::remove_cvref_t<decltype(**std::declval<Face>().items)>;

  explicit OwnedList(Kind kind) : owned_(std::make_unique<Owned<Face>>(kind)) {}

  Arena& arena() { return owned_->arena; }
  Face& face() { return *owned_; }

  void Add(Item item) { items_.push_back(arena().Keep(std::move(item))); }

  // Lends it until this goes; nothing is added then.
  const Face* Lend() {
    owned_->count = items_.size();
    owned_->items = arena().Array(std::move(items_));
    return owned_.get();
  }
  // Leaves it to whom it is for.
  absl::Status Give(Face** to) && {
    Lend();
    *to = owned_.release();
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<Owned<Face>> owned_;
  std::vector<const Item*> items_;
};

// What frees it; any callback may.
template <typename Face>
cauce_reason_t FreeOwned(Face* face, Kind kind) noexcept {
  if (face == nullptr) return CAUCE_OK;
  auto* const owned = static_cast<Owned<Face>*>(face);
  if (!owned->magic.Retire(kind)) return CAUCE_MISUSE;
  delete owned;
  return CAUCE_OK;
}

}  // namespace cauce::capi
