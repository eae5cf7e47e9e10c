// Tables in RocksDB with options of a test's own, and what a process has of
// threads. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>

#include "cauce/state_store.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline std::shared_ptr<StateBackend> Backend(RocksDbOptions options = {}) {
  auto backend = NewRocksDbStateBackend(options);
  EXPECT_THAT(backend, IsOk());
  return *std::move(backend);
}

inline std::unique_ptr<StateStore> Open(StateBackend& backend,
                                 const std::string& directory) {
  auto store = backend.Open({.directory = directory});
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

inline int Threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace cauce::test
