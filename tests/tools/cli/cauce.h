// The program under test and a directory for it. What a test leaves in the
// directory is verified at its end: a directory that nobody damaged or killed
// leaves nothing to say. For one thread at a time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

using Words = std::vector<std::string>;

// Tests run from the root of the tree of what was built.
inline constexpr char kCauce[] = "tools/cauce";

inline Words Command(Words words) {
  words.insert(words.begin(), kCauce);
  return words;
}

inline Words LinesOf(const std::string& text) {
  Words lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string ManyLines(int from, int to) {
  std::string lines;
  for (int i = from; i < to; ++i) {
    lines += fmt::format("record number {} of this topic\n", i);
  }
  return lines;
}
inline std::string ManyLines(int count) { return ManyLines(0, count); }

class CauceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    ExpectVerified(*PosixFileSystem(), dir(), leaves_);
  }

  Process::Result Run(Words words, std::string_view input = "") {
    return test::Run(WithDir(std::move(words)), input);
  }

  // The same, for what must succeed; returns standard output.
  std::string Do(Words words, std::string_view input = "") {
    const Process::Result result = Run(std::move(words), input);
    EXPECT_EQ(result.exit, 0) << result.err;
    return result.out;
  }

  Words WithDir(Words words) const {
    words.insert(words.end(), {"--dir", dir()});
    return Command(std::move(words));
  }

  std::string dir() const { return scratch_ / "data"; }

  // What the test leaves behind on purpose.
  void Leaves(Left what) { leaves_ = what; }

  TempDir scratch_;

 private:
  Left leaves_ = Left::kWhole;
};

}  // namespace cauce::test
