// A line of JSON for `cauce produce --format json`: what is taken is printed
// by `cauce consume` so that it is taken again as the same record.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/testing/owned_record.h"
#include "tools/cli/envelope.h"
#include "tools/cli/envelope_reader.h"

namespace cauce::fuzz {
namespace {

struct Taken {
  test::OwnedRecord record;
  std::optional<PartitionId> partition;
};

std::optional<Taken> Take(cli::EnvelopeReader& reader, std::string_view line) {
  const auto result = reader.Parse(line);
  if (!result.ok()) {
    CAUCE_CHECK(absl::IsInvalidArgument(result.status()));
    CAUCE_CHECK(!result.status().message().empty());
    return std::nullopt;
  }
  Taken taken;
  taken.record.key = test::Own(result->record.key);
  taken.record.value = test::Own(result->record.value);
  taken.record.timestamp = result->record.timestamp.ms;
  for (const Header& header : result->record.headers) {
    taken.record.headers.emplace_back(header.key, test::Own(header.value));
  }
  taken.partition = result->partition;
  CAUCE_CHECK(taken.record.timestamp >= -1);
  if (taken.partition) CAUCE_CHECK(taken.partition->value >= -1);
  return taken;
}

}  // namespace

void CheckInput(std::string_view input) {
  static cli::EnvelopeReader* const reader = new cli::EnvelopeReader;
  const auto taken = Take(*reader, input);
  // A header takes some 40 bytes and stands for 24 in the line, and their list
  // doubles; nesting that is passed by takes a bit a level.
  ExpectSmallAllocations((64 << 10) + 16 * input.size());
  if (!taken) return;

  // Records are printed as they are read: through a batch.
  BatchBuilder builder({}, kRecordBytesMax);
  CAUCE_CHECK(test::Add(builder, taken->record));
  const auto batch = builder.Finish();
  CAUCE_CHECK(batch.ok());
  RecordReader records;
  CAUCE_CHECK(records.Open(*batch).ok());
  RecordView view;
  CAUCE_CHECK(records.Next(&view));
  std::string line;
  cli::AppendEnvelope("orders", PartitionId{3}, TimestampType::kCreateTime,
                      view, line);
  CAUCE_CHECK(line.find('\n') == std::string::npos);
  const auto again = Take(*reader, line);
  CAUCE_CHECK(again.has_value());
  CAUCE_CHECK(again->record == taken->record);
  CAUCE_CHECK(again->partition == PartitionId{3});
}

std::vector<std::string> Seeds() {
  return {
      "",
      "{}",
      R"({"value":null})",
      R"({"value":"v"})",
      R"({"topic":"t","partition":0,"offset":5,"timestamp":1700000000000,)"
      R"("timestamp_type":"CreateTime","key":"k","value":{"base64":"/w=="},)"
      R"("headers":[{"key":"h","value":null},{"key":"h","value":"\u00e9"}]})",
      R"({"value":{"base64":"AAECAwQ="},"key":{"base64":""},"partition":null})",
      R"({"value":"\ud83d\ude00\n\t\"\\","headers":null,"timestamp":-1})",
      R"({"topic":[[[{"a":[]}]]],"value":"","offset":{"x":1e400}})",
      R"({"value":1})",
      R"({"valeu":"v"})",
      "{\"value\":\"caf\xc3\xa9\"}",
      "{\"value\":\"\xff\"}"};
}

}  // namespace cauce::fuzz
