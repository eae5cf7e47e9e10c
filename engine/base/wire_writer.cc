#include "engine/base/wire_writer.h"

#include <algorithm>
#include <limits>

#include "engine/base/varint.h"

namespace cauce {

void WireWriter::Uuid(const std::array<uint8_t, 16>& value) {
  out_.append(reinterpret_cast<const char*>(value.data()), value.size());
}

void WireWriter::Milliseconds(absl::Duration value) {
  using Limits = std::numeric_limits<int32_t>;
  Fixed(static_cast<int32_t>(std::clamp<int64_t>(
      absl::ToInt64Milliseconds(value), Limits::min(), Limits::max())));
}

void WireWriter::String(std::string_view value) {
  CAUCE_CHECK(value.size() <= kWireStringBytesMax);
  AppendLength(Kind::kString, value.size());
  out_.append(value);
}

void WireWriter::Bytes(std::string_view value) {
  AppendLength(Kind::kBytes, value.size());
  out_.append(value);
}

void WireWriter::AppendVarint(uint32_t value) {
  char raw[kVarint32BytesMax];
  out_.append(raw, EncodeUnsignedVarint(raw, value));
}

void WireWriter::AppendLength(Kind kind, size_t length) {
  CAUCE_CHECK(length <= std::numeric_limits<int32_t>::max());
  if (form_ == WireForm::kFlexible) {
    return AppendVarint(static_cast<uint32_t>(length) + 1);
  }
  if (kind == Kind::kString) return Fixed(static_cast<int16_t>(length));
  Fixed(static_cast<int32_t>(length));
}

void WireWriter::AppendNull(Kind kind) {
  if (form_ == WireForm::kFlexible) return AppendVarint(0);
  if (kind == Kind::kString) return Fixed<int16_t>(-1);
  Fixed<int32_t>(-1);
}

void WireWriter::TagList::Append(uint32_t tag, std::string_view field) {
  CAUCE_CHECK(field.size() <= std::numeric_limits<int32_t>::max());
  ++count_;
  WireWriter writer(bytes_, WireForm::kFlexible);
  writer.AppendVarint(tag);
  writer.AppendVarint(static_cast<uint32_t>(field.size()));
  bytes_.append(field);
}

}  // namespace cauce
