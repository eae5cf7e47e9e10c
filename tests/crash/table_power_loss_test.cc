#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using Model = std::map<std::string, std::string>;

constexpr const char* kTable = "/t/table";

// A table that is written, erased, loaded, persisted and opened again, step by
// step; what it held after each is known by its mark.
class Workload {
 public:
  // A step's number is its mark. Nothing, and not even a mark, is step 0.
  std::vector<Model> models{Model()};
  // The last step that is durable for sure.
  size_t durable = 0;
  // The first error.
  absl::Status status;

  explicit Workload(FileSystem& files) {
    auto backend = NewRocksDbStateBackend({.memory_max = 1 << 20,
                                           .load_bytes_max = 1 << 16,
                                           .threads = 1,
                                           .file_system = &files});
    backend_ = *backend;
    Run();
    // Its threads are not to write to the disk once that is back.
    store_.reset();
  }

 private:
  // What is begun may be there after a crash.
  const Model& Next() {
    models.push_back(models.back());
    return models.back();
  }
  std::string Mark() const { return fmt::format("{}", models.size() - 1); }
  bool Holds(absl::Status result) {
    if (status.ok()) status = std::move(result);
    return status.ok();
  }

  bool Open() {
    auto store = backend_->Open({.directory = kTable});
    if (!Holds(store.status())) return false;
    store_ = *std::move(store);
    return true;
  }

  bool Put(int from, int count, size_t bytes) {
    Next();
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i)
      keys.push_back(fmt::format("{:03}", from + i));
    const std::string value =
        Mark() + std::string(bytes, static_cast<char>('a' + from % 26));
    std::vector<StateChange> changes;
    for (const std::string& key : keys) {
      models.back()[key] = value;
      changes.push_back(test::Put(key, value));
    }
    return Holds(store_->Write({.changes = changes, .mark = Mark()}));
  }

  bool Erase(const std::string& from, const std::string& to) {
    Next();
    Model& model = models.back();
    model.erase(model.lower_bound(from), model.lower_bound(to));
    const std::vector<KeyRange> erased = {{.from = from, .to = to}};
    return Holds(store_->Write({.erased = erased, .mark = Mark()}));
  }

  bool Load(int from) {
    auto loader = store_->Load();
    if (!Holds(loader.status())) return false;
    durable = models.size() - 1;  // loading begins with a Persist
    Next();
    const std::string value = Mark() + std::string(2000, 'l');
    for (int i = 0; i < 40; ++i) {
      // Not in order, some twice, some dropped.
      const std::string key = fmt::format("{:03}", from + i * 7 % 31);
      const bool drops = i % 5 == 0;
      if (!Holds((*loader)->Add(drops ? Drop(key) : test::Put(key, value))))
        return false;
      if (drops) {
        models.back().erase(key);
      } else {
        models.back()[key] = value;
      }
    }
    if (!Holds((*loader)->Finish(Mark()))) return false;
    durable = models.size() - 1;
    return true;
  }

  bool Persist() {
    if (!Holds(store_->Persist())) return false;
    durable = models.size() - 1;
    return true;
  }

  bool Close() {
    if (!Holds(store_->Close())) return false;
    durable = models.size() - 1;
    store_.reset();
    return true;
  }

  // Enough for flushes in the background, and for merges of their files.
  void Run() {
    if (!Open()) return;
    for (int round = 0; round < 3; ++round) {
      if (!Put(round * 10, 5, 100) || !Persist()) return;
      if (!Put(round * 10, 30, 10'000) || !Put(5, 2, 50)) return;
      if (!Erase("003", fmt::format("{:03}", 6 + round))) return;
      if (!Put(4, 1, 10) || !Load(round * 20) || !Put(1, 1, 20)) return;
    }
    if (!Close() || !Open()) return;
    if (!Put(7, 1, 100) || !Close()) return;
  }

  std::shared_ptr<StateBackend> backend_;
  std::unique_ptr<StateStore> store_;
};

Model Contents(const StateView& view) {
  Model model;
  const auto at = view.Iterate({});
  for (; at->Valid(); at->Next()) model.emplace(at->key(), at->value());
  EXPECT_THAT(at->status(), IsOk());
  return model;
}

// The table is what one of the steps left, none before the last durable one.
void ExpectAStep(FileSystem& files, const Workload& work) {
  const auto backend = NewRocksDbStateBackend(
      {.memory_max = 1 << 20, .threads = 1, .file_system = &files});
  const auto store = (*backend)->Open({.directory = kTable});
  ASSERT_THAT(store, IsOk());

  const std::string mark = (*store)->mark();
  const size_t step = mark.empty() ? 0 : std::stoul(mark);
  ASSERT_GE(step, work.durable);
  ASSERT_LT(step, work.models.size());
  ASSERT_TRUE(Contents(**store) == work.models[step]) << "step " << step;

  // And it goes on.
  const std::vector<StateChange> changes = {Put("z", "1")};
  ASSERT_THAT((*store)->Write({.changes = changes, .mark = mark}), IsOk());
  ASSERT_THAT((*store)->Close(), IsOk());
}

int64_t ChangesOfAll() {
  SimClock clock;
  FaultyDisk disk(clock);
  const Workload work(disk);
  EXPECT_THAT(work.status, IsOk());
  EXPECT_EQ(work.durable, work.models.size() - 1);
  return disk.changes();
}

TEST(TablePowerLoss, LeavesWhatSomeStepLeftAfterACutBeforeAnyChange) {
  const Seed seed;
  const int64_t changes = ChangesOfAll();
  RecordProperty("changes", static_cast<int>(changes));

  for (int64_t cut = 0; cut <= changes; ++cut) {
    SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
    SimClock clock;
    FaultyDisk disk(clock);
    disk.CutBefore(cut);
    const Workload work(disk);
    if (!disk.is_cut()) disk.CutNow();
    const std::unique_ptr<FaultyDisk> twin = disk.Copy();

    // Nothing that was not synced is left, and then some of it.
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing);
    ExpectAStep(disk, work);
    RandomChoices random(seed.value() + static_cast<uint64_t>(cut));
    twin->Restart(random);
    ExpectAStep(*twin, work);
    if (HasFatalFailure()) return;
  }
}

TEST(TablePowerLoss, OfTheProcessAloneLeavesTheSame) {
  const int64_t changes = ChangesOfAll();

  for (int64_t cut = 0; cut <= changes; cut += 3) {
    SCOPED_TRACE(fmt::format("killed before change {}", cut));
    SimClock clock;
    FaultyDisk disk(clock);
    disk.CutBefore(cut);
    const Workload work(disk);
    if (!disk.is_cut()) disk.CutNow();
    disk.RestartProcess();

    ExpectAStep(disk, work);
    if (HasFatalFailure()) return;
  }
}

TEST(TableFaults, OfAnyChangeAreToldAndLoseNothing) {
  const int64_t changes = ChangesOfAll();

  for (int64_t fault = 0; fault < changes; ++fault) {
    SCOPED_TRACE(fmt::format("change {} fails", fault));
    SimClock clock;
    FaultyDisk disk(clock);
    disk.set_plan([&](DiskCall call, std::string_view path, int64_t change) {
      if (!IsChange(call) || change != fault) return absl::OkStatus();
      return MakeError(Reason::kDiskFailed, fmt::format("{}: broken", path));
    });
    const Workload work(disk);
    disk.set_plan(nullptr);

    ExpectAStep(disk, work);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace cauce::test
