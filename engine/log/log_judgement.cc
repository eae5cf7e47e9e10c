#include "engine/log/log_judgement.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <ranges>
#include <utility>

#include "engine/log/batch_runs.h"
#include "engine/log/file_claims.h"
#include "engine/log/lone_batches.h"
#include "engine/log/offset_claim.h"
#include "engine/log/offset_line.h"

namespace cauce {
namespace {

// Batches of a log that continue each other: runs [first, end).
struct Chain {
  size_t log = 0;
  size_t first = 0;
  size_t end = 0;
  OffsetClaim claim;
  bool is_named = false;  // begins its file, as that is called
  bool is_sure = false;
  // Its file begins, with more than one batch, otherwise than it is called.
  bool is_misnamed = false;
  // It contradicts what its own file has better reason to be believed for.
  bool waits = false;
};

class Judge {
 public:
  Judge(std::span<const FoundLog> found, const KnownOfLog& known,
        int rounds_max)
      : found_(found),
        known_(known),
        rounds_max_(rounds_max),
        claims_(found, known),
        line_(found.size()),
        lone_(found, known, line_),
        judged_(found.size()),
        foreign_(found.size()) {}

  std::vector<JudgedLog> Run() {
    FindChains();
    TakeSure();
    TakeLone();
    for (JudgedLog& log : judged_) std::ranges::sort(log.stay);
    for (size_t log = 0; log < found_.size(); ++log) NoteDisplaced(log);
    for (size_t log = 0; log < found_.size(); ++log) GiveName(log);
    for (size_t log = found_.size(); log > 0; --log) JudgeEmpty(log - 1);
    return std::move(judged_);
  }

 private:
  void FindChains() {
    for (size_t log = 0; log < found_.size(); ++log) {
      const std::vector<BatchRun>& runs = found_[log].runs;
      if (runs.empty()) continue;
      const size_t front = chains_.size();
      for (size_t first = 0; first < runs.size();) {
        size_t end = first + 1;
        while (end < runs.size() && runs[end].is_linked) ++end;
        const bool is_named =
            runs[first].position == 0 && runs[first].base == found_[log].named;
        chains_.push_back({.log = log,
                           .first = first,
                           .end = end,
                           .claim = claims_.Of(log, first, end),
                           .is_named = is_named,
                           .is_sure = end > first + 1 ||
                                      runs[first].batches > 1 || is_named});
        first = end;
      }
      const std::span chains = std::span(chains_).subspan(front);
      const bool is_misnamed = chains[0].is_sure && !chains[0].is_named &&
                               found_[log].FrontBase().has_value();
      for (Chain& chain : chains) chain.is_misnamed = is_misnamed;
      LetWait(chains);
    }
  }

  // Of the chains of a file those that contradict the one that begins as it is
  // called, or, where they may lie within a record, one that does not.
  void LetWait(std::span<Chain> chains) const {
    const Chain& front = chains.front();
    const auto speaks = [this](const Chain& chain) {
      return chain.is_sure && !FirstOf(chain).is_doubtful;
    };
    Offset end{0};  // of those in front
    for (Chain& chain : chains) {
      const bool is_held = front.is_named && &chain != &front;
      Offset least = is_held ? LastOf(front).next : Offset{0};
      if (FirstOf(chain).is_doubtful) least = std::max(least, end);
      chain.waits = FirstOf(chain).base < least;
      if (speaks(chain)) end = std::max(end, LastOf(chain).next);
    }
    Offset begin{INT64_MAX};  // of those behind
    for (Chain& chain : std::views::reverse(chains)) {
      chain.waits |= FirstOf(chain).is_doubtful && LastOf(chain).next > begin;
      if (speaks(chain)) begin = std::min(begin, FirstOf(chain).base);
    }
  }

  const BatchRun& FirstOf(const Chain& chain) const {
    return found_[chain.log].runs[chain.first];
  }
  const BatchRun& LastOf(const Chain& chain) const {
    return found_[chain.log].runs[chain.end - 1];
  }

  // Those of which most is confirmed first: others have to fit.
  void TakeSure() {
    std::ranges::sort(chains_, [](const Chain& a, const Chain& b) {
      const auto order = [](const Chain& chain) {
        return std::pair(!chain.is_sure, chain.waits);
      };
      if (order(a) != order(b)) return order(a) < order(b);
      if (Outweighs(a.claim, b.claim)) return true;
      if (Outweighs(b.claim, a.claim)) return false;
      return std::pair(a.log, a.first) < std::pair(b.log, b.first);
    });
    for (const Chain& chain : chains_) {
      if (!chain.is_sure) break;
      if (!MayBeForeign(chain)) TakeRuns(chain);
    }
    // What contradicts its name, and in part what is known by now, is of
    // another log: nothing of it is believed where the rest of it would fit.
    for (const Chain& chain : chains_) {
      if (chain.is_sure && MayBeForeign(chain)) NoteForeign(chain);
    }
    for (const Chain& chain : chains_) {
      if (!chain.is_sure || !MayBeForeign(chain)) continue;
      NoteForeign(chain);
      if (!foreign_[chain.log] && !IsAstray(chain)) TakeRuns(chain);
    }
  }

  // Its name speaks against its offsets, and nothing for them: no other file
  // and no end of the log. Where the log was durable up to lies in front of
  // them, and compaction left no gap behind that either.
  bool IsAstray(const Chain& chain) const {
    const Offset base = FirstOf(chain).base;
    const Offset named = found_[chain.log].named;
    const bool is_above = known_.durable > Offset{0} && base >= known_.durable;
    // In a file that a writer made since, and that has lost its first batches.
    const bool may_be_written = !known_.clean_stop && named <= base &&
                                named >= known_.durable;
    return is_above && !may_be_written &&
           !claims_.MeetsAnother(chain.log, chain.first, chain.end);
  }

  // Nobody has written it since the log was closed below.
  bool IsBehindClose(const BatchRun& run) const {
    return known_.closed_end && run.next > *known_.closed_end;
  }

  static bool MayBeForeign(const Chain& chain) {
    if (chain.claim.name == OffsetClaim::Name::kAgrees) return false;
    return chain.is_misnamed ||
           chain.claim.name == OffsetClaim::Name::kContradicts;
  }

  void TakeRuns(const Chain& chain) {
    for (size_t run = chain.first; run < chain.end; ++run) {
      const LogPart part = PartOf(chain.log, run);
      if (IsBehindClose(found_[chain.log].runs[run])) continue;
      if (line_.HasRoomFor(part)) Take(part, run);
    }
  }

  void NoteForeign(const Chain& chain) {
    for (size_t run = chain.first; run < chain.end; ++run) {
      if (foreign_[chain.log]) return;
      foreign_[chain.log] = FindContrary(chain.log, run);
    }
  }

  // The log that is known to hold other batches at offsets of a run.
  std::optional<size_t> FindContrary(size_t log, size_t run) const {
    const BatchRun& batches = found_[log].runs[run];
    const LogPart* const held = line_.Before(batches.next);
    const bool is_held = held != nullptr && held->next > batches.base;
    if (!is_held || held->log == log) return std::nullopt;
    const BatchRun& other = *std::ranges::lower_bound(
        found_[held->log].runs, held->position, {}, &BatchRun::position);
    const bool is_same = other.base == batches.base &&
                         other.next == batches.next &&
                         other.contents == batches.contents;
    if (is_same) return std::nullopt;
    return held->log;
  }

  void TakeLone() {
    struct Batch {
      size_t log;
      size_t run;
      std::pair<Offset, size_t> order;  // of those at an offset by weight
    };
    std::vector<Batch> left;
    for (const Chain& chain : chains_) {
      if (chain.is_sure) continue;
      if (IsBehindClose(FirstOf(chain))) continue;
      const Offset base = FirstOf(chain).base;
      left.push_back({chain.log, chain.first, {base, left.size()}});
    }
    std::ranges::sort(left, {}, &Batch::order);
    for (int round = 0; round < rounds_max_; ++round) {
      const auto taken = std::erase_if(left, [this](const Batch& batch) {
        if (!lone_.IsBelieved(batch.log, batch.run)) return false;
        Take(PartOf(batch.log, batch.run), batch.run);
        return true;
      });
      if (taken == 0) return;
      // One may be known by the one in front of it, or by the one behind.
      std::ranges::reverse(left);
    }
    for (const Batch& batch : left) {
      judged_[batch.log].is_undecided |=
          lone_.IsBelieved(batch.log, batch.run);
    }
  }

  LogPart PartOf(size_t log, size_t run) const {
    const BatchRun& batches = found_[log].runs[run];
    return {log, batches.position, batches.base, batches.next};
  }

  void Take(const LogPart& part, size_t run) {
    line_.Take(part);
    judged_[part.log].stay.push_back(run);
  }

  void NoteDisplaced(size_t log) {
    if (found_[log].FrontBase() != found_[log].named) return;
    for (size_t run = 0; run < found_[log].runs.size(); ++run) {
      const bool stays = std::ranges::binary_search(judged_[log].stay, run);
      if (stays) continue;
      // What goes on where the log was closed may be a newer copy of it.
      const BatchRun& batches = found_[log].runs[run];
      const bool goes_on =
          batches.base <= goes_on_to_ && batches.next > goes_on_to_;
      if (goes_on) goes_on_to_ = batches.next;
      if (goes_on || FindContrary(log, run)) {
        judged_[log].displaced.push_back(run);
      }
    }
  }

  // A segment keeps its name, or gets the one back that it is known by, where
  // its batches may stand in it: offsets may be missing in front of them.
  void GiveName(size_t log) {
    const OffsetLine::Span* const span = line_.SpanOf(log);
    if (span == nullptr) return;
    const auto may_stand_in = [&](Offset name) {
      return name <= span->base && line_.IsFree(name, span->base) &&
             span->next - name <= kSegmentOffsetsMax;
    };
    const FoundLog& found = found_[log];
    const auto& former = found.former_name;
    const bool had_another = former && may_stand_in(former->name);
    const Offset name = had_another ? former->name : found.named;
    judged_[log].base = may_stand_in(name) ? name : span->base;
    segments_[judged_[log].base] = {log, span->next};
  }

  // What becomes of a file of which no batch is believed. Those behind it are
  // judged.
  void JudgeEmpty(size_t log) {
    if (line_.SpanOf(log) != nullptr) return;
    JudgedLog& judged = judged_[log];
    const FoundLog& found = found_[log];
    judged.fate = LogFate::kNoBatch;
    if (const auto holder = HolderOf(found)) {
      judged.fate = LogFate::kCopy;
      judged.other = holder;
      return;
    }
    if (foreign_[log]) {
      judged.fate = LogFate::kForeign;
      judged.other = foreign_[log];
      return;
    }
    if (found.is_waiting) return;
    const auto behind = segments_.lower_bound(found.named);
    if (behind != segments_.end() && behind->first == found.named) {
      if (found.runs.empty()) judged.fate = LogFate::kInTheWay;
      judged.other = behind->second.log;
      return;
    }
    if (behind != segments_.begin()) {
      const Segment& before = std::prev(behind)->second;
      if (before.next > found.named) {
        if (found.runs.empty()) judged.fate = LogFate::kInside;
        judged.other = before.log;
        return;
      }
    }
    if (IsAboveEnd(found)) {
      judged.fate = LogFate::kAboveEnd;
      return;
    }
    // The last one stays, cut to nothing, where the log goes on in it.
    const bool goes_on =
        behind == segments_.end() &&
        (known_.durable <= found.named || known_.durable <= known_.log_start);
    if (!found.is_blank && !goes_on) return;
    judged.fate = LogFate::kSegment;
    judged.base = found.named;
    segments_[found.named] = {log, found.named};
  }

  // Whether the log was closed below the name, and ends there; or holds what
  // lies behind the close, and nothing else.
  bool IsAboveEnd(const FoundLog& found) const {
    if (!found.runs.empty() && IsBehindClose(found.runs.front()) &&
        found.named >= *known_.closed_end) {
      return true;
    }
    if (!known_.clean_stop || found.named <= known_.durable) return false;
    const LogPart* const last = line_.Before(Offset{INT64_MAX});
    if (last != nullptr && last->next == known_.durable) return true;
    // Or in an empty segment that was begun there.
    return found.is_blank &&
           std::ranges::any_of(found_, [&](const FoundLog& other) {
             return other.named == known_.durable && !other.is_waiting &&
                    other.is_blank;
           });
  }

  // The first of those that have the offsets of all its batches; nothing where
  // some are nobody's, or it has none.
  std::optional<size_t> HolderOf(const FoundLog& found) const {
    std::optional<size_t> holder;
    for (const BatchRun& run : found.runs) {
      if (!IsHeld(run)) return std::nullopt;
      if (!holder) holder = line_.Before(run.next)->log;
    }
    return holder;
  }

  // Within a run of several batches others may have gaps where it has some.
  bool IsHeld(const BatchRun& run) const {
    const LogPart* first = line_.Before(run.base + 1);
    const LogPart* last = line_.Before(run.next);
    if (first == nullptr || first->next <= run.base || last->next < run.next) {
      return false;
    }
    if (run.batches > 1) return true;
    for (Offset at = run.base; at < run.next;) {
      const LogPart* part = line_.Before(at + 1);
      if (part->next <= at) return false;
      at = part->next;
    }
    return true;
  }

  // What is a segment by now, and where its batches end.
  struct Segment {
    size_t log = 0;
    Offset next;
  };

  const std::span<const FoundLog> found_;
  const KnownOfLog& known_;
  const int rounds_max_;
  const FileClaims claims_;
  OffsetLine line_;
  const LoneBatches lone_;
  std::vector<Chain> chains_;
  std::map<Offset, Segment> segments_;  // by their bases
  std::vector<JudgedLog> judged_;
  // Of each that is of another log, the one that shows that.
  std::vector<std::optional<size_t>> foreign_;
  // Up to where logs continue each other behind the end that was noted.
  Offset goes_on_to_ = known_.closed_end.value_or(Offset{INT64_MAX});
};

}  // namespace

std::vector<JudgedLog> JudgeLogs(std::span<const FoundLog> found,
                                 const KnownOfLog& known, int rounds_max) {
  return Judge(found, known, rounds_max).Run();
}

}  // namespace cauce
