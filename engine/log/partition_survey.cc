#include "engine/log/partition_survey.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/index_survey.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/misnamed_segments.h"
#include "engine/log/partition_logs.h"
#include "engine/log/segment.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_places.h"
#include "engine/log/segment_survey.h"
#include "engine/log/segments_above_end.h"
#include "engine/log/surveyed_intruders.h"
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
    CAUCE_RETURN_IF_ERROR(TakeOutIntruders());
    CAUCE_RETURN_IF_ERROR(TakeOutMisnamed());
    CAUCE_RETURN_IF_ERROR(TakeWaiting());
    CAUCE_RETURN_IF_ERROR(TakeOutAboveEnd());
    if (survey_.is_untouchable) return Untouchable();
    for (auto base = logs_.rbegin(); base != logs_.rend(); ++base) {
      CAUCE_RETURN_IF_ERROR(Take(*base));
      if (survey_.is_untouchable) return Untouchable();
    }
    std::vector<SurveyedSegment>& all = survey_.segments;
    std::ranges::reverse(all);
    CAUCE_RETURN_IF_ERROR(
        PlaceMisnamed(reading_, std::move(misnamed_), all, strays_));
    CAUCE_RETURN_IF_ERROR(indexes_->TakeOrphans(partition_.bounds, all));
    survey_.renamed = OrderFileNames(all, strays_);
    survey_.strays = strays_.Take();
    return std::move(survey_);
  }

 private:
  PartitionSurvey Untouchable() {
    return {.left = std::move(survey_.left), .is_untouchable = true};
  }

  absl::Status List() {
    CAUCE_ASSIGN_OR_RETURN(PartitionListing listing, reading_.List());
    for (const Offset base : listing.directories) {
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(SegmentFileName(base, kLogSuffix),
                                             std::string(kDirectoryThere),
                                             base));
    }
    for (const std::string& name : listing.lookalikes) {
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          name,
          "it is called like a segment's file, and by no offset; Kafka's "
          "brokers fail on it"));
    }
    for (const Offset base : listing.logs) {
      // A link, and what may not be read, is told when its turn comes.
      CAUCE_ASSIGN_OR_RETURN(const bool is_no_file,
                             IsNoFile(files_, LogPath(base)));
      if (!is_no_file) {
        logs_.push_back(base);
        continue;
      }
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(SegmentFileName(base, kLogSuffix),
                                             std::string(kNoFileThere), base));
    }
    waiting_ = std::move(listing.waiting);
    indexes_.emplace(std::move(listing.indexes), strays_);
    return absl::OkStatus();
  }

  // Nothing was in them that is missing now.
  absl::Status TakeOutIntruders() {
    CAUCE_ASSIGN_OR_RETURN(const auto all, FindIntruders(reading_, logs_));
    for (const Intruder& each : all) {
      std::erase(logs_, each.base);
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          SegmentFileName(each.base, kLogSuffix),
          fmt::format("there is no whole batch in it, and {} holds the records "
                      "up to offset {}",
                      LogPath(each.host), each.host_end.value)));
    }
    return absl::OkStatus();
  }

  absl::Status TakeOutMisnamed() {
    CAUCE_ASSIGN_OR_RETURN(const auto all, FindMisnamed(reading_, logs_));
    for (const MisnamedSegment& each : all) {
      std::erase(logs_, each.named);
      SurveyedSegment segment{.base = each.base, .named = each.named};
      CAUCE_RETURN_IF_ERROR(strays_.Describe(each.read, segment));
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
        CAUCE_RETURN_IF_ERROR(strays_.SetAside(
            segment.FileName(), "there is no whole batch at its front"));
        continue;
      }
      if (!read->other_format.empty()) {
        LeaveOtherFormat(segment.FileName(), *read);
        return absl::OkStatus();
      }
      segment.base = *read->first;
      CAUCE_RETURN_IF_ERROR(strays_.Describe(*read, segment));
      segment.needs_indexes = true;
      misnamed_.push_back(std::move(segment));
    }
    return absl::OkStatus();
  }

  // Else the log would go on at their names, far away.
  absl::Status TakeOutAboveEnd() {
    if (!partition_.clean_stop) return absl::OkStatus();
    const SegmentPlace place{.files = &files_,
                             .directory = partition_.directory};
    const auto above = CountAboveEnd(place, logs_, partition_.bounds.durable);
    // A link, or what else is no file, is told when its turn comes.
    if (absl::IsFailedPrecondition(above.status())) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(above.status());
    for (size_t left = *above; left > 0; --left) {
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          SegmentFileName(logs_.back(), kLogSuffix),
          fmt::format("there is no batch in it, and the log was closed at "
                      "offset {}",
                      partition_.bounds.durable.value)));
      logs_.pop_back();
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
        segment.whole_bytes == 0 && segment.HoldsRubbish() && !goes_on;
    if (is_hopeless) {
      return strays_.SetAside(SegmentFileName(base, kLogSuffix),
                              fmt::format("there is no whole batch in it: {}",
                                          segment.unreadable.front().why),
                              base, segment.file_bytes);
    }
    survey_.segments.push_back(std::move(segment));
    return absl::OkStatus();
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
        .may_have_gaps = partition_.may_have_gaps,
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
      CAUCE_RETURN_IF_ERROR(strays_.Describe(read, segment));
    }
    for (const Finding& finding : of_log) Sort(finding, segment);
    return indexes_->Check(std::exchange(of_indexes_, {}), segment);
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
        segment.unreadable, [&](const UnreadableBytes& bytes) {
          if (position == bytes.position && bytes.is_gap()) {
            return finding.offset == bytes.expected;
          }
          return position >= bytes.position && position < bytes.end;
        });
    if (!is_unreadable && position < segment.file_bytes) return Leave(finding);
    // Its indexes may go on where it ends: what they led to is gone.
    segment.needs_indexes = true;
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
    CAUCE_ASSIGN_OR_RETURN(Crossing crossing, CrossingOf(base, read, longer));
    const bool is_sure =
        crossing == Crossing::kGoesOn || behind.whole_bytes == 0;
    if (holds_all && is_sure) {
      read = std::move(longer);
      const SurveyedSegment lesser = std::move(behind);
      survey_.segments.pop_back();
      CAUCE_RETURN_IF_ERROR(strays_.SetAside(
          lesser,
          "the segment before it reaches across where it begins, and holds as "
          "much"));
      return true;
    }
    CAUCE_RETURN_IF_ERROR(FindFirst(reading_, behind));
    if (!behind.first || *behind.first == behind.base) return false;
    CAUCE_ASSIGN_OR_RETURN(longer, Read(base, behind.first));
    if (longer.whole_bytes <= read.whole_bytes) return false;
    // Its name is doubtful already; but neither may move the other alone.
    CAUCE_ASSIGN_OR_RETURN(crossing, CrossingOf(base, read, longer));
    if (crossing == Crossing::kAstray && longer.next != *behind.first) {
      return false;
    }
    read = std::move(longer);
    behind.BeginAtFirst();
    return true;
  }

  // What a segment seems to hold across where the one behind it begins.
  enum class Crossing {
    kGoesOn,        // it stands where it is expected, or is several batches
    kBehindDamage,  // one batch, and what is in front of it is damaged
    kAstray,        // one batch, and its offset is not the one that is expected
  };

  // Of what `longer` has more of the segment at `base` than `read`, which ends
  // in what cannot stand there. No CRC covers a base offset: that of one batch
  // may be wrong.
  absl::StatusOr<Crossing> CrossingOf(Offset base, const SegmentSurvey& read,
                                      const SegmentSurvey& longer) const {
    if (longer.batches > read.batches + 1) return Crossing::kGoesOn;
    const UnreadableBytes& end = read.unreadable.back();
    CAUCE_ASSIGN_OR_RETURN(const auto found,
                           reading_.BaseAt(base, end.position));
    if (!found) return Crossing::kBehindDamage;
    return *found == end.expected ? Crossing::kGoesOn : Crossing::kAstray;
  }

  absl::StatusOr<SegmentSurvey> Read(Offset base,
                                     std::optional<Offset> next) const {
    return reading_.Read(base, reading_.RangeOf(base, next));
  }

  void Leave(const Finding& finding) { survey_.left.push_back(finding); }

  std::string LogPath(Offset base) const { return reading_.PathOf(base); }

  FileSystem& files_;
  const PartitionToCheck& partition_;
  VerifySummary& summary_;
  const SegmentCheck::Progress& progress_;
  const PartitionLogs reading_;
  StrayFiles strays_;
  std::optional<IndexSurvey> indexes_;  // once they are listed
  std::vector<Offset> logs_;            // smallest first, without the misnamed
  std::vector<Offset> waiting_;         // the names of those that wait for them
  // Those whose first batch cannot stand in a segment of their name.
  std::vector<SurveyedSegment> misnamed_;
  std::vector<Finding> of_indexes_;  // of the segment looked at
  // Its segments from the last to the first, until all were taken.
  PartitionSurvey survey_;
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
