#include "engine/log/offset_line.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "engine/log/batch_runs.h"

namespace cauce {

bool OffsetLine::IsFree(Offset base, Offset next) const {
  const LogPart* const before = Before(next);
  return before == nullptr || before->next <= base;
}

bool OffsetLine::HasRoomFor(const LogPart& part) const {
  if (part.base >= part.next || !IsFree(part.base, part.next)) return false;
  const LogPart* const before = Before(part.base);
  const LogPart* const behind = From(part.next);
  const bool follows_own = before != nullptr && before->log == part.log;
  const bool precedes_own = behind != nullptr && behind->log == part.log;
  if (follows_own && before->position >= part.position) return false;
  if (precedes_own && behind->position <= part.position) return false;
  const bool is_between = before != nullptr && behind != nullptr;
  const bool is_within = is_between && before->log == behind->log;
  if (is_within && before->log != part.log) return false;
  const Span* const span = SpanOf(part.log);
  const Offset base =
      span == nullptr ? part.base : std::min(span->base, part.base);
  const Offset next =
      span == nullptr ? part.next : std::max(span->next, part.next);
  if (next - base > kSegmentOffsetsMax) return false;
  return span == nullptr || follows_own || precedes_own;
}

void OffsetLine::Take(const LogPart& part) {
  CAUCE_CHECK(HasRoomFor(part));
  Span& span = spans_[part.log];
  if (span.base == span.next) {
    span = {part.base, part.next, part.position};
  } else {
    span.base = std::min(span.base, part.base);
    span.next = std::max(span.next, part.next);
    span.position = std::min(span.position, part.position);
  }
  parts_.emplace(part.base, part);
}

const LogPart* OffsetLine::Before(Offset offset) const {
  const auto from = parts_.lower_bound(offset);
  return from == parts_.begin() ? nullptr : &std::prev(from)->second;
}

const LogPart* OffsetLine::From(Offset offset) const {
  const auto from = parts_.lower_bound(offset);
  return from == parts_.end() ? nullptr : &from->second;
}

const OffsetLine::Span* OffsetLine::SpanOf(size_t log) const {
  const Span& span = spans_[log];
  return span.base == span.next ? nullptr : &span;
}

}  // namespace cauce
