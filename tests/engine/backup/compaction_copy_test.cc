// Backups of a compacted topic whose writer was stopped in the midst of it, or
// that has lost records where no gap tells: a backup holds what a reader reads,
// or is refused.
#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "engine/catalog/checkpoint_file.h"
#include "fmt/format.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/engine/backup/compacted_state.h"
#include "tests/testing/choices.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> ReadState(FileSystem& files) {
  const auto engine = Engine::Open("/data", {.access = Access::kReadOnly,
                                             .create_if_missing = false,
                                             .file_system = &files});
  EXPECT_THAT(engine, IsOk());
  if (!engine.ok()) return {};
  return ReadAll(engine->OpenPartition("state", PartitionId{0}).value());
}

std::vector<std::string> ReadRestored(FileSystem& backups,
                                      const std::string& backup) {
  const auto files = NewMemoryFileSystem();
  auto target = OpenAt(*files, "/other");
  const auto restored =
      RestoreTopic(*target->engine(), backup, {.file_system = &backups});
  EXPECT_THAT(restored, IsOk());
  if (!restored.ok()) return {};
  return ReadAll(PartitionOf(*target, "state", 0));
}

enum class Stop { kPower, kProcess };

class BackupsBehindAStop : public ::testing::TestWithParam<Stop> {};

TEST_P(BackupsBehindAStop, AnywhereInACompactionHoldWhatAReaderReads) {
  const Seed seed;
  SimClock clock;
  FaultyDisk base(clock);
  MakeState(base);
  const size_t segments = LogsOf(base).size();
  base.CutNow();
  size_t with_swap = 0;
  for (int64_t cut = 0;; ++cut) {
    SCOPED_TRACE(fmt::format("cut in front of change {}", cut));
    const auto disk = base.Copy();
    disk->RestartProcess();
    disk->CutBefore(disk->changes() + cut);
    CompactState(*disk).IgnoreError();
    const bool was_cut = disk->is_cut();
    disk->CutNow();
    if (GetParam() == Stop::kProcess) {
      disk->RestartProcess();
    } else {
      RandomChoices choices(seed.value() + static_cast<uint32_t>(cut));
      disk->Restart(choices);
    }
    const auto read = ReadState(*disk);
    with_swap += SwapsOf(*disk).size();

    const auto target = NewMemoryFileSystem();
    ASSERT_THAT(BackupTopic("/data", "state", "/backup",
                            {.file_system = disk.get(),
                             .target_file_system = target.get()}),
                IsOk());

    ASSERT_EQ(ReadRestored(*target, "/backup"), read);
    if (was_cut) continue;
    EXPECT_LE(LogsOf(*disk).size() + 4, segments);
    break;
  }
  EXPECT_GT(with_swap, 16u);
}

INSTANTIATE_TEST_SUITE_P(Stops, BackupsBehindAStop,
                         ::testing::Values(Stop::kPower, Stop::kProcess),
                         [](const auto& each) {
                           return each.param == Stop::kPower ? "Power"
                                                             : "Process";
                         });

TEST(BackupsBesideACompaction, HoldWhatAReaderReadsInTheMidstOfIt) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  FailingFileSystem writers(*files);
  int backups = 0;
  size_t with_swap = 0;
  // Between any two steps: each ends with a sync.
  writers.set_during(FileCall::kSyncDirectory, "state-0", [&] {
    with_swap += SwapsOf(*files).size();
    const std::string target = fmt::format("/backup{}", ++backups);
    EXPECT_THAT(
        BackupTopic("/data", "state", target, {.file_system = files.get()}),
        IsOk());
    EXPECT_EQ(ReadRestored(*files, target), ReadState(*files)) << backups;
  });

  EXPECT_THAT(CompactState(writers), IsOk());

  EXPECT_GT(backups, 10);
  EXPECT_GT(with_swap, 4u);
}

TEST(BackupsBehindACompaction, OfADamagedSegmentSayWhatSettlesIt) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  const auto before = ReadState(*files);
  StopInFrontOfLastRename(*files);
  const auto swaps = SwapsOf(*files);
  ASSERT_EQ(swaps.size(), 1u);
  {
    const auto file = files->Open(fmt::format("{}/{}", kState, swaps.front()),
                                  OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(70, "damage"), IsOk());
  }
  const BackupOptions options = {.file_system = files.get()};

  const auto refused = BackupTopic("/data", "state", "/backup", options);
  ASSERT_THAT(OpenAt(*files, "/data")->Close(), IsOk());
  const auto taken = BackupTopic("/data", "state", "/backup", options);

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("open the directory for writing")));
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(ReadRestored(*files, "/backup"), before);
}

// How a sealed segment in front of others loses records.
enum class Loss { kFile, kLastBatch, kZeros };

std::string Name(const ::testing::TestParamInfo<Loss>& info) {
  switch (info.param) {
    case Loss::kFile: return "OfAWholeFile";
    case Loss::kLastBatch: return "OfTheLastBatch";
    case Loss::kZeros: return "UnderZeros";
  }
  return "";
}

// Where the last batch of a log begins.
int64_t LastBatchAt(const std::string& bytes) {
  int64_t last = 0;
  for (size_t at = 0; at < bytes.size();) {
    last = static_cast<int64_t>(at);
    size_t length = 0;
    for (size_t i = 8; i < 12; ++i)
      length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
    at += 12 + length;
  }
  return last;
}

class BackupsOfLostRecords : public ::testing::TestWithParam<Loss> {};

TEST_P(BackupsOfLostRecords, AmongGapsAreRefusedAsReadingIs) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  ASSERT_THAT(CompactState(*files), IsOk());
  const auto logs = LogsOf(*files);
  ASSERT_GE(logs.size(), 4u);
  const std::string path = std::string(kState) + "/" + logs[1];
  const std::string bytes = BytesOf(*files, path);
  const int64_t last = LastBatchAt(bytes);
  ASSERT_GT(last, 0);
  if (GetParam() == Loss::kFile) {
    ASSERT_THAT(files->RemoveFile(path), IsOk());
  } else {
    const auto file = files->Open(path, OpenMode::kReadWrite).value();
    ASSERT_THAT(file->Truncate(last), IsOk());
    if (GetParam() == Loss::kZeros) {
      ASSERT_THAT(file->Truncate(static_cast<int64_t>(bytes.size())), IsOk());
    }
  }
  BackupOptions options = {.file_system = files.get()};

  const auto refused = BackupTopic("/data", "state", "/one", options);
  options.on_damage = OnDamage::kSkip;
  const auto taken = BackupTopic("/data", "state", "/two", options);

  EXPECT_THAT(refused, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(MessageOf(refused.status()), HasSubstr("state-0"));
  ASSERT_THAT(taken, IsOk());
  EXPECT_THAT(taken->damaged,
              ElementsAre(TopicPartition{"state", PartitionId{0}}));
}

INSTANTIATE_TEST_SUITE_P(All, BackupsOfLostRecords,
                         ::testing::Values(Loss::kFile, Loss::kLastBatch,
                                           Loss::kZeros),
                         Name);

// Takes the last batch off a log, and the indexes that tell of it.
void CutLastBatch(FileSystem& files, const std::string& log) {
  const std::string path = fmt::format("{}/{}", kState, log);
  const auto file = files.Open(path, OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Truncate(LastBatchAt(BytesOf(files, path))), IsOk());
  const std::string stem = path.substr(0, path.size() - 4);
  for (const std::string_view suffix : {".index", ".timeindex"})
    ASSERT_THAT(files.RemoveFile(stem + std::string(suffix)), IsOk());
}

TEST(BackupsOfABrokersTopic, HoldTheGapThatItsNewestSealedSegmentEndsIn) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  // As a broker's: without what we add, and with a gap that its cleaner left.
  for (const std::string& name : NamesIn(*files, "/data", "")) {
    const bool is_ours =
        name.starts_with("cauce.") || name == "log-start-offset-checkpoint";
    if (is_ours) {
      ASSERT_THAT(files->RemoveFile("/data/" + name), IsOk());
    }
  }
  const auto logs = LogsOf(*files);
  CutLastBatch(*files, logs[logs.size() - 2]);
  auto adopting = OpenAt(*files, "/data");
  ASSERT_TRUE(adopting->engine()->DescribeTopic("state")->imported);
  ASSERT_THAT(adopting->engine()->AlterTopic(
                  "state", {{"cleanup.policy", "compact"}}),
              IsOk());
  ASSERT_THAT(adopting->Close(), IsOk());

  ASSERT_THAT(BackupTopic("/data", "state", "/backup",
                          {.file_system = files.get()}),
              IsOk());

  const auto restored = ReadRestored(*files, "/backup");
  EXPECT_EQ(restored.size(), 79u);
  EXPECT_EQ(restored, ReadState(*files));
}

TEST(BackupsOfAKilledWriter, HoldNothingThatItsNextOpeningCutsOff) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  ASSERT_THAT(CompactState(*files), IsOk());
  // The power went: of one segment the end was not durable, and nothing that
  // lies behind it counts.
  const auto logs = LogsOf(*files);
  ASSERT_GE(logs.size(), 4u);
  ASSERT_THAT(files->RemoveFile("/data/.kafka_cleanshutdown"), IsOk());
  ASSERT_THAT(files->RemoveFile("/data/cauce.segments"), IsOk());
  const TopicPartition state{"state", PartitionId{0}};
  ASSERT_THAT(
      WriteOffsetCheckpoint(*files, "/data", kRecoveryPointFile,
                            {{state, Offset{std::stoll(logs[1])}}}),
      IsOk());
  CutLastBatch(*files, logs[1]);
  const BackupOptions options = {.file_system = files.get()};

  const auto refused = BackupTopic("/data", "state", "/backup", options);
  ASSERT_THAT(OpenAt(*files, "/data")->Close(), IsOk());
  const auto taken = BackupTopic("/data", "state", "/backup", options);

  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(MessageOf(refused.status()),
              HasSubstr("open the directory for writing"));
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(ReadRestored(*files, "/backup"), ReadState(*files));
}

}  // namespace
}  // namespace cauce::test
