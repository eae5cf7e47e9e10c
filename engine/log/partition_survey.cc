#include "engine/log/partition_survey.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/beyond_close.h"
#include "engine/log/emptied_segments.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/former_names.h"
#include "engine/log/found_log.h"
#include "engine/log/index_survey.h"
#include "engine/log/log_judgement.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/lost_end_survey.h"
#include "engine/log/named_log.h"
#include "engine/log/partition_check.h"
#include "engine/log/partition_logs.h"
#include "engine/log/producer_files.h"
#include "engine/log/rename_order.h"
#include "engine/log/segment_check.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_survey.h"
#include "engine/log/unreadable_bytes.h"
#include "engine/log/why_aside.h"
#include "fmt/format.h"

namespace cauce {
namespace {

class Surveyor {
 public:
  Surveyor(FileSystem& files, const PartitionToCheck& partition,
           VerifySummary& summary, const SegmentCheck::Progress& progress,
           StrayFiles strays)
      : files_(files),
        partition_(partition),
        summary_(summary),
        progress_(progress),
        reading_(files, partition),
        strays_(std::move(strays)) {}

  absl::StatusOr<PartitionSurvey> Run() {
    CAUCE_RETURN_IF_ERROR(List());
    CAUCE_RETURN_IF_ERROR(Read());
    if (!survey_.is_untouchable) {
      CAUCE_RETURN_IF_ERROR(reading_.SplitWhereTheyMeet(logs_, surveys_));
      CAUCE_RETURN_IF_ERROR(LeaveAnother());
    }
    if (!survey_.is_untouchable) CAUCE_RETURN_IF_ERROR(Judge());
    if (survey_.is_untouchable) {
      return PartitionSurvey{.left = std::move(survey_.left),
                             .is_untouchable = true};
    }
    CAUCE_RETURN_IF_ERROR(CheckSegments());
    CAUCE_RETURN_IF_ERROR(
        indexes_->TakeOrphans(partition_.bounds, survey_.segments));
    CAUCE_RETURN_IF_ERROR(ClearWhereItWrites());
    OrderRenaming();
    CAUCE_ASSIGN_OR_RETURN(
        LostEnds ends,
        FindLostEnds(files_, partition_,
                     {.segments = survey_.segments,
                      .refused_lists = strays_.ListsOfAborts()}));
    survey_.ended = std::move(ends.ended);
    for (SurveyedSegment& segment : survey_.segments) {
      segment.needs_indexes |= ends.outdated_lists.contains(segment.base);
    }
    std::ranges::move(ends.left, std::back_inserter(survey_.left));
    survey_.strays = strays_.Take();
    return std::move(survey_);
  }

 private:
  absl::Status List() {
    CAUCE_ASSIGN_OR_RETURN(PartitionListing listing, reading_.List());
    for (const Offset base : listing.directories) {
      CAUCE_RETURN_IF_ERROR(strays_.SetStandInAside(
          SegmentFileName(base, kLogSuffix), kDirectoryThere, base));
    }
    for (const std::string& name : listing.lookalikes) {
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          name,
          "it is called like a segment's file, and by no offset; Kafka's "
          "brokers fail on it"));
    }
    CAUCE_RETURN_IF_ERROR(SetAsideSnapshots(listing.snapshots));
    for (const Offset base : listing.swaps) LeaveSwap(base);
    if (survey_.is_untouchable) CAUCE_RETURN_IF_ERROR(LeaveWhatIsBesideSwap());
    CAUCE_RETURN_IF_ERROR(SetForeignAside(listing.logs));
    for (const Offset base : listing.logs) {
      // A link, and what may not be read, is told when its turn comes.
      CAUCE_ASSIGN_OR_RETURN(const bool is_no_file,
                             IsNoFile(files_, reading_.PathOf({base})));
      if (!is_no_file) {
        logs_.push_back({.named = base});
        continue;
      }
      CAUCE_RETURN_IF_ERROR(strays_.SetStandInAside(
          SegmentFileName(base, kLogSuffix), kNoFileThere, base));
    }
    // An earlier repair was stopped before it gave them their names.
    for (const Offset base : listing.waiting) {
      logs_.push_back({.named = base, .is_waiting = true});
    }
    unfinished_ = std::move(listing.unfinished);
    indexed_ = std::move(listing.indexed);
    indexes_.emplace(files_, partition_.directory, std::move(listing.indexes),
                     strays_);
    return absl::OkStatus();
  }

  // Takes those out that are of another log by what the close has noted.
  absl::Status SetForeignAside(std::vector<Offset>& logs) {
    if (!partition_.known) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(
        const auto foreign,
        FindForeign({.files = &files_,
                     .directory = partition_.directory,
                     .may_have_gaps = partition_.may_have_gaps},
                    *partition_.known, logs));
    if (!foreign.unread.empty()) return foreign.unread.front().why;
    for (const ForeignSegment& each : foreign.found) {
      std::erase(logs, each.base);
      CAUCE_RETURN_IF_ERROR(
          strays_.SetAside(SegmentFileName(each.base, kLogSuffix),
                           DescribeForeign(each), each.base));
    }
    return absl::OkStatus();
  }

  // Those that cannot be read: what they say is read from the log. One of a
  // newer release is kept for it so.
  absl::Status SetAsideSnapshots(const std::vector<Offset>& snapshots) {
    for (const Offset at : snapshots) {
      const absl::Status read =
          ReadSnapshot(files_, partition_.directory, at).status();
      if (read.ok()) continue;
      if (absl::IsResourceExhausted(read)) return read;
      const std::string name = SegmentFileName(at, kSnapshotSuffix);
      if (IsUnusable(read)) {
        CAUCE_RETURN_IF_ERROR(
            strays_.SetAside(name, std::string(MessageOf(read))));
        continue;
      }
      survey_.left.push_back(
          {.file = JoinPath(partition_.directory, name),
           .offset = at,
           .what = std::string(MessageOf(read)),
           .advice = "mend what keeps it from being read, and repair again"});
    }
    return absl::OkStatus();
  }

  void LeaveSwap(Offset base) {
    const std::string path =
        JoinPath(partition_.directory, SegmentFileName(base, kSwapLogSuffix));
    // A link is none.
    if (!files_.Info(path).ok()) return;
    LeaveAll({.gravity = Gravity::kNote,  // the next opening ends it
              .file = path,
              .offset = base,
              .what = "a stop has interrupted a compacted log that was taking "
                      "the place of segments; nothing of the partition was "
                      "touched",
              .advice =
                  "open the directory for writing, which ends that, close "
                  "it, and repair again"});
  }

  // What a verification finds there stays as well.
  absl::Status LeaveWhatIsBesideSwap() {
    VerifySummary summary;
    const SegmentCheck::Found leave = [this](const Finding& finding) {
      if (finding.gravity == Gravity::kDamage) survey_.left.push_back(finding);
    };
    const SegmentCheck::Progress progress = [](int64_t) {};
    return PartitionCheck(files_, partition_, summary, leave, progress).Run();
  }

  absl::Status Read() {
    if (survey_.is_untouchable) return absl::OkStatus();
    std::vector<Offset> borders = {partition_.bounds.durable};
    for (const NamedLog& log : logs_) {
      const auto is_misnamed = reading_.IsMisnamed(log);
      // No link is followed: it is left as it is below.
      const bool is_link = absl::IsFailedPrecondition(is_misnamed.status());
      if (!is_link) CAUCE_RETURN_IF_ERROR(is_misnamed.status());
      if (is_link || !*is_misnamed) borders.push_back(log.named);
    }
    std::ranges::sort(borders);
    for (const NamedLog& log : logs_) {
      const std::string path = reading_.PathOf(log);
      const auto info = files_.Info(path);
      if (absl::IsFailedPrecondition(info.status())) {
        LeaveAll({.file = path,
                  .offset = log.named,
                  .what = std::string(MessageOf(info.status())),
                  .advice = "put the file itself there: no link is followed in "
                            "a data directory"});
        return absl::OkStatus();
      }
      CAUCE_RETURN_IF_ERROR(info.status());
      CAUCE_ASSIGN_OR_RETURN(SegmentSurvey survey,
                             reading_.Read(log, borders, progress_));
      if (!survey.other_format.empty()) {
        LeaveAll({.file = path,
                  .offset = log.named,
                  .what = survey.other_format,
                  .advice = "nothing of the partition was touched: read it "
                            "with a release that knows the format"});
        return absl::OkStatus();
      }
      surveys_.push_back(std::move(survey));
    }
    return absl::OkStatus();
  }

  void LeaveAll(const Finding& finding) {
    survey_.left.push_back(finding);
    survey_.is_untouchable = true;
  }

  absl::Status Judge() {
    const FormerNames former = ReadSigns();
    std::vector<FoundLog> found;
    for (size_t log = 0; log < logs_.size(); ++log) {
      found.push_back({.named = logs_[log].named,
                       .is_waiting = logs_[log].is_waiting,
                       .is_blank = surveys_[log].is_blank,
                       .is_listed = IsListed(log),
                       .runs = std::move(surveys_[log].runs)});
      const auto front = found.back().FrontBase();
      if (!front || logs_[log].is_waiting) continue;
      found.back().former_name =
          former.Of(logs_[log].named, surveys_[log].file_bytes, *front);
    }
    KnownOfLog known{.durable = partition_.bounds.durable,
                     .log_start = partition_.bounds.log_start,
                     .start_is_known = partition_.start_is_known,
                     .clean_stop = partition_.clean_stop,
                     .may_have_gaps = partition_.may_have_gaps};
    if (partition_.clean_stop && partition_.known) {
      // At least where that says that it ended.
      known.closed_end = known.durable;
    }
    judged_ = JudgeLogs(found, known);
    for (size_t log = 0; log < logs_.size(); ++log) {
      surveys_[log].runs = std::move(found[log].runs);
    }
    const auto undecided =
        std::ranges::find(judged_, true, &JudgedLog::is_undecided);
    if (undecided != judged_.end()) {
      LeaveUndecided(static_cast<size_t>(undecided - judged_.begin()));
      return absl::OkStatus();
    }
    CAUCE_RETURN_IF_ERROR(TakeEmptiedOut());
    for (size_t log = 0; log < logs_.size(); ++log) {
      CAUCE_RETURN_IF_ERROR(judged_[log].fate == LogFate::kSegment
                                ? TakeSegment(log)
                                : SetAside(log));
    }
    std::ranges::sort(survey_.segments, {}, &SurveyedSegment::base);
    return absl::OkStatus();
  }

  // A log that stands whole in the place of the one that was closed: cut where
  // that ended, what is left of it would pass for that.
  absl::Status LeaveAnother() {
    if (!partition_.clean_stop || !partition_.known) return absl::OkStatus();
    const Offset closed = partition_.bounds.durable;
    for (size_t log = 0; log < logs_.size(); ++log) {
      const Offset end = EndFromName(log);
      if (end <= closed) continue;
      CAUCE_ASSIGN_OR_RETURN(
          const BeyondClose what,
          CompareWithClose(files_, partition_.directory, *partition_.known));
      if (what != BeyondClose::kAnother) break;
      LeaveAll({.file = reading_.PathOf(logs_[log]),
                .offset = closed,
                .what = DescribeBeyondClose(what, end, closed),
                .advice = fmt::format("nothing of the partition was touched: "
                                      "{}; and repair again",
                                      AdviceBeyondClose(what))});
      break;
    }
    return absl::OkStatus();
  }

  // Up to where its batches continue each other from what it is called by.
  Offset EndFromName(size_t log) const {
    Offset end = logs_[log].named;
    for (const BatchRun& run : surveys_[log].runs) {
      if (run.base != end) break;
      end = run.next;
    }
    return end;
  }

  // Of a log that was emptied only its indexes tell, as of one that is gone.
  absl::Status TakeEmptiedOut() {
    if (!partition_.may_have_gaps) return absl::OkStatus();
    std::vector<KnownSegment> there;
    for (size_t log = 0; log < logs_.size(); ++log) {
      if (logs_[log].is_waiting) continue;
      there.push_back({logs_[log].named, surveys_[log].file_bytes});
    }
    std::ranges::sort(there, {}, &KnownSegment::base);
    CAUCE_ASSIGN_OR_RETURN(
        const std::vector<Offset> emptied,
        FindEmptied({.files = &files_, .directory = partition_.directory},
                    there));
    for (size_t log = 0; log < logs_.size(); ++log) {
      const bool is_emptied =
          !logs_[log].is_waiting &&
          logs_[log].named < partition_.bounds.durable &&
          judged_[log].fate == LogFate::kSegment &&
          std::ranges::binary_search(emptied, logs_[log].named);
      if (is_emptied) judged_[log].fate = LogFate::kNoBatch;
    }
    return absl::OkStatus();
  }

  // Of what the logs were called.
  FormerNames ReadSigns() const {
    std::vector<Offset> names;
    for (const NamedLog& log : logs_) names.push_back(log.named);
    std::ranges::sort(names);
    FormerNames::Signs signs{.logs = names,
                             .indexes = indexed_,
                             .may_have_gaps = partition_.may_have_gaps};
    if (partition_.clean_stop && partition_.known) {
      signs.listed = partition_.known->segments;
    }
    return FormerNames(signs);
  }

  // Whether the log was closed with a file of such a name and size.
  bool IsListed(size_t log) const {
    const bool is_known = partition_.known && partition_.clean_stop;
    if (!is_known || logs_[log].is_waiting) return false;
    const std::vector<KnownSegment>& all = partition_.known->segments;
    const auto listed = std::ranges::lower_bound(all, logs_[log].named, {},
                                                 &KnownSegment::base);
    return listed != all.end() && listed->base == logs_[log].named &&
           listed->bytes == surveys_[log].file_bytes;
  }

  void LeaveUndecided(size_t log) {
    LeaveAll({.file = reading_.PathOf(logs_[log]),
              .offset = logs_[log].named,
              .what = fmt::format(
                  "too much is damaged: which of its batches are where they "
                  "say is not known after {} rounds of weighing them",
                  kJudgeRoundsMax),
              .advice = "nothing of the partition was touched: restore the "
                        "file from a copy, or move it away, and repair again"});
  }

  absl::Status TakeSegment(size_t log) {
    const SegmentSurvey& read = surveys_[log];
    const JudgedLog& judged = judged_[log];
    SurveyedSegment segment{.base = judged.base,
                            .named = logs_[log].named,
                            .is_waiting = logs_[log].is_waiting,
                            .file_bytes = read.file_bytes,
                            .next = judged.base};
    for (const size_t run : judged.stay) {
      if (!segment.first) segment.first = read.runs[run].base;
      segment.next = read.runs[run].next;
      segment.whole_bytes += read.runs[run].end - read.runs[run].position;
    }
    if (segment.is_renamed()) {
      segment.needs_indexes = true;
      segment.why_renamed = WhyRenamed(segment);
    }
    CAUCE_ASSIGN_OR_RETURN(const auto file, reading_.Open(logs_[log]));
    CAUCE_ASSIGN_OR_RETURN(
        segment.unreadable,
        FindUnreadable(*file, read,
                       {.base = segment.base,
                        .runs = judged.stay,
                        .log_start = partition_.bounds.log_start,
                        .may_have_gaps = partition_.may_have_gaps}));
    CAUCE_RETURN_IF_ERROR(strays_.KeepUnreadable(*file, segment));
    for (const UnreadableBytes& bytes : segment.unreadable) {
      segment.displaced.push_back(DisplacedIn(log, bytes.position, bytes.end));
    }
    if (judged.stay.size() < read.runs.size()) unchecked_.insert(judged.base);
    survey_.segments.push_back(std::move(segment));
    return absl::OkStatus();
  }

  static std::string WhyRenamed(const SurveyedSegment& segment) {
    if (segment.first == segment.base) {
      return fmt::format(
          "its first batch begins at offset {}, which is not what it is called "
          "by",
          segment.base.value);
    }
    if (segment.is_waiting) {
      return fmt::format("an earlier repair gave it offset {} as its name",
                         segment.base.value);
    }
    return fmt::format(
        "it was called by offset {}: an index without its log says so, or "
        "what the last close has noted",
        segment.base.value);
  }

  absl::Status SetAside(size_t log) {
    const JudgedLog& judged = judged_[log];
    // From where on offsets may be lost with it.
    std::optional<Offset> base;
    const bool held_none = judged.fate == LogFate::kNoBatch ||
                           judged.fate == LogFate::kForeign;
    if (held_none && !logs_[log].is_waiting) {
      base = logs_[log].named;
    }
    AsideLog aside{.fate = judged.fate, .durable = partition_.bounds.durable};
    if (judged.other) {
      aside.other = reading_.PathOf(logs_[*judged.other]);
      aside.other_end = EndOf(*judged.other);
    }
    Pass(surveys_[log].file_bytes);
    return strays_.SetWeighedAside(
        logs_[log].FileName(), WhyAside(aside, surveys_[log]), base,
        DisplacedIn(log, 0, surveys_[log].file_bytes));
  }

  // From the first to the last of those in [position, end) of a log.
  OffsetRange DisplacedIn(size_t log, int64_t position, int64_t end) const {
    OffsetRange all;
    for (const size_t at : judged_[log].displaced) {
      const BatchRun& run = surveys_[log].runs[at];
      if (run.position < position || run.end > end) continue;
      all = Spanning(all, {run.base, run.next});
    }
    return all;
  }

  // Behind the batches of a log.
  Offset EndOf(size_t log) const {
    const std::vector<size_t>& stay = judged_[log].stay;
    return stay.empty() ? judged_[log].base
                        : surveys_[log].runs[stay.back()].next;
  }

  absl::Status CheckSegments() {
    for (size_t at = 0; at < survey_.segments.size(); ++at) {
      SurveyedSegment& segment = survey_.segments[at];
      if (segment.is_renamed()) {
        Pass(segment.file_bytes);
        continue;
      }
      if (unchecked_.contains(segment.base)) {
        Pass(segment.file_bytes);
        segment.needs_indexes = true;
        CAUCE_RETURN_IF_ERROR(indexes_->Check({}, segment));
        continue;
      }
      std::optional<Offset> next;
      if (at + 1 < survey_.segments.size()) {
        next = survey_.segments[at + 1].base;
      }
      CAUCE_RETURN_IF_ERROR(Check(next, segment));
    }
    return absl::OkStatus();
  }

  // What is wrong within the records of the batches that stay, and with its
  // indexes.
  absl::Status Check(std::optional<Offset> next, SurveyedSegment& segment) {
    std::vector<Finding> of_indexes;
    const std::string path = reading_.PathOf({segment.base});
    const SegmentCheck::Found found = [&](const Finding& finding) {
      finding.file == path ? Sort(finding, segment)
                           : of_indexes.push_back(finding);
    };
    const SegmentToCheck to_check{
        .directory = partition_.directory,
        .base = segment.base,
        .next_base = next,
        // Where the log ends is judged.
        .durable = std::max(partition_.bounds.durable, segment.next),
        .log_start = partition_.bounds.log_start,
        .may_have_gaps = partition_.may_have_gaps,
        .decompressed_bytes_max = partition_.decompressed_bytes_max};
    CAUCE_RETURN_IF_ERROR(
        SegmentCheck(files_, to_check, summary_, found, progress_)
            .Run()
            .status());
    return indexes_->Check(of_indexes, segment);
  }

  // A finding that says nothing about unreadable bytes.
  void Sort(const Finding& finding, SurveyedSegment& segment) {
    const int64_t position = finding.position.value_or(0);
    const bool is_unreadable = std::ranges::any_of(
        segment.unreadable, [&](const UnreadableBytes& bytes) {
          if (position == bytes.position && bytes.is_gap()) {
            return finding.offset == bytes.expected;
          }
          return position >= bytes.position && position < bytes.end;
        });
    if (!is_unreadable && position < segment.file_bytes) {
      survey_.left.push_back(finding);
      return;
    }
    // Its indexes may go on where it ends: what they led to is gone.
    segment.needs_indexes = true;
  }

  // What a repair writes takes its place from beside: nothing may stand there
  // but a file, which is written over.
  absl::Status ClearWhereItWrites() {
    for (const auto& [name, base] : unfinished_) {
      const bool is_written =
          std::ranges::any_of(survey_.segments, [&](const auto& segment) {
            const bool is_changed =
                segment.needs_indexes || !segment.unreadable.empty();
            return is_changed &&
                   (segment.base == base || segment.named == base);
          });
      if (!is_written) continue;
      const absl::Status in_the_way =
          WhatIsInTheWay(files_, JoinPath(partition_.directory, name));
      if (!absl::IsFailedPrecondition(in_the_way)) continue;
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          name, "it stands where a repair writes a file anew"));
    }
    return absl::OkStatus();
  }

  void OrderRenaming() {
    std::vector<Renaming> wanted;
    for (const SurveyedSegment& segment : survey_.segments) {
      if (!segment.is_renamed()) continue;
      // One that waits keeps no name from anybody.
      wanted.push_back(
          {segment.is_waiting ? Offset{} : segment.named, segment.base});
    }
    RenameOrder order = OrderRenames(wanted);
    for (const Offset base : order.aside) {
      strays_.LetWait(*std::ranges::lower_bound(survey_.segments, base, {},
                                                &SurveyedSegment::base));
    }
    survey_.renamed = std::move(order.targets);
  }

  void Pass(int64_t bytes) const {
    if (progress_) progress_(bytes);
  }

  FileSystem& files_;
  const PartitionToCheck& partition_;
  VerifySummary& summary_;
  const SegmentCheck::Progress& progress_;
  const PartitionLogs reading_;
  StrayFiles strays_;
  std::map<std::string, Offset> unfinished_;  // as they are listed
  std::optional<IndexSurvey> indexes_;  // once they are listed
  std::vector<Offset> indexed_;         // what these are called by, sorted
  // By their names, those that wait behind all others; what lies in each, and
  // what that comes to.
  std::vector<NamedLog> logs_;
  std::vector<SegmentSurvey> surveys_;
  std::vector<JudgedLog> judged_;
  PartitionSurvey survey_;
  // The bases of segments with whole batches that do not stay: a walk goes
  // astray at those, and what is left of the segment is for the next one.
  std::set<Offset> unchecked_;
};

}  // namespace

absl::StatusOr<PartitionSurvey> SurveyPartition(
    FileSystem& files, const PartitionToCheck& partition,
    VerifySummary& summary, const SegmentCheck::Progress& progress) {
  CAUCE_ASSIGN_OR_RETURN(StrayFiles strays,
                         StrayFiles::In(files, partition.directory));
  return Surveyor(files, partition, summary, progress, std::move(strays)).Run();
}

}  // namespace cauce
