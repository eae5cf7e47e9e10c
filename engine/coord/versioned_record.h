// How Kafka stores the things of its coordinators: an int16, then fields as
// their Describe has them (see engine/base/wire.h). In a value the int16 is
// the version of what follows; in a key it says what kind of thing is named.
// Pure functions: any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/base/wire.h"
#include "engine/base/wire_reader.h"
#include "engine/base/wire_writer.h"
#include "fmt/format.h"

namespace cauce {

struct RecordSchema {
  static constexpr int kNever = std::numeric_limits<int>::max();

  std::string_view name;
  int version_max;
  int flexible_since = kNever;

  WireForm FormOf(int version) const {
    return version >= flexible_since ? WireForm::kFlexible : WireForm::kPlain;
  }
};

template <class Part>
std::string EncodeVersioned(const RecordSchema& schema, const Part& part,
                            int version) {
  CAUCE_CHECK(version >= 0);
  CAUCE_CHECK(version <= schema.version_max);
  std::string bytes;
  WireWriter writer(bytes, schema.FormOf(version));
  writer.Int16(static_cast<int16_t>(version));
  Describe(writer, part, version);
  return bytes;
}

// Reason::kCorruptBatch, or kUnsupportedFormat for a newer version.
template <class Part>
absl::StatusOr<Part> DecodeVersioned(const RecordSchema& schema,
                                     std::string_view bytes) {
  WireReader reader(bytes, WireForm::kPlain);
  int16_t version = 0;
  reader.Int16(version);
  if (version < 0 || version > schema.version_max) {
    return MakeError(
        version < 0 ? Reason::kCorruptBatch : Reason::kUnsupportedFormat,
        fmt::format("{} of version {}, and 0 to {} are known", schema.name,
                    version, schema.version_max));
  }
  reader.set_form(schema.FormOf(version));
  Part part;
  Describe(reader, part, version);
  reader.ExpectEnd();
  CAUCE_RETURN_IF_ERROR(
      Annotate(reader.Finish(Reason::kCorruptBatch), schema.name));
  return part;
}

// Keys have one version, and it is plain.
template <class Part>
std::string EncodeKey(int16_t kind, const Part& part) {
  std::string bytes;
  WireWriter writer(bytes, WireForm::kPlain);
  writer.Int16(kind);
  Describe(writer, part, 0);
  return bytes;
}

// Of a key whose kind has been looked at. Reason::kCorruptBatch.
template <class Part>
absl::StatusOr<Part> DecodeKey(std::string_view name, std::string_view bytes) {
  WireReader reader(bytes, WireForm::kPlain);
  int16_t kind = 0;
  reader.Int16(kind);
  Part part;
  Describe(reader, part, 0);
  reader.ExpectEnd();
  CAUCE_RETURN_IF_ERROR(Annotate(reader.Finish(Reason::kCorruptBatch), name));
  return part;
}

}  // namespace cauce
