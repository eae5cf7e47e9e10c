// A writer beside threads that read: every write sets all keys to one number,
// so that a view with two of them is half of a write.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline void ExpectWholeWritesAreSeen(StateStore& store) {
  constexpr int kKeys = 20;
  constexpr int kWrites = 300;
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(fmt::format("{:02}", i));
  const auto write = [&](int number) {
    const std::string value = std::to_string(number);
    std::vector<StateChange> changes;
    for (const std::string& key : keys) changes.push_back(Put(key, value));
    const std::vector<KeyRange> erased = {{}};
    return store.Write({erased, changes, value});
  };
  ASSERT_THAT(write(0), IsOk());

  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (const KeyOrder order : {KeyOrder::kForward, KeyOrder::kReverse}) {
    readers.emplace_back([&, order] {
      int last = 0;
      do {
        const auto snapshot = store.Snapshot();
        const Pairs pairs = All(*snapshot, {}, order);
        ASSERT_EQ(pairs.size(), kKeys);
        const int number = std::stoi(pairs.front().second);
        EXPECT_GE(number, last);
        last = number;
        for (const Pair& pair : pairs)
          ASSERT_EQ(pair.second, pairs.front().second);
        ASSERT_EQ(Read(*snapshot, keys[3]), pairs.front().second);
        ASSERT_EQ(All(store).size(), kKeys);
        ASSERT_LE(number, std::stoi(store.mark()));
      } while (!done);
    });
  }
  for (int number = 1; number <= kWrites; ++number)
    EXPECT_THAT(write(number), IsOk());
  done = true;
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(Read(store, keys[0]), std::to_string(kWrites));
}

}  // namespace cauce::test
