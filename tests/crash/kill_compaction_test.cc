// Kills real programs while their topic is compacted, again and again in one
// directory: whatever pass was under way, each transaction that was committed
// is there as a whole or was followed by another, and none that was not is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "fmt/format.h"
#include "tests/testing/seed.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {
namespace {

constexpr char kWriter[] = "tests/crash/kill_compactor";
constexpr int kPartitions = 3;
constexpr int kKeys = 3;
constexpr int kKills = 12;

class KillCompaction : public CauceTest {
 protected:
  void TearDown() override {
    std::printf("kills %d\n", kills_);
    CauceTest::TearDown();
  }

  // Kills the writer once it has said so many lines.
  void KillAfter(size_t lines) {
    Words words = {kWriter, dir(), fmt::format("{}", ++kills_)};
    for (const Counts& each : counts_) {
      words.push_back(fmt::format("{}", each.begun));
    }
    Process writer(words);
    for (size_t said = 0; said < lines; ++said) {
      const auto line = writer.ReadLine();
      if (!line) break;
      Hear(*line);
    }
    writer.Signal(SIGKILL);
    while (const auto line = writer.ReadLine()) Hear(*line);
    const Process::Result result = writer.Finish();
    EXPECT_EQ(result.exit, 128 + SIGKILL) << result.err;
  }

  // Reads what is there as it was left, without recovering it.
  void CheckAll() {
    const std::string listed = Do({"topic", "list"});
    if (listed.find("table") == std::string::npos) return;
    const Words lines =
        LinesOf(Do({"consume", "table", "--isolation", "read-committed",
                    "--print", "%p %k %v\n"}));
    std::map<size_t, std::map<std::string, std::string>> tables;
    for (const std::string& line : lines) {
      std::istringstream in(line);
      size_t partition = 0;
      std::string key, value;
      in >> partition >> key >> value;
      tables[partition][key] = value;
    }
    for (size_t p = 0; p < counts_.size(); ++p) {
      SCOPED_TRACE(fmt::format("partition {}", p));
      CheckTable(counts_[p], tables[p]);
    }
    const Process::Result verified = Run({"log", "verify"});
    EXPECT_EQ(verified.exit, 0) << verified.out << verified.err;
  }

 private:
  struct Counts {
    int64_t begun = 0;
    int64_t committed = 0;
  };

  void Hear(const std::string& line) {
    std::istringstream in(line);
    std::string verb;
    size_t partition = 0;
    int64_t count = 0;
    in >> verb >> partition >> count;
    ASSERT_NE(verb, "failed") << line;
    if (verb == "begin") counts_.at(partition).begun = count;
    if (verb == "commit") counts_.at(partition).committed = count;
  }

  static void CheckTable(const Counts& counts,
                         const std::map<std::string, std::string>& table) {
    if (table.empty()) {
      EXPECT_EQ(counts.committed, 0);
      return;
    }
    EXPECT_EQ(table.size(), static_cast<size_t>(kKeys));
    const std::string value = table.begin()->second;
    for (const auto& [key, each] : table) EXPECT_EQ(each, value) << key;
    const int64_t count = std::atoll(value.c_str());
    EXPECT_GE(count, counts.committed) << value;
    EXPECT_LE(count, counts.begun) << value;
  }

  std::array<Counts, kPartitions> counts_;
  int kills_ = 0;
};

TEST_F(KillCompaction, ShowsWholeTransactionsAndNoneThatWasNotCommitted) {
  const Seed seed;
  std::mt19937_64 random(seed.value());
  KillAfter(200);
  for (int i = 1; i < kKills && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("kill {}", i));
    CheckAll();
    // Also within its opening, which ends what the last one left.
    KillAfter(random() % 4 == 0 ? 1 : random() % 400);
  }
  CheckAll();
  // The next one that opens it leaves nothing to say.
  Do({"log", "compact", "table"});
  CheckAll();
}

}  // namespace
}  // namespace cauce::test
