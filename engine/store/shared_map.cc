#include "engine/store/shared_map.h"

#include <functional>
#include <utility>

#include "absl/hash/hash.h"

namespace cauce {
namespace {

// What a node takes besides the bytes of key and value, with what the
// allocator adds to its two parts.
constexpr int64_t kNodeBytes = 208;

struct Entry {
  std::string key;
  std::string value;
};

// Differs from process to process: who chooses keys cannot make a path long.
uint32_t PriorityOf(std::string_view key) {
  return static_cast<uint32_t>(absl::Hash<std::string_view>()(key) >> 32);
}

}  // namespace

// Of two on a path the upper one has the higher priority, or the same.
struct SharedMap::Node {
  std::shared_ptr<const Entry> entry;
  Link left;
  Link right;
  uint64_t edit = 0;
  uint32_t priority = 0;
  int64_t keys = 0;   // of it and of all below it
  int64_t bytes = 0;  // likewise

  std::string_view key() const { return entry->key; }

  void Sum() {
    keys = 1;
    bytes = kNodeBytes +
            static_cast<int64_t>(entry->key.size() + entry->value.size());
    for (const Link& side : {std::cref(left), std::cref(right)}) {
      if (side == nullptr) continue;
      keys += side->keys;
      bytes += side->bytes;
    }
  }
};

SharedMap::SharedMap(const View& base)
    : root_(base.root_), edit_(base.edit_ + 1) {}

SharedMap::View SharedMap::Share() const {
  View view;
  view.root_ = root_;
  view.edit_ = edit_;
  return view;
}

void SharedMap::Put(std::string_view key, std::string_view value) {
  auto node = std::make_shared<Node>();
  node->entry = std::make_shared<const Entry>(std::string(key),
                                              std::string(value));
  node->edit = edit_;
  node->priority = PriorityOf(key);
  node->Sum();
  root_ = Put(std::move(root_), std::move(node));
}

void SharedMap::Erase(std::string_view key) {
  // A path is copied for a key that is there alone.
  if (Share().Find(key) != nullptr) root_ = Erase(std::move(root_), key);
}

void SharedMap::Erase(const KeyRange& range) {
  if (range.to && *range.to <= range.from) return;
  Halves at_from = Split(std::move(root_), range.from);
  Link above;
  if (range.to) above = Split(std::move(at_from.rest), *range.to).rest;
  root_ = Join(std::move(at_from.below), std::move(above));
}

SharedMap::Link SharedMap::Own(Link node) const {
  if (node->edit == edit_) return node;
  auto copy = std::make_shared<Node>(*node);
  copy->edit = edit_;
  return copy;
}

SharedMap::Link SharedMap::Put(Link at, Link entry) {
  if (at == nullptr) return entry;
  if (entry->key() == at->key()) {
    at = Own(std::move(at));
    at->entry = std::move(entry->entry);
  } else if (entry->priority > at->priority) {
    // The key itself is not below: it would have the same priority there.
    Halves halves = Split(std::move(at), entry->key());
    entry->left = std::move(halves.below);
    entry->right = std::move(halves.rest);
    at = std::move(entry);
  } else {
    at = Own(std::move(at));
    Link& side = entry->key() < at->key() ? at->left : at->right;
    side = Put(std::move(side), std::move(entry));
  }
  at->Sum();
  return at;
}

SharedMap::Link SharedMap::Erase(Link at, std::string_view key) {
  if (at == nullptr) return nullptr;
  at = Own(std::move(at));
  if (key == at->key()) return Join(std::move(at->left), std::move(at->right));
  Link& side = key < at->key() ? at->left : at->right;
  side = Erase(std::move(side), key);
  at->Sum();
  return at;
}

// All keys of `below` are smaller than those of `above`.
SharedMap::Link SharedMap::Join(Link below, Link above) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  if (below->priority >= above->priority) {
    below = Own(std::move(below));
    below->right = Join(std::move(below->right), std::move(above));
    below->Sum();
    return below;
  }
  above = Own(std::move(above));
  above->left = Join(std::move(below), std::move(above->left));
  above->Sum();
  return above;
}

SharedMap::Halves SharedMap::Split(Link at, std::string_view key) {
  if (at == nullptr) return {};
  at = Own(std::move(at));
  if (at->key() < key) {
    Halves halves = Split(std::move(at->right), key);
    at->right = std::move(halves.below);
    at->Sum();
    return {std::move(at), std::move(halves.rest)};
  }
  Halves halves = Split(std::move(at->left), key);
  at->left = std::move(halves.rest);
  at->Sum();
  return {std::move(halves.below), std::move(at)};
}

const std::string* SharedMap::View::Find(std::string_view key) const {
  const Node* at = root_.get();
  while (at != nullptr) {
    const int order = key.compare(at->key());
    if (order == 0) return &at->entry->value;
    at = (order < 0 ? at->left : at->right).get();
  }
  return nullptr;
}

int64_t SharedMap::View::keys() const { return root_ ? root_->keys : 0; }

int64_t SharedMap::View::bytes() const { return root_ ? root_->bytes : 0; }

SharedMap::Walk::Walk(View view, const KeyRange& range, KeyOrder order)
    : view_(std::move(view)), from_(range.from), to_(range.to), order_(order) {
  Descend(view_.root_.get());
  EndAtBound();
}

std::string_view SharedMap::Walk::key() const { return path_.back()->key(); }

std::string_view SharedMap::Walk::value() const {
  return path_.back()->entry->value;
}

void SharedMap::Walk::Next() {
  const Node* const at = path_.back();
  path_.pop_back();
  Descend((order_ == KeyOrder::kForward ? at->right : at->left).get());
  EndAtBound();
}

// To the first key below `at` that is not before the walk's begin.
void SharedMap::Walk::Descend(const Node* at) {
  const bool forward = order_ == KeyOrder::kForward;
  while (at != nullptr) {
    if (IsBefore(*at)) {
      at = (forward ? at->right : at->left).get();
    } else {
      path_.push_back(at);
      at = (forward ? at->left : at->right).get();
    }
  }
}

bool SharedMap::Walk::IsBefore(const Node& node) const {
  if (order_ == KeyOrder::kForward) return node.key() < from_;
  return to_ && node.key() >= *to_;
}

void SharedMap::Walk::EndAtBound() {
  if (path_.empty()) return;
  const bool inside = order_ == KeyOrder::kForward
                          ? !to_ || path_.back()->key() < *to_
                          : path_.back()->key() >= from_;
  if (!inside) path_.clear();
}

}  // namespace cauce
