#include "engine/log/view_listing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/outgrown_close.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What cannot be read tells why when reading comes to it.
absl::StatusOr<AboveEnd> OrNone(absl::StatusOr<AboveEnd> above) {
  const bool is_unread =
      !above.ok() && !absl::IsResourceExhausted(above.status());
  return is_unread ? AboveEnd() : std::move(above);
}

}  // namespace

ViewListing::ViewListing(const SegmentPlace& place, Hooks hooks)
    : place_(place), hooks_(std::move(hooks)) {}

absl::StatusOr<std::vector<Offset>> ViewListing::List(
    Offset durable, std::optional<Offset> seen) {
  ListingHints hints{
      .durable = durable, .seen = seen, .lists_directories = true};
  std::optional<NotedLog> noted;
  // All is looked at anew with bounds that may have changed.
  if (seen) {
    hints.intruders = intruders_;
    hints.foreign = foreign_;
  } else if (hooks_.noted_now) {
    noted = hooks_.noted_now();
    hints.noted = noted ? &noted->log : nullptr;
  }
  CAUCE_ASSIGN_OR_RETURN(SegmentListing listing, ListSegments(place_, hints));
  TellPassedOver(listing);
  intruders_ = std::move(listing.intruders);
  foreign_ = std::move(listing.foreign);

  std::vector<Offset> bases = std::move(listing.bases);
  // Alone it hides nothing: who reads the log is told.
  const size_t known =
      seen ? static_cast<size_t>(std::ranges::upper_bound(bases, *seen) -
                                 bases.begin())
           : 0;
  const size_t kept = std::max(known, size_t{1});
  std::vector<Behind> behind;
  if (bases.size() > kept && bases.back() >= durable) {
    CAUCE_RETURN_IF_ERROR(LeaveOutUnopened(bases, kept, behind));
    CAUCE_RETURN_IF_ERROR(LeaveOutBehindClose(bases, kept, behind));
    CAUCE_RETURN_IF_ERROR(LeaveOutAboveEnd(bases, kept, behind));
  }
  CAUCE_RETURN_IF_ERROR(LeaveOutMisnamed(bases, durable, kept, behind));
  std::vector<Offset> names;
  hidden_ = std::nullopt;
  for (const Behind& each : behind) {
    if (each.severity == Severity::kError) {
      hidden_ = std::max(hidden_.value_or(each.base), each.base);
    }
    const bool was_told =
        std::ranges::find(behind_, each.base) != behind_.end();
    if (!was_told) Tell(each.severity, each.line);
    names.push_back(each.base);
  }
  behind_ = std::move(names);
  return bases;
}

void ViewListing::TellPassedOver(const SegmentListing& listing) const {
  for (const Intruder& each : listing.intruders) {
    const bool was_told =
        std::ranges::find(intruders_, each.base, &Intruder::base) !=
        intruders_.end();
    if (was_told) continue;
    Tell(Severity::kWarning,
         fmt::format("{}: {}; {}", PathOf(each.base),
                     DescribeIntruder(place_, each), kIntruderAdvice));
  }
  for (const ForeignSegment& each : listing.foreign) {
    if (std::ranges::find(foreign_, each) != foreign_.end()) continue;
    Tell(Severity::kError,
         fmt::format("{}: {}; it is passed over; {}", PathOf(each.base),
                     DescribeForeign(each), kForeignAdvice));
  }
}

absl::Status ViewListing::LeaveOutUnopened(std::vector<Offset>& bases,
                                           size_t kept,
                                           std::vector<Behind>& behind) const {
  while (bases.size() > kept) {
    const Offset base = bases.back();
    const absl::Status why = WhatIsInTheWay(*place_.files, PathOf(base));
    if (why.ok()) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hooks_.bounds_now());
    // It held records.
    if (base < now.recovery_point) return absl::OkStatus();
    // A file that may not be read may hold some; and where the log was not
    // closed in front of it something may have taken the place of one that did.
    const bool may_hide =
        absl::IsPermissionDenied(why) || !hooks_.closed_now();
    behind.push_back(
        {base, may_hide ? Severity::kError : Severity::kWarning,
         fmt::format("{}; the log is read up to the segment in front of it; {}",
                     MessageOf(why),
                     AdviceOnStandIn(*place_.files, PathOf(base), why))});
    bases.pop_back();
  }
  return absl::OkStatus();
}

absl::Status ViewListing::LeaveOutBehindClose(std::vector<Offset>& bases,
                                              size_t kept,
                                              std::vector<Behind>& behind) {
  if (bases.size() <= kept || !hooks_.noted_now) return absl::OkStatus();
  // Behind the files: where it still counts nobody has written meanwhile.
  const auto noted = hooks_.noted_now();
  if (!noted || !noted->was_last_stop) return absl::OkStatus();
  const auto outgrown = FindOutgrown(place_, noted->log);
  if (absl::IsResourceExhausted(outgrown.status())) return outgrown.status();
  const Offset end = outgrown.value_or(std::nullopt).value_or(noted->log.end);
  const auto count = CountBehindClose(place_, bases, end);
  if (absl::IsResourceExhausted(count.status())) return count.status();
  // What cannot be read tells why when reading comes to it.
  LeaveOut({count.value_or(0), end}, kept, bases, behind);
  return absl::OkStatus();
}

absl::Status ViewListing::LeaveOutAboveEnd(std::vector<Offset>& bases,
                                           size_t kept,
                                           std::vector<Behind>& behind) {
  if (bases.size() <= kept) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const AboveEnd above, FindAboveEnd(bases));
  LeaveOut(above, kept, bases, behind);
  return absl::OkStatus();
}

void ViewListing::LeaveOut(AboveEnd above, size_t kept,
                           std::vector<Offset>& bases,
                           std::vector<Behind>& behind) const {
  for (; above.count > 0 && bases.size() > kept; --above.count) {
    const AboveEndWords words =
        DescribeAboveEnd(place_.At(bases.back()), above.end);
    behind.push_back(
        {bases.back(),
         words.has_records ? Severity::kError : Severity::kWarning,
         fmt::format("{}: {}; it is passed over; {}", PathOf(bases.back()),
                     words.what, words.advice)});
    bases.pop_back();
  }
}

absl::Status ViewListing::LeaveOutMisnamed(std::vector<Offset>& bases,
                                           Offset durable, size_t kept,
                                           std::vector<Behind>& behind) {
  // Below the recovery point reading comes to it.
  while (bases.size() > kept && bases.back() >= durable) {
    const SegmentPlace last = place_.At(bases.back());
    const auto is_misnamed = IsMisnamed(last);
    if (absl::IsResourceExhausted(is_misnamed.status())) {
      return is_misnamed.status();
    }
    // What cannot be read tells why when reading comes to it.
    if (!is_misnamed.value_or(false)) return absl::OkStatus();
    const AboveEndWords words = DescribeAboveEnd(last, std::nullopt);
    behind.push_back(
        {last.base, Severity::kError,
         fmt::format("{}: {}; its records are passed over; {}",
                     PathOf(last.base), words.what, words.advice)});
    bases.pop_back();
  }
  return absl::OkStatus();
}

absl::StatusOr<AboveEnd> ViewListing::FindAboveEnd(
    const std::vector<Offset>& bases) {
  // The mark is looked for behind the files, and the bounds behind the mark:
  // where it is there nobody has been writing since the files were listed, or
  // whoever did has closed again, and saved bounds before.
  const bool is_closed = hooks_.closed_now();
  if (is_closed || !place_.may_have_gaps) {
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hooks_.bounds_now());
    if (!is_closed) {
      return OrNone(
          FindBehindEnd(place_, bases, now.recovery_point, now.log_start));
    }
    closed_at_ = now.recovery_point;
  } else if (!closed_at_ ||
             std::ranges::find(behind_, bases.back()) == behind_.end()) {
    return AboveEnd();
  }
  const auto above = CountAboveEnd(place_, bases, *closed_at_);
  if (!above.ok()) return OrNone(above.status());
  if (is_closed) return AboveEnd{*above, *closed_at_};
  // A writer is there by now: only what was found before it began.
  size_t known = 0;
  while (known < *above &&
         std::ranges::find(behind_, bases[bases.size() - known - 1]) !=
             behind_.end()) {
    ++known;
  }
  return AboveEnd{known, *closed_at_};
}

absl::StatusOr<bool> ViewListing::IsMisnamed(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         place.files->Info(PathOf(place.base)));
  const bool is_known = looked_ && looked_->base == place.base &&
                        looked_->id == info.id && looked_->bytes == info.bytes;
  if (is_known) return looked_->is_misnamed;
  CAUCE_ASSIGN_OR_RETURN(const bool is_misnamed, LiesBelowItsName(place));
  looked_ = {place.base, info.id, info.bytes, is_misnamed};
  return is_misnamed;
}

std::string ViewListing::PathOf(Offset base) const {
  return place_.PathOf(SegmentFileName(base, kLogSuffix));
}

void ViewListing::Tell(Severity severity, std::string_view line) const {
  if (place_.events != nullptr && *place_.events) {
    (*place_.events)(severity, line);
  }
}

}  // namespace cauce
