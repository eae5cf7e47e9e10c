#include "tests/damage/once_compacted.h"

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<BatchPlace>& Places() {
  return Remains::Of(Stop::kClean).batches("orders-0");
}

}  // namespace

const TopicPartition OnceCompacted::kDamaged{"orders", PartitionId{0}};

std::string NameOf(const Lost& lost) {
  static const std::map<Loss, std::string> names = {
      {Loss::kLog, "LogGone"},
      {Loss::kLogAndIndexes, "IndexesGoneToo"},
      {Loss::kEmptied, "Emptied"},
      {Loss::kCutShort, "CutShort"},
      {Loss::kCutOut, "CutOut"},
      {Loss::kCutOutAndIndexes, "CutOutAndIndexesGone"},
      {Loss::kDamaged, "Damaged"},
      {Loss::kZeroed, "Zeroed"},
      {Loss::kForeign, "Foreign"}};
  return names.at(lost.how) +
         (lost.stop == Stop::kKilled ? "BehindAKill" : "");
}

OnceCompacted::OnceCompacted() {
  Lay(Remains::Of(Stop::kClean).files(), *files_, kDirectory);
  Write([](Engine& engine) {
    for (const char* policy : {"compact", "delete"}) {
      EXPECT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", policy}}),
                  IsOk());
    }
    for (const int32_t partition : {0, 1}) {
      EXPECT_THAT(engine.OpenPartition("orders", PartitionId{partition}),
                  IsOk());
    }
  });
}

void OnceCompacted::Write(absl::FunctionRef<void(Engine&)> work) {
  auto engine = Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  work(*engine);
  ASSERT_THAT(engine->Close(), IsOk());
}

absl::StatusOr<Engine> OnceCompacted::Open(Access access) {
  events_.clear();
  return Engine::Open(kDirectory,
                      {.access = access,
                       .file_system = files_.get(),
                       .clock = &clock_,
                       .events = [&](Severity severity,
                                     std::string_view line) {
                         if (severity == Severity::kInfo) return;
                         events_.emplace_back(line);
                       }});
}

Sight OnceCompacted::Look(Access access) {
  auto engine = Open(access);
  EXPECT_THAT(engine, IsOk());
  Sight sight = ReadOver(*engine, kDamaged);
  EXPECT_THAT(sight.ended, IsOk());
  EXPECT_THAT(engine->Close(), IsOk());
  return sight;
}

std::map<int64_t, Timestamp> OnceCompacted::Times() {
  std::map<int64_t, Timestamp> times;
  auto engine = Open(Access::kReadOnly);
  EXPECT_THAT(engine, IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  EXPECT_THAT(orders, IsOk());
  Cursor cursor = orders->Read(Offset{0});
  RecordView record;
  while (cursor.Next(&record).value_or(false)) {
    times[record.offset.value] = record.timestamp;
  }
  EXPECT_THAT(engine->Close(), IsOk());
  return times;
}

int64_t OnceCompacted::Lose(size_t first) {
  const BatchPlace& lost = Places()[first];
  const BatchPlace& last = Places()[first + 2];
  stem_ = fmt::format("{}/{}", kDirectory,
                      lost.file.substr(0, lost.file.find('.')));
  before_ = Gather(*files_, kDirectory);
  const Loss how = GetParam().how;
  for (const char* suffix : {".log", ".index", ".timeindex"}) {
    const bool is_log = suffix == std::string(".log");
    const bool goes = how == Loss::kLogAndIndexes ||
                      (how == Loss::kLog && is_log) ||
                      (how == Loss::kCutOutAndIndexes && !is_log);
    if (!goes) continue;
    EXPECT_THAT(files_->RemoveFile(stem_ + suffix), IsOk());
  }
  int64_t from = lost.base.value;
  if (how == Loss::kForeign) {
    std::string foreign;
    for (Offset at = lost.base; at < lost.segment_next; at = at + 3) {
      foreign += Batch({"another", "log's", "records"}, {1})
                     .At(at)
                     .bytes();
    }
    const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
    EXPECT_THAT(log, IsOk());
    EXPECT_THAT((*log)->Truncate(0), IsOk());
    EXPECT_THAT((*log)->Write(0, foreign), IsOk());
  }
  if (how == Loss::kEmptied || how == Loss::kCutShort) {
    const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
    EXPECT_THAT(log, IsOk());
    const bool is_cut = how == Loss::kCutShort;
    const size_t bytes = is_cut ? last.position : 0;
    EXPECT_THAT((*log)->Truncate(static_cast<int64_t>(bytes)), IsOk());
    if (is_cut) from = last.base.value;
  }
  if (how == Loss::kDamaged) {
    const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
    EXPECT_THAT(log, IsOk());
    const auto at = static_cast<int64_t>(last.end) - 5;
    EXPECT_THAT((*log)->Write(at, "?"), IsOk());
    from = last.base.value;
  }
  if (how == Loss::kZeroed) {
    const auto log = files_->Open(stem_ + ".log", OpenMode::kReadWrite);
    EXPECT_THAT(log, IsOk());
    EXPECT_THAT((*log)->Write(0, std::string(last.end, '\0')), IsOk());
  }
  const bool is_cut_out =
      how == Loss::kCutOut || how == Loss::kCutOutAndIndexes;
  if (is_cut_out) {
    // The batch in the middle, to the last byte.
    const BatchPlace& gone = Places()[first + 1];
    std::string bytes = before_.at(lost.file);
    bytes.erase(gone.position, gone.end - gone.position);
    EXPECT_THAT(files_->RemoveFile(stem_ + ".log"), IsOk());
    Lay({{lost.file, bytes}}, *files_, kDirectory);
    left_.erase(left_.lower_bound(gone.base.value),
                left_.lower_bound(gone.next.value));
  }
  if (GetParam().stop == Stop::kKilled) {
    TakeMarkAway(GetParam().is_noted);
  } else if (!GetParam().is_noted) {
    EXPECT_THAT(
        files_->RemoveFile(fmt::format("{}/cauce.segments", kDirectory)),
        IsOk());
  }
  // What is gone from within leaves no trace but its bytes.
  if (is_cut_out) return lost.segment_next.value - from;
  left_.erase(left_.lower_bound(from),
              left_.lower_bound(lost.segment_next.value));
  return lost.segment_next.value - from;
}

void OnceCompacted::TakeMarkAway(bool is_noted) {
  for (const char* file : {".kafka_cleanshutdown", "cauce.segments"}) {
    if (file == std::string("cauce.segments") && is_noted) continue;
    files_->RemoveFile(fmt::format("{}/{}", kDirectory, file)).IgnoreError();
  }
}

void OnceCompacted::WriteAndDie(absl::FunctionRef<void(Engine&)> work) {
  FileTree left;
  {
    auto engine = Open(Access::kReadWrite);
    ASSERT_THAT(engine, IsOk());
    work(*engine);
    ASSERT_THAT(engine->RunUpkeep(), IsOk());
    left = Gather(*files_, kDirectory);
    ASSERT_THAT(engine->Close(), IsOk());
  }
  for (const auto& [name, bytes] : Gather(*files_, kDirectory)) {
    ASSERT_THAT(files_->RemoveFile(fmt::format("{}/{}", kDirectory, name)),
                IsOk());
  }
  Lay(left, *files_, kDirectory);
}

void OnceCompacted::AppendAndDie(int32_t partition, std::string_view value) {
  WriteAndDie([&](Engine& engine) {
    const auto at = AppendOne(
        engine, {"orders", PartitionId{partition}}, value);
    ASSERT_THAT(at, IsOk());
    if (partition == 0) left_[at->value] = value;
  });
}

void OnceCompacted::PutBack() {
  const std::string name = stem_.substr(kDirectory.size() + 1);
  for (const char* suffix : {".log", ".index", ".timeindex"}) {
    files_->RemoveFile(stem_ + suffix).IgnoreError();
    Lay({{name + suffix, before_.at(name + suffix)}}, *files_,
              kDirectory);
  }
  left_ = Remains::Of(Stop::kClean).records().at("orders-0");
}

void OnceCompacted::Copy() {
  const FileTree all = Gather(*files_, kDirectory);
  ASSERT_THAT(files_->Rename(std::string(kDirectory), "/copied"), IsOk());
  Lay(all, *files_, kDirectory);
  for (const auto& [name, bytes] : all) {
    ASSERT_THAT(files_->RemoveFile(fmt::format("/copied/{}", name)), IsOk());
  }
  const auto entries = files_->List("/copied");
  ASSERT_THAT(entries, IsOk());
  for (const DirectoryEntry& entry : *entries) {
    ASSERT_THAT(files_->RemoveDirectory("/copied/" + entry.name), IsOk());
  }
  ASSERT_THAT(files_->RemoveDirectory("/copied"), IsOk());
}

void OnceCompacted::CheckRepair(std::optional<int64_t> lost) {
  std::vector<RepairStep> planned;
  std::vector<RepairStep> done;
  const auto into = [](std::vector<RepairStep>& steps) {
    return RepairOptions{
        .step = [&](const RepairStep& step) { steps.push_back(step); }};
  };
  ASSERT_THAT(PlanRepair(*files_, kDirectory, into(planned)), IsOk());
  const auto repaired = RepairDirectory(*files_, kDirectory, into(done));
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->offsets_lost, lost.value_or(0));
  EXPECT_EQ(repaired->is_more_lost, !lost);
  EXPECT_EQ(done, planned);
  EXPECT_THAT(VerifyAll(*files_, kDirectory), IsEmpty());
  const auto again = RepairDirectory(*files_, kDirectory, {});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->steps, 0);
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  }
}

void OnceCompacted::CheckTold() {
  EXPECT_THAT(
      VerifyAll(*files_, kDirectory),
      Contains(Field("gravity", &Finding::gravity, Gravity::kDamage)));
  const Sight sight = Look(Access::kReadOnly);
  EXPECT_EQ(sight.records, left_);
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
  EXPECT_THAT(events_, Contains(HasSubstr("and nobody")));
}

void OnceCompacted::MakeAgain(Engine& engine) {
  ASSERT_THAT(engine.CreateTopic(
                  "orders", {.partitions = 2,
                             .configs = {{"cleanup.policy", "compact"},
                                         {"internal.segment.bytes",
                                          "200"}}}),
              IsOk());
  ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "delete"}}),
              IsOk());
}

void OnceCompacted::AppendSegments(Engine& engine) {
  ASSERT_THAT(
      engine.AlterTopic("orders", {{"internal.segment.bytes", "80"}}),
      IsOk());
  for (int i = 0; i < 3; ++i) {
    const auto at = AppendOne(engine, kDamaged, "new");
    ASSERT_THAT(at, IsOk());
    left_[at->value] = "new";
  }
}

void OnceCompacted::CheckWhole() {
  EXPECT_THAT(VerifyAll(*files_, kDirectory),
              Not(Contains(Field("gravity", &Finding::gravity,
                                 Gravity::kDamage))));
  for (const Access access :
       {Access::kReadOnly, Access::kReadWrite, Access::kReadOnly}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, Not(Contains(HasSubstr("and nobody"))));
  }
}

}  // namespace cauce::test
