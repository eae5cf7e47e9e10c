// A disk that tells of a write that was lost when the file is closed, to which
// nobody can listen any more: whatever counts was synced before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::IsEmpty;

// Notes the bytes that were not synced through the descriptor that wrote them,
// nor written again through another that was, and the files that were closed
// with such. For one thread.
class ClosedUnsynced final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    CAUCE_ASSIGN_OR_RETURN(auto file, FailingFileSystem::Open(path, mode));
    ++opened_;
    most_open_ = std::max(most_open_, ++open_);
    return std::make_unique<Noting>(*this, std::string(path), std::move(file));
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    CAUCE_RETURN_IF_ERROR(FailingFileSystem::Rename(from, to));
    auto node = closed_.extract(std::string(from));
    closed_.erase(std::string(to));
    if (node.empty()) return absl::OkStatus();
    node.key() = to;
    closed_.insert(std::move(node));
    return absl::OkStatus();
  }
  absl::Status RemoveFile(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(FailingFileSystem::RemoveFile(path));
    closed_.erase(std::string(path));
    return absl::OkStatus();
  }

  // By their names, without index files: these are rebuilt from the log
  // wherever they do not fit it.
  std::vector<std::string> Take() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : std::exchange(closed_, {})) {
      names.push_back(name);
    }
    return names;
  }
  int opened() const { return opened_; }
  int most_open() const { return most_open_; }

 private:
  class Noting final : public File {
   public:
    Noting(ClosedUnsynced& owner, std::string path, std::unique_ptr<File> file)
        : owner_(owner), path_(std::move(path)), file_(std::move(file)) {}
    ~Noting() override {
      --owner_.open_;
      const bool is_index =
          path_.ends_with(".index") || path_.ends_with(".timeindex");
      if (unsynced_.empty() || is_index) return;
      owner_.closed_[path_].insert(unsynced_.begin(), unsynced_.end());
    }

    absl::StatusOr<size_t> Read(int64_t position,
                                std::span<char> into) const override {
      return file_->Read(position, into);
    }
    absl::Status Write(int64_t position,
                       std::span<const std::string_view> parts) override {
      int64_t end = position;
      for (const std::string_view part : parts) {
        end += static_cast<int64_t>(part.size());
      }
      for (int64_t at = position; at < end; ++at) unsynced_.insert(at);
      return file_->Write(position, parts);
    }
    absl::Status Sync() override {
      CAUCE_RETURN_IF_ERROR(file_->Sync());
      const auto closed = owner_.closed_.find(path_);
      if (closed != owner_.closed_.end()) {
        for (const int64_t at : unsynced_) closed->second.erase(at);
        if (closed->second.empty()) owner_.closed_.erase(closed);
      }
      unsynced_.clear();
      return absl::OkStatus();
    }
    absl::Status Truncate(int64_t size) override {
      const auto forget = [size](std::set<int64_t>& positions) {
        positions.erase(positions.lower_bound(size), positions.end());
      };
      forget(unsynced_);
      unsynced_.insert(kSize);
      const auto closed = owner_.closed_.find(path_);
      if (closed != owner_.closed_.end()) forget(closed->second);
      return file_->Truncate(size);
    }
    absl::StatusOr<int64_t> Size() const override { return file_->Size(); }

   private:
    ClosedUnsynced& owner_;
    const std::string path_;
    const std::unique_ptr<File> file_;
    std::set<int64_t> unsynced_;  // positions
  };

  // Stands for the file's size among the positions.
  static constexpr int64_t kSize = -1;

  std::map<std::string, std::set<int64_t>> closed_;  // positions, by name
  int opened_ = 0;
  int open_ = 0;
  int most_open_ = 0;
};

constexpr std::string_view kGroup = "group";
constexpr std::string_view kOs = "os";

class LateErrors : public ::testing::TestWithParam<std::string_view> {
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
  void AbortInAll() {
    for (int32_t p = 0; p < kPartitions; ++p) {
      Partition to = OpenPartition(p);
      const auto batch = producers_.at(p).KeyInTransaction(
          "k", "gone", Timestamp::From(clock_.Now()));
      ASSERT_THAT(to.Append(batch.view()), IsOk());
      ASSERT_THAT(to.EndTransaction(producers_.at(p).Abort()), IsOk());
    }
  }
  // What was appended at level os counts from here on.
  void MakeAllCount() {
    for (int32_t p = 0; p < kPartitions; ++p) {
      ASSERT_THAT(OpenPartition(p).Flush(), IsOk());
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
  std::vector<test::TestProducer> producers_{kPartitions,
                                             test::TestProducer(7)};
  std::optional<Engine> engine_;
};

TEST_P(LateErrors, NothingThatCountsIsClosedBeforeItIsSynced) {
  Open();
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = kPartitions,
                             .configs = {{"cauce.flush",
                                          std::string(GetParam())},
                                         {"internal.segment.bytes", "500"},
                                         {"retention.bytes", "2000"},
                                         {"file.delete.delay.ms", "0"}}}),
              IsOk());
  AppendToAll(20);
  AbortInAll();
  AbortInAll();
  if (GetParam() == kOs) MakeAllCount();
  EXPECT_THAT(files_.Take(), IsEmpty());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  ReadAll();
  ASSERT_THAT(OpenPartition(1).TruncateTo(Offset{17}), IsOk());
  ASSERT_THAT(OpenPartition(2).DeleteRecordsBefore(Offset{18}), IsOk());
  AppendToAll(10);
  AbortInAll();
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.bytes", "3000"}},
                                  kPartitions + 1),
              IsOk());
  if (GetParam() == kOs) MakeAllCount();
  EXPECT_THAT(files_.Take(), IsEmpty());
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_THAT(files_.Take(), IsEmpty());

  // And what a recovery writes again.
  Open();
  AppendToAll(3);
  AbortInAll();
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

TEST_P(LateErrors, AppendsToAllKeepNoMoreFilesOpenThanTheBound) {
  Open();
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = kPartitions,
                             .configs = {{"cauce.flush",
                                          std::string(GetParam())}}}),
              IsOk());
  AppendToAll(3);
  // The lock, and what is open for a moment.
  EXPECT_LE(files_.most_open(), 8 + 4);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(files_.Take(), IsEmpty());
  EXPECT_LE(files_.most_open(), 8 + 4);
}

INSTANTIATE_TEST_SUITE_P(, LateErrors, ::testing::Values(kGroup, kOs),
                         [](const auto& param) {
                           return std::string(param.param);
                         });

}  // namespace
}  // namespace cauce
