// Whatever is appended, compacted and deleted beside a backup, in its midst
// too: what is restored is the topic as it was at one moment. The model is the
// list of all that was ever appended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "cauce/backup.h"
#include "fmt/format.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

constexpr int kTopics = 25;
constexpr int kCommandsBefore = 30;

class RandomBackups : public Backups {
 protected:
  struct Appended {
    std::string key;
    std::string text;  // as ReadAll has it
  };

  RandomBackups() : random_(seed_.value()) {}

  // One of the things that a writer does.
  void Do(Client& client) {
    Partition partition = PartitionOf(client, "state", 0);
    const uint32_t what = random_() % 20;
    if (what == 0) {
      EXPECT_THAT(partition.Compact(), IsOk());
    } else if (what == 1) {
      const int64_t records = partition.log_end() - partition.log_start();
      const int64_t gone = records == 0 ? 0 : random_() % records / 4;
      EXPECT_THAT(partition.DeleteRecordsBefore(partition.log_start() + gone),
                  IsOk());
    } else {
      const std::string key = "k" + std::to_string(random_() % 5);
      // Of different sizes, so that segments end anywhere.
      const std::string value =
          fmt::format("{} {}", appended_.size(),
                      std::string(random_() % 200'000, 'v'));
      appended_.push_back(
          {key, fmt::format("{}:{}", partition.log_end().value, value)});
      Append(client, "state", 0, key, value);
    }
  }

  // Of each key the last one of [from, next) is there, and nothing else but
  // what was appended.
  void ExpectOfOneMoment(const OffsetRange& log,
                         const std::vector<std::string>& restored) {
    std::map<std::string, std::string> last;
    std::map<std::string, int> known;
    for (int64_t at = log.base.value; at < log.next.value; ++at) {
      const Appended& each = appended_[static_cast<size_t>(at)];
      last[each.key] = each.text;
      known[each.text] = 1;
    }
    for (const std::string& text : restored)
      EXPECT_EQ(known.erase(text), 1u) << text.substr(0, 20);
    for (const auto& [key, text] : last) {
      EXPECT_FALSE(known.contains(text))
          << key << " has lost " << text.substr(0, 20);
    }
  }

  const Seed seed_;
  std::mt19937 random_;
  std::vector<Appended> appended_;
};

TEST_F(RandomBackups, OfTopicsThatChangeBesideAreOfOneMoment) {
  for (int i = 0; i < kTopics; ++i) {
    SCOPED_TRACE(fmt::format("topic {}", i));
    const std::string source_path = fmt::format("/source{}", i);
    const std::string backup_path = fmt::format("/backup{}", i);
    auto source = OpenAt(*files_, source_path);
    ASSERT_THAT(source->engine()->CreateTopic(
                    "state", {.configs = {{"cleanup.policy", "compact,delete"},
                                          {"segment.bytes", "1048576"},
                                          {"retention.ms", "-1"}}}),
                IsOk());
    appended_.clear();
    for (int n = 0; n < kCommandsBefore; ++n) Do(*source);
    const Offset before = PartitionOf(*source, "state", 0).log_end();
    uint32_t left = random_() % 12;
    BackupOptions options = ToFiles();
    options.progress = [&](const BackupProgress&) {
      if (left > 0 && random_() % 2 == 0) {
        --left;
        for (uint32_t n = random_() % 8; n > 0; --n) Do(*source);
      }
      return absl::OkStatus();
    };

    const auto backup =
        BackupTopic(source_path, "state", backup_path, options);
    ASSERT_THAT(backup, IsOk());
    auto target = OpenAt(*files_, fmt::format("/target{}", i));
    ASSERT_THAT(RestoreTopic(*target->engine(), backup_path, FromFiles()),
                IsOk());

    const OffsetRange log = backup->partitions[0];
    Partition restored = PartitionOf(*target, "state", 0);
    EXPECT_GE(log.next, before);
    EXPECT_EQ(restored.log_start(), log.base);
    EXPECT_EQ(restored.log_end(), log.next);
    ExpectOfOneMoment(log, ReadAll(restored));
  }
}

}  // namespace
}  // namespace cauce::test
