// A directory to back up from, and another to restore to, on one disk in
// memory; what is compared is every byte of a partition's files. For one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/backup.h"
#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

// All that a file holds.
inline std::string BytesOf(FileSystem& files, const std::string& path) {
  const auto file = files.Open(path, OpenMode::kRead);
  EXPECT_THAT(file, IsOk());
  if (!file.ok()) return "";
  std::string bytes(static_cast<size_t>((*file)->Size().value()), '\0');
  EXPECT_THAT((*file)->Read(0, {bytes.data(), bytes.size()}), IsOk());
  return bytes;
}

// The names in `directory` that end so, sorted.
inline std::vector<std::string> NamesIn(FileSystem& files,
                                        const std::string& directory,
                                        std::string_view end) {
  std::vector<std::string> names;
  const auto entries = files.List(directory);
  EXPECT_THAT(entries, IsOk());
  if (!entries.ok()) return names;
  for (const DirectoryEntry& entry : *entries)
    if (entry.name.ends_with(end)) names.push_back(entry.name);
  std::ranges::sort(names);
  return names;
}

// The files of a partition by name, but for the one with its topic's id, and
// all snapshots of producers but the newest, where that tells of any: others
// are made, or go, whenever a log is opened or recovered.
inline std::map<std::string, std::string> FilesOf(FileSystem& files,
                                                  const std::string& path) {
  std::map<std::string, std::string> all;
  const auto entries = files.List(path);
  EXPECT_THAT(entries, IsOk());
  if (!entries.ok()) return all;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == "partition.metadata") continue;
    all[entry.name] = BytesOf(files, path + "/" + entry.name);
  }
  std::string newest;
  for (const auto& [name, bytes] : all)
    if (name.ends_with(".snapshot")) newest = name;
  std::erase_if(all, [&](const auto& each) {
    const std::string& name = each.first;
    constexpr size_t kOfNoProducer = 10;
    return name.ends_with(".snapshot") &&
           (name != newest || each.second.size() == kOfNoProducer);
  });
  return all;
}

// A client without threads.
inline std::unique_ptr<Client> OpenAt(
    FileSystem& files, const std::string& directory,
    std::vector<std::string>* events = nullptr) {
  ClientOptions options;
  options.threads = 0;
  options.engine.file_system = &files;
  options.engine.free_bytes_min = 0;
  options.engine.offsets_topic_partitions = 2;
  if (events != nullptr) {
    options.engine.events = [events](Severity, std::string_view line) {
      events->emplace_back(line);
    };
  }
  auto client = Client::Open("dir:" + directory, options);
  EXPECT_THAT(client, IsOk());
  return client.ok() ? *std::move(client) : nullptr;
}

inline Partition PartitionOf(Client& client, const std::string& topic,
                             int32_t partition) {
  return client.engine()->OpenPartition(topic, PartitionId{partition}).value();
}

inline void Append(Client& client, const std::string& topic, int32_t partition,
                   std::string_view key, std::string_view value) {
  const Record record{.key = key, .value = value, .timestamp = {1000}};
  EXPECT_THAT(PartitionOf(client, topic, partition).Append({&record, 1}),
              IsOk());
}

// "offset:value" of all that can be read.
inline std::vector<std::string> ReadAll(
    const Partition& partition,
    Isolation isolation = Isolation::kReadUncommitted) {
  Cursor cursor =
      partition.Read(partition.log_start(), {.isolation = isolation});
  std::vector<std::string> values;
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    EXPECT_THAT(more, IsOk());
    if (!more.ok() || !*more) return values;
    values.push_back(
        fmt::format("{}:{}", record.offset.value, record.value.value_or("-")));
  }
}

class Backups : public ::testing::Test {
 protected:
  Backups() : files_(NewMemoryFileSystem()) {
    EXPECT_THAT(files_->CreateDirectories("/backups"), IsOk());
  }

  BackupOptions ToFiles() { return {.file_system = files_.get()}; }
  RestoreOptions FromFiles() { return {.file_system = files_.get()}; }

  // Of the topic in both directories, once nobody has them open.
  void ExpectSameFiles(const std::string& topic, int32_t partition,
                       const std::string& as) {
    const std::string number = "-" + std::to_string(partition);
    const auto source = FilesOf(*files_, "/data/" + topic + number);
    const auto restored = FilesOf(*files_, "/other/" + as + number);
    EXPECT_EQ(source.size(), restored.size());
    for (const auto& [name, bytes] : source) {
      const auto found = restored.find(name);
      EXPECT_TRUE(found != restored.end()) << name << " is not restored";
      if (found == restored.end()) continue;
      EXPECT_TRUE(found->second == bytes) << name << " differs";
    }
  }

  const std::unique_ptr<FileSystem> files_;
};

}  // namespace cauce::test
