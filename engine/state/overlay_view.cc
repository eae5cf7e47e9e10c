#include "engine/state/overlay_view.h"

#include <iterator>
#include <utility>

#include "fmt/format.h"

namespace cauce {
namespace {

// Of the two walks the one whose key comes next; of two with one key that of
// the changes, which passes by the other.
class MergedIterator final : public StateIterator {
 public:
  using At = OverlayView::Changes::const_iterator;

  MergedIterator(std::unique_ptr<StateIterator> base, At begin, At end,
                 KeyOrder order)
      : base_(std::move(base)),
        begin_(begin),
        end_(end),
        reverse_(order == KeyOrder::kReverse) {
    Settle();
  }

  bool Valid() const override { return valid_; }
  void Next() override {
    Pass();
    Settle();
  }
  std::string_view key() const override {
    return changed_ ? std::string_view(change().first) : base_->key();
  }
  std::string_view value() const override {
    return changed_ ? std::string_view(*change().second) : base_->value();
  }
  absl::Status status() const override {
    return base_ ? base_->status() : absl::OkStatus();
  }

 private:
  const OverlayView::Changes::value_type& change() const {
    return reverse_ ? *std::prev(end_) : *begin_;
  }
  bool HasChange() const { return begin_ != end_; }
  bool HasBase() const { return base_ && base_->Valid(); }

  void PassChange() { reverse_ ? (void)--end_ : (void)++begin_; }
  void Pass() { changed_ ? PassChange() : base_->Next(); }

  void Settle() {
    for (;;) {
      // Behind an error of the table nothing of the changes is shown either.
      if (!status().ok()) break;
      if (!HasChange()) {
        changed_ = false;
        valid_ = HasBase();
        return;
      }
      int order = -1;  // of the change against the table's row
      if (HasBase()) {
        order = std::string_view(change().first).compare(base_->key());
        if (reverse_) order = -order;
      }
      if (order == 0) {
        base_->Next();
        continue;
      }
      changed_ = order < 0;
      valid_ = true;
      if (!changed_ || change().second) return;
      PassChange();  // a key that is gone
    }
    valid_ = false;
  }

  const std::unique_ptr<StateIterator> base_;
  At begin_;
  At end_;
  const bool reverse_;
  bool changed_ = false;  // whether the next row is a change
  bool valid_ = false;
};

}  // namespace

absl::Status OverlayView::Apply(const StateChange& change) {
  // A row of the map takes about as much besides.
  constexpr int64_t kRowBytes = 128;
  auto at = changes_.find(change.key);
  if (at == changes_.end()) {
    bytes_ += kRowBytes + static_cast<int64_t>(change.key.size());
    at = changes_.emplace(change.key, std::nullopt).first;
  }
  if (at->second) bytes_ -= static_cast<int64_t>(at->second->size());
  if (change.value) {
    at->second = std::string(*change.value);
    bytes_ += static_cast<int64_t>(change.value->size());
  } else {
    at->second.reset();
  }
  if (bytes_ <= bytes_max_) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "what the table lacks takes more than {} bytes of memory: open the store "
      "for writing once (cauce store restore), or raise "
      "StoresOptions::read_only_bytes_max",
      bytes_max_));
}

void OverlayView::DropBase() {
  base_.reset();
  changes_.clear();
  bytes_ = 0;
}

absl::StatusOr<bool> OverlayView::Get(std::string_view key,
                                      std::string& value) const {
  const auto at = changes_.find(key);
  if (at != changes_.end()) {
    if (at->second) value = *at->second;
    return at->second.has_value();
  }
  if (!base_) return false;
  return base_->Get(key, value);
}

std::unique_ptr<StateIterator> OverlayView::Iterate(const KeyRange& range,
                                                    KeyOrder order) const {
  const auto begin = changes_.lower_bound(range.from);
  auto end = changes_.end();
  if (range.to) {
    end = *range.to > range.from ? changes_.lower_bound(*range.to) : begin;
  }
  return std::make_unique<MergedIterator>(
      base_ ? base_->Iterate(range, order) : nullptr, begin, end, order);
}

StateUse OverlayView::use() const {
  StateUse use;
  if (base_) use = base_->use();
  use.keys += static_cast<int64_t>(changes_.size());
  use.memory_bytes += bytes_;
  return use;
}

}  // namespace cauce
