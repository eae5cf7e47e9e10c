// A record: what a producer writes and a consumer reads. All members are views
// of somebody else's bytes; plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "cauce/types.h"

namespace cauce {

// A named value that travels with a record. Keys are UTF-8 by convention and
// may repeat; a value may be null.
struct Header {
  std::string_view key;
  std::optional<std::string_view> value;
};

// A record to be written. A null value is a tombstone in a compacted topic; an
// empty key or value is not a null one. A record without a timestamp gets the
// time of its append; one from before 1970 cannot be kept.
struct Record {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const Header> headers;
  Timestamp timestamp = kNoTimestamp;
};

// The headers of a record that was read, decoded as they are walked over:
//   for (const Header header : record.headers) ...
// They were checked when the record was read, so walking cannot fail. Valid as
// long as the record's bytes.
class HeaderList {
 public:
  class Iterator {
   public:
    using value_type = Header;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const char* at, int32_t left) : next_(at), left_(left) {
      if (left_ > 0) Decode();
    }
    const Header& operator*() const { return header_; }
    const Header* operator->() const { return &header_; }
    Iterator& operator++() {
      if (--left_ > 0) Decode();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) {
      return at.left_ == 0;
    }

   private:
    void Decode();

    const char* next_ = nullptr;
    int32_t left_ = 0;
    Header header_;
  };

  HeaderList() = default;
  HeaderList(const char* encoded, int32_t count)
      : encoded_(encoded), count_(count) {}

  int32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Iterator begin() const { return {encoded_, count_}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  const char* encoded_ = nullptr;
  int32_t count_ = 0;
};

// A record as it was read.
struct RecordView {
  Offset offset;
  Timestamp timestamp;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  HeaderList headers;
};

}  // namespace cauce
