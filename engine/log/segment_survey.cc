#include "engine/log/segment_survey.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/batch_search.h"
#include "engine/log/other_format.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;

class Survey {
 public:
  Survey(const std::shared_ptr<const File>& file, const std::string& name,
         const ScanRange& range)
      : file_(file), name_(name), range_(range) {
    survey_.file_bytes = range.bytes;
    survey_.next = range.base;
  }

  absl::StatusOr<SegmentSurvey> Run() {
    scanner_.Start(file_, name_, 0, range_.bytes, range_.Offsets());
    for (;;) {
      const auto batch = scanner_.Next();
      if (!batch.ok()) {
        if (!IsDamage(batch.status())) return batch.status();
        CAUCE_ASSIGN_OR_RETURN(const bool more, PassDamage(batch.status()));
        if (!more) break;
        continue;
      }
      if (!*batch) {
        CAUCE_RETURN_IF_ERROR(Unreadable(range_.bytes, std::nullopt, "zeros"));
        break;
      }
      CAUCE_RETURN_IF_ERROR(
          MissInFront((*batch)->base_offset(), scanner_.batch_position()));
      Take((*batch)->base_offset(), (*batch)->next_offset(),
           static_cast<int64_t>((*batch)->bytes().size()));
    }
    return std::move(survey_);
  }

 private:
  void Take(Offset base, Offset next, int64_t bytes) {
    if (!survey_.first) survey_.first = base;
    survey_.next = next;
    survey_.whole_bytes += bytes;
    ++survey_.batches;
  }

  // Notes the offsets that are left out in front of the batch there, where none
  // should be: what lost its bytes to the last one leaves no other sign.
  absl::Status MissInFront(Offset base, int64_t position) {
    if (!range_.has_no_gaps || base <= survey_.next) return absl::OkStatus();
    return Note({.position = position,
                 .end = position,
                 .zeros_from = position,
                 .expected = survey_.next,
                 .behind = base,
                 .why = DescribeGapWithin(survey_.next, base)});
  }

  // Moves the scanner behind the next whole batch; false where there is none.
  absl::StatusOr<bool> PassDamage(const absl::Status& damage) {
    const int64_t position = scanner_.position();
    CAUCE_ASSIGN_OR_RETURN(
        const bool other,
        IsOfOtherFormat(*file_, position, range_.bytes, damage));
    if (other) {
      survey_.other_format = std::string(MessageOf(damage));
      return false;
    }
    std::string why(MessageOf(damage));
    const std::string place =
        fmt::format("{} at position {}: ", name_, position);
    if (why.starts_with(place)) why.erase(0, place.size());
    CAUCE_ASSIGN_OR_RETURN(const auto found, FindBehind(position, why));
    if (!found) {
      CAUCE_RETURN_IF_ERROR(
          Unreadable(range_.bytes, std::nullopt, std::move(why)));
      return false;
    }
    CAUCE_RETURN_IF_ERROR(
        Unreadable(found->position, found->base, std::move(why)));
    Take(found->base, found->next, found->end - found->position);
    BatchOffsets offsets = range_.Offsets();
    offsets.next = found->next;
    scanner_.Start(file_, name_, found->end, range_.bytes, offsets);
    return true;
  }

  absl::StatusOr<std::optional<FoundBatch>> FindBehind(int64_t position,
                                                       std::string& why) {
    DamagedPlace place{file_, name_, position, range_.bytes, range_.Offsets()};
    place.offsets.next = survey_.next;
    // The log may have ended in what is damaged.
    place.offsets.boundary = BatchOffsets().boundary;
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
      place.offsets.up_to = claimed.base;
      CAUCE_ASSIGN_OR_RETURN(const auto nearer, BatchSearch(place).RunToEnd());
      return nearer ? nearer : claimed;
    }
    BatchSearch search(place);
    CAUCE_ASSIGN_OR_RETURN(auto found, search.Run());
    if (search.gave_up()) {
      why +=
          "; too much behind it looks like batches and is none, so the search "
          "for the next one was given up";
    }
    return found;
  }

  // [the end of what is accounted for, end) cannot be read.
  absl::Status Unreadable(int64_t end, std::optional<Offset> behind,
                          std::string why) {
    UnreadableBytes bytes{.position = scanner_.position(),
                          .end = end,
                          .expected = survey_.next,
                          .behind = behind,
                          .why = std::move(why)};
    if (bytes.position >= bytes.end) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(bytes.zeros_from, ZerosFrom(bytes));
    return Note(std::move(bytes));
  }

  absl::Status Note(UnreadableBytes bytes) {
    if (survey_.unreadable.size() == SegmentSurvey::kPlacesMax) {
      return absl::FailedPreconditionError(fmt::format(
          "{}: cannot be read at more than {} places; move it away by hand",
          name_, SegmentSurvey::kPlacesMax));
    }
    survey_.unreadable.push_back(std::move(bytes));
    return absl::OkStatus();
  }

  // Where the last byte ends that is not zero.
  absl::StatusOr<int64_t> ZerosFrom(const UnreadableBytes& bytes) const {
    std::string piece;
    for (int64_t end = bytes.end; end > bytes.position;) {
      const int64_t from = std::max(bytes.position, end - kPieceBytes);
      piece.resize(static_cast<size_t>(end - from));
      CAUCE_ASSIGN_OR_RETURN(const size_t read, file_->Read(from, piece));
      const size_t last =
          std::string_view(piece.data(), read).find_last_not_of('\0');
      if (last != std::string_view::npos) {
        return from + static_cast<int64_t>(last) + 1;
      }
      end = from;
    }
    return bytes.position;
  }

  const std::shared_ptr<const File>& file_;
  const std::string& name_;
  const ScanRange& range_;
  BatchScanner scanner_;
  SegmentSurvey survey_;
};

}  // namespace

absl::StatusOr<SegmentSurvey> SurveySegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range) {
  return Survey(file, name, range).Run();
}

}  // namespace cauce
