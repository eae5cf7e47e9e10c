// A group, its log, some consumers and the network between them, in one thread
// on simulated time, all by one seed: requests and answers are lost, late and
// doubled, appends fail, consumers crash, leave and come back, two come for one
// place, there are more of them than partitions, and the group is read again
// from what was appended of it, in the midst of whatever it does.
//
// What must hold is checked after every event; the first thing that does not is
// kept as a sentence. Not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/group.h"
#include "engine/coord/state_record.h"
#include "tests/sim/sim_consumer.h"

namespace cauce::test {

// What a world has seen: a simulation in which nothing happens proves nothing.
struct WorldCounts {
  int64_t events = 0;
  int64_t assignments = 0;  // that were told
  int64_t generations = 0;
  int64_t reloads = 0;
  int64_t failed_appends = 0;
  int64_t fenced = 0;
  int64_t sleeps = 0;  // longer than a session
  int64_t commits = 0;
  int64_t refused_commits = 0;
  int64_t commits_while_joining = 0;  // let be, in the midst of a rebalance
  int64_t reloads_while_joining = 0;
  int64_t surplus = 0;   // worlds that end with members that have nothing
  int64_t given_up = 0;  // times that a cooperative consumer made room
  int64_t replaced = 0;  // consumers of whom another has taken the place
};

class GroupWorld {
 public:
  GroupWorld(uint32_t seed, WorldCounts& counts);

  // Lives through `steps` of faults, then through calm until all is well.
  // Returns what was wrong; empty where nothing was.
  std::string Live(int steps);

 private:
  void Fault();
  void Reload();
  void PassTime(absl::Duration time);
  bool IsAllWell() const;

  // Runs the event that comes first, if it comes until `end`.
  bool RunNext(absl::Time end);
  void TickConsumer(size_t consumer);
  void Send(size_t consumer, const GroupRequest& request);
  void Deliver(size_t consumer, const GroupRequest& request);
  void Do(GroupOutput output);
  void Answer(const GroupReply& reply);
  void ResolveAppend();
  void MakeDurable(const std::vector<StateRecord>& records);

  void CheckAnswer(const SyncReply& reply, const SyncRequest& request,
                   size_t consumer);
  void CheckHolders(const std::string& words, size_t consumer);
  void CheckCommit(size_t consumer);
  void CheckGroup();
  void Wrong(std::string what);

  bool Chance(int percent) {
    return static_cast<int>(random_() % 100) < percent;
  }
  absl::Duration UpTo(absl::Duration most);
  void At(absl::Time time, std::function<void()> event);

  void CountEnd();

  struct Open {  // a request that was delivered
    size_t consumer;
    GroupRequest request;
    absl::Time since;
  };

  std::mt19937 random_;
  WorldCounts& counts_;
  std::string wrong_;

  bool is_calm_ = false;
  absl::Time now_;
  std::multimap<absl::Time, std::function<void()>> events_;
  std::optional<absl::Time> wake_at_;

  GroupOptions options_;
  bool in_process_ = false;
  bool is_cooperative_ = false;
  std::optional<Group> group_;
  int incarnation_ = 0;
  int32_t generation_ = 0;
  std::deque<std::vector<StateRecord>> appending_;
  std::optional<GroupMetadataValue> durable_;

  std::vector<SimConsumer> consumers_;
  // Of each the first one that has the same place.
  std::vector<size_t> places_;
  Waiter last_waiter_ = 0;
  int last_id_ = 0;
  std::map<Waiter, Open> open_;
  // Whose each partition is, of those that were told, by generation: who was
  // told last, of those of one place.
  std::map<int32_t, std::map<int, size_t>> told_;
};

}  // namespace cauce::test
