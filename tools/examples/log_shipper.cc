// Ships the lines of a log file, each once: through rotation (FILE becomes
// FILE.1, and a new FILE begins), truncation and its own stops.
//   log_shipper DIR FILE    prints how many lines it has shipped each time
#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"

// Which file was read, and how far. It is the key of each line's record: so
// what is shipped and what is noted of it cannot differ, whatever stops where.
struct Place {
  uint64_t file = 0;
  int64_t bytes = 0;
};

absl::StatusOr<Place> LastPlace(const cauce::Partition& log) {
  auto cursor = log.Read(std::max(log.log_start(), log.log_end() + -1));
  cauce::RecordView last;
  const auto found = cursor.Next(&last);
  if (!found.ok()) return found.status();
  Place place;
  std::istringstream key(std::string(last.key.value_or("0 0")));
  key >> place.file >> place.bytes;
  return place;
}

cauce::FileInfo Look(const std::string& path) {
  return cauce::PosixFileSystem()->Info(path).value_or(cauce::FileInfo());
}

// Ships whole lines from `place` on, as many as fit into a batch, and moves it:
// a line without its end is still being written. Returns how many.
absl::StatusOr<size_t> Ship(cauce::Partition& log, const std::string& path,
                            Place& place) {
  auto file = cauce::PosixFileSystem()->Open(path, cauce::OpenMode::kRead);
  // It may be rotated between two looks: then the next one finds it.
  if (!file.ok() || Look(path).id != place.file) return 0;
  std::string text(256 << 10, '\0');
  const auto read = (*file)->Read(place.bytes, text);
  if (!read.ok()) return read.status();
  std::vector<std::string> keys;
  std::vector<cauce::Record> batch;
  Place next = place;
  const std::string id = std::to_string(place.file) + " ";
  for (size_t at = 0, end; keys.size() < 8000; at = end + 1) {
    if ((end = text.find('\n', at)) >= *read) break;
    next.bytes = place.bytes + static_cast<int64_t>(end) + 1;
    keys.push_back(id + std::to_string(next.bytes));
    batch.push_back({.value = std::string_view(text).substr(at, end - at)});
  }
  if (batch.empty() && *read < text.size()) return 0;
  if (batch.empty()) return absl::OutOfRangeError(path + ": a line of 256 KiB");
  for (size_t i = 0; i < batch.size(); ++i) batch[i].key = keys[i];
  const auto stored = log.Append(batch);
  if (!stored.ok()) return stored.status();
  place = next;
  return batch.size();
}

absl::Status Run(const std::string& directory, const std::string& path) {
  auto engine = cauce::Engine::Open(directory);
  if (!engine.ok()) return engine.status();
  // Bounded by size: by age the last record, and so the place, might go.
  const auto made = engine->CreateTopic(
      "lines", {.configs = {{"retention.ms", "-1"},
                            {"retention.bytes", "1073741824"}}});
  auto log = engine->OpenPartition("lines", {});
  if (!log.ok()) return made.ok() ? log.status() : made.status();
  const std::string folder[] = {path.substr(0, path.rfind('/') + 1) + "."};
  auto watch = cauce::PosixFileSystem()->Watch(folder);
  auto place = watch.ok() ? LastPlace(*log) : watch.status();
  while (place.ok()) {
    const cauce::FileInfo now = Look(path);
    // What was rotated away is read to its end; a new file shows that it ended.
    const bool is_other = now.id != 0 && now.id != place->file;
    if (now.id == place->file && now.bytes < place->bytes) place->bytes = 0;
    const bool is_at_path = now.id == place->file;
    const auto shipped = Ship(*log, is_at_path ? path : path + ".1", *place);
    if (!shipped.ok()) return shipped.status();
    if (*shipped > 0) std::cout << *shipped << std::endl;
    if (*shipped == 0 && is_other) *place = {now.id};
    if (*shipped > 0 || is_other) continue;
    absl::Status idle = engine->RunUpkeep(absl::Milliseconds(10));
    idle.Update((*watch)->Wait(absl::Seconds(10)).status());
    if (!idle.ok()) return idle;
  }
  return place.status();
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: log_shipper DIR FILE\n", 2;
  return std::cerr << cauce::MessageOf(Run(argv[1], argv[2])) << '\n', 1;
}
