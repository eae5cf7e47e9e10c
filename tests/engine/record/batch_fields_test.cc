#include "engine/record/batch_fields.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/testing/batches.h"

namespace cauce {
namespace {

// Of which none is what it is where nothing is said.
BatchFields Unusual() {
  BatchFields fields;
  fields.codec = Codec::kZstd;
  fields.timestamp_type = TimestampType::kLogAppendTime;
  fields.transactional = true;
  fields.leader_epoch = LeaderEpoch{4};
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  fields.base_sequence = 11;
  fields.base_offset = Offset{100};
  fields.base_timestamp = Timestamp{40};
  fields.max_timestamp = Timestamp{60};
  fields.last_offset_delta = 5;
  return fields;
}

// The same records under the fields of `batch`.
std::string MadeAgain(const test::OwnedBatch& batch) {
  return test::BatchOf({{"k", "v", {}, Timestamp{50}}}, FieldsOf(batch.view()))
      .bytes();
}

TEST(BatchFields, MakeTheSameHeaderAgain) {
  const test::OwnedBatch plain =
      test::BatchOf({{"k", "v", {}, Timestamp{50}}});
  EXPECT_EQ(MadeAgain(plain), plain.bytes());
  const test::OwnedBatch unusual =
      test::BatchOf({{"k", "v", {}, Timestamp{50}}}, Unusual());
  EXPECT_EQ(MadeAgain(unusual), unusual.bytes());
}

TEST(BatchFields, KeepTheHorizonThatStandsForTheBaseTimestamp) {
  BatchFields fields = Unusual();
  fields.base_timestamp.reset();
  fields.delete_horizon = Timestamp{30};
  const test::OwnedBatch batch =
      test::BatchOf({{"k", "v", {}, Timestamp{50}}}, fields);
  EXPECT_EQ(FieldsOf(batch.view()).delete_horizon, Timestamp{30});
  EXPECT_EQ(FieldsOf(batch.view()).base_timestamp, std::nullopt);
  EXPECT_EQ(MadeAgain(batch), batch.bytes());
}

}  // namespace
}  // namespace cauce
