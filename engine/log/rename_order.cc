#include "engine/log/rename_order.h"

#include <algorithm>

namespace cauce {

RenameOrder OrderRenames(std::vector<Renaming> wanted) {
  RenameOrder order;
  while (!wanted.empty()) {
    auto next =
        std::ranges::find_if(wanted, [&wanted](const Renaming& renaming) {
          return std::ranges::find(wanted, renaming.to, &Renaming::from) ==
                 wanted.end();
        });
    if (next != wanted.end()) {
      order.targets.push_back(next->to);
    } else {
      next = wanted.begin();
      order.given_up.push_back(next->to);
    }
    wanted.erase(next);
  }
  return order;
}

}  // namespace cauce
