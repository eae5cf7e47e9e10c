// Logs as a survey would find them, written down batch by batch, and what they
// are judged to be, as words: for tests of the judgement, without any file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/log/batch_runs.h"
#include "engine/log/found_log.h"
#include "engine/log/log_judgement.h"
#include "fmt/format.h"

namespace cauce::test {

// A batch with the offsets [base, next), or bytes that are none.
struct Piece {
  int64_t base = -1;
  int64_t next = -1;

  bool is_batch() const { return base >= 0; }
  friend bool operator==(const Piece&, const Piece&) = default;
};

inline constexpr Piece kRubbish{};
inline constexpr int64_t kPieceBytes = 100;

struct PlannedLog {
  int64_t named = 0;
  std::vector<Piece> pieces;
  bool is_waiting = false;
  // The records of which log it holds: at the same offsets another one has
  // others.
  uint32_t of = 0;
  bool is_listed = false;
  std::optional<FormerName> former_name;
};

// Batches of one record each.
inline std::vector<Piece> Ones(int64_t base, int64_t next) {
  std::vector<Piece> pieces;
  for (; base < next; ++base) pieces.push_back({base, base + 1});
  return pieces;
}

inline BatchRun RunOf(const PlannedLog& log, size_t at) {
  const int64_t position = static_cast<int64_t>(at) * kPieceBytes;
  return {.position = position,
          .end = position + kPieceBytes,
          .base = Offset{log.pieces[at].base},
          .next = Offset{log.pieces[at].next},
          .contents = ContentsOf(log.of)};
}

// As they are found: in runs, split where others have borders.
inline std::vector<FoundLog> FindLogs(const std::vector<PlannedLog>& planned,
                                      bool may_have_gaps) {
  std::vector<FoundLog> found;
  std::vector<Offset> cuts;
  for (const PlannedLog& log : planned) {
    BatchRuns runs(may_have_gaps ? BatchRuns::Gaps::kOfCompaction
                                 : BatchRuns::Gaps::kNone);
    for (size_t at = 0; at < log.pieces.size(); ++at) {
      if (log.pieces[at].is_batch()) runs.Add(RunOf(log, at));
    }
    for (const BatchRun& run : runs.runs()) {
      cuts.push_back(run.base);
      cuts.push_back(run.next);
    }
    found.push_back({.named = Offset{log.named},
                     .is_waiting = log.is_waiting,
                     .is_blank = log.pieces.empty(),
                     .is_listed = log.is_listed,
                     .former_name = log.former_name,
                     .runs = runs.Take()});
  }
  std::ranges::sort(cuts);
  for (size_t log = 0; log < found.size(); ++log) {
    std::vector<BatchRun> split;
    for (const BatchRun& run : found[log].runs) {
      if (!IsCut(run, cuts)) {
        split.push_back(run);
        continue;
      }
      RunParts parts(cuts);
      for (int64_t at = run.position; at < run.end; at += kPieceBytes) {
        parts.Add(RunOf(planned[log], static_cast<size_t>(at / kPieceBytes)));
      }
      const std::vector<BatchRun> taken = parts.Take();
      split.insert(split.end(), taken.begin(), taken.end());
    }
    found[log].runs = std::move(split);
  }
  return found;
}

// Which of the pieces of a log stay.
inline std::vector<bool> StayOf(const PlannedLog& log, const FoundLog& found,
                                const JudgedLog& judged) {
  std::vector<bool> stay(log.pieces.size());
  for (const size_t run : judged.stay) {
    const BatchRun& batches = found.runs[run];
    for (int64_t at = batches.position; at < batches.end; at += kPieceBytes) {
      stay[static_cast<size_t>(at / kPieceBytes)] = true;
    }
  }
  return stay;
}

// Sorts them as they are found in a directory.
inline void SortLogs(std::vector<PlannedLog>& logs) {
  std::ranges::sort(logs, [](const PlannedLog& a, const PlannedLog& b) {
    return std::pair(a.is_waiting, a.named) < std::pair(b.is_waiting, b.named);
  });
}

inline std::vector<JudgedLog> Judge(const std::vector<PlannedLog>& logs,
                                    const KnownOfLog& known) {
  return JudgeLogs(FindLogs(logs, known.may_have_gaps), known);
}

// What becomes of each, in words: "aside", or the name that it is to have and
// of each piece where it begins, "x" for what does not stay.
inline std::vector<std::string> StoryOf(const std::vector<PlannedLog>& logs,
                                        const KnownOfLog& known) {
  const std::vector<FoundLog> found = FindLogs(logs, known.may_have_gaps);
  const std::vector<JudgedLog> judged = JudgeLogs(found, known);
  std::vector<std::string> story;
  for (size_t log = 0; log < logs.size(); ++log) {
    if (judged[log].fate != LogFate::kSegment) {
      story.emplace_back("aside");
      continue;
    }
    std::string words = fmt::format("{}:", judged[log].base.value);
    const std::vector<bool> stay = StayOf(logs[log], found[log], judged[log]);
    for (size_t at = 0; at < stay.size(); ++at) {
      words += stay[at] ? fmt::format(" {}", logs[log].pieces[at].base) : " x";
    }
    story.push_back(words);
  }
  return story;
}

}  // namespace cauce::test
