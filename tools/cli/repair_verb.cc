#include "tools/cli/repair_verb.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/finding.h"
#include "tools/cli/format.h"
#include "tools/cli/look_progress.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

struct RepairVerbOptions {
  std::string dir;
  Format format = Format::kText;
  std::string topic;
  std::optional<int32_t> partition;
  bool dry_run = false;
  bool progress = false;
};

std::string_view ActionName(RepairAction action) {
  switch (action) {
    case RepairAction::kSetAside:
      return "set aside";
    case RepairAction::kRename:
      return "rename";
    case RepairAction::kRemoveBytes:
      return "remove bytes";
    case RepairAction::kBeginSegment:
      return "begin segment";
    case RepairAction::kFillGap:
      return "fill gap";
    case RepairAction::kWriteIndexes:
      return "write indexes";
    case RepairAction::kWriteAnew:
      return "write anew";
  }
  return "?";
}

std::string LostText(const OffsetRange& lost, bool is_more_lost) {
  if (lost.count() == 0) {
    return is_more_lost ? fmt::format("; lost: an unknown number of records, "
                                      "from offset {} on",
                                      lost.base.value)
                        : "";
  }
  return fmt::format("; lost: at most {}, offsets {} to {}{}",
                     Counted(lost.count(), "record"), lost.base.value,
                     lost.next.value - 1,
                     is_more_lost ? ", and an unknown number behind them" : "");
}

std::string LostText(const RepairSummary& summary) {
  const std::string lost = Counted(summary.offsets_lost, "record");
  if (!summary.is_more_lost) return fmt::format("at most {} lost", lost);
  return summary.offsets_lost == 0
             ? "an unknown number of records lost"
             : fmt::format("at most {} and an unknown number more lost", lost);
}

std::string KeptText(std::string_view kept_as) {
  return kept_as.empty() ? "" : fmt::format("; kept as {}", kept_as);
}

std::string EndedText(const std::vector<EndedTransaction>& ended) {
  std::string text;
  for (const EndedTransaction& each : ended) {
    const bool is_aborted = each.outcome == TransactionOutcome::kAbort;
    text += fmt::format(
        "  transaction of producer {} with offsets {} to {}: its marker is "
        "lost; {}; marker written at offset {}\n",
        each.producer_id.value, each.offsets.base.value,
        each.offsets.next.value - 1,
        !each.is_known ? "treated as aborted"
        : is_aborted   ? "it was aborted, by the transaction index"
                       : "it was committed, by the transaction index",
        each.marker.value);
  }
  return text;
}

std::string StepText(const RepairStep& step) {
  std::string text = fmt::format("{}: {}: {}{}", ActionName(step.action),
                                 step.file, step.why,
                                 LostText(step.lost, step.is_more_lost));
  if (step.action == RepairAction::kRename) {
    text += fmt::format("; named {}", step.renamed_to);
  } else {
    text += KeptText(step.renamed_to);
  }
  text += '\n';
  for (const RemovedBytes& removed : step.removed) {
    text += fmt::format("  {} at position {}: {}{}{}\n",
                        Counted(removed.bytes, "byte"), removed.position,
                        removed.why,
                        LostText(removed.lost, removed.is_more_lost),
                        KeptText(removed.kept_as));
    text += EndedText(removed.ended);
  }
  text += EndedText(step.ended);
  return text;
}

void AddFilled(const OffsetRange& filled, Json& json) {
  if (filled.count() == 0) return;
  json["filled_from"] = filled.base.value;
  json["filled_up_to"] = filled.next.value - 1;
}

void AddLost(const OffsetRange& lost, bool is_more_lost, Json& json) {
  if (is_more_lost) json["more_lost"] = true;
  if (lost.count() == 0) return;
  json["lost_records_max"] = lost.count();
  json["lost_from"] = lost.base.value;
  json["lost_up_to"] = lost.next.value - 1;
}

void AddEnded(const std::vector<EndedTransaction>& ended, Json& json) {
  if (ended.empty()) return;
  Json all = Json::array();
  for (const EndedTransaction& each : ended) {
    const bool is_aborted = each.outcome == TransactionOutcome::kAbort;
    all.push_back({{"producer_id", each.producer_id.value},
                   {"producer_epoch", each.producer_epoch},
                   {"first_offset", each.offsets.base.value},
                   {"last_offset", each.offsets.next.value - 1},
                   {"marker_offset", each.marker.value},
                   {"outcome", is_aborted ? "abort" : "commit"},
                   {"known", each.is_known}});
  }
  json["ended_transactions"] = std::move(all);
}

Json StepJson(const RepairStep& step) {
  Json json = {{"action", ActionName(step.action)}, {"file", step.file}};
  if (!step.renamed_to.empty()) {
    const bool is_rename = step.action == RepairAction::kRename;
    json[is_rename ? "renamed_to" : "kept_as"] = step.renamed_to;
  }
  AddFilled(step.filled, json);
  AddEnded(step.ended, json);
  AddLost(step.lost, step.is_more_lost, json);
  if (!step.removed.empty()) {
    Json all = Json::array();
    for (const RemovedBytes& removed : step.removed) {
      Json one = {{"position", removed.position}, {"bytes", removed.bytes}};
      if (!removed.kept_as.empty()) one["kept_as"] = removed.kept_as;
      AddFilled(removed.filled, one);
      AddEnded(removed.ended, one);
      AddLost(removed.lost, removed.is_more_lost, one);
      one["why"] = removed.why;
      all.push_back(std::move(one));
    }
    json["removed"] = std::move(all);
  }
  json["why"] = step.why;
  return json;
}

std::string SummaryText(const RepairSummary& summary, bool dry_run) {
  if (summary.steps == 0 && summary.left == 0) {
    return fmt::format("looked at {}: nothing to do\n",
                       Counted(summary.partitions, "partition"));
  }
  return fmt::format(
      "looked at {}: {} {}, {} removed, {}{}{}\n",
      Counted(summary.partitions, "partition"), Counted(summary.steps, "step"),
      dry_run ? "to do" : "done",
      BytesText(static_cast<double>(summary.bytes_removed)),
      LostText(summary),
      summary.transactions_lost == 0
          ? ""
          : fmt::format(", {} treated as aborted",
                        Counted(summary.transactions_lost, "transaction")),
      summary.left == 0
          ? ""
          : fmt::format("; {} left as it is",
                        Counted(summary.left, "place is", "places are")));
}

int Repair(const RepairVerbOptions& verb) {
  if (verb.partition && verb.topic.empty()) {
    return UsageError("--partition needs --topic");
  }
  Output out(STDOUT_FILENO);
  const bool json = verb.format == Format::kJson;
  LookProgress progress("looked at", verb.progress
                                         ? LookProgress::Shown::kAlways
                                         : LookProgress::Shown::kOnTerminal);
  const auto print = [&](const std::string& text) {
    progress.Finish();
    out.Write(text);
    out.Flush();
  };
  RepairOptions options{
      .topic = verb.topic,
      .progress = [&](const VerifyProgress& far) { progress.Update(far); },
      .step =
          [&](const RepairStep& step) {
            print(json ? Line(StepJson(step)) : StepText(step));
            progress.EndIfInterrupted(
                verb.dry_run ? "not all steps of the plan were told"
                             : "not all steps were done; the next repair does "
                               "the rest");
          },
      .left =
          [&](const Finding& finding) {
            print(json ? Line(FindingJson(finding)) : FindingText(finding));
          }};
  if (verb.partition) options.partition = PartitionId{*verb.partition};
  const auto summary =
      verb.dry_run ? PlanRepair(*PosixFileSystem(), verb.dir, options)
                   : RepairDirectory(*PosixFileSystem(), verb.dir, options);
  progress.Finish();
  if (ReasonOf(summary.status()) == Reason::kUnknownPartition) {
    return Fail(MakeError(
        Reason::kUnknownPartition,
        fmt::format("{}; cauce topic list shows which there are",
                    MessageOf(summary.status()))));
  }
  if (!summary.ok()) {
    return Fail(WhyNotOpened(verb.dir, summary.status()));
  }
  out.Write(json ? Line({{"partitions", summary->partitions},
                         {"steps", summary->steps},
                         {"bytes_removed", summary->bytes_removed},
                         {"lost_records_max", summary->offsets_lost},
                         {"more_lost", summary->is_more_lost},
                         {"lost_transactions", summary->transactions_lost},
                         {"left", summary->left}})
                 : SummaryText(*summary, verb.dry_run));
  out.Flush();
  if (!out.status().ok()) return Fail(out.status());
  return summary->left == 0 ? kOk : kFailed;
}

}  // namespace

void AddRepairVerb(const Verb& noun, Action& action) {
  const auto options = std::make_shared<RepairVerbOptions>();
  const Verb verb = noun.Add(
      "repair", "Take out of a directory what is damaged, and keep it aside");
  verb.Footer(
      "For a directory that nothing has open. No whole batch is removed unless "
      "as much\ncontradicts its offset as confirms it, or it stands behind the "
      "end that the last close has\nnoted; and no offset changes. Every byte "
      "of a log that goes is kept in a file called .cut\nbeside, but for "
      "zeros. It may be stopped and run again. What it cannot mend it tells, "
      "and\nthe exit code is 1.\n\n"
      "Examples:\n"
      "  cauce log repair --dir data --dry-run\n"
      "  cauce log repair --dir data --topic orders --partition 0");
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Add("--topic", options->topic, "Only this topic's partitions")
      .Takes(TopicName())
      .Type("TOPIC");
  verb.Add("--partition", options->partition,
           "Only this one of the topic's partitions")
      .Takes(Between(0, kPartitionMax))
      .Type("N");
  verb.AddFlag("--dry-run", options->dry_run,
               "Say what would be done, and write nothing");
  verb.AddFlag("--progress", options->progress,
               "Tell the progress also where standard error is no terminal");
  verb.Does(action, [options] { return Repair(*options); });
}

}  // namespace cauce::cli
