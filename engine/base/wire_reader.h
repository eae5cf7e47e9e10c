// Reads Kafka's primitive types from bytes that came from outside; see wire.h.
//
// The first failure sticks: what is read after it stays as it was, and
// Finish tells where it was and what stood there. No memory is taken for a
// length before as many bytes are known to be there. Values start out blank:
// a tagged field that is missing leaves them so. What follows the last field
// is the caller's to judge: ExpectEnd. Borrows the bytes. Not thread-safe.
#pragma once

#include <algorithm>
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

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/wire.h"
#include "engine/base/wire_least.h"

namespace cauce {

class WireReader {
 public:
  WireReader(std::string_view bytes, WireForm form)
      : begin_(bytes.data()),
        at_(begin_),
        end_(begin_ + bytes.size()),
        form_(form) {}

  WireReader(const WireReader&) = delete;
  WireReader& operator=(const WireReader&) = delete;

  // From here on; a message's version may stand at its head.
  void set_form(WireForm form) { form_ = form; }

  bool ok() const { return failure_.empty(); }
  // How many bytes were read, and how many there are still.
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  // OK, or the first failure, as an error of `reason`.
  absl::Status Finish(Reason reason) const;

  // Fails, unless all is read.
  void ExpectEnd();

  void Bool(bool& value) {
    int8_t raw = value ? 1 : 0;
    Fixed(raw);
    value = raw != 0;
  }
  void Int8(int8_t& value) { Fixed(value); }
  // Any number: whether it is one of the enumerators is the caller's to ask.
  template <class Enum>
    requires std::same_as<std::underlying_type_t<Enum>, int8_t>
  void Int8(Enum& value) {
    auto raw = static_cast<int8_t>(value);
    Fixed(raw);
    value = static_cast<Enum>(raw);
  }
  void Int16(int16_t& value) { Fixed(value); }
  void Int32(int32_t& value) { Fixed(value); }
  void Int64(int64_t& value) { Fixed(value); }
  void Uint16(uint16_t& value) { Fixed(value); }
  void Uint32(uint32_t& value) { Fixed(value); }
  void Float64(double& value) {
    auto raw = std::bit_cast<uint64_t>(value);
    Fixed(raw);
    value = std::bit_cast<double>(raw);
  }
  void Uuid(std::array<uint8_t, 16>& value);
  // An int32.
  void Milliseconds(absl::Duration& value) {
    int32_t raw = 0;
    Fixed(raw);
    if (ok()) value = absl::Milliseconds(raw);
  }

  // A std::string_view is a view of the bytes that are read.
  template <class Text>
  void String(Text& value) {
    Assign(value, TakeBytes(Kind::kString, Null::kRefused));
  }
  template <class Text>
  void NullableString(std::optional<Text>& value) {
    AssignNullable(value, TakeBytes(Kind::kString, Null::kTaken));
  }
  template <class Text>
  void Bytes(Text& value) {
    Assign(value, TakeBytes(Kind::kBytes, Null::kRefused));
  }
  template <class Text>
  void NullableBytes(std::optional<Text>& value) {
    AssignNullable(value, TakeBytes(Kind::kBytes, Null::kTaken));
  }

  // `describe` takes a codec, not only this one, and an element.
  template <class T, class Describe>
  void Array(std::vector<T>& values, const Describe& describe) {
    const auto count =
        TakeCount(WireLeast::Of<T>(form_, describe), Null::kRefused);
    if (count) ReadElements(*count, describe, values);
  }
  template <class T, class Describe>
  void NullableArray(std::optional<std::vector<T>>& values,
                     const Describe& describe) {
    const auto count =
        TakeCount(WireLeast::Of<T>(form_, describe), Null::kTaken);
    if (!ok()) return;
    values.reset();
    if (count) ReadElements(*count, describe, values.emplace());
  }

  // The end of a struct. `describe` tells the tagged fields that are known, in
  // the order of their tags; others are passed over, as Kafka's readers do.
  template <class Describe>
  void Tags(const Describe& describe) {
    if (form_ != WireForm::kFlexible) return;
    for (uint32_t count = TakeTagCount(); count > 0 && ok(); --count) {
      const char* const outer = end_;
      OneTag tag(*this, EnterTag());
      if (!ok()) return;
      describe(tag);
      if (!tag.known()) at_ = end_;
      ExpectEnd();
      if (ok()) end_ = outer;
    }
  }
  void Tags() {
    Tags([](auto&) {});
  }

 private:
  enum class Kind { kString, kBytes, kArray };
  enum class Null { kRefused, kTaken };

  // The tagged field at hand, offered to each that a Describe knows.
  class OneTag {
   public:
    OneTag(WireReader& reader, uint32_t tag) : reader_(reader), tag_(tag) {}

    template <class T, class Describe>
    void Field(uint32_t tag, T& value, const std::type_identity_t<T>&,
               const Describe& describe) {
      if (tag != tag_) return;
      known_ = true;
      describe(reader_, value);
    }

    bool known() const { return known_; }

   private:
    WireReader& reader_;
    const uint32_t tag_;
    bool known_ = false;
  };

  // How many elements there is room for at once: more come one by one, as
  // their bytes turn out to be elements.
  static constexpr size_t kReservedMax = 256;

  template <std::integral T>
  void Fixed(T& value) {
    if (left() < sizeof(T)) [[unlikely]] {
      return FailShort(sizeof(T));
    }
    value = LoadBig<T>(at_);
    at_ += sizeof(T);
  }

  template <class Text>
  void Assign(Text& value, std::optional<std::string_view> bytes) {
    if (bytes) value = *bytes;
  }

  void AssignNullable(std::optional<std::string>& value,
                      std::optional<std::string_view> bytes);
  void AssignNullable(std::optional<std::string_view>& value,
                      std::optional<std::string_view> bytes);

  template <class T, class Describe>
  void ReadElements(size_t count, const Describe& describe,
                    std::vector<T>& values) {
    values.clear();
    values.reserve(std::min(count, kReservedMax));
    for (size_t i = 0; i < count && ok(); ++i) {
      describe(*this, values.emplace_back());
    }
  }

  uint32_t TakeVarint();
  // -1 for null; whether there is so much, nobody has looked yet.
  int64_t TakeLength(Kind kind);
  // Nothing for null, and after a failure.
  std::optional<std::string_view> TakeBytes(Kind kind, Null null);
  std::optional<size_t> TakeCount(size_t least, Null null);
  uint32_t TakeTagCount();
  // Reads a tag, and makes the end of its field the end of what is read.
  uint32_t EnterTag();

  void Fail(const char* where, std::string_view what);
  void FailShort(size_t wanted);

  const char* const begin_;
  const char* at_;
  const char* end_;  // of the tagged field at hand, where there is one
  WireForm form_;
  std::string failure_;
};

}  // namespace cauce
