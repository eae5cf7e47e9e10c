#include "engine/log/unreadable_bytes.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;

// Where the last byte of [position, end) ends that is not zero.
absl::StatusOr<int64_t> ZerosFrom(const File& file, int64_t position,
                                  int64_t end) {
  std::string piece;
  while (end > position) {
    const int64_t from = std::max(position, end - kPieceBytes);
    piece.resize(static_cast<size_t>(end - from));
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(from, piece));
    const size_t last =
        std::string_view(piece.data(), read).find_last_not_of('\0');
    if (last != std::string_view::npos) {
      return from + static_cast<int64_t>(last) + 1;
    }
    end = from;
  }
  return position;
}

// What is wrong with the bytes at `position`, in front of `end`.
std::string WhyAt(const SegmentSurvey& survey, int64_t position, int64_t end,
                  Offset expected) {
  const auto damaged = std::ranges::lower_bound(survey.damaged, position, {},
                                                &DamagedBytes::position);
  const bool is_damaged =
      damaged != survey.damaged.end() && damaged->position < end;
  if (is_damaged && damaged->position == position) return damaged->why;
  const auto run =
      std::ranges::lower_bound(survey.runs, position, {}, &BatchRun::position);
  return fmt::format(
      "{} with offsets {} to {} {} where nothing confirms that, and offset {} "
      "is expected",
      run->batches == 1 ? "a batch" : "batches", run->base.value,
      run->next.value - 1, run->batches == 1 ? "stands" : "stand",
      expected.value);
}

class Search {
 public:
  Search(const File& file, const SegmentSurvey& survey, const Staying& staying)
      : file_(file),
        survey_(survey),
        staying_(staying),
        expected_(staying.base) {}

  absl::StatusOr<std::vector<UnreadableBytes>> Run() {
    for (const size_t at : staying_.runs) {
      const BatchRun& run = survey_.runs[at];
      if (run.position > end_) {
        CAUCE_RETURN_IF_ERROR(AddBytes(run.position, run.base));
      } else if (MissesInFront(run)) {
        found_.push_back({.position = end_,
                          .end = end_,
                          .zeros_from = end_,
                          .expected = expected_,
                          .behind = run.base,
                          .why = DescribeGapWithin(expected_, run.base)});
      }
      end_ = run.end;
      expected_ = run.next;
    }
    if (end_ < survey_.file_bytes) {
      CAUCE_RETURN_IF_ERROR(AddBytes(survey_.file_bytes, std::nullopt));
    }
    return std::move(found_);
  }

 private:
  bool MissesInFront(const BatchRun& run) const {
    return !staying_.may_have_gaps && run.base > expected_ &&
           run.base > staying_.log_start;
  }

  absl::Status AddBytes(int64_t end, std::optional<Offset> behind) {
    UnreadableBytes bytes{.position = end_,
                          .end = end,
                          .expected = expected_,
                          .behind = behind,
                          .why = WhyAt(survey_, end_, end, expected_)};
    CAUCE_ASSIGN_OR_RETURN(bytes.zeros_from, ZerosFrom(file_, end_, end));
    // A record without headers ends in a zero: what is a whole batch is kept as
    // one.
    for (const BatchRun& run : survey_.runs) {
      if (run.position < end_ || run.end > end) continue;
      bytes.zeros_from = std::max(bytes.zeros_from, run.end);
    }
    found_.push_back(std::move(bytes));
    return absl::OkStatus();
  }

  const File& file_;
  const SegmentSurvey& survey_;
  const Staying& staying_;
  int64_t end_ = 0;  // of what was passed
  Offset expected_;
  std::vector<UnreadableBytes> found_;
};

}  // namespace

absl::StatusOr<std::vector<UnreadableBytes>> FindUnreadable(
    const File& file, const SegmentSurvey& survey, const Staying& staying) {
  return Search(file, survey, staying).Run();
}

}  // namespace cauce
