// Appends Kafka's primitive types to a string; see wire.h.
//
// What it is given has been checked: a string above kWireStringBytesMax, and
// bytes or an array whose length an int32 does not hold, stop the process.
// Borrows the string. Not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/wire.h"

namespace cauce {

class WireWriter {
 public:
  WireWriter(std::string& out, WireForm form) : out_(out), form_(form) {}

  WireWriter(const WireWriter&) = delete;
  WireWriter& operator=(const WireWriter&) = delete;

  // From here on.
  void set_form(WireForm form) { form_ = form; }

  void Bool(bool value) { Fixed<int8_t>(value ? 1 : 0); }
  void Int8(int8_t value) { Fixed(value); }
  template <class Enum>
    requires std::same_as<std::underlying_type_t<Enum>, int8_t>
  void Int8(Enum value) {
    Fixed(static_cast<int8_t>(value));
  }
  void Int16(int16_t value) { Fixed(value); }
  void Int32(int32_t value) { Fixed(value); }
  void Int64(int64_t value) { Fixed(value); }
  void Uint16(uint16_t value) { Fixed(value); }
  void Uint32(uint32_t value) { Fixed(value); }
  void Float64(double value) { Fixed(std::bit_cast<uint64_t>(value)); }
  void Uuid(const std::array<uint8_t, 16>& value);
  // An int32: whole milliseconds, and the nearest that there is.
  void Milliseconds(absl::Duration value);

  void String(std::string_view value);
  template <class Text>
  void NullableString(const std::optional<Text>& value) {
    value ? String(*value) : AppendNull(Kind::kString);
  }
  void Bytes(std::string_view value);
  template <class Text>
  void NullableBytes(const std::optional<Text>& value) {
    value ? Bytes(*value) : AppendNull(Kind::kBytes);
  }

  // `describe` takes a codec and an element.
  template <class T, class Describe>
  void Array(const std::vector<T>& values, const Describe& describe) {
    AppendLength(Kind::kArray, values.size());
    for (const T& value : values) describe(*this, value);
  }
  template <class T, class Describe>
  void NullableArray(const std::optional<std::vector<T>>& values,
                     const Describe& describe) {
    values ? Array(*values, describe) : AppendNull(Kind::kArray);
  }

  // The end of a struct: those of its tagged fields that differ from what they
  // are when they are left out.
  template <class Describe>
  void Tags(const Describe& describe) {
    if (form_ != WireForm::kFlexible) return;
    TagList tags;
    describe(tags);
    AppendVarint(tags.count());
    out_.append(tags.bytes());
  }
  void Tags() {
    Tags([](auto&) {});
  }

 private:
  enum class Kind { kString, kBytes, kArray };

  // The tagged fields of one struct. Their number stands before them, and
  // before each its size.
  class TagList {
   public:
    template <class T, class Describe>
    void Field(uint32_t tag, const T& value,
               const std::type_identity_t<T>& left_out,
               const Describe& describe) {
      CAUCE_CHECK(tag >= next_);
      next_ = tag + 1;
      if (value == left_out) return;
      std::string field;
      WireWriter writer(field, WireForm::kFlexible);
      describe(writer, value);
      Append(tag, field);
    }

    uint32_t count() const { return count_; }
    std::string_view bytes() const { return bytes_; }

   private:
    void Append(uint32_t tag, std::string_view field);

    uint32_t next_ = 0;
    uint32_t count_ = 0;
    std::string bytes_;
  };

  template <std::integral T>
  void Fixed(T value) {
    char raw[sizeof value];
    StoreBig<T>(raw, value);
    out_.append(raw, sizeof raw);
  }

  void AppendVarint(uint32_t value);
  void AppendLength(Kind kind, size_t length);
  void AppendNull(Kind kind);

  std::string& out_;
  WireForm form_;
};

}  // namespace cauce
