#include "tests/history/history_world.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/history/history_end.h"
#include "tests/history/history_names.h"

namespace cauce::test {
namespace {

constexpr int kCalmRounds = 200;
// Those who are away for good are given up, and who commits by itself does so.
constexpr absl::Duration kCalmPause = absl::Seconds(1);
constexpr int kCallsUntilFailure = 2000;

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : random_(seed) {}
  uint64_t Next() override { return random_(); }

 private:
  std::mt19937_64 random_;
};

}  // namespace

HistoryWorld::HistoryWorld(uint32_t seed, HistoryCounts& counts)
    : random_(seed),
      fate_(seed),
      counts_(counts),
      ids_(std::make_unique<SeededRandom>(seed)),
      disk_(clock_) {
  clock_.Watch(&disk_);
  const std::vector<std::vector<Assignment>> ways = {
      {Assignment::kRange, Assignment::kCooperativeSticky},
      {Assignment::kRoundRobin},
      {Assignment::kSticky},
      {Assignment::kCooperativeSticky}};
  ways_ = ways[random_() % ways.size()];
  forgets_ids_ = Chance(30);
  Open();
  for (const std::string_view topic : {kIn, kOut}) {
    client_->engine()
        ->CreateTopic(topic, {.partitions = kHistoryPartitions, .configs = {}})
        .status()
        .IgnoreError();
  }
  disk_.set_plan([this](DiskCall call, std::string_view, int64_t) {
    return PlanOf(call);
  });
}

HistoryWorld::~HistoryWorld() { DropAll(); }

// Some calls fail: for want of room, or for good.
absl::Status HistoryWorld::PlanOf(DiskCall call) {
  if (is_calm_ || !IsChange(call)) return absl::OkStatus();
  const int dice = Below(kCallsUntilFailure);
  if (dice > 1) return absl::OkStatus();
  ++counts_.failed_calls;
  return dice == 0 ? MakeError(Reason::kDiskFailed, "it fails")
                   : MakeError(Reason::kDiskFull, "it is full");
}

std::string HistoryWorld::Live(int steps) {
  for (int i = 0; i < steps; ++i) {
    Step();
    if (disk_.is_cut()) Die();
  }
  const std::string wrong = Settle();
  counts_.events += static_cast<int64_t>(history_.size());
  return wrong;
}

void HistoryWorld::Open() {
  ClientOptions options;
  options.threads = 0;
  options.engine.file_system = &disk_;
  options.engine.clock = &clock_;
  options.engine.random = ids_.get();
  options.engine.offsets_topic_partitions = 1;
  options.engine.transaction_topic_partitions = 1;
  // Who stays away for longer has no id any more.
  if (forgets_ids_)
    options.engine.transactional_id_expiration = absl::Minutes(1);
  auto opened = Client::Open("dir:/data", options);
  // Without it, as where the power goes at once, the next one is opened.
  if (opened.ok()) client_ = *std::move(opened);
}

void HistoryWorld::DropAll() {
  copiers_.clear();
  members_.clear();
  zombies_.clear();
  writers_.clear();
  producers_.clear();
  brief_.producer.reset();
  client_.reset();
  history_.emplace_back(ProcessEnded{});
}

void HistoryWorld::Die() {
  disk_.CutNow();
  DropAll();
  if (Chance(50)) {
    ++counts_.process_kills;
    disk_.RestartProcess();
  } else {
    ++counts_.power_cuts;
    fate_.Turn();
    disk_.Restart(fate_);
  }
  if (!is_calm_ && Chance(30)) disk_.CutBefore(disk_.changes() + Below(20));
  Open();
  if (client_ == nullptr) Die();
}

void HistoryWorld::CloseAll() {
  ++counts_.closes;
  for (const auto& each : members_) CloseMember(*each);
  DropAll();
  if (disk_.is_cut()) return Die();
  Open();
  if (client_ == nullptr) Die();
}

void HistoryWorld::Step() {
  const int dice = Below(100);
  if (dice < 14) return StepProducer();
  if (dice < 17) return StepBrief();
  if (dice < 33) {
    if (writers_.size() < 2 && Chance(30)) {
      writers_.emplace_back();
      writers_.back().id = fmt::format("w{}", writers_.size());
    }
    if (!writers_.empty())
      StepWriter(writers_[random_() % writers_.size()]);
    return;
  }
  if (dice < 37) {
    if (!zombies_.empty()) StepWriter(zombies_[random_() % zombies_.size()]);
    return;
  }
  if (dice < 62) return StepMember();
  if (dice < 84) {
    if (copiers_.size() < 2 && Chance(30)) {
      copiers_.emplace_back();
      // Two of them have one id from time to time.
      copiers_.back().writer.id = fmt::format("c{}", Below(2));
    }
    if (!copiers_.empty())
      StepCopier(copiers_[random_() % copiers_.size()]);
    return;
  }
  if (dice < 86) return StepTopics();
  if (dice < 88) return LookAtOffsets().IgnoreError();
  if (dice < 93) return clock_.Advance(absl::Seconds(Below(12)));
  // Longer than members and transactions may take.
  if (dice < 94) return clock_.Advance(absl::Seconds(40));
  if (dice < 97) return StepUpkeep();
  if (Chance(20)) return CloseAll();
  if (Chance(70)) StepKill();
}

// What coordinators keep is compacted, and tombstones do not stay for long.
void HistoryWorld::StepUpkeep() {
  Engine& engine = *client_->engine();
  if (Chance(50)) return engine.RunUpkeep().IgnoreError();
  for (const char* topic : {"__consumer_offsets", "__transaction_state"}) {
    engine
        .AlterTopic(topic, {{"segment.ms", "1000"},
                            {"delete.retention.ms", "1000"}})
        .IgnoreError();
    const auto partition = engine.OpenPartition(topic, PartitionId{0});
    if (!partition.ok()) continue;
    const auto compacted = partition->Compact();
    if (compacted.ok()) counts_.compacted += compacted->records_removed;
  }
}

void HistoryWorld::StepTopics() {
  return Chance(20) ? Grow() : DeleteRecords();
}

// Copiers write to the partition of the number that they read: "out" has each
// first.
void HistoryWorld::Grow() {
  const int32_t more = CountPartitions(kIn) + 1;
  if (more > kHistoryPartitionsMax) return;
  ++counts_.operations;
  Engine& engine = *client_->engine();
  engine.CreatePartitions(kOut, more).IgnoreError();  // it may be so since
  if (CountPartitions(kOut) < more) return;
  counts_.grown += engine.CreatePartitions(kIn, more).ok() ? 1 : 0;
}

// A few, or all there are. Of "in" alone: what was done is looked for in "out".
void HistoryWorld::DeleteRecords() {
  const TopicPartition name = AnyPartition();
  auto partition =
      client_->engine()->OpenPartition(name.topic, name.partition);
  if (!partition.ok()) return;
  const Offset start = partition->log_start();
  const auto records =
      static_cast<int>(partition->high_watermark() - start);
  if (records <= 0) return;
  const Offset before =
      start + (Chance(20) ? records : 1 + Below(std::min(records, 8)));
  ++counts_.operations;
  history_.emplace_back(RecordsDeleted{name, before});
  counts_.deletions += partition->DeleteRecordsBefore(before).ok() ? 1 : 0;
}

// At once, or somewhere in what is done next.
void HistoryWorld::StepKill() {
  disk_.CutBefore(disk_.changes() + (Chance(30) ? 0 : Below(40)));
}

absl::Status HistoryWorld::LookAtOffsets() {
  absl::Status first;
  for (const char* group : kGroups) {
    ++counts_.operations;
    auto seen = LookAtGroup(*client_, group, kPatience);
    first.Update(seen.status());
    if (seen.ok()) history_.emplace_back(*std::move(seen));
  }
  first.Update(LookAtFollowers());
  return first;
}

absl::Status HistoryWorld::LookAtFollowers() {
  if (!client_->engine()->DescribeTopic(kBrief).ok()) return absl::OkStatus();
  ++counts_.operations;
  ConsumerOptions options;
  options.group = kFollowers;
  options.call_timeout = kPatience;
  const auto looker = client_->NewConsumer(options);
  if (!looker.ok()) return looker.status();
  const TopicPartition name{std::string(kBrief), {0}};
  const auto committed = (*looker)->Committed({name});
  if (!committed.ok()) return committed.status();
  OffsetsSeen seen;
  seen.group = kFollowers;
  if (const auto found = committed->find(name); found != committed->end())
    seen.offsets[LifeNow()] = found->second.offset;
  history_.emplace_back(std::move(seen));
  return absl::OkStatus();
}

TopicPartition HistoryWorld::LifeOf(const TopicId& id) {
  const TopicPartition next{fmt::format("{}.{}", kBrief, lives_.size() + 1),
                            {0}};
  return lives_.try_emplace(id, next).first->second;
}

TopicPartition HistoryWorld::LifeNow() {
  const auto described = client_->engine()->DescribeTopic(kBrief);
  if (described.ok()) return LifeOf(described->id);
  return {std::string(kBrief), {0}};  // there is none
}

TopicPartition HistoryWorld::AnyPartition() {
  return {std::string(kIn), {Below(CountPartitions(kIn))}};
}

int32_t HistoryWorld::CountPartitions(std::string_view topic) const {
  const auto described = client_->engine()->DescribeTopic(topic);
  return described.ok() ? described->partitions : kHistoryPartitions;
}

// Ends what is open, and lets both groups read all there is.
std::string HistoryWorld::Settle() {
  is_calm_ = true;
  disk_.CutNow();
  Die();
  std::set<std::string> ids;
  for (const char* id : {"w1", "w2", "c0", "c1"}) {
    Writer writer;
    writer.id = id;
    absl::Status begun;
    for (int i = 0; i < kCalmRounds && writer.producer == nullptr; ++i)
      begun = StartWriter(writer);
    if (writer.producer == nullptr) {
      return fmt::format("nobody can begin as {} in calm: {}", id,
                         MessageOf(begun));
    }
  }
  if (!CopyAll()) return "copiers do not come to the end in calm";
  client_->engine()->CreateTopic(kBrief).status().IgnoreError();
  for (const char* group : {kReaders, kAutomatic, kCautious, kFollowers}) {
    if (!ReadAll(group))
      return fmt::format("the {} do not come to the end in calm", group);
  }
  if (const absl::Status seen = LookAtOffsets(); !seen.ok())
    return fmt::format("nobody is told in calm where groups are: {}",
                       MessageOf(seen));
  for (const std::string_view topic : {kIn, kOut}) {
    for (const TopicPartition& each :
         PartitionsOf(topic, CountPartitions(topic))) {
      for (const Isolation isolation :
           {Isolation::kReadUncommitted, Isolation::kReadCommitted}) {
        auto read = ReadWholeLog(*client_->engine(), each, isolation);
        if (!read.ok()) {
          return fmt::format("{} is not read to its end in calm: {}",
                             each.ToString(), MessageOf(read.status()));
        }
        history_.emplace_back(*std::move(read));
      }
    }
  }
  auto last = ReadWholeLog(*client_->engine(), {std::string(kBrief), {0}},
                           Isolation::kReadCommitted);
  if (!last.ok()) {
    return fmt::format("the topic made last is not read to its end in calm: {}",
                       MessageOf(last.status()));
  }
  last->partition = LifeNow();
  history_.emplace_back(*std::move(last));
  return "";
}

bool HistoryWorld::CopyAll() {
  Copier copier;
  copier.writer.id = "c0";
  int idle = 0;
  for (int i = 0; i < CalmRounds() && idle < 10; ++i) {
    const size_t before = history_.size();
    StepCopier(copier);
    const bool is_at_work = copier.member == nullptr ||
                            copier.writer.open != 0 ||
                            copier.writer.producer == nullptr ||
                            !HasAll(*copier.member);
    idle = is_at_work || history_.size() != before ? 0 : idle + 1;
    const bool any = history_.size() != before;
    if (!any && copier.writer.open == 0) clock_.Advance(kCalmPause);
  }
  return idle == 10;
}

bool HistoryWorld::HasAll(const Member& member) const {
  return std::ssize(member.assignment) ==
         (member.group == kFollowers ? 1 : CountPartitions(kIn));
}

// Each record takes a few, of whom there may be all still.
int64_t HistoryWorld::CalmRounds() const {
  return 10 * kCalmRounds + 8 * last_value_;
}

bool HistoryWorld::ReadAll(const std::string& group) {
  const auto member = NewMember(group);
  if (member == nullptr) return false;
  int idle = 0;
  for (int i = 0; i < CalmRounds() && idle < 10; ++i) {
    const bool any = !Poll(*member, 0).empty();
    const bool is_in = HasAll(*member);
    if (group != kAutomatic) {
      if (CommitOffsets(*member)) Work(*member);
      member->given.clear();
    }
    idle = any || !is_in ? 0 : idle + 1;
    if (!any) clock_.Advance(kCalmPause);
  }
  return idle == 10;
}

}  // namespace cauce::test
