#include "tests/damage/remains.h"

#include <array>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "engine/base/check.h"
#include "fmt/format.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

constexpr std::string_view kDirectory = "/data";

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 1;
};

// Three batches of two records make a segment, each with an index entry but
// the first.
TopicSpec SpecOf(int32_t partitions) {
  return {.partitions = partitions,
          .configs = {{"internal.segment.bytes", "400"},
                      {"index.interval.bytes", "1"},
                      {"retention.ms", "-1"}}};
}

// Names its place, so that what was read elsewhere is told from it.
std::string ValueAt(const TopicPartition& partition, int64_t offset) {
  return fmt::format("{} at {}", partition.ToString(), offset);
}

const std::array<TopicPartition, 3>& Names() {
  static const auto* const names = new std::array<TopicPartition, 3>{
      TopicPartition{"orders", PartitionId{0}},
      TopicPartition{"orders", PartitionId{1}},
      TopicPartition{"returns", PartitionId{0}}};
  return *names;
}

// How many batches of each partition were written when the engine was closed
// for the first time; none where it never was.
int ClosedAt(Stop stop) {
  if (stop == Stop::kGrown) return 7;
  return stop == Stop::kRolled ? 4 : 0;
}

// From one batch of each partition up to another.
struct Written {
  int from = 0;
  int to = Remains::kBatchesOfAPartition;
};

void Fill(Engine& engine, Clock& clock, const TopicPartition& name,
          const Written& written) {
  auto partition = engine.OpenPartition(name.topic, name.partition);
  CAUCE_CHECK(partition.ok());
  for (int i = written.from; i < written.to; ++i) {
    const int64_t base = i * Remains::kBatchRecords;
    const std::string values[] = {ValueAt(name, base), ValueAt(name, base + 1)};
    const Timestamp time =
        Timestamp::From(clock.Now() - absl::Seconds(100 - i));
    const Record records[] = {
        {.key = "k", .value = values[0], .timestamp = time},
        {.key = "k", .value = values[1], .timestamp = time}};
    CAUCE_CHECK(partition->Append(records).ok());
  }
  if (name.topic == "returns" && written.from == 0) {
    CAUCE_CHECK(partition->DeleteRecordsBefore(Offset{3}).ok());
  }
}

}  // namespace

const Remains& Remains::Of(Stop stop) {
  static const auto* const all = [] {
    auto* const made = new std::map<Stop, Remains>;
    for (const Stop each : kEveryStop) made->emplace(each, Remains(each));
    return made;
  }();
  return all->at(stop);
}

Remains::Remains(Stop stop) {
  SimClock clock;
  CountingRandom random;
  const auto disk = NewMemoryFileSystem(&clock);
  const auto open = [&] {
    auto engine = Engine::Open(
        kDirectory,
        {.file_system = disk.get(), .clock = &clock, .random = &random});
    CAUCE_CHECK(engine.ok());
    return *std::move(engine);
  };
  Engine engine = open();
  CAUCE_CHECK(engine.CreateTopic("orders", SpecOf(2)).ok());
  CAUCE_CHECK(engine.CreateTopic("returns", SpecOf(1)).ok());
  const int closed_at = ClosedAt(stop);
  if (closed_at > 0) {
    for (const TopicPartition& name : Names()) {
      Fill(engine, clock, name, {.to = closed_at});
    }
    CAUCE_CHECK(engine.Close().ok());
    engine = open();
  }
  for (const TopicPartition& name : Names()) {
    Fill(engine, clock, name, {.from = closed_at});
    Values& values = records_[name.ToString()];
    const int64_t start = name.topic == "returns" ? 3 : 0;
    const int64_t end = kBatchesOfAPartition * kBatchRecords;
    for (int64_t i = start; i < end; ++i) values[i] = ValueAt(name, i);
  }
  // Saves the bounds as they are now.
  CAUCE_CHECK(engine.RunUpkeep().ok());
  if (stop == Stop::kClean) CAUCE_CHECK(engine.Close().ok());
  files_ = Gather(*disk, kDirectory);
  for (const auto& [partition, values] : records_) batches_[partition] = {};
  FindBatches();
}

void Remains::FindBatches() {
  const auto disk = NewMemoryFileSystem();
  Lay(files_, *disk, kDirectory);
  for (auto& [partition, places] : batches_) {
    const auto logs =
        ListSegmentFiles(*disk, fmt::format("{}/{}", kDirectory, partition),
                         SegmentFiles::kLogs);
    CAUCE_CHECK(logs.ok());
    for (const std::string& log : *logs) {
      const size_t first = places.size();
      const absl::Status walked =
          DumpFile(*disk, log, [&, &places = places](const DumpedEntry& entry) {
            const RecordBatch& batch = *entry.batch;
            const auto position = static_cast<size_t>(entry.position);
            places.push_back({.file = log.substr(kDirectory.size() + 1),
                              .position = position,
                              .end = position + batch.bytes().size(),
                              .base = batch.base_offset(),
                              .next = batch.next_offset()});
            return true;
          });
      CAUCE_CHECK(walked.ok());
      for (size_t i = first; i < places.size(); ++i) {
        places[i].segment_next = places.back().next;
      }
    }
  }
}

void Lay(const FileTree& tree, FileSystem& files, std::string_view directory) {
  CAUCE_CHECK(files.CreateDirectories(directory).ok());
  for (const auto& [name, bytes] : tree) {
    const std::string path = fmt::format("{}/{}", directory, name);
    CAUCE_CHECK(files.CreateDirectories(path.substr(0, path.rfind('/'))).ok());
    auto file = files.Open(path, OpenMode::kCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }
}

FileTree Gather(FileSystem& files, std::string_view directory) {
  FileTree tree;
  const auto entries = files.List(directory);
  CAUCE_CHECK(entries.ok());
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = fmt::format("{}/{}", directory, entry.name);
    if (entry.is_directory) {
      for (auto& [name, bytes] : Gather(files, path)) {
        tree[entry.name + "/" + name] = std::move(bytes);
      }
      continue;
    }
    const auto file = files.Open(path, OpenMode::kRead);
    if (!file.ok()) continue;
    const auto size = (*file)->Size();
    CAUCE_CHECK(size.ok());
    std::string bytes(static_cast<size_t>(*size), '\0');
    const auto read = (*file)->Read(0, bytes);
    CAUCE_CHECK(read.ok());
    tree[entry.name] = std::move(bytes);
  }
  return tree;
}

std::vector<std::string> GoneFrom(const FileTree& before,
                                  const FileTree& after) {
  std::vector<std::string> gone;
  for (const auto& [name, bytes] : before) {
    if (!after.contains(name)) gone.push_back(name);
  }
  return gone;
}

std::string_view WithoutZeros(std::string_view bytes) {
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

}  // namespace cauce::test
