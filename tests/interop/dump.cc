#include "tests/interop/dump.h"

#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>

#include "fmt/format.h"

namespace cauce::test {
namespace {

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

// A line of "name: word" after "name: word".
class Fields {
 public:
  explicit Fields(const std::string& line) {
    std::istringstream in(line);
    for (std::string name, word; in >> name;) {
      whole_ = whole_ && name.ends_with(':') && (in >> word);
      words_[name] = word;
    }
  }

  // Leaves `value` as it is, and whole() false, where there is no such number.
  void Take(const std::string& name, int64_t* value) {
    const std::optional<int64_t> number = ParseNumber(Word(name));
    whole_ = whole_ && number.has_value();
    *value = number.value_or(*value);
  }

  std::string Word(const std::string& name) {
    const auto found = words_.find(name + ":");
    return found == words_.end() ? "" : found->second;
  }

  bool whole() const { return whole_; }

 private:
  std::map<std::string, std::string> words_;
  bool whole_ = true;
};

bool TakeBatch(const std::string& line, DumpedFile& file) {
  Fields fields(line);
  DumpedBatch batch;
  fields.Take("baseOffset", &batch.base_offset);
  fields.Take("lastOffset", &batch.last_offset);
  fields.Take("count", &batch.count);
  fields.Take("producerId", &batch.producer_id);
  fields.Take("partitionLeaderEpoch", &batch.leader_epoch);
  fields.Take("position", &batch.position);
  fields.Take("size", &batch.size);
  batch.codec = fields.Word("compresscodec");
  file.batches.push_back(batch);
  return fields.whole() && fields.Word("magic") == "2" &&
         fields.Word("isvalid") == "true";
}

bool TakeEntry(const std::string& line, const char* key, const char* value,
               DumpedFile& file) {
  Fields fields(line);
  DumpedEntry entry;
  fields.Take(key, &entry.key);
  fields.Take(value, &entry.value);
  file.entries.push_back(entry);
  return fields.whole();
}

// The segment that a file belongs to, by its name.
std::optional<int64_t> StartOf(std::string_view path) {
  const size_t name = path.rfind('/') + 1;
  return ParseNumber(path.substr(name, path.find('.', name) - name));
}

bool TakeLogLine(const std::string& line, DumpedFile& file) {
  constexpr std::string_view kStart = "Log starting offset: ";
  if (line.starts_with(kStart)) {
    const auto start = ParseNumber(line.substr(kStart.size()));
    return start.has_value() && start == StartOf(file.path);
  }
  if (line.starts_with("baseOffset: ")) return TakeBatch(line, file);
  if (!line.starts_with("| offset: ")) return false;
  file.records.push_back(line);
  return true;
}

bool TakeIndexLine(const std::string& line, DumpedFile& file) {
  file.passed_check |= line == file.path + " passed sanity check.";
  file.is_empty |= line == file.path + " is empty.";
  if (line.starts_with(file.path)) return file.passed_check || file.is_empty;
  if (file.path.ends_with(".timeindex")) {
    return TakeEntry(line, "timestamp", "offset", file);
  }
  return TakeEntry(line, "offset", "position", file);
}

// Of files that are a list of entries, each a line that begins so.
bool TakeLine(const std::string& line, std::string_view begin,
              DumpedFile& file) {
  if (!line.starts_with(begin)) return false;
  file.lines.push_back(line);
  return true;
}

// Whether it is a line that a sound file gives.
bool Take(const std::string& line, Dump& dump) {
  constexpr std::string_view kNext = "Dumping ";
  if (line.starts_with(kNext)) {
    dump.files.push_back({.path = line.substr(kNext.size())});
    return true;
  }
  if (dump.files.empty()) return false;
  DumpedFile& file = dump.files.back();
  if (file.path.ends_with(".log")) return TakeLogLine(line, file);
  if (file.path.ends_with(".txnindex")) {
    return TakeLine(line, "version: 0 producerId: ", file);
  }
  if (file.path.ends_with(".snapshot")) {
    return TakeLine(line, "producerId: ", file);
  }
  return TakeIndexLine(line, file);
}

}  // namespace

Dump ParseDump(const Process::Result& result) {
  Dump dump;
  std::istringstream out(result.out);
  for (std::string line; std::getline(out, line);) {
    if (!Take(line, dump)) dump.complaints.push_back(line);
  }
  std::istringstream err(result.err);
  for (std::string line; std::getline(err, line);) {
    dump.complaints.push_back(line);
  }
  if (result.exit != 0) {
    dump.complaints.push_back(fmt::format("exit status {}", result.exit));
  }
  return dump;
}

}  // namespace cauce::test
