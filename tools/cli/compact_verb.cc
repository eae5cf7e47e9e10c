#include "tools/cli/compact_verb.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/compaction.h"
#include "cauce/engine.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

struct CompactOptions {
  std::string dir;
  Format format = Format::kText;
  std::vector<std::string> topics;
  int64_t free_bytes_min = WritingOptions().free_bytes_min;
};

bool IsCompacted(const TopicDescription& topic) {
  const auto config = ParseTopicConfig(topic.configs);
  return config.ok() && config->cleanup.compact && !topic.imported;
}

// Those that are named, or all that are compacted.
absl::StatusOr<std::vector<TopicDescription>> TopicsToCompact(
    const Engine& engine, const CompactOptions& verb) {
  std::vector<TopicDescription> topics;
  if (verb.topics.empty()) {
    auto all = engine.ListTopics();
    if (!all.ok()) return all.status();
    for (TopicDescription& topic : *all) {
      if (IsCompacted(topic)) topics.push_back(std::move(topic));
    }
    return topics;
  }
  for (const std::string& name : verb.topics) {
    auto topic = FindTopic(engine, verb.dir, name);
    if (!topic.ok()) return topic.status();
    topics.push_back(*std::move(topic));
  }
  return topics;
}

std::string DoneText(const std::string& partition,
                     const CompactionTotals& done) {
  if (done.segments_before == 0) {
    return fmt::format("{}: nothing to compact\n", partition);
  }
  // Where what says that offsets are left out takes more room than they did.
  const bool has_grown = done.bytes_removed < 0;
  const double bytes = static_cast<double>(done.bytes_removed);
  return fmt::format("{}: {} became {}, {} {} {} {}\n", partition,
                     Counted(done.segments_before, "segment"),
                     done.segments_after,
                     Counted(done.records_removed, "record"),
                     has_grown ? "removed and" : "and",
                     BytesText(has_grown ? -bytes : bytes),
                     has_grown ? "added" : "removed");
}

// Also of one that fails behind what it did: `before` is of when it began.
CompactionTotals Since(const CompactionTotals& before,
                       const CompactionTotals& now) {
  return {.passes = now.passes - before.passes,
          .bytes_read = now.bytes_read - before.bytes_read,
          .bytes_written = now.bytes_written - before.bytes_written,
          .records_read = now.records_read - before.records_read,
          .records_removed = now.records_removed - before.records_removed,
          .bytes_removed = now.bytes_removed - before.bytes_removed,
          .segments_before = now.segments_before - before.segments_before,
          .segments_after = now.segments_after - before.segments_after};
}

Json DoneJson(const std::string& partition, const CompactionTotals& done) {
  return {{"partition", partition},
          {"passes", done.passes},
          {"segments_before", done.segments_before},
          {"segments_after", done.segments_after},
          {"records_removed", done.records_removed},
          {"bytes_removed", done.bytes_removed},
          {"bytes_read", done.bytes_read},
          {"bytes_written", done.bytes_written}};
}

int Compact(const CompactOptions& verb) {
  auto engine =
      OpenForWriting(verb.dir, {.free_bytes_min = verb.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  const auto topics = TopicsToCompact(*engine, verb);
  if (!topics.ok()) return Fail(topics.status());
  Output out(STDOUT_FILENO);
  const bool json = verb.format == Format::kJson;
  if (topics->empty() && !json) {
    out.Write("no topic is compacted: none has compact in cleanup.policy\n");
  }
  // One that fails does not keep the others from being compacted.
  int exit = kOk;
  for (const TopicDescription& topic : *topics) {
    for (int32_t p = 0; p < topic.partitions; ++p) {
      if (Interrupts::Signal() != 0) return InterruptedExit();
      const auto partition = engine->OpenPartition(topic.name, PartitionId{p});
      if (!partition.ok()) {
        exit = Fail(partition.status());
        continue;
      }
      const CompactionTotals before = engine->compaction().totals;
      const auto compacted = partition->Compact();
      const CompactionTotals done =
          compacted.ok() ? *compacted
                         : Since(before, engine->compaction().totals);
      if (compacted.ok() || done.segments_before > 0) {
        const std::string name = partition->name().ToString();
        out.Write(json ? Line(DoneJson(name, done)) : DoneText(name, done));
        out.Flush();
      }
      if (compacted.ok()) continue;
      exit = Fail(compacted.status());
      // Its other partitions would say the same.
      if (!IsCompacted(topic)) break;
    }
  }
  if (const absl::Status closed = engine->Close(); !closed.ok()) {
    return Fail(closed);
  }
  out.Flush();
  return out.status().ok() ? exit : Fail(out.status());
}

}  // namespace

void AddCompactVerb(const Verb& noun, Action& action) {
  const auto options = std::make_shared<CompactOptions>();
  const Verb verb =
      noun.Add("compact", "Keep the last record of each key, now");
  verb.Footer(
      "For topics whose cleanup.policy says compact: all of them, or those "
      "that are named.\nWhatever share of a partition is dirty, what is active "
      "is sealed and gone over too.\nTombstones stay for delete.retention.ms "
      "after the first pass that met them.\n\n"
      "Examples:\n"
      "  cauce log compact --dir data\n"
      "  cauce log compact --dir data prices users");
  verb.Add("topics", options->topics, "The topics to compact").Type("TOPIC...");
  AddDir(verb, options->dir);
  AddFreeBytesMin(verb, options->free_bytes_min);
  AddFormat(verb, options->format);
  verb.Does(action, [options] { return Compact(*options); });
}

}  // namespace cauce::cli
