#include "engine/log/why_aside.h"

#include "fmt/format.h"

namespace cauce {
namespace {

// Of one that has nothing, or nothing that anybody believes.
std::string WhyNone(const SegmentSurvey& survey) {
  if (!survey.runs.empty()) {
    return fmt::format(
        "there is no batch in it that may stand there: the first one says "
        "offset {}, and not enough confirms that",
        survey.runs.front().base.value);
  }
  if (survey.damaged.empty()) return "there is no whole batch in it";
  return fmt::format("there is no whole batch in it: {}",
                     survey.damaged.front().why);
}

}  // namespace

std::string WhyAside(const AsideLog& log, const SegmentSurvey& survey) {
  switch (log.fate) {
    case LogFate::kInside:
      return fmt::format(
          "there is no whole batch in it, and {} holds the records up to "
          "offset {}",
          log.other, log.other_end.value);
    case LogFate::kCopy:
      return fmt::format(
          "{} has the offsets that it says, and is confirmed by as much",
          log.other);
    case LogFate::kForeign:
      return fmt::format(
          "it is of another log: its batches begin at offset {}, which is not "
          "what it is called by, and {} has others with their offsets",
          survey.runs.front().base.value, log.other);
    case LogFate::kInTheWay:
      return fmt::format(
          "there is no whole batch in it, and {} belongs in its place",
          log.other);
    case LogFate::kAboveEnd:
      return fmt::format("{}; and the log was closed at offset {}",
                         WhyNone(survey), log.durable.value);
    case LogFate::kNoBatch:
    case LogFate::kSegment:
      break;
  }
  return WhyNone(survey);
}

}  // namespace cauce
