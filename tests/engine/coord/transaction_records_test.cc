#include "engine/coord/transaction_records.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "tests/engine/coord/golden_records.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::FieldOr;
using test::GoldenRecord;
using test::GoldenRecordsOf;
using test::HasReason;
using test::IsOkAndHolds;
using test::PartitionsOf;

TransactionLogValue ValueOf(const nlohmann::json& fields) {
  TransactionLogValue value = {
      .producer_id = {fields["producerId"]},
      .previous_producer_id = {FieldOr<int64_t>(fields, "previousProducerId",
                                                -1)},
      .next_producer_id = {FieldOr<int64_t>(fields, "nextProducerId", -1)},
      .producer_epoch = fields["producerEpoch"],
      .next_producer_epoch = FieldOr<int16_t>(fields, "nextProducerEpoch", -1),
      .transaction_timeout =
          absl::Milliseconds(fields["transactionTimeoutMs"].get<int32_t>()),
      .status = TransactionStatus{fields["transactionStatus"].get<int8_t>()},
      .partitions = {},
      .last_update_timestamp = {fields["transactionLastUpdateTimestampMs"]},
      .start_timestamp = {fields["transactionStartTimestampMs"]},
      .client_transaction_version =
          FieldOr<int16_t>(fields, "clientTransactionVersion", 0)};
  const auto& partitions = fields["transactionPartitions"];
  if (!partitions.is_null()) {
    value.partitions = PartitionsOf(partitions, "partitionIds");
  }
  return value;
}

TEST(TransactionRecords, ReadAndWriteKafkasKeys) {
  for (const GoldenRecord& golden : GoldenRecordsOf("TransactionLogKey")) {
    const TransactionLogKey key = {.transactional_id =
                                       golden.fields["transactionalId"]};

    EXPECT_THAT(DecodeTransactionStateKey(golden.bytes),
                IsOkAndHolds(TransactionStateKey(key)));
    EXPECT_EQ(EncodeTransactionLogKey(key), golden.bytes);
  }
}

TEST(TransactionRecords, ReadAndWriteKafkasValuesOfEveryVersion) {
  for (const GoldenRecord& golden : GoldenRecordsOf("TransactionLogValue")) {
    SCOPED_TRACE(golden.name);
    const TransactionLogValue value = ValueOf(golden.fields);

    EXPECT_THAT(DecodeTransactionLogValue(golden.bytes), IsOkAndHolds(value));
    if (golden.has_unknown_tag()) continue;
    EXPECT_EQ(EncodeTransactionLogValue(value, golden.version), golden.bytes);
  }
}

TEST(TransactionRecords, AreWrittenInTheVersionThatHasTags) {
  EXPECT_EQ(EncodeTransactionLogValue({}).substr(0, 2), "\0\x01"sv);
}

TEST(TransactionRecords, PassOverKeysOfAnotherKind) {
  EXPECT_THAT(DecodeTransactionStateKey("\0\x01?"sv),
              IsOkAndHolds(TransactionStateKey(UnknownStateKey{1})));
}

TEST(TransactionRecords, RefuseANewerVersion) {
  EXPECT_THAT(DecodeTransactionLogValue("\0\x02"sv),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(TransactionRecords, RefuseAStatusThatThereIsNot) {
  for (const int8_t status : {-1, 8, 127}) {
    const std::string bytes =
        EncodeTransactionLogValue({.status = TransactionStatus{status}});

    EXPECT_THAT(DecodeTransactionLogValue(bytes),
                HasReason(Reason::kCorruptBatch));
  }
}

TEST(TransactionRecords, RefuseBytesThatCannotBeOne) {
  const std::string value = EncodeTransactionLogValue(
      {.next_producer_id = {7},
       .partitions = {{{.topic = "orders", .partitions = {{1}, {2}}}}}});

  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_THAT(DecodeTransactionLogValue(value.substr(0, size)),
                HasReason(Reason::kCorruptBatch));
  }
  EXPECT_THAT(DecodeTransactionLogValue(value + "x"),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeTransactionStateKey("\0"sv),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeTransactionStateKey("\0\0\0\x05txn"sv),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
