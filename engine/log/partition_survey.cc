#include "engine/log/partition_survey.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/cut_files.h"
#include "engine/log/cut_names.h"
#include "engine/log/misnamed_segments.h"
#include "engine/log/partition_logs.h"
#include "engine/log/rename_order.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::array kIndexSuffixes = {kOffsetIndexSuffix, kTimeIndexSuffix};

class Surveyor {
 public:
  Surveyor(FileSystem& files, const PartitionToCheck& partition,
           VerifySummary& summary, const SegmentCheck::Progress& progress,
           CutNames names)
      : files_(files),
        partition_(partition),
        summary_(summary),
        progress_(progress),
        reading_(files, partition),
        names_(std::move(names)) {}

  absl::StatusOr<PartitionSurvey> Run() {
    CAUCE_RETURN_IF_ERROR(List());
    CAUCE_RETURN_IF_ERROR(TakeOutMisnamed());
    CAUCE_RETURN_IF_ERROR(TakeWaiting());
    if (survey_.is_untouchable) return Untouchable();
    for (auto base = logs_.rbegin(); base != logs_.rend(); ++base) {
      CAUCE_RETURN_IF_ERROR(Take(*base));
      if (survey_.is_untouchable) return Untouchable();
    }
    std::ranges::reverse(survey_.segments);
    CAUCE_RETURN_IF_ERROR(PlaceMisnamed());
    CAUCE_RETURN_IF_ERROR(TakeOrphans());
    OrderFileNames();
    return std::move(survey_);
  }

 private:
  PartitionSurvey Untouchable() {
    return {.left = std::move(survey_.left), .is_untouchable = true};
  }

  absl::Status List() {
    CAUCE_ASSIGN_OR_RETURN(PartitionListing listing, reading_.List());
    for (const Offset base : listing.directories) {
      CAUCE_RETURN_IF_ERROR(SetAside(
          SegmentFileName(base, kLogSuffix),
          "a directory stands where the log of a segment should", base));
    }
    for (const std::string& name : listing.lookalikes) {
      CAUCE_RETURN_IF_ERROR(SetAside(
          name,
          "it is called like a segment's file, and by no offset; Kafka's "
          "brokers fail on it"));
    }
    logs_ = std::move(listing.logs);
    waiting_ = std::move(listing.waiting);
    indexes_ = std::move(listing.indexes);
    return absl::OkStatus();
  }

  absl::Status TakeOutMisnamed() {
    CAUCE_ASSIGN_OR_RETURN(const auto all, FindMisnamed(reading_, logs_));
    for (const MisnamedSegment& each : all) {
      std::erase(logs_, each.named);
      SurveyedSegment segment{.base = each.base, .named = each.named};
      CAUCE_RETURN_IF_ERROR(Describe(each.read, segment));
      segment.needs_indexes = true;
      misnamed_.push_back(std::move(segment));
    }
    return absl::OkStatus();
  }

  // An earlier repair was stopped before it gave them their names.
  absl::Status TakeWaiting() {
    for (const Offset named : waiting_) {
      CAUCE_ASSIGN_OR_RETURN(const auto read, reading_.ReadWaiting(named));
      SurveyedSegment segment{.named = named, .is_waiting = true};
      if (!read) {
        CAUCE_RETURN_IF_ERROR(SetAside(segment.FileName(),
                                       "there is no whole batch at its front"));
        continue;
      }
      if (!read->other_format.empty()) {
        LeaveOtherFormat(segment.FileName(), *read);
        return absl::OkStatus();
      }
      segment.base = *read->first;
      CAUCE_RETURN_IF_ERROR(Describe(*read, segment));
      segment.needs_indexes = true;
      misnamed_.push_back(std::move(segment));
    }
    return absl::OkStatus();
  }

  // Those that come behind it were taken.
  absl::Status Take(Offset base) {
    const std::string path = LogPath(base);
    const auto info = files_.Info(path);
    if (absl::IsFailedPrecondition(info.status())) {
      Leave({.file = path,
             .offset = base,
             .what = std::string(MessageOf(info.status())),
             .advice = "put the file itself there: no link is followed in a "
                       "data directory"});
      survey_.is_untouchable = true;
      return absl::OkStatus();
    }
    CAUCE_RETURN_IF_ERROR(info.status());
    SurveyedSegment segment{.base = base, .named = base};
    CAUCE_RETURN_IF_ERROR(Check(info->bytes, segment));
    if (survey_.is_untouchable) return absl::OkStatus();
    // The last one stays, cut to nothing, where the log goes on in it.
    const auto& [durable, log_start] = partition_.bounds;
    const bool goes_on =
        !NextBase() && (durable <= base || durable <= log_start);
    const bool is_hopeless =
        segment.whole_bytes == 0 && HoldsBytes(segment) && !goes_on;
    if (is_hopeless) {
      return SetAside(SegmentFileName(base, kLogSuffix),
                      fmt::format("there is no whole batch in it: {}",
                                  segment.unreadable.front().why),
                      base, segment.file_bytes);
    }
    survey_.segments.push_back(std::move(segment));
    return absl::OkStatus();
  }

  static bool HoldsBytes(const SurveyedSegment& segment) {
    return std::ranges::any_of(
        segment.unreadable,
        [](const UnreadableBytes& bytes) { return !bytes.is_zeros(); });
  }

  // Of the segment that was taken last, which follows the one looked at.
  std::optional<Offset> NextBase() const {
    if (survey_.segments.empty()) return std::nullopt;
    return survey_.segments.back().base;
  }

  absl::Status Check(int64_t bytes, SurveyedSegment& segment) {
    const std::string path = LogPath(segment.base);
    const SegmentToCheck to_check{
        .directory = partition_.directory,
        .base = segment.base,
        .next_base = NextBase(),
        .durable = partition_.bounds.durable,
        .decompressed_bytes_max = partition_.decompressed_bytes_max};
    std::vector<Finding> of_log;
    const SegmentCheck::Found found = [&](const Finding& finding) {
      (finding.file == path ? of_log : of_indexes_).push_back(finding);
    };
    CAUCE_ASSIGN_OR_RETURN(
        segment.next,
        SegmentCheck(files_, to_check, summary_, found, progress_).Run());
    segment.file_bytes = segment.whole_bytes = bytes;
    // A sealed one that was closed has nothing behind its batches.
    const bool is_whole = of_log.empty() && partition_.clean_stop && NextBase();
    if (!is_whole) {
      CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey read, Survey(segment.base));
      // What was found wrong may not be so with another one behind it.
      if (NextBase() != to_check.next_base) {
        of_indexes_.clear();
        return Check(bytes, segment);
      }
      if (!read.other_format.empty()) {
        LeaveOtherFormat(SegmentFileName(segment.base, kLogSuffix), read);
        return absl::OkStatus();
      }
      CAUCE_RETURN_IF_ERROR(Describe(read, segment));
    }
    for (const Finding& finding : of_log) Sort(finding, segment);
    return CheckIndexes(segment);
  }

  void LeaveOtherFormat(std::string_view name, const SegmentSurvey& read) {
    Leave({.file = JoinPath(partition_.directory, name),
           .offset = read.next,
           .what = read.other_format,
           .advice = "nothing of the partition was touched: read it with a "
                     "release that knows the format"});
    survey_.is_untouchable = true;
  }

  // A finding that says nothing about unreadable bytes.
  void Sort(const Finding& finding, SurveyedSegment& segment) {
    const int64_t position = finding.position.value_or(0);
    const bool is_unreadable = std::ranges::any_of(
        segment.unreadable, [position](const UnreadableBytes& bytes) {
          return position >= bytes.position && position < bytes.end;
        });
    if (!is_unreadable && position < segment.file_bytes) return Leave(finding);
    // Its indexes may go on where it ends: what they led to is gone.
    segment.needs_indexes = true;
  }

  absl::Status CheckIndexes(SurveyedSegment& segment) {
    for (const Finding& finding : std::exchange(of_indexes_, {})) {
      const std::string name = finding.file.substr(finding.file.rfind('/') + 1);
      // Found twice where it cannot be opened either.
      if (indexes_.erase(name) == 0) continue;
      CAUCE_RETURN_IF_ERROR(SetAside(name, finding.what));
    }
    for (const std::string_view suffix : kIndexSuffixes) {
      const std::string name = SegmentFileName(segment.base, suffix);
      const bool is_there = indexes_.contains(name);
      segment.needs_indexes |= !is_there && segment.whole_bytes > 0;
      if (segment.whole_bytes > 0 || !is_there || !segment.needs_indexes) {
        continue;
      }
      indexes_.erase(name);
      CAUCE_RETURN_IF_ERROR(
          SetAside(name, "its log has no batch that it could lead to"));
    }
    segment.needs_indexes &= segment.whole_bytes > 0;
    return absl::OkStatus();
  }

  // What can be read of a segment whose successors were taken. One of them may
  // have to give way, or to begin later.
  absl::StatusOr<SegmentSurvey> Survey(Offset base) {
    CAUCE_ASSIGN_OR_RETURN(SegmentSurvey read, Read(base, NextBase()));
    while (!read.unreadable.empty() && NextBase()) {
      CAUCE_ASSIGN_OR_RETURN(const bool read_more, MakeRoom(base, read));
      if (!read_more) break;
    }
    return read;
  }

  // Whether more can be read of the segment at `base` where the one behind it
  // is not there, or begins at its first batch: that is then so, and `read` is
  // what can be read.
  absl::StatusOr<bool> MakeRoom(Offset base, SegmentSurvey& read) {
    SurveyedSegment& behind = survey_.segments.back();
    std::optional<Offset> after;
    if (survey_.segments.size() > 1) {
      after = survey_.segments[survey_.segments.size() - 2].base;
    }
    CAUCE_ASSIGN_OR_RETURN(SegmentSurvey longer, Read(base, after));
    const bool holds_all =
        longer.whole_bytes > read.whole_bytes &&
        longer.whole_bytes >= read.whole_bytes + behind.whole_bytes &&
        (behind.whole_bytes == 0 || longer.next >= behind.next);
    if (holds_all) {
      read = std::move(longer);
      const SurveyedSegment lesser = std::move(behind);
      survey_.segments.pop_back();
      CAUCE_RETURN_IF_ERROR(SetAside(
          lesser,
          "the segment before it reaches across where it begins, and holds as "
          "much"));
      return true;
    }
    CAUCE_RETURN_IF_ERROR(FindFirst(behind));
    if (!behind.first || *behind.first == behind.base) return false;
    CAUCE_ASSIGN_OR_RETURN(longer, Read(base, behind.first));
    if (longer.whole_bytes <= read.whole_bytes) return false;
    read = std::move(longer);
    RenameToFirst(behind);
    return true;
  }

  absl::Status FindFirst(SurveyedSegment& segment) {
    if (segment.first) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(segment.first, reading_.FirstBase(segment.named));
    return absl::OkStatus();
  }

  // The segment gets the name of its first batch where that lies at `offset` or
  // behind it.
  absl::Status BeginLater(SurveyedSegment& segment, Offset offset) {
    CAUCE_RETURN_IF_ERROR(FindFirst(segment));
    if (segment.first && *segment.first >= offset) RenameToFirst(segment);
    return absl::OkStatus();
  }

  void RenameToFirst(SurveyedSegment& segment) {
    segment.base = *segment.first;
    segment.why_renamed = fmt::format(
        "its first batch begins at offset {}, and the segment before it "
        "reaches behind what it is called by",
        segment.base.value);
    segment.needs_indexes = true;
  }

  absl::StatusOr<SegmentSurvey> Read(Offset base,
                                     std::optional<Offset> next) const {
    return reading_.Read(base, reading_.RangeOf(base, next));
  }

  absl::Status Describe(const SegmentSurvey& read, SurveyedSegment& segment) {
    segment.file_bytes = read.file_bytes;
    segment.whole_bytes = read.whole_bytes;
    segment.first = read.first;
    segment.next = read.next;
    segment.unreadable = read.unreadable;
    if (read.unreadable.empty()) return absl::OkStatus();
    const std::string name = segment.FileName();
    CAUCE_ASSIGN_OR_RETURN(
        const auto file,
        files_.Open(JoinPath(partition_.directory, name), OpenMode::kRead));
    for (const UnreadableBytes& bytes : read.unreadable) {
      std::string path;
      if (!bytes.is_zeros()) {
        // Zeros behind all else change no index.
        segment.needs_indexes = true;
        CAUCE_ASSIGN_OR_RETURN(
            path,
            names_.PathFor(fmt::format("{}.{}", name, bytes.position),
                           FilePart{*file, bytes.position, bytes.zeros_from}));
      }
      segment.needs_indexes |= bytes.end < read.file_bytes;
      segment.kept_as.push_back(std::move(path));
    }
    return absl::OkStatus();
  }

  // Each goes where its batches belong, if they fit between the others.
  absl::Status PlaceMisnamed() {
    std::vector<SurveyedSegment>& all = survey_.segments;
    for (SurveyedSegment& segment : misnamed_) {
      for (SurveyedSegment& other : all) {
        if (other.base < segment.base || other.base >= segment.next) continue;
        CAUCE_RETURN_IF_ERROR(BeginLater(other, segment.next));
      }
      const auto behind = std::ranges::upper_bound(all, segment.base, {},
                                                   &SurveyedSegment::base);
      const bool fits =
          (behind == all.begin() || std::prev(behind)->next <= segment.base) &&
          (behind == all.end() || segment.next <= behind->base);
      segment.why_renamed = fmt::format(
          "its first batch begins at offset {}, which is not what "
          "it is called by",
          segment.base.value);
      if (fits) {
        all.insert(behind, std::move(segment));
      } else {
        CAUCE_RETURN_IF_ERROR(SetAside(
            segment,
            segment.why_renamed + "; other segments have these offsets"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeOrphans() {
    for (const std::string& name : std::exchange(indexes_, {})) {
      const Offset base = ParseSegmentFileName(name)->base;
      const bool has_log = std::ranges::binary_search(
          survey_.segments, base, {}, &SurveyedSegment::base);
      const bool is_old = std::ranges::any_of(
          survey_.segments, [base](const SurveyedSegment& segment) {
            return segment.named == base && segment.base != base;
          });
      if (has_log && !is_old) continue;
      const bool is_missed = base >= partition_.bounds.log_start &&
                             base < partition_.bounds.durable;
      std::optional<Offset> lost;
      if (is_missed && !is_old) lost = base;
      CAUCE_RETURN_IF_ERROR(
          SetAside(name,
                   fmt::format("an index without its log: {} is not there",
                               SegmentFileName(base, kLogSuffix)),
                   lost));
    }
    return absl::OkStatus();
  }

  // The indexes of those that are called otherwise are out of the way by then.
  void OrderFileNames() {
    std::vector<Renaming> wanted;
    for (const SurveyedSegment& segment : survey_.segments) {
      if (!segment.is_renamed()) continue;
      // One that waits keeps no name from anybody.
      wanted.push_back(
          {segment.is_waiting ? Offset{} : segment.named, segment.base});
    }
    RenameOrder order = OrderRenames(std::move(wanted));
    survey_.renamed = std::move(order.targets);
    for (const Offset base : order.aside) BreakCircle(base);
  }

  // The segment at `base` waits beside until its name is free. A recovery in
  // between misses it, below the end that was saved, and cuts nothing; the next
  // repair finds it.
  void BreakCircle(Offset base) {
    const auto segment =
        std::ranges::find(survey_.segments, base, &SurveyedSegment::base);
    StrayFile stray{.path = LogPath(segment->named),
                    .why = segment->why_renamed +
                           "; others wait for its name and it for theirs"};
    segment->named = base;
    segment->is_waiting = true;
    stray.kept_as = JoinPath(partition_.directory, segment->FileName());
    survey_.strays.push_back(std::move(stray));
  }

  absl::Status SetAside(const SurveyedSegment& segment, std::string why) {
    std::optional<Offset> lost;
    if (segment.first) lost = *segment.first;
    return SetAside(segment.FileName(), std::move(why), lost,
                    segment.file_bytes);
  }

  absl::Status SetAside(std::string_view name, std::string why,
                        std::optional<Offset> base = std::nullopt,
                        int64_t bytes = 0) {
    CAUCE_ASSIGN_OR_RETURN(std::string kept_as, names_.PathFor(name));
    survey_.strays.push_back({JoinPath(partition_.directory, name),
                              std::move(kept_as), std::move(why), base, bytes});
    return absl::OkStatus();
  }

  void Leave(const Finding& finding) { survey_.left.push_back(finding); }

  std::string LogPath(Offset base) const { return reading_.PathOf(base); }

  FileSystem& files_;
  const PartitionToCheck& partition_;
  VerifySummary& summary_;
  const SegmentCheck::Progress& progress_;
  const PartitionLogs reading_;
  CutNames names_;
  std::vector<Offset> logs_;       // smallest first, without the misnamed
  std::vector<Offset> waiting_;    // the names of those that wait for them
  std::set<std::string> indexes_;  // names
  // Those whose first batch cannot stand in a segment of their name.
  std::vector<SurveyedSegment> misnamed_;
  std::vector<Finding> of_indexes_;  // of the segment looked at
  // Its segments from the last to the first, until all were taken.
  PartitionSurvey survey_;
};

}  // namespace

std::string SurveyedSegment::FileName() const {
  return SegmentFileName(named, is_waiting ? kWaitingLogSuffix : kLogSuffix);
}

absl::StatusOr<PartitionSurvey> SurveyPartition(
    FileSystem& files, const PartitionToCheck& partition,
    VerifySummary& summary, const SegmentCheck::Progress& progress) {
  CAUCE_ASSIGN_OR_RETURN(CutNames names,
                         CutNames::In(files, partition.directory));
  return Surveyor(files, partition, summary, progress, std::move(names)).Run();
}

}  // namespace cauce
