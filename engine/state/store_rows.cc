#include "engine/state/store_rows.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "fmt/format.h"

namespace cauce {

StoreRows::StoreRows(std::shared_ptr<const void> held, const StateView& view,
                     StoreKind kind, const std::vector<TableRange>& ranges,
                     const RowFilter& filter, KeyOrder order)
    : held_(std::move(held)), kind_(kind), filter_(filter) {
  for (const TableRange& range : ranges) {
    walks_.push_back(view.Iterate(range.view(), order));
  }
  if (order == KeyOrder::kForward) std::ranges::reverse(walks_);
  Settle();
}

void StoreRows::Next() {
  walks_.back()->Next();
  Settle();
}

absl::Status StoreRows::status() const {
  if (!failure_.ok() || walks_.empty()) return failure_;
  return walks_.back()->status();
}

void StoreRows::Settle() {
  valid_ = false;
  while (!walks_.empty() && failure_.ok()) {
    StateIterator& at = *walks_.back();
    for (; at.Valid(); at.Next()) {
      if (Show(at)) {
        valid_ = true;
        return;
      }
      if (!failure_.ok()) return;
    }
    if (!at.status().ok()) return;
    walks_.pop_back();
  }
}

bool StoreRows::Show(const StateIterator& at) {
  row_ = {.key = at.key(), .value = at.value()};
  if (kind_ == StoreKind::kKeyValue) return true;
  constexpr size_t kNumber = sizeof(int64_t);
  if (kind_ == StoreKind::kTimestamped) {
    if (row_.value.size() >= kNumber) {
      row_.time.ms = LoadBig<int64_t>(row_.value.data());
      row_.value.remove_prefix(kNumber);
      return true;
    }
  } else if (row_.key.size() >= kNumber) {
    if (const auto key = ParseRowKey(kind_, row_.key.substr(kNumber))) {
      if (!filter_.Takes(kind_, *key)) return false;
      row_.key = key->key;
      row_.start = key->start;
      row_.end = key->end;
      row_.sequence = key->sequence;
      return true;
    }
  }
  failure_ = MakeError(
      Reason::kCorruptFile,
      fmt::format("a row of the table has a key of {} bytes and a value of {}, "
                  "which no {} store has: make the table anew (cauce store "
                  "restore)",
                  at.key().size(), at.value().size(), StoreKindName(kind_)));
  return false;
}

StoreIterator::StoreIterator(std::unique_ptr<StoreRows> rows)
    : rows_(std::move(rows)) {}
StoreIterator::StoreIterator(StoreIterator&&) noexcept = default;
StoreIterator& StoreIterator::operator=(StoreIterator&&) noexcept = default;
StoreIterator::~StoreIterator() = default;

bool StoreIterator::Valid() const { return rows_->Valid(); }
void StoreIterator::Next() { rows_->Next(); }
const StoreRow& StoreIterator::row() const { return rows_->row(); }
absl::Status StoreIterator::status() const { return rows_->status(); }

}  // namespace cauce
