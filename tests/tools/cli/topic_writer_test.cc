#include "tools/cli/topic_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tools/cli/doorbell.h"

namespace cauce::cli {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::HasSubstr;

// Nothing runs in the background: what was appended waits until it is flushed.
class TopicWriterTest : public ::testing::Test {
 protected:
  TopicWriterTest() {
    EXPECT_THAT(engine_.CreateTopic("t"), IsOk());
    partition_.emplace(*engine_.OpenPartition("t", PartitionId{0}));
    writer_.emplace(engine_, *engine_.DescribeTopic("t"), TopicWriterOptions{},
                    bell_, nullptr);
  }

  absl::Status Send(int64_t line) {
    const Record record{.value = "value"};
    const absl::Status added =
        writer_->Add(record, std::nullopt, line, absl::UnixEpoch());
    return added.ok() ? writer_->Send() : added;
  }

  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  Engine engine_ =
      *Engine::Open("/data", {.file_system = &files_, .free_bytes_min = 0});
  std::optional<Partition> partition_;
  Doorbell bell_;
  std::optional<TopicWriter> writer_;
};

// Else a smaller batch, which still fits a full disk, would follow a hole.
TEST_F(TopicWriterTest, SendsNothingBehindAFailureThatOthersOnTheirWayHide) {
  ASSERT_THAT(Send(1), IsOk());
  files_.Fail(test::FileCall::kWrite, ".log",
              MakeError(Reason::kDiskFull, "no room"), 0, /*bad=*/1);
  ASSERT_THAT(Send(2), IsOk());
  const absl::Status third = Send(3);
  EXPECT_THAT(third, HasReason(Reason::kDiskFull));
  EXPECT_THAT(third.message(), HasSubstr("line 2: "));

  ASSERT_THAT(partition_->Flush(), IsOk());
  EXPECT_THAT(writer_->Finish(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(writer_->records_stored(), 1);
  EXPECT_EQ(partition_->log_end(), Offset{1});
}

TEST_F(TopicWriterTest, SendsNothingBehindABatchThatItsCodecRefuses) {
  writer_.emplace(engine_, *engine_.DescribeTopic("t"),
                  TopicWriterOptions{.codec = Codec::kLz4}, bell_, nullptr);
  const std::string huge(kDecompressedBytesMax, 'v');
  const Record record{.value = huge};
  const absl::Status refused =
      writer_->Add(record, std::nullopt, 1, absl::UnixEpoch());
  EXPECT_THAT(refused, HasReason(Reason::kBatchTooLarge));
  EXPECT_THAT(refused.message(), HasSubstr("line 1: "));
  EXPECT_FALSE(writer_->has_unsent());

  EXPECT_THAT(Send(2), HasReason(Reason::kBatchTooLarge));
  EXPECT_THAT(writer_->Finish(), HasReason(Reason::kBatchTooLarge));
  ASSERT_THAT(partition_->Flush(), IsOk());
  EXPECT_EQ(partition_->log_end(), Offset{0});
}

TEST_F(TopicWriterTest, CountsWhatWasAcknowledged) {
  ASSERT_THAT(Send(1), IsOk());
  ASSERT_THAT(Send(2), IsOk());
  ASSERT_THAT(writer_->Reap(), IsOk());
  EXPECT_EQ(writer_->records_stored(), 0);
  ASSERT_THAT(partition_->Flush(), IsOk());
  ASSERT_THAT(writer_->Finish(), IsOk());
  EXPECT_EQ(writer_->records_stored(), 2);
  EXPECT_EQ(writer_->bytes_stored(), 10);
  EXPECT_EQ(writer_->stored()[0].base, Offset{0});
  EXPECT_EQ(writer_->stored()[0].next, Offset{2});
}

}  // namespace
}  // namespace cauce::cli
