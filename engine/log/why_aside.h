// Why a log is none of its partition's, in words for people: what a repair says
// of a file that it sets aside. Pure; any thread.
#pragma once

#include <string>

#include "cauce/types.h"
#include "engine/log/log_judgement.h"
#include "engine/log/segment_survey.h"

namespace cauce {

struct AsideLog {
  LogFate fate = LogFate::kNoBatch;
  std::string other;  // the path of the one that has its offsets, or its name
  Offset other_end;   // behind the batches of that
  Offset durable;     // where the log was closed
};

// `survey` is what lies in it.
std::string WhyAside(const AsideLog& log, const SegmentSurvey& survey);

}  // namespace cauce
