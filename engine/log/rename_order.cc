#include "engine/log/rename_order.h"

#include <algorithm>

namespace cauce {

RenameOrder OrderRenames(std::vector<Renaming> wanted) {
  // No file is called by it, so one that is aside keeps no name from anybody.
  constexpr Offset kAside{};
  RenameOrder order;
  while (!wanted.empty()) {
    const auto next =
        std::ranges::find_if(wanted, [&wanted](const Renaming& renaming) {
          return std::ranges::find(wanted, renaming.to, &Renaming::from) ==
                 wanted.end();
        });
    if (next == wanted.end()) {
      // All that are left go in circles.
      const auto first = std::ranges::min_element(wanted, {}, &Renaming::to);
      order.aside.push_back(first->to);
      first->from = kAside;
      continue;
    }
    order.targets.push_back(next->to);
    wanted.erase(next);
  }
  return order;
}

}  // namespace cauce
