#include "cauce/cursor.h"

#include <utility>

#include "engine/log/log_cursor.h"

namespace cauce {

Cursor::Cursor(std::unique_ptr<LogCursor> cursor)
    : cursor_(std::move(cursor)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

Cursor::Cursor(absl::Status failure, Offset from)
    : failure_(std::move(failure)), from_(from) {}

Offset Cursor::position() const {
  return cursor_ != nullptr ? cursor_->position() : from_;
}
void Cursor::Seek(Offset offset) {
  if (cursor_ != nullptr) return cursor_->Seek(offset);
  from_ = offset;
}
absl::StatusOr<bool> Cursor::NextBatch(RecordBatch* batch) {
  if (cursor_ == nullptr) return failure_;
  return cursor_->NextBatch(batch);
}
absl::StatusOr<bool> Cursor::Next(RecordView* record) {
  if (cursor_ == nullptr) return failure_;
  return cursor_->Next(record);
}
absl::StatusOr<Offset> Cursor::SkipDamage() {
  if (cursor_ == nullptr) return failure_;
  return cursor_->SkipDamage();
}

}  // namespace cauce
