#include "tools/cli/options.h"

#include <charconv>
#include <limits>
#include <utility>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

// As many as Kafka's protocol has room for, which counts them in 16 bits.
constexpr size_t kGroupNameBytesMax = std::numeric_limits<int16_t>::max();

// What is wrong with the name of a directory; empty where nothing is.
std::string WrongDir(const std::string& dir) {
  if (dir.empty()) return "must not be empty; the directory one is in is .";
  if (dir == ":memory:") {
    return "what is in :memory: goes with the command that put it there; a "
           "directory of that name is ./:memory:";
  }
  return "";
}

}  // namespace

void AddDir(const Verb& verb, std::string& dir) {
  verb.Add("--dir", dir, "The data directory")
      .Required()
      .Takes(WrongDir)
      .Type("DIR");
}

void AddTopic(const Verb& verb, std::string& topic) {
  verb.Add("topic", topic, "The topic's name")
      .Required()
      .Takes(TopicName())
      .Type("TOPIC");
}

void AddGroup(const Verb& verb, std::string& group) {
  verb.Add("group", group, "The group's name")
      .Required()
      .Takes(GroupName())
      .Type("GROUP");
}

Check TopicName() {
  return [](const std::string& name) {
    return std::string(MessageOf(ValidateTopicName(name)));
  };
}

Check GroupName() {
  return [](const std::string& name) -> std::string {
    if (name.empty()) return "must not be empty";
    if (name.size() <= kGroupNameBytesMax) return "";
    return fmt::format("has {} bytes, must have {} at most", name.size(),
                       kGroupNameBytesMax);
  };
}

void AddFormat(const Verb& verb, Format& format) {
  verb.AddWord(
          "--format",
          [&format](const std::string& word) {
            format = word == "json" ? Format::kJson : Format::kText;
          },
          "text or json (default: text)")
      .Type("FORMAT")
      .Takes(OneOf({"text", "json"}));
}

void AddFreeBytesMin(const Verb& verb, int64_t& bytes) {
  verb.Add("--free-bytes-min", bytes,
           fmt::format("Write nothing that would leave less of the disk "
                       "free (default: {}; 0: use it to the last byte)",
                       EngineOptions().free_bytes_min))
      .Takes(AtLeast(0))
      .Type("BYTES");
}

Choice OneOf(std::vector<std::string> words) {
  const Check check = [words](const std::string& word) -> std::string {
    for (const std::string& known : words) {
      if (word == known) return "";
    }
    const std::string nearest = Nearest(word, words);
    return fmt::format(
        "\"{}\" is not one of {}{}", word, fmt::join(words, ", "),
        nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest));
  };
  return {std::move(words), check};
}

Check Between(int64_t least, int64_t most) {
  return [least, most](const std::string& text) -> std::string {
    int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && at == end && number >= least &&
        number <= most) {
      return "";
    }
    // How large it may be is told to what was too large for any number.
    const bool open = most == std::numeric_limits<int64_t>::max() &&
                      error != std::errc::result_out_of_range;
    return fmt::format("is \"{}\", must be a whole number {}", text,
                       open ? fmt::format("{} or more", least)
                            : fmt::format("from {} to {}", least, most));
  };
}

Check AtLeast(int64_t least) {
  return Between(least, std::numeric_limits<int64_t>::max());
}

absl::StatusOr<std::map<std::string, std::string>> ParsePairs(
    const std::vector<std::string>& pairs, std::string_view option) {
  std::map<std::string, std::string> parsed;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(fmt::format(
          "{} {}: must be NAME=VALUE, as in retention.ms=-1", option, pair));
    }
    if (!parsed.emplace(pair.substr(0, equals), pair.substr(equals + 1))
             .second) {
      return absl::InvalidArgumentError(fmt::format(
          "{} {}: {} is given twice", option, pair, pair.substr(0, equals)));
    }
  }
  return parsed;
}

}  // namespace cauce::cli
