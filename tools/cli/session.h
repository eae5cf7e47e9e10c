// What every verb shares: how it says what went wrong, how it ends, and how it
// opens the directory it works on. For the main thread; notes may come from
// any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/topic_name.h"
#include "nlohmann/json.hpp"

namespace cauce::cli {

// What the process returns: its users write scripts on it. Usage is what no
// directory could make right: an option, a name or a value that is none.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
// And 128 + the signal's number after a signal, as shells have it.
int InterruptedExit();

// The largest number a partition can have.
inline constexpr int64_t kPartitionMax = kTopicPartitionsMax - 1;

enum class Format { kText, kJson };

using Json = nlohmann::ordered_json;

// What the parsed command line asks for; returns the exit code.
using Action = std::function<int()>;

// Writes a line to standard error.
void Note(std::string_view text);
// The same, as an error; returns kFailed or kUsage.
int Fail(const absl::Status& status);
int UsageError(std::string_view text);
int UsageError(const absl::Status& status);

// "1 record", "2 records".
std::string Counted(int64_t count, std::string_view noun);
std::string Counted(int64_t count, std::string_view noun,
                    std::string_view plural);

// One line of JSON; bytes that are not UTF-8 are replaced.
std::string Line(const Json& json);

// The options that most verbs have.
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

// Opens the directory; what the engine has to warn of becomes a note.
absl::StatusOr<Engine> OpenForReading(const std::string& dir);
struct WritingOptions {
  Executor* executor = nullptr;
  bool create_if_missing = false;
  int64_t free_bytes_min = EngineOptions().free_bytes_min;
};
absl::StatusOr<Engine> OpenForWriting(const std::string& dir,
                                      const WritingOptions& options = {});

// The topic; the error for an unknown one says which there are.
absl::StatusOr<TopicDescription> FindTopic(const Engine& engine,
                                           const std::string& dir,
                                           const std::string& name);
// `topic` as it is now. Reason::kUnknownTopic once it is deleted, a new one of
// its name or not.
absl::StatusOr<TopicDescription> LookAgain(const Engine& engine,
                                           const TopicDescription& topic);
// Why reading `topic` failed with `status`: files that are gone say less than
// that the topic went.
absl::Status ReadFailure(const Engine& engine, const TopicDescription& topic,
                         const absl::Status& status);
// The partition of a topic that exists.
absl::StatusOr<Partition> FindPartition(const Engine& engine,
                                        const TopicDescription& topic,
                                        PartitionId partition);

// Takes "name=value" apart; InvalidArgument names the option.
absl::StatusOr<std::map<std::string, std::string>> ParsePairs(
    const std::vector<std::string>& pairs, std::string_view option);

}  // namespace cauce::cli
