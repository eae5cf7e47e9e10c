// `cauce.topics`: as it is, and with a checksum that is right; alone, and
// beside a whole copy. What is read is written back the same, can be edited and
// saved, and what was saved can be loaded.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr std::string_view kDirectory = "/data";

std::string WithChecksum(std::string_view text) {
  return fmt::format("{}crc32c {:08x}\n", text, Crc32c(text));
}

// What it is in front of its last line.
std::string_view WithoutLastLine(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const size_t end = text.rfind('\n');
  return end == std::string_view::npos ? "" : text.substr(0, end + 1);
}

void CheckError(const absl::Status& status) {
  ExpectReason(status, {Reason::kCorruptFile, Reason::kUnsupportedFormat});
  CAUCE_CHECK(status.message().size() < 2000);
}

// A directory in memory with these two copies.
std::unique_ptr<FileSystem> DirectoryOf(std::string_view main,
                                        std::string_view copy) {
  auto files = NewMemoryFileSystem();
  CAUCE_CHECK(files->CreateDirectories(kDirectory).ok());
  for (const auto& [name, bytes] :
       {std::pair{kCatalogFile, main}, std::pair{kCatalogCopyFile, copy}}) {
    CAUCE_CHECK(
        WriteAndSyncFile(*files, JoinPath(kDirectory, name), bytes).ok());
  }
  return files;
}

void CheckPlan(const TopicCatalog& catalog) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, topic] : catalog.topics()) {
    entries.push_back({TopicPartition{name, PartitionId{0}}.ToString(), true});
  }
  entries.push_back({"found-0", true});
  const OpenPlan plan = PlanOpen(catalog, entries);
  // Nothing goes but what a creation or a deletion of ours has left.
  for (const std::string& directory : plan.remove) {
    const auto partition = ParseTopicPartition(directory);
    CAUCE_CHECK(partition.has_value());
    const TopicEntry* const topic = catalog.Find(partition->topic);
    CAUCE_CHECK(topic != nullptr && topic->state != TopicState::kLive);
  }
}

void CheckSaved(TopicCatalog catalog, FileSystem& files) {
  const auto topics = catalog.topics();
  if (!catalog.Save(files, kDirectory).ok()) return;
  const auto loaded = TopicCatalog::Load(files, kDirectory);
  CAUCE_CHECK(loaded.ok());
  CAUCE_CHECK(loaded->topics() == topics);
  CAUCE_CHECK(loaded->damage().empty());
}

void CheckCatalog(std::string_view bytes) {
  const auto read = TopicCatalog::Parse("cauce.topics", bytes);
  ExpectSmallAllocations((64 << 10) + 16 * bytes.size());
  // Beside nothing, and beside a copy that is whole.
  const std::string good = WithChecksum(
      "cauce.topics 1\ngeneration 1\ntopics 1\n"
      "topic good 1 8PHy8_T19vf4-fr7_P3-_w live given\n");
  const auto files = DirectoryOf(bytes, good);
  const auto loaded = TopicCatalog::Load(*files, kDirectory);
  if (!read.ok()) {
    CheckError(read.status());
    const bool newer = ReasonOf(read.status()) == Reason::kUnsupportedFormat;
    CAUCE_CHECK(loaded.ok() == !newer);
    if (newer) return;
    CAUCE_CHECK(loaded->Find("good") != nullptr);
    CAUCE_CHECK(!loaded->damage().empty());
    CheckSaved(*loaded, *files);
    return;
  }
  CAUCE_CHECK(loaded.ok());
  const auto again = TopicCatalog::Parse("cauce.topics", read->Format());
  CAUCE_CHECK(again.ok());
  CAUCE_CHECK(again->topics() == read->topics());
  CAUCE_CHECK(again->Format() == read->Format());
  CheckPlan(*read);
  CheckSaved(*read, *files);
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckCatalog(input);
  CheckCatalog(WithChecksum(WithoutLastLine(input)));
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  for (const std::string_view text :
       {"cauce.topics 1\ngeneration 0\ntopics 0\n",
        "cauce.topics 1\ngeneration 12\ntopics 2\n"
        "topic metrics 3 8PHy8_T19vf4-fr7_P3-_w live given\n"
        "config retention.ms=-1\nconfig cleanup.policy=compact,delete\n"
        "topic orders 1 AAAAAAAAAAAAAAAAAAAAAA live imported\n",
        "cauce.topics 1\ngeneration 9223372036854775806\ntopics 2\n"
        "topic a 100000 8PHy8_T19vf4-fr7_P3-_w creating given\n"
        "topic a.b-c_d 1 8PHy8_T19vf4-fr7_P3-_w deleting given\n"
        "config unknown.key==x y\n",
        "cauce.topics 2\nwhatever\n"}) {
    seeds.push_back(WithChecksum(text));
  }
  return seeds;
}

}  // namespace cauce::fuzz
