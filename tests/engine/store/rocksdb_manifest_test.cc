// The manifest of a table, in which RocksDB notes which files make it up, and
// CURRENT, which names it, cut at every record and more: what opens is what the
// table was at one of its marks, with that mark, or nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAreArray;

using Files = std::map<std::string, std::string>;
using Model = std::map<std::string, std::string>;

constexpr const char* kTable = "/t/table";

// Where records of RocksDB's log format end: in blocks of 32 KiB, each behind 4
// bytes of checksum, 2 of length and 1 of kind.
std::vector<size_t> EndsOfRecords(const std::string& log) {
  constexpr size_t kBlockBytes = 32 << 10;
  constexpr size_t kHeaderBytes = 7;
  std::vector<size_t> ends;
  for (size_t at = 0; at + kHeaderBytes <= log.size();) {
    if (kBlockBytes - at % kBlockBytes < kHeaderBytes) {
      at += kBlockBytes - at % kBlockBytes;
      continue;
    }
    const auto byte = [&](size_t i) {
      return static_cast<size_t>(static_cast<unsigned char>(log[at + i]));
    };
    at += kHeaderBytes + byte(4) + (byte(5) << 8);
    ends.push_back(std::min(at, log.size()));
  }
  return ends;
}

class Manifest : public ::testing::Test {
 protected:
  Manifest() { EXPECT_THAT(files_->CreateDirectories(kTable), IsOk()); }

  std::shared_ptr<StateBackend> NewBackend() {
    return Backend({.memory_max = 1 << 20,
                    .load_bytes_max = 1 << 16,
                    .threads = 1,
                    .file_system = files_.get()});
  }

  // A mark for each step, persisted: of writes with an erased range, and of
  // loads; opened again in between.
  void Fill(size_t steps) {
    const auto backend = NewBackend();
    auto store = Open(*backend, kTable);
    for (size_t step = 1; step <= steps; ++step) {
      const std::string mark = fmt::format("{}", step);
      Model next = models_.back();
      if (step % 6 == 4) {
        auto loader = *store->Load();
        for (int i = 0; i < 20; ++i) {
          const std::string key = fmt::format("{:02}", i * 3 % 23);
          next[key] = mark + std::string(1000, 'l');
          ASSERT_THAT(loader->Add(Put(key, next[key])), IsOk());
        }
        ASSERT_THAT(loader->Finish(mark), IsOk());
      } else {
        next.erase(next.lower_bound("05"), next.lower_bound("07"));
        const std::string key = fmt::format("{:02}", step % 11 + 7);
        next[key] = mark + std::string(500, 'p');
        const std::vector<KeyRange> erased = {{.from = "05", .to = "07"}};
        const std::vector<StateChange> changes = {Put(key, next[key])};
        ASSERT_THAT(store->Write({erased, changes, mark}), IsOk());
      }
      ASSERT_THAT(store->Persist(), IsOk());
      models_.push_back(std::move(next));
      if (step == 8) {
        ASSERT_THAT(store->Close(), IsOk());
        store.reset();
        store = Open(*backend, kTable);
      }
    }
    ASSERT_THAT(store->Close(), IsOk());
  }

  Files Contents() {
    Files contents;
    const auto entries = files_->List(kTable).value();
    for (const DirectoryEntry& entry : entries) {
      const auto file =
          files_->Open(fmt::format("{}/{}", kTable, entry.name),
                       OpenMode::kRead);
      std::string bytes(static_cast<size_t>(*(*file)->Size()), '\0');
      EXPECT_THAT((*file)->Read(0, bytes), IsOk());
      contents[entry.name] = std::move(bytes);
    }
    return contents;
  }

  void Restore(const Files& contents) {
    ASSERT_THAT(NewBackend()->Remove(kTable), IsOk());
    ASSERT_THAT(files_->CreateDirectories(kTable), IsOk());
    for (const auto& [name, bytes] : contents) {
      const auto file = files_->Open(fmt::format("{}/{}", kTable, name),
                                     OpenMode::kCreate);
      ASSERT_THAT(file, IsOk());
      ASSERT_THAT((*file)->Write(0, bytes), IsOk());
    }
  }

  // Opens what `contents` are, writes to it, and opens it again. Returns the
  // step that it was at; nothing where it told of damage.
  std::optional<size_t> OpenWith(const Files& contents) {
    Restore(contents);
    const auto backend = NewBackend();
    auto store = backend->Open({.directory = kTable});
    if (!store.ok()) {
      EXPECT_THAT(store, AnyOf(HasReason(Reason::kCorruptFile),
                               HasReason(Reason::kUnsupportedFormat)));
      return std::nullopt;
    }
    const std::string mark = (*store)->mark();
    const size_t step = mark.empty() ? 0 : std::stoul(mark);
    EXPECT_LT(step, models_.size());
    if (step >= models_.size()) return step;
    EXPECT_THAT(All(**store), ElementsAreArray(models_[step]));
    // Files are numbered on from there, where newer ones lie already.
    Model next = models_[step];
    next["00"] = "again";
    const std::vector<StateChange> changes = {Put("00", "again")};
    EXPECT_THAT((*store)->Write({.changes = changes, .mark = "again"}), IsOk());
    EXPECT_THAT((*store)->Close(), IsOk());
    store->reset();
    const auto again = Open(*backend, kTable);
    EXPECT_EQ(again->mark(), "again");
    EXPECT_THAT(All(*again), ElementsAreArray(next));
    return step;
  }

  struct Cuts {
    int told = 0;
    int older = 0;
  };
  // Behind, and shortly behind, each record of each manifest.
  Cuts CutEverywhere() {
    const Files whole = Contents();
    EXPECT_EQ(OpenWith(whole), models_.size() - 1);
    Cuts cuts;
    for (const auto& [name, bytes] : whole) {
      if (!name.starts_with("MANIFEST-")) continue;
      std::vector<size_t> places = {0};
      for (const size_t end : EndsOfRecords(bytes)) {
        places.insert(places.end(), {end, end + 1, end + 7, end + 9});
      }
      for (const size_t at : places) {
        if (at >= bytes.size() || HasFailure()) continue;
        SCOPED_TRACE(
            fmt::format("{} cut to {} of {} bytes", name, at, bytes.size()));
        Files cut = whole;
        cut[name].resize(at);
        const std::optional<size_t> step = OpenWith(cut);
        if (!step) ++cuts.told;
        if (step && *step + 1 < models_.size()) ++cuts.older;
      }
    }
    return cuts;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::vector<Model> models_{Model()};
};

TEST_F(Manifest, ThatIsCutGivesAnOlderTableWithItsOlderMark) {
  // Too few files to be merged: those of each mark are there.
  Fill(3);

  const Cuts cuts = CutEverywhere();

  EXPECT_GT(cuts.told, 0);
  EXPECT_GE(cuts.older, 3);
}

TEST_F(Manifest, ThatIsCutIsToldOfWhereOlderFilesAreMerged) {
  Fill(24);

  const Cuts cuts = CutEverywhere();

  EXPECT_GT(cuts.told, 0);
}

// As a power loss leaves what was appended last and never synced: RocksDB takes
// a record with a hole in it for damage of the table.
TEST_F(Manifest, WhoseLastRecordMissesASectorGivesWhatWasBefore) {
  constexpr size_t kSectorBytes = 512;
  Fill(3);
  const Files whole = Contents();
  int torn = 0;
  for (const auto& [name, bytes] : whole) {
    if (!name.starts_with("MANIFEST-")) continue;
    size_t begin = 0;
    for (const size_t end : EndsOfRecords(bytes)) {
      const size_t sector = (begin / kSectorBytes + 1) * kSectorBytes;
      if (begin > 0 && sector < end && !HasFailure()) {
        SCOPED_TRACE(fmt::format("{} torn at {}", name, sector));
        Files without = whole;
        without[name].resize(begin);
        Files holed = whole;
        holed[name].resize(sector);
        holed[name].resize(end, '\0');
        EXPECT_EQ(OpenWith(holed), OpenWith(without));
        ++torn;
      }
      begin = end;
    }
  }
  EXPECT_GT(torn, 0);
}

TEST_F(Manifest, WhoseNameIsCutIsToldOf) {
  Fill(3);
  const Files whole = Contents();
  const std::string& current = whole.at("CURRENT");

  for (size_t at = 0; at < current.size(); ++at) {
    SCOPED_TRACE(fmt::format("CURRENT cut to {} bytes", at));
    Files cut = whole;
    cut["CURRENT"].resize(at);
    EXPECT_EQ(OpenWith(cut), std::nullopt);
  }
}

}  // namespace
}  // namespace cauce::test
