#include "engine/log/batch_stamp.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/batches.h"

namespace cauce {
namespace {

using test::Batch;
using test::OwnedBatch;

TEST(BatchStamp, SetsOffsetAndEpochAndNothingElse) {
  const OwnedBatch batch = Batch({"a", "b"});
  const BatchStamp stamp(batch.view(), Offset{77}, LeaderEpoch{5});

  const std::string stored =
      std::string(stamp.header()) + std::string(batch.view().payload());
  EXPECT_EQ(stored, batch.At(Offset{77}, LeaderEpoch{5}).bytes());
  EXPECT_EQ(batch.bytes(), Batch({"a", "b"}).bytes());
}

TEST(BatchStamp, GivesATimeWithACrcThatIsRight) {
  const OwnedBatch batch = Batch({"a", "b"}, {5});
  BatchStamp stamp(batch.view(), Offset{77}, LeaderEpoch{5});
  stamp.SetAppendTime(batch.view(), {1'700'000'000'000});

  const OwnedBatch stored(std::string(stamp.header()) +
                          std::string(batch.view().payload()));
  EXPECT_EQ(stored.view().timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(stored.view().max_timestamp(), Timestamp{1'700'000'000'000});
  EXPECT_EQ(stored.bytes(), stored.With([](std::string&) {}).bytes());
}

}  // namespace
}  // namespace cauce
