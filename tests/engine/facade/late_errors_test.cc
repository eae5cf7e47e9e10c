// A disk that tells of a write that was lost when the file is closed, to which
// nobody can listen any more: whatever counts was synced before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::IsEmpty;

// Notes the files that are closed with changes which were not synced through
// the descriptor that made them. For one thread.
class ClosedUnsynced final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    CAUCE_ASSIGN_OR_RETURN(auto file, FailingFileSystem::Open(path, mode));
    ++opened_;
    return std::make_unique<Noting>(*this, std::string(path), std::move(file));
  }

  // By the names they were opened by, without index files: these are rebuilt
  // from the log wherever they do not fit it.
  std::vector<std::string> Take() { return std::exchange(closed_, {}); }
  int opened() const { return opened_; }

 private:
  class Noting final : public File {
   public:
    Noting(ClosedUnsynced& owner, std::string path, std::unique_ptr<File> file)
        : owner_(owner), path_(std::move(path)), file_(std::move(file)) {}
    ~Noting() override {
      const bool is_index =
          path_.ends_with(".index") || path_.ends_with(".timeindex");
      if (is_dirty_ && !is_index) owner_.closed_.push_back(path_);
    }

    absl::StatusOr<size_t> Read(int64_t position,
                                std::span<char> into) const override {
      return file_->Read(position, into);
    }
    absl::Status Write(int64_t position,
                       std::span<const std::string_view> parts) override {
      is_dirty_ = true;
      return file_->Write(position, parts);
    }
    absl::Status Sync() override {
      const absl::Status synced = file_->Sync();
      is_dirty_ &= !synced.ok();
      return synced;
    }
    absl::Status Truncate(int64_t size) override {
      is_dirty_ = true;
      return file_->Truncate(size);
    }
    absl::StatusOr<int64_t> Size() const override { return file_->Size(); }

   private:
    ClosedUnsynced& owner_;
    const std::string path_;
    const std::unique_ptr<File> file_;
    bool is_dirty_ = false;
  };

  std::vector<std::string> closed_;
  int opened_ = 0;
};

class LateErrors : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int kPartitions = 20;

  void Open() {
    auto engine = Engine::Open(
        "/data",
        {.file_system = &files_, .clock = &clock_, .open_files_max = 8});
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
  }
  Partition OpenPartition(int32_t partition) {
    auto opened = engine_->OpenPartition("orders", PartitionId{partition});
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  void AppendToAll(int records) {
    for (int i = 0; i < records; ++i) {
      const std::string value = fmt::format("{}", i);
      for (int32_t p = 0; p < kPartitions; ++p) {
        const Record record{.key = "k",
                            .value = value,
                            .timestamp = Timestamp::From(clock_.Now())};
        Partition to = OpenPartition(p);
        ASSERT_THAT(to.Append({&record, 1}), IsOk());
      }
      clock_.Advance(absl::Minutes(1));
    }
  }
  void ReadAll() {
    for (int32_t p = 0; p < kPartitions; ++p) {
      Partition from = OpenPartition(p);
      Cursor cursor = from.Read(from.log_start());
      RecordView record;
      for (auto more = cursor.Next(&record); *more;) {
        more = cursor.Next(&record);
        ASSERT_THAT(more, IsOk());
      }
    }
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  ClosedUnsynced files_{*memory_};
  std::optional<Engine> engine_;
};

TEST_P(LateErrors, NothingThatCountsIsClosedBeforeItIsSynced) {
  Open();
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = kPartitions,
                             .configs = {{"cauce.flush", GetParam()},
                                         {"internal.segment.bytes", "500"},
                                         {"retention.bytes", "2000"},
                                         {"file.delete.delay.ms", "0"}}}),
              IsOk());
  AppendToAll(20);
  EXPECT_THAT(files_.Take(), IsEmpty());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  ReadAll();
  ASSERT_THAT(OpenPartition(1).TruncateTo(Offset{17}), IsOk());
  ASSERT_THAT(OpenPartition(2).DeleteRecordsBefore(Offset{18}), IsOk());
  AppendToAll(10);
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.bytes", "3000"}},
                                  kPartitions + 1),
              IsOk());
  EXPECT_THAT(files_.Take(), IsEmpty());
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_THAT(files_.Take(), IsEmpty());

  // And what a recovery writes again.
  Open();
  AppendToAll(3);
  files_.FailAfter(0);
  engine_.reset();
  files_.Mend();
  files_.Take();  // of the process that was killed
  const int opened = files_.opened();
  Open();
  AppendToAll(3);
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_GT(files_.opened(), opened + kPartitions);
  EXPECT_THAT(files_.Take(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, LateErrors, ::testing::Values("group", "os"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace cauce
