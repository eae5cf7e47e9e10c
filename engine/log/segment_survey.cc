#include "engine/log/segment_survey.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/batch_search.h"
#include "engine/log/other_format.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status TooManyPlaces(const std::string& name) {
  return absl::FailedPreconditionError(fmt::format(
      "{}: cannot be read at more than {} places; move it away by hand", name,
      SegmentSurvey::kPlacesMax));
}

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
    scanner_.Start(file_, name_, 0, survey_.file_bytes);
    for (;;) {
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
                (*batch)->base_offset(), (*batch)->next_offset()}));
    }
    survey_.runs = runs_.Take();
    survey_.is_blank = survey_.runs.empty() && survey_.damaged.empty() &&
                       survey_.other_format.empty();
    if (scanner_.position() < survey_.file_bytes && !is_over_) {
      survey_.damaged.push_back({scanner_.position(), "zeros"});
    }
    return std::move(survey_);
  }

 private:
  absl::Status Take(const FoundBatch& batch) {
    runs_.Add({.position = batch.position,
               .end = batch.end,
               .base = batch.base,
               .next = batch.next});
    const BatchRun& run = runs_.runs().back();
    const bool is_sure =
        run.batches > 1 || (run.position == 0 && run.base == hints_.named);
    if (is_sure) sure_next_ = run.next;
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
    CAUCE_RETURN_IF_ERROR(Take(*found));
    scanner_.Start(file_, name_, found->end, survey_.file_bytes);
    return true;
  }

  absl::StatusOr<std::optional<FoundBatch>> FindBehind(int64_t position,
                                                       std::string& why) {
    DamagedPlace place{file_, name_, position, survey_.file_bytes, {}};
    // Where the damaged batch says it ends.
    BatchScanner scanner;
    const auto no_entries = []() -> absl::StatusOr<std::optional<int64_t>> {
      return std::nullopt;
    };
    CAUCE_ASSIGN_OR_RETURN(const auto batch,
                           FindBatchBehind(scanner, place, no_entries));
    if (batch) {
      const FoundBatch claimed{scanner.batch_position(), scanner.position(),
                               batch->base_offset(), batch->next_offset()};
      // Unless it has lost bytes, and the file others with it.
      place.end = claimed.position;
      place.offsets.next = sure_next_;
      place.offsets.up_to = claimed.base;
      CAUCE_ASSIGN_OR_RETURN(const auto nearer, BatchSearch(place).RunToEnd());
      return nearer ? nearer : claimed;
    }
    place.offsets.next = sure_next_;
    CAUCE_ASSIGN_OR_RETURN(auto found, Search(place, why));
    if (found || place.offsets.next == Offset{0}) return found;
    // What told where offsets begin, a name above all, may be wrong.
    place.offsets.next = Offset{0};
    return Search(place, why);
  }

  absl::StatusOr<std::optional<FoundBatch>> Search(const DamagedPlace& place,
                                                   std::string& why) const {
    constexpr std::string_view kGaveUp =
        "; too much behind it looks like batches and is none, so the search "
        "for the next one was given up";
    BatchSearch search(place);
    CAUCE_ASSIGN_OR_RETURN(auto found, search.Run());
    if (search.gave_up() && !why.ends_with(kGaveUp)) why += kGaveUp;
    return found;
  }

  const std::shared_ptr<const File>& file_;
  const std::string& name_;
  const SurveyHints& hints_;
  BatchScanner scanner_;
  BatchRuns runs_;
  SegmentSurvey survey_;
  // Below it no batch is to be expected behind damage: bytes within a record
  // may look like some.
  Offset sure_next_;
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
                 .next = batch->next_offset()});
    }
    std::ranges::move(parts.Take(), std::back_inserter(split));
    if (split.size() > SegmentSurvey::kPlacesMax) return TooManyPlaces(name);
  }
  survey.runs = std::move(split);
  return absl::OkStatus();
}

}  // namespace cauce
