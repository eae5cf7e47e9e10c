#include "tools/cli/envelope_reader.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/base64.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

using Json = nlohmann::json;

enum Field : size_t {
  kTopic,
  kPartition,
  kOffset,
  kTimestamp,
  kTimestampType,
  kKey,
  kValue,
  kHeaders,
  kBase64,
};
const std::string kFieldNames[] = {"topic",     "partition",      "offset",
                                   "timestamp", "timestamp_type", "key",
                                   "value",     "headers",        "base64"};

// A set of fields, a bit each.
using Fields = unsigned;
constexpr Fields Bit(Field field) { return 1u << field; }
constexpr Fields kInRecord = Bit(kBase64) - 1;
constexpr Fields kInHeader = Bit(kKey) | Bit(kValue);

// A number, a text or a word, as far as it matters here.
struct Scalar {
  enum class Kind { kNull, kText, kInteger, kOther };
  Kind kind = Kind::kOther;
  std::string_view text;
  int64_t integer = 0;
};

// Takes what the parser comes upon; returns false at the first thing wrong.
class Taker final : public nlohmann::json_sax<Json> {
 public:
  // Appends to `bytes`, which must have room for all: the record views it.
  Taker(std::string& bytes, std::vector<Header>& headers)
      : bytes_(bytes), headers_(headers) {}

  EnvelopeReader::Result& result() { return result_; }
  const absl::Status& status() const { return status_; }

  bool null() override { return Take({Scalar::Kind::kNull}); }
  bool boolean(bool) override { return Take({}); }
  bool number_integer(int64_t number) override {
    return Take({Scalar::Kind::kInteger, {}, number});
  }
  bool number_unsigned(uint64_t number) override {
    if (number > std::numeric_limits<int64_t>::max()) return Take({});
    return number_integer(static_cast<int64_t>(number));
  }
  bool number_float(double, const std::string&) override { return Take({}); }
  bool string(std::string& text) override {
    return Take({Scalar::Kind::kText, text});
  }
  bool binary(Json::binary_t&) override { return Take({}); }

  bool start_object(size_t) override {
    switch (place_) {
      case Place::kOutside:
        return Enter(Place::kRecord);
      case Place::kRecord:
        if (IsIgnored()) return Ignore();
        if (field_ == kKey || field_ == kValue) return Enter(Place::kBytes);
        return Take({});
      case Place::kHeaders:
        seen_in_header_ = 0;
        headers_.emplace_back();
        return Enter(Place::kHeader);
      case Place::kHeader:
        return Enter(Place::kHeaderBytes);
      case Place::kIgnored:
        return Ignore();
      default:
        return Take({});
    }
  }

  bool start_array(size_t) override {
    if (place_ == Place::kIgnored) return Ignore();
    if (place_ != Place::kRecord) return Take({});
    if (IsIgnored()) return Ignore();
    return field_ == kHeaders ? Enter(Place::kHeaders) : Take({});
  }

  bool key(std::string& name) override {
    switch (place_) {
      case Place::kRecord:
        return TakeName(name, kInRecord, seen_, field_);
      case Place::kHeader:
        return TakeName(name, kInHeader, seen_in_header_, header_field_);
      case Place::kBytes:
      case Place::kHeaderBytes: {
        Field base64 = kBase64;
        return TakeName(name, Bit(kBase64), seen_in_bytes_, base64);
      }
      default:
        return true;
    }
  }

  bool end_object() override {
    switch (place_) {
      case Place::kRecord:
        if ((seen_ & Bit(kValue)) == 0) {
          return Wrong("no \"value\"; a tombstone has \"value\": null");
        }
        return Enter(Place::kOutside);
      case Place::kHeader:
        if (seen_in_header_ != kInHeader) return WrongHeader();
        return Enter(Place::kHeaders);
      case Place::kBytes:
      case Place::kHeaderBytes:
        if (seen_in_bytes_ == 0) return WrongBytes();
        return Enter(place_ == Place::kBytes ? Place::kRecord : Place::kHeader);
      default:
        return LeaveIgnored();
    }
  }

  bool end_array() override {
    return place_ == Place::kHeaders ? Enter(Place::kRecord) : LeaveIgnored();
  }

  bool parse_error(size_t position, const std::string&,
                   const Json::exception&) override {
    return Wrong(fmt::format("not valid JSON at byte {}", position));
  }

 private:
  // What was entered last and not left.
  enum class Place {
    kOutside,
    kRecord,
    kBytes,  // a record's {"base64": ...}
    kHeaders,
    kHeader,
    kHeaderBytes,  // a header's {"base64": ...}
    kIgnored,      // something in a field that is not looked at
  };

  bool Wrong(std::string_view what) {
    status_ = absl::InvalidArgumentError(std::string(what));
    return false;
  }
  bool WrongHeader() {
    return Wrong("a header must be {\"key\": ..., \"value\": ...}");
  }
  bool WrongBytes() {
    return Wrong(
        fmt::format("\"{}\" must be null, a string or {{\"base64\": \"...\"}}",
                    kFieldNames[InHeader() ? header_field_ : field_]));
  }

  bool Enter(Place place) {
    if (place == Place::kBytes || place == Place::kHeaderBytes) {
      seen_in_bytes_ = 0;
    }
    place_ = place;
    return true;
  }

  bool IsIgnored() const {
    return field_ == kTopic || field_ == kOffset || field_ == kTimestampType;
  }
  bool Ignore() {
    ++ignored_depth_;
    return Enter(Place::kIgnored);
  }
  bool LeaveIgnored() {
    if (--ignored_depth_ == 0) place_ = Place::kRecord;
    return true;
  }

  bool InHeader() const {
    return place_ == Place::kHeader || place_ == Place::kHeaderBytes;
  }

  // Finds the field of this name among those that may stand here.
  bool TakeName(const std::string& name, Fields allowed, Fields& seen,
                Field& found) {
    for (size_t i = 0; i < std::size(kFieldNames); ++i) {
      const auto field = static_cast<Field>(i);
      if ((allowed & Bit(field)) == 0) continue;
      if (name == kFieldNames[i]) {
        if ((seen & Bit(field)) != 0) {
          return Wrong(fmt::format("\"{}\" stands there twice", name));
        }
        seen |= Bit(field);
        found = field;
        return true;
      }
    }
    if (allowed == kInHeader) return WrongHeader();
    if (allowed != kInRecord) return WrongBytes();
    const std::string nearest = Nearest(name, {kFieldNames, size_t{kBase64}});
    return Wrong(nearest.empty()
                     ? fmt::format("unknown field \"{}\"", name)
                     : fmt::format("unknown field \"{}\"; did you mean "
                                   "\"{}\"?",
                                   name, nearest));
  }

  bool Take(const Scalar& scalar) {
    switch (place_) {
      case Place::kOutside:
        return Wrong("not a JSON object");
      case Place::kRecord:
        return TakeInRecord(scalar);
      case Place::kHeaders:
        return WrongHeader();
      case Place::kHeader:
      case Place::kBytes:
      case Place::kHeaderBytes:
        return TakeBytes(scalar);
      case Place::kIgnored:
        return true;
    }
    return false;
  }

  bool TakeInRecord(const Scalar& scalar) {
    switch (field_) {
      case kKey:
      case kValue:
        return TakeBytes(scalar);
      case kTimestamp:
        if (scalar.kind == Scalar::Kind::kNull) return true;
        result_.has_timestamp = true;
        return TakeInteger(scalar, -1, std::numeric_limits<int64_t>::max(),
                           result_.record.timestamp.ms);
      case kPartition: {
        if (scalar.kind == Scalar::Kind::kNull) return true;
        int64_t number = 0;
        if (!TakeInteger(scalar, 0, std::numeric_limits<int32_t>::max(),
                         number)) {
          return false;
        }
        result_.partition = PartitionId{static_cast<int32_t>(number)};
        return true;
      }
      case kHeaders:
        return scalar.kind == Scalar::Kind::kNull ||
               Wrong("\"headers\" is no array");
      default:
        return true;
    }
  }

  bool TakeInteger(const Scalar& scalar, int64_t least, int64_t most,
                   int64_t& into) {
    into = scalar.integer;
    return (scalar.kind == Scalar::Kind::kInteger && into >= least &&
            into <= most) ||
           Wrong(fmt::format("\"{}\" must be a whole number from {} to {}",
                             kFieldNames[field_], least, most));
  }

  // Takes a key or a value, or what stands in its {"base64": ...}.
  bool TakeBytes(const Scalar& scalar) {
    const bool wrapped =
        place_ == Place::kBytes || place_ == Place::kHeaderBytes;
    if (scalar.kind == Scalar::Kind::kNull && !wrapped) {
      return SetBytes(std::nullopt);
    }
    if (scalar.kind != Scalar::Kind::kText) return WrongBytes();
    const size_t begin = bytes_.size();
    if (!wrapped) {
      bytes_ += scalar.text;
    } else if (!AppendDecodedBase64(scalar.text, bytes_)) {
      return Wrong(
          fmt::format("\"{}\" is no valid base64",
                      kFieldNames[InHeader() ? header_field_ : field_]));
    }
    return SetBytes(std::string_view(bytes_).substr(begin));
  }

  bool SetBytes(std::optional<std::string_view> bytes) {
    if (!InHeader()) {
      (field_ == kKey ? result_.record.key : result_.record.value) = bytes;
    } else if (header_field_ == kValue) {
      headers_.back().value = bytes;
    } else if (bytes.has_value()) {
      headers_.back().key = *bytes;
    } else {
      return Wrong("a header's key cannot be null");
    }
    return true;
  }

  std::string& bytes_;
  std::vector<Header>& headers_;
  EnvelopeReader::Result result_;
  absl::Status status_;
  Place place_ = Place::kOutside;
  Field field_ = kTopic;
  Field header_field_ = kKey;
  Fields seen_ = 0;
  Fields seen_in_header_ = 0;
  Fields seen_in_bytes_ = 0;
  int64_t ignored_depth_ = 0;
};

}  // namespace

absl::StatusOr<EnvelopeReader::Result> EnvelopeReader::Parse(
    std::string_view line) {
  headers_.clear();
  bytes_.clear();
  // Neither a string nor base64 is longer than what stands for it.
  bytes_.reserve(line.size());
  Taker taker(bytes_, headers_);
  if (!Json::sax_parse(line, &taker)) return taker.status();
  taker.result().record.headers = headers_;
  return std::move(taker.result());
}

}  // namespace cauce::cli
