#include "cauce/cursor.h"

#include <utility>

#include "engine/log/log_cursor.h"

namespace cauce {

Cursor::Cursor(std::unique_ptr<LogCursor> cursor)
    : cursor_(std::move(cursor)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

Offset Cursor::position() const { return cursor_->position(); }
void Cursor::Seek(Offset offset) { cursor_->Seek(offset); }
absl::StatusOr<bool> Cursor::NextBatch(RecordBatch* batch) {
  return cursor_->NextBatch(batch);
}
absl::StatusOr<bool> Cursor::Next(RecordView* record) {
  return cursor_->Next(record);
}
absl::StatusOr<Offset> Cursor::SkipDamage() { return cursor_->SkipDamage(); }

}  // namespace cauce
