#include "tools/cli/backup_verbs.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/backup.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/opening_threads.h"
#include "tools/cli/options.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

struct BackupVerbOptions {
  std::string dir;
  Format format = Format::kText;
  std::string name;  // of the topic
  std::string place;  // of the backup
  std::string as;
  bool skip_damage = false;
  bool without_groups = false;
  bool dry_run = false;
  int64_t free_bytes_min = WritingOptions().free_bytes_min;
};

using Options = std::shared_ptr<BackupVerbOptions>;

// Files are copied with a piece in memory: who waits for the first may have
// enough of it.
class Watched {
 public:
  explicit Watched(std::string_view verb) : verb_(verb) {}

  absl::Status Pass(const BackupProgress& far) {
    // How much there is is known once the work has begun.
    if (!progress_) progress_.emplace(verb_, far.bytes_total);
    progress_->Update(0, far.bytes);
    return Interrupts::Signal() == 0 ? absl::OkStatus()
                                     : absl::CancelledError("interrupted");
  }
  void Finish() { progress_.reset(); }

 private:
  const std::string verb_;
  std::optional<Progress> progress_;
};

// The directory is opened to look for the topic, and for the backup, and a
// partition for each attempt to copy it: what is found again is told once. Both
// have no threads, so that all is told on the one that calls.
class WarnOnce {
 public:
  void Tell(Severity severity, std::string_view line) {
    if (told_.contains(std::string(line))) return;
    // Beyond that many better twice than in memory without a bound.
    if (told_.size() < kLinesMax) told_.emplace(line);
    TellWarnings(severity, line);
  }

 private:
  static constexpr size_t kLinesMax = 10'000;

  std::set<std::string> told_;
};

Json ToJson(const BackupSummary& backup, std::string_view place) {
  Json partitions = Json::array();
  for (const OffsetRange& log : backup.partitions) {
    partitions.push_back(
        {{"log_start", log.base.value}, {"log_end", log.next.value}});
  }
  Json transactions = Json::array();
  for (const BackupTransaction& open : backup.transactions) {
    transactions.push_back({{"partition", open.partition.value},
                            {"producer_id", open.producer_id.value},
                            {"producer_epoch", open.producer_epoch},
                            {"start", open.start.value}});
  }
  Json damaged = Json::array();
  for (const TopicPartition& each : backup.damaged)
    damaged.push_back(each.partition.value);
  return {{"topic", backup.topic},       {"backup", place},
          {"taken", absl::ToUnixMillis(backup.taken)},
          {"partitions", partitions},    {"files", backup.files},
          {"bytes", backup.bytes},       {"group_offsets", backup.offsets},
          {"open_transactions", transactions},
          {"damaged_partitions", damaged}};
}

// What of it is not as its reader may expect.
void TellOfRest(const BackupSummary& backup) {
  for (const BackupTransaction& open : backup.transactions) {
    Note(fmt::format(
        "{}-{}: a transaction of producer {} is open from offset {} on: "
        "readers of what is committed stop there until it ends; cauce "
        "transaction list --hanging shows it, and cauce transaction abort ends "
        "it",
        backup.topic, open.partition.value, open.producer_id.value,
        open.start.value));
  }
  for (const TopicPartition& each : backup.damaged) {
    Note(fmt::format("{}: is damaged, and was taken as it is: who reads there "
                     "is told",
                     each.ToString()));
  }
}

int End(const absl::StatusOr<BackupSummary>& done, std::string_view verb,
        std::string_view place, Format format) {
  if (absl::IsCancelled(done.status()) && Interrupts::Signal() != 0) {
    Note("interrupted: nothing is left but what the next one replaces");
    return InterruptedExit();
  }
  if (!done.ok()) return Fail(done.status());
  TellOfRest(*done);
  const std::string text =
      format == Format::kJson
          ? Line(ToJson(*done, place))
          : fmt::format(
                "{} {}: {} in {}, {} of groups ({})\n", verb, done->topic,
                BytesText(static_cast<double>(done->bytes)),
                Counted(static_cast<int64_t>(done->partitions.size()),
                        "partition"),
                Counted(done->offsets, "offset"), place);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

int RunBackup(const BackupVerbOptions& verb) {
  BackupOptions options;
  Watched watched("backed up");
  options.progress = [&](const BackupProgress& far) {
    return watched.Pass(far);
  };
  WarnOnce warnings;
  options.events = [&](Severity severity, std::string_view line) {
    warnings.Tell(severity, line);
  };
  if (verb.skip_damage) options.on_damage = OnDamage::kSkip;
  if (verb.without_groups) options.group_offsets = GroupOffsets::kLeaveOut;
  // Says which topics there are, where this is none of them.
  {
    const auto engine = OpenForReading(verb.dir, options.events);
    if (!engine.ok()) return Fail(engine.status());
    const auto topic = FindTopic(*engine, verb.dir, verb.name);
    if (!topic.ok()) return Fail(topic.status());
  }
  const auto done = BackupTopic(verb.dir, verb.name, verb.place, options);
  watched.Finish();
  return End(done, "backed up", verb.place, verb.format);
}

int DryRun(const BackupVerbOptions& verb, Watched& watched) {
  auto found = VerifyBackup(
      *PosixFileSystem(), verb.place,
      [&](const BackupProgress& far) { return watched.Pass(far); });
  watched.Finish();
  if (!found.ok()) return End(found, "", verb.place, verb.format);
  if (!verb.as.empty()) found->topic = verb.as;
  // A directory that is missing would be made.
  if (PosixFileSystem()->Info(verb.dir).ok()) {
    const auto engine = OpenForReading(verb.dir);
    if (!engine.ok()) return Fail(engine.status());
    if (engine->DescribeTopic(found->topic).ok()) {
      return Fail(MakeError(
          Reason::kTopicExists,
          fmt::format("topic {} is there already; --as gives the restored one "
                      "another name",
                      found->topic)));
    }
  }
  return End(found, "would restore", verb.place, verb.format);
}

int RunRestore(const BackupVerbOptions& verb) {
  Watched watched("restored");
  if (verb.dry_run) return DryRun(verb, watched);
  OpeningThreads threads;
  auto engine =
      OpenForWriting(verb.dir, {.threads = &threads,
                                .create_if_missing = true,
                                .free_bytes_min = verb.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  RestoreOptions options;
  options.name = verb.as;
  options.progress = [&](const BackupProgress& far) {
    return watched.Pass(far);
  };
  if (verb.without_groups) options.group_offsets = GroupOffsets::kLeaveOut;
  auto done = RestoreTopic(*engine, verb.place, options);
  watched.Finish();
  const absl::Status closed = engine->Close();
  if (done.ok() && !closed.ok()) return Fail(closed);
  if (ReasonOf(done.status()) == Reason::kTopicExists) {
    return Fail(Annotate(done.status(),
                         "--as gives the restored one another name"));
  }
  if (ReasonOf(done.status()) == Reason::kUnknownMemberId) {
    return Fail(Annotate(
        done.status(),
        "stop the group's members first, or restore --without-groups"));
  }
  return End(done, "restored", verb.place, verb.format);
}

void AddWithoutGroups(const Verb& verb, const Options& options) {
  verb.AddFlag("--without-groups", options->without_groups,
               "Leave out what groups have committed in the topic");
}

}  // namespace

void AddBackupVerbs(const Verb& noun, Action& action) {
  const auto options = std::make_shared<BackupVerbOptions>();
  const Verb backup = noun.Add(
      "backup", "Copy a topic whole, also while another process writes it");
  backup.Footer(
      "Records with their offsets, configs, what groups have committed, and "
      "what is known of\nproducers, each partition as it was at one moment. "
      "The directory is a backup once this\nends without an error; one that "
      "was interrupted is run again.\n\n"
      "Example:\n"
      "  cauce topic backup orders --dir data --to /backup/orders");
  AddDir(backup, options->dir);
  AddFormat(backup, options->format);
  AddTopic(backup, options->name);
  backup
      .Add("--to", options->place,
           "The directory to make, which holds nothing but the backup")
      .Type("DIR")
      .Required();
  backup.AddFlag("--skip-damage", options->skip_damage,
                 "Copy what is damaged as it is, rather than refuse");
  AddWithoutGroups(backup, options);
  backup.Does(action, [options] { return RunBackup(*options); });

  const Verb restore =
      noun.Add("restore", "Make a topic as a backup of it has it");
  restore.Footer(
      "All or nothing: of one that was interrupted the next opening leaves "
      "nothing.\n\n"
      "Example:\n"
      "  cauce topic restore --from /backup/orders --dir data --as "
      "orders-again");
  AddDir(restore, options->dir);
  AddFormat(restore, options->format);
  restore.Add("--from", options->place, "The backup's directory")
      .Type("DIR")
      .Required();
  restore
      .Add("--as", options->as,
           "The topic's name (default: the one that it had)")
      .Takes(TopicName())
      .Type("TOPIC");
  restore.AddFlag("--dry-run", options->dry_run,
                  "Read the whole backup, and make nothing");
  AddWithoutGroups(restore, options);
  AddFreeBytesMin(restore, options->free_bytes_min);
  restore.Does(action, [options] { return RunRestore(*options); });
}

}  // namespace cauce::cli
