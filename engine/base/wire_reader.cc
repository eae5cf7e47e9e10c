#include "engine/base/wire_reader.h"

#include <cstring>

#include "engine/base/varint.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The fewest bytes of a tagged field: a tag, and a size that is zero.
constexpr size_t kTagBytesMin = 2;

}  // namespace

absl::Status WireReader::Finish(Reason reason) const {
  return ok() ? absl::OkStatus() : MakeError(reason, failure_);
}

void WireReader::ExpectEnd() {
  if (ok() && at_ != end_) {
    Fail(at_, fmt::format("ends here, but {} more bytes follow", left()));
  }
}

void WireReader::Uuid(std::array<uint8_t, 16>& value) {
  if (left() < value.size()) return FailShort(value.size());
  std::memcpy(value.data(), at_, value.size());
  at_ += value.size();
}

void WireReader::AssignNullable(std::optional<std::string>& value,
                                std::optional<std::string_view> bytes) {
  if (ok()) value = bytes;
}

void WireReader::AssignNullable(std::optional<std::string_view>& value,
                                std::optional<std::string_view> bytes) {
  if (ok()) value = bytes;
}

uint32_t WireReader::TakeVarint() {
  uint32_t value = 0;
  const char* const next = DecodeUnsignedVarint(at_, end_, &value);
  if (next == nullptr) {
    Fail(at_, fmt::format("no length of up to 32 bits in the {} bytes left",
                          left()));
    return 0;
  }
  at_ = next;
  return value;
}

int64_t WireReader::TakeLength(Kind kind) {
  if (form_ == WireForm::kFlexible) return int64_t{TakeVarint()} - 1;
  if (kind == Kind::kString) {
    int16_t length = -1;
    Fixed(length);
    return length;
  }
  int32_t length = -1;
  Fixed(length);
  return length;
}

std::optional<std::string_view> WireReader::TakeBytes(Kind kind, Null null) {
  const char* const where = at_;
  const int64_t length = TakeLength(kind);
  if (!ok()) return std::nullopt;
  if (length == -1 && null == Null::kTaken) return std::nullopt;
  const size_t most =
      kind == Kind::kString ? std::min(left(), kWireStringBytesMax) : left();
  if (length < 0 || static_cast<uint64_t>(length) > most) {
    Fail(where, fmt::format("{} of {} bytes, where up to {} can be",
                            kind == Kind::kString ? "a string" : "a field",
                            length, most));
    return std::nullopt;
  }
  const std::string_view bytes(at_, static_cast<size_t>(length));
  at_ += bytes.size();
  return bytes;
}

std::optional<size_t> WireReader::TakeCount(size_t least, Null null) {
  const char* const where = at_;
  const int64_t count = TakeLength(Kind::kArray);
  if (!ok()) return std::nullopt;
  if (count == -1 && null == Null::kTaken) return std::nullopt;
  if (count < 0 || static_cast<uint64_t>(count) > left() / least) {
    Fail(where, fmt::format("an array of {} elements of at least {} bytes, "
                            "and {} bytes are left",
                            count, least, left()));
    return std::nullopt;
  }
  return static_cast<size_t>(count);
}

uint32_t WireReader::TakeTagCount() {
  const char* const where = at_;
  const uint32_t count = TakeVarint();
  if (ok() && count > left() / kTagBytesMin) {
    Fail(where, fmt::format("{} tagged fields, and {} bytes are left", count,
                            left()));
  }
  return ok() ? count : 0;
}

uint32_t WireReader::EnterTag() {
  const char* const where = at_;
  const uint32_t tag = TakeVarint();
  const uint32_t size = TakeVarint();
  if (!ok()) return 0;
  if (size > left()) {
    Fail(where, fmt::format("tagged field {} of {} bytes, and {} are left", tag,
                            size, left()));
    return 0;
  }
  end_ = at_ + size;
  return tag;
}

void WireReader::Fail(const char* where, std::string_view what) {
  if (!ok()) return;
  failure_ = fmt::format("at position {}: {}", where - begin_, what);
  // Nothing is left to read.
  at_ = end_;
}

void WireReader::FailShort(size_t wanted) {
  Fail(at_, fmt::format("{} bytes are wanted, and {} are left", wanted,
                        left()));
}

}  // namespace cauce
