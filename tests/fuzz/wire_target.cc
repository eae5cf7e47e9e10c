// A message of every type that Kafka's messages have, plain and flexible: what
// is read is written no longer than it was, plain to the byte, and reads the
// same; no length is believed.
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/wire.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/testing/wire_message.h"

namespace cauce::fuzz {
namespace {

using test::Decode;
using test::Encode;
using test::kWireVersions;
using test::WireMessage;
using test::WireVersion;

void CheckVersion(std::string_view input, const WireVersion& version) {
  WireMessage read;
  const absl::Status status = Decode(input, version, &read);
  if (!status.ok()) {
    ExpectReason(status, {Reason::kCorruptBatch});
    CAUCE_CHECK(status.message().size() < 300);
    return;
  }
  const std::string written = Encode(read, version);
  CAUCE_CHECK(written.size() <= input.size());
  if (version.form == WireForm::kPlain) {
    // It begins with a bool, and any number but zero is true.
    CAUCE_CHECK(written.substr(1) == input.substr(1));
  }
  WireMessage again;
  CAUCE_CHECK(Decode(written, version, &again).ok());
  CAUCE_CHECK(Encode(again, version) == written);
}

}  // namespace

void CheckInput(std::string_view input) {
  for (const WireVersion& version : kWireVersions) CheckVersion(input, version);
  // A compact string may take one byte, and 32 in memory; a list that grows
  // has room for twice as many.
  ExpectSmallAllocations((128 << 10) + 64 * input.size());
}

std::vector<std::string> Seeds() {
  const WireMessage message = {
      .flag = true,
      .float64 = 1.5,
      .timeout = absl::Seconds(30),
      .string = "text",
      .nullable_string = "",
      .bytes = std::string(200, 'b'),
      .words = {"one", "two"},
      .inners = {{{.word = "in", .numbers = {1, 2}, .tagged = 7}, {}}},
      .tagged_word = "tag",
      .tagged_inners = {{.word = "deep"}}};
  std::vector<std::string> seeds;
  for (const WireVersion& version : kWireVersions) {
    seeds.push_back(Encode({}, version));
    seeds.push_back(Encode(message, version));
  }
  return seeds;
}

}  // namespace cauce::fuzz
