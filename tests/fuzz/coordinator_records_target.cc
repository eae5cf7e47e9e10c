// A key or a value of the coordinators' topics, or what a consumer says to its
// group: what is read is written no longer than it was, plain to the byte, and
// reads the same; no length is believed.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/coord/consumer_protocol.h"
#include "engine/coord/group_records.h"
#include "engine/coord/group_state_key.h"
#include "engine/coord/offset_records.h"
#include "engine/coord/state_record.h"
#include "engine/coord/transaction_records.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

template <class Value>
bool IsRead(const absl::StatusOr<Value>& read) {
  if (read.ok()) return true;
  ExpectReason(read.status(),
               {Reason::kCorruptBatch, Reason::kUnsupportedFormat});
  CAUCE_CHECK(read.status().message().size() < 300);
  return false;
}

// Below `flexible_since` every byte means something.
template <class Value>
void CheckValue(std::string_view input, int flexible_since,
                absl::StatusOr<Value> (*decode)(std::string_view),
                std::string (*encode)(const Value&, int)) {
  const absl::StatusOr<Value> read = decode(input);
  if (!IsRead(read)) return;
  const int version = LoadBig<int16_t>(input.data());
  const std::string written = encode(*read, version);
  CAUCE_CHECK(written.size() <= input.size());
  if (version < flexible_since) CAUCE_CHECK(written == input);
  CAUCE_CHECK(decode(written).value() == *read);
}

// Of consumers what follows the known fields is passed over, and the newest
// known version stands for newer ones.
template <class Value>
void CheckWord(std::string_view input,
               absl::StatusOr<Value> (*decode)(std::string_view),
               std::string (*encode)(const Value&, int)) {
  const absl::StatusOr<Value> read = decode(input);
  if (!read.ok()) {
    ExpectReason(read.status(), {Reason::kInvalidRecord});
    CAUCE_CHECK(read.status().message().size() < 300);
    return;
  }
  const int version = std::min<int>(LoadBig<int16_t>(input.data()),
                                    kConsumerProtocolVersionMax);
  const std::string written = encode(*read, version);
  CAUCE_CHECK(written.size() <= input.size());
  CAUCE_CHECK(written.substr(2) == input.substr(2, written.size() - 2));
  CAUCE_CHECK(decode(written).value() == *read);
}

void CheckGroupKey(std::string_view input) {
  const auto key = DecodeGroupStateKey(input);
  if (!IsRead(key)) return;
  if (const auto* offset = std::get_if<OffsetCommitKey>(&*key)) {
    // The kind may be that of old brokers.
    CAUCE_CHECK(EncodeOffsetCommitKey(*offset).substr(2) == input.substr(2));
  } else if (const auto* group = std::get_if<GroupMetadataKey>(&*key)) {
    CAUCE_CHECK(EncodeGroupMetadataKey(*group) == input);
  } else {
    const int16_t kind = std::get<UnknownStateKey>(*key).kind;
    CAUCE_CHECK(kind < kLegacyOffsetCommitKind || kind > kGroupMetadataKind);
  }
}

void CheckTransactionKey(std::string_view input) {
  const auto key = DecodeTransactionStateKey(input);
  if (!IsRead(key)) return;
  if (const auto* known = std::get_if<TransactionLogKey>(&*key)) {
    CAUCE_CHECK(EncodeTransactionLogKey(*known) == input);
  }
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckGroupKey(input);
  CheckTransactionKey(input);
  CheckValue(input, 4, DecodeOffsetCommitValue, EncodeOffsetCommitValue);
  CheckValue(input, 4, DecodeGroupMetadataValue, EncodeGroupMetadataValue);
  CheckValue(input, 1, DecodeTransactionLogValue, EncodeTransactionLogValue);
  CheckWord(input, DecodeSubscription, EncodeSubscription);
  CheckWord(input, DecodeAssignment, EncodeAssignment);
  // A topic without partitions may take three bytes, and 56 in memory; a list
  // that grows has room for twice as many.
  ExpectSmallAllocations((128 << 10) + 64 * input.size());
}

std::vector<std::string> Seeds() {
  std::ifstream in("tests/golden/coordinator_records.json");
  CAUCE_CHECK(in.is_open());
  const auto manifest = nlohmann::json::parse(in);
  std::vector<std::string> seeds;
  for (const auto& record : manifest["records"]) {
    seeds.push_back(absl::HexStringToBytes(record["bytes"].get<std::string>()));
  }
  return seeds;
}

}  // namespace cauce::fuzz
