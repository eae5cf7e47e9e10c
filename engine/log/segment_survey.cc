#include "engine/log/segment_survey.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/batch_search.h"
#include "engine/log/other_format.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status TooManyPlaces(const std::string& name) {
  return absl::FailedPreconditionError(fmt::format(
      "{}: cannot be read at more than {} places; move it away by hand", name,
      SegmentSurvey::kPlacesMax));
}

// A batch is seldom larger.
constexpr size_t kFirstReadBytes = 4096;

class Survey {
 public:
  Survey(const std::shared_ptr<const File>& file, const std::string& name,
         const SurveyHints& hints)
      : file_(file),
        name_(name),
        hints_(hints),
        runs_(hints.gaps),
        sure_next_(std::max(hints.named, Offset{0})) {}

  absl::StatusOr<SegmentSurvey> Run() {
    CAUCE_ASSIGN_OR_RETURN(survey_.file_bytes, file_->Size());
    spare_bytes_ = SegmentSurvey::kVainFactor * survey_.file_bytes;
    tried_left_ = BatchSearch::kTriedBytes +
                  BatchSearch::kTriedFactor * survey_.file_bytes;
    scanner_.Start(file_, name_, 0, survey_.file_bytes);
    for (;;) {
      Pass(scanner_.position());
      const auto batch = scanner_.Next();
      if (!batch.ok()) {
        if (!IsDamage(batch.status())) return batch.status();
        CAUCE_ASSIGN_OR_RETURN(const bool more, PassDamage(batch.status()));
        if (!more) break;
        continue;
      }
      if (!*batch) break;
      CAUCE_RETURN_IF_ERROR(
          Take({scanner_.batch_position(), scanner_.position(),
                (*batch)->base_offset(), (*batch)->next_offset()},
               (*batch)->crc()));
    }
    Pass(survey_.file_bytes);
    survey_.runs = runs_.Take();
    NoteDoubts();
    survey_.is_blank = survey_.runs.empty() && survey_.damaged.empty() &&
                       survey_.other_format.empty();
    if (scanner_.position() < survey_.file_bytes && !is_over_) {
      survey_.damaged.push_back({scanner_.position(), "zeros"});
    }
    return std::move(survey_);
  }

 private:
  void Pass(int64_t position) {
    const int64_t bytes = position - std::exchange(passed_bytes_, position);
    if (hints_.progress) hints_.progress(bytes);
  }

  absl::Status Take(const FoundBatch& batch, uint32_t crc) {
    runs_.Add({.position = batch.position,
               .end = batch.end,
               .base = batch.base,
               .next = batch.next,
               .contents = ContentsOf(crc)});
    const BatchRun& run = runs_.runs().back();
    const bool is_sure =
        run.batches > 1 || (run.position == 0 && run.base == hints_.named);
    if (is_sure && !is_astray_) sure_next_ = run.next;
    return CheckPlaces();
  }

  absl::Status CheckPlaces() const {
    const size_t places = runs_.runs().size() + survey_.damaged.size();
    if (places > SegmentSurvey::kPlacesMax) return TooManyPlaces(name_);
    return absl::OkStatus();
  }

  // Moves the scanner behind the next whole batch; false where there is none.
  absl::StatusOr<bool> PassDamage(const absl::Status& damage) {
    const int64_t position = scanner_.position();
    CAUCE_RETURN_IF_ERROR(EndStretch(position));
    CAUCE_ASSIGN_OR_RETURN(
        const bool other,
        IsOfOtherFormat(*file_, position, survey_.file_bytes, damage));
    if (other) {
      survey_.other_format = std::string(MessageOf(damage));
      is_over_ = true;
      return false;
    }
    std::string why(MessageOf(damage));
    const std::string place =
        fmt::format("{} at position {}: ", name_, position);
    if (why.starts_with(place)) why.erase(0, place.size());
    CAUCE_ASSIGN_OR_RETURN(const auto found, FindBehind(position, why));
    survey_.damaged.push_back({position, std::move(why)});
    is_over_ = !found;
    if (!found) return false;
    // A record may hold whole batches, of another log: nothing tells them from
    // those of this one, once the header is damaged of the batch that they lie
    // in, but their offsets, and what is behind them.
    CAUCE_ASSIGN_OR_RETURN(const bool goes_on, GoesOn(position, *found));
    is_astray_ = !goes_on && !IsExpected(*found);
    if (is_astray_ || !is_claimed_) doubts_[found->position] = is_astray_;
    stretch_ = found->position;
    char crc[sizeof(uint32_t)] = {};
    CAUCE_RETURN_IF_ERROR(
        file_->Read(found->position + layout::kCrc, crc).status());
    CAUCE_RETURN_IF_ERROR(Take(*found, LoadBig<uint32_t>(crc)));
    scanner_.Restart(file_, name_, found->end, survey_.file_bytes);
    return true;
  }

  // What is damaged at `position` may say that it is the next batch of those in
  // front of it: then they lie in no record.
  absl::Status EndStretch(int64_t position) {
    const std::vector<BatchRun>& runs = runs_.runs();
    if (runs.empty() || runs.back().end != position) return absl::OkStatus();
    char base[sizeof(int64_t)];
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file_->Read(position, base));
    const bool goes_on = read == sizeof base &&
                         Offset{LoadBig<int64_t>(base)} == runs.back().next;
    if (!goes_on) return absl::OkStatus();
    doubts_.erase(stretch_);
    if (runs.back().batches > 1) sure_next_ = runs.back().next;
    return absl::OkStatus();
  }

  // Where the file next has a border: what is expected lies below.
  Offset Border() const {
    const auto border = std::ranges::upper_bound(hints_.borders, sure_next_);
    return border == hints_.borders.end() ? BatchOffsets().up_to : *border;
  }

  bool IsExpected(const FoundBatch& batch) const {
    return batch.base >= sure_next_ && batch.next <= Border();
  }

  // Whether what is damaged at `position` says that it is expected there, and
  // that `batch` is the next one, in the file and in offsets: then no record
  // holds that, whatever else claims its offsets.
  absl::StatusOr<bool> GoesOn(int64_t position, const FoundBatch& batch) const {
    char head[layout::kRecords];
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file_->Read(position, head));
    if (read < sizeof head) return false;
    const Offset base{LoadBig<int64_t>(head + layout::kBaseOffset)};
    const auto delta = LoadBig<int32_t>(head + layout::kLastOffsetDelta);
    return base == sure_next_ && delta >= 0 && batch.base > base &&
           batch.base - base == int64_t{delta} + 1 &&
           batch.position - position == layout::ClaimedBytes(head);
  }

  absl::StatusOr<std::optional<FoundBatch>> FindBehind(int64_t position,
                                                       std::string& why) {
    DamagedPlace place{file_, name_, position, survey_.file_bytes, {}};
    // Where the damaged batch says it ends.
    BatchScanner scanner(kFirstReadBytes);
    const auto no_entries = []() -> absl::StatusOr<std::optional<int64_t>> {
      return std::nullopt;
    };
    CAUCE_ASSIGN_OR_RETURN(const auto batch,
                           FindBatchBehind(scanner, place, no_entries));
    is_claimed_ = batch.has_value();
    if (batch) {
      const FoundBatch claimed{scanner.batch_position(), scanner.position(),
                               batch->base_offset(), batch->next_offset()};
      // Unless it has lost bytes, and the file others with it.
      place.end = claimed.position;
      CAUCE_ASSIGN_OR_RETURN(
          place.offsets.next, FirstWithin(place, position, claimed.base));
      place.offsets.up_to = claimed.base;
      CAUCE_ASSIGN_OR_RETURN(const auto nearer, BatchSearch(place).RunToEnd());
      return nearer ? nearer : claimed;
    }
    place.offsets.next = Offset{0};
    return Search(place, why);
  }

  // The least offset of a batch of the log within what is damaged at
  // `position`, which says that it ends where one with offset `behind` begins.
  // Where what it says of its own offsets fits in between nothing in it has
  // these: a record may hold a batch that says so.
  absl::StatusOr<Offset> FirstWithin(const DamagedPlace& place,
                                     int64_t position, Offset behind) const {
    BatchScanner scanner(kFirstReadBytes);
    scanner.Start(file_, name_, position, place.end);
    CAUCE_ASSIGN_OR_RETURN(const auto claim, ReadClaim(scanner));
    const bool fits =
        claim && claim->base >= sure_next_ && claim->next <= behind;
    return fits ? claim->next : sure_next_;
  }

  absl::StatusOr<std::optional<FoundBatch>> Search(const DamagedPlace& place,
                                                   std::string& why) {
    constexpr std::string_view kGaveUp =
        "; too much behind it looks like batches and is none, so the search "
        "for the next one was given up";
    BatchSearch search(place, {.better = spare_bytes_, .tried = tried_left_});
    CAUCE_ASSIGN_OR_RETURN(auto found, search.Run());
    if (found) spare_bytes_ -= search.vain_bytes();
    tried_left_ -= search.tried_bytes();
    if (search.gave_up() && !why.ends_with(kGaveUp)) why += kGaveUp;
    return found;
  }

  // Those of stretches that end in damage and are in doubt. What nobody expects
  // there is none of the log's, unless there is nothing else.
  void NoteDoubts() {
    std::vector<BatchRun>& runs = survey_.runs;
    std::vector<BatchRun> others;
    for (size_t first = 0; first < runs.size();) {
      size_t next = first + 1;
      while (next < runs.size() && runs[next].position == runs[next - 1].end) {
        ++next;
      }
      const bool ends_in_damage = std::ranges::binary_search(
          survey_.damaged, runs[next - 1].end, {}, &DamagedBytes::position);
      const auto doubt = doubts_.find(runs[first].position);
      const bool is_in_doubt = ends_in_damage && doubt != doubts_.end();
      for (; first < next; ++first) {
        runs[first].is_doubtful = is_in_doubt;
        if (!is_in_doubt || !doubt->second) others.push_back(runs[first]);
      }
    }
    if (!others.empty()) runs = std::move(others);
  }

  const std::shared_ptr<const File>& file_;
  const std::string& name_;
  const SurveyHints& hints_;
  BatchScanner scanner_;
  BatchRuns runs_;
  SegmentSurvey survey_;
  int64_t passed_bytes_ = 0;
  // Below it no batch is to be expected behind damage: bytes within a record
  // may look like some.
  Offset sure_next_;
  int64_t spare_bytes_ = 0;     // that may still be read in vain
  int64_t tried_left_ = 0;      // whose CRCs may still be
  bool is_claimed_ = false;  // a damaged batch led to what was found last
  bool is_astray_ = false;   // and nothing like that was expected
  int64_t stretch_ = 0;      // where that stands
  // Of such, by their positions, whether they were astray; not of those that
  // may be no part of a record.
  std::map<int64_t, bool> doubts_;
  bool is_over_ = false;  // nothing is known behind what was damaged last
};

}  // namespace

absl::StatusOr<SegmentSurvey> SurveySegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const SurveyHints& hints) {
  return Survey(file, name, hints).Run();
}

absl::Status SplitRuns(const std::shared_ptr<const File>& file,
                       const std::string& name, std::span<const Offset> cuts,
                       SegmentSurvey& survey) {
  std::vector<BatchRun> split;
  BatchScanner scanner;
  for (const BatchRun& run : survey.runs) {
    if (!IsCut(run, cuts)) {
      split.push_back(run);
      continue;
    }
    RunParts parts(cuts);
    scanner.Start(file, name, run.position, run.end);
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
      if (!batch) break;
      parts.Add({.position = scanner.batch_position(),
                 .end = scanner.position(),
                 .base = batch->base_offset(),
                 .next = batch->next_offset(),
                 .contents = ContentsOf(batch->crc())});
    }
    for (BatchRun& part : parts.Take()) {
      part.is_doubtful = run.is_doubtful;
      split.push_back(part);
    }
  }
  survey.runs = std::move(split);
  return absl::OkStatus();
}

}  // namespace cauce
