// A data directory whose every batch is known: where it stands and which
// records it holds. Made once by an engine and held as an image, a map from
// paths to bytes, that a test spoils and puts on a disk as often as it likes.
//
// Plain values; for one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "engine/base/check.h"
#include "fmt/format.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

inline constexpr std::string_view kKnownDirectory = "/data";

// By path below the directory.
using Image = std::map<std::string, std::string>;
// By partition and offset.
using KnownRecords = std::map<std::pair<std::string, int64_t>, std::string>;

struct KnownBatch {
  std::string partition;
  std::string file;
  int64_t position = 0;
  int64_t bytes = 0;
  int64_t base = 0;
  int64_t next = 0;
};

enum class Stop { kClean, kKilled };
// Whether the topic was compacted once, so that its logs may have gaps.
enum class Gaps { kNone, kMayBe };

struct KnownDirectory {
  Image image;
  std::vector<KnownBatch> batches;  // by partition, in order
  KnownRecords records;             // without those below the log's start
};

// Every file below the directory but `.lock`, which says who opened it.
inline Image ImageOf(FileSystem& files, const std::string& below = "") {
  Image image;
  const std::string path = std::string(kKnownDirectory) + below;
  const auto entries = files.List(path);
  CAUCE_CHECK(entries.ok());
  for (const DirectoryEntry& entry : *entries) {
    const std::string name = below + "/" + entry.name;
    if (entry.name == ".lock") continue;
    if (entry.is_directory) {
      image.merge(ImageOf(files, name));
      continue;
    }
    const auto file =
        files.Open(std::string(kKnownDirectory) + name, OpenMode::kRead);
    CAUCE_CHECK(file.ok());
    std::string bytes(static_cast<size_t>(*(*file)->Size()), '\0');
    CAUCE_CHECK((*file)->Read(0, bytes).ok());
    image[name] = std::move(bytes);
  }
  return image;
}

// Puts the files there, durably; those that were there are gone only where
// their directory is.
inline void Put(const Image& image, FileSystem& files) {
  const std::string root(kKnownDirectory);
  CAUCE_CHECK(files.CreateDirectories(root).ok());
  for (const auto& [name, bytes] : image) {
    const std::string path = root + name;
    const std::string directory = path.substr(0, path.rfind('/'));
    CAUCE_CHECK(files.CreateDirectories(directory).ok());
    const auto file = files.Open(path, OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
    CAUCE_CHECK((*file)->Sync().ok());
    CAUCE_CHECK(files.SyncDirectory(directory).ok());
  }
}

// All that an engine reads there; a failure where it comes upon damage, or has
// something to say of what it finds.
inline KnownRecords ReadKnown(FileSystem& files) {
  KnownRecords records;
  const EventSink events = [](Severity severity, std::string_view line) {
    if (severity != Severity::kInfo) ADD_FAILURE() << "told: " << line;
  };
  auto engine =
      Engine::Open(kKnownDirectory, {.file_system = &files, .events = events});
  EXPECT_TRUE(engine.ok()) << engine.status();
  if (!engine.ok()) return records;
  const auto topics = engine->ListTopics();
  EXPECT_TRUE(topics.ok()) << topics.status();
  for (const TopicDescription& topic : *topics) {
    for (int32_t i = 0; i < topic.partitions; ++i) {
      const auto partition = engine->OpenPartition(topic.name, PartitionId{i});
      EXPECT_TRUE(partition.ok()) << partition.status();
      if (!partition.ok()) continue;
      Cursor cursor = partition->Read(partition->log_start());
      RecordView record;
      for (;;) {
        const auto more = cursor.Next(&record);
        EXPECT_TRUE(more.ok()) << more.status();
        if (!more.ok() || !*more) break;
        records[{fmt::format("{}-{}", topic.name, i), record.offset.value}] =
            std::string(record.value.value_or(""));
      }
    }
  }
  const absl::Status closed = engine->Close();
  EXPECT_TRUE(closed.ok()) << closed;
  return records;
}

// Where the batches of an image stand.
inline std::vector<KnownBatch> BatchesOf(FileSystem& files,
                                         const Image& image) {
  std::vector<KnownBatch> batches;
  for (const auto& [name, bytes] : image) {
    if (!name.ends_with(".log")) continue;
    const absl::Status dumped = DumpFile(
        files, std::string(kKnownDirectory) + name,
        [&](const DumpedEntry& entry) {
          batches.push_back(
              {.partition = name.substr(1, name.rfind('/') - 1),
               .file = name,
               .position = entry.position,
               .bytes = static_cast<int64_t>(entry.batch->bytes().size()),
               .base = entry.batch->base_offset().value,
               .next = entry.batch->next_offset().value});
          return true;
        });
    CAUCE_CHECK(dumped.ok());
  }
  return batches;
}

// Two partitions of some thirty batches in many small segments; of the second
// one the first records were deleted.
inline KnownDirectory MakeKnownDirectory(Stop stop, uint32_t seed,
                                         Gaps gaps = Gaps::kNone) {
  std::mt19937 random(seed);
  SimClock clock;
  const auto files = NewMemoryFileSystem(&clock);
  KnownDirectory known;
  auto engine = Engine::Open(kKnownDirectory,
                             {.file_system = files.get(), .clock = &clock});
  CAUCE_CHECK(engine.ok());
  const TopicSpec spec{.partitions = 2,
                       .configs = {{"internal.segment.bytes", "1500"},
                                   {"index.interval.bytes", "200"}}};
  CAUCE_CHECK(engine->CreateTopic("orders", spec).ok());
  for (const char* policy : {"compact", "delete"}) {
    if (gaps == Gaps::kNone) break;
    const std::vector<ConfigChange> configs = {{"cleanup.policy", policy}};
    CAUCE_CHECK(engine->AlterTopic("orders", configs).ok());
  }
  int values = 0;
  for (int i = 0; i < 60; ++i) {
    auto partition = engine->OpenPartition("orders", PartitionId{i % 2});
    CAUCE_CHECK(partition.ok());
    std::vector<std::string> texts;
    std::vector<Record> batch;
    for (uint32_t n = 1 + random() % 4; n > 0; --n) {
      texts.push_back(fmt::format("value {} ", ++values));
      texts.back().resize(texts.back().size() + random() % 150, 'v');
    }
    for (const std::string& text : texts) {
      batch.push_back({.key = "k", .value = text});
    }
    CAUCE_CHECK(partition->Append(batch).ok());
    // A recovery point in the middle.
    if (i == 40) CAUCE_CHECK(engine->RunUpkeep().ok());
  }
  CAUCE_CHECK(engine->OpenPartition("orders", PartitionId{1})
                  ->DeleteRecordsBefore(Offset{3})
                  .ok());
  if (stop == Stop::kClean) CAUCE_CHECK(engine->Close().ok());
  known.image = ImageOf(*files);
  known.batches = BatchesOf(*files, known.image);
  const auto copy = NewMemoryFileSystem(&clock);
  Put(known.image, *copy);
  known.records = ReadKnown(*copy);
  return known;
}

}  // namespace cauce::test
