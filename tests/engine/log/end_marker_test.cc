#include "engine/log/end_marker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::OwnedBatch;
using ::testing::Eq;

constexpr Timestamp kTime{1'700'000'000'000};
constexpr TransactionEnd kCommit{.producer_id = {7},
                                 .producer_epoch = 3,
                                 .coordinator_epoch = 5,
                                 .outcome = TransactionOutcome::kCommit};

// A commit marker at offset 42, as Kafka writes it.
constexpr char kGolden[] =
    "000000000000002a000000420000000002c60df61d0030000000000000018bcfe5680000"
    "00018bcfe5680000000000000000070003ffffffff000000012000000008000000010c00"
    "000000000500";

OwnedBatch Built(const TransactionEnd& end) {
  BatchBuilder builder;
  const auto batch = BuildEndMarker(end, kTime, builder);
  EXPECT_THAT(batch, IsOk());
  return OwnedBatch(*batch);
}

TEST(EndMarker, IsWrittenAsKafkaWritesIt) {
  EXPECT_EQ(absl::BytesToHexString(Built(kCommit).At(Offset{42}).bytes()),
            kGolden);
}

TEST(EndMarker, ReadsWhatKafkaWrote) {
  const OwnedBatch batch(absl::HexStringToBytes(kGolden));
  const auto marker = ParseEndMarker(batch.view());

  ASSERT_TRUE(marker.has_value());
  EXPECT_EQ(marker->offset, Offset{42});
  EXPECT_EQ(marker->timestamp, kTime);
  EXPECT_EQ(marker->end.producer_id, ProducerId{7});
  EXPECT_EQ(marker->end.producer_epoch, 3);
  EXPECT_EQ(marker->end.coordinator_epoch, 5);
  EXPECT_EQ(marker->end.outcome, TransactionOutcome::kCommit);
}

TEST(EndMarker, TellsAnAbortFromACommit) {
  TransactionEnd end = kCommit;
  end.outcome = TransactionOutcome::kAbort;
  const OwnedBatch batch = Built(end);
  const auto marker = ParseEndMarker(batch.view());

  ASSERT_TRUE(marker.has_value());
  EXPECT_EQ(marker->end.outcome, TransactionOutcome::kAbort);
}

TEST(EndMarker, IsNoneWithoutARecordOfItsKind) {
  const OwnedBatch records = test::Batch({"a"});
  // The type of a leader change, a short value, and nobody's.
  const OwnedBatch other = Built(kCommit).With(
      [](std::string& bytes) { bytes[layout::kRecords + 8] = 2; });
  const OwnedBatch nobody = Built(kCommit).With([](std::string& bytes) {
    StoreBig<int64_t>(bytes.data() + layout::kProducerId, -1);
  });
  BatchFields fields;
  fields.control = true;
  fields.producer_id = ProducerId{7};
  const OwnedBatch short_value = test::BatchOf(
      {{.key = std::string_view("\0\0\0\1", 4), .value = "12345"}}, fields);
  const OwnedBatch short_key =
      test::BatchOf({{.key = "abc", .value = "123456"}}, fields);
  const OwnedBatch empty = test::BatchOf({}, fields);

  for (const OwnedBatch* batch :
       {&records, &other, &nobody, &short_value, &short_key, &empty}) {
    EXPECT_THAT(ParseEndMarker(batch->view()).has_value(), Eq(false));
  }
}

}  // namespace
}  // namespace cauce
