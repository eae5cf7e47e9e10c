// The options that verbs have in common, and the checks of their values. For
// the main thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "cauce/topic_name.h"
#include "tools/cli/format.h"

namespace cauce::cli {

// The largest number a partition can have.
inline constexpr int64_t kPartitionMax = kTopicPartitionsMax - 1;

void AddDir(CLI::App& app, std::string& dir);
void AddFormat(CLI::App& app, Format& format);
// Of those that write: what they leave free of the disk.
void AddFreeBytesMin(CLI::App& app, int64_t& bytes);
// The topic, by its name.
void AddTopic(CLI::App& app, std::string& topic);
// Takes only a name that a topic can have.
CLI::Validator TopicName();
// An option that may be given more than once, with one value each time.
CLI::Option* AddRepeated(CLI::App& app, const std::string& name,
                         std::vector<std::string>& values,
                         const std::string& description);
// Takes only a word of `words`, and suggests one for a mistyped one.
CLI::Validator OneOf(std::vector<std::string> words);
// Takes only a whole number from `least` to `most`.
CLI::Validator Between(int64_t least, int64_t most);
CLI::Validator AtLeast(int64_t least);

// Takes "name=value" apart; InvalidArgument names the option.
absl::StatusOr<std::map<std::string, std::string>> ParsePairs(
    const std::vector<std::string>& pairs, std::string_view option);

}  // namespace cauce::cli
