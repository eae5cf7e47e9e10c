#include "engine/catalog/meta_properties.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/quoted.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int64_t kBytesMax = 64 << 10;

constexpr std::string_view kVersion = "version";
constexpr std::string_view kClusterId = "cluster.id";
constexpr std::string_view kNodeId = "node.id";
constexpr std::string_view kBrokerId = "broker.id";
constexpr std::string_view kDirectoryId = "directory.id";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

std::string_view WithoutIndent(std::string_view line) {
  while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
  return line;
}

// A line goes on where its last character is a backslash that is not itself
// behind one.
bool GoesOn(std::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  const size_t kept = last == std::string_view::npos ? 0 : last + 1;
  return (line.size() - kept) % 2 == 1;
}

// The lines of Java's format: without comments and blank ones, continued ones
// joined.
std::vector<std::string> LogicalLines(std::string_view bytes) {
  std::vector<std::string> lines;
  bool joins = false;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    std::string_view line = WithoutIndent(bytes.substr(0, end));
    const size_t mark = bytes.substr(end).starts_with("\r\n") ? 2 : 1;
    bytes.remove_prefix(std::min(end + mark, bytes.size()));
    const bool skipped =
        !joins && (line.empty() || line.front() == '#' || line.front() == '!');
    if (skipped) continue;
    if (!joins) lines.emplace_back();
    joins = GoesOn(line);
    if (joins) line.remove_suffix(1);
    lines.back() += line;
  }
  return lines;
}

// Where the key of a line ends: at the first '=', ':' or blank that no
// backslash stands before.
size_t KeyEnd(std::string_view line) {
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == '=' || line[at] == ':' || IsBlank(line[at])) {
      return at;
    }
  }
  return line.size();
}

std::string_view ValueOf(std::string_view line, size_t key_end) {
  std::string_view value = WithoutIndent(line.substr(key_end));
  if (value.starts_with('=') || value.starts_with(':')) {
    value = WithoutIndent(value.substr(1));
  }
  return value;
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// The printable character that the digits of "\u0041" name.
std::optional<char> UnicodeEscape(std::string_view digits) {
  unsigned code = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, code, 16);
  const bool whole = digits.size() == 4 && error == std::errc() && at == end;
  if (!whole || code < ' ' || code > '~') return std::nullopt;
  return static_cast<char>(code);
}

// Takes backslashes away. Nothing for a text with characters that the values
// we know never have.
std::optional<std::string> Unescaped(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      plain += text[at];
      continue;
    }
    if (++at == text.size()) break;  // Java drops it
    if (text[at] != 'u') {
      // Control characters have letters for names.
      if (std::string_view("tnrf").find(text[at]) != std::string_view::npos) {
        return std::nullopt;
      }
      plain += text[at];
      continue;
    }
    const auto c = UnicodeEscape(text.substr(at + 1, 4));
    if (!c) return std::nullopt;
    plain += *c;
    at += 4;
  }
  if (!IsPrintable(plain)) return std::nullopt;
  return plain;
}

std::string Escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool leading_blank = text.empty() && c == ' ';
    if (leading_blank ||
        std::string_view("\\=:#!").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

absl::Status Corrupt(std::string_view path, std::string_view what) {
  return MakeError(Reason::kCorruptFile, fmt::format("{}: {}", path, what));
}

// The lines of a file, told apart.
class Properties {
 public:
  static absl::StatusOr<Properties> Parse(std::string_view path,
                                          std::string_view bytes) {
    Properties properties{path};
    for (const std::string& line : LogicalLines(bytes)) {
      CAUCE_RETURN_IF_ERROR(properties.Take(line));
    }
    return properties;
  }

  // The value of `key`; nothing where it is not there.
  std::optional<std::string> Value(std::string_view key) const {
    const auto found = known_.find(key);
    if (found == known_.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<std::optional<int32_t>> Number(std::string_view key) const {
    const auto text = Value(key);
    if (!text) return std::nullopt;
    const auto number = ParseDecimal<int32_t>(*text);
    if (number) return number;
    return Corrupt(path_, fmt::format("{} is {}, must be a whole number, at "
                                      "least 0",
                                      key, Quoted(*text)));
  }

  std::vector<std::string>& other_lines() { return other_lines_; }

 private:
  explicit Properties(std::string_view path) : path_(path) {}

  absl::Status Take(std::string_view logical) {
    if (logical.empty()) return absl::OkStatus();
    std::string line;
    // Continued from nothing: standing alone it would be a comment.
    if (logical.front() == '#' || logical.front() == '!') line = "\\";
    line += logical;
    const size_t key_end = KeyEnd(line);
    const auto key = Unescaped(std::string_view(line).substr(0, key_end));
    const bool is_known =
        key && (*key == kVersion || *key == kClusterId || *key == kNodeId ||
                *key == kBrokerId || *key == kDirectoryId);
    if (!is_known) {
      other_lines_.push_back(std::move(line));
      return absl::OkStatus();
    }
    const auto value = Unescaped(ValueOf(line, key_end));
    if (!value) {
      return Corrupt(path_, fmt::format("{} is {}, must be printable ASCII",
                                        *key, Quoted(ValueOf(line, key_end))));
    }
    if (!known_.emplace(*key, *value).second) {
      return Corrupt(path_, fmt::format("{} is there twice", *key));
    }
    return absl::OkStatus();
  }

  std::string_view path_;
  std::map<std::string, std::string, std::less<>> known_;
  std::vector<std::string> other_lines_;
};

}  // namespace

absl::StatusOr<MetaProperties> ParseMetaProperties(std::string_view path,
                                                   std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(Properties file, Properties::Parse(path, bytes));
  CAUCE_ASSIGN_OR_RETURN(const auto version, file.Number(kVersion));
  if (!version) return Corrupt(path, "has no version");
  if (*version > 1) {
    return MakeError(Reason::kUnsupportedFormat,
                     fmt::format("{}: has version {}, only 0 and 1 are known",
                                 path, *version));
  }
  MetaProperties properties;
  CAUCE_ASSIGN_OR_RETURN(properties.node_id, file.Number(kNodeId));
  CAUCE_ASSIGN_OR_RETURN(const auto broker_id, file.Number(kBrokerId));
  if (!properties.node_id) properties.node_id = broker_id;
  properties.cluster_id = file.Value(kClusterId);
  properties.directory_id = file.Value(kDirectoryId);
  if (properties.directory_id && !ParseTopicId(*properties.directory_id)) {
    return Corrupt(path, fmt::format("directory.id is {}, must be an id of 22 "
                                     "characters of base64",
                                     Quoted(*properties.directory_id)));
  }
  properties.other_lines = std::move(file.other_lines());
  return properties;
}

absl::StatusOr<std::string> FormatMetaProperties(
    const MetaProperties& properties) {
  const auto refuse = [](std::string_view what) {
    return MakeError(Reason::kInvalidOption,
                     fmt::format("{}: {}", kMetaPropertiesFile, what));
  };
  std::string text = fmt::format("{}=1\n", kVersion);
  if (const auto& id = properties.cluster_id) {
    if (!IsPrintable(*id)) return refuse("cluster.id must be printable ASCII");
    text += fmt::format("{}={}\n", kClusterId, Escaped(*id));
  }
  if (const auto& id = properties.node_id) {
    if (*id < 0) return refuse("node.id must be at least 0");
    text += fmt::format("{}={}\n", kNodeId, *id);
  }
  if (const auto& id = properties.directory_id) {
    if (!ParseTopicId(*id)) return refuse("directory.id must be an id");
    text += fmt::format("{}={}\n", kDirectoryId, *id);
  }
  for (const std::string& line : properties.other_lines) {
    if (line.find_first_of("\r\n") != std::string::npos || GoesOn(line)) {
      return refuse("a line of another key must be whole");
    }
    text += line + "\n";
  }
  return text;
}

absl::StatusOr<MetaProperties> ReadMetaProperties(FileSystem& files,
                                                  std::string_view directory) {
  const std::string path = JoinPath(directory, kMetaPropertiesFile);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kBytesMax));
  return ParseMetaProperties(path, bytes);
}

absl::Status WriteMetaProperties(FileSystem& files, std::string_view directory,
                                 const MetaProperties& properties) {
  CAUCE_ASSIGN_OR_RETURN(const std::string text,
                         FormatMetaProperties(properties));
  return ReplaceFile(files, directory, kMetaPropertiesFile, text);
}

absl::Status EnsureMetaProperties(FileSystem& files, std::string_view directory,
                                  Random& random) {
  const absl::Status found = ReadMetaProperties(files, directory).status();
  if (ReasonOf(found) == Reason::kCorruptFile) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}; restore it from a copy, or move it away: "
                                 "the directory then gets new ids, and no "
                                 "record is lost",
                                 MessageOf(found)));
  }
  if (!absl::IsNotFound(found)) return found;
  MetaProperties properties;
  properties.cluster_id = TopicIdText(NewTopicId(random));
  properties.node_id = 0;
  properties.directory_id = TopicIdText(NewTopicId(random));
  return WriteMetaProperties(files, directory, properties);
}

}  // namespace cauce
