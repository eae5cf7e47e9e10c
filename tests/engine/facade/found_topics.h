// An engine over directories of topics that brokers, deletions that stopped and
// people have left.
//
// For one thread; its checks are those of the test that it is in.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

class FoundTopics : public CountedEngine {
 protected:
  // A partition as brokers before 2.8 left them: without partition.metadata.
  void MakeWithoutId(const std::string& name) {
    const std::string path = "/data/" + name;
    ASSERT_THAT(files_.CreateDirectories(path), IsOk());
    ASSERT_THAT(
        files_.Open(path + "/00000000000000000000.log", OpenMode::kCreate),
        IsOk());
  }
  void ExchangeDirectories(const std::string& one, const std::string& other) {
    ASSERT_THAT(files_.Rename(one, "/data/away"), IsOk());
    ASSERT_THAT(files_.Rename(other, one), IsOk());
    ASSERT_THAT(files_.Rename("/data/away", other), IsOk());
  }
  // What is left of deleted topics.
  std::vector<std::string> Leftovers() {
    std::vector<std::string> left;
    const std::vector<DirectoryEntry> entries = files_.List("/data").value();
    for (const DirectoryEntry& entry : entries) {
      if (entry.name.ends_with("-delete")) left.push_back(entry.name);
    }
    return left;
  }
};

}  // namespace cauce::test
