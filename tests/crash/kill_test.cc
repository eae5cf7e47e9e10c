// Kills real programs while they write, again and again in one directory, and
// compares what the next one reads with what they acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "tests/crash/acknowledged.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {
namespace {

constexpr char kWriter[] = "tests/crash/kill_writer";
constexpr int kPartitions = 5;
constexpr int kKills = 20;

class Kill : public CauceTest {
 protected:
  void TearDown() override {
    std::printf("kills %d\n", kills_);
    CauceTest::TearDown();
  }

  // Kills the writer once it has said so many lines; returns all it said.
  Words KillAfter(Process& writer, size_t lines) {
    Words said;
    while (said.size() < lines) {
      auto line = writer.ReadLine();
      if (!line) break;
      said.push_back(*std::move(line));
    }
    writer.Signal(SIGKILL);
    while (auto line = writer.ReadLine()) said.push_back(*std::move(line));
    const Process::Result result = writer.Finish();
    EXPECT_EQ(result.exit, 128 + SIGKILL) << result.err;
    ++kills_;
    return said;
  }

  // The one with many threads, topics that stay and topics that come and go.
  void KillThreads(const std::string& name, size_t lines) {
    Process writer({kWriter, dir(), name});
    for (const std::string& line : KillAfter(writer, lines)) {
      std::istringstream in(line);
      std::string verb, topic, value;
      int partition = -1;
      int64_t offset = -1;
      in >> verb >> topic;
      ASSERT_NE(verb, "failed") << line;
      if (verb == "ack") {
        in >> partition >> offset >> value;
        ASSERT_THAT(acknowledged_.Add({topic, partition}, offset, value),
                    IsOk());
      } else if (!topic.empty()) {
        said_of_[topic] = verb;
      }
    }
  }

  // `cauce produce`, which says the offsets; the lines of each partition get
  // theirs in the order in which they are read.
  void KillProduce(const std::string& name, size_t lines) {
    std::string input;
    std::map<int, Words> sent;
    for (int i = 0; i < 300; ++i) {
      const int partition = i * 7 % kPartitions;
      const std::string value = fmt::format("{}-{}", name, i);
      sent[partition].push_back(value);
      input += fmt::format("{{\"partition\":{},\"value\":\"{}\"}}\n", partition,
                           value);
    }
    Process writer(WithDir({"produce", "synced", "--format", "json",
                            "--print-acks", "--batch-bytes", "200"}));
    writer.Write(input);
    for (const std::string& line : KillAfter(writer, lines)) {
      int partition = -1;
      long long offset = -1;
      ASSERT_EQ(std::sscanf(line.c_str(),
                            "{\"topic\":\"synced\",\"partition\":%d,"
                            "\"offset\":%lld}",
                            &partition, &offset),
                2)
          << line;
      const int64_t at = offset - acknowledged_.EndOf({"synced", partition});
      ASSERT_GE(at, 0) << line << ": an offset that was given before";
      ASSERT_LT(at, static_cast<int64_t>(sent[partition].size())) << line;
      ASSERT_THAT(acknowledged_.Add({"synced", partition}, offset,
                                    sent[partition][static_cast<size_t>(at)]),
                  IsOk());
    }
  }

  std::set<std::string> ListTopics() {
    std::set<std::string> names;
    for (const std::string& line : LinesOf(Do({"topic", "list"}))) {
      names.insert(line.substr(0, line.find(' ')));
    }
    return names;
  }

  // Reads what is there as it was left, without recovering it.
  void CheckAll() {
    const std::set<std::string> topics = ListTopics();
    FoundRecords found;
    for (const std::string topic : {"synced", "written"}) {
      if (!topics.contains(topic)) continue;
      const Words lines =
          LinesOf(Do({"consume", topic, "--print", "%p %o %v\n"}));
      for (const std::string& line : lines) {
        std::istringstream in(line);
        int partition = -1;
        FoundRecord record;
        in >> partition >> record.offset >> record.value;
        found[{topic, partition}].push_back(std::move(record));
      }
    }
    ASSERT_THAT(acknowledged_.Check(found), IsOk());
    for (const auto& [topic, said] : said_of_) {
      if (said == "made") {
        EXPECT_TRUE(topics.contains(topic)) << topic << " is gone";
      } else if (said == "deleted") {
        EXPECT_FALSE(topics.contains(topic)) << topic << " is back";
      }
    }
    const Process::Result verified = Run({"log", "verify"});
    EXPECT_EQ(verified.exit, 0) << verified.out << verified.err;
  }

 private:
  Acknowledged acknowledged_;
  std::map<std::string, std::string> said_of_;  // topic, the last word
  int kills_ = 0;
};

TEST_F(Kill, TakesNothingThatWasAcknowledged) {
  const Seed seed;
  std::mt19937_64 random(seed.value());
  // So that the other writer finds its topic.
  KillThreads("first", 100);
  for (int i = 1; i < kKills && !HasFatalFailure(); ++i) {
    SCOPED_TRACE(fmt::format("kill {}", i));
    const std::string name = fmt::format("n{}", i);
    CheckAll();
    if (random() % 3 == 0) {
      KillProduce(name, random() % 100);
    } else {
      // Also within its opening, which recovers what the last one left.
      KillThreads(name, random() % 4 == 0 ? 1 : random() % 500);
    }
  }
  CheckAll();
  // The next one that opens it leaves nothing to say.
  Do({"produce", "synced"}, "");
  CheckAll();
}

}  // namespace
}  // namespace cauce::test
