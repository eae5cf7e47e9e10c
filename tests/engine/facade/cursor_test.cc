#include "cauce/cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

class CursorOver : public ::testing::Test {
 protected:
  CursorOver() {
    for (int batch = 0; batch < 10; ++batch) {
      const Record records[] = {{.value = "even"}, {.value = "odd"}};
      EXPECT_THAT(orders_.Append(records), test::IsOk());
    }
  }

  std::unique_ptr<FileSystem> disk_ = NewMemoryFileSystem();
  Engine engine_ =
      Engine::Open("/data", {.file_system = disk_.get()}).value();
  Partition orders_ = OpenOrders();

 private:
  Partition OpenOrders() {
    EXPECT_THAT(engine_.CreateTopic("orders"), test::IsOk());
    return engine_.OpenPartition("orders", PartitionId{0}).value();
  }
};

TEST_F(CursorOver, BeginsWithinABatchAtTheVeryRecord) {
  Cursor cursor = orders_.Read(Offset{7});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.offset, Offset{7});
  EXPECT_EQ(record.value, "odd");
  EXPECT_EQ(cursor.position(), Offset{8});
}

TEST_F(CursorOver, ReturnsWholeBatches) {
  Cursor cursor = orders_.Read(Offset{7});
  int batches = 0;
  Offset next{6};
  RecordBatch batch;
  for (;;) {
    const auto more = cursor.NextBatch(&batch);
    ASSERT_THAT(more, test::IsOk());
    if (!*more) break;
    EXPECT_EQ(batch.base_offset(), next);
    next = batch.next_offset();
    ++batches;
  }
  EXPECT_EQ(batches, 7);
  EXPECT_EQ(cursor.position(), Offset{20});
}

TEST_F(CursorOver, SeeksBackAndForth) {
  Cursor cursor = orders_.Read(Offset{0});
  RecordView record;
  for (const int64_t at : {19, 0, 11, 10}) {
    cursor.Seek(Offset{at});
    ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
    EXPECT_EQ(record.offset, Offset{at});
  }
}

TEST_F(CursorOver, ComesToAnEndAndGoesOnWhenThereIsMore) {
  Cursor cursor = orders_.Read(Offset{20});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));
  const Record more{.value = "more"};
  ASSERT_THAT(orders_.Append({&more, 1}), test::IsOk());
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.value, "more");
}

TEST_F(CursorOver, OffsetsOutsideTheLogAreAnErrorOfTheRead) {
  ASSERT_THAT(orders_.DeleteRecordsBefore(Offset{4}), test::IsOk());
  RecordView record;
  for (const int64_t outside : {-1, 3, 21}) {
    Cursor cursor = orders_.Read(Offset{outside});
    EXPECT_THAT(cursor.Next(&record),
                test::HasReason(Reason::kOffsetOutOfRange));
  }
}

TEST_F(CursorOver, ReadsToTheLogEndWhereThatIsAsked) {
  const Record more{.value = "unsynced"};
  ASSERT_THAT(orders_.Append({&more, 1}, {.ack = Ack::kWritten}), test::IsOk());
  RecordView record;
  Cursor consumer = orders_.Read(Offset{20});
  EXPECT_THAT(consumer.Next(&record), test::IsOkAndHolds(false));
  Cursor replica = orders_.Read(Offset{20}, {.up_to = ReadUpTo::kLogEnd});
  EXPECT_THAT(replica.Next(&record), test::IsOkAndHolds(true));
}

}  // namespace
}  // namespace cauce
