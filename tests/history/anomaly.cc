#include "tests/history/anomaly.h"

#include "fmt/format.h"

namespace cauce::test {

std::string_view Name(AnomalyKind kind) {
  switch (kind) {
    case AnomalyKind::kLostWrite:
      return "lost-write";
    case AnomalyKind::kUnseen:
      return "unseen";
    case AnomalyKind::kVanished:
      return "vanished";
    case AnomalyKind::kPhantom:
      return "phantom";
    case AnomalyKind::kInconsistentOffsets:
      return "inconsistent-offsets";
    case AnomalyKind::kDuplicate:
      return "duplicate";
    case AnomalyKind::kNonmonotonicSend:
      return "nonmonotonic-send";
    case AnomalyKind::kInternalNonmonotonicSend:
      return "int-nonmonotonic-send";
    case AnomalyKind::kAbortedRead:
      return "aborted-read";
    case AnomalyKind::kPrecommittedRead:
      return "precommitted-read";
    case AnomalyKind::kUnfinishedRead:
      return "unfinished-read";
    case AnomalyKind::kTornTransaction:
      return "torn-transaction";
    case AnomalyKind::kTwoOutcomes:
      return "two-outcomes";
    case AnomalyKind::kCircularFlow:
      return "circular-flow";
    case AnomalyKind::kHanging:
      return "hanging";
    case AnomalyKind::kZombieWrite:
      return "zombie-write";
    case AnomalyKind::kZombieTransaction:
      return "zombie-transaction";
    case AnomalyKind::kPollSkip:
      return "poll-skip";
    case AnomalyKind::kInternalPollSkip:
      return "int-poll-skip";
    case AnomalyKind::kNonmonotonicPoll:
      return "nonmonotonic-poll";
    case AnomalyKind::kInternalNonmonotonicPoll:
      return "int-nonmonotonic-poll";
    case AnomalyKind::kTwoOwners:
      return "two-owners";
    case AnomalyKind::kNonmonotonicCommit:
      return "nonmonotonic-commit";
    case AnomalyKind::kLostCommit:
      return "lost-commit";
    case AnomalyKind::kPhantomCommit:
      return "phantom-commit";
    case AnomalyKind::kZombieCommit:
      return "zombie-commit";
    case AnomalyKind::kCommitSkip:
      return "commit-skip";
    case AnomalyKind::kStuckGroup:
      return "stuck-group";
    case AnomalyKind::kZombieInstance:
      return "zombie-instance";
    case AnomalyKind::kLostPlace:
      return "lost-place";
    case AnomalyKind::kUnworkedCommit:
      return "unworked-commit";
    case AnomalyKind::kWorkedTwice:
      return "worked-twice";
    case AnomalyKind::kDoneTwice:
      return "done-twice";
    case AnomalyKind::kNeverDone:
      return "never-done";
  }
  return "?";
}

std::string Describe(const Anomaly& anomaly, const History& history) {
  std::string text(Name(anomaly.kind));
  for (const size_t at : anomaly.events)
    text += fmt::format("\n  {}. {}", at, ToString(history[at]));
  return text;
}

}  // namespace cauce::test
