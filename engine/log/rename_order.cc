#include "engine/log/rename_order.h"

#include <cstddef>
#include <map>
#include <set>

namespace cauce {
namespace {

class Orderer {
 public:
  explicit Orderer(const std::vector<Renaming>& wanted) : wanted_(wanted) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      left_.emplace(wanted[i].to, i);
      if (wanted[i].from != kNoName) sources_.emplace(wanted[i].from, i);
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!sources_.contains(wanted[i].to)) free_.insert(i);
    }
  }

  RenameOrder Run() {
    RenameOrder order;
    while (!left_.empty()) {
      if (free_.empty()) {
        // All that are left go in circles.
        const auto& [target, first] = *left_.begin();
        order.aside.push_back(target);
        Leave(first);
        continue;
      }
      const size_t next = *free_.begin();
      free_.erase(free_.begin());
      left_.erase(wanted_[next].to);
      order.targets.push_back(wanted_[next].to);
      Leave(next);
    }
    return order;
  }

 private:
  // No file is called by it.
  static constexpr Offset kNoName{};

  // The file has its name no more: who waits for that may have it.
  void Leave(size_t which) {
    const Offset name = wanted_[which].from;
    const auto source = sources_.find(name);
    if (source == sources_.end() || source->second != which) return;
    sources_.erase(source);
    const auto waiting = left_.find(name);
    if (waiting != left_.end()) free_.insert(waiting->second);
  }

  const std::vector<Renaming>& wanted_;
  std::map<Offset, size_t> left_;     // by the names that they want
  std::map<Offset, size_t> sources_;  // by those that they still have
  std::set<size_t> free_;             // whose target nobody has
};

}  // namespace

RenameOrder OrderRenames(const std::vector<Renaming>& wanted) {
  return Orderer(wanted).Run();
}

}  // namespace cauce
