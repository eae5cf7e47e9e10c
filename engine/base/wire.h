// Kafka's encodings of primitive types, as its messages use them: one
// Describe of a message walks both ways, through a WireReader and through a
// WireWriter, so that the two cannot drift apart.
//
//   template <class Codec, WirePart<Member> Part>
//   void Describe(Codec& c, Part& member, int version) {
//     c.String(member.id);
//     if (version >= 1) c.Int32(member.rank);
//     c.Array(member.topics, EachPart{version});
//     c.Tags([&](auto& tags) {
//       tags.Field(0, member.rack, "", [](auto& c, auto& rack) {
//         c.String(rack);
//       });
//     });
//   }
//
// A Describe stands in the namespace of what it describes, and depends on the
// version alone. Every struct ends in Tags, of a message that has a flexible
// version; in a plain one these take no bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace cauce {

// How lengths are written, and whether structs end in tagged fields.
enum class WireForm {
  kPlain,     // int16 before a string, int32 before bytes and arrays
  kFlexible,  // "compact": an unsigned varint of the length and one
};

// Kafka's bound on every string, whatever its form: the largest int16.
inline constexpr size_t kWireStringBytesMax = 32767;

// What a Describe takes: a `Part`, const where it is written.
template <class T, class Part>
concept WirePart = std::same_as<std::remove_const_t<T>, Part>;

// For arrays of structs: each by its own Describe.
struct EachPart {
  int version;

  template <class Codec, class Part>
  void operator()(Codec& c, Part& part) const {
    Describe(c, part, version);
  }
};

// For arrays of strings.
struct EachString {
  template <class Codec, class Text>
  void operator()(Codec& c, Text& text) const {
    c.String(text);
  }
};

}  // namespace cauce
