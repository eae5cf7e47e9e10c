// An engine on a disk of a test's own, with stores whose tables are kept from
// one opening to the next. For one thread, but for the stores themselves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/stores.h"
#include "engine/base/check.h"
#include "tests/engine/state/kept_tables.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

using Rows = std::map<std::string, std::string>;

inline Rows RowsOf(StoreIterator at) {
  Rows rows;
  for (; at.Valid(); at.Next()) {
    rows.emplace(at.row().key, at.row().value);
  }
  EXPECT_TRUE(at.status().ok()) << at.status();
  return rows;
}

// Values in the order in which they come.
inline std::vector<std::string> ValuesOf(StoreIterator at) {
  std::vector<std::string> values;
  for (; at.Valid(); at.Next()) values.emplace_back(at.row().value);
  EXPECT_TRUE(at.status().ok()) << at.status();
  return values;
}

class StoreRig {
 public:
  explicit StoreRig(FileSystem* disk = nullptr)
      : own_disk_(NewMemoryFileSystem(&clock)),
        disk_(disk != nullptr ? disk : own_disk_.get()) {
    Open();
  }

  void Open(Access access = Access::kReadWrite) {
    auto opened = Engine::Open("/data", EngineOptionsOf(access));
    CAUCE_CHECK(opened.ok());
    engine.emplace(*std::move(opened));
    OpenStores();
  }
  void OpenStores() {
    options.backend = tables.NewBackend();
    auto made = Stores::Open(*engine, options);
    CAUCE_CHECK(made.ok());
    stores.emplace(*std::move(made));
  }
  // As a program that ends well.
  void CloseEngine() {
    stores.reset();
    CAUCE_CHECK(engine->Close().ok());
    engine.reset();
  }
  // The tables lose what was not persisted; the log keeps what is durable.
  void Crash(size_t lost_writes) {
    tables.Crash(lost_writes);
    stores.reset();
    engine.reset();
  }

  EngineOptions EngineOptionsOf(Access access) {
    EngineOptions made;
    made.access = access;
    made.file_system = disk_;
    made.clock = &clock;
    made.events = [this](Severity, std::string_view line) {
      MutexLock lock(mutex);
      events.emplace_back(line);
    };
    return made;
  }
  bool Told(std::string_view word) {
    MutexLock lock(mutex);
    for (const std::string& line : events) {
      if (line.find(word) != std::string::npos) return true;
    }
    return false;
  }

  SimClock clock;
  Mutex mutex;
  std::vector<std::string> events;
  KeptTables tables;
  StoresOptions options;

 private:
  std::unique_ptr<FileSystem> own_disk_;
  FileSystem* disk_;

 public:
  std::optional<Engine> engine;
  std::optional<Stores> stores;
};

// What store `s` has when it is opened.
inline Rows AllOf(StoreRig& rig, std::string_view name = "s") {
  auto store = rig.stores->OpenKeyValue(name);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? RowsOf(store->All()) : Rows();
}

// Three keys, closed well.
inline void Fill(StoreRig& rig) {
  auto store = rig.stores->OpenKeyValue("s").value();
  for (const auto* key : {"a", "b", "c"}) {
    ASSERT_TRUE(store.Put(key, key).ok());
  }
}

inline const Rows kFilled = {{"a", "a"}, {"b", "b"}, {"c", "c"}};

}  // namespace cauce::test
