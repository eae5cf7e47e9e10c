#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/every_backend.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DurableTable : public EveryBackend {
 protected:
  std::vector<std::string> Names() {
    const auto entries = files().List(Path());
    EXPECT_THAT(entries, IsOk());
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
    return names;
  }

  std::string Contents(const std::string& name) {
    const auto file = files().Open(Path() + "/" + name, OpenMode::kRead);
    EXPECT_THAT(file, IsOk());
    std::string bytes(static_cast<size_t>(*(*file)->Size()), '\0');
    EXPECT_THAT((*file)->Read(0, bytes), IsOk());
    return bytes;
  }

  void Overwrite(const std::string& name, const std::string& bytes) {
    const auto file =
        files().Open(Path() + "/" + name, OpenMode::kOpenOrCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Truncate(0), IsOk());
    ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  }

  // The largest of the table's files of values gets another bit, in a block of
  // these.
  void SpoilABlock() {
    std::string largest;
    std::string bytes;
    for (const std::string& name : Names()) {
      if (!name.ends_with(".sst")) continue;
      std::string found = Contents(name);
      if (found.size() <= bytes.size()) continue;
      largest = name;
      bytes = std::move(found);
    }
    ASSERT_GT(bytes.size(), 1000);
    bytes[100] ^= 0x10;
    Overwrite(largest, bytes);
  }

  // What ends a walk over all keys.
  static absl::Status WalkOver(const StateStore& store) {
    const auto at = store.Iterate({});
    while (at->Valid()) at->Next();
    return at->status();
  }

  // 200 keys in several files, and the mark "done".
  void Fill() {
    const auto store = Open();
    for (int i = 0; i < 200; ++i) {
      const std::string key = fmt::format("{:03}", i);
      const std::string value(2000, static_cast<char>('a' + i % 26));
      Write(*store, {Put(key, value)}, "done");
    }
    EXPECT_THAT(store->Close(), IsOk());
  }
};

TEST_P(DurableTable, IsThereAgainWithItsMark) {
  {
    const auto store = Open();
    Write(*store, {Put("a", "1"), Put("b", "2")}, "first");
    Write(*store, {Drop("b")}, "second");
    EXPECT_THAT(store->Close(), IsOk());
  }
  Restart();

  const auto store = Open();

  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(store->mark(), "second");
  EXPECT_TRUE(backend_->persistent());
}

TEST_P(DurableTable, TakesMarksOfAnyLengthInTurn) {
  const auto store = Open();
  for (const int length : {3, 1000, 2, 0, 5}) {
    Write(*store, {}, std::string(static_cast<size_t>(length), 'm'));
    ASSERT_THAT(store->Persist(), IsOk());
    Write(*store, {}, std::string(static_cast<size_t>(length) + 1, 'n'));
    Write(*store, {}, std::string(static_cast<size_t>(length), 'o'));
    EXPECT_EQ(store->mark(), std::string(static_cast<size_t>(length), 'o'));
  }
  ASSERT_THAT(store->Close(), IsOk());

  EXPECT_EQ(Open()->mark(), "ooooo");
}

TEST_P(DurableTable, AsksBeforeAnythingIsDurable) {
  std::vector<std::string> asked;
  std::string now;
  const StateStoreSpec spec = {.directory = Path(), .before_durable = [&] {
    asked.push_back(now);
    return absl::OkStatus();
  }};
  auto store = *backend_->Open(spec);

  now = "first";
  Write(*store, {Put("a", "1")}, "1");
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_THAT(store->Persist(), IsOk());
  EXPECT_THAT(store->Persist(), IsOk());
  EXPECT_THAT(asked, ElementsAre("first"));
  now = "second";
  Write(*store, {Put("a", "2")}, "2");
  EXPECT_THAT(store->Close(), IsOk());

  EXPECT_THAT(asked, ElementsAre("first", "second"));
}

TEST_P(DurableTable, IsAsItWasWhereThatFails) {
  {
    absl::Status answer;
    auto store = *backend_->Open(
        {.directory = Path(), .before_durable = [&] { return answer; }});
    Write(*store, {Put("a", "1")}, "1");
    ASSERT_THAT(store->Persist(), IsOk());
    Write(*store, {Put("a", "2")}, "2");
    answer = absl::UnavailableError("the log is not there");

    EXPECT_THAT(store->Persist(), StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(store->mark(), "2");
    EXPECT_THAT(store->Close(), StatusIs(absl::StatusCode::kUnavailable));
  }

  const auto store = Open();
  EXPECT_THAT(All(*store), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(store->mark(), "1");
}

TEST_P(DurableTable, TakesNoWritesOnceThatFailsInTheBackground) {
  auto store = *backend_->Open({.directory = Path(), .before_durable = [] {
    return absl::UnavailableError("the log is not there");
  }});

  absl::Status status;
  int written = 0;
  const std::string value(10'000, 'x');
  const std::vector<StateChange> changes = {Put("a", value)};
  // 100 MB, where a hundredth of it may be in memory.
  for (; written < 10'000 && status.ok(); ++written)
    status = store->Write({.changes = changes, .mark = "x"});

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(store->Write({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Read(*store, "a"), ::testing::Optional(value));
  EXPECT_THAT(store->Close(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Open()->mark(), "");
}

TEST_P(DurableTable, IsOpenOnceInAProcess) {
  auto store = Open();

  EXPECT_THAT(backend_->Open({.directory = Path()}),
              HasReason(Reason::kLocked));
  EXPECT_THAT(backend_->Remove(Path()), HasReason(Reason::kLocked));
  EXPECT_THAT(store->Close(), IsOk());

  EXPECT_THAT(backend_->Open({.directory = Path()}), IsOk());
}

TEST_P(DurableTable, StaysOpenForWhoStillReads) {
  auto store = Open();
  Write(*store, {Put("a", "1"), Put("b", "2")});
  auto at = store->Iterate({});
  auto snapshot = store->Snapshot();

  EXPECT_THAT(store->Close(), IsOk());
  store.reset();

  EXPECT_TRUE(at->Valid());
  EXPECT_THAT(Collect(std::move(at)), SizeIs(2));
  std::string value;
  EXPECT_THAT(snapshot->Get("a", value), HasReason(Reason::kClosed));
  snapshot.reset();
  EXPECT_THAT(All(*Open()), SizeIs(2));
}

TEST_P(DurableTable, MayBeReadBesideItsWriter) {
  const auto store = Open();
  Write(*store, {Put("a", "1")}, "1");
  ASSERT_THAT(store->Persist(), IsOk());
  Write(*store, {Put("a", "2")}, "2");

  const auto reader =
      backend_->Open({.directory = Path(), .read_only = true});
  ASSERT_THAT(reader, IsOk());

  EXPECT_THAT(All(**reader), ElementsAre(Pair("a", "1")));
  EXPECT_EQ((*reader)->mark(), "1");
  EXPECT_THAT((*reader)->Write({}), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->Persist(), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->Load(), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->Close(), IsOk());
  EXPECT_THAT(store->Close(), IsOk());
}

TEST_P(DurableTable, IsGoneOnceItIsRemoved) {
  Fill();

  EXPECT_THAT(backend_->Remove(Path()), IsOk());

  EXPECT_THAT(files().Info(Path()), StatusIs(absl::StatusCode::kNotFound));
  const auto store = Open();
  EXPECT_THAT(All(*store), IsEmpty());
  EXPECT_EQ(store->mark(), "");
}

TEST_P(DurableTable, IsNewInAnEmptyDirectory) {
  ASSERT_THAT(files().CreateDirectories(Path()), IsOk());

  EXPECT_THAT(All(*Open()), IsEmpty());
}

TEST_P(DurableTable, LeavesAnothersFilesAlone) {
  ASSERT_THAT(files().CreateDirectories(Path()), IsOk());
  Overwrite("letter.txt", "dear");

  EXPECT_THAT(backend_->Open({.directory = Path()}),
              HasReason(Reason::kCorruptFile));

  EXPECT_EQ(Contents("letter.txt"), "dear");
}

TEST_P(DurableTable, OfANewerReleaseIsToldAsSuch) {
  Fill();
  Overwrite("cauce.table", "cauce table 2 whole, and more\n");

  EXPECT_THAT(backend_->Open({.directory = Path()}),
              HasReason(Reason::kUnsupportedFormat));
  EXPECT_THAT(backend_->Open({.directory = Path(), .read_only = true}),
              HasReason(Reason::kUnsupportedFormat));
}

// What damage may do: the opening tells of it, or a reader does. What is read
// in full is all there was.
TEST_P(DurableTable, TellsOfEveryFileThatIsMissingOrDamaged) {
  enum class Damage { kRemoved, kEmpty, kHalf, kShort, kZeros, kFlipped };
  Fill();
  Restart();
  const Pairs all = All(*Open());
  ASSERT_THAT(all, SizeIs(200));
  std::vector<std::pair<std::string, std::string>> whole;
  for (const std::string& name : Names())
    whole.emplace_back(name, Contents(name));
  int told = 0;

  for (const auto& [name, bytes] : whole) {
    for (const Damage damage :
         {Damage::kRemoved, Damage::kEmpty, Damage::kHalf, Damage::kShort,
          Damage::kZeros, Damage::kFlipped}) {
      SCOPED_TRACE(
          fmt::format("{}, damage {}", name, static_cast<int>(damage)));
      ASSERT_THAT(backend_->Remove(Path()), IsOk());
      Restart();
      ASSERT_THAT(files().CreateDirectories(Path()), IsOk());
      for (const auto& [other, content] : whole) Overwrite(other, content);
      std::string spoiled = bytes;
      if (damage == Damage::kEmpty) spoiled.clear();
      if (damage == Damage::kHalf) spoiled.resize(bytes.size() / 2);
      if (damage == Damage::kShort && !bytes.empty()) spoiled.pop_back();
      if (damage == Damage::kZeros) spoiled.assign(bytes.size(), '\0');
      if (damage == Damage::kFlipped && !bytes.empty())
        spoiled[bytes.size() / 2] ^= 0x10;
      Overwrite(name, spoiled);
      if (damage == Damage::kRemoved) {
        ASSERT_THAT(files().RemoveFile(Path() + "/" + name), IsOk());
      }

      const auto store = backend_->Open({.directory = Path()});
      if (!store.ok()) {
        EXPECT_THAT(store, AnyOf(HasReason(Reason::kCorruptFile),
                                 HasReason(Reason::kUnsupportedFormat)));
        ++told;
        continue;
      }
      Pairs found;
      const auto at = (*store)->Iterate({});
      for (; at->Valid(); at->Next())
        found.emplace_back(at->key(), at->value());
      if (!at->status().ok()) {
        EXPECT_THAT(at->status(), HasReason(Reason::kCorruptFile));
        ++told;
        continue;
      }
      EXPECT_EQ(found, all);
      EXPECT_EQ((*store)->mark(), "done");
    }
  }
  EXPECT_GT(told, 20);
}

TEST_P(DurableTable, OnceFoundDamagedIsNotGoneOnWith) {
  Fill();
  SpoilABlock();
  Restart();

  {
    const auto store = Open();
    EXPECT_THAT(WalkOver(*store), HasReason(Reason::kCorruptFile));
    EXPECT_THAT(MessageOf(WalkOver(*store)), HasSubstr("open it again"));
    // What else it has can still be read.
    EXPECT_EQ(store->mark(), "done");
    EXPECT_THAT(store->Close(), IsOk());
  }
  Restart();

  for (const bool read_only : {true, false}) {
    const auto again =
        backend_->Open({.directory = Path(), .read_only = read_only});
    EXPECT_THAT(again, HasReason(Reason::kCorruptFile));
    EXPECT_THAT(MessageOf(again.status()), HasSubstr("found to be damaged"));
  }
  ASSERT_THAT(backend_->Remove(Path()), IsOk());
  EXPECT_THAT(All(*Open()), IsEmpty());
}

TEST_P(DurableTable, WhichAReaderFindsDamagedIsLeftAsItIs) {
  Fill();
  SpoilABlock();
  Restart();

  const auto reader = backend_->Open({.directory = Path(), .read_only = true});
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT(WalkOver(**reader), HasReason(Reason::kCorruptFile));

  EXPECT_EQ(Contents("cauce.table"), "cauce table 1 whole\n");
}

TEST_P(DurableTable, HasNothingOfALoadThatACrashEnded) {
  Fill();
  Overwrite("cauce.load.7", "half of a run");

  EXPECT_THAT(All(*Open()), SizeIs(200));

  EXPECT_THAT(Names(), ::testing::Not(::testing::Contains("cauce.load.7")));
}

INSTANTIATE_TEST_SUITE_P(Disks, DurableTable, ::testing::ValuesIn(kEveryDisk),
                         BackendName);

}  // namespace
}  // namespace cauce::test
