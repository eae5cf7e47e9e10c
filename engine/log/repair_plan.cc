#include "engine/log/repair_plan.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"
#include "engine/log/survey_missing.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What none of `taken`, which are in the order of their bases, has of `range`.
std::vector<OffsetRange> Without(OffsetRange range,
                                 std::span<const OffsetRange> taken) {
  std::vector<OffsetRange> left;
  for (const OffsetRange& each : taken) {
    if (each.count() <= 0 || each.next <= range.base) continue;
    if (each.base >= range.next) break;
    if (each.base > range.base) left.push_back({range.base, each.base});
    range.base = std::min(each.next, range.next);
  }
  if (range.count() > 0) left.push_back(range);
  return left;
}

class Planner {
 public:
  Planner(const PartitionToCheck& partition, const PartitionSurvey& survey)
      : partition_(partition), survey_(survey) {
    plan_.end = partition.bounds.durable;
    plan_.log_start = partition.bounds.log_start;
    for (const StrayFile& stray : survey.strays) {
      if (stray.base) stray_bases_.insert(*stray.base);
      if (StageOf(stray) == Strays::kEvidence) orphans_.insert(*stray.base);
    }
  }

  RepairPlan Run() {
    // While bytes are left that were refused, every name stays that spoke
    // against them: who plans anew behind a stop would believe them.
    SetAside(Strays::kNotWeighed);
    for (size_t i = 0; i < survey_.segments.size(); ++i) RemoveBytes(i);
    SetAside(Strays::kWeighed);
    for (const Offset base : survey_.renamed) Rename(base);
    FillGaps();
    plan_.end = PlanEnd();
    // As long as a marker is to be written its name tells of what is lost.
    SetAside(Strays::kEvidence);
    for (const SurveyedSegment& segment : survey_.segments) {
      if (segment.needs_indexes || marked_.contains(segment.base)) {
        WriteIndexes(segment.base);
      }
    }
    for (const Offset base : filled_beside_orphans_) WriteIndexes(base);
    PlanStart();
    PlanForgetting();
    TellWhoStaysOpen();
    return std::move(plan_);
  }

 private:
  void WriteIndexes(Offset base) {
    plan_.steps.push_back(
        {.action = RepairAction::kWriteIndexes,
         .file = LogPath(base),
         .why = "its indexes are missing, or lead elsewhere than its log"});
  }

  void Rename(Offset base) {
    const auto segment = std::ranges::lower_bound(survey_.segments, base, {},
                                                  &SurveyedSegment::base);
    plan_.steps.push_back({.action = RepairAction::kRename,
                           .file = PathOf(segment->FileName()),
                           .renamed_to = LogPath(base),
                           .why = segment->why_renamed});
  }

  // Returns where the log ends once it is repaired.
  Offset PlanEnd() {
    const auto& [durable, log_start] = partition_.bounds;
    const Offset found =
        survey_.segments.empty() ? log_start : NextOf(survey_.segments.back());
    if (found < durable && durable > log_start) {
      const std::string why = fmt::format(
          "the log ends at offset {}, and records up to offset {} "
          "were durable: their offsets are not given again",
          found.value, durable.value);
      const bool is_gap =
          !survey_.segments.empty() && !partition_.may_have_gaps;
      const OffsetRange lost = Missed(found, durable);
      const bool is_more_lost = EndsUnknown(found);
      if (is_gap && Fill({found, durable}, lost, why, is_more_lost)) {
        return durable;
      }
      // In a topic that may have gaps there are the markers alone.
      const auto ended = EndedIn({found, durable});
      if (!ended.empty()) {
        Fill({ended.front().marker, ended.back().marker + 1}, {}, why);
      }
      Begin(durable, lost, why, is_more_lost);
      return durable;
    }
    // A clean stop saves both, and no log ends below its start: where the saved
    // end lies there what was saved of the start is wrong.
    start_is_wrong_ =
        found < log_start && durable < log_start && partition_.clean_stop;
    if (found < log_start && !start_is_wrong_) {
      Begin(log_start, {},
            fmt::format("the log ends at offset {}, and what lies below offset "
                        "{} was deleted",
                        found.value, log_start.value),
            EndsUnknown(found));
      return log_start;
    }
    return found;
  }

  // What is missing behind it is then told with that.
  static bool EndsInDamage(const SurveyedSegment& segment) {
    return !segment.unreadable.empty() && !segment.unreadable.back().behind;
  }

  // Between segments; what lies below the start is not missed.
  void FillGaps() {
    if (partition_.may_have_gaps) return FillWithMarkers();
    for (size_t i = 0; i + 1 < survey_.segments.size(); ++i) {
      const SurveyedSegment& segment = survey_.segments[i];
      const Offset base = NextOf(segment);
      const Offset next = survey_.segments[i + 1].base;
      if (base >= next || next <= partition_.bounds.log_start) continue;
      const OffsetRange lost{
          base, EndsInDamage(segment) ? base : FirstStray(base, next)};
      Fill({base, next}, Missed(lost.base, lost.next),
           fmt::format("the records with offsets {} to {} are missing: a batch "
                       "without records says that there are none",
                       base.value, next.value - 1));
    }
  }

  // In a topic that may have gaps they are all that is put between segments.
  void FillWithMarkers() {
    for (size_t i = 0; i + 1 < survey_.segments.size(); ++i) {
      const auto ended =
          EndedIn({NextOf(survey_.segments[i]), survey_.segments[i + 1].base});
      if (ended.empty()) continue;
      const OffsetRange marked{ended.front().marker, ended.back().marker + 1};
      Fill(marked, marked,
           "transactions may have ended in a segment that is missing");
    }
  }

  // False where there are more than are filled, which is told.
  bool Fill(const OffsetRange& gap, const OffsetRange& lost,
            const std::string& why, bool is_more_lost = false) {
    if (gap.count() > kFilledOffsetsMax) {
      plan_.left.push_back(
          {.file = LogPath(gap.base),
           .offset = gap.base,
           .what = fmt::format("{} offsets are missing up to offset {}, more "
                               "than the {} that a repair fills",
                               gap.count(), gap.next.value, kFilledOffsetsMax),
           .advice = fmt::format("see whether the number of partition {} in {} "
                                 "and the names of its .log files are right",
                                 partition_.directory, kRecoveryPointFile)});
      return false;
    }
    if (orphans_.contains(gap.base)) filled_beside_orphans_.push_back(gap.base);
    for (Offset base = gap.base; base < gap.next;) {
      const Offset next{std::min(gap.next.value - base.value, kGapOffsetsMax) +
                        base.value};
      plan_.steps.push_back({.action = RepairAction::kFillGap,
                             .file = LogPath(base),
                             .filled = {base, next},
                             .ended = EndedIn({base, next}),
                             .lost = base == gap.base ? lost : OffsetRange(),
                             .is_more_lost = base == gap.base && is_more_lost,
                             .why = why});
      base = next;
    }
    return true;
  }

  void Begin(Offset base, const OffsetRange& lost, std::string why,
             bool is_more_lost) {
    begun_ = base;
    plan_.steps.push_back({.action = RepairAction::kBeginSegment,
                           .file = LogPath(base),
                           .lost = lost,
                           .is_more_lost = is_more_lost,
                           .why = std::move(why)});
  }

  enum class Strays { kNotWeighed, kWeighed, kEvidence };

  // When it goes. Without gaps what is missing tells of itself.
  Strays StageOf(const StrayFile& stray) const {
    if (stray.is_orphan && partition_.may_have_gaps) return Strays::kEvidence;
    return stray.is_weighed ? Strays::kWeighed : Strays::kNotWeighed;
  }

  void SetAside(Strays which) {
    for (const StrayFile& stray : survey_.strays) {
      if (StageOf(stray) != which) continue;
      RepairStep step{.action = RepairAction::kSetAside,
                      .file = stray.path,
                      .renamed_to = stray.kept_as,
                      .why = stray.why};
      const bool is_told = !stray.base || !told_.insert(*stray.base).second;
      if (!is_told) step.lost = LostWith(*stray.base);
      step.lost = Spanning(step.lost, stray.displaced);
      step.is_more_lost =
          !is_told && EndsUnknown(*stray.base) && !IsToldAtEnd(stray);
      if (step.is_more_lost && step.lost.count() == 0) {
        step.lost = {*stray.base, *stray.base};
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  // Whether what was in its place is told where the log ends too early. Of what
  // has bytes there may have been more.
  bool IsToldAtEnd(const StrayFile& stray) const {
    return stray.is_stand_in && *stray.base < partition_.bounds.durable;
  }

  // What was in a file that should have held the offsets from `base` on, and is
  // nowhere else.
  OffsetRange LostWith(Offset base) const {
    const auto& all = survey_.segments;
    // Told when the start is saved: who plans anew behind that does not miss
    // what lies below.
    if (MovesStart() && base < all.front().base) return {};
    const auto behind =
        std::ranges::lower_bound(all, base, {}, &SurveyedSegment::base);
    if (behind == all.begin()) return Missed(base, NextHeld(base));
    const SurveyedSegment& before = *std::prev(behind);
    // Of one that begins in the middle of another what is missing behind that
    // one is told with its damage, or with the gap.
    const bool is_told = before.next > base &&
                         (EndsInDamage(before) || !partition_.may_have_gaps);
    if (is_told) return {};
    return Missed(std::max(base, before.next), NextHeld(base));
  }

  // What else holds, or should have held, offsets behind `base`.
  Offset NextHeld(Offset base) const {
    return FirstStray(base + 1, BaseBehind(base));
  }

  // Whether no segment is left from `offset` on, and nobody has noted where the
  // log ended: it was not closed since it was written.
  bool EndsUnknown(Offset offset) const {
    const bool is_noted = partition_.clean_stop || partition_.is_as_closed;
    return !is_noted &&
           (survey_.segments.empty() || survey_.segments.back().base < offset);
  }

  // Of [base, next), what had not been deleted.
  OffsetRange Missed(Offset base, Offset next) const {
    base = std::max(base, partition_.bounds.log_start);
    return {base, std::max(base, next)};
  }

  // Where the log goes on behind a segment that is missing; there is nothing to
  // say of the end, of which Begin() told.
  Offset BaseBehind(Offset base) const {
    const auto behind = std::ranges::lower_bound(survey_.segments, base, {},
                                                 &SurveyedSegment::base);
    return behind == survey_.segments.end() ? base : behind->base;
  }

  void RemoveBytes(size_t i) {
    const SurveyedSegment& segment = survey_.segments[i];
    if (segment.unreadable.empty()) return;
    const Offset behind =
        i + 1 < survey_.segments.size()
            ? FirstStray(segment.next, survey_.segments[i + 1].base)
            : segment.next;
    const bool has_bytes =
        !std::ranges::all_of(segment.unreadable, &UnreadableBytes::is_gap);
    RepairStep step{.action = RepairAction::kRemoveBytes,
                    .file = PathOf(segment.FoundName()),
                    .why = has_bytes
                               ? "there are bytes in it that are no whole batch"
                               : "records are missing in it"};
    for (size_t at = 0; at < segment.unreadable.size(); ++at) {
      const UnreadableBytes& bytes = segment.unreadable[at];
      std::vector<EndedTransaction> ended =
          EndedIn({bytes.expected, bytes.behind.value_or(BaseAfter(i))});
      const OffsetRange filled = FilledFor(bytes, ended);
      if (filled.count() == 0) ended.clear();
      if (!ended.empty()) marked_.insert(segment.base);
      if (bytes.is_gap() && filled.count() == 0) {
        plan_.left.push_back(
            {.file = PathOf(segment.FoundName()),
             .position = bytes.position,
             .offset = bytes.expected,
             .what = bytes.why,
             .advice = "restore the file from a copy: there are more than a "
                       "repair fills"});
        continue;
      }
      step.removed.push_back(
          {.position = bytes.position,
           .bytes = bytes.end - bytes.position,
           .kept_bytes = bytes.zeros_from - bytes.position,
           .kept_as = segment.kept_as[at],
           .filled = filled,
           .ended = ended,
           .lost = Spanning(
               Missed(bytes.expected, bytes.behind.value_or(behind)),
               DisplacedIn(segment, at)),
           .is_more_lost = !bytes.behind && !bytes.is_zeros() &&
                           EndsUnknown(segment.base + 1),
           .why = bytes.why});
    }
    if (!step.removed.empty()) plan_.steps.push_back(std::move(step));
  }

  // Whole batches count as lost where others are believed.
  static OffsetRange DisplacedIn(const SurveyedSegment& segment, size_t at) {
    return at < segment.displaced.size() ? segment.displaced[at]
                                         : OffsetRange();
  }

  // Else what is missing there would be told again and again.
  OffsetRange FilledFor(const UnreadableBytes& bytes,
                        const std::vector<EndedTransaction>& ended) const {
    const OffsetRange gap{bytes.expected, bytes.behind.value_or(Offset{0})};
    const bool is_filled = !partition_.may_have_gaps && gap.count() > 0 &&
                           gap.count() <= kGapOffsetsMax;
    if (is_filled) return gap;
    if (ended.empty()) return OffsetRange();
    const OffsetRange marked{
        partition_.may_have_gaps ? ended.front().marker : bytes.expected,
        ended.back().marker + 1};
    return marked.count() <= kGapOffsetsMax ? marked : OffsetRange();
  }

  // Whose markers are to stand in `range`.
  std::vector<EndedTransaction> EndedIn(const OffsetRange& range) const {
    const auto from = std::ranges::lower_bound(survey_.ended, range.base, {},
                                               &EndedTransaction::marker);
    const auto to = std::ranges::lower_bound(survey_.ended, range.next, {},
                                             &EndedTransaction::marker);
    return from < to ? std::vector<EndedTransaction>(from, to)
                     : std::vector<EndedTransaction>();
  }

  // Where the segment behind the `i`-th begins.
  Offset BaseAfter(size_t i) const {
    return i + 1 < survey_.segments.size() ? survey_.segments[i + 1].base
                                           : Offset{INT64_MAX};
  }

  // Those whose markers lie in more than is filled.
  void TellWhoStaysOpen() {
    std::set<Offset> written;
    const auto note = [&](const std::vector<EndedTransaction>& ended) {
      for (const EndedTransaction& each : ended) written.insert(each.marker);
    };
    for (const RepairStep& step : plan_.steps) {
      note(step.ended);
      for (const RemovedBytes& removed : step.removed) note(removed.ended);
    }
    for (const EndedTransaction& each : survey_.ended) {
      if (written.contains(each.marker)) continue;
      // A note: where offsets stay unfilled that is told by itself.
      plan_.left.push_back(
          {.gravity = Gravity::kNote,
           .file = partition_.directory,
           .offset = each.marker,
           .what = fmt::format(
               "the marker of the transaction of producer {} with offsets {} "
               "to {} may be lost as well, and there are more offsets in front "
               "of it than a repair fills",
               each.producer_id.value, each.offsets.base.value,
               each.offsets.next.value - 1),
           .advice = "where readers of what is committed wait for it or must "
                     "not see it, end it by its producer"});
    }
  }

  // Where the segment ends once markers stand at its end.
  Offset NextOf(const SurveyedSegment& segment) const {
    if (!marked_.contains(segment.base) || !EndsInDamage(segment)) {
      return segment.next;
    }
    const auto behind =
        std::ranges::upper_bound(survey_.segments, segment.base, {},
                                 &SurveyedSegment::base);
    const Offset up_to =
        behind == survey_.segments.end() ? Offset{INT64_MAX} : behind->base;
    const auto ended = EndedIn({segment.next, up_to});
    return ended.empty() ? segment.next : ended.back().marker + 1;
  }

  void PlanStart() {
    const Offset first = survey_.segments.empty()
                             ? begun_.value_or(partition_.bounds.log_start)
                             : survey_.segments.front().base;
    const Offset saved = partition_.bounds.log_start;
    if (start_is_wrong_) {
      plan_.log_start = first;
      plan_.why_start = fmt::format(
          "the log was closed in order, and ends below its saved start, offset "
          "{}: it starts at offset {}",
          saved.value, first.value);
    } else if (partition_.start_is_known && first > saved) {
      plan_.log_start = first;
      plan_.why_start = fmt::format(
          "the records from offset {} to {} are missing: the log starts at "
          "offset {}, and what is put back later below it counts as deleted, "
          "so restore it first",
          saved.value, first.value - 1, first.value);
      // Of one that has no segment left its end has counted them.
      if (!survey_.segments.empty()) plan_.lost_at_start = {saved, first};
    } else if (!partition_.start_is_known && !survey_.renamed.empty()) {
      // Who opens the partition before it has its name, or after a stop in
      // between, would save where the others begin.
      plan_.log_start = std::max(saved, first);
      plan_.why_start = fmt::format(
          "nothing else knows where the log starts, and segments of it are "
          "renamed: it starts at offset {}",
          plan_.log_start.value);
      if (MovesStart()) plan_.lost_at_start = {FirstStray(saved, first), first};
    } else if (!partition_.may_have_gaps && first > saved) {
      plan_.log_start = first;
      plan_.why_start = fmt::format(
          "nothing else knows where the log started: it starts at offset {}, "
          "where its oldest segment does, and what is put back later below it "
          "counts as deleted, so restore it first",
          first.value);
      if (MovesStart()) plan_.lost_at_start = {FirstStray(saved, first), first};
    }
  }

  // Who opens the log, or reads it, would miss what is not there for ever.
  void PlanForgetting() {
    if (!partition_.known) return;
    // Who has written it since may have cut it, in order.
    const bool is_cut = plan_.end < partition_.known->end;
    const bool is_as_closed = partition_.clean_stop || partition_.is_as_closed;
    plan_.has_outgrown_close = partition_.has_outgrown_close;
    plan_.forgets_known =
        partition_.has_outgrown_close || (is_cut && is_as_closed);
    std::vector<KnownSegment> there;
    std::vector<OffsetRange> told = {{Offset{0}, plan_.log_start}};
    for (const SurveyedSegment& segment : survey_.segments) {
      there.push_back({segment.base, segment.whole_bytes});
      told.push_back({segment.base, segment.next});
    }
    for (const RepairStep& step : plan_.steps) {
      if (step.filled.count() > 0) there.push_back({step.filled.base});
      told.push_back(step.filled);
      told.push_back(step.lost);
      for (const RemovedBytes& removed : step.removed) {
        told.push_back(removed.lost);
      }
    }
    if (begun_) there.push_back({*begun_});
    std::ranges::sort(there, {}, &KnownSegment::base);
    std::ranges::sort(told, {}, &OffsetRange::base);
    for (const MissingPart& part :
         MissingOf(partition_, survey_.segments, there)) {
      // Without gaps what is short ends where the next one begins, or was told.
      const bool is_moot = part.is_short && !partition_.may_have_gaps;
      if (is_moot || part.range.next <= plan_.log_start) continue;
      plan_.forgets_known = true;
      std::ranges::move(Without(part.range, told),
                        std::back_inserter(plan_.lost_unseen));
      if (part.is_short && LacksBatches(part.range)) {
        plan_.lacking.push_back(part.range);
      }
    }
  }

  // Whether the short segment that begins there reaches to the next one, and
  // has lost more than what is unreadable in it: batches that are gone from
  // within leave no more of a trace than the gaps of compaction do.
  bool LacksBatches(const OffsetRange& range) const {
    const auto found = std::ranges::lower_bound(survey_.segments, range.base,
                                                {}, &SurveyedSegment::base);
    if (found == survey_.segments.end() || found->base != range.base) {
      return false;
    }
    const auto known = std::ranges::lower_bound(
        partition_.known->segments, range.base, {}, &KnownSegment::base);
    // What it lacked before the close is not in the size that was noted.
    const auto& missing = partition_.known->missing;
    const bool was_missed =
        std::ranges::find(missing, range.base, &OffsetRange::base) !=
        missing.end();
    return found->next >= range.next &&
           (was_missed || found->unreadable.empty() ||
            found->file_bytes < known->bytes);
  }

  // To where the first segment begins.
  bool MovesStart() const {
    if (survey_.segments.empty()) return false;
    const bool is_moved = partition_.start_is_known ||
                          !survey_.renamed.empty() ||
                          !partition_.may_have_gaps;
    return is_moved &&
           survey_.segments.front().base > partition_.bounds.log_start;
  }

  // Of those in [base, next), else `next`: what a file that was set aside held
  // was told with it.
  Offset FirstStray(Offset base, Offset next) const {
    const auto stray = stray_bases_.lower_bound(base);
    return stray == stray_bases_.end() ? next : std::min(next, *stray);
  }

  std::string LogPath(Offset base) const {
    return PathOf(SegmentFileName(base, kLogSuffix));
  }

  std::string PathOf(const std::string& name) const {
    return JoinPath(partition_.directory, name);
  }

  const PartitionToCheck& partition_;
  const PartitionSurvey& survey_;
  RepairPlan plan_;
  std::set<Offset> stray_bases_;  // where they should have held offsets
  std::set<Offset> orphans_;  // bases of evidence
  std::vector<Offset> filled_beside_orphans_;
  std::set<Offset> told_;  // of strays: a segment has more files than one
  std::set<Offset> marked_;  // segments that get markers, by base
  std::optional<Offset> begun_;
  bool start_is_wrong_ = false;
};

}  // namespace

RepairPlan PlanPartitionRepair(const PartitionToCheck& partition,
                               const PartitionSurvey& survey) {
  return Planner(partition, survey).Run();
}

}  // namespace cauce
