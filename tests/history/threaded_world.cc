#include "tests/history/threaded_world.h"

#include <atomic>
#include <thread>
#include <utility>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/history/history_end.h"
#include "tests/history/history_names.h"

namespace cauce::test {
namespace {

// Of what is asked again until it is well: far more than ever.
constexpr int kThreadedRounds = 10'000;
// So often nothing came.
constexpr int kIdleRounds = 10;
// Of the disk, in a life.
constexpr int kChangesMax = 2500;

}  // namespace

ThreadedWorld::ThreadedWorld(uint32_t seed, ThreadedCounts& counts)
    : random_(seed), fate_(seed), counts_(counts), disk_(*SystemClock()) {
  const std::vector<std::vector<Assignment>> ways = {
      {Assignment::kRange, Assignment::kCooperativeSticky},
      {Assignment::kRoundRobin},
      {Assignment::kSticky},
      {Assignment::kCooperativeSticky}};
  around_.history = &history_;
  around_.counts = &counts_;
  around_.starting = &starting_;
  around_.ways = ways[random_() % ways.size()];
}

ThreadedWorld::~ThreadedWorld() { client_.reset(); }

absl::Status ThreadedWorld::Open() {
  ClientOptions options;
  options.threads = 2;
  options.engine.file_system = &disk_;
  options.engine.offsets_topic_partitions = 1;
  options.engine.transaction_topic_partitions = 1;
  auto opened = Client::Open("dir:/data", options);
  if (!opened.ok()) return opened.status();
  client_ = *std::move(opened);
  around_.client = client_.get();
  return absl::OkStatus();
}

std::string ThreadedWorld::Live(int lives, int steps) {
  if (const absl::Status opened = Open(); !opened.ok())
    return std::string(MessageOf(opened));
  for (const std::string_view topic : {kIn, kOut}) {
    const absl::Status made =
        client_->engine()
            ->CreateTopic(topic,
                          {.partitions = kHistoryPartitions, .configs = {}})
            .status();
    if (!made.ok()) return std::string(MessageOf(made));
  }
  for (int i = 0; i < lives; ++i) {
    LiveOnce(steps);
    Die();
    const absl::Status opened = Open();
    if (!opened.ok())
      return fmt::format("life {} cannot begin: {}", i + 2, MessageOf(opened));
  }
  return Settle();
}

void ThreadedWorld::LiveOnce(int steps) {
  std::vector<std::unique_ptr<Actor>> workers;
  std::vector<std::unique_ptr<Actor>> others;
  const auto seed = [this] { return static_cast<uint32_t>(random_()); };
  for (int i = 0; i < 2; ++i)
    workers.push_back(std::make_unique<ThreadedProducer>(around_, seed()));
  for (const char* id : {"w1", "w1", "w2"})
    workers.push_back(std::make_unique<ThreadedWriter>(around_, seed(), id));
  for (const char* group : {kReaders, kReaders, kAutomatic, kAutomatic,
                            kCautious, kCautious})
    others.push_back(std::make_unique<ThreadedMember>(around_, seed(), group));
  for (const char* id : {"c0", "c1"})
    others.push_back(std::make_unique<ThreadedCopier>(around_, seed(), id));
  others.push_back(std::make_unique<ThreadedLooker>(around_, seed()));

  disk_.CutBefore(disk_.changes() + random_() % kChangesMax);
  std::atomic<size_t> at_work = workers.size();
  std::vector<std::thread> threads;
  for (const auto& actor : workers) {
    threads.emplace_back([this, steps, &actor, &at_work] {
      for (int i = 0; i < steps && !disk_.is_cut(); ++i) actor->Step();
      --at_work;
    });
  }
  for (const auto& actor : others) {
    threads.emplace_back([this, &actor, &at_work] {
      while (at_work > 0 && !disk_.is_cut()) actor->Step();
    });
  }
  for (std::thread& each : threads) each.join();
}

void ThreadedWorld::Die() {
  disk_.CutNow();
  client_.reset();
  history_.Add(ProcessEnded{});
  if (random_() % 2 == 0) {
    ++counts_.kills;
    disk_.RestartProcess();
  } else {
    ++counts_.power_cuts;
    fate_.Turn();
    disk_.Restart(fate_);
  }
}

// Ends what is open, and lets all groups read all there is.
std::string ThreadedWorld::Settle() {
  around_.is_calm = true;
  for (const char* id : {"w1", "w2", "c0", "c1"}) {
    ThreadedWriter writer(around_, 0, id);
    for (int i = 0; i < kThreadedRounds && !writer.is_started(); ++i)
      writer.Start();
    if (!writer.is_started())
      return fmt::format("nobody can begin as {} in calm", id);
  }
  if (!CopyAll()) return "copiers do not come to the end in calm";
  for (const char* group : {kReaders, kAutomatic, kCautious}) {
    if (!ReadAll(group))
      return fmt::format("the {} do not come to the end in calm", group);
  }
  ThreadedLooker looker(around_, 0);
  if (const absl::Status seen = looker.LookAtAll(); !seen.ok())
    return fmt::format("nobody is told in calm where groups are: {}",
                       MessageOf(seen));
  for (const std::string_view topic : {kIn, kOut}) {
    for (const TopicPartition& each : PartitionsOf(topic)) {
      for (const Isolation isolation :
           {Isolation::kReadUncommitted, Isolation::kReadCommitted}) {
        auto read = ReadWholeLog(*client_->engine(), each, isolation);
        if (!read.ok()) {
          return fmt::format("{} is not read to its end in calm: {}",
                             each.ToString(), MessageOf(read.status()));
        }
        history_.Add(*std::move(read));
      }
    }
  }
  return "";
}

bool ThreadedWorld::CopyAll() {
  ThreadedCopier copier(around_, 0, "c0");
  int idle = 0;
  for (int i = 0; i < kThreadedRounds && idle < kIdleRounds; ++i) {
    const size_t before = history_.place();
    copier.Step();
    idle = copier.is_idle() && history_.place() == before ? idle + 1 : 0;
  }
  return idle == kIdleRounds;
}

bool ThreadedWorld::ReadAll(const std::string& group) {
  ThreadedMember member(around_, 0, group);
  member.Make();
  int idle = 0;
  for (int i = 0; i < kThreadedRounds && idle < kIdleRounds; ++i) {
    if (!member.is_made()) return false;
    const bool any = !member.Poll(0).empty();
    if (group != kAutomatic && member.Commit()) member.Work();
    idle = any || !member.has_all() ? 0 : idle + 1;
  }
  member.Close();
  return idle == kIdleRounds;
}

}  // namespace cauce::test
