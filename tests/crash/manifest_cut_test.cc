// The power goes wherever an engine opens, writes and closes a directory whose
// partitions are known from its last close: on a disk on which a directory
// never shows that it was changed, so that what was known counts wherever the
// mark of the close is there, and nothing else may keep it from hiding what was
// written; and on those that give a change another time, so that it counts
// without the mark too, where nothing was changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::FaultyDisk;
using test::IsOk;
using test::IsOkAndHolds;
using test::RandomChoices;
using test::SimClock;

// What the times of change tell.
enum class Times {
  kNothing,  // a directory has been as it is for ever
  kFiles,    // and whatever has other bytes has another time
  // What has other names, or is larger or smaller, has another time; what was
  // written over may have kept its own, as where data were synced alone.
  kNamesAndSizes,
  kAll,  // what has other names or other bytes
};

class TimedDisk final : public FileSystem {
 public:
  TimedDisk(FileSystem& real, Times times) : real_(real), times_(times) {}

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(FileInfo info, real_.Info(path));
    if (!info.is_directory && times_ == Times::kNothing) return info;
    size_t what_is_there = 0;
    if (!info.is_directory || times_ != Times::kFiles) {
      CAUCE_ASSIGN_OR_RETURN(what_is_there, Sum(path, info));
    }
    info.modified = SimClock::kStart - absl::Hours(2) +
                    absl::Nanoseconds(what_is_there % 3'600'000'000'000);
    info.id = std::hash<std::string_view>()(path) | 1;
    return info;
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    return real_.List(directory);
  }
  absl::Status SyncDirectory(std::string_view directory) override {
    return real_.SyncDirectory(directory);
  }
  absl::StatusOr<int64_t> FreeBytes(std::string_view path) override {
    return real_.FreeBytes(path);
  }
  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    // As every recovery does.
    const bool is_recovered =
        mode == OpenMode::kReadWrite && path.ends_with(".log");
    if (is_recovered) recovered_.emplace(path.substr(0, path.rfind('/')));
    return real_.Open(path, mode);
  }
  bool was_recovered(const std::string& directory) const {
    return recovered_.contains(directory);
  }
  absl::Status CreateDirectories(std::string_view path) override {
    return real_.CreateDirectories(path);
  }
  absl::Status CreateDirectory(std::string_view path) override {
    return real_.CreateDirectory(path);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    return real_.Rename(from, to);
  }
  absl::Status RemoveFile(std::string_view path) override {
    return real_.RemoveFile(path);
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    return real_.RemoveDirectory(path);
  }
  absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view file) override {
    return real_.OpenWholeSync(file);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    return real_.Lock(path, owner);
  }
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    return real_.Watch(directories);
  }

 private:
  absl::StatusOr<size_t> Sum(std::string_view path, const FileInfo& info) {
    std::string text;
    if (info.is_directory) {
      CAUCE_ASSIGN_OR_RETURN(const auto entries, real_.List(path));
      for (const DirectoryEntry& entry : entries) text += entry.name + "\n";
    } else if (times_ == Times::kNamesAndSizes) {
      text = std::to_string(info.bytes);
    } else {
      CAUCE_ASSIGN_OR_RETURN(const auto file,
                             real_.Open(path, OpenMode::kRead));
      text.resize(static_cast<size_t>(info.bytes));
      CAUCE_RETURN_IF_ERROR(file->Read(0, text).status());
    }
    return std::hash<std::string>()(text);
  }

  FileSystem& real_;
  const Times times_;
  std::set<std::string, std::less<>> recovered_;
};

constexpr int32_t kPartitions = 3;

// Of each partition: how many records are durable, and how many were written.
struct Promised {
  std::array<int64_t, kPartitions> durable = {};
  std::array<int64_t, kPartitions> written = {};
};

absl::StatusOr<Engine> Open(FileSystem& disk, SimClock& clock) {
  return Engine::Open("/data", {.file_system = &disk, .clock = &clock});
}

absl::Status Append(const Engine& engine, int32_t p, Promised& promised) {
  CAUCE_ASSIGN_OR_RETURN(Partition to,
                         engine.OpenPartition("orders", PartitionId{p}));
  const std::string value = std::to_string(promised.written[p]);
  const Record record{.value = value};
  ++promised.written[p];
  CAUCE_RETURN_IF_ERROR(to.Append({&record, 1}).status());
  promised.durable[p] = promised.written[p];
  return absl::OkStatus();
}

absl::Status Make(FileSystem& disk, SimClock& clock, Promised& promised) {
  CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(disk, clock));
  CAUCE_RETURN_IF_ERROR(
      engine
          .CreateTopic("orders",
                       {.partitions = kPartitions,
                        .configs = {{"internal.segment.bytes", "200"}}})
          .status());
  for (int i = 0; i < 4; ++i) {
    for (int32_t p = 0; p < kPartitions; ++p) {
      CAUCE_RETURN_IF_ERROR(Append(engine, p, promised));
    }
  }
  return engine.Close();
}

// Cuts the last record off and writes one of the same size in its place.
absl::Status WriteLastAnew(const Engine& engine, int32_t p, SimClock& clock,
                           Promised& promised) {
  CAUCE_ASSIGN_OR_RETURN(Partition to,
                         engine.OpenPartition("orders", PartitionId{p}));
  const Offset last{promised.written[p] - 1};
  promised.durable[p] = last.value;
  CAUCE_RETURN_IF_ERROR(to.TruncateTo(last).status());
  promised.written[p] = last.value;
  // So that its bytes are others.
  clock.Advance(absl::Milliseconds(1));
  return Append(engine, p, promised);
}

// Two runs: each appends to other partitions, so that what the manifest says of
// some is carried on, and of others is made anew.
absl::Status RunTwice(FileSystem& disk, SimClock& clock, Promised& promised) {
  for (const int32_t first : {0, 1}) {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Open(disk, clock));
    for (int i = 0; i < 3; ++i) {
      CAUCE_RETURN_IF_ERROR(Append(engine, first, promised));
    }
    CAUCE_RETURN_IF_ERROR(Append(engine, first + 1, promised));
    CAUCE_RETURN_IF_ERROR(WriteLastAnew(engine, first, clock, promised));
    CAUCE_RETURN_IF_ERROR(engine.Close());
  }
  return absl::OkStatus();
}

void ExpectReads(const Partition& partition, int64_t records) {
  Cursor cursor = partition.Read(Offset{0});
  RecordView record;
  for (int64_t i = 0; i < records; ++i) {
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    ASSERT_EQ(record.offset, Offset{i});
    ASSERT_EQ(record.value, std::to_string(i));
  }
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(false));
}

// That all that is durable is there, what was written behind it in part or not
// at all, and that it goes on from there; twice. Adds to `as_closed` how many
// partitions were taken as they had been closed, though the last stop was none.
void Check(TimedDisk& disk, SimClock& clock, Promised promised,
           int& as_closed) {
  for (int opening = 0; opening < 2; ++opening) {
    const bool was_killed = !disk.Info("/data/.kafka_cleanshutdown").ok();
    auto engine = Open(disk, clock);
    ASSERT_THAT(engine, IsOk());
    for (int32_t p = 0; p < kPartitions && was_killed; ++p) {
      as_closed += !disk.was_recovered("/data/orders-" + std::to_string(p));
    }
    for (int32_t p = 0; p < kPartitions; ++p) {
      auto partition = engine->OpenPartition("orders", PartitionId{p});
      ASSERT_THAT(partition, IsOk());
      const int64_t end = partition->log_end().value;
      ASSERT_GE(end, promised.durable[p]);
      ASSERT_LE(end, promised.written[p]);
      ASSERT_NO_FATAL_FAILURE(ExpectReads(*partition, end));
      promised.written[p] = end;
      ASSERT_THAT(Append(*engine, p, promised), IsOk());
      ASSERT_NO_FATAL_FAILURE(ExpectReads(*partition, end + 1));
    }
    ASSERT_THAT(engine->Close(), IsOk());
  }
  test::ExpectVerified(disk, "/data", test::Left::kWhole);
}

// Calls `check` with each disk that may be left where the power, or only the
// process, is gone from `real`. Returns how many.
int ForEachFate(FaultyDisk& real, uint64_t first_seed,
                const std::function<void(FaultyDisk&)>& check) {
  int fates = 0;
  const auto restart = [&](test::Choices& fate) {
    const auto left = real.Copy();
    left->Restart(fate);
    check(*left);
    ++fates;
  };
  for (const auto answer :
       {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
    AlikeButOne alike(answer);
    restart(alike);
  }
  for (uint64_t seed = first_seed; seed < first_seed + 4; ++seed) {
    RandomChoices some(seed);
    restart(some);
  }
  if (::testing::Test::HasFatalFailure()) return fates;
  real.RestartProcess();
  check(real);
  return fates + 1;
}

// How a close makes its logs durable.
enum class Syncs { kEach, kAllAtOnce };

class ManifestCut
    : public ::testing::TestWithParam<std::tuple<Times, Syncs>> {};

TEST_P(ManifestCut, HidesNothingThatWasAcknowledgedWhereverThePowerGoes) {
  const auto [times, syncs] = GetParam();
  int schedules = 0;
  int as_closed = 0;
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(cut);
    SimClock clock;
    FaultyDisk real(clock);
    if (syncs == Syncs::kAllAtOnce) real.offer_whole_sync(1);
    TimedDisk disk(real, times);
    Promised promised;
    ASSERT_THAT(Make(disk, clock, promised), IsOk());
    real.CutBefore(real.changes() + cut);
    const absl::Status ran = RunTwice(disk, clock, promised);
    was_cut = real.is_cut();
    ASSERT_EQ(ran.ok(), !was_cut) << ran;
    real.CutNow();
    schedules += ForEachFate(real, cut * 4, [&](FaultyDisk& left) {
      TimedDisk seen(left, std::get<Times>(GetParam()));
      Check(seen, clock, promised, as_closed);
    });
    if (HasFatalFailure()) return;
  }
  std::printf("%d schedules, %d partitions taken as closed\n", schedules,
              as_closed);
  EXPECT_GT(schedules, 500);
  EXPECT_EQ(as_closed > 100, times != Times::kNothing);
}

const auto kEverySyncs =
    ::testing::Values(Syncs::kEach, Syncs::kAllAtOnce);

INSTANTIATE_TEST_SUITE_P(TellingNothing, ManifestCut,
                         ::testing::Combine(
                             ::testing::Values(Times::kNothing), kEverySyncs));
INSTANTIATE_TEST_SUITE_P(TellingOfFiles, ManifestCut,
                         ::testing::Combine(
                             ::testing::Values(Times::kFiles), kEverySyncs));
INSTANTIATE_TEST_SUITE_P(TellingOfNamesAndSizes, ManifestCut,
                         ::testing::Combine(
                             ::testing::Values(Times::kNamesAndSizes),
                             kEverySyncs));
INSTANTIATE_TEST_SUITE_P(TellingAll, ManifestCut,
                         ::testing::Combine(
                             ::testing::Values(Times::kAll), kEverySyncs));

}  // namespace
}  // namespace cauce
