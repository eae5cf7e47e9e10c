// The fewest bytes that a thing can take: as a Describe walks a blank one,
// with nothing in its strings and arrays and no tagged field. It bounds how
// many of them may follow in the bytes that are left. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>

#include "engine/base/wire.h"

namespace cauce {

class WireLeast {
 public:
  // At least one: nothing takes no bytes.
  template <class T, class Describe>
  static size_t Of(WireForm form, const Describe& describe) {
    WireLeast least(form);
    const T blank{};
    describe(least, blank);
    return std::max<size_t>(least.bytes_, 1);
  }

  void Bool(const auto&) { bytes_ += 1; }
  void Int8(const auto&) { bytes_ += 1; }
  void Int16(const auto&) { bytes_ += 2; }
  void Int32(const auto&) { bytes_ += 4; }
  void Int64(const auto&) { bytes_ += 8; }
  void Uint16(const auto&) { bytes_ += 2; }
  void Uint32(const auto&) { bytes_ += 4; }
  void Float64(const auto&) { bytes_ += 8; }
  void Uuid(const auto&) { bytes_ += 16; }
  void Milliseconds(const auto&) { bytes_ += 4; }
  void String(const auto&) { AddLength(2); }
  void NullableString(const auto&) { AddLength(2); }
  void Bytes(const auto&) { AddLength(4); }
  void NullableBytes(const auto&) { AddLength(4); }
  void Array(const auto&, const auto&) { AddLength(4); }
  void NullableArray(const auto&, const auto&) { AddLength(4); }
  void Tags(const auto&) { AddLength(0); }
  void Tags() { AddLength(0); }

 private:
  explicit WireLeast(WireForm form) : form_(form) {}

  void AddLength(size_t plain) {
    bytes_ += form_ == WireForm::kFlexible ? 1 : plain;
  }

  const WireForm form_;
  size_t bytes_ = 0;
};

}  // namespace cauce
