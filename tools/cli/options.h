// The options that verbs have in common, and the checks of their values. For
// the main thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/topic_name.h"
#include "tools/cli/format.h"
#include "tools/cli/verb.h"

namespace cauce::cli {

// The largest number a partition can have.
inline constexpr int64_t kPartitionMax = kTopicPartitionsMax - 1;

void AddDir(const Verb& verb, std::string& dir);
void AddFormat(const Verb& verb, Format& format);
// Of those that write: what they leave free of the disk.
void AddFreeBytesMin(const Verb& verb, int64_t& bytes);
// The topic, by its name.
void AddTopic(const Verb& verb, std::string& topic);
// The group, by its name.
void AddGroup(const Verb& verb, std::string& group);
// Takes only a name that a topic can have.
Check TopicName();
// Takes only a name that a group can have.
Check GroupName();
// Takes only a word of `words`, and suggests one for a mistyped one.
Choice OneOf(std::vector<std::string> words);
// Takes only a whole number from `least` to `most`.
Check Between(int64_t least, int64_t most);
Check AtLeast(int64_t least);

// Takes "name=value" apart; InvalidArgument names the option.
absl::StatusOr<std::map<std::string, std::string>> ParsePairs(
    const std::vector<std::string>& pairs, std::string_view option);

}  // namespace cauce::cli
