// State stores of a real process, which is killed again and again, and two
// readers beside it in another: what they show is what was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "cauce/engine.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/many_records.h"
#include "tests/property/any_store.h"
#include "tests/property/store_model.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {
namespace {

constexpr char kWriter[] = "tests/crash/store_writer";
constexpr int64_t kMinute = 60'000;
constexpr int64_t kRetention = 10 * kMinute;

// Both stores as another process shows them.
struct Reader {
  Engine engine;
  Stores stores;
  AnyStore counts;
  AnyStore seen;
};

class KillStore : public CauceTest {
 protected:
  void TearDown() override {
    std::printf("kills %d\n", kills_);
    CauceTest::TearDown();
  }

  // Until it says that the stores are open.
  void Start() {
    writer_ = std::make_unique<Process>(Words{kWriter, dir()});
    while (const auto line = writer_->ReadLine()) {
      if (*line == "open") return;
      ASSERT_FALSE(line->starts_with("failed")) << *line;
    }
    FAIL() << writer_->Finish().err;
  }

  void Tell(const std::string& line) {
    ASSERT_TRUE(writer_->Write(line + '\n'));
    const auto said = writer_->ReadLine();
    ASSERT_TRUE(said.has_value());
    ASSERT_EQ(*said, "done");
  }

  void Kill() {
    writer_->Signal(SIGKILL);
    EXPECT_EQ(writer_->Finish().exit, 128 + SIGKILL);
    writer_.reset();
    ++kills_;
  }

  void Close() {
    writer_->CloseInput();
    const Process::Result result = writer_->Finish();
    EXPECT_EQ(result.exit, 0) << result.out << result.err;
    writer_.reset();
  }

  std::unique_ptr<Reader> Read() {
    auto engine = Engine::Open(dir(), {.access = Access::kReadOnly});
    EXPECT_THAT(engine, IsOk());
    auto stores = Stores::Open(*engine);
    EXPECT_THAT(stores, IsOk());
    auto counts =
        AnyStore::Open(*stores, StoreKind::kKeyValue, "counts", {});
    EXPECT_THAT(counts, IsOk());
    auto seen = AnyStore::Open(*stores, StoreKind::kWindow, "seen", {});
    EXPECT_THAT(seen, IsOk());
    if (!counts.ok() || !seen.ok()) return nullptr;
    return std::unique_ptr<Reader>(
        new Reader{*std::move(engine), *std::move(stores), *std::move(counts),
                   *std::move(seen)});
  }

  void WipeTable(const std::string& store) {
    std::filesystem::remove_all(
        fmt::format("{}/cauce.stores/{}-changelog-0", dir(), store));
  }

  std::unique_ptr<Process> writer_;
  int kills_ = 0;
};

TEST_F(KillStore, TwoReadersShowWhatItWroteAtEachStep) {
  const Seed seed;
  std::mt19937 random(seed.value());
  StoreModel counts(StoreKind::kKeyValue, 0);
  StoreModel seen(StoreKind::kWindow, kRetention);
  const auto shows = [&](const Reader& reader, const StoreModel& plain,
                         const StoreModel& windows) {
    const RowsAsked back{.from = "k3", .order = KeyOrder::kReverse};
    EXPECT_EQ(LinesOf(plain, reader.counts.Walk({})), plain.Shown());
    EXPECT_EQ(LinesOf(plain, reader.counts.Walk(back)), plain.Shown(back));
    EXPECT_EQ(LinesOf(windows, reader.seen.Walk({})), windows.Shown());
    EXPECT_EQ(LinesOf(windows, reader.seen.Walk(back)), windows.Shown(back));
  };
  std::unique_ptr<Reader> held;
  std::optional<std::pair<StoreModel, StoreModel>> held_shows;
  Start();
  int64_t now = 1'700'000'000'000;
  for (int step = 0; step < 120 && !HasFailure(); ++step) {
    SCOPED_TRACE(fmt::format("step {}", step));
    const RowId id{.key = fmt::format("k{}", random() % 8)};
    const std::string value = fmt::format("{}", step);
    switch (random() % 12) {
      case 0:
        Tell("persist");
        break;
      case 1:
        Kill();
        if (random() % 3 == 0) WipeTable("counts");
        if (random() % 3 == 0) WipeTable("seen");
        // While there is nobody.
        if (const auto reader = Read()) shows(*reader, counts, seen);
        Start();
        break;
      case 2:
        Close();
        Start();
        break;
      case 3:
      case 4:
        Tell(fmt::format("drop {}", id.key));
        counts.Log(id, std::nullopt);
        break;
      case 5:
      case 6:
      case 7: {
        now += static_cast<int64_t>(random() % 3) * kMinute;
        RowId window = id;
        window.start = now - static_cast<int64_t>(random() % 12) * kMinute;
        Tell(fmt::format("window {} {} {}", id.key, window.start, value));
        if (!seen.IsLate(window)) seen.Log(window, RowValue{value});
        break;
      }
      default:
        Tell(fmt::format("put {} {}", id.key, value));
        counts.Log(id, RowValue{value});
    }
    if (HasFailure()) break;
    auto fresh = Read();
    ASSERT_NE(fresh, nullptr);
    shows(*fresh, counts, seen);
    // The other one shows what was when it came.
    if (held != nullptr) shows(*held, held_shows->first, held_shows->second);
    if (held == nullptr || random() % 10 == 0) {
      held = std::move(fresh);
      held_shows.emplace(counts, seen);
    }
  }
  if (writer_ != nullptr) Close();
}

TEST_F(KillStore, WhatItSaidIsThereAndNothingBehindTheNextIs) {
  const Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 8 && !HasFailure(); ++i) {
    Start();
    if (HasFailure()) return;
    ASSERT_TRUE(writer_->Write(fmt::format("count key{}\n", i)));
    int64_t said = 0;
    const int64_t lines = static_cast<int64_t>(random() % 200);
    while (said < lines && writer_->ReadLine()) ++said;
    writer_->Signal(SIGKILL);
    while (writer_->ReadLine()) ++said;
    EXPECT_EQ(writer_->Finish().exit, 128 + SIGKILL);
    ++kills_;
    if (i % 2 == 1) WipeTable("counts");

    const auto reader = Read();
    ASSERT_NE(reader, nullptr);
    const auto found =
        reader->counts.Find({.key = fmt::format("key{}", i)});
    ASSERT_THAT(found, IsOk());
    const int64_t number =
        found->has_value() ? std::atoll((*found)->value.c_str()) : 0;
    EXPECT_GE(number, said);
    EXPECT_LE(number, said + 1);
  }
  Start();
  if (writer_ != nullptr) Close();
}

TEST_F(KillStore, InTheMidstOfARestoreCostsNothing) {
  const Seed seed;
  std::mt19937 random(seed.value());
  std::map<std::string, std::string> rows;
  {
    auto engine = Engine::Open(dir()).value();
    rows = FillChangelog(engine, "counts-changelog", 150'000, 100);
    ASSERT_THAT(engine.Close(), IsOk());
  }
  for (int i = 0; i < 6; ++i) {
    Process writer({kWriter, dir()});
    // Each line stands for some MB; the one that says that it is open is last.
    const size_t lines = random() % 5;
    for (size_t said = 0; said < lines; ++said) {
      const auto line = writer.ReadLine();
      ASSERT_TRUE(line.has_value());
      ASSERT_FALSE(line->starts_with("failed")) << *line;
    }
    writer.Signal(SIGKILL);
    EXPECT_EQ(writer.Finish().exit, 128 + SIGKILL);
    ++kills_;
    if (random() % 3 == 0) WipeTable("counts");
  }
  Start();
  if (writer_ != nullptr) Close();

  const auto reader = Read();

  ASSERT_NE(reader, nullptr);
  StoreModel model(StoreKind::kKeyValue, 0);
  for (const auto& [key, value] : rows) {
    model.Log({.key = key}, RowValue{value});
  }
  EXPECT_TRUE(LinesOf(model, reader->counts.Walk({})) == model.Shown());
}

}  // namespace
}  // namespace cauce::test
