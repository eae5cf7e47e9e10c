// Logs that were spoiled by chance, and what they are judged to be: what nobody
// touched stays, nothing stays at an offset that it did not have, and judging
// what comes of it changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/log/former_names.h"
#include "engine/log/log_judgement.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/testing/found_logs.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::kRubbish;
using test::Piece;
using test::PlannedLog;

// A sanitizer makes each round many times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 2'000;
#else
constexpr int kRounds = 20'000;
#endif

// A batch as it was written, and as it may be found.
struct Written {
  Piece right;
  Piece found;
  bool is_gone = false;  // to the last byte
};

// A file of such, by its name.
struct Segment {
  int64_t named = 0;
  std::vector<Written> batches;
};

// What its first bytes say, where these are a batch.
std::optional<Offset> FrontOf(const PlannedLog& log) {
  const bool is_batch = !log.pieces.empty() && log.pieces[0].is_batch();
  return is_batch ? std::optional(Offset{log.pieces[0].base}) : std::nullopt;
}

class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    known_.may_have_gaps = Below(2) == 0;
    int64_t next = 0;
    int64_t compacted = 0;
    const int64_t count = 2 + Below(5);
    for (int64_t i = 0; i < count; ++i) {
      Segment segment{.named = next};
      const int64_t batches = 1 + Below(4);
      for (int64_t b = 0; b < batches; ++b) {
        if (known_.may_have_gaps && Below(4) == 0) {
          next += 1 + Below(4);
          compacted = next;
        }
        const Piece piece{next, next + 1 + Below(3)};
        segment.batches.push_back({piece, piece});
        next = piece.next;
      }
      segments_.push_back(segment);
    }
    end_ = next;
    // Indexes stay where they were written.
    if (Below(2) == 0) {
      for (const Segment& segment : segments_) {
        indexes_.push_back(Offset{segment.named});
      }
    }
    known_.start_is_known = Below(2) == 0;
    known_.clean_stop = Below(2) == 0;
    // Compaction leaves no gaps above it.
    known_.durable = Offset{end_};
    if (known_.clean_stop && Below(2) == 0) known_.closed_end = known_.durable;
    if (!known_.clean_stop) {
      const int64_t least = std::min(end_, compacted + 3);
      known_.durable = Offset{EndOfABatch(least + Below(end_ + 1 - least))};
    }
  }

  void Spoil() {
    if (Below(3) == 0) return FlipBase();
    SpoilFiles();
  }

  // In any way but a wrong offset.
  void SpoilFiles() {
    switch (Below(5)) {
      case 0:
        return Exchange();
      case 1:
        return TakeOut();
      case 2:
        return Rename();
      case 3:
        return AddEmpty();
      case 4:
        return Copy();
    }
  }

  std::vector<PlannedLog> Logs() const {
    std::vector<PlannedLog> logs;
    for (const Segment& segment : segments_) {
      PlannedLog log{.named = segment.named};
      for (const Written& batch : segment.batches) {
        if (!batch.is_gone) log.pieces.push_back(batch.found);
      }
      logs.push_back(log);
    }
    test::SortLogs(logs);
    NoteFormerNames(logs);
    return logs;
  }

  const KnownOfLog& known() const { return known_; }
  const std::vector<Segment>& segments() const { return segments_; }
  const std::string& story() const { return story_; }
  int64_t end() const { return end_; }
  int spoiled() const { return spoiled_; }

 private:
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }

  void NoteFormerNames(std::vector<PlannedLog>& logs) const {
    std::vector<Offset> names;
    for (const PlannedLog& log : logs) names.push_back(Offset{log.named});
    const FormerNames former({.logs = names,
                              .indexes = indexes_,
                              .may_have_gaps = known_.may_have_gaps});
    for (PlannedLog& log : logs) {
      const auto front = FrontOf(log);
      if (!front) continue;
      log.former_name = former.Of(Offset{log.named}, 0, *front);
    }
  }

  // The first one at or behind an offset: no other place is ever durable.
  int64_t EndOfABatch(int64_t offset) const {
    int64_t end = end_;
    for (const Segment& segment : segments_) {
      for (const Written& batch : segment.batches) {
        if (batch.right.next >= offset) end = std::min(end, batch.right.next);
      }
    }
    return end;
  }

  void Tell(const std::string& what) {
    ++spoiled_;
    story_ += what + "; ";
  }

  Segment& One() {
    return segments_[static_cast<size_t>(Below(std::ssize(segments_)))];
  }

  void FlipBase() {
    Segment& segment = One();
    if (segment.batches.empty()) return;
    Written& batch =
        segment
            .batches[static_cast<size_t>(Below(std::ssize(segment.batches)))];
    if (batch.found != batch.right || batch.is_gone) return;
    const int64_t bit = int64_t{1} << Below(Below(4) == 0 ? 40 : 6);
    const int64_t base = batch.right.base ^ bit;
    batch.found = {base, base + batch.right.next - batch.right.base};
    Tell(fmt::format("the batch at {} says {}", batch.right.base, base));
  }

  void Exchange() {
    std::vector<size_t> which;
    for (size_t i = 0; i < segments_.size(); ++i) which.push_back(i);
    std::ranges::shuffle(which, random_);
    which.resize(
        std::min<size_t>(which.size(), static_cast<size_t>(2 + Below(3))));
    for (size_t i = 0; i + 1 < which.size(); ++i) {
      std::swap(segments_[which[i]].named, segments_[which[i + 1]].named);
    }
    Tell(fmt::format("files {} have each other's names", which));
  }

  void TakeOut() {
    Segment& segment = One();
    if (segment.batches.empty()) return;
    // Behind damage nothing speaks against a wrong offset that is in order.
    const bool is_astray = std::ranges::any_of(
        segment.batches,
        [](const Written& each) { return each.found != each.right; });
    if (is_astray) return;
    Written& batch =
        segment
            .batches[static_cast<size_t>(Below(std::ssize(segment.batches)))];
    batch.is_gone = Below(2) == 0;
    batch.found = kRubbish;
    Tell(fmt::format("the batch at {} is {}", batch.right.base,
                     batch.is_gone ? "gone" : "damaged"));
  }

  std::optional<int64_t> FreeName() {
    const int64_t name = Below(5) == 0 ? 100'000 : Below(end_ + 9);
    const bool is_taken = std::ranges::any_of(
        segments_, [name](const Segment& each) { return each.named == name; });
    if (is_taken) return std::nullopt;
    return name;
  }

  void Rename() {
    Segment& segment = One();
    const auto name = FreeName();
    if (!name) return;
    const int64_t old = std::exchange(segment.named, *name);
    Tell(fmt::format("{} is called {}", old, *name));
    if (Below(2) == 0) return;
    segments_.push_back({.named = old});
    Tell("an empty file takes its place");
    --spoiled_;
  }

  void AddEmpty() {
    const auto name = FreeName();
    if (!name) return;
    segments_.push_back({.named = *name});
    Tell(fmt::format("there is an empty file {}", *name));
  }

  void Copy() {
    const auto name = FreeName();
    if (!name) return;
    Segment copy = One();
    Tell(fmt::format("{} is there again as {}", copy.named, *name));
    copy.named = *name;
    segments_.push_back(copy);
  }

  std::mt19937 random_;
  KnownOfLog known_;
  std::vector<Segment> segments_;
  std::vector<Offset> indexes_;  // what these are called by
  int64_t end_ = 0;
  int spoiled_ = 0;
  std::string story_;
};

// What stays, by its offsets, and of which file.
struct Kept {
  std::map<int64_t, Piece> batches;  // by where they begin
  std::vector<PlannedLog> logs;      // once it is repaired
};

Kept Keep(const std::vector<PlannedLog>& logs, const KnownOfLog& known) {
  const std::vector<FoundLog> found = test::FindLogs(logs, known.may_have_gaps);
  const std::vector<JudgedLog> judged = JudgeLogs(found, known);
  Kept kept;
  for (size_t log = 0; log < logs.size(); ++log) {
    if (judged[log].fate != LogFate::kSegment) continue;
    PlannedLog segment{.named = judged[log].base.value};
    const std::vector<bool> stay =
        test::StayOf(logs[log], found[log], judged[log]);
    int64_t next = segment.named;
    for (size_t at = 0; at < stay.size(); ++at) {
      if (!stay[at]) continue;
      const Piece& piece = logs[log].pieces[at];
      EXPECT_GE(piece.base, next) << "out of order in " << segment.named;
      // A repair says of what is missing that there is nothing.
      if (piece.base > next && !known.may_have_gaps) {
        segment.pieces.push_back({next, piece.base});
      }
      segment.pieces.push_back(piece);
      next = piece.next;
      EXPECT_TRUE(kept.batches.emplace(piece.base, piece).second);
    }
    kept.logs.push_back(segment);
  }
  test::SortLogs(kept.logs);
  return kept;
}

// Each segment ends where the next begins, or in front of it.
void CheckOrder(const std::vector<PlannedLog>& logs) {
  for (size_t i = 0; i + 1 < logs.size(); ++i) {
    const auto& pieces = logs[i].pieces;
    EXPECT_LT(logs[i].named, logs[i + 1].named);
    EXPECT_LE(pieces.empty() ? logs[i].named : pieces.back().next,
              logs[i + 1].named);
  }
}

void CheckAgain(const Kept& kept, KnownOfLog known) {
  if (kept.logs.empty()) return;
  std::vector<PlannedLog> repaired;
  int64_t end = 0;
  for (const PlannedLog& log : kept.logs) {
    if (!repaired.empty() && log.named > end && !known.may_have_gaps) {
      repaired.push_back({.named = end, .pieces = {{end, log.named}}});
      // An empty one is filled itself.
      if (repaired.size() > 1 && repaired[repaired.size() - 2].named == end) {
        repaired.erase(repaired.end() - 2);
      }
    }
    repaired.push_back(log);
    end = log.pieces.empty() ? log.named : log.pieces.back().next;
  }
  known.durable = std::max(known.durable, Offset{end});
  known.clean_stop = true;
  known.closed_end = known.durable;
  const Kept again = Keep(repaired, known);
  ASSERT_EQ(again.logs.size(), repaired.size());
  for (size_t i = 0; i < repaired.size(); ++i) {
    EXPECT_EQ(again.logs[i].named, repaired[i].named);
    EXPECT_EQ(again.logs[i].pieces, repaired[i].pieces);
  }
}

// Whether a batch that nobody touched may be lost with what was.
bool IsDoubtful(const World& world, const Segment& segment, size_t at) {
  const std::vector<Written>& all = segment.batches;
  const bool is_last = at + 1 == all.size();
  // Nothing tells a last one behind a gap from one whose offset is wrong.
  if (is_last && at > 0 && all[at - 1].is_gone) return true;
  // A file that lost all that was durable in it, and no more, is as one of
  // another log that begins there.
  const auto durable = world.known().durable.value;
  const bool lost_all_durable =
      segment.named < durable && all[at].right.base >= durable &&
      std::ranges::all_of(all, [durable](const Written& batch) {
        return batch.is_gone || batch.right.base >= durable;
      });
  if (lost_all_durable) return true;
  // As much speaks for the name as for the batch.
  if (all.size() == 1 && segment.named == world.end()) return true;
  if (!world.known().may_have_gaps) return false;
  // Where there may be gaps nothing tells which of two is out of order, or
  // which of a name and an offset is, but batches that continue each other.
  const auto continues = [&](size_t first) {
    return all[first].found.next == all[first + 1].found.base;
  };
  return !(at > 0 && continues(at - 1)) && !(!is_last && continues(at));
}

std::string Describe(const World& world, const std::vector<PlannedLog>& logs,
                     uint32_t seed) {
  const KnownOfLog& known = world.known();
  std::string words =
      fmt::format("round {}: {}gaps, durable {}, {} start, {}: {}", seed,
                  known.may_have_gaps ? "" : "no ", known.durable.value,
                  known.start_is_known ? "known" : "unknown",
                  known.clean_stop ? "closed" : "killed", world.story());
  const auto story = test::StoryOf(logs, known);
  for (size_t i = 0; i < logs.size(); ++i) {
    words += fmt::format("\n  {}:", logs[i].named);
    if (logs[i].former_name) {
      words += fmt::format(" (was {})", logs[i].former_name->name.value);
    }
    for (const Piece& piece : logs[i].pieces) {
      words += fmt::format(" [{},{})", piece.base, piece.next);
    }
    words += " is " + story[i];
  }
  return words;
}

void CheckUntouched(const World& world, const Kept& kept) {
  for (const Segment& segment : world.segments()) {
    for (size_t at = 0; at < segment.batches.size(); ++at) {
      const Written& batch = segment.batches[at];
      const bool is_touched =
          batch.found != batch.right || IsDoubtful(world, segment, at);
      if (is_touched) continue;
      EXPECT_TRUE(kept.batches.contains(batch.right.base))
          << batch.right.base << " is lost";
    }
  }
}

// What a wrong offset is that no other batch or name has by accident.
constexpr int64_t kFar = 1 << 10;

// Where order is all there is a wrong offset may be in order.
void CheckOffsets(const World& world, const Kept& kept) {
  if (world.known().may_have_gaps) return;
  std::set<std::pair<int64_t, int64_t>> right;
  for (const Segment& segment : world.segments()) {
    for (const Written& batch : segment.batches) {
      right.emplace(batch.right.base, batch.right.next);
    }
  }
  for (const auto& [base, piece] : kept.batches) {
    const bool is_accident = world.spoiled() > 1 && base < kFar;
    EXPECT_TRUE(is_accident || right.contains({piece.base, piece.next}))
        << piece.base << " is wrong";
  }
}

// Spoils a log once, or a second time with anything but another offset.
void CheckOne(uint32_t seed, int spoilings) {
  World world(seed);
  world.Spoil();
  for (int i = 1; i < spoilings; ++i) world.SpoilFiles();
  const std::vector<PlannedLog> logs = world.Logs();
  SCOPED_TRACE(Describe(world, logs, seed));
  const Kept kept = Keep(logs, world.known());
  CheckOrder(kept.logs);
  CheckAgain(kept, world.known());
  CheckOffsets(world, kept);
  if (world.spoiled() < 2) CheckUntouched(world, kept);
}

TEST(LogJudgementProperty, KeepsAllThatIsRightAndNothingElse) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < kRounds; ++round) {
    CheckOne(random(), 1);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(LogJudgementProperty,
     OfWhatIsSpoiledSeveralTimesTakesNoOffsetThatIsFarAstray) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < kRounds; ++round) {
    CheckOne(random(), 2 + round % 2);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cauce
