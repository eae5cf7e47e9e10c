#include "engine/log/segment_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"
#include "engine/log/tail_memory.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class SegmentReadsTest : public ::testing::Test {
 protected:
  SegmentReadsTest() {
    auto file = files_->Open("/log", OpenMode::kCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, "on the disk"), IsOk());
  }

  std::string Read(int64_t position, size_t count) {
    std::string bytes(count, '?');
    const auto read = reads_.Read(position, bytes);
    EXPECT_THAT(read, IsOk());
    bytes.resize(read.value_or(0));
    return bytes;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  FilePool pool_{*files_, 2};
  TailMemory memory_{1 << 20};
  SegmentReads reads_{
      std::make_shared<PooledFile>(pool_, "/log", OpenMode::kRead), &memory_};
};

TEST_F(SegmentReadsTest, TakeFromTheFileWhatIsNotInMemoryAsAWhole) {
  const std::string_view parts[] = {"in ", "memory"};
  reads_.tail().Want(7);
  reads_.tail().Offer(7, parts);
  EXPECT_EQ(Read(7, 9), "in memory");
  EXPECT_EQ(Read(10, 3), "mem");
  EXPECT_EQ(Read(6, 4), " dis");
  EXPECT_EQ(Read(10, 8), "k");
  EXPECT_THAT(reads_.Size(), IsOkAndHolds(11));
}

TEST_F(SegmentReadsTest, ChangeNothing) {
  const std::string_view parts[] = {"x"};
  EXPECT_THAT(reads_.Write(0, parts), HasReason(Reason::kReadOnly));
  EXPECT_THAT(reads_.Truncate(0), HasReason(Reason::kReadOnly));
  EXPECT_THAT(reads_.Sync(), HasReason(Reason::kReadOnly));
  EXPECT_EQ(Read(0, 11), "on the disk");
}

}  // namespace
}  // namespace cauce
